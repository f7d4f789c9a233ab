"""`rpoint trial run`, `resume`, `verify`, `export`: a trial's run in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console
from rpoint.errors import RpointError, shorten

if TYPE_CHECKING:
    from rpoint.trial.disk.read import Run

PARTIAL, CHECK_FAILED = 3, 2
MOST_ROWS = 40  # of the summary, on a terminal

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the run.")]
ClusterAddress = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Compute on this Dask cluster, as tcp://host:8786."),
]
Shared = Annotated[
    bool, typer.Option("--shared", help="The cluster's workers see the folder: they write to it.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands in the group `trial`."""
    _add_run(app)
    _add_resume(app)
    _add_verify(app)
    _add_export(app)


def _add_run(app: typer.Typer) -> None:
    @command(app, "run", example="rpoint trial run mantra-2 --replicates 100 --jobs 2 --out run")
    def run(
        io: Console,
        trial: Annotated[str, typer.Argument(metavar="NAME|FILE", help="The trial.")],
        replicates: Annotated[
            int, typer.Option(metavar="R", min=1, help="Times that the whole trial is run.")
        ] = 1,
        resume: Annotated[
            bool, typer.Option("--resume", help="Go on with what is in --out, if anything is.")
        ] = False,
        patients: Annotated[
            list[str] | None,
            typer.Option(metavar="ARM=N", help="Other number of patients; may be repeated."),
        ] = None,
        draws: Annotated[
            int | None,
            typer.Option(metavar="K", min=1, help="Parameter draws [one for each replicate]."),
        ] = None,
        chunk: Annotated[
            int | None,
            typer.Option(metavar="N", min=1, help="Patients computed together [100 to 500]."),
        ] = None,
        cluster: ClusterAddress = None,
        shared: Shared = False,
    ) -> int:
        """Run a virtual trial, once or many times, into a folder.

        The folder (--out) holds all tables, the statistics of every replicate and their summary.
        An interrupted run, even a killed one, is gone on with by `rpoint trial resume DIR` and
        ends with the same tables; so does any number of --jobs.
        """
        from rpoint.trial.disk.plan import with_patients
        from rpoint.trial.disk.run import run_trial
        from rpoint.trial.read import read_trial

        out = _needed(io)
        read = with_patients(read_trial(trial), _sizes(patients or []))
        total = replicates * sum(arm.patients for arm in read.arms.values())
        io.say(f"{read.name}: {replicates} x {total // replicates} patients")
        return _shown(io, out, lambda tell: run_trial(
            read, out, replicates=replicates, seed=io.seed, jobs=io.jobs, chunk_patients=chunk,
            draws=draws, resume=resume, cluster=cluster, shared=shared, text=_text(trial),
            progress=tell, say=io.say,
        ))  # fmt: skip


def _add_resume(app: typer.Typer) -> None:
    @command(app, "resume", example="rpoint trial resume run --jobs 2")
    def resume(
        io: Console, folder: Folder, cluster: ClusterAddress = None, shared: Shared = False
    ) -> int:
        """Go on with a run that was interrupted or killed, or of which chunks failed.

        Trial, seed and sizes are those of the folder.  What is complete is checked and kept.
        """
        from rpoint.trial.disk.run import resume_run

        return _shown(io, folder, lambda tell: resume_run(
            folder, jobs=io.jobs, cluster=cluster, shared=shared, progress=tell, say=io.say
        ))  # fmt: skip


def _add_verify(app: typer.Typer) -> None:
    @command(app, "verify", example="rpoint trial verify run")
    def verify(io: Console, folder: Folder) -> int:
        """Read and hash every file of a run; exit 2 if one is not what it was."""
        from rpoint.trial.disk.read import open_run

        found = open_run(folder).verify()
        io.text(f"{found.chunks} chunks are whole")
        for problem in found.problems:
            io.text(problem)
        io.deliver("verify", found.to_dict())
        return 0 if found.ok else CHECK_FAILED


def _add_export(app: typer.Typer) -> None:
    @command(app, "export", example="rpoint trial export run --table adtte --out tables")
    def export(
        io: Console,
        folder: Folder,
        table: Annotated[
            list[str] | None,
            typer.Option(metavar="NAME", help="adsl, adtte ...; may be repeated [all]."),
        ] = None,
    ) -> None:
        """Write the tables of a run as CSV, with a dictionary of their columns (adam.json)."""
        from rpoint.trial.disk.read import open_run

        written = open_run(folder).export(_needed(io), table)
        io.text("\n".join(str(path) for path in written))
        if io.json:
            io.result({"written": written})


def _needed(io: Console) -> Path:
    if io.out is None:
        raise RpointError("where to?", where="--out", mend="name a folder: --out DIR")
    return io.out


def _text(trial: str) -> str:
    """The trial's file, word for word."""
    from rpoint.trial.read import library_name, library_text
    from rpoint.trial.spec.yaml import read_text

    name = library_name(trial)
    return read_text(Path(trial)) if name is None else library_text(name)


def _sizes(given: list[str]) -> dict[str, int]:
    """Numbers of patients by arm, from ARM=N."""
    sizes = {}
    for text in given:
        arm, sign, number = text.rpartition("=")
        if not sign or not arm or not (number.isascii() and number.isdigit()) or not int(number):
            raise RpointError(
                "a number of patients is given as ARM=N", where="--patients",
                found=text, allowed="such as 'control=200'",
            )  # fmt: skip
        sizes[arm] = int(number)
    return sizes


def _shown(io: Console, folder: Path, work: Callable[[Callable[[int, int], None]], Run]) -> int:
    """Do the work under a progress bar and say what came of it."""
    try:
        with io.progress("patients") as advance:
            run = work(_teller(io, advance))
    except KeyboardInterrupt:
        io.say(f"what is complete is kept; go on with: rpoint trial resume {folder}")
        raise
    rows = run.summary().to_dict("records") if run.status == "complete" else []
    if io.json:
        io.result(_result(run, rows))
    _print(io, run, rows)
    return PARTIAL if run.failed else 0


def _teller(io: Console, advance: Callable[..., None]) -> Callable[[int, int], None]:
    """Moves the bar, and says once how long it will take."""
    from rpoint.trial.disk.progress import Remaining

    remaining, before, said = Remaining(), 0, False

    def tell(done: int, total: int) -> None:
        nonlocal before, said
        left = remaining.text(done, total)
        advance(done - before, text=f"patients; {left}" if left else "patients", total=total)
        before = done
        if left and not said and done < total:
            io.say(left)
            said = True

    return tell


def _result(run: Run, rows: list[dict[str, Any]]) -> dict[str, Any]:
    known = run.info.provenance
    return {
        "folder": str(run.folder), "status": run.status, "trial": run.info.trial_name,
        "replicates": run.replicates, "patients": run.patients * run.replicates,
        "seed": run.seed, "chunks": run.info.chunks, "complete_chunks": len(run.manifest),
        "seconds": known.get("seconds"), "failed": dict(run.failed), "summary": rows,
    }  # fmt: skip


def _print(io: Console, run: Run, rows: list[dict[str, Any]]) -> None:
    estimates = [row for row in rows if row["statistic"] == "VALUE"]
    rows = [dict(row) for row in estimates or rows]
    for row in rows:
        lo, hi = row.pop("q05"), row.pop("q95")
        row["5th to 95th percentile"] = "" if lo != lo else f"{lo:.3g} to {hi:.3g}"
        for name in ("statistic", "sd", "q25", "q75") if estimates else ("sd", "q25", "q75"):
            row.pop(name)
    io.table(rows[:MOST_ROWS], title="over the replicates" if run.replicates > 1 else None)
    if len(rows) > MOST_ROWS:
        io.text(f"... {len(rows) - MOST_ROWS} more rows in {run.folder / 'summary.csv'}")
    for chunk, error in run.failed.items():
        io.say(f"chunk {chunk} failed: {shorten(error.strip().splitlines()[-1], 200)}")
    if run.failed:
        io.say(f"the run is partial; try again what failed: rpoint trial resume {run.folder}")
    else:
        io.say(f"written: {run.folder}")

"""`rpoint trial`: trial files - a template, a check before a run, the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli import trial_design, trial_predict, trial_run
from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    from rpoint.trial.spec import Trial

Source = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A trial file, or a trial of the library.")
]
SHOWN_SCANS = 6


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(help="Virtual trials: write and check trial files, run them.")
    app.add_typer(group, name="trial")
    add_files(group)
    trial_run.add_to(group)
    trial_predict.add_to(group)
    trial_design.add_to(group)


def add_files(group: typer.Typer) -> None:
    """Register the commands about trial files."""

    @command(group, "new", example="rpoint trial new my-trial --arms 2", out_file=".yaml")
    def new(
        io: Console,
        name: Annotated[str, typer.Argument(metavar="NAME", help="Short name of the trial.")],
        arms: Annotated[int, typer.Option(metavar="N", help="Number of arms, 1 to 6.")] = 2,
    ) -> None:
        """Write a commented trial file to start from: NAME.yaml, or --out.

        It passes `rpoint trial check` as it stands.  A file that is there is not replaced.
        """
        from rpoint.trial.spec.template import template

        text = template(name, arms)
        path = save(io.out, name, text)
        if io.json:
            io.result({"name": name, "file": str(path), "text": text})
        io.text(f"written: {path}\nnext: edit it, then `rpoint trial check {path}`")

    @command(group, "check", example="rpoint trial check mantra-2")
    def check(
        io: Console,
        source: Source,
        replicates: Annotated[
            int, typer.Option(metavar="N", min=1, help="Trials that a run would simulate.")
        ] = 1,
    ) -> None:
        """Say whether a trial file is right, what it orders, and what a run will cost.

        Every problem is told at once, with its line and key.
        """
        from rpoint.trial.spec.cost import cost
        from rpoint.trial.spec.plan import plan

        trial = read_or_tell(io, source)
        ordered, price = plan(trial), cost(trial, replicates)
        print_plan(io, trial, ordered)
        print_cost(io, price)
        unsure = unverified(trial)
        if unsure:
            io.text(f"values of the file that are unverified: {', '.join(unsure)}")
        io.deliver(
            f"trial-check-{trial.name}",
            {
                "file": source,
                "name": trial.name,
                "ok": True,
                "digest": trial.digest(),
                "patients": trial.patients,
                "plan": ordered.to_dict(),
                "cost": price.to_dict(),
                "unverified": unsure,
            },
        )

    @command(group, "list", example="rpoint trial list")
    def list_(io: Console) -> None:
        """List the trials of the library and the published values they are compared with."""
        from rpoint.trial.read import library_names, read_trial

        trials = [read_trial(name) for name in library_names()]
        rows = [row(trial) for trial in trials]
        io.table(rows)
        io.text("calibrate: values that may shape parameters; check: values only compared")
        titles = {trial.name: trial.title for trial in trials}
        io.deliver("trial-list", {"trials": [{**r, "title": titles[r["trial"]]} for r in rows]})

    @command(group, "show", example="rpoint trial show mantra-2")
    def show(io: Console, source: Source) -> None:
        """Print a trial file as it is written."""
        from rpoint.trial.read import library_name, library_text, read_trial
        from rpoint.trial.spec.yaml import read_text

        trial = read_trial(source)
        name = library_name(source)
        text = read_text(Path(source)) if name is None else library_text(name)
        io.text(text)
        io.deliver(
            f"trial-show-{trial.name}",
            {
                "name": trial.name,
                "digest": trial.digest(),
                "text": text,
                "trial": trial.to_dict(),
            },
        )


def read_or_tell(io: Console, source: str) -> Trial:
    """The trial; under --json its problems go to stdout as a list before the error is raised."""
    from rpoint.trial.read import read_trial
    from rpoint.trial.spec.problems import TrialProblems

    try:
        return read_trial(source)
    except TrialProblems as error:
        if io.json:
            problems = [problem.to_dict() for problem in error.problems]
            io.result({"file": source, "ok": False, "problems": problems})
        raise


def save(out: Path | None, name: str, text: str) -> Path:
    """Write a new trial file; never over one that is there."""
    from rpoint.errors import RpointError
    from rpoint.files import names_file, output_file, staged, write_text

    path = Path(f"{name}.yaml") if out is None else out
    if out is not None and not names_file(out, ".yaml"):
        path = out / f"{name}.yaml"
    output_file(path)
    if path.exists():
        raise RpointError(
            "there is a file of this name already",
            where=str(path),
            mend="give another name, or another file with --out",
        )
    with staged(path.parent) as folder:
        write_text(folder / path.name, text)
    return path


def row(trial: Trial) -> dict[str, Any]:
    """One line of the list."""
    roles = [line.role for line in trial.published]
    return {
        "trial": trial.name,
        "registry": trial.registry or "",
        "arms": len(trial.arms),
        "n": trial.patients,
        "calibrate": roles.count("calibrate"),
        "check": roles.count("check"),
        "not predicted": sum(line.not_predicted is not None for line in trial.published),
        "tumours": ", ".join(trial.population.tumours),
    }


def unverified(trial: Trial) -> list[str]:
    """The values of the file that are tagged unverified."""
    return [path for path, fact in trial.facts.items() if fact.grade == "unverified"]


def print_plan(io: Console, trial: Trial, ordered: Any) -> None:
    """Print what each arm gets, the scans, the blood counts and the dose rules."""
    io.text(f"{trial.name}: {trial.title}")
    for arm in ordered.arms:
        io.text(f"\n{arm.arm}: {arm.patients} patients\n  {arm.regimen}")
        for dose in arm.doses:
            io.text(f"  {dose.drug}, {dose.route}: {dose.dose} on days {dose.days}")
        if arm.after:
            io.text(f"  {arm.after}")
        for sentence in arm.rules:
            io.text(f"  rule  {sentence}")
    days = [f"{day:g}" for day in ordered.scan_days]
    more = f", ... ({len(days)} in all)" if len(days) > SHOWN_SCANS else ""
    jitter = trial.visits.jitter_days
    io.text(f"\nscans on days {', '.join(days[:SHOWN_SCANS])}{more}, up to {jitter:g} days off")
    blood = ", ".join(str(day) for day in ordered.blood_days)
    io.text(f"blood counts on days {blood} of the first two cycles")
    io.text(f"doses shown: days 1 to {ordered.shown_days}")


def print_cost(io: Console, price: Any) -> None:
    """Print what a run would cost on this machine."""
    wall = price.cpu_s / io.jobs
    io.text(
        f"\n{price.patients} patients x {price.replicates} "
        f"{'trial' if price.replicates == 1 else 'trials'}; {price.lanes} engine lanes a trial, "
        f"followed for at most {price.weeks:.0f} weeks"
        f"\nestimate (within a factor of two): {price.cpu_s:.3g} s of CPU, "
        f"about {wall:.3g} s with {io.jobs} {'job' if io.jobs == 1 else 'jobs'}; "
        f"{price.disk_mb:.3g} MB on disk"
    )

"""Run a trial into a folder, so that a kill at any moment costs at most the chunks in work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten
from rpoint.files import output_folder
from rpoint.trial import workers
from rpoint.trial.disk import manifest, run_json
from rpoint.trial.disk.chunk import ChunkRecord
from rpoint.trial.disk.cluster import connected, on_cluster
from rpoint.trial.disk.folder import prepared
from rpoint.trial.disk.identity import check_same, recorded_options
from rpoint.trial.disk.plan import (
    ANALYSE,
    COMPUTE,
    Plan,
    check_machine,
    named,
    put_chunk,
    return_chunk,
    usual_chunk,
    write_chunk,
)
from rpoint.trial.disk.read import Run, open_run, results_damaged
from rpoint.trial.disk.results import write_results
from rpoint.trial.disk.run_json import Info
from rpoint.trial.disk.sync import cannot_write
from rpoint.trial.workers import Crew, Outcome

Progress = Callable[[int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Means:
    """How a run is computed; no table depends on it."""

    jobs: int = 1
    client: Any = None
    shared: bool = False
    progress: Progress = lambda done, total: None
    say: Say = lambda text: None


def run_trial(
    trial: Any, folder: str | os.PathLike[str], *, replicates: int = 1, seed: int = 1,
    jobs: int | None = None, chunk_patients: int | None = None, draws: int | None = None,
    resume: bool = False, cluster: str | None = None, shared: bool = False,
    options: Mapping[str, Any] | None = None, compute: str = "", analyse: str = "",
    text: str = "", command: str | None = None, progress: Progress | None = None,
    say: Say | None = None,
) -> Run:  # fmt: skip
    """Run a trial and keep everything in a folder.

    Parameters
    ----------
    trial
        The trial.
    folder
        A new or empty one, or with `resume` one that an interrupted run has left.
    replicates
        How many times the whole trial is run, each with patients of its own.
    seed
        Of all chance.
    jobs
        Worker processes; None: the processors at hand; 0: compute in this process.
    chunk_patients
        Patients that are computed and written together; None: as many as suits the size of the
        run.
    draws
        How many draws of the uncertain parameters the replicates go through in turn; None: all
        there are.
    resume
        Go on with what is in the folder; the end is the same to the last byte of every table.
    cluster
        Address of a Dask scheduler; its workers compute the chunks.
    shared
        The cluster's workers see `folder` under the same path and write into it themselves.
    options
        Passed to the computation.
    compute, analyse
        `module:function`: ``compute(trial, None, range of patients, seed, options) -> {table:
        DataFrame}`` and ``analyse(trial, tables) -> DataFrame``, one row for each replicate (and
        group).  Empty: the simulation's own.
    text
        The trial's file, kept as it is.
    command
        Kept as the run's origin; None: how this process was called.
    progress, say
        Called with (patients done, all patients), and with remarks.

    Returns
    -------
    Run
        Its `status` is "complete", or "partial" if chunks failed.

    Raises
    ------
    RpointError
        If the folder holds another run, or one that is not to be resumed, or is in use, or cannot
        be written.
    """
    plan = Plan(
        trial, replicates, seed, chunk_patients or usual_chunk(trial, replicates), draws,
        dict(options or {}), compute or COMPUTE, analyse or ANALYSE,
    )  # fmt: skip
    for function in (plan.compute, plan.analyse):
        named(function)  # a name that leads nowhere is told before anything is written
    place = output_folder(folder, where="folder")
    origin = run_json.command_line() if command is None else command
    name = str(plan.identity["trial"].get("name") or "")
    with connected(cluster) as client:
        means = Means(
            workers.available() if jobs is None else jobs, client, shared,
            progress or Means.progress, say or Means.say,
        )  # fmt: skip
        new = run_json.begin(plan, name=name, text=text, command=origin)
        try:
            with prepared(place, resume):
                return _carry_out(place, plan, new, means)
        except OSError as error:
            raise cannot_write(error, place) from None


def resume_run(
    folder: str | os.PathLike[str], *, trial: Any = None, jobs: int | None = None,
    cluster: str | None = None, shared: bool = False, compute: str = "", analyse: str = "",
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None, say: Say | None = None,
) -> Run:  # fmt: skip
    """Go on with the run that a folder holds; parameters as `run_trial`, the rest is on record.

    Parameters
    ----------
    trial
        The trial; None: as recorded.
    compute, analyse
        Must be those of the run: a name that a folder holds is never called.
    options
        As they were given, where they hold more than plain values; None: as recorded.

    Raises
    ------
    RpointError
        If there is no run, or it cannot be gone on with.
    """
    run = open_run(folder, trial=trial)
    of = run.info.identity
    return run_trial(
        run.trial, folder, replicates=of["replicates"], seed=of["seed"], draws=of["draws"],
        chunk_patients=of["chunk_patients"], resume=True, jobs=jobs,
        options=recorded_options(of["options"]) if options is None else options,
        cluster=cluster, shared=shared, compute=compute, analyse=analyse, progress=progress,
        say=say,
    )  # fmt: skip


def _started(place: Path, plan: Plan, new: Info) -> Info:
    """The record of the run, new or taken up again."""
    if not (place / run_json.RUN).exists():
        return new.write(place)
    old = run_json.read(place)
    check_same(old.identity, plan.identity, shorten(str(place)))
    return old


def _carry_out(place: Path, plan: Plan, new: Info, means: Means) -> Run:
    """Compute what is missing, then the results."""
    began = time.monotonic()
    info = _started(place, plan, new)
    records, damaged = manifest.recover(place, plan)
    for line in damaged:
        means.say(f"{line}: computed again")
    missing = [chunk for chunk in range(plan.chunks) if chunk not in records]
    if not missing and info.status == run_json.COMPLETE and not results_damaged(place, info):
        means.say("nothing to do: the run is complete")
        return open_run(place, trial=plan.trial)
    if info.provenance.get("ended") or records:
        sessions = int(info.provenance.get("sessions", 1)) + 1
        info = info.with_provenance(sessions=sessions, resumed=run_json.now())
    info = replace(info, status=run_json.RUNNING, failed={}, results={}).write(place)
    try:
        with workers.Crew((plan, str(place.absolute())), means.jobs) as crew:
            info = _finish(place, plan, info, means, crew, records, missing)
    except BaseException:
        with suppress(OSError):  # of a full disk; what stands there says "running", no harm
            replace(info, status=run_json.INTERRUPTED).write(place)
        raise
    used = float(info.provenance.get("seconds", 0.0)) + time.monotonic() - began
    info.with_provenance(ended=run_json.now(), seconds=round(used, 3)).write(place)
    return open_run(place, trial=plan.trial)


def _finish(
    place: Path, plan: Plan, info: Info, means: Means, crew: Crew, records: manifest.Records,
    missing: list[int],
) -> Info:  # fmt: skip
    outcomes = _outcomes(place, plan, means, crew, missing)
    failed, peak = _chunks(place, plan, means, outcomes, records)
    manifest.write(place, records.values())
    if failed:
        return replace(info, status=run_json.PARTIAL, failed=failed)
    (result,) = crew.run(write_results, ["results"])
    if result.error:
        return replace(info, status=run_json.PARTIAL, failed={"results": result.error})
    peaks = {"worker_peak_mb": peak, "results_peak_mb": result.peak_mb,
             "peak_mb": workers.peak_memory()}  # fmt: skip
    info = info.with_provenance(**{k: round(v, 1) for k, v in peaks.items() if v})
    return replace(info, status=run_json.COMPLETE, results=result.value)


def _chunks(
    place: Path, plan: Plan, means: Means, outcomes: Iterator[Outcome], records: manifest.Records
) -> tuple[dict[str, str], float | None]:
    """Compute the missing chunks; adds to `records`, returns the failures and the peak memory."""
    done = sum(record.stop - record.first for record in records.values())
    failed: dict[str, str] = {}
    peaks: list[float] = []
    means.progress(done, plan.total)
    for outcome in outcomes:
        first, stop = plan.bounds(outcome.task)
        done += stop - first
        peaks += [outcome.peak_mb] if outcome.peak_mb else []
        if outcome.attempts > 1:
            means.say(f"chunk {outcome.task}: {outcome.attempts} attempts")
        if outcome.error:
            failed[str(outcome.task)] = outcome.error
            means.say(f"chunk {outcome.task} failed: {outcome.error.strip().splitlines()[-1]}")
        else:
            record: ChunkRecord = outcome.value
            manifest.append(place, record)
            records[record.chunk] = record
        means.progress(done, plan.total)
    ordered = dict(sorted(failed.items(), key=lambda item: int(item[0])))
    return ordered, max(peaks, default=None)


def _outcomes(
    place: Path, plan: Plan, means: Means, crew: Crew, missing: list[int]
) -> Iterator[Outcome]:
    if means.client is None:
        return crew.run(write_chunk, missing)
    return _on_cluster((plan, str(place.absolute())), missing, means)


def _on_cluster(fixed: tuple[Plan, str], missing: list[int], means: Means) -> Iterator[Outcome]:
    if means.shared:
        yield from on_cluster(means.client, write_chunk_there, fixed, missing)
        return
    for outcome in on_cluster(means.client, return_chunk, fixed, missing):
        if not outcome.error:
            record, contents = outcome.value
            put_chunk(fixed[1], record, contents)
            outcome = replace(outcome, value=record)
        yield outcome


def write_chunk_there(plan: Plan, folder: str, chunk: int) -> ChunkRecord:
    """Compute one chunk on a cluster's worker and write it to the folder that both see."""
    check_machine(plan)
    if not (Path(folder) / run_json.RUN).is_file():
        raise RpointError(
            "a worker of the cluster does not see the run's folder", where=folder,
            mend="name a folder that all workers see under the same path, or leave out `shared`",
        )  # fmt: skip
    return write_chunk(plan, folder, chunk)

"""What a run is to compute, cut into chunks, and the computing of one chunk."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.trial.disk.chunk import ChunkRecord, commit, encode_all
from rpoint.trial.disk.identity import arm_sizes, check_worker, digest, identity
from rpoint.trial.disk.sync import cannot_write

COMPUTE = "rpoint.trial.compute:compute_chunk"
ANALYSE = "rpoint.trial.analyse:analyse"
CHUNK = (100, 500)  # patients: fewer waste the engine's vectors, more are lost by a kill
CHUNKS_AT_LEAST = 16  # where the chunks are not too small then
MAX_PATIENTS = 2**40


def named(name: str) -> Callable[..., Any]:
    """The function `module:function`."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


@dataclass(frozen=True)
class Plan:
    """Everything that the tables of a run depend on.

    Attributes
    ----------
    trial
        The trial.
    replicates, seed, chunk_patients
        As given to `run_trial`.
    draws
        How many parameter draws the replicates go through in turn; None: all there are.
    options
        Passed on to the computation, with `draws` if that is given.
    compute, analyse
        `module:function`, so that another process or machine finds them.
    """

    trial: Any
    replicates: int = 1
    seed: int = 1
    chunk_patients: int = CHUNK[1]
    draws: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    compute: str = COMPUTE
    analyse: str = ANALYSE

    def __post_init__(self) -> None:
        for name in ("replicates", "chunk_patients", *(("draws",) if self.draws else ())):
            _check_count(name, getattr(self, name))
        if self.seed < 0:
            raise RpointError("the seed is negative", where="seed", found=self.seed)
        if self.total > MAX_PATIENTS:
            raise RpointError("too many patients", where="replicates", found=self.total,
                              allowed=f"at most {MAX_PATIENTS}")  # fmt: skip

    @cached_property
    def arms(self) -> dict[str, int]:
        """Patients of each arm in one replicate."""
        return arm_sizes(self.trial)

    @property
    def patients(self) -> int:
        """Patients of one replicate."""
        return sum(self.arms.values())

    @property
    def total(self) -> int:
        """Patients of all replicates."""
        return self.replicates * self.patients

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-self.total // self.chunk_patients)

    def bounds(self, chunk: int) -> tuple[int, int]:
        """First patient of a chunk, and the first of the next."""
        first = chunk * self.chunk_patients
        return first, min(first + self.chunk_patients, self.total)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that the tables depend on, as plain values."""
        return identity(
            self.trial, seed=self.seed, replicates=self.replicates, draws=self.draws,
            chunk_patients=self.chunk_patients, compute=self.compute, analyse=self.analyse,
            options=self.options,
        )  # fmt: skip

    @cached_property
    def run(self) -> str:
        """Digest of the identity."""
        return digest(self.identity)


def usual_chunk(trial: Any, replicates: int) -> int:
    """Patients of a chunk: the same for any number of workers."""
    total = replicates * sum(arm_sizes(trial).values())
    return min(max(-(-total // CHUNKS_AT_LEAST), CHUNK[0]), CHUNK[1])


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise RpointError(f"{name} must be a whole number of at least 1", where=name, found=value)


def compute_chunk(plan: Plan, chunk: int) -> tuple[ChunkRecord, dict[str, bytes]]:
    """The files of one chunk; the same wherever and whenever it is computed."""
    first, stop = plan.bounds(chunk)
    options = dict(plan.options) | ({"draws": plan.draws} if plan.draws else {})
    tables: Mapping[str, pd.DataFrame] = named(plan.compute)(
        plan.trial, None, range(first, stop), plan.seed, options
    )
    contents, records = encode_all(tables)
    return ChunkRecord(chunk, first, stop, plan.run, records), contents


def write_chunk(plan: Plan, folder: str, chunk: int) -> ChunkRecord:
    """Compute one chunk and put it in its place in the run's folder."""
    record, contents = compute_chunk(plan, chunk)
    put_chunk(folder, record, contents)
    return record


def put_chunk(folder: str, record: ChunkRecord, contents: Mapping[str, bytes]) -> None:
    """Put a computed chunk in its place.

    Raises
    ------
    RpointError
        If the disk refuses.
    """
    try:
        commit(Path(folder), record, contents)
    except OSError as error:
        raise cannot_write(error, Path(folder)) from None


def return_chunk(plan: Plan, folder: str, chunk: int) -> tuple[ChunkRecord, dict[str, bytes]]:
    """Compute one chunk on a machine that does not see the run's folder.

    Raises
    ------
    RpointError
        If that machine would not give the same tables to the last bit.
    """
    check_machine(plan)
    return compute_chunk(plan, chunk)


def check_machine(plan: Plan) -> None:
    """Refuse a machine whose versions or processor differ from those of the plan."""
    here = replace(plan)  # its identity is found anew
    check_worker(plan.identity, here.identity, platform.node())


def with_patients(trial: Any, sizes: Mapping[str, int]) -> Any:
    """The trial with other numbers of patients in the named arms.

    Raises
    ------
    RpointError
        If an arm does not exist or a number is not a whole one of at least 1.
    """
    for name, size in sizes.items():
        if name not in arm_sizes(trial):
            raise unknown_name("arm", name, arm_sizes(trial), where="patients")
        _check_count(f"patients of arm {name}", size)
    if not isinstance(trial, Mapping):
        return trial.changed({("arms", name, "patients"): size for name, size in sizes.items()})
    arms = {name: {**arm, "patients": sizes.get(name, arm["patients"])}
            for name, arm in trial["arms"].items()}  # fmt: skip
    return {**trial, "arms": arms}

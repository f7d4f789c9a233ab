"""Compiled models and their results: the engine's public objects."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

import numpy as np

from rpoint.engine import native
from rpoint.engine.batch import Batch, thread_count
from rpoint.engine.schedule import Schedule, plan
from rpoint.engine.status import Status
from rpoint.errors import RpointError, unknown_name


@dataclass(frozen=True)
class Result:
    """A batch of runs.

    Attributes
    ----------
    times
        (T,) output times.
    observables
        Names of the K outputs.
    values
        (P, T, K) values; NaN for a patient whose run failed.
    status
        (P,) `Status` as int8.
    steps, rejected
        (P,) number of steps tried, and of those that were repeated with a smaller size.
    """

    times: np.ndarray
    observables: tuple[str, ...]
    values: np.ndarray = field(repr=False)
    status: np.ndarray = field(repr=False)
    steps: np.ndarray = field(repr=False)
    rejected: np.ndarray = field(repr=False)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.observables:
            raise unknown_name("observable", name, self.observables)
        return self.values[:, :, self.observables.index(name)]

    @property
    def ok(self) -> np.ndarray:
        """(P,) True where the run reached its end."""
        return self.status == Status.OK

    def to_frame(self):
        """One row for each patient and time: ``patient``, ``time``, then the observables."""
        import pandas as pd

        count, times, width = self.values.shape
        frame = pd.DataFrame(self.values.reshape(count * times, width), columns=self.observables)
        frame.insert(0, "time", np.tile(self.times, count))
        frame.insert(0, "patient", np.repeat(np.arange(count), times))
        return frame

    def advice(self, patient: int) -> str:
        """In words, how the run of one patient ended and what to look at."""
        status = Status(int(self.status[patient]))
        return f"{status.name}: {status.advice}"


class CompiledModel:
    """A model in machine code.  Make it with `compile_model`."""

    def __init__(self, meta: dict, code: bytes) -> None:
        self._meta, self._code = meta, code
        self._kernel = native.Kernel(code)
        self.states: tuple[str, ...] = tuple(meta["states"])
        self.parameters: tuple[str, ...] = tuple(meta["parameters"])
        self.observables: tuple[str, ...] = tuple(meta["observables"])
        self.hash: str = meta["hash"]
        self._defaults = np.array(meta["defaults"], dtype=float)
        self._slot = {name: k for k, name in enumerate(meta["slots"])}
        self._row = {name: k for k, name in enumerate(meta["rows"])}

    def __repr__(self) -> str:
        return (f"CompiledModel({len(self.states)} states, {len(self.parameters)} parameters, "
                f"{len(self.observables)} observables)")

    def __reduce__(self) -> tuple:
        return CompiledModel, (self._meta, self._code)  # for processes on the same machine

    def default(self, parameter: str) -> float:
        """The value that the model file gives to a parameter."""
        if parameter not in self.parameters:
            raise unknown_name("parameter", parameter, self.parameters)
        return float(self._defaults[self._slot[parameter]])

    # -- inputs ---------------------------------------------------------------------------
    def _parameter_table(self, given, patients: int | None) -> np.ndarray:
        """(P, slots) kernel parameters."""
        if given is None:
            given = {}
        if hasattr(given, "columns"):  # a DataFrame
            given = {str(name): given[name].to_numpy(dtype=float) for name in given.columns}
        if not isinstance(given, dict):
            array = np.asarray(given, dtype=float)
            if array.ndim == 1:
                array = array[None, :]
            if array.ndim != 2 or array.shape[1] != len(self.parameters):
                raise RpointError("The parameter array has the wrong shape.", found=array.shape,
                                  allowed=f"(patients, {len(self.parameters)})", where="solve")
            given = dict(zip(self.parameters, array.T))
        columns = {name: np.asarray(v, dtype=float) for name, v in given.items()}
        count = _batch_size(columns, patients)
        table = np.tile(self._defaults, (count, 1))
        for name, column in columns.items():
            if name not in self.parameters:
                raise unknown_name("parameter", name, self.parameters)
            table[:, self._slot[name]] = column
        return table

    def _initial_table(self, given, patients: int) -> np.ndarray | None:
        """(P, n) start values in the kernel's order, NaN where the model decides."""
        if given is None:
            return None
        if not isinstance(given, dict):
            array = np.asarray(given, dtype=float)
            if array.shape not in ((len(self.states),), (patients, len(self.states))):
                raise RpointError("The array of initial values has the wrong shape.",
                                  found=array.shape, where="solve",
                                  allowed=f"({patients}, {len(self.states)})")
            given = dict(zip(self.states, array.T))
        table = np.full((patients, len(self.states)), np.nan)
        for name, column in given.items():
            if name not in self._row:
                raise unknown_name("state", name, self.states)
            table[:, self._row[name]] = column
        return table

    def _events(self, schedules: list[Schedule], start: float) -> tuple[np.ndarray, ...]:
        """Flattened changes: first index of each schedule, times, targets, amounts."""
        first, times, targets, amounts = [0], [], [], []
        for number, schedule in enumerate(schedules):
            for time, kind, name, value in schedule.changes:
                if time < start:
                    raise RpointError("A change lies before the start of the run.",
                                      where=f"schedule {number}, {name!r}", found=time,
                                      allowed=f"{start:g} or later")
                targets.append(self._target(kind, name))
                times.append(time)
                amounts.append(value)
            first.append(len(times))
        return (np.array(first, np.int64), np.array(times, float), np.array(targets, np.int64),
                np.array(amounts, float))

    def _target(self, kind: str, name: str) -> int:
        if kind == "add":
            if name not in self._row:
                raise unknown_name("state to add to", name, self.states)
            return -1 - self._row[name]
        if name not in self._slot:
            raise unknown_name("parameter to set", name, self.parameters)
        return self._slot[name]

    # -- the run --------------------------------------------------------------------------
    def solve(self, parameters=None, t_out=(), schedules=None, schedule_index=None,
              rtol: float = 1e-6, atol: float = 1e-9, threads: int | None = None, initial=None,
              max_steps: int = 100_000, t_start: float = 0.0) -> Result:
        """Run a batch of patients.

        Parameters
        ----------
        parameters
            DataFrame, ``{name: scalar or (P,) array}`` (what is missing keeps the model's value),
            or (P, n) array in the order of ``self.parameters``.
        t_out
            (T,) ascending output times, not before `t_start`.
        schedules, schedule_index
            One `Schedule` for all, or a list and for each patient the index of hers (P,).
        rtol, atol
            The error estimate of a step, divided by ``atol + rtol*|y|``, has a root mean square
            of at most 1 over the states.  `atol` is in the unit of the states.
        threads
            Number of threads; results do not depend on it.  Default: the available processors.
        initial
            ``{state: scalar or (P,) array}`` or (P, n) array that replaces start values;
            NaN leaves the model's own.
        max_steps
            Steps after which a patient is given up.
        t_start
            Time of the start values.

        Returns
        -------
        Result
            A patient whose run fails has NaN values and a status; the batch goes on.
        """
        times = _output_times(t_out, t_start)
        if not (0 <= rtol < 1 and 0 < atol < np.inf):
            raise RpointError("The tolerances must be positive, rtol below 1.", found=(rtol, atol),
                              where="solve")
        patients = None if schedule_index is None else len(schedule_index)
        table = self._parameter_table(parameters, patients)
        count = len(table)
        start = self._initial_table(initial, count)
        schedules, index = plan(schedules, schedule_index, count)
        batch = Batch(self._meta, table, start, times, index, self._events(schedules, t_start),
                       float(rtol), float(atol), int(max_steps), float(t_start))
        batch.run(self._kernel, thread_count(threads, count))
        return Result(times, self.observables, batch.values, batch.status.astype(np.int8),
                      batch.steps, batch.rejected)


def _batch_size(columns: dict[str, np.ndarray], patients: int | None) -> int:
    sizes = {name: len(c) for name, c in columns.items() if c.ndim == 1}
    if any(c.ndim > 1 for c in columns.values()) or len(set(sizes.values())) > 1:
        raise RpointError("Parameter columns must be numbers or have one length.", where="solve",
                          found=sizes)
    count = next(iter(sizes.values()), patients if patients is not None else 1)
    if patients is not None and count != patients:
        raise RpointError("The schedule index and the parameters have different lengths.",
                          found=(patients, count), where="solve")
    return count


def _output_times(t_out, t_start: float) -> np.ndarray:
    times = np.ascontiguousarray(np.atleast_1d(np.asarray(t_out, dtype=float)))
    bad = times.ndim != 1 or not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0)
    if bad or (len(times) and times[0] < t_start):
        raise RpointError("Output times must be finite, ascending and not before the start.",
                          where="solve", found=np.asarray(t_out).tolist())
    return times


def compile_model(source, observables=None, cache: bool = True) -> CompiledModel:
    """Compile an SBML model.

    Parameters
    ----------
    source
        SBML text or the path of a file.
    observables
        Names of the outputs: states, variables of assignment rules, parameters, reactions
        (their rates) or "time".  Default: all states.
    cache
        Keep and use compiled code on disk (folder ``RPOINT_CACHE``, else the user's cache).

    Raises
    ------
    RpointError
        If the SBML is not valid, not supported, or an observable does not exist.
    """
    text = _load_text(source)
    names = None if observables is None else [str(name) for name in observables]
    digest = hashlib.sha256(repr((text, names)).encode()).hexdigest()
    key = hashlib.sha256((digest + native.code_version()).encode()).hexdigest()[:40]
    found = native.read_cache(key) if cache else None
    if found is None:
        from rpoint.engine.build import build  # the slow imports, only when needed

        found = build(text, names, digest)
        if cache:
            native.write_cache(key, *found)
    return CompiledModel(*found)


def _load_text(source) -> str:
    if isinstance(source, str) and "<sbml" in source:
        return source
    path = os.fspath(source)
    if len(path) > 4000 or not os.path.isfile(path):
        raise RpointError("There is no such SBML file.", where="compile_model", found=path,
                          allowed="a path, or a text that holds <sbml")
    with open(path, encoding="utf-8") as file:
        return file.read()

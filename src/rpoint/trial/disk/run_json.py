"""`run.json`: what a run is, how far it is, and where it comes from."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten
from rpoint.files import plain, to_json
from rpoint.trial.disk.plan import Plan
from rpoint.trial.disk.sync import replace_file

RUN = "run.json"
SCHEMA = 1
RUNNING, COMPLETE, PARTIAL, INTERRUPTED = "running", "complete", "partial", "interrupted"


@dataclass(frozen=True)
class Info:
    """The content of `run.json`.

    Attributes
    ----------
    status
        running (or killed), interrupted, partial (some chunks failed) or complete.
    identity
        What the tables depend on; see `rpoint.trial.disk.identity`.
    run
        Its digest.
    patients
        Of one replicate.
    chunks
        How many there are to be.
    trial_name, trial_text
        Name of the trial, and its file as the user wrote it (empty: there was none).
    failed
        Chunks that failed, with the error: number to text.
    results
        SHA-256 of the files that were made at the end.
    provenance
        Command, times, machine, memory: nothing that a table depends on.
    """

    status: str
    identity: Mapping[str, Any]
    run: str
    patients: int
    chunks: int
    trial_name: str = ""
    trial_text: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        whole: dict[str, Any] = plain(vars(self))
        return {"rpoint_run": SCHEMA, **whole}

    def write(self, folder: Path) -> Info:
        """Write it, all or nothing."""
        replace_file(folder / RUN, (to_json(self.to_dict()) + "\n").encode())
        return self

    def with_provenance(self, **more: Any) -> Info:
        """The same with more of its provenance."""
        return replace(self, provenance={**self.provenance, **more})


def begin(plan: Plan, *, name: str, text: str, command: str) -> Info:
    """The record of a run that begins now."""
    provenance = {
        "command": command, "began": now(), "sessions": 1, "python": platform.python_version(),
        "platform": platform.platform(), "host": platform.node(),
    }  # fmt: skip
    return Info(
        RUNNING, plan.identity, plan.run, plan.patients, plan.chunks, name, text,
        provenance=provenance,
    )  # fmt: skip


def read(folder: Path) -> Info:
    """Read `run.json`.

    Raises
    ------
    RpointError
        If there is none, if it cannot be read, or if a newer R-point wrote it.
    """
    path = folder / RUN
    try:
        value = json.loads(path.read_bytes())
        schema = value.pop("rpoint_run")
        if isinstance(schema, int) and schema > SCHEMA:
            raise _newer(path, schema)
        return Info(**value)
    except FileNotFoundError:
        raise RpointError(
            "there is no run in this folder", where=shorten(str(folder)), found=f"no {RUN}",
            mend="name the folder that `rpoint trial run --out` wrote to",
        ) from None  # fmt: skip
    except NotADirectoryError:
        raise RpointError("this is a file, not the folder of a run",
                          where=shorten(str(folder))) from None  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, RpointError):
            raise
        raise RpointError(
            "the record of the run cannot be read", where=shorten(str(path)), found=str(error),
            mend="start anew in another folder",
        ) from None  # fmt: skip


def _newer(path: Path, schema: int) -> RpointError:
    return RpointError(
        "a newer R-point wrote this run", where=shorten(str(path)),
        found=f"rpoint_run: {schema}", allowed=f"at most {SCHEMA}", mend="update R-point",
    )  # fmt: skip


def now() -> str:
    """The time, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def command_line() -> str:
    """How this process was called."""
    import shlex

    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]) if sys.argv else ""

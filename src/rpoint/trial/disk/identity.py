"""What makes two runs the same run: trial, seed, sizes, versions, processor.

Chunks are interchangeable, and a run can be taken up again, only where all of this agrees: then
the tables are the same to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten
from rpoint.files import plain

LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "llvmlite")
# NumPy, SciPy, OpenBLAS and the engine choose their code by these; another choice may round
# otherwise in the last bit.
FEATURES = ("avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl", "neon", "sve")
# What these rooms hold changes no table.
OUTSIDE = ("cli", "report", "plots", "evidence")
OPAQUE = "sha256 of its pickle"
MAX_SAID = 6  # differences that an error names


def versions() -> dict[str, str]:
    """Versions of R-point, Python and the libraries that compute or write the tables."""
    from rpoint import __version__

    found = {"rpoint": __version__, "rpoint files": code_digest()}
    found["python"] = ".".join(platform.python_version_tuple()[:2])
    return found | {name: metadata.version(name) for name in LIBRARIES}


@cache
def code_digest() -> str:
    """Digest of R-point's own files that a table can depend on."""
    top = Path(str(files("rpoint")))
    digest = hashlib.sha256()
    for path in sorted(top.rglob("*")):
        inside = path.relative_to(top)
        if inside.parts[0] in OUTSIDE or path.suffix not in (".py", ".yaml", ".csv", ".json"):
            continue
        digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def processor() -> dict[str, Any]:
    """What the last bit of a number may depend on."""
    from rpoint.engine import native

    found = {name[1:] for name in native.processor()[1].split(",") if name.startswith("+")}
    return {
        "machine": platform.machine(),
        "lanes": native.lanes(),
        "features": [name for name in FEATURES if name in found],
    }


@cache
def ensemble_digest() -> str:
    """Digest of the shipped ensemble of parameter sets."""
    path = files("rpoint.calibrate").joinpath("data", "ensemble.csv")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(trial: Any) -> dict[str, Any]:
    """A trial as plain values: of a pydantic model, a dataclass or a mapping."""
    if hasattr(trial, "model_dump"):
        return plain(trial.model_dump(mode="json"))
    if is_dataclass(trial) and not isinstance(trial, type):
        return plain(asdict(trial))
    if isinstance(trial, Mapping):
        return plain(dict(trial))
    raise TypeError(f"a trial is a model, a dataclass or a mapping, not {type(trial).__name__}")


def arm_sizes(trial: Any) -> dict[str, int]:
    """Patients of each arm in one replicate."""
    arms = describe(trial)["arms"]
    return {name: int(arm["patients"]) for name, arm in arms.items()}


def digest(value: Any) -> str:
    """SHA-256 of plain values, whatever the order of their keys."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def identity(
    trial: Any, *, seed: int, replicates: int, chunk_patients: int, draws: int | None,
    compute: str, analyse: str, options: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Everything that the tables depend on, as plain values."""
    return plain({
        "trial": describe(trial), "seed": seed, "replicates": replicates,
        "chunk_patients": chunk_patients, "draws": draws,
        "options": {name: _recorded(value) for name, value in options.items()},
        "compute": compute, "analyse": analyse, "versions": versions(),
        "processor": processor(), "ensemble": ensemble_digest(),
    })  # fmt: skip


def _recorded(value: Any) -> Any:
    """Plain values as they are; of anything else (a table, an ensemble) a digest."""
    try:
        json.dumps(value)
    except TypeError:
        return {OPAQUE: hashlib.sha256(pickle.dumps(value, protocol=5)).hexdigest()}
    return value


def recorded_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options from the record of a run.

    Raises
    ------
    RpointError
        If the record holds only the digest of one.
    """
    for name, value in options.items():
        if isinstance(value, dict) and OPAQUE in value:
            raise RpointError(
                "an option of this run is not in its record", where=f"options: {name}",
                mend="give the options with which the run was begun",
            )  # fmt: skip
    return dict(options)


def differences(there: Any, here: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, value there and value here of everything that differs."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in dict.fromkeys([*there, *here]):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(there.get(key), here.get(key), inner)
    elif there != here:
        yield path, shorten(_said(there), 40), shorten(_said(here), 40)


def _said(value: Any) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)


def check_same(there: Mapping[str, Any], here: Mapping[str, Any], where: str) -> None:
    """Refuse to go on with a folder that belongs to another run.

    Raises
    ------
    RpointError
        With what differs and how to mend it.
    """
    different = list(differences(dict(there), dict(here)))
    software = ("versions", "processor", "ensemble")
    if all(path.startswith(software) for path, _, _ in different):
        mend = (
            "finish it with the versions and the kind of processor that began it (run.json), "
            "or start anew in another folder"
        )
    else:
        mend = "give the trial and the options that began it, or start anew in another folder"
    _refuse(
        "this folder belongs to another run: its tables would not be the same to the last bit",
        where, [f"{path}: {old} in the folder, {new} now" for path, old, new in different], mend,
    )  # fmt: skip


def check_worker(plan: Mapping[str, Any], here: Mapping[str, Any], where: str) -> None:
    """Refuse a machine of a cluster that is another than the one that began the run.

    Raises
    ------
    RpointError
        With what differs.
    """
    different = list(differences(dict(plan), dict(here)))
    _refuse(
        "a worker of the cluster would not give the same tables to the last bit", where,
        [f"{path}: {new} there, {old} here" for path, old, new in different],
        "give all workers the same versions and the same kind of processor as this machine",
    )  # fmt: skip


def _refuse(what: str, where: str, different: list[str], mend: str) -> None:
    if not different:
        return
    more = [f"... and {len(different) - MAX_SAID} more"] if len(different) > MAX_SAID else []
    error = RpointError(what, where=where, mend=mend)
    error.found = "\n".join([*different[:MAX_SAID], *more])  # each is short already
    error.args = (error.block(),)
    raise error

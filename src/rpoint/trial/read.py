"""Reads a trial: a file, or a trial of the library by its name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rpoint.errors import RpointError, nearest_name, shorten
from rpoint.trial.spec import SCHEMA_VERSION, Trial
from rpoint.trial.spec.checks import cross_problems
from rpoint.trial.spec.messages import problems_of
from rpoint.trial.spec.problems import Key, Problem, refuse, shown, with_lines
from rpoint.trial.spec.yaml import load, read_text

LIBRARY = files("rpoint.trial") / "library"
VERSION_KEY = "rpoint_trial"


def library_names() -> tuple[str, ...]:
    """The names of the trials of the library, in order."""
    return tuple(sorted(f.name[:-5] for f in LIBRARY.iterdir() if f.name.endswith(".yaml")))


def library_text(name: str) -> str:
    """The file of a trial of the library, as text."""
    return LIBRARY.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def read_trial(source: str | os.PathLike[str]) -> Trial:
    """The trial of a file, or of the library.

    Parameters
    ----------
    source
        Path of a YAML file, or a name of the library such as "mantra-2".

    Raises
    ------
    TrialProblems
        With every problem of the file: its line, its key, what was found, what is allowed, the
        nearest valid word and how to mend it.
    RpointError
        If there is no such file and no such trial.
    """
    name = library_name(source)
    if name is not None:
        return _library(name)
    return parse_trial(read_text(Path(source)), where=shorten(str(source)))


def library_name(source: str | os.PathLike[str]) -> str | None:
    """The name of the library's trial that `source` means, or None if it is a file.

    Raises
    ------
    RpointError
        If it is neither.
    """
    names = library_names()
    text = str(source)
    if isinstance(source, str) and text.casefold() in names:
        return text.casefold()
    if os.path.lexists(text) or Path(text).suffix:
        return None
    raise RpointError(
        f"there is no trial {shorten(text)!r}",
        allowed="a trial file, or a name of the library: " + ", ".join(names),
        nearest=nearest_name(text, names),
        mend="`rpoint trial new NAME` writes a trial file to start from",
    )


def parse_trial(text: str, where: str = "<text>") -> Trial:
    """The trial of a YAML text; errors as `read_trial`."""
    data, lines, problems = load(text, where)
    return _build(data, where, lines, problems)


def trial_of(data: Mapping[str, Any], where: str = "<mapping>") -> Trial:
    """The trial of a plain mapping with the keys of a trial file; errors as `read_trial`."""
    return _build(data, where, {}, [])


def _build(data: Any, where: str, lines: Mapping[Key, int], problems: list[Problem]) -> Trial:
    whole = _whole(data)
    if whole is not None:
        raise refuse(with_lines([*problems, whole], lines), where)
    trial = None
    try:
        trial = Trial.model_validate(data)
    except ValidationError as error:
        refused = {p.key for p in problems}
        found = [p for p in problems_of(error, Trial) if not _under(p.key, refused)]
        known = {(p.key, p.what) for p in found}
        others = [p for p in cross_problems(data) if (p.key, p.what) not in known]
        problems = [*problems, *found, *others]
    if problems or trial is None:
        raise refuse(with_lines(problems, lines), where)
    return trial


def _under(key: Key, refused: set[Key]) -> bool:
    """Whether the value was refused already, or lies in one that was."""
    return any(key[:end] in refused for end in range(1, len(key) + 1))


def _whole(data: Any) -> Problem | None:
    """What makes the content no trial file of this version at all."""
    if data is None:
        return Problem((), "the file is empty", mend="`rpoint trial new NAME` writes a template")
    if not isinstance(data, Mapping):
        return Problem(
            (), "a trial file is a mapping of keys to values", found=shown(data), mend="name: value"
        )
    mend = f"the file begins with `{VERSION_KEY}: {SCHEMA_VERSION}`"
    if VERSION_KEY not in data:
        near = nearest_name(VERSION_KEY, [str(key) for key in data])
        found = f"a key {near!r}" if near else None
        return Problem((), "the version of the format is missing", found=found, mend=mend)
    version = data[VERSION_KEY]
    if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
        return Problem(
            (VERSION_KEY,),
            "the file is of a newer format than this R-point reads",
            found=str(version),
            allowed=f"{SCHEMA_VERSION}",
            mend="install a newer R-point",
        )
    if version != SCHEMA_VERSION or isinstance(version, bool | float):
        return Problem(
            (VERSION_KEY,), "unknown version of the format", shown(version), f"{SCHEMA_VERSION}"
        )
    return None


@cache
def _library(name: str) -> Trial:
    from rpoint import catalog

    where = f"library/{name}.yaml"
    # The library keeps to the part of YAML that the catalogue's reader reads, which is fast; a
    # test shows that the reader of users' files reads each to the same trial.
    return trial_of(catalog.parse_yaml(library_text(name), where), where)

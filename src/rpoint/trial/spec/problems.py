"""What is wrong with a trial file: every problem with its line and key, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rpoint.errors import RpointError, shorten

SHOWN = 40  # problems that one message lists

Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One fault of a trial file.

    Attributes
    ----------
    key
        Path to the value, such as ("arms", "treated", "patients").
    what
        One sentence: what is wrong.
    found, allowed, nearest, mend
        What stands there, what may stand there, the nearest valid word, how to mend it.
    line
        Line of the file, from 1; None where there is no file.
    """

    key: Key
    what: str
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None
    mend: str | None = None
    line: int | None = None

    @property
    def path(self) -> str:
        """The key as text: `published[3].value`."""
        return key_text(self.key)

    def block(self) -> str:
        """The place and the sentence, then one indented line for each part."""
        place = ", ".join(p for p in (self.line and f"line {self.line}", self.path) if p)
        lines = [f"{place}: {self.what}" if place else self.what]
        for label in ("found", "allowed", "nearest", "mend"):
            text = getattr(self, label)
            if text:
                lines.append(f"    {label + ':':<8} {text}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The problem as plain values; `key` as text."""
        parts = {name: getattr(self, name) for name in ("found", "allowed", "nearest", "mend")}
        return {"line": self.line, "key": self.path, "what": self.what, **parts}


class TrialProblems(RpointError):
    """A trial that cannot be used, with all of its problems.

    Attributes
    ----------
    problems
        Every `Problem`, in the order of the file.
    """

    problems: tuple[Problem, ...]

    def parts(self) -> dict[str, str]:
        """Nothing: the list of problems says all."""
        return {}


class CrossProblems(ValueError):
    """Problems that a validator found; `problems` holds them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(p.what for p in problems))
        self.problems = problems


def key_text(key: Key) -> str:
    """A path of keys as text.

    >>> key_text(("published", 3, "value"))
    'published[3].value'
    """
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def refuse(problems: Iterable[Problem], where: str) -> TrialProblems:
    """The error that lists the problems of one file.

    Parameters
    ----------
    problems
        At least one.
    where
        The file, or what stands for it.
    """
    ordered = tuple(sorted(problems, key=lambda p: p.line or 0))
    blocks = ["  " + p.block().replace("\n", "\n  ") for p in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        blocks.append(f"  … {len(ordered) - SHOWN} more")
    count = "one problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    error = TrialProblems(f"{where}: {count}\n" + "\n".join(blocks))
    error.where = where
    error.problems = ordered
    return error


def from_error(error: RpointError, key: Key = ()) -> Problem:
    """An `RpointError` of another room as a problem of the value at `key`."""
    lines = error.block().split("\n")
    carets = [line.strip("\n") for line in lines[1:] if line.startswith("    ")]
    shown = (
        "\n".join([error.what, *carets[:2]])
        if getattr(error, "start", None) is not None
        else error.what
    )
    return Problem(key, shown, error.found, error.allowed, error.nearest, error.mend)


def with_lines(problems: Iterable[Problem], lines: Mapping[Key, int]) -> list[Problem]:
    """The problems with the line of their key, or of the nearest key above it."""
    return [replace(p, line=p.line or _line(p.key, lines)) for p in problems]


def _line(key: Key, lines: Mapping[Key, int]) -> int | None:
    for end in range(len(key), -1, -1):
        if key[:end] in lines:
            return lines[key[:end]]
    return None


def shown(value: Any) -> str:
    """A value as an error repeats it."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"a mapping with {len(value)} key{'' if len(value) == 1 else 's'}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return shorten(value if isinstance(value, str) else repr(value))

"""The one error that R-point raises for what a user can mend.

An `RpointError` says what is wrong, where, what was found, what is allowed, the nearest valid name
and how to mend it.  The command line prints it as one block and exits with 1; anything else that
escapes is a defect of R-point.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_SHOWN = 80  # characters of a user's text that an error repeats
MAX_LISTED = 12  # allowed names that an error lists in full


class RpointError(ValueError):
    """Something that the caller can mend.

    Parameters
    ----------
    what
        One sentence: what is wrong.
    where
        File, line, option or argument.
    found
        What was found there; shortened to `MAX_SHOWN` characters.
    allowed
        What is allowed, in words.
    nearest
        The nearest valid name.
    mend
        How to mend it.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        found: object = None,
        allowed: str | None = None,
        nearest: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.found = None if found is None else shorten(found)
        self.allowed = allowed
        self.nearest = nearest
        self.mend = mend
        super().__init__(self.block())

    def parts(self) -> dict[str, str]:
        """The labelled parts in the order in which they are printed, absent ones left out."""
        labelled = {
            "where": self.where,
            "found": self.found,
            "allowed": self.allowed,
            "nearest": self.nearest,
            "mend": self.mend,
        }
        return {label: text for label, text in labelled.items() if text}

    def block(self) -> str:
        """The whole message: one sentence, then one indented line for each part."""
        lines = [self.what]
        for label, text in self.parts().items():
            body = text.replace("\n", "\n" + " " * 11)
            lines.append(f"  {label + ':':<8} {body}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.block()

    def __reduce__(self):
        return _rebuild, (type(self), self.what, self.__dict__.copy())


def _rebuild(cls: type[RpointError], what: str, state: dict) -> RpointError:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    ValueError.__init__(error, what)
    return error


def shorten(value: object, limit: int = MAX_SHOWN) -> str:
    """`value` as printable text on one line, at most about `limit` characters.

    >>> shorten("palbociclib 125 mg " * 1000, 24)
    'palbociclib 125 mg palb… (19000 characters)'
    """
    text = value if isinstance(value, str) else repr(value)
    length = len(text)
    shown = "".join(c if c.isprintable() else " " for c in text[:limit])
    return shown if length <= limit else f"{shown[: limit - 1]}… ({length} characters)"


def nearest_name(found: str, allowed: Iterable[str]) -> str | None:
    """The allowed name nearest to `found`, letter case ignored; None if none is near.

    >>> nearest_name("palbocicilb", ["palbociclib", "ribociclib"])
    'palbociclib'
    """
    names = {name.casefold(): name for name in allowed}
    close = difflib.get_close_matches(found[:MAX_SHOWN].casefold(), list(names), n=1, cutoff=0.6)
    return names[close[0]] if close else None


def unknown_name(
    kind: str, found: object, allowed: Iterable[str], *, where: str | None = None
) -> RpointError:
    """The error for a name that does not exist: lists what does, the nearest first.

    Parameters
    ----------
    kind
        What the name should be: "drug", "gene", "tumour", "claim" ...
    found
        The text that names nothing.
    allowed
        Every valid name.

    >>> print(unknown_name("drug", "palbocicilb", ["palbociclib", "ribociclib"]))
    unknown drug 'palbocicilb'
      allowed: palbociclib, ribociclib
      nearest: palbociclib
    """
    names = list(dict.fromkeys(str(name) for name in allowed))
    nearest = nearest_name(str(found), names)
    listed = ", ".join(names[:MAX_LISTED])
    if len(names) > MAX_LISTED:
        listed += f", … ({len(names)} in all)"
    return RpointError(
        f"unknown {kind} {shorten(str(found))!r}",
        where=where,
        allowed=listed or "nothing here",
        nearest=nearest,
    )

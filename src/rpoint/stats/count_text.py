"""Counts as people write them: "6/31", "any=6/31"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rpoint.errors import RpointError, shorten
from rpoint.stats._counts import check_counts

_COUNT = re.compile(r"\s*(?:(?P<label>[^=]+?)\s*=)?\s*(?P<x>[-+\d.eE]+)\s*/\s*(?P<n>[-+\d.eE]+)\s*")
Count = tuple[str, int, int]


def parse_count(text: str) -> Count:
    """Label ("" without), x and n of "x/n" or "label=x/n".

    >>> parse_count("any response=6/31"), parse_count("6/31")
    (('any response', 6, 31), ('', 6, 31))
    """
    found = _COUNT.fullmatch(text)
    if not found:
        raise RpointError(
            "this is no count",
            found=shorten(text, 40),
            allowed="x/n or label=x/n, such as 6/31 or any=6/31",
        )
    try:
        x, n = float(found["x"]), float(found["n"])
    except ValueError:
        raise RpointError("this is no count", found=shorten(text, 40), allowed="6/31") from None
    events, total = check_counts(x, n, where=shorten(text, 40))
    return found["label"] or "", int(events), int(total)


def parse_counts(text: str) -> list[Count]:
    """Several, with commas between: "8/19,0/10"."""
    return [parse_count(part) for part in text.split(",")]


def parse_words(words: Sequence[str]) -> list[Count]:
    """Counts from words: each "x/n" (or "label=x/n"), or x and n in turns.

    >>> parse_words(["6", "31", "1", "31"])
    [('', 6, 31), ('', 1, 31)]
    """
    if words and all(re.fullmatch(r"[-+]?\d+(\.\d+)?", word) for word in words):
        if len(words) % 2:
            raise RpointError(
                "x without its n", found=" ".join(map(str, words)), mend="write 6 31, or 6/31"
            )
        return [parse_count(f"{x}/{n}") for x, n in zip(words[::2], words[1::2], strict=True)]
    return [parse_count(word) for word in words]

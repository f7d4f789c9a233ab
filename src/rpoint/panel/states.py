"""What may stand in a gene's cell of a panel, and its one canonical spelling.

A cell holds one state or several joined with `+`:

=========  ==========================================================================
state      meaning
=========  ==========================================================================
``wt``     assayed, nothing found
``mut``    a mutation that is known or likely to change the protein's function
``vus``    a mutation of unknown meaning
``loss``   deleted, or lost by any means
``amp``    amplified: many copies (about 5 or more)
``gain``   a few copies more than normal, or an amplification call without a number
``cn=N``   N copies in all, 0 to 200; 2 is normal
``high``   more of the product than is usual (immunohistochemistry, expression call)
``low``    less of it
``?``      not known: integrated over the frequencies of the tumour type
=========  ==========================================================================

Not supported: zygosity, variant names (`R175H`), fusions; write what they amount to.

>>> canonical("Mutated + DEL")
'mut+loss'
>>> canonical("CN = 12.0"), canonical(""), canonical("wt+amp")
('cn=12', '?', 'amp')
"""

from __future__ import annotations

import re

from rpoint.errors import MAX_SHOWN, nearest_name

STATES: tuple[str, ...] = ("wt", "mut", "vus", "loss", "amp", "gain", "cn=N", "high", "low", "?")
UNKNOWN = "?"
ALLOWED = "wt, mut, vus, loss, amp, gain, cn=N, high, low, ? (blank), joined with + where several"
MAX_COPIES = 200.0  # the largest copy number that the catalogue accepts

# Other spellings of the same thing; letter case, blanks, hyphens and underscores do not matter.
SYNONYMS: dict[str, str] = {
    "wildtype": "wt",
    "none": "wt",
    "neutral": "wt",
    "diploid": "wt",
    "mutant": "mut",
    "mutated": "mut",
    "mutation": "mut",
    "novel": "vus",
    "lost": "loss",
    "del": "loss",
    "deleted": "loss",
    "deletion": "loss",
    "homdel": "loss",
    "null": "loss",
    "amplified": "amp",
    "amplification": "amp",
    "gained": "gain",
    "overexpressed": "high",
    "": UNKNOWN,
    "-": UNKNOWN,
    "na": UNKNOWN,
    "n/a": UNKNOWN,
    "nan": UNKNOWN,
    "<na>": UNKNOWN,
    "nd": UNKNOWN,
    "unknown": UNKNOWN,
    "untested": UNKNOWN,
}
_ORDER = ("mut", "vus", "loss", "amp", "gain", "cn", "high", "low")
_COPIES = re.compile(r"(?:cn|copies)=(\d{1,9}(?:\.\d{1,9})?)")
_SQUEEZE = re.compile(r"[\s_]+|(?<=[A-Za-z])-(?=[A-Za-z])")  # a hyphen in a word, not a minus
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_MORE, _FEWER = {"amp", "gain"}, {"loss"}


class StateError(ValueError):
    """A cell that is no state: `reason` in words, and the `nearest` state to `key`, if any."""

    def __init__(self, reason: str, key: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key

    @property
    def nearest(self) -> str | None:
        """The nearest state; sought only when asked for (a column may hold a million others)."""
        near = nearest_name(self.key, [*STATES[:-1], *filter(None, SYNONYMS)]) if self.key else None
        return SYNONYMS.get(near, near) if near else None


def canonical(text: object) -> str:
    """The canonical spelling of a cell; None, NaN and blank are `?`.

    Raises
    ------
    StateError
        If a part is no state, or the parts contradict each other (`wt+mut`, `amp+loss`,
        `cn=2+cn=8`, `mut+?`).
    """
    if text is None or text != text:  # NaN is the one value that differs from itself
        return UNKNOWN
    whole = str(text)
    if len(whole) > 20 * MAX_SHOWN:
        raise StateError("too long for a state")
    return _joined([_part(piece, whole) for piece in whole.split("+")])


def split(state: str) -> tuple[str, ...]:
    """The single states of a canonical cell.

    >>> split("mut+cn=6")
    ('mut', 'cn=6')
    """
    return tuple(state.split("+"))


def copies(state: str) -> float | None:
    """The copy number that a canonical cell states, or None.

    >>> copies("mut+cn=6.5"), copies("amp")
    (6.5, None)
    """
    for part in split(state):
        if part.startswith("cn="):
            return float(part[3:])
    return None


def _part(piece: str, whole: str) -> str:
    """One single state in canonical spelling."""
    key = _SQUEEZE.sub("", piece).casefold()
    key = SYNONYMS.get(key, key)
    if key == UNKNOWN and piece != whole and not piece.strip():
        raise StateError("nothing stands beside a '+'")
    if key in STATES and key != "cn=N":
        return key
    match = _COPIES.fullmatch(key)
    if match is None:
        raise StateError(_why(key), key)
    number = float(match.group(1))
    if number > MAX_COPIES:
        raise StateError(f"a copy number lies between 0 and {MAX_COPIES:g}")
    return f"cn={number:g}"


def _why(key: str) -> str:
    if _NUMBER.fullmatch(key):
        return "a number alone can mean several things: write cn=N for copies, else mut or wt"
    if key.startswith(("cn", "copies")):
        return "a copy number is written cn=N, a number from 0 to 200"
    return "unknown state"


def _joined(parts: list[str]) -> str:
    """The parts as one text in the canonical order, without repetition."""
    found = dict.fromkeys(parts)
    if UNKNOWN in found and len(found) > 1:
        raise StateError("'?' cannot stand beside a known state")
    if found.keys() & {"wt"} and found.keys() & {"mut", "vus"}:
        raise StateError("'wt' contradicts 'mut' and 'vus'")
    if len(found) > 1:
        found.pop("wt", None)  # "wt+amp": no mutation, which "amp" alone says as well
    if "mut" in found:
        found.pop("vus", None)  # what is known outweighs what is not
    _check_copies(list(found))
    return "+".join(sorted(found, key=_rank))


def _rank(part: str) -> int:
    """The place of a state in a cell of several; the others stand alone."""
    name = part.partition("=")[0]
    return _ORDER.index(name) if name in _ORDER else -1


def _check_copies(parts: list[str]) -> None:
    """Refuse copies that contradict each other, and `high` beside `low`."""
    numbers = [float(p[3:]) for p in parts if p.startswith("cn=")]
    more, fewer = _MORE & set(parts), _FEWER & set(parts)
    if len(numbers) > 1:
        raise StateError("two copy numbers for one gene")
    if more and fewer:
        raise StateError(f"{min(more)!r} contradicts 'loss'")
    if numbers and (more and numbers[0] <= 2 or fewer and numbers[0] >= 2):
        raise StateError(f"'cn={numbers[0]:g}' contradicts {min(more | fewer)!r}")
    if {"high", "low"} <= set(parts):
        raise StateError("'high' contradicts 'low'")

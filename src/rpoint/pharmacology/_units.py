"""The closed vocabularies of the regimen grammar: units, routes, frequencies, days of the week."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7

# unit -> (kind, factor to the kind's base unit: mg, mg/kg or nM)
UNITS: dict[str, tuple[str, float]] = {
    "g": ("amount", 1e3),
    "mg": ("amount", 1.0),
    "ug": ("amount", 1e-3),
    "mg/kg": ("amount per kg", 1.0),
    "ug/kg": ("amount per kg", 1e-3),
    "pM": ("concentration", 1e-3),
    "nM": ("concentration", 1.0),
    "uM": ("concentration", 1e3),
    "mM": ("concentration", 1e6),
}
BASE_UNIT = {"amount": "mg", "amount per kg": "mg/kg", "concentration": "nM"}
UNIT_SPELLINGS = {name.lower(): name for name in UNITS} | {"mcg": "ug", "mcg/kg": "ug/kg"}
UNITS_ALLOWED = "mg, g, ug, mg/kg, ug/kg (doses); nM, uM, pM, mM (constant concentration)"

# A dose outside these bounds is taken for a slip of the pen. Design choice: the largest single
# dose of a catalogue drug is 1,500 mg (durvalumab) and the largest mouse dose in use about
# 500 mg/kg.
DOSE_BOUNDS = {
    "amount": (1e-6, 20_000.0),
    "amount per kg": (1e-6, 2_000.0),
    "concentration": (1e-6, 1e6),
}

ROUTES = {
    "po": "by mouth",
    "iv": "into a vein",
    "im": "into a muscle",
    "sc": "under the skin",
    "ip": "into the peritoneum",
}
ROUTE_SPELLINGS = {name: name for name in ROUTES} | {
    "oral": "po",
    "orally": "po",
    "intravenous": "iv",
    "intravenously": "iv",
    "intramuscular": "im",
    "subcutaneous": "sc",
    "intraperitoneal": "ip",
}
ROUTES_ALLOWED = ", ".join(f"{name} ({meaning})" for name, meaning in ROUTES.items())

# fixed words -> hours between doses
FREQUENCIES = {
    "qd": 24,
    "bid": 12,
    "tid": 8,
    "qid": 6,
    "qod": 48,
    "qw": 168,
    "od": 24,
    "daily": 24,
    "bd": 12,
    "tds": 8,
    "qds": 6,
    "weekly": 168,
}
FREQUENCIES_ALLOWED = "qd, bid, tid, qid, qod, qw, qNw, qNd, qNh (N a whole number), once"
MAX_INTERVAL_H = 24 * 366

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_SPELLINGS = {name: i for i, name in enumerate(WEEKDAYS)} | {
    name: i
    for i, name in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
}

NO_DRUG = ("vehicle", "placebo", "none", "untreated", "stop")

MAX_DAY = 3_650
MAX_COMPONENTS = 20
MAX_PHASES = 10
MAX_NOTES = 50  # holds, steps

# words that start a part of a component; a drug cannot be called so
KEYWORDS = frozenset(
    {"load", "delay", "from", "until", "hold", "then", "at", "once", "over", "for", "continue"}
    | set(FREQUENCIES)
    | set(ROUTE_SPELLINGS)
    | set(WEEKDAY_SPELLINGS)
)


def frequency_text(interval_h: int) -> str:
    """The canonical word for a dose every `interval_h` hours.

    >>> frequency_text(12), frequency_text(672), frequency_text(72), frequency_text(36)
    ('bid', 'q4w', 'q3d', 'q36h')
    """
    for word in ("qd", "bid", "tid", "qid", "qod", "qw"):
        if FREQUENCIES[word] == interval_h:
            return word
    days, rest = divmod(interval_h, HOURS_PER_DAY)
    if rest or not days:
        return f"q{interval_h}h"
    return f"q{days // DAYS_PER_WEEK}w" if days % DAYS_PER_WEEK == 0 else f"q{days}d"


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number.

    >>> number_text(125.0), number_text(2.5), number_text(1e-7)
    ('125', '2.5', '1e-07')
    """
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def near_word(found: str, allowed: Iterable[str]) -> str | None:
    """The allowed word nearest to `found`; more lenient than for names, since words are short.

    >>> near_word("mq", ["mg", "nM"]), near_word("bdi", ["bid", "qd"]), near_word("zz", ["mg"])
    ('mg', 'bid', None)
    """
    word = found[:40].lower()

    def likeness(other: str) -> float:
        same_start = 0.05 if other[:1] == word[:1] else 0.0
        return difflib.SequenceMatcher(None, word, other).ratio() + same_start

    words = {known.lower(): known for known in allowed}
    best = max(words, key=likeness)
    return words[best] if likeness(best) >= 0.5 else None

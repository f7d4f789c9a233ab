"""Reading the parts of a component: dose, route, frequency, days, and what modifies them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rpoint.pharmacology._cursor import DAY_WORDS
from rpoint.pharmacology._part_reader import ITEMS, PartReader
from rpoint.pharmacology._parts import (
    Days,
    Load,
    Step,
)
from rpoint.pharmacology._text import Kind, quoted
from rpoint.pharmacology._units import (
    FREQUENCIES,
    HOURS_PER_DAY,
    MAX_DAY,
    ROUTE_SPELLINGS,
    UNIT_SPELLINGS,
    WEEKDAY_SPELLINGS,
)

if TYPE_CHECKING:
    from rpoint.pharmacology._parse import Draft
    from rpoint.pharmacology.names import NameBook

_WORDS = [
    *(w for w in ROUTE_SPELLINGS),
    *(w for w in FREQUENCIES),
    *("once", "load", "from", "delay", "until", "for", "hold", "over", "then", "at", "continue"),
    *("q2w", "q3w", "q4w", "q28d"),
    *WEEKDAY_SPELLINGS,
]
_REPEATS = {"once": 24, "twice": 12, "thrice": 8}


class ItemReader(PartReader):
    """The rules for everything after a drug's name."""

    names: NameBook

    # --- everything after the dose ----------------------------------------------------------

    def set(self, draft: Draft, name: str, value: object, span: tuple[int, int]) -> None:
        if name in draft.values:
            label = {
                "interval_h": "the frequency",
                "pattern": "the days",
                "start_day": "the start",
                "until_day": "the end",
                "over_h": "the infusion time",
            }.get(name, f"the {name}")
            verb = "are" if label.endswith("s") else "is"
            self.fail(span, f"{label} of {draft.drug} {verb} given twice", mend="leave one out")
        draft.values[name] = value
        draft.spans[name] = span

    def items(self, draft: Draft) -> None:
        """All parts after the dose, up to '+', 'at', the next phase or the end."""
        while True:
            token = self.peek()
            if token.kind is Kind.END or token.text in ("+", "at", "on"):
                return
            if token.text == "then":
                if not self.then(draft):
                    return
            elif token.kind is Kind.NUMBER:
                self.set(draft, "pattern", *self.cycle())
            elif token.text in DAY_WORDS and self.peek(1).kind in (Kind.NUMBER, Kind.MARK):
                self.set(draft, "pattern", *self.days())
            else:
                self.word(draft)

    def word(self, draft: Draft) -> None:
        """One part that starts with a word."""
        token = self.peek()
        readers = {
            "load": self.load,
            "from": self.start,
            "delay": self.delay,
            "until": self.until,
            "for": self.until,
            "hold": self.hold,
            "over": self.over,
        }
        if token.text in readers:
            readers[token.text](draft)
        elif token.text in WEEKDAY_SPELLINGS:
            self.set(draft, "pattern", *self.weekdays())
        elif token.text in _REPEATS or token.text in FREQUENCIES or self.is_every():
            self.frequency(draft)
        else:
            self.route(draft)

    def route(self, draft: Draft) -> None:
        word = self.run()
        if word.text in ROUTE_SPELLINGS:
            self.set(draft, "route", ROUTE_SPELLINGS[word.text], word.span)
            return
        if word.text in (",", ";"):
            self.fail(word, f"{quoted(word.text)} does not join drugs", mend="join them by '+'")
        if word.text in ("(", ")", ":"):
            self.fail(word, f"{quoted(word.text)} is not used in regimens", allowed=ITEMS)
        if word.text == "progression":
            self.fail(word, "an event needs 'at'", mend="write 'then ... at progression'")
        drug = self.names.find(word.text)
        if drug is not None:
            self.fail(word, f"{drug} is not joined to {draft.drug}", mend=f"write '+ {drug}'")
        self.fail_near(word, f"{quoted(word.text)} means nothing here", _WORDS, allowed=ITEMS)

    # --- frequencies ------------------------------------------------------------------------

    def is_every(self, ahead: int = 0) -> bool:
        """Whether a qN.. starts here."""
        return self.peek(ahead).text == "q" and self.peek(ahead + 1).kind is Kind.NUMBER

    def frequency(self, draft: Draft) -> None:
        first = self.peek()
        if first.text in _REPEATS and self.peek(1).text == "daily":
            self.next()
            self.next()
            self.set(draft, "interval_h", _REPEATS[first.text], self.here(first))
        elif first.text == "once" and self.peek(1).text == "weekly":
            self.next()
            self.set(draft, "interval_h", *self.interval())
        elif first.text == "once":
            self.once(draft)
        elif first.text in _REPEATS:
            self.next()
            self.fail(
                first,
                f"{quoted(first.text)} is followed by daily",
                mend="write bid or tid; several days a week are mon,thu",
            )
        else:
            self.set(draft, "interval_h", *self.interval())

    def once(self, draft: Draft) -> None:
        """A single dose: on day 1, or on the day that follows."""
        first = self.next()
        days: tuple[int, ...] = (1,)
        if self.peek().text in DAY_WORDS and self.peek(1).kind is Kind.NUMBER:
            days = self.day_list()
            if len(days) > 1:
                self.fail(self.here(first), "once is one dose on one day", mend="leave 'once' out")
        self.set(draft, "pattern", Days(days), self.here(first))

    # --- what modifies the doses ------------------------------------------------------------

    def load(self, draft: Draft) -> None:
        first = self.next()
        dose, _ = self.dose(draft.drug)
        if self.peek().text not in DAY_WORDS:
            self.fail(self.back(0), "a loading dose needs its day", mend="write 'load 500 mg d1'")
        days = self.day_list()
        self.set(draft, "load", *self.checked(Load, self.here(first), dose, days))

    def start(self, draft: Draft) -> None:
        first = self.next()
        day = self.day("from")
        if draft.delay is not None:
            self.fail(
                self.here(first),
                f"{draft.drug} is both delayed and given a start",
                mend="leave one out",
            )
        self.set(draft, "start_day", day, self.here(first))

    def delay(self, draft: Draft) -> None:
        first = self.next()
        days = self.duration("delay")
        if draft.delay is not None or "start_day" in draft.values:
            self.fail(
                self.here(first), f"the start of {draft.drug} is given twice", mend="leave one out"
            )
        draft.delay = days
        draft.spans["start_day"] = self.here(first)

    def until(self, draft: Draft) -> None:
        first = self.next()
        if first.text == "for":
            draft.length = self.duration("for")
            self.set(draft, "until_day", None, self.here(first))
            return
        if self.peek().text == "progression":
            self.fail(
                self.next(),
                "'until' takes a day",
                allowed="until dN",
                mend="write 'A then B at progression'; treatment goes on until something ends it",
            )
        self.set(draft, "until_day", self.day("until"), self.here(first))

    def duration(self, after: str) -> int:
        """14d, 14 days or 2w, in days."""
        number = self.peek()
        n = self.whole(f"the time after {after!r}")
        unit = self.peek()
        factor = 7 if unit.text in ("w", "wk", "week", "weeks") else 1
        if factor == 1 and unit.text not in DAY_WORDS:
            self.fail(
                number,
                f"{after!r} takes days or weeks",
                allowed="Nd or Nw",
                mend=f"write '{after} {n}d'",
            )
        self.next()
        if not 1 <= n * factor <= MAX_DAY:
            self.fail(
                self.here(number), f"{after} {n * factor} days", allowed=f"1 to {MAX_DAY:,} days"
            )
        return n * factor

    def hold(self, draft: Draft) -> None:
        first = self.next()
        if self.peek().text not in DAY_WORDS:
            self.fail(self.peek(), "'hold' is followed by days", allowed="as in hold d29-42")
        days = self.day_list()
        held: list[tuple[int, int]] = []
        for day in days:
            if held and held[-1][1] == day - 1:
                held[-1] = (held[-1][0], day)
            else:
                held.append((day, day))
        self.set(draft, "holds", tuple(held), self.here(first))

    def over(self, draft: Draft) -> None:
        first = self.next()
        number = self.next()
        if number.kind is not Kind.NUMBER:
            self.fail(number, "'over' is followed by a time", allowed="as in over 1h, over 30 min")
        unit = self.next()
        per_hour = {"h": 1, "hour": 1, "hours": 1, "hr": 1, "min": 60, "minutes": 60}
        if unit.text not in per_hour:
            self.fail(unit, "the time of an infusion is in h or min", allowed="h, min")
        hours = float(number.text) / per_hour[unit.text]
        self.set(draft, "over_h", hours, self.here(first))

    def then(self, draft: Draft) -> bool:
        """`then q28d` or `then 100 mg from d29`; False if a new phase follows."""
        after = self.peek(1)
        if after.kind is Kind.NUMBER and (
            self.peek(2).kind is Kind.WORD and self.peek(2).text in _UNIT_STARTS
        ):
            self.step(draft)
            return True
        if self.is_every(1) or after.text in FREQUENCIES:
            self.repeat(draft)
            return True
        return False

    def step(self, draft: Draft) -> None:
        first = self.next()
        dose, _ = self.dose(draft.drug)
        if self.peek().text != "from":
            self.fail(
                self.here(first),
                "from which day on is this the dose?",
                mend=f"write 'then {dose} from d29'",
            )
        self.next()
        day = self.day("from")
        steps = (*draft.values.get("steps", ()), Step(day, dose))  # type: ignore[misc]
        draft.values["steps"] = steps
        draft.spans["steps"] = self.here(first)

    def repeat(self, draft: Draft) -> None:
        first = self.next()
        hours, span = self.interval()
        pattern = draft.values.get("pattern")
        if not isinstance(pattern, Days):
            self.fail(
                span,
                "'then' with a frequency follows a list of days",
                allowed="as in d1,15,29 then q28d",
                mend="a new dose is 'then 100 mg from d29'",
            )
        if hours % HOURS_PER_DAY:
            self.fail(span, "listed days repeat by whole days", allowed="qNd, qNw, qd, qw")
        if pattern.then_every is not None:
            self.fail(span, "the days already repeat", mend="leave one 'then' out")
        days, where = self.checked(
            lambda: replace(pattern, then_every=hours // HOURS_PER_DAY), self.here(first)
        )
        draft.values["pattern"] = days
        draft.spans["pattern"] = (draft.spans["pattern"][0], where[1])


_UNIT_STARTS = frozenset(name.split("/")[0] for name in UNIT_SPELLINGS)

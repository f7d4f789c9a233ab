"""Reading doses, intervals and days: the parts of a component that stand for themselves."""

from __future__ import annotations

from rpoint.errors import shorten
from rpoint.pharmacology._cursor import DAY_WORDS, Cursor
from rpoint.pharmacology._parts import Contradiction, Cycle, Days, Dose, Weekdays
from rpoint.pharmacology._text import Kind, RegimenError, quoted
from rpoint.pharmacology._units import (
    FREQUENCIES,
    FREQUENCIES_ALLOWED,
    HOURS_PER_DAY,
    MAX_INTERVAL_H,
    UNIT_SPELLINGS,
    UNITS_ALLOWED,
    WEEKDAY_SPELLINGS,
    near_word,
)

ITEMS = (
    "a route (po, iv, im, sc, ip), a frequency (qd, bid, q3w, ...), days (21/28, d1-3,15-17/28,"
    " mon-fri), load, from, until, hold, over; or '+', 'then', the end"
)
_HOURS = {"h": 1, "d": HOURS_PER_DAY, "w": 7 * HOURS_PER_DAY}


class PartReader(Cursor):
    """The rules for doses, intervals and days."""

    # --- the dose ---------------------------------------------------------------------------

    def dose(self, drug: str) -> tuple[Dose, tuple[int, int]]:
        """A number and its unit."""
        first = self.peek()
        value = self.dose_number(drug)
        unit, span = self.unit(drug)
        try:
            return Dose(value, unit), (first.start, span[1])
        except Contradiction as error:
            where = span if error.field == "unit" else (first.start, span[1])
            raise RegimenError(error.what, self.text, where, **error.labels) from None

    def dose_number(self, drug: str) -> float:
        token = self.peek()
        example = f"write for example {drug} 125 mg qd"
        if token.text == "-" and self.peek(1).kind is Kind.NUMBER:
            self.next()
            self.fail(
                self.here_pair(token), "a dose is greater than zero", mend="leave the minus out"
            )
        if token.kind is not Kind.NUMBER:
            if token.kind is Kind.END or token.text in ("+", "then"):
                self.fail(
                    self.back(0),
                    f"the dose of {drug} is missing",
                    allowed="a number and a unit: " + UNITS_ALLOWED,
                    mend=example,
                )
            word = self.run()
            self.fail(
                word,
                f"the dose of {drug} is expected here, not {quoted(word.text)}",
                allowed="a finite number and a unit: " + UNITS_ALLOWED,
                mend=example,
            )
        self.next()
        if self.glued_number():
            while self.glued_number():
                self.next()
            shown = shorten(self.text[token.start : self.back(0).end], 40)
            self.fail(
                self.here(token),
                f"{shown!r} is not one number",
                mend="write 1000 without a mark for thousands, and a decimal point: 2.5",
            )
        return float(token.text)

    def glued_number(self) -> bool:
        """Whether a number goes on without a space after a mark, as in 1,000 or 1.2.3."""
        token, after = self.peek(), self.peek(1)
        if token.spaced:
            return False
        return token.kind is Kind.NUMBER or (
            token.text in (",", ".") and after.kind is Kind.NUMBER and not after.spaced
        )

    def unit(self, drug: str) -> tuple[str, tuple[int, int]]:
        first = self.peek()
        if first.kind is not Kind.WORD:
            self.fail(
                first if first.kind is Kind.MARK else self.back(0),
                f"the unit of the dose of {drug} is missing",
                allowed=UNITS_ALLOWED,
                mend="write for example 125 mg",
            )
        word = self.run()
        text = word.text
        if self.peek().text == "/" and self.peek(1).kind is Kind.WORD:
            self.next()
            text += "/" + self.run().text
        span = self.here(first)
        if text in UNIT_SPELLINGS:
            return UNIT_SPELLINGS[text], span
        if text.endswith("/m2") or text == "mg/m":
            self.fail(
                span,
                "doses per body surface are not supported",
                allowed=UNITS_ALLOWED,
                mend="no drug of the catalogue is dosed so; write the amount in mg",
            )
        near = near_word(text, UNIT_SPELLINGS)
        near = UNIT_SPELLINGS[near] if near else None
        self.fail(
            span,
            f"unknown unit {quoted(text)}",
            allowed=UNITS_ALLOWED,
            nearest=near,
            mend=f"write {near}" if near else None,
        )

    # --- how often and on which days

    def interval(self) -> tuple[int, tuple[int, int]]:
        """qd, bid, ... or qNh, qNd, qNw, in hours."""
        first = self.next()
        if first.text in FREQUENCIES:
            if not self.peek().spaced and self.peek().kind is Kind.NUMBER:
                self.fail(self.here_pair(first), "unknown frequency", allowed=FREQUENCIES_ALLOWED)
            return FREQUENCIES[first.text], first.span
        number = self.peek()
        n = self.whole("the N of qN", MAX_INTERVAL_H)
        unit = self.peek()
        if unit.text not in _HOURS:
            span = self.here(first) if unit.spaced else (first.start, self.run().end)
            text = self.text[span[0] : span[1]]
            self.fail(
                span,
                f"unknown frequency {quoted(text)}",
                allowed=FREQUENCIES_ALLOWED,
                nearest=f"q{n}d",
                mend="h, d or w follows the number",
            )
        self.next()
        if n < 1:
            self.fail(number, "doses every 0 days cannot be", allowed="qNd with N of 1 or more")
        hours = n * _HOURS[unit.text]
        if hours > MAX_INTERVAL_H:
            self.fail(self.here(first), "doses more than a year apart", allowed="at most q366d")
        return hours, self.here(first)

    def cycle(self) -> tuple[Cycle, tuple[int, int]]:
        """21/28 or 4 on/3 off."""
        first = self.peek()
        on = self.whole("the days on")
        self.take(*DAY_WORDS)
        if self.take("on"):
            self.take("/", ",")
            off_at = self.peek()
            off = self.whole("the days off")
            self.take(*DAY_WORDS)
            if not self.take("off"):
                self.fail(off_at, "'off' is missing", allowed="as in 4 on/3 off")
            return self.checked(Cycle, self.here(first), on, on + off)
        if not self.take("/"):
            self.fail(
                first,
                f"{quoted(first.text)} means nothing here: the dose is already given",
                allowed=ITEMS,
                mend="a day is d8; days on of a cycle are 21/28; joined drugs need '+'",
            )
        length = self.whole("the days of the cycle")
        return self.checked(Cycle, self.here(first), on, length)

    def days(self) -> tuple[Days, tuple[int, int]]:
        """d1-3,15-17/28 or d1,15,29."""
        first = self.peek()
        listed = self.day_list()
        cycle = None
        if self.take("/"):
            cycle = self.whole("the days of the cycle")
        return self.checked(Days, self.here(first), listed, cycle)

    def weekdays(self) -> tuple[Weekdays, tuple[int, int]]:
        """mon-fri or mon,wed,fri."""
        start = self.peek()
        found: list[int] = []
        while True:
            first = self.peek()
            low = high = self.weekday()
            if self.take("-"):
                high = self.weekday()
                if high < low:
                    self.fail(
                        self.here(first),
                        "days of the week run from mon to sun",
                        mend="write two runs, as mon,fri-sun",
                    )
            found.extend(range(low, high + 1))
            if self.peek().text != "," or self.peek(1).kind is not Kind.WORD:
                break
            self.next()
        return self.checked(Weekdays, self.here(start), tuple(found))

    def weekday(self) -> int:
        word = self.next()
        if word.text not in WEEKDAY_SPELLINGS:
            self.fail_near(
                word,
                f"{quoted(word.text)} is no day of the week",
                WEEKDAY_SPELLINGS,
                allowed="mon, tue, wed, thu, fri, sat, sun",
            )
        return WEEKDAY_SPELLINGS[word.text]

    def checked(self, make, span: tuple[int, int], *values):
        """`make(*values)` with its span; its error points there."""
        try:
            return make(*values), span
        except Contradiction as error:
            raise RegimenError(error.what, self.text, span, **error.labels) from None

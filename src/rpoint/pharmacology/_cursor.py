"""Moving over the tokens of a regimen, pointing at what is wrong, reading numbers and days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from rpoint.pharmacology._text import Kind, RegimenError, Token, quoted
from rpoint.pharmacology._units import MAX_DAY, near_word

DAY_WORDS = ("d", "day", "days")


class Cursor:
    """A place in the tokens of one text, and what is read everywhere: words, numbers, days."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0

    # --- the cursor -------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def back(self, steps: int) -> Token:
        """The token read last (0), or before it."""
        return self.tokens[max(0, self.at - 1 - steps)]

    def next(self) -> Token:
        token = self.peek()
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def take(self, *texts: str) -> Token | None:
        return self.next() if self.peek().text in texts else None

    def run(self) -> Token:
        """A word as a reader sees it: tokens without space between, up to '+', ',' or '/'."""
        first = last = self.next()
        parts = [first.text]
        while (
            not self.peek().spaced
            and self.peek().kind is not Kind.END
            and self.peek().text not in ("+", ",", "/", "(", ")", ":")
            and first.text not in ("+", ",", "/", "(", ")", ":")
        ):
            last = self.next()
            parts.append(last.text)
        kind = first.kind if len(parts) == 1 else Kind.WORD
        return Token(kind, "".join(parts), first.start, last.end, first.spaced)

    def here(self, first: Token) -> tuple[int, int]:
        """From `first` to the end of the token read last."""
        return first.start, max(first.end, self.back(0).end)

    # --- errors -----------------------------------------------------------------------------

    def fail(
        self,
        where: Token | tuple[int, int],
        what: str,
        *,
        allowed: str | None = None,
        nearest: str | None = None,
        mend: str | None = None,
    ) -> NoReturn:
        span = where.span if isinstance(where, Token) else where
        if span[0] == span[1] and span[0] > 0:  # the end of the text: point at the last word
            span = self.tokens[-2].span if len(self.tokens) > 1 else (0, 1)
        raise RegimenError(what, self.text, span, allowed=allowed, nearest=nearest, mend=mend)

    def fail_near(self, where: Token, what: str, words: Iterable[str], *, allowed: str) -> NoReturn:
        near = near_word(where.text, words)
        self.fail(where, what, allowed=allowed, nearest=near, mend=near and f"write {near}")

    # --- numbers and days -------------------------------------------------------------------

    def whole(self, what: str, high: int = MAX_DAY) -> int:
        """A whole number from 0 to `high`."""
        token = self.next()
        if token.text == "-" and self.peek().kind is Kind.NUMBER:
            self.fail(self.here_pair(token), f"{what} cannot be negative")
        if token.kind is not Kind.NUMBER:
            shown = f", not {quoted(token.text)}" if token.text else ""
            self.fail(token, f"{what} is a whole number{shown}", allowed=f"0 to {high:,}")
        if not token.text.isdigit():
            self.fail(
                token,
                f"{what} is a whole number, not {quoted(token.text)}",
                allowed=f"0 to {high:,}",
            )
        if len(token.text) > 9 or int(token.text) > high:
            self.fail(token, f"{what} is at most {high:,}", allowed=f"0 to {high:,}")
        return int(token.text)

    def here_pair(self, first: Token) -> tuple[int, int]:
        second = self.next()
        return first.start, second.end

    def day(self, after: str) -> int:
        """A single day: d8, day 8."""
        token = self.peek()
        if token.text not in DAY_WORDS:
            self.fail(
                token if token.kind is not Kind.END else self.back(0),
                f"{after!r} is followed by a day",
                allowed="dN, as in d8",
                mend=f"write '{after} d{token.text}'"
                if token.kind is Kind.NUMBER and token.text.isdigit() and len(token.text) < 6
                else None,
            )
        self.next()
        number = self.peek()
        value = self.whole("a day")
        if value < 1:
            self.fail(number, "there is no day 0", allowed="day 1 is the first")
        return value

    def day_list(self) -> tuple[int, ...]:
        """d1-3,15-17: the days, as written (ranges opened)."""
        self.next()  # d
        days: list[int] = []
        while True:
            first = self.peek()
            low = self.whole("a day")
            if low < 1:
                self.fail(first, "there is no day 0", allowed="day 1 is the first")
            high = low
            if self.peek().text == "-":
                self.next()
                self.take(*DAY_WORDS)
                high = self.whole("the last day of a range")
                if high < low:
                    self.fail(self.here(first), f"days {low}-{high} run backwards")
            if days and low <= days[-1]:
                self.fail(
                    self.here(first),
                    f"day {low} is listed after day {days[-1]}",
                    allowed="days in ascending order, each once",
                )
            days.extend(range(low, high + 1))
            if not self.comma_then_number():
                return tuple(days)

    def comma_then_number(self) -> bool:
        """Read a comma (and a 'd') if another day follows."""
        ahead = 2 if self.peek(1).text in DAY_WORDS and self.peek(2).kind is Kind.NUMBER else 1
        if self.peek().text == "," and self.peek(ahead).kind is Kind.NUMBER:
            for _ in range(ahead):
                self.next()
            return True
        return False

"""Regimen text: its characters, its tokens, and the error that points at a word of it.

The tokeniser is one pass over the characters; nothing in this package uses a regular expression on
a user's text, so the time to read a text is proportional to its length.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum

from rpoint.errors import RpointError, shorten

MAX_TEXT = 10_000  # characters; a regimen of 20 drugs needs about 1,000
WINDOW = 88  # characters of the text that an error shows around the word

# One character for one, so that positions in the user's text stay true.
_SAME = {
    "\u00b5": "u",  # micro sign
    "\u03bc": "u",  # Greek mu
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",  # en dash
    "\u2014": "-",
    "\u2212": "-",  # minus sign
    "\u00b2": "2",  # superscript two, as in mg/m2
    "\u2215": "/",
    "\u2044": "/",
    "\uff0b": "+",
    "\t": " ",
    "\n": " ",
    "\r": " ",
}
_PUNCTUATION = frozenset("+,/-._():")


class RegimenError(RpointError):
    """A regimen that cannot be read, or that contradicts itself.

    Attributes
    ----------
    text, start, end
        The text and the half-open span of the characters that are wrong; `start` is None if the
        error belongs to no place in a text.
    word
        `text[start:end]`.
    """

    def __init__(
        self,
        what: str,
        text: str | None = None,
        span: tuple[int, int] | None = None,
        *,
        allowed: str | None = None,
        nearest: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.text = text
        self.start: int | None = None if span is None else span[0]
        self.end: int | None = None if span is None else span[1]
        super().__init__(what, allowed=allowed, nearest=nearest, mend=mend)

    @property
    def word(self) -> str | None:
        if self.text is None or self.start is None:
            return None
        return self.text[self.start : self.end]

    def block(self) -> str:
        """The sentence, the text with carets under the word, then the labelled parts."""
        head, *rest = super().block().split("\n")
        lines = [head]
        if self.text is not None and self.start is not None and self.end is not None:
            lines += ["    " + line for line in caret(self.text, self.start, self.end)]
        return "\n".join(lines + rest)


def caret(text: str, start: int, end: int) -> tuple[str, str]:
    """Two lines: the part of `text` around the span, and carets under the span.

    >>> print(*caret("abemaciclib 150 mq bid", 16, 18), sep="\\n")
    abemaciclib 150 mq bid
                    ^^
    """
    left = max(0, start - WINDOW // 2)
    right = min(len(text), left + WINDOW)
    left = max(0, right - WINDOW)
    shown = "".join(c if c.isprintable() else (" " if c in "\t\r\n" else "?") for c in text)
    shown = shown[left:right]
    before = "…" if left > 0 else ""
    after = "…" if right < len(text) else ""
    width = max(1, min(end, right) - start)
    return f"{before}{shown}{after}", " " * (len(before) + start - left) + "^" * width


def quoted(text: str) -> str:
    """A user's word in quotes, shortened.

    >>> quoted("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (100 characters)'"
    """
    return repr(shorten(text, 40))


class Kind(Enum):
    """What a token is made of."""

    NUMBER = "number"
    WORD = "word"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A run of digits, a run of letters, or one mark; `text` is in lower case and plain ASCII."""

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool  # white space (or the start of the text) before it

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


def normalise(text: object) -> str:
    """`text` with typographic characters made plain, each by exactly one character.

    Raises
    ------
    RegimenError
        If `text` is no string, is empty, is longer than `MAX_TEXT` or has a control character.
    """
    if not isinstance(text, str):
        raise RegimenError(
            f"a regimen is a text, not {type(text).__name__}",
            mend='write it in quotes: "palbociclib 125 mg qd 21/28"',
        )
    if len(text) > MAX_TEXT:
        raise RegimenError(
            f"the regimen text has {len(text):,} characters",
            text[: WINDOW + 2],
            (0, WINDOW),
            allowed=f"at most {MAX_TEXT:,} characters",
            mend="give one regimen at a time; a file is not read here",
        )
    if not text.strip():
        raise RegimenError(
            "the regimen is empty",
            allowed="a drug with its dose, or 'vehicle' for no drug",
            mend="write for example: palbociclib 125 mg qd 21/28",
        )
    return "".join(_plain(text, i, c) for i, c in enumerate(text))


def _plain(text: str, index: int, char: str) -> str:
    if char in _SAME:
        return _SAME[char]
    if char.isspace() and unicodedata.category(char) == "Zs":
        return " "
    if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"):
        raise RegimenError(
            f"the regimen holds a character that cannot be seen, U+{ord(char):04X}",
            text,
            (index, index + 1),
            allowed="letters, digits, spaces and the marks + - / , . _",
            mend="type the text again instead of pasting it",
        )
    return char


def tokenise(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind END.

    Raises
    ------
    RegimenError
        At a character that no regimen has.

    >>> [t.text for t in tokenise("fulvestrant 500mg im d1,15,29 then q28d")][:5]
    ['fulvestrant', '500', 'mg', 'im', 'd']
    """
    plain = normalise(text)
    tokens: list[Token] = []
    i, n, spaced = 0, len(plain), True
    while i < n:
        char = plain[i]
        if char == " ":
            i, spaced = i + 1, True
            continue
        kind, j = _run(text, plain, i)
        tokens.append(Token(kind, plain[i:j].lower(), i, j, spaced))
        i, spaced = j, False
    tokens.append(Token(Kind.END, "", n, n, True))
    return tokens


def _run(text: str, plain: str, i: int) -> tuple[Kind, int]:
    """The kind of the token that starts at `i`, and where it ends."""
    char, n = plain[i], len(plain)
    follows = plain[i + 1] if i + 1 < n else ""
    if _digit(char) or (char == "." and _digit(follows)):
        return Kind.NUMBER, _number_end(plain, i)
    if _letter(char):
        j = i
        while j < n and _letter(plain[j]):
            j += 1
        return Kind.WORD, j
    if char in _PUNCTUATION:
        return Kind.MARK, i + 1
    raise RegimenError(
        f"a regimen has no character {char!r} (U+{ord(char):04X})",
        text,
        (i, i + 1),
        allowed="letters a-z, digits, spaces and the marks + - / , . _",
        mend=_MENDS.get(char, "leave it out"),
    )


_MENDS = {
    ";": "join drugs that are given together by '+', and what follows by 'then'",
    "&": "join drugs that are given together by '+'",
    "|": "join drugs that are given together by '+'",
    "%": "write the dose in mg, mg/kg or nM",
    "\u00d7": "write 'd1-5/28' for five days of 28",
    "*": "write 'd1-5/28' for five days of 28",
    "\u2192": "write 'then ... at progression' or 'then from d57 ...'",
    "=": "give the name of an arm outside the regimen",
}


def _digit(char: str) -> bool:
    return "0" <= char <= "9"


def _letter(char: str) -> bool:
    return "a" <= char <= "z" or "A" <= char <= "Z"


def _number_end(plain: str, i: int) -> int:
    """The end of digits[.digits][e[+-]digits] from `i`."""
    n, j = len(plain), i
    while j < n and _digit(plain[j]):
        j += 1
    if j < n and plain[j] == "." and j + 1 < n and _digit(plain[j + 1]):
        j += 1
        while j < n and _digit(plain[j]):
            j += 1
    if j < n and plain[j] in "eE":
        k = j + 2 if j + 1 < n and plain[j + 1] in "+-" else j + 1
        if k < n and _digit(plain[k]):
            while k < n and _digit(plain[k]):
                k += 1
            return k
    return j

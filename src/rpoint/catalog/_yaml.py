"""A reader for the part of YAML that the catalogue uses.

The catalogue has some thousand small values; a general YAML reader in pure Python needs seconds
for them.  This one reads, quickly and with line numbers, exactly this part of YAML 1.2: block
mappings and block sequences, flow mappings and flow sequences on one line, plain and
double-quoted scalars, `null`, booleans and numbers, comments.  Everything else (anchors, tags,
multi-line scalars, several documents) is refused.  A test shows that ruamel.yaml reads every file
of the catalogue to the same content.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from rpoint.errors import RpointError, shorten

_KEY = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s\[\]{},#&*!|>%@`"\'][^\[\]{},]*?)\s*:(?:\s+|$)(.*)$')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?$")
_INTEGER = re.compile(r"[-+]?\d+$")
_WORDS = {"null": None, "~": None, "true": True, "false": False}
_REFUSED = "&*!|>%@`'"


class _Line:
    """One line that carries content: its number, indent and text without comment."""

    __slots__ = ("indent", "number", "text")

    def __init__(self, number: int, indent: int, text: str) -> None:
        self.number = number
        self.indent = indent
        self.text = text


def parse(text: str, where: str = "<text>") -> Any:
    """The content of a YAML text within the supported part.

    Parameters
    ----------
    text
        The document.
    where
        Its name for error messages.

    Returns
    -------
    dict, list or scalar

    Raises
    ------
    RpointError
        With file and line, for anything outside the supported part.

    >>> parse("a: {value: 1.5, unit: nM}")
    {'a': {'value': 1.5, 'unit': 'nM'}}
    """
    reader = _Reader(text, where)
    if not reader.lines:
        return None
    value = reader.block(reader.lines[0].indent)
    if reader.position < len(reader.lines):
        reader.fail("indent does not match any block above", reader.lines[reader.position])
    return value


class _Reader:
    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.lines = []
        self.position = 0
        for number, raw in enumerate(text.split("\n"), start=1):
            body = _without_comment(raw)
            if not body.strip():
                continue
            indent = len(body) - len(body.lstrip(" "))
            self.lines.append(_Line(number, indent, body.strip()))

    def fail(self, what: str, line: _Line) -> NoReturn:
        raise RpointError(
            f"catalogue file: {what}",
            where=f"{self.where}, line {line.number}",
            found=shorten(line.text),
            mend="the supported part of YAML is described in rpoint.catalog._yaml",
        )

    def block(self, indent: int) -> Any:
        """The mapping or sequence whose lines start at this indent."""
        line = self.lines[self.position]
        if line.text == "-" or line.text.startswith("- "):
            return self.sequence(indent)
        if _KEY.match(line.text) and line.text[0] not in "{[":
            return self.mapping(indent)
        self.position += 1
        return self.scalar(line.text, line)

    def mapping(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.position < len(self.lines):
            line = self.lines[self.position]
            if line.indent != indent:
                if line.indent > indent:
                    self.fail("unexpected indent", line)
                break
            match = _KEY.match(line.text)
            if match is None or line.text.startswith("- "):
                self.fail("expected 'key: value'", line)
            key = _unquote(match.group(1))
            if key in found:
                self.fail(f"key {key!r} appears twice", line)
            found[key] = self.value(match.group(2), line, indent)
        return found

    def value(self, rest: str, line: _Line, indent: int) -> Any:
        self.position += 1
        if rest:
            return self.scalar(rest, line)
        if self.position < len(self.lines):
            following = self.lines[self.position]
            deeper = following.indent > indent
            if deeper or (following.indent == indent and following.text.startswith("- ")):
                return self.block(following.indent)
        return None

    def sequence(self, indent: int) -> list[Any]:
        items: list[Any] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            if line.indent != indent or not line.text.startswith("- "):
                break
            rest = line.text[2:].strip()
            if rest[0] not in '{["' and _KEY.match(rest):
                inner = line.indent + line.text.index(rest)
                self.lines[self.position] = _Line(line.number, inner, rest)
                items.append(self.mapping(inner))
            else:
                self.position += 1
                items.append(self.scalar(rest, line))
        return items

    def scalar(self, text: str, line: _Line) -> Any:
        try:
            value, end = _flow(text, 0, top=True)
        except (ValueError, IndexError) as error:
            self.fail(str(error) or "malformed value", line)
        if text[end:].strip():
            self.fail("text after the value", line)
        return value


def _without_comment(raw: str) -> str:
    """`raw` without its comment: '#' at the start or after a space, outside quotes."""
    if "#" not in raw:
        return raw.rstrip()
    quoted = False
    for i, char in enumerate(raw):
        if char == '"' and (i == 0 or raw[i - 1] != "\\"):
            quoted = not quoted
        elif char == "#" and not quoted and (i == 0 or raw[i - 1] == " "):
            return raw[:i].rstrip()
    return raw.rstrip()


def _unquote(text: str) -> str:
    return json.loads(text) if text.startswith('"') else text


def _plain(text: str) -> Any:
    """The value of a plain scalar: word, number or text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _NUMBER.match(text):
        return float(text)
    if text[:1] and text[0] in _REFUSED:
        raise ValueError(f"{text[0]!r} at the start of a value is not supported")
    return text


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def _flow(text: str, at: int, top: bool = False) -> tuple[Any, int]:
    """The flow value that starts at `at`, and the position after it."""
    at = _skip(text, at)
    char = text[at]
    if char == "{":
        return _flow_mapping(text, at + 1)
    if char == "[":
        return _flow_sequence(text, at + 1)
    if char == '"':
        match = _QUOTED.match(text, at)
        if match is None:
            raise ValueError("a quoted text does not end on its line")
        return json.loads(match.group()), match.end()
    end = len(text)
    if not top:
        end = min((i for i in (text.find(c, at) for c in ",]}") if i >= 0), default=end)
    return _plain(text[at:end].strip()), end


def _flow_mapping(text: str, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        at = _skip(text, at)
        if text[at] == "}":
            return found, at + 1
        colon = text.index(": ", at)
        key = _unquote(text[at:colon].strip())
        if key in found:
            raise ValueError(f"key {key!r} appears twice")
        found[key], at = _flow(text, colon + 2)
        at = _skip(text, at)
        if text[at] == ",":
            at += 1
        elif text[at] != "}":
            raise ValueError("expected ',' or '}'")


def _flow_sequence(text: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    while True:
        at = _skip(text, at)
        if text[at] == "]":
            return items, at + 1
        value, at = _flow(text, at)
        items.append(value)
        at = _skip(text, at)
        if text[at] == ",":
            at += 1
        elif text[at] != "]":
            raise ValueError("expected ',' or ']'")

"""YAML of a trial file as plain values, with the line of every key.

ruamel.yaml splits the text into nodes; what a plain word means is decided here, by YAML 1.2: `no`
and `2026-01-01` are texts, `1` is a number, `true` is a truth value.  Anchors, tags and second
documents are refused: a trial file has no use for them, and they hide what a file says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten
from rpoint.trial.spec.problems import Key, Problem, refuse

MAX_BYTES = 100_000  # the largest file of the library has some 10,000
MAX_DEPTH = 30
MAX_OPEN = 100  # brackets and dashes that are open at once, in text or out of it

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ODD = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NULLS = ("", "~", "null", "Null", "NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAGS = "tag:yaml.org,2002:"


def read_text(path: Path) -> str:
    """The text of a trial file.

    Raises
    ------
    TrialProblems
        If it cannot be read, is too large, is not UTF-8 text, or is empty.
    """
    try:
        if path.is_dir():
            raise RpointError("a trial file is needed, not a folder", where=str(path))
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RpointError(
            "the trial file cannot be read", where=shorten(str(path)), found=reason
        ) from None
    return _decode(content, path)


def _decode(content: bytes, path: Path) -> str:
    where = shorten(str(path))
    if len(content) > MAX_BYTES:
        raise refuse(
            [
                Problem(
                    (),
                    "the file is too large for a trial file",
                    found=f"more than {MAX_BYTES:,} bytes",
                    mend="a trial file has some hundred lines; data belong elsewhere",
                )
            ],
            where,
        )
    if b"\0" in content:
        raise refuse([Problem((), "the file is not text", found="a zero byte")], where)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(
            [
                Problem(
                    (),
                    "the file is not UTF-8 text",
                    found=f"byte 0x{content[error.start]:02x}",
                    mend="save it as UTF-8",
                    line=line,
                )
            ],
            where,
        ) from None


def load(text: str, where: str) -> tuple[Any, dict[Key, int], list[Problem]]:
    """The content of a YAML text, the line of every key, and what is wrong with the YAML.

    Parameters
    ----------
    text
        The document.
    where
        Its name in errors.

    Returns
    -------
    value, lines, problems
        `lines` maps the path of every value to its line, from 1.  `problems` are those after which
        the rest can still be read (keys given twice, anchors, tags).

    Raises
    ------
    TrialProblems
        If the text is not YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    deep = _too_deep(text)
    if deep is not None:
        problem = Problem((), "the file is nested too deeply", line=deep)
        raise refuse([problem], where)
    try:
        node = YAML(pure=True).compose(text)
    except MarkedYAMLError as error:
        raise refuse([_syntax(error, text)], where) from None
    except RecursionError:
        raise refuse([Problem((), "the file is nested too deeply")], where) from None
    except (YAMLError, ValueError) as error:
        message = str(error).strip().split("\n")[0]
        raise refuse([Problem((), f"the file is not YAML: {shorten(message)}")], where) from None
    walk = _Walk()
    value = walk.value(node, ()) if node is not None else None
    return value, walk.lines, walk.problems


def _too_deep(text: str) -> int | None:
    """The line where brackets or dashes nest deeper than any trial file; found in one pass."""
    opened = 0
    for number, line in enumerate(text.splitlines(), 1):
        start = line[: 4 * MAX_OPEN]
        if start.replace(" ", "").replace("?", "-").startswith("-" * MAX_OPEN):
            return number
        for char in line:
            opened += (char in "[{") - (char in "]}")
            if opened > MAX_OPEN:
                return number
        opened = max(opened, 0)
    return None


def _syntax(error: Any, text: str) -> Problem:
    """A scanner's or parser's error as a problem with its line."""
    mark = error.problem_mark or error.context_mark
    what = (error.problem or error.context or "syntax error").strip().split("\n")[0]
    mend = "two spaces a level; text that holds ': ' or ' #' or begins with a mark is quoted"
    if "\\t" in what or "'\t'" in what or "tab" in what.lower():
        what, mend = "a tab in the indent", "use spaces; YAML allows no tab there"
    if "another document" in what:
        what, mend = "a second document begins", "one trial a file; leave out '---'"
    if mark is None:
        return Problem((), f"the file is not YAML: {what}", mend=mend)
    lines = text.splitlines()
    found = lines[mark.line].strip() if mark.line < len(lines) else "the end of the file"
    return Problem(
        (), f"the file is not YAML: {what}", found=shorten(found), mend=mend, line=mark.line + 1
    )


class _Walk:
    """Turns nodes into values and notes lines and problems."""

    def __init__(self) -> None:
        self.lines: dict[Key, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: Any, key: Key) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(key, line)
        if node.anchor is not None:
            self.fault(key, line, "anchors and aliases are not used in a trial file", node.anchor)
            return None
        if len(key) > MAX_DEPTH:
            self.fault(key, line, "the file is nested too deeply", f"{len(key)} levels")
            return None
        kind = type(node).__name__
        if kind == "MappingNode":
            return self.mapping(node, key)
        if kind == "SequenceNode":
            return [self.value(item, (*key, i)) for i, item in enumerate(node.value)]
        return self.scalar(node, key, line)

    def fault(self, key: Key, line: int, what: str, found: object) -> None:
        mend = "write the value out" if "anchor" in what else None
        self.problems.append(Problem(key, what, found=shorten(str(found)), mend=mend, line=line))

    def mapping(self, node: Any, key: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            name = name_node.value
            if not isinstance(name, str) or (name == "<<" and name_node.style is None):
                self.fault(key, line, "a key is one word or text", "a list, mapping or merge")
                continue
            here = (*key, name)
            if name in found:
                first = self.lines[here]
                self.fault(here, line, f"the key is given twice, first in line {first}", name)
                continue
            self.lines[here] = line
            found[name] = self.value(value_node, here)
        return found

    def scalar(self, node: Any, key: Key, line: int) -> Any:
        text = node.value
        if node.style in ("'", '"', "|", ">"):
            return text
        tag = str(node.tag or "")
        if tag and not tag.startswith(_TAGS):
            self.fault(key, line, "tags are not used in a trial file", tag)
            return None
        return plain_value(text)


def plain_value(text: str) -> Any:
    """The value of an unquoted word.

    >>> [plain_value(t) for t in ("8", "0.5", "no", "true", "2026-01-01", "~")]
    [8, 0.5, 'no', True, '2026-01-01', None]
    """
    if text in _NULLS:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.fullmatch(text) and len(text) < 300:
        return int(text)
    if _FLOAT.fullmatch(text) or _ODD.fullmatch(text):
        return float(
            text.replace(".inf", "inf")
            .replace(".nan", "nan")
            .replace(".Inf", "inf")
            .replace(".NaN", "nan")
            .replace(".INF", "inf")
            .replace(".NAN", "nan")
        )
    return text

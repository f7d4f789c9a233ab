"""What is wrong with a table: every problem with its rows, an error or a warning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, shorten

SHOWN_ROWS, SHOWN_PROBLEMS = 6, 10


@dataclass(frozen=True)
class Problem:
    """One kind of fault, and every row that has it.

    Attributes
    ----------
    code
        Short name of the fault.
    severity
        "error" (the table cannot be used) or "warning" (it is used as it stands).
    what
        One sentence.
    mend
        How to mend it.
    rows
        Line numbers of the file, or positions in the DataFrame; empty for the whole table.
    patients
        Whom it concerns.
    found
        What stands in the first of the rows.
    """

    code: str
    severity: str
    what: str
    mend: str = ""
    rows: tuple[int, ...] = ()
    patients: tuple[str, ...] = ()
    found: str = ""

    def line(self, unit: str = "row") -> str:
        """The problem on one line."""
        parts = [f"[{self.severity}] {self.what}"]
        if self.found:
            parts.append(f"found {self.found}")
        if self.rows:
            parts.append(_numbers(self.rows, unit))
        elif self.patients:
            parts.append(_names(self.patients))
        text = "; ".join(parts)
        return f"{text}. {self.mend}" if self.mend else text


def _numbers(rows: Sequence[int], unit: str) -> str:
    listed = ", ".join(str(row) for row in rows[:SHOWN_ROWS])
    more = f", … ({len(rows)} in all)" if len(rows) > SHOWN_ROWS else ""
    return f"{unit}{'s' if len(rows) > 1 else ''} {listed}{more}"


def _names(patients: Sequence[str]) -> str:
    listed = ", ".join(shorten(name, 40) for name in patients[:SHOWN_ROWS])
    more = f", … ({len(patients)} in all)" if len(patients) > SHOWN_ROWS else ""
    return f"patient{'s' if len(patients) > 1 else ''} {listed}{more}"


class Rows:
    """Makes problems from masks over a table whose row numbers and patients are known.

    Parameters
    ----------
    row
        (n,) number of each row in the user's file.
    patient
        (n,) patient of each row, text.
    """

    def __init__(self, row: np.ndarray, patient: pd.Series | np.ndarray) -> None:
        self.row = np.asarray(row)
        self.patient = np.asarray(patient, dtype=object)
        self.problems: list[Problem] = []
        self._masks: dict[str, np.ndarray] = {}

    def has(self, code: str) -> np.ndarray:
        """(n,) rows that already have the problem `code`."""
        return self._masks.get(code, np.zeros(len(self.row), bool))

    def add(
        self,
        mask: np.ndarray | pd.Series,
        code: str,
        what: str,
        mend: str = "",
        *,
        severity: str = "error",
        values: object = None,
    ) -> None:
        """Note a problem if any row of `mask` is true; `values` (n,) shows what was found."""
        at = np.flatnonzero(np.asarray(mask))
        if not len(at):
            return
        self._masks[code] = self.has(code) | np.asarray(mask, bool)
        at = at[np.argsort(self.row[at], kind="stable")]
        shown = "" if values is None else shorten(str(np.asarray(values, dtype=object)[at[0]]), 40)
        who = tuple(dict.fromkeys(str(name) for name in self.patient[at]))
        rows = tuple(int(row) for row in self.row[at])
        self.problems.append(Problem(code, severity, what, mend, rows, who, shown))


class TableProblems(RpointError):
    """A table that cannot be used, with all of its problems.

    Attributes
    ----------
    problems
        Every `Problem`, errors first.
    """

    problems: tuple[Problem, ...]


def refuse(problems: Iterable[Problem], *, where: str, unit: str, mend: str = "") -> None:
    """Raise `TableProblems` if any of the problems is an error."""
    ordered = sorted(problems, key=lambda p: p.severity != "error")
    errors = [p for p in ordered if p.severity == "error"]
    if not errors:
        return
    lines = [f"- {p.line(unit)}" for p in ordered[:SHOWN_PROBLEMS]]
    if len(ordered) > SHOWN_PROBLEMS:
        lines.append(f"- … {len(ordered) - SHOWN_PROBLEMS} more")
    count = f"{len(errors)} {'error' if len(errors) == 1 else 'kinds of error'}"
    error = TableProblems(
        f"the table cannot be used: {count}\n" + "\n".join(lines), where=where, mend=mend
    )
    error.problems = tuple(ordered)
    raise error


def frame(problems: Iterable[Problem]) -> pd.DataFrame:
    """One line for each row of each problem.

    Returns
    -------
    pandas.DataFrame
        severity, code, row, patients, what, found, mend.
    """
    columns = ["severity", "code", "row", "patients", "what", "found", "mend"]
    lines = [
        (p.severity, p.code, row, "; ".join(p.patients[:20]), p.what, p.found, p.mend)
        for p in problems
        for row in (p.rows or (None,))
    ]
    return pd.DataFrame(lines, columns=columns)

"""Tables of studies or baskets, one row each: read, recognised and checked, nothing repaired.

Four kinds, by the columns that are there:

| kind | columns |
|---|---|
| proportion | x, n |
| two groups | x1, n1, x2, n2 |
| ratio | estimate, lo, hi (hazard, risk or odds ratios with their limits) |
| effect | y, v (effect and sampling variance) |

`study` (or basket, label, trial, name) names the rows.  Every wrong row is told at once, by its
line in the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, nearest_name, shorten, unknown_name
from rpoint.stats._counts import listed
from rpoint.stats._plate_file import read_file

KINDS: dict[str, tuple[str, ...]] = {
    "two groups": ("x1", "n1", "x2", "n2"),
    "proportion": ("x", "n"),
    "ratio": ("estimate", "lo", "hi"),
    "effect": ("y", "v"),
}
SYNONYMS: dict[str, tuple[str, ...]] = {
    "x": ("x", "xi", "events", "event", "responders", "cases"),
    "n": ("n", "ni", "total", "patients", "size", "evaluable"),
    "x1": ("x1", "ai", "events1"), "n1": ("n1", "n1i", "total1"),
    "x2": ("x2", "ci", "events2"), "n2": ("n2", "n2i", "total2"),
    "estimate": ("estimate", "ratio", "hr", "rr", "or"),
    "lo": ("lo", "lower", "ci_low", "lcl"), "hi": ("hi", "upper", "ci_high", "ucl"),
    "y": ("y", "yi"), "v": ("v", "vi"),
    "study": ("study", "basket", "label", "trial", "name", "author", "authors", "cohort"),
}  # fmt: skip
EXAMPLE, EXAMPLES = "example:", ("bcg", "vasospasm")
NO_VALUE = ("", "na", "n/a", "nan", "null", ".", "none")


@dataclass(frozen=True)
class Studies:
    """A checked table.

    Attributes
    ----------
    kind
        Key of `KINDS`.
    frame
        study, the columns of the kind as numbers, and every other column as it was.
    where
        The file, for messages.
    names
        Canonical name → the file's own name.
    """

    kind: str
    frame: pd.DataFrame
    where: str
    names: dict[str, str]

    def column(self, name: str) -> pd.Series:
        """A further column by the file's own name.

        Raises
        ------
        RpointError
            If there is none; with the nearest.
        """
        return self.frame[self._own(name)]

    def numbers(self, name: str) -> np.ndarray:
        """A further column of numbers.

        Raises
        ------
        RpointError
            If there is none, or a row has no number in it.
        """
        return _numeric(self.column(name), name, _lines(self.frame), self.where, whole=False)

    def counts(self, x: str, n: str) -> tuple[np.ndarray, np.ndarray]:
        """Two further columns: whole numbers with 0 ≤ x ≤ n and n ≥ 1."""
        lines = _lines(self.frame)
        events = _numeric(self.column(x), x, lines, self.where, whole=True)
        totals = _numeric(self.column(n), n, lines, self.where, whole=True)
        faults = _pair_faults(events, totals, (x, n), lines)
        if faults:
            raise _wrong_rows(faults, self.where)
        return events.astype(int), totals.astype(int)

    def _own(self, name: str) -> str:
        if name in self.names:
            return name
        back = {own: known for known, own in self.names.items()}
        own = back.get(name, name)
        if own not in self.frame.columns:
            shown = [self.names.get(c, c) for c in self.frame.columns if c != "line"]
            raise unknown_name("column", name, shown, where=self.where)
        return own


def read_studies(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    least: int = 1,
) -> Studies:
    """Read and check a table.

    Parameters
    ----------
    source
        CSV, Parquet, "-" for standard input, "example:NAME" (see `EXAMPLES`), or a DataFrame.
    kinds
        Those that are wanted.
    least
        Smallest number of rows.

    Raises
    ------
    RpointError
        For what is no table, lacks a column, or has wrong rows: all are named.
    """
    if isinstance(source, pd.DataFrame):
        raw, where = source.copy(), "the table"
        lines = np.arange(len(raw)) + 1
    else:
        source = _example(source)
        _refuse_empty(source)
        raw, where = read_file(source)
        lines = np.arange(len(raw)) + 2
    raw.columns = [str(c).strip() for c in raw.columns]
    _refuse_repeats(raw, where)
    kind, names = _recognise(list(raw.columns), kinds, where)
    frame = raw.rename(columns={own: known for known, own in names.items()})
    frame["line"] = lines
    frame = frame[~_blank(frame)].reset_index(drop=True)
    if len(frame) < least:
        raise RpointError(
            "the table has too few rows" if len(frame) else "the table has no rows",
            where=where,
            found=f"{len(frame)} rows",
            allowed=f"at least {least}",
            mend="an exact interval of one study: rpoint proportion" if len(frame) == 1 else None,
        )
    frame = _checked(frame, kind, names, where)
    return Studies(kind, frame, where, names)


def _example(source: str | os.PathLike[str]) -> str | os.PathLike[str]:
    name = str(source)
    if not name.startswith(EXAMPLE):
        return source
    wanted = name.removeprefix(EXAMPLE)
    if wanted not in EXAMPLES:
        raise unknown_name("example", wanted, EXAMPLES, where=name)
    return Path(__file__).parent / "data" / f"{wanted}.csv"


def _refuse_empty(source: str | os.PathLike[str]) -> None:
    path = Path(source)
    if str(source) != "-" and path.is_file() and path.stat().st_size == 0:
        raise RpointError("the table is empty", where=shorten(str(path)))


def _refuse_repeats(raw: pd.DataFrame, where: str) -> None:
    columns = list(raw.columns)
    repeated = [c for c in dict.fromkeys(columns) if columns.count(c) > 1]
    # pandas renames a repeated column `x` to `x.1`.
    repeated += [
        c.rpartition(".")[0]
        for c in columns
        if c.rpartition(".")[2].isdigit() and c.rpartition(".")[0] in columns
    ]
    if repeated:
        raise RpointError("two columns have the same name", where=where, found=repeated[0])


def _recognise(columns: list[str], kinds: Sequence[str], where: str) -> tuple[str, dict[str, str]]:
    lower = {c.casefold(): c for c in reversed(columns)}
    names = {}
    for known, words in SYNONYMS.items():
        own = next((lower[w] for w in words if w in lower), None)
        if own is not None:
            names[known] = own
    for kind in KINDS:
        if kind in kinds and all(c in names for c in KINDS[kind]):
            wanted = (*KINDS[kind], "study")
            return kind, {k: v for k, v in names.items() if k in wanted}
    nearest = min((KINDS[k] for k in kinds), key=lambda needed: sum(c not in names for c in needed))
    missing = [c for c in nearest if c not in names]
    raise RpointError(
        f"the table lacks the column {missing[0]!r}",
        where=where,
        found=shorten(", ".join(columns) or "no columns"),
        allowed="; ".join(f"{k}: {', '.join(KINDS[k])}" for k in kinds),
        nearest=next((n for w in SYNONYMS[missing[0]] if (n := nearest_name(w, columns))), None),
        mend="one line of column names, commas between; " + _words(missing[0]),
    )


def _words(known: str) -> str:
    return f"{known} may also be called {', '.join(SYNONYMS[known][1:])}"


def _blank(frame: pd.DataFrame) -> pd.Series:
    """Rows with nothing in them, such as a last empty line."""
    rest = frame.drop(columns="line")
    return rest.map(lambda v: v is None or v != v or str(v).strip() == "").all(axis=1)


def _lines(frame: pd.DataFrame) -> list[str]:
    return [f"line {n}" for n in frame["line"]]


def _checked(frame: pd.DataFrame, kind: str, names: dict[str, str], where: str) -> pd.DataFrame:
    lines, whole = _lines(frame), kind in ("proportion", "two groups")
    faults: list[str] = []
    values = {}
    for known in KINDS[kind]:
        values[known], found = _parsed(frame[known], names[known], lines, whole=whole)
        faults += found
    for check in _CHECKS[kind]:
        faults += check(values, names, lines)
    study, found = _study(frame, lines)
    faults += found
    if faults:
        raise _wrong_rows(sorted(faults, key=_line_number), where)
    typed = {k: v.astype(int) if whole else v for k, v in values.items()}
    return frame.assign(**typed, study=study)


def _line_number(fault: str) -> int:
    return int(fault.split()[1].rstrip(":"))


def _wrong_rows(faults: list[str], where: str) -> RpointError:
    count = "a row is wrong" if len(faults) == 1 else f"{len(faults)} entries are wrong"
    return RpointError(
        f"the table cannot be used: {count}", where=f"{where}\n{listed(faults)}",
        mend="mend these lines; nothing is left out or repaired silently",
    )  # fmt: skip


def _parsed(
    column: pd.Series, name: str, lines: list[str], *, whole: bool
) -> tuple[np.ndarray, list[str]]:
    """Numbers (NaN where there is none) and what is wrong with the others."""
    values, faults = np.full(len(column), np.nan), []
    for i, cell in enumerate(column):
        text = "" if cell is None or cell != cell else str(cell).strip()
        if text.casefold() in NO_VALUE:
            faults.append(f"{lines[i]}: {name} is missing")
            continue
        try:
            value = float(text)
        except ValueError:
            faults.append(f"{lines[i]}: {name} = {shorten(text, 24)} is not a number")
            continue
        if not np.isfinite(value):
            faults.append(f"{lines[i]}: {name} = {shorten(text, 24)} is not a finite number")
        elif whole and (value != round(value) or abs(value) >= 2**53):
            faults.append(f"{lines[i]}: {name} = {shorten(text, 24)} is not a whole number")
        else:
            values[i] = value
    return values, faults


def _numeric(
    column: pd.Series, name: str, lines: list[str], where: str, *, whole: bool
) -> np.ndarray:
    values, faults = _parsed(column, name, lines, whole=whole)
    if faults:
        raise _wrong_rows(faults, where)
    return values


def _study(frame: pd.DataFrame, lines: list[str]) -> tuple[list[str], list[str]]:
    if "study" not in frame:
        return [str(i + 1) for i in range(len(frame))], []
    names = ["" if v is None or v != v else str(v).strip() for v in frame["study"]]
    faults: list[str] = []
    first: dict[str, str] = {}
    for line, name in zip(lines, names, strict=True):
        if not name:
            faults.append(f"{line}: the name of the study is missing")
        elif name in first:
            faults.append(f"{line}: {shorten(name, 30)} is there already ({first[name]})")
        else:
            first[name] = line
    return names, faults


Check = Callable[[dict[str, np.ndarray], dict[str, str], list[str]], list[str]]


def _pair_faults(
    x: np.ndarray, n: np.ndarray, names: tuple[str, str], lines: list[str]
) -> list[str]:
    faults = []
    for line, a, b in zip(lines, x, n, strict=True):
        if b < 1:
            faults.append(f"{line}: {names[1]} = {b:g}: there is no proportion of nobody")
        elif a < 0:
            faults.append(f"{line}: {names[0]} = {a:g} is negative")
        elif a > b:
            faults.append(f"{line}: {names[0]} = {a:g} is more than {names[1]} = {b:g}")
    return faults


def _counts_of(x: str, n: str) -> Check:
    return lambda values, names, lines: _pair_faults(
        values[x], values[n], (names[x], names[n]), lines
    )


def _ratio_faults(
    values: dict[str, np.ndarray], names: dict[str, str], lines: list[str]
) -> list[str]:
    faults = []
    for line, e, lo, hi in zip(lines, values["estimate"], values["lo"], values["hi"], strict=True):
        if lo <= 0:
            faults.append(f"{line}: {names['lo']} = {lo:g}: limits of a ratio are above 0")
        elif np.isfinite(e + lo + hi) and not (lo <= e <= hi and lo < hi):
            faults.append(f"{line}: {e:g} with limits {lo:g} and {hi:g} is out of order")
    return faults


def _variance_faults(
    values: dict[str, np.ndarray], names: dict[str, str], lines: list[str]
) -> list[str]:
    return [
        f"{line}: {names['v']} = {v:g}: a variance is above 0"
        for line, v in zip(lines, values["v"], strict=True)
        if v <= 0
    ]


_CHECKS: dict[str, tuple[Check, ...]] = {
    "proportion": (_counts_of("x", "n"),),
    "two groups": (_counts_of("x1", "n1"), _counts_of("x2", "n2")),
    "ratio": (_ratio_faults,),
    "effect": (_variance_faults,),
}

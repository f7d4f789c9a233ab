"""Incidence of an event in tumour types against how often they carry a feature.

The table has one row a tumour type.  `group` names it; `x`, `n` count patients with the event and
all patients (or `incidence_pct` gives the percentage alone); `y`, `m` count tumours with the
feature and all tumours (or `feature_pct`).  A row that lacks one of the two is kept as missing,
with its `reason`: nothing is filled in.

What is computed: weighted Pearson and Spearman correlation with permutation tests, a binomial
meta-regression with the error of the covariate, the slope without each type in turn, and always
the ecological bound.  A correlation across tumour types is no risk of a patient.

>>> import pandas as pd
>>> ends = pd.DataFrame({"group": ["A", "B"], "incidence_pct": [1.58, 24.3],
...     "feature_pct": [0.74, 20.38]})
>>> study = incidence_study(ends)
>>> study.bound.possible, round(study.bound.implied_with, 2)
(False, 1.16)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, nearest_name
from rpoint.stats.association import KINDS, Association, associate
from rpoint.stats.ecological import EcologicalBound, ecological_bound
from rpoint.stats.meta_regression import Regression, meta_regression

COUNTS = ("x", "n", "y", "m")
PERCENTS = ("incidence_pct", "feature_pct")
NO_REASON = "not given"


@dataclass(frozen=True)
class IncidenceStudy:
    """The analysis of a table of tumour types.

    Attributes
    ----------
    rows
        Types with both numbers: group, x, n, y, m (NaN where only a percentage is known),
        incidence, feature (fractions), weight.
    left_out
        Types with a number missing: group, reason.
    correlations
        "pearson" (weighted) and "spearman".
    regression, regression_status
        The binomial meta-regression, or None and why there is none.
    without_each
        Slope and weighted correlation without each type: group, slope, lo, hi, p, pearson, status.
    bound
        What the line through the types implies; None with fewer than two different shares.
    notes
        What a reader must know.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    correlations: dict[str, Association]
    regression: Regression | None
    regression_status: str
    without_each: pd.DataFrame
    bound: EcologicalBound | None
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Every number in a few lines; the ecological bound is always among them."""
        lines = [f"{len(self.rows)} groups with both numbers, {len(self.left_out)} left out"]
        lines += [one.summary() for one in self.correlations.values()]
        lines.append(self.regression.summary() if self.regression else self.regression_status)
        if self.bound is not None:
            lines.append(self.bound.text())
        else:
            lines.append("Ecological bound: there is no line through these groups.")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def to_frame(self) -> pd.DataFrame:
        """The groups that were used."""
        return self.rows.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rows": self.rows.to_dict("records"),
            "left_out": self.left_out.to_dict("records"),
            "correlations": {k: v.to_dict() for k, v in self.correlations.items()},
            "regression": self.regression.to_dict() if self.regression else None,
            "regression_status": self.regression_status,
            "without_each": self.without_each.to_dict("records"),
            "ecological_bound": self.bound.to_dict() if self.bound else None,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"IncidenceStudy({len(self.rows)} groups, {len(self.left_out)} left out)"


def incidence_study(
    table: pd.DataFrame,
    *,
    scale: str = "identity",
    error: str = "auto",
    known_risk: float | None = None,
    permutations: int = 100_000,
    seed: int = 1,
    level: float = 0.95,
) -> IncidenceStudy:
    """Analyse incidence against a feature's frequency.

    Parameters
    ----------
    table
        See the module.
    scale
        "identity" or "logit" of the feature's frequency in the regression.
    error
        Error of the covariate: "structural", "beta", "none", or "auto": structural with at least
        five types whose tumours are counted, beta with fewer, none without counts.
    known_risk
        Risk of carriers from individual patients (a fraction), for the bound.
    permutations, seed
        Of the permutation tests.
    level
        Of intervals.

    Raises
    ------
    RpointError
        With every problem of the table and its rows.
    """
    rows, left_out = _read(table)
    notes = _notes(rows)
    values = (rows["feature"].to_numpy(), rows["incidence"].to_numpy(), rows["weight"].to_numpy())
    correlations = {
        kind: associate(*values, kind=kind, permutations=permutations, seed=seed, level=level)
        for kind in KINDS
    }
    regression, status = _regress(rows, scale, error, level)
    different = rows["feature"].nunique() > 1
    bound = None
    if different:
        bound = ecological_bound(
            values[0], values[1], weights=values[2], groups=rows["group"], known_risk=known_risk
        )
    without = _without_each(rows, regression)
    return IncidenceStudy(
        rows, left_out, correlations, regression, status, without, bound, tuple(notes)
    )


def _read(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    _check_header(table)
    names = table["group"].map(lambda name: "" if pd.isna(name) else str(name).strip())
    faults = [f"row {i}: no group" for i, name in enumerate(names, 1) if not name]
    faults += [f"row {i + 1}: {names[i]!r} again" for i in np.flatnonzero(names.duplicated())]
    numbers = {name: _column(table, name, faults) for name in (*COUNTS, *PERCENTS)}
    incidence = _share(numbers, "x", "n", "incidence_pct", faults)
    feature = _share(numbers, "y", "m", "feature_pct", faults)
    if faults:
        raise RpointError(
            "the table of tumour types cannot be used", where="\n".join(faults[:10]),
            allowed="counts with 0 ≤ x ≤ n and 0 ≤ y ≤ m, or percentages from 0 to 100",
        )  # fmt: skip
    frame = pd.DataFrame({"group": names.to_numpy(), **{k: numbers[k] for k in COUNTS}})
    frame["incidence"], frame["feature"] = incidence, feature
    known = ~np.isnan(incidence) & ~np.isnan(feature)
    reasons = table["reason"] if "reason" in table else pd.Series(NO_REASON, index=table.index)
    reasons = reasons.fillna(NO_REASON).to_numpy()
    left = pd.DataFrame({"group": frame["group"][~known], "reason": reasons[~known]})
    rows = frame[known].reset_index(drop=True)
    counted = len(rows) > 0 and rows["n"].notna().all()
    rows["weight"] = rows["n"] if counted else 1.0
    return rows, left.reset_index(drop=True)


def _check_header(table: pd.DataFrame) -> None:
    if not isinstance(table, pd.DataFrame):
        raise RpointError("a table of tumour types is needed", found=type(table).__name__)
    known = ("group", *COUNTS, *PERCENTS, "reason")
    has = lambda *names: all(name in table for name in names)  # noqa: E731
    if has("group") and (has("x", "n") or has("incidence_pct")) and (
        has("y", "m") or has("feature_pct")
    ):
        return
    spare = [str(name) for name in table if name not in known]
    near = [f"{name} ({found}?)" for name in spare if (found := nearest_name(name, known))]
    raise RpointError(
        "the table of tumour types lacks columns",
        found=", ".join(map(str, table.columns)),
        allowed="group; x, n or incidence_pct; y, m or feature_pct; reason",
        nearest=", ".join(near) or None,
    )


def _column(table: pd.DataFrame, name: str, faults: list[str]) -> np.ndarray:
    if name not in table:
        return np.full(len(table), np.nan)
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(float, na_value=np.nan)
    lost = (np.isnan(values) & table[name].notna().to_numpy()) | np.isinf(values)
    top = np.inf if name in COUNTS else 100.0
    wrong = lost | (values < 0) | (values > top)
    if name in COUNTS:
        wrong |= ~np.isnan(values) & (values % 1 != 0)
    own = table[name].to_numpy()
    faults += [f"row {i + 1}: {name} = {own[i]}" for i in np.flatnonzero(wrong)]
    return values


def _share(
    numbers: dict[str, np.ndarray], part: str, whole: str, percent: str, faults: list[str]
) -> np.ndarray:
    """The fraction from counts, else from the percentage; the two must agree to rounding."""
    x, n = numbers[part], numbers[whole]
    bad = (x > n) | (n == 0) | (np.isnan(x) & ~np.isnan(n) & np.isnan(numbers[percent]))
    faults += [f"row {i + 1}: {part} = {x[i]:g} of {whole} = {n[i]:g}" for i in np.flatnonzero(bad)]
    with np.errstate(invalid="ignore", divide="ignore"):
        counted = np.where(n > 0, x / n, np.nan)
    given = numbers[percent] / 100
    apart = np.abs(counted - given) > 0.0051
    for i in np.flatnonzero(apart):
        said = f"{percent} says {100 * given[i]:g}"
        faults.append(f"row {i + 1}: {part}/{whole} is {100 * counted[i]:.2f} %, {said}")
    return np.where(np.isnan(counted), given, counted)


def _notes(rows: pd.DataFrame) -> list[str]:
    notes = []
    if len(rows) and rows["n"].isna().any():
        notes.append("patients are not counted in every group: the groups weigh the same")
    if len(rows) == 2:
        notes.append("a line through two groups fits whatever they are: the interval holds no "
                     "variation between groups")  # fmt: skip
    elif 0 < len(rows) < 10:
        notes.append("fewer than ten groups: a single one can make the association")
    return notes


def _regress(
    rows: pd.DataFrame, scale: str, error: str, level: float
) -> tuple[Regression | None, str]:
    if len(rows) < 2 or rows["feature"].nunique() < 2:
        return None, "no regression: it needs two groups that differ in the feature"
    if rows[["x", "n"]].isna().any(axis=None):
        return None, "no regression: the patients with the event are not counted in every group"
    counted = not rows[["y", "m"]].isna().any(axis=None)
    if error == "auto":
        error = ("structural" if len(rows) >= 5 else "beta") if counted else "none"
    if error != "none" and not counted:
        raise RpointError(
            "the error of the covariate needs the tumours counted in every group",
            where="error", found=error, mend="give y and m, or error='none'",
        )  # fmt: skip
    given: dict[str, Any] = {"scale": scale, "study": rows["group"], "level": level}
    if error == "none":
        given["covariate"] = rows["feature"]
    else:
        given |= {"covariate_counts": (rows["y"], rows["m"]), "error": error}
    try:
        fit = meta_regression(rows["x"], rows["n"], name="feature", **given)
    except RpointError as problem:
        if problem.where in ("scale", "error", "level"):
            raise
        return None, f"no regression: {problem.what}"
    return fit, "ok" if fit.converged else "the regression has no proper maximum"


def _without_each(rows: pd.DataFrame, regression: Regression | None) -> pd.DataFrame:
    """Slope and weighted correlation without each group in turn."""
    columns = ["group", "slope", "lo", "hi", "p", "pearson", "status"]
    if len(rows) < 3:
        return pd.DataFrame(columns=columns)
    slopes: dict[str, Any] = {}
    if regression is not None:
        slopes = {row["left_out"]: row for row in regression.leave_one_out().to_dict("records")}
    found = []
    for name in rows["group"]:
        rest = rows[rows["group"] != name]
        r = associate(rest["feature"], rest["incidence"], rest["weight"], permutations=1,
                      bootstrap=0)  # fmt: skip
        row = slopes.get(name, dict.fromkeys(("slope", "lo", "hi", "p"), np.nan))
        row = {key: row.get(key, np.nan) for key in ("slope", "lo", "hi", "p")}
        status = slopes.get(name, {}).get("status", "no regression")
        found.append({"group": name, **row, "pearson": r.estimate, "status": status})
    return pd.DataFrame(found, columns=columns)

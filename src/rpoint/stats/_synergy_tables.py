"""The tables of a `Synergy`: scores, surfaces and parameters with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.stats import musyc
from rpoint.stats._synergy_models import Estimates
from rpoint.stats.dose_matrix import DoseMatrix
from rpoint.stats.hill import WEAK_STATUS, HillFit

MORE, LESS, EVEN = "more than expected", "less than expected", "not told apart from expected"
NO_INTERVAL = "no interval"
UNKNOWN = "not identified"
ROUNDING = 1e-9  # a limit this close to the null value is on it
MEANS = {
    "E0": "effect without drugs",
    "E1": "largest effect of {drug1}",
    "E2": "largest effect of {drug2}",
    "E3": "largest effect of both",
    "C1": "dose of half effect of {drug1}",
    "C2": "dose of half effect of {drug2}",
    "h1": "slope of {drug1}",
    "h2": "slope of {drug2}",
    "alpha12": "potency of {drug2} times this under {drug1}",
    "alpha21": "potency of {drug1} times this under {drug2}",
    "gamma12": "slope of {drug2} times this under {drug1}",
    "gamma21": "slope of {drug1} times this under {drug2}",
    "beta": "effect of both beyond the stronger drug, over that drug's",
}


@dataclass(frozen=True)
class Draws:
    """Estimates of resampled effects, and of the effects around which they were resampled.

    An interval is the estimate plus the quantiles of (resampled - centre): around the cell means
    that is the percentile interval; around a smooth surface it takes out what smoothing moved.
    """

    base: Estimates
    parts: list[Estimates]
    level: float

    def interval(
        self, point: np.ndarray, of: Callable[[Estimates], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper limits of what `of` makes of estimates, first axis: batch."""
        drawn = np.concatenate([of(part) for part in self.parts])
        spread = drawn - of(self.base)
        tail = 0.5 * (1.0 - self.level)
        low = np.full(spread.shape[1:], np.nan)
        high = low.copy()
        enough = np.isfinite(spread).sum(axis=0) >= max(0.5 * len(spread), 10)
        if enough.any():
            low[enough], high[enough] = np.nanquantile(spread[:, enough], [tail, 1 - tail], axis=0)
        return point + low, point + high


def verdict(low: float, high: float, null: float = 0.0) -> str:
    """What an interval says about a null value."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return NO_INTERVAL
    return MORE if low > null + ROUNDING else LESS if high < null - ROUNDING else EVEN


def _mean(model: str) -> Callable[[Estimates], np.ndarray]:
    def of(found: Estimates) -> np.ndarray:
        return _row_mean(found.excess[model])[:, None]

    return of


def _row_mean(values: np.ndarray) -> np.ndarray:
    """(batch,) means without the missing; NaN for a row of nothing."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return total / np.where(known.any(axis=1), known.sum(axis=1), np.nan)


def score_row(
    model: str,
    reason: str,
    expects: str,
    matrix: DoseMatrix,
    found: Estimates,
    draws: Draws | None,
) -> dict[str, Any]:
    """One row of the scores; with a reason why the model cannot be made, the status alone."""
    row: dict[str, Any] = {
        "model": model, "status": "ok", "expects": expects, "mean_excess": np.nan, "lo": np.nan,
        "hi": np.nan, "verdict": "", "cells": 0, "cells_all": int(matrix.combined.sum()),
    }  # fmt: skip
    if reason:
        return row | {"status": f"not evaluable: {reason}"}
    row["status"] = _converged(model, found)
    excess = found.excess[model][0]
    row["cells"] = int(np.isfinite(excess).sum())
    row["mean_excess"] = float(_row_mean(excess[None, :])[0])
    if draws is not None:
        low, high = draws.interval(np.array([row["mean_excess"]]), _mean(model))
        row["lo"], row["hi"] = float(low[0]), float(high[0])
    row["verdict"] = verdict(row["lo"], row["hi"])
    for name, where in (("largest", np.nanargmax), ("smallest", np.nanargmin)):
        cell = int(where(excess))
        row[name] = float(excess[cell])
        row[f"{name}_dose1"] = float(matrix.cell_dose1[cell])
        row[f"{name}_dose2"] = float(matrix.cell_dose2[cell])
    return row | (_index(found, draws) if model == "loewe" else {})


def _converged(model: str, found: Estimates) -> str:
    done = [found.musyc_converged] if model == "musyc" else []
    done += [found.pair_converged] if model in ("loewe", "zip") else []
    return "ok" if all(d is not None and bool(d[0]) for d in done) else "fit did not converge"


def _log_index(found: Estimates) -> np.ndarray:
    assert found.index is not None
    logs = np.log(np.maximum(found.index, 1e-12))
    out = np.full((len(logs), 1), np.nan)
    some = np.isfinite(logs).any(axis=1)
    if some.any():
        out[some, 0] = np.nanmedian(logs[some], axis=1)
    return out


def _index(found: Estimates, draws: Draws | None) -> dict[str, Any]:
    """The median Loewe index over the cells where it is defined; below 1 is synergy."""
    assert found.index is not None
    point = _log_index(found)[0]
    low, high = (np.array([np.nan]),) * 2 if draws is None else draws.interval(point, _log_index)
    return {
        "index_median": float(np.exp(point[0])),
        "index_lo": float(np.exp(low[0])),
        "index_hi": float(np.exp(high[0])),
        "index_cells": int(np.isfinite(found.index[0]).sum()),
    }


def surface_rows(
    model: str, matrix: DoseMatrix, found: Estimates, draws: Draws | None
) -> pd.DataFrame:
    """One row a combination of one model."""
    cells = np.flatnonzero(matrix.combined)
    excess = found.excess[model][0]
    low = high = np.full(len(excess), np.nan)
    if draws is not None:
        low, high = draws.interval(excess, lambda part: part.excess[model])
    index = found.index[0] if model == "loewe" and found.index is not None else excess * np.nan
    expected = np.where(np.isfinite(excess), found.expected[model][0], np.nan)
    return pd.DataFrame(
        {
            "model": model,
            "dose1": matrix.cell_dose1[cells],
            "dose2": matrix.cell_dose2[cells],
            "n": matrix.count[cells],
            "observed": (expected + excess if model == "zip" else found.observed[0])[cells],
            "expected": expected[cells],
            "excess": excess[cells],
            "lo": low[cells],
            "hi": high[cells],
            "index": index[cells],
            "status": np.where(np.isfinite(excess[cells]), "ok", "a single dose is missing"),
            "index_status": "",
        }
    )


def parameter_table(
    matrix: DoseMatrix,
    found: Estimates,
    draws: Draws | None,
    gamma: bool,
    singles: tuple[HillFit, HillFit],
) -> pd.DataFrame:
    """The MuSyC parameters with intervals, or an empty table.

    A change of potency or slope of a drug that alone does next to nothing is a ratio to a number
    that nobody knows: it has no verdict.
    """
    columns = ["parameter", "value", "lo", "hi", "unit", "means", "verdict", "status"]
    if found.musyc is None:
        return pd.DataFrame(columns=columns)
    point = _vector(found)[0]
    low = high = np.full(len(point), np.nan)
    if draws is not None:
        low, high = draws.interval(point, _vector)
    limited = musyc.at_limit(
        found.musyc[0], matrix.dose1, matrix.dose2, matrix.effect, matrix.top, gamma
    )
    rows = []
    for k, name in enumerate((*musyc.NAMES, "beta")):
        if name.startswith("gamma") and not gamma:
            continue
        scale = np.exp if musyc.LOG.start <= k < musyc.LOG.stop else float
        values = [float(scale(v[k])) for v in (point, low, high)]
        judged = name.startswith(("alpha", "gamma", "beta"))
        null = 0.0 if name == "beta" else 1.0
        text = _parameter_verdict(values, null) if judged else ""
        status = _limited(name, values, limited)
        drug = singles[1 if name.endswith("12") else 0]
        if name.startswith(("alpha", "gamma")) and drug.status == WEAK_STATUS:
            text, status = UNKNOWN, f"{drug.drug} alone: {drug.status}"
        unit = {"C1": matrix.unit1, "C2": matrix.unit2}.get(name, "")
        means = MEANS[name].format(drug1=matrix.drug1, drug2=matrix.drug2)
        rows.append((name, *values, unit, means, text, status))
    return pd.DataFrame(rows, columns=columns)


def _limited(name: str, values: list[float], limited: list[str]) -> str:
    """Whether the data bound a parameter."""
    if name in limited:
        return "at its limit: not identified"
    ends = musyc.ALPHAS if name.startswith("alpha") else musyc.GAMMAS
    judged = name.startswith(("alpha", "gamma"))
    if judged and (values[1] <= ends[0] * 1.001 or values[2] >= ends[1] * 0.999):
        return "the interval has no end on one side"
    return "ok"


def _parameter_verdict(values: list[float], null: float) -> str:
    said = verdict(values[1], values[2], null)
    return {MORE: "synergy", LESS: "antagonism", EVEN: "not told apart from none"}.get(said, said)


def _vector(found: Estimates) -> np.ndarray:
    """(batch, 13) parameters, logarithms where they are fitted so, and beta."""
    assert found.musyc is not None
    return np.column_stack([found.musyc, musyc.beta(found.musyc)])

"""Binomial meta-regression: incidence in studies on a covariate of the studies.

logit p_i = β0 + β1 f(a_i) + ... + u_i, u_i ~ N(0, τ²), by the exact binomial likelihood
(`rpoint.stats.glmm`).  With `covariate_counts` the covariate is itself an estimate, y_s of m_s, and
the joint likelihood of both integrates over its true value (`rpoint.stats.covariate_error`):
studies of one source share one true value.

The slope is one between studies.  It is no risk of individuals: print the ecological bound
(`rpoint.stats.ecological`) beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special, stats

from rpoint.errors import RpointError, unknown_name
from rpoint.stats._counts import Floats, check_counts, check_level
from rpoint.stats.covariate_error import ERROR_MODELS, ErrorModel, fit_with_error
from rpoint.stats.glmm import GlmmFit, fit_glmm
from rpoint.stats.meta import _names
from rpoint.stats.proportions import limits

Scale = Literal["identity", "logit"]
SCALES: tuple[Scale, ...] = get_args(Scale)
NOTE_SEPARATED = "the estimate is not finite for these counts: do not use the numbers"
NOTE_FEW = "fewer than 10 studies a coefficient: the slope and its interval are fragile"


@dataclass(frozen=True)
class Regression:
    """A fitted binomial meta-regression.

    Attributes
    ----------
    names
        Of the coefficients: "intercept", the covariate, adjusting columns.
    coef, cov, se, lo, hi, p
        Estimates on the logit scale (p,), covariance (p, p), standard errors, interval, two-sided
        p of each.
    tau2, tau2_null
        Variance between studies with and without the covariate.
    r2
        Pseudo-R²: the share of τ² that the covariate takes away, 0–1; NaN where there is none to
        take away.
    lrt, lrt_p
        Likelihood-ratio test of the covariate (1 degree of freedom).
    loglik, converged
        Log-likelihood, and whether its maximum is proper.
    scale
        "identity" or "logit" of the covariate.
    with_error
        Whether the error of the covariate is in the likelihood.
    naive_slope
        With an error: the slope that ignores it; else NaN.
    studies
        study, x, n, estimate, lo, hi (fractions, Clopper–Pearson), covariate and, with counts,
        source, covariate_x, covariate_n, covariate_lo, covariate_hi (Jeffreys).
    level
        Of the intervals.
    notes
        What a reader must know.
    """

    names: tuple[str, ...]
    coef: Floats
    cov: Floats
    se: Floats
    lo: Floats
    hi: Floats
    p: Floats
    tau2: float
    tau2_null: float
    r2: float
    lrt: float
    lrt_p: float
    loglik: float
    converged: bool
    scale: Scale
    with_error: bool
    naive_slope: float
    studies: pd.DataFrame
    level: float = 0.95
    notes: tuple[str, ...] = ()
    inputs: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def slope(self) -> float:
        """Of the covariate, on the logit scale per unit of the covariate's scale."""
        return float(self.coef[1])

    def band(self, values: Any = None, *, points: int = 60) -> pd.DataFrame:
        """Mean line with its interval and the prediction band, at adjusting columns' means.

        Parameters
        ----------
        values
            Of the covariate as given; left out, `points` values over its range.

        Returns
        -------
        pandas.DataFrame
            covariate, estimate, lo, hi, pi_lo, pi_hi; fractions.
        """
        a = self.studies["covariate"].to_numpy(float)
        grid = np.linspace(a.min(), a.max(), points) if values is None else np.atleast_1d(values)
        adjust = self.inputs.get("adjust")
        rest = np.zeros(0) if adjust is None else np.asarray(adjust, float).mean(axis=0)
        line = np.column_stack(
            [np.ones(len(grid)), scaled(grid, self.scale), np.tile(rest, (len(grid), 1))]
        )
        middle, variance = line @ self.coef, np.einsum("ij,jk,ik->i", line, self.cov, line)
        z = stats.norm.ppf((1 + self.level) / 2)
        found = {"covariate": grid, "estimate": special.expit(middle)}
        for low, high, extra in (("lo", "hi", 0.0), ("pi_lo", "pi_hi", self.tau2)):
            half = z * np.sqrt(variance + extra)
            found |= {low: special.expit(middle - half), high: special.expit(middle + half)}
        return pd.DataFrame(found)

    def leave_one_out(self) -> pd.DataFrame:
        """The slope without each study (with shared sources: without each source) in turn.

        Returns
        -------
        pandas.DataFrame
            left_out, k, slope, lo, hi, p, tau2, status.
        """
        unit = self.studies["source" if "source" in self.studies else "study"].to_numpy()
        rows = []
        for name in dict.fromkeys(unit):
            keep = np.flatnonzero(unit != name)
            rows.append({"left_out": name, "k": len(keep)} | _slope_row(self.inputs, keep))
        return pd.DataFrame(rows)

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: name, estimate, se, lo, hi, p."""
        columns = {"estimate": self.coef, "se": self.se, "lo": self.lo, "hi": self.hi, "p": self.p}
        return pd.DataFrame({"name": self.names, **columns})

    def summary(self) -> str:
        """The slope, its interval, τ² and pseudo-R² in a few lines."""
        unit = "logit " if self.scale == "logit" else ""
        error = ", error of the covariate included" if self.with_error else ""
        share = "not defined (τ² is 0 without it)" if np.isnan(self.r2) else f"{self.r2:.2f}"
        lines = [
            f"binomial meta-regression, {len(self.studies)} studies{error}",
            f"slope on {unit}{self.names[1]}: {self.slope:.4g} ({100 * self.level:g} % interval "
            f"{self.lo[1]:.4g} to {self.hi[1]:.4g}; p = {self.p[1]:.2g}; likelihood ratio p = "
            f"{self.lrt_p:.2g})",
            f"τ² = {self.tau2:.4g} (without it {self.tau2_null:.4g}), pseudo-R² {share}",
        ]
        if self.with_error:
            lines.append(f"slope if the error were ignored: {self.naive_slope:.4g}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the coefficients as rows."""
        hidden = {"studies", "inputs", "coef", "cov", "se", "lo", "hi", "p", "names"}
        rest = {k: v for k, v in self.__dict__.items() if k not in hidden}
        return rest | {
            "coefficients": self.to_frame().to_dict("records"), "cov": self.cov.tolist(),
            "studies": self.studies.to_dict("records"),
        }  # fmt: skip

    def __str__(self) -> str:
        return self.summary()


def _slope_row(inputs: dict[str, Any], keep: np.ndarray) -> dict[str, Any]:
    try:
        part = meta_regression(**_subset(inputs, keep))
    except RpointError as error:  # one row without an estimate does not end the table
        nothing = dict.fromkeys(("slope", "lo", "hi", "p", "tau2"), np.nan)
        return nothing | {"status": error.what}
    status = "ok" if part.converged else NOTE_SEPARATED
    numbers = {"slope": part.slope, "lo": float(part.lo[1]), "hi": float(part.hi[1])}
    return numbers | {"p": float(part.p[1]), "tau2": part.tau2, "status": status}


def _subset(inputs: dict[str, Any], keep: np.ndarray) -> dict[str, Any]:
    chosen = dict(inputs)
    for key in ("x", "n", "covariate", "study", "source"):
        if chosen[key] is not None:
            chosen[key] = chosen[key][keep]
    if chosen["covariate_counts"] is not None:
        chosen["covariate_counts"] = tuple(a[keep] for a in chosen["covariate_counts"])
    if chosen["adjust"] is not None:
        chosen["adjust"] = chosen["adjust"].iloc[keep]
    return chosen


def scaled(a: Any, scale: Scale) -> Floats:
    """f(a)."""
    values = np.asarray(a, dtype=float)
    return special.logit(values) if scale == "logit" else values


def meta_regression(
    x: Any,
    n: Any,
    covariate: Any = None,
    *,
    covariate_counts: tuple[Any, Any] | None = None,
    source: Any = None,
    error: ErrorModel = "structural",
    scale: Scale = "identity",
    adjust: pd.DataFrame | None = None,
    study: Any = None,
    name: str = "covariate",
    level: float = 0.95,
) -> Regression:
    """Regress the proportions of studies on a covariate.

    Parameters
    ----------
    x, n
        Events and totals, (k,).
    covariate
        Values (k,), known without error.  Give either this or `covariate_counts`.
    covariate_counts
        (y, m), each (k,): the covariate is a proportion counted as y of m, and the likelihood
        integrates over its true value.
    error
        "structural": the true values share a logit-normal distribution, estimated with the rest
        (takes away the dilution of the slope; needs three sources).  "beta": each is by itself
        Beta(y + ½, m − y + ½) (widens the interval only).
    source
        Names (k,) of the population behind y of m, such as the tumour type; studies of one source
        share one true value.  Left out, every study has its own.
    scale
        "identity" or "logit" of the covariate.
    adjust
        Further columns (k rows), such as an indicator of the definition used.
    study, name, level
        Names of the studies, of the covariate; level of the intervals.

    Raises
    ------
    RpointError
        For input that is not allowed, and where nothing can be estimated.
    """
    if scale not in SCALES:
        raise unknown_name("scale", scale, SCALES, where="scale")
    if error not in ERROR_MODELS:
        raise unknown_name("error model", error, ERROR_MODELS, where="error")
    if (covariate is None) == (covariate_counts is None):
        raise RpointError("give either the covariate or its counts, one of the two")
    events, totals = (np.atleast_1d(a) for a in check_counts(x, n))
    k = len(events)
    inputs = {
        "x": events, "n": totals, "covariate": _column(covariate, k),
        "covariate_counts": _pair(covariate_counts, k), "source": _text(source, k),
        "error": error,
        "scale": scale, "adjust": _frame(adjust, k), "study": _names(study, k),
        "name": name, "level": check_level(level),
    }  # fmt: skip
    return _fit(inputs)


def _fit(inputs: dict[str, Any]) -> Regression:
    x, n, counts = inputs["x"], inputs["n"], inputs["covariate_counts"]
    points = inputs["covariate"] if counts is None else (counts[0] + 0.5) / (counts[1] + 1)
    line = _finite(scaled(points, inputs["scale"]), inputs["scale"])
    rest = np.zeros((len(x), 0)) if inputs["adjust"] is None else inputs["adjust"].to_numpy(float)
    constant = np.ones((len(x), 1))
    naive = fit_glmm(x, n, np.column_stack([constant, line, rest]))
    null = fit_glmm(x, n, np.column_stack([constant, rest]))
    fit = naive
    if counts is not None:
        fit = fit_with_error(
            x, n, *counts, source=inputs["source"], transform=_function(inputs["scale"]),
            adjust=rest, model=inputs["error"],
        )  # fmt: skip
    return _result(inputs, points, fit, null, naive)


def _function(scale: Scale):
    return special.logit if scale == "logit" else _identity


def _identity(a: Floats) -> Floats:
    return a


def _result(inputs, points, fit: GlmmFit, null: GlmmFit, naive: GlmmFit) -> Regression:
    z = stats.norm.ppf((1 + inputs["level"]) / 2)
    lrt = max(0.0, 2 * (fit.loglik - null.loglik))
    r2 = max(0.0, 1 - fit.tau2 / null.tau2) if null.tau2 > 0 else float("nan")
    counts, adjust = inputs["covariate_counts"], inputs["adjust"]
    extra = () if adjust is None else tuple(map(str, adjust.columns))
    notes = [] if fit.converged else [NOTE_SEPARATED]
    if len(inputs["x"]) < 10 * (len(fit.coef) - 1):
        notes.append(NOTE_FEW)
    return Regression(
        names=("intercept", inputs["name"], *extra), coef=fit.coef, cov=fit.cov, se=fit.se,
        lo=fit.coef - z * fit.se, hi=fit.coef + z * fit.se,
        p=2 * stats.norm.sf(np.abs(fit.coef / np.where(fit.se > 0, fit.se, np.nan))),
        tau2=fit.tau2, tau2_null=null.tau2, r2=r2, lrt=lrt,
        lrt_p=float(stats.chi2.sf(lrt, 1)), loglik=fit.loglik, converged=fit.converged,
        scale=inputs["scale"], with_error=counts is not None,
        naive_slope=float(naive.coef[1]) if counts is not None else float("nan"),
        studies=_table(inputs, points), level=inputs["level"], notes=tuple(notes), inputs=inputs,
    )  # fmt: skip


def _table(inputs: dict[str, Any], points: Floats) -> pd.DataFrame:
    x, n = inputs["x"], inputs["n"]
    lo, hi = limits(x, n, level=inputs["level"])
    table = pd.DataFrame(
        {"study": inputs["study"], "x": x, "n": n, "estimate": x / n, "lo": lo, "hi": hi}
    )
    table["covariate"] = points
    if inputs["source"] is not None:
        table["source"] = inputs["source"]
    if inputs["covariate_counts"] is not None:
        y, m = inputs["covariate_counts"]
        table["covariate_x"], table["covariate_n"] = y, m
        ends = limits(y, m, level=inputs["level"], method="jeffreys")
        table["covariate_lo"], table["covariate_hi"] = ends
    return table


def _column(values: Any, k: int) -> Floats | None:
    if values is None:
        return None
    try:
        column = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        raise RpointError("a covariate is not a number", found=str(values)) from None
    if column.shape != (k,) or not np.all(np.isfinite(column)):
        raise RpointError(
            "the covariate needs one finite number a study",
            found=f"shape {column.shape}, {k} studies",
        )
    return column


def _pair(counts: tuple[Any, Any] | None, k: int) -> tuple[np.ndarray, np.ndarray] | None:
    if counts is None:
        return None
    y, m = (np.atleast_1d(a) for a in check_counts(*counts, where="covariate counts"))
    if y.shape != (k,):
        raise RpointError("the covariate needs counts for every study", found=f"{len(y)} for {k}")
    return y, m


def _text(names: Any, k: int) -> np.ndarray | None:
    if names is None:
        return None
    column = np.array([str(s).strip() for s in names], dtype=object)
    if len(column) != k:
        raise RpointError("every study needs a source", found=f"{len(column)} for {k} studies")
    return column


def _frame(adjust: pd.DataFrame | None, k: int) -> pd.DataFrame | None:
    if adjust is None:
        return None
    frame = pd.DataFrame(adjust)
    if len(frame) != k:
        raise RpointError("the adjusting columns need a row a study", found=f"{len(frame)} for {k}")
    return frame


def _finite(line: Floats, scale: Scale) -> Floats:
    if np.all(np.isfinite(line)):
        return line
    raise RpointError(
        "the logit of the covariate is not finite",
        where=f"scale={scale!r}",
        allowed="values strictly between 0 and 1",
        mend="use scale='identity', or give the counts of the covariate",
    )

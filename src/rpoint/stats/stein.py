"""Regression and growth rates of a tumour on treatment: the models of Stein.

    gd      f(t) = exp(-d t) + exp(g t) - 1
    gd_phi  f(t) = (1 - phi) exp(g t) + phi exp(-d t)
    gx      f(t) = exp(g t)
    dx      f(t) = exp(-d t)

f is the size over that at the start of treatment.  Sources: Stein et al. 2008 (Oncologist 13:1046)
and 2011 (Clin Cancer Res 17:907, doi:10.1158/1078-0432.CCR-10-1762); the selection follows the R
package tumgr: among the models whose parameters all differ from 0, that with the least AIC.

One difference from tumgr: the first visit is the divisor, so it fits every model exactly and is not
counted as a measurement; a model needs one later visit more than it has parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from rpoint.errors import RpointError
from rpoint.stats._batched_fit import best_of, fit_batch

OK, NOT_FIT = "ok", "no model with all parameters different from 0"
FEW, NO_START = "too few visits", "no size at the start"
SIGNIFICANT = 0.1  # as in tumgr
MAX_RATE = 1.0  # per day: a doubling in 17 hours
MAX_FOLD = 50.0  # and no more than exp(this) over the follow-up


def stein_gd(day, d, g) -> np.ndarray:
    """exp(-d t) + exp(g t) - 1, relative size.

    >>> round(float(stein_gd(60, 0.03, 0.005)), 6)
    0.515158
    """
    day = np.asarray(day, float)
    return np.exp(-d * day) + np.exp(g * day) - 1.0


def stein_gd_phi(day, d, g, phi) -> np.ndarray:
    """(1 - phi) exp(g t) + phi exp(-d t), relative size; phi is the share that responds.

    >>> round(float(stein_gd_phi(60, 0.03, 0.005, 0.8)), 6)
    0.402211
    """
    day = np.asarray(day, float)
    return (1.0 - phi) * np.exp(g * day) + phi * np.exp(-d * day)


def stein_nadir_day(d: float, g: float, phi: float | None = None) -> float:
    """The day of the smallest size of gd (or gd_phi); 0 if it only grows, NaN if it only shrinks.

    >>> round(stein_nadir_day(0.03, 0.005), 4)
    51.1931
    """
    fall, rise = (d, g) if phi is None else (phi * d, (1.0 - phi) * g)
    if rise <= 0:
        return float("nan")
    return float(max(np.log(fall / rise) / (d + g), 0.0)) if fall > 0 else 0.0


# Name -> parameters, and the model of (batch, parameters) at (batch, visits) days.
Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]
SHAPES: dict[str, tuple[tuple[str, ...], Shape]] = {
    "gd": (("d", "g"), lambda p, t: stein_gd(t, p[:, [0]], p[:, [1]])),
    "gd_phi": (("d", "g", "phi"), lambda p, t: stein_gd_phi(t, p[:, [0]], p[:, [1]], p[:, [2]])),
    "gx": (("g",), lambda p, t: np.exp(p[:, [0]] * t)),
    "dx": (("d",), lambda p, t: np.exp(-p[:, [0]] * t)),
}


@dataclass(frozen=True)
class SteinFit:
    """Rates of one tumour.

    Attributes
    ----------
    model
        "gd", "gd_phi", "gx", "dx"; "" if none was selected.
    d, g
        Regression and growth rate, 1/day; NaN if the model has none.
    phi
        Share that responds; NaN if the model has none.
    d_se, g_se, phi_se
        Standard errors.
    nadir_day
        Of the selected curve; NaN if it has none.
    visits
        Visits after the start.
    status
        "ok", "too few visits", "no size at the start", or "no model with all parameters different
        from 0".
    """

    model: str
    d: float
    g: float
    phi: float
    d_se: float
    g_se: float
    phi_se: float
    nadir_day: float
    visits: int
    aic: float
    status: str

    def size(self, day) -> np.ndarray:
        """The fitted size over that at the start; NaN without a model."""
        day = np.asarray(day, float)
        if not self.model:
            return np.full(day.shape, np.nan)
        names, shape = SHAPES[self.model]
        params = np.array([[getattr(self, name) for name in names]])
        return shape(params, day.reshape(1, -1))[0].reshape(day.shape)

    def to_dict(self) -> dict:
        """The fit as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """The fit as a table of one row."""
        return pd.DataFrame([self.to_dict()])


def fit_stein(day, size, *, p_value: float = SIGNIFICANT) -> SteinFit:
    """Fit the four models to one tumour and select one.

    Parameters
    ----------
    day
        Days from the start of treatment; the earliest visit is the start.
    size
        Diameter sums, volumes or a marker, 0 or more, in any unit.
    p_value
        Two-sided Wald p below which a parameter differs from 0.

    Returns
    -------
    SteinFit
        Too few visits, or no model that fits, is a status.

    Raises
    ------
    RpointError
        If the arrays differ in length, or a size is below 0.
    """
    day, size = np.asarray(day, float), np.asarray(size, float)
    if day.shape != size.shape or day.ndim != 1:
        raise RpointError("days and sizes differ in number", found=f"{day.shape}, {size.shape}")
    return _fit_many([(day, size)], p_value)[0]


def fit_stein_table(
    table: pd.DataFrame,
    *,
    by: str = "patient",
    day: str = "day",
    size: str = "sum_mm",
    p_value: float = SIGNIFICANT,
) -> pd.DataFrame:
    """`fit_stein` for every patient or mouse of a long table, all at once.

    Parameters
    ----------
    table
        One row a visit.
    by, day, size
        Its columns.

    Returns
    -------
    pandas.DataFrame
        One row a patient, in the order of their names: `by` and the fields of `SteinFit`.

    Raises
    ------
    RpointError
        If a column is missing or a size is below 0.
    """
    missing = [name for name in (by, day, size) if name not in table]
    if missing:
        found = ", ".join(map(str, table.columns))
        raise RpointError(f"the table has no column {', '.join(missing)}", found=found)
    groups = [
        (name, (one[day].to_numpy(float), one[size].to_numpy(float)))
        for name, one in table.groupby(by)
    ]
    fits = _fit_many([series for _, series in groups], p_value)
    return pd.DataFrame([{by: name} | fit.to_dict() for (name, _), fit in zip(groups, fits)])


def _fit_many(series: list[tuple[np.ndarray, np.ndarray]], p_value: float) -> list[SteinFit]:
    """Fits of many tumours, each (days, sizes); visits are padded with points of no weight."""
    fits: list[SteinFit | None] = [None] * len(series)
    ready: list[tuple[int, np.ndarray, np.ndarray]] = []
    for k, (day, size) in enumerate(series):
        known = np.isfinite(day) & np.isfinite(size)
        day, size = day[known], size[known]
        if (size < 0).any():
            raise RpointError("a size is below 0", found=float(size.min()))
        order = np.argsort(day, kind="stable")
        day, size = day[order], size[order]
        if len(day) < 3:
            fits[k] = _none(max(len(day) - 1, 0), FEW)
        elif size[0] <= 0:
            fits[k] = _none(len(day) - 1, NO_START)
        else:
            ready.append((k, day[1:] - day[0], size[1:] / size[0]))
    if ready:
        for (k, time, _), fit in zip(ready, _select(ready, p_value)):
            fits[k] = fit or _none(len(time), NOT_FIT)
    return [fit for fit in fits if fit is not None]


def _none(visits: int, status: str) -> SteinFit:
    return SteinFit("", *(np.nan,) * 7, visits, np.nan, status)


def _select(
    ready: list[tuple[int, np.ndarray, np.ndarray]], p_value: float
) -> list[SteinFit | None]:
    """The model of least AIC of each tumour among those with all parameters different from 0."""
    widest = max(len(time) for _, time, _ in ready)
    days, sizes, weight = np.ones((3, len(ready), widest))
    for row, (_, time, relative) in enumerate(ready):
        days[row, : len(time)], sizes[row, : len(time)] = time, relative
        weight[row, len(time) :] = 0.0
    best: list[SteinFit | None] = [None] * len(ready)
    for name in SHAPES:
        for row, fit in enumerate(_model(name, days, sizes, weight, p_value)):
            held = best[row]
            if fit is not None and (held is None or fit.aic < held.aic):
                best[row] = fit
    return best


def _model(
    name: str, days: np.ndarray, sizes: np.ndarray, weight: np.ndarray, p_value: float
) -> list[SteinFit | None]:
    """One model of every tumour; None for too few visits or a parameter not different from 0."""
    names, shape = SHAPES[name]
    last = (days * weight).max(axis=1)
    starts = _starts(names, last)  # (tumours, starts, parameters)
    tried = starts.shape[1]
    fastest = np.repeat(np.minimum(MAX_RATE, MAX_FOLD / last), tried)
    wide = np.repeat(days, tried, axis=0)
    fit = best_of(
        fit_batch(
            lambda p, rows: shape(p, wide[rows]),
            starts.reshape(-1, len(names)),
            np.repeat(sizes, tried, axis=0),
            np.zeros(len(names)),
            np.stack([np.ones_like(fastest) if n == "phi" else fastest for n in names], axis=1),
            weight=np.repeat(weight, tried, axis=0),
        ),
        tried,
    )
    visits = weight.sum(axis=1).astype(int)
    return [
        _described(name, fit.params[row], days[row, :count], 2.0 * float(fit.cost[row]), p_value)
        for row, count in enumerate(visits)
    ]


def _described(
    name: str, params: np.ndarray, time: np.ndarray, squares: float, p_value: float
) -> SteinFit | None:
    names, shape = SHAPES[name]
    count, free = len(time), len(time) - len(names)
    if free < 1 or (params <= 0).any():
        return None
    error = _standard_errors(shape, params, time[None, :], squares / free)
    if not np.isfinite(error).all():
        return None
    if (2.0 * t_distribution.sf(params / np.maximum(error, 1e-300), free) >= p_value).any():
        return None
    # -2 log likelihood of normal errors of the fitted variance, as R's logLik of nls
    spread = max(squares / count, 1e-30)
    aic = count * (np.log(2.0 * np.pi * spread) + 1.0) + 2.0 * len(names)
    values = dict(zip(names, params)) | {f"{n}_se": e for n, e in zip(names, error)}
    kept = {k: float(values.get(k, np.nan)) for k in ("d", "g", "phi", "d_se", "g_se", "phi_se")}
    nadir = np.nan
    if {"d", "g"} <= set(names):
        nadir = stein_nadir_day(kept["d"], kept["g"], kept["phi"] if "phi" in names else None)
    return SteinFit(name, **kept, nadir_day=nadir, visits=count, aic=float(aic), status=OK)


def _starts(names: tuple[str, ...], last: np.ndarray) -> np.ndarray:
    """(tumours, starts, parameters): slow and fast rates on the scale of each follow-up."""
    factors = np.array([0.3, 1.0, 4.0])
    axes = [np.array([0.3, 0.8]) if name == "phi" else factors for name in names]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    starts = np.tile(grid, (len(last), 1, 1))
    for k, name in enumerate(names):
        if name != "phi":
            starts[:, :, k] = np.minimum(starts[:, :, k] / last[:, None], 0.5 * MAX_RATE)
    return starts


def _standard_errors(shape: Shape, params, time, variance: float) -> np.ndarray:
    step = 1e-6
    moved = params + step * np.eye(len(params))
    slope = (shape(moved, time) - shape(params[None, :], time)).T / step
    normal = slope.T @ slope
    if np.linalg.matrix_rank(normal) < len(params):
        return np.full(len(params), np.nan)
    return np.sqrt(np.diag(np.linalg.inv(normal)) * variance)

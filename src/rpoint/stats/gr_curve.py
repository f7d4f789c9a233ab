"""Growth-rate inhibition (GR): dose response without the bias of how fast a line divides.

    GR = 2^(log2(x_c / x_0) / log2(x_ctrl / x_0)) - 1

with the counts x_c under drug, x_ctrl untreated and x_0 at the start of treatment: 1 no effect, 0
growth stopped, below 0 cells lost.  Source: Hafner et al. 2016 (Nat Methods 13:521,
doi:10.1038/nmeth.3853); the fall-back to a flat line by an F test follows the authors' GRmetrics.

Not supported: the separate static and toxic GR values of the same authors.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution

from rpoint.errors import RpointError
from rpoint.stats._batched_fit import best_of, fit_batch
from rpoint.stats.hill import BEYOND, FEW, FEWEST_DOSES, NO_PLATEAU, OK, SLOPES, SOFT, hill

FLAT = "no fit better than a flat line"
FLAT_P = 0.05  # of the F test against the flat line
LOWEST = -1.0  # every cell lost


def gr_value(count, start_count, control_count) -> np.ndarray:
    """GR values from cell counts, arrays of any one shape.

    Parameters
    ----------
    count
        Cells under the drug at the end, 0 or more.
    start_count
        Cells when the drug was added, above 0.
    control_count
        Untreated cells at the end.

    Returns
    -------
    numpy.ndarray
        -1 to about 1; NaN where the control did not grow, since GR is not defined there.

    Raises
    ------
    RpointError
        For counts below 0, or a start without cells.

    >>> gr_value([2000, 500, 1000, 8000], 1000, 8000).round(6).tolist()
    [0.259921, -0.206299, 0.0, 1.0]
    """
    cells, start, control = (np.asarray(v, float) for v in (count, start_count, control_count))
    if (cells < 0).any() or (control < 0).any() or (start <= 0).any():
        raise RpointError(
            "GR needs counts of 0 or more and a start above 0",
            found=f"least count {cells.min():g}, start {start.min():g}, control {control.min():g}",
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.log2(cells / start) / np.log2(control / start)
        return np.where(control > start, np.exp2(rate) - 1.0, np.nan)


@dataclass(frozen=True)
class GrCurve:
    """GR metrics of one drug on one line.

    Attributes
    ----------
    gr50
        Dose with GR = 0.5; None if the curve never gets there (then gr50_reason says why).
    gec50, h, gr_inf
        Dose half-way between 1 and GRinf, slope, GR at an infinite dose; NaN for a flat line.
    gr_max
        Mean GR measured at the highest dose.
    gr_aoc
        Mean of 1 - GR over the tested range of log10 dose, by the trapezoid rule on means; 0
        without effect.
    p_flat
        F test against a flat line.
    status
        "ok", "no fit better than a flat line", "EC50 above the highest dose", "too few doses".
    """

    unit: str
    gr50: float | None
    gr50_reason: str
    gec50: float
    h: float
    gr_inf: float
    gr_max: float
    gr_aoc: float
    p_flat: float
    doses: int
    status: str

    def value(self, dose) -> np.ndarray:
        """The fitted GR at a dose; for a flat line its mean."""
        if not np.isfinite(self.gec50):
            return np.full(np.shape(dose), self.gr_inf)
        return 1.0 - hill(dose, 0.0, 1.0 - self.gr_inf, np.log(self.gec50), np.log(self.h))

    def to_dict(self) -> dict:
        """The metrics as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """The metrics as a table of one row."""
        return pd.DataFrame([self.to_dict()])


def gr_curve(dose, gr, *, unit: str = "") -> GrCurve:
    """Fit GR(c) = GRinf + (1 - GRinf) / (1 + (c / GEC50)^h) and read its metrics.

    Parameters
    ----------
    dose
        Doses of the wells; those of 0 are left out, since GR is 1 there by definition.
    gr
        GR values of the wells; NaN are left out.
    unit
        Of the dose.

    Returns
    -------
    GrCurve
        A curve that cannot be fitted has a status.
    """
    dose, gr = np.asarray(dose, float), np.asarray(gr, float)
    keep = (dose > 0) & np.isfinite(gr)
    dose, gr = dose[keep], gr[keep]
    levels = np.unique(dose)
    if len(levels) < FEWEST_DOSES:
        return GrCurve(unit, None, FEW, *(np.nan,) * 6, len(levels), FEW)
    means = np.array([gr[dose == level].mean() for level in levels])
    aoc = dose_auc(levels, 1.0 - means)
    params, p_flat = _fit(dose, gr, levels, means)
    inf, gec50, slope = 1.0 - float(params[0]), float(np.exp(params[1])), float(np.exp(params[2]))
    shown = (float(means[-1]), aoc, p_flat, len(levels))
    if np.isnan(p_flat):
        return GrCurve(unit, None, FEW, np.nan, np.nan, np.nan, *shown, FEW)
    if p_flat >= FLAT_P:
        flat = float(gr.mean())
        reason = "flat above 0.5" if flat > 0.5 else "flat below 0.5"
        return GrCurve(unit, None, reason, np.nan, np.nan, flat, *shown, FLAT)
    status = NO_PLATEAU if gec50 > levels[-1] else OK
    if inf >= 0.5:
        return GrCurve(unit, None, "GRinf is 0.5 or more", gec50, slope, inf, *shown, status)
    gr50 = gec50 * (0.5 / (0.5 - inf)) ** (1.0 / slope)
    return GrCurve(unit, float(gr50), "", gec50, slope, inf, *shown, status)


def _fit(dose, gr, levels, means) -> tuple[np.ndarray, float]:
    """(1 - GRinf, log GEC50, log h) and the p value of the F test against a flat line."""
    log_doses = np.log(levels)
    starts = np.array(
        [[1.0 - means[-1], m, s] for m in np.quantile(log_doses, [0.15, 0.5, 0.85]) for s in (0, 1)]
    )
    lower = np.array([-0.5, log_doses[0] - np.log(BEYOND), np.log(SLOPES[0])])
    upper = np.array([1.0 - LOWEST, log_doses[-1] + np.log(BEYOND), np.log(SLOPES[1])])
    fit = best_of(
        fit_batch(
            lambda p, rows: 1.0 - hill(dose, 0.0, p[:, [0]], p[:, [1]], p[:, [2]]),
            starts,
            gr,
            lower,
            upper,
            soft=SOFT,
        ),
        len(starts),
    )
    params = fit.params[0]
    error = gr - (1.0 - hill(dose, 0.0, *params))
    left, flat = float((error**2).sum()), float(((gr - gr.mean()) ** 2).sum())
    free = len(gr) - 3
    if flat <= 1e-20 or free < 1:
        return params, 1.0 if flat <= 1e-20 else float("nan")
    ratio = (flat - left) / 2.0 / max(left / free, 1e-300)
    return params, float(f_distribution.sf(max(ratio, 0.0), 2, free))


def dose_auc(dose, response) -> float:
    """Mean response over the tested range of log dose, by the trapezoid rule.

    Parameters
    ----------
    dose
        (points,) doses above 0; equal doses are averaged first.
    response
        (points,) any response.

    Returns
    -------
    float
        In the unit of the response, whatever the unit of the dose; NaN for fewer than two doses.

    >>> dose_auc([1, 10, 100], [0.0, 0.5, 1.0])
    0.5
    """
    dose, response = np.asarray(dose, float), np.asarray(response, float)
    if (dose <= 0).any():
        raise RpointError("an area on a log dose axis needs doses above 0", found=float(dose.min()))
    levels = np.unique(dose)
    if len(levels) < 2:
        return float("nan")
    means = [response[dose == level].mean() for level in levels]
    log_dose = np.log10(levels)
    return float(np.trapezoid(means, log_dose) / (log_dose[-1] - log_dose[0]))

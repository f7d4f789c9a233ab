"""A line kept in drug for a year: the cell model's growth on every rung, and the ladder fitted.

What the drug leaves of the growth on every rung comes from the calibrated cell model; the ladder's
own three numbers and one offset of the run are fitted to the monthly folds (`ladder.fit_ladder`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rpoint.tumour.cells import Condition, run_cells
from rpoint.tumour.ladder import LadderFit, fit_ladder, fit_summary

LEVELS = np.array([1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0])


@dataclass(frozen=True)
class RungGrowth:
    """Growth of cells whose cyclin E expression is multiplied.

    Attributes
    ----------
    levels
        (L,) factors.
    treated, untreated
        (sets, L) net rates after two weeks under the drug, and without it, 1/h.
    cyclin_e
        (sets, L) total cyclin E under the drug, nM.
    cyclin_e_untreated
        (sets,) total cyclin E of untreated cells that are not on the ladder, nM.
    """

    levels: np.ndarray
    treated: np.ndarray
    untreated: np.ndarray
    cyclin_e: np.ndarray
    cyclin_e_untreated: np.ndarray

    def left(self, k: int) -> Callable[[np.ndarray], np.ndarray]:
        """Share of the growth that the drug leaves in parameter set `k`, by cyclin E factor."""
        share, grid = self.treated[k] / self.untreated[k], np.log(self.levels)
        return lambda factor: np.interp(np.log(factor), grid, share)


def rung_growth(
    ensemble: Any,
    treatment: Mapping[str, Any],
    *,
    context: str = "MCF7",
    levels: np.ndarray = LEVELS,
    days: float = 14.0,
    nodes: int = 3,
) -> RungGrowth:
    """Run cells at several levels of cyclin E expression, with and without the drug.

    Parameters
    ----------
    ensemble
        Parameter sets.
    treatment
        Inputs of the cell model under the drug, one number or one per set.
    context
        Cell context.
    levels
        Factors on cyclin E expression.
    days
        Days after which the rate is read (the adaptive changes are over).
    nodes
        Cell-to-cell nodes.
    """
    conditions = []
    for level in levels:
        free = Condition(
            f"free x{level:g}", genotype={"g_CCNE": float(level)}, days=days, context=context
        )
        conditions += [replace(free, name=f"drug x{level:g}", treatment=treatment), free]
    run = run_cells(conditions, ensemble, nodes=nodes, observables=("net_rate", "CycE_total"))
    net, cyclin = run["net_rate"][:, :, -1], run["CycE_total"][:, :, -1]
    return RungGrowth(levels, net[0::2].T, net[1::2].T, cyclin[0::2].T, cyclin[1])


@dataclass(frozen=True, repr=False)
class LongCulture:
    """The ladder fitted to one long run, over the parameter sets.

    Attributes
    ----------
    fits
        One `LadderFit` per parameter set that could be fitted.
    measured
        month, fold, role ("fitted", "check", "check, independent run"), run.
    growth
        Growth on the rungs.
    rows
        Row of `growth` that each fit belongs to.
    """

    fits: tuple[LadderFit, ...]
    measured: pd.DataFrame
    growth: RungGrowth
    rows: tuple[int, ...]

    def table(self) -> pd.DataFrame:
        """month, run, role, measured, and the model's median, lo, hi."""
        months = fit_summary(list(self.fits), self.measured)
        months.insert(1, "run", self.measured["run"].to_numpy())
        return months

    def log_error(self) -> pd.DataFrame:
        """Root mean square and mean of ln(model median / measured) per role."""
        table = self.table()
        error = np.log(table["median"] / table["measured"])
        grouped = error.groupby(table["role"])
        return pd.DataFrame(
            {
                "months": grouped.size(),
                "rms_log": grouped.apply(lambda e: float(np.sqrt(np.mean(e**2)))),
                "mean_log": grouped.mean(),
            }
        )

    def cyclin_e(self) -> tuple[float, float, float]:
        """Cyclin E expression after the last month over before: low, median, high.

        Only what selection did; the adaptive rise within weeks is the cell model's.  Low and high
        are the 5 % and 95 % quantiles over the sets of the ends of their intervals.
        """
        ends = np.array([fit.cyclin_e_range for fit in self.fits])
        middle = float(np.median([fit.cyclin_e() for fit in self.fits]))
        return float(np.percentile(ends[:, 0], 5)), middle, float(np.percentile(ends[:, 1], 95))

    def cyclin_e_total(self) -> tuple[float, float, float]:
        """Total cyclin E in drug after the last month over the untreated line: 5 %, median, 95 %.

        Selection and adaptation together, as a western of the resistant line shows it.
        """
        found = []
        for k, fit in zip(self.rows, self.fits, strict=True):
            level = np.interp(
                np.log(fit.levels), np.log(self.growth.levels), self.growth.cyclin_e[k]
            )
            found.append(float(fit.mixes[-1] @ level / self.growth.cyclin_e_untreated[k]))
        low, middle, high = np.percentile(found, [5, 50, 95])
        return float(low), float(middle), float(high)

    def summary(self) -> pd.DataFrame:
        """Fitted numbers over the parameter sets: 5 %, median, 95 %."""
        rows = {
            "cyclin E per rung": [fit.fold for fit in self.fits],
            "step, 1/d": [24 * fit.step_per_h for fit in self.fits],
            "cost per rung, %": [100 * fit.cost for fit in self.fits],
            "offset of this run, 1/d": [24 * fit.offset_per_h for fit in self.fits],
            "cyclin E after the last month": [fit.cyclin_e() for fit in self.fits],
            "rms ln, fitted months": [fit.rms_log for fit in self.fits],
        }
        bands = {name: np.percentile(values, [5, 50, 95]) for name, values in rows.items()}
        return pd.DataFrame(bands, index=["lo", "median", "hi"]).T

    def plot(self) -> Any:
        """Measured and modelled folds, a `Figure`."""
        from rpoint.plots.tumour import long_culture

        return long_culture(self.table(), "MCF-7 for a year in palbociclib", self.cite())

    def cite(self) -> list[str]:
        """The source of the measurements."""
        from rpoint.tumour.result import cited

        return cited(["he2025"])

    def __repr__(self) -> str:
        _, mid, _ = self.cyclin_e()
        return f"<LongCulture {len(self.fits)} parameter sets, cyclin E x{mid:.2f} at the end>"


def fit_long_culture(
    measured: pd.DataFrame,
    ensemble: Any,
    treatment: Mapping[str, Any],
    *,
    sd_log: float = 0.3,
    sets: int = 40,
    nodes: int = 3,
    context: str = "MCF7",
) -> LongCulture:
    """Fit the cyclin E ladder to the fitted months of a long run, for many parameter sets.

    Parameters
    ----------
    measured
        month, fold, role, run.  Rows with role "fitted" are fitted, the others only predicted.
    ensemble
        Parameter sets, at most `sets` of them used.
    treatment
        Inputs of the cell model in the drug; arrays have one value per set of `ensemble`.
    sd_log
        SD of ln fold of a month.

    Returns
    -------
    LongCulture
    """
    rows = np.unique(
        np.linspace(0, len(ensemble) - 1, min(sets, len(ensemble))).round().astype(int)
    )
    inputs = {k: np.asarray(v, float) for k, v in treatment.items()}
    inputs = {k: v if v.ndim == 0 else v[rows] for k, v in inputs.items()}
    growth = rung_growth(ensemble.take(rows), inputs, context=context, nodes=nodes)
    fitted = measured[measured["role"] == "fitted"]
    fits, used = [], []
    for k in range(len(rows)):
        if not (np.isfinite(growth.treated[k]).all() and (growth.untreated[k] > 0).all()):
            continue
        used.append(k)
        fits.append(
            fit_ladder(
                fitted["month"].to_numpy(),
                fitted["fold"].to_numpy(),
                float(growth.untreated[k, 0]),
                growth.left(k),
                sd_log=sd_log,
                predict=int(measured["month"].max()),
            )
        )
    return LongCulture(tuple(fits), measured, growth, tuple(used))

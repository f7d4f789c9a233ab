"""Predictions of the cell model for the measured targets.

A target's physical condition (nM of drug in the medium) becomes occupancy numbers through in-cell
constants of culture: ``assay_K_palbociclib_nM`` and ``assay_K_nutlin_nM`` are fitted, and so is the
oestradiol that stripped medium keeps, ``assay_E2_residual_nM``; the others are stated here with
their reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.calibrate.targets import load_targets, segments
from rpoint.tumour.cells import CellRun, Condition, run_cells

#: Fitted numbers of the assays: name -> (lo, hi) of a log-uniform prior, nM.
ASSAY = {
    "assay_K_palbociclib_nM": (10.0, 120.0),
    "assay_K_nutlin_nM": (100.0, 2500.0),
    "assay_E2_residual_nM": (1e-4, 0.03),
}
#: CDK6 over CDK4 for palbociclib: biochemical IC50 15 over 11 nM.
PALBOCICLIB_CDK6_OVER_CDK4 = 15.0 / 11.0
#: Abemaciclib over palbociclib on CDK4: biochemical IC50 2 over 11 nM, on CDK6 10 over 15 nM.
ABEMACICLIB_OVER_PALBOCICLIB = (2.0 / 11.0, 10.0 / 15.0)
#: Fulvestrant: unit in-cell constant 1 nM; potency_SERD is fitted around it.
K_FULVESTRANT_NM = 1.0
#: Error of the model itself, per point, on the scale of the target: no model of this kind is right
#: to better than a tenth, however many wells were counted.
DISCREPANCY = 0.1
#: Fold at which a plate is full (He 2025).
PLATE_CAPACITY = 156.9
GRID_D = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0)
REPORTER_D = tuple(h / 24 for h in (0.0, 3, 6, 9, 12, 15, 18, 21, 24, 30, 36, 48, 66))
OBSERVABLES = (
    "division_rate", "death_rate", "net_rate", "p53_total", "MDM2_total", "CycD_total",
    "CycE_total", "ER_active", "p21_total", "S_phase",
)  # fmt: skip
_MCF7_TABLES = ("mcf7_counts", "mcf7_combination_17d", "mcf7_westerns", "mcf7_e2")


def predictable(role: str | None = None) -> pd.DataFrame:
    """Targets that the cell model answers (the long-term runs belong to the clones)."""
    t = load_targets(role)
    cells = t["table"].isin(_MCF7_TABLES) & t["kind"].isin(["curve", "dose_response"])
    cells &= (t["schedule"] == "constant") & (t["observable"] != "")
    nutlin = (t["table"] == "hepg2_nutlin") & (t["cisplatin_uM"] == 0)
    nutlin &= t["readout"].isin(["log_fold_over_control", "log_cells_over_control"])
    return t[cells | nutlin].reset_index(drop=True)


@dataclass(frozen=True)
class _Arm:
    """One experimental arm: a cell, and the physical doses of its medium."""

    key: tuple
    context: str
    genotype: tuple[tuple[str, float], ...]
    doses: tuple[tuple[str, float], ...]

    @property
    def stripped(self) -> bool:
        """Whether the medium keeps what charcoal leaves of oestradiol (counts, not reporters)."""
        return self.key[0] == "MCF7"

    def occupancies(self, assay: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Inputs after t = 0, one value per parameter set."""
        dose = dict(self.doses)
        n = len(next(iter(assay.values())))
        palbociclib = dose.get("palbociclib_nM", 0.0)
        abemaciclib = dose.get("abemaciclib_nM", 0.0)
        k4 = assay["assay_K_palbociclib_nM"]
        k6 = k4 * PALBOCICLIB_CDK6_OVER_CDK4
        on4, on6 = ABEMACICLIB_OVER_PALBOCICLIB
        out = {
            "c_CDK4": palbociclib / k4 + abemaciclib / (k4 * on4),
            "c_CDK6": palbociclib / k6 + abemaciclib / (k6 * on6),
            "c_SERD": np.full(n, dose.get("fulvestrant_nM", 0.0) / K_FULVESTRANT_NM),
            "c_MDM2": 1e3 * dose.get("nutlin_uM", 0.0) / assay["assay_K_nutlin_nM"],
        }
        if "e2_nM" in dose:
            out["in_E2"] = np.maximum(
                dose["e2_nM"], assay["assay_E2_residual_nM"] if self.stripped else 0.0
            )
            out["in_E2"] = np.broadcast_to(out["in_E2"], (n,))
        return out


def _arm(row: Mapping) -> _Arm:
    if row["table"] == "hepg2_nutlin":
        nutlin = (("nutlin_uM", float(row["nutlin_uM"])),)
        return _Arm(("HepG2", nutlin), "HepG2", (), nutlin)
    names = ("e2_nM", "palbociclib_nM", "fulvestrant_nM", "abemaciclib_nM")
    doses = tuple((n, float(row[n])) for n in names if not np.isnan(row[n]))
    if row["table"] == "mcf7_e2":
        return _Arm(("starved", doses), "MCF7", (("in_E2", 0.0),), doses)
    return _Arm(("MCF7", doses), "MCF7", (), doses)


@dataclass(frozen=True)
class Predictions:
    """Predicted values of targets, shape (targets, sets)."""

    targets: pd.DataFrame
    values: np.ndarray

    def frame(self) -> pd.DataFrame:
        """Targets with the predicted median and 90 % band over the ensemble."""
        lo, mid, hi = np.nanpercentile(self.values, [5, 50, 95], axis=1)
        return self.targets.assign(predicted=mid, lo90=lo, hi90=hi)


def predict(
    ensemble,
    targets: pd.DataFrame | None = None,
    *,
    nodes: int = 5,
    threads=None,
    rtol: float = 1e-5,
) -> Predictions:
    """Predict targets for every parameter set.

    Parameters
    ----------
    ensemble : Ensemble
        With ``parameters`` and the ``assay_*`` columns in ``nuisance``.
    targets : DataFrame, optional
        Rows of :func:`predictable`; default all of them.
    """
    targets = predictable() if targets is None else targets.reset_index(drop=True)
    arms = {a.key: a for a in map(_arm, targets.to_dict("records"))}
    for arm in list(arms.values()):
        if arm.key[0] == "starved":
            for level in (10.0, 100.0):
                doses = tuple((k, level if k == "e2_nM" else v) for k, v in arm.doses)
                arms.setdefault(
                    ("starved", doses), _Arm(("starved", doses), arm.context, arm.genotype, doses)
                )
        if arm.context == "HepG2":
            arms.setdefault(
                ("HepG2", (("nutlin_uM", 0.0),)),
                _Arm(("HepG2", (("nutlin_uM", 0.0),)), "HepG2", (), (("nutlin_uM", 0.0),)),
            )
    courses = _run(list(arms.values()), ensemble, nodes, threads, rtol)
    _add_growth(courses, targets)
    values = np.array([_readout(row, courses) for row in targets.to_dict("records")])
    return Predictions(targets, values)


def _run(
    arms: list[_Arm], ensemble, nodes: int, threads, rtol: float
) -> dict[tuple, tuple[np.ndarray, dict]]:
    assay = {k: np.asarray(ensemble.nuisance[k], float) for k in ASSAY}
    grid = np.array(sorted({*GRID_D, *REPORTER_D}))
    conditions = [
        Condition(
            str(i), context=a.context, genotype=dict(a.genotype), treatment=a.occupancies(assay)
        )
        for i, a in enumerate(arms)
    ]
    run = run_cells(
        conditions,
        ensemble,
        t_out=grid.tolist(),
        nodes=nodes,
        observables=OBSERVABLES,
        threads=threads,
        rtol=rtol,
    )
    return {a.key: (grid, _course(run, str(i))) for i, a in enumerate(arms)}


def _add_growth(courses: Mapping, targets: pd.DataFrame) -> None:
    """Log fold of cells on a plate, once for every arm whose cells were counted."""
    counted = targets[targets["readout"] == "log_fold_cells"]
    last: dict[tuple, float] = {}
    for row in counted.to_dict("records"):
        key = _arm(row).key
        last[key] = max(last.get(key, 0.0), row["time_h"] / 24.0)
    for key, day in last.items():
        grid, course = courses[key]
        course["log_fold_cells"] = log_growth_course(
            grid, course["division_rate"], course["death_rate"], day, PLATE_CAPACITY
        )


def _course(run: CellRun, name: str) -> dict[str, np.ndarray]:
    return {o: run.series(o, name) for o in OBSERVABLES}


#: Step of the integral over crowding, days; every day measured is a multiple of it.
STEP_D = 0.125


def log_growth(
    t_d: np.ndarray, division: np.ndarray, death: np.ndarray, at_d: float, capacity: float | None
) -> np.ndarray:
    """Log fold of cells at a day under logistic crowding of division.

    Rates are 1/h, shape (sets, T) on the grid ``t_d`` (days).
    """
    return log_growth_course(t_d, division, death, at_d, capacity)[:, -1]


def log_growth_course(
    t_d: np.ndarray, division: np.ndarray, death: np.ndarray, to_d: float, capacity: float | None
) -> np.ndarray:
    """Log fold of cells every :data:`STEP_D` days up to a day, shape (sets, steps + 1)."""
    time = np.arange(0.0, to_d + STEP_D / 2, STEP_D)
    g = np.array([np.interp(time, t_d, row) for row in division]).T * 24.0
    d = np.array([np.interp(time, t_d, row) for row in death]).T * 24.0
    born, lost = (g[1:] + g[:-1]) * STEP_D / 2, (d[1:] + d[:-1]) * STEP_D / 2
    log_n = np.zeros((len(time), g.shape[1]))
    if capacity is None:
        log_n[1:] = np.cumsum(born - lost, axis=0)
        return log_n.T
    for i in range(len(time) - 1):
        free = np.maximum(0.0, 1.0 - np.exp(np.minimum(log_n[i], 50.0)) / capacity)
        log_n[i + 1] = log_n[i] + born[i] * free - lost[i]
    return log_n.T


def _readout(row: Mapping, courses: Mapping) -> np.ndarray:
    arm = _arm(row)
    grid, course = courses[arm.key]
    day = row["time_h"] / 24.0
    if row["readout"] == "log_fold_cells":
        return course["log_fold_cells"][:, round(day / STEP_D)]
    if row["readout"] == "log_cells_over_control":
        _, control = courses[("HepG2", (("nutlin_uM", 0.0),))]
        lost = [
            log_growth(grid, c["division_rate"], c["death_rate"], day, None)
            for c in (course, control)
        ]
        return lost[0] - lost[1]
    level = _interpolate(grid, course[row["observable"]], day)
    if row["readout"] == "fraction_of_plateau":
        return level / _plateau(arm, courses, row["observable"], day)
    return np.log(level / course[row["observable"]][:, 0])


def _plateau(arm: _Arm, courses: Mapping, observable: str, day: float) -> np.ndarray:
    tops = []
    for dose in (10.0, 100.0):
        doses = tuple((k, dose if k == "e2_nM" else v) for k, v in arm.doses)
        grid, course = courses[("starved", doses)]
        tops.append(_interpolate(grid, course[observable], day))
    return np.mean(tops, axis=0)


def _interpolate(grid: np.ndarray, series: np.ndarray, day: float) -> np.ndarray:
    return np.array([np.interp(day, grid, row) for row in series])


def chi_square(predictions: Predictions) -> np.ndarray:
    """Generalised chi-square per parameter set, shape (sets,).

    Points of one curve share one between-experiment error: the covariance of a curve is
    ``diag(sd_replicate**2 / n + DISCREPANCY**2) + b b'`` with ``b = sd_between``.
    """
    t = predictions.targets
    own = (t["sd_replicate"] ** 2 / t["n"]).to_numpy() + DISCREPANCY**2
    b = t["sd_between"].to_numpy()
    residual = predictions.values - t["value"].to_numpy()[:, None]
    total = np.zeros(residual.shape[1])
    for _, rows in t.groupby("curve").indices.items():
        r, w, u = residual[rows], 1.0 / own[rows], b[rows]
        plain = (w[:, None] * r**2).sum(0)
        shared = ((w * u)[:, None] * r).sum(0) ** 2 / (1.0 + (w * u**2).sum())
        total += plain - shared
    return total


__all__ = ["ASSAY", "Predictions", "chi_square", "log_growth", "predict", "predictable", "segments"]

"""Calibration of the platelet chain under MDM2 antagonists: the three siremadlin figures, no other.

Sou (2025, digest) has, for siremadlin on days 1 to 5 of 28, thrombocytopenia of grade 3 or worse in
0.4 % of patients at 5 mg and in 22 % at 40 mg, and the nadir near day 15.  These rows, and only
these, are marked `calibrate` for platelets under MDM2 antagonists.  They determine three numbers:
the death rate of progenitors at full activation of p53 (`kill_max`), how much patients differ in
sensitivity (`kill_cv`), and the transit time of megakaryocytes (`platelets_mtt`).  All else about
the chain stays an assumption with a range: the three numbers are solved again for each draw of the
assumptions and of the figures' own uncertainty, and the table of the solutions is shipped
(`data/mdm2_ensemble.csv`, written by ``python -m rpoint.blood``).

The incidence is taken over two cycles, of true counts, without dose changes (the digest does not
say; a model's prediction has no measurement error).  It is integrated over patients by quadrature:
sensitivity and clearance together, transit time, and the baseline in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.special import expit, logit, ndtr

from rpoint.blood.effects import effect_of
from rpoint.blood.kinetics import Concentration
from rpoint.blood.marrow import Marrow
from rpoint.blood.nominal import nominal
from rpoint.blood.parameters import Parameters, central, draw_parameters, facts
from rpoint.pharmacology.pk import drug_model
from rpoint.streams import normals

LOW, HIGH = "siremadlin 5 mg qd d1-5/28", "siremadlin 40 mg qd d1-5/28"
SOLVED = ("kill_max", "kill_cv", "platelets_mtt")
DAYS = 56
#: SD with which a figure is known: of logit (22 %), of ln (0.4 %), and days.
_SD = (0.2, 0.4, 1.0)
_BOUNDS = (np.log([0.02, 0.05, 1.0]), np.log([12.0, 4.0, 25.0]))
_CLEARANCE_CV = 0.4  # of siremadlin, as in the catalogue
_GRADE_3 = 50.0


@dataclass(frozen=True)
class Figures:
    """The three figures: shares of patients at 40 and 5 mg, day of the nadir (first day = 1)."""

    high: float = 0.22
    low: float = 0.004
    nadir_day: float = 15.0

    def blurred(self, z: np.ndarray) -> Figures:
        """The figures moved by three standard normal numbers times what they are known to."""
        return Figures(
            float(expit(logit(self.high) + _SD[0] * z[0])),
            float(self.low * math.exp(_SD[1] * z[1])),
            float(self.nadir_day + _SD[2] * z[2]),
        )


@cache
def _mean_c(text: str) -> np.ndarray:
    """(DAYS,) daily mean Cu/K of a typical patient under siremadlin."""
    doses = nominal(text, DAYS)["siremadlin"]
    model = drug_model("siremadlin")
    level = Concentration(model, 1, {}, np.unique(doses.hour).tolist(), [float(doses.mg[0])])
    slope = effect_of(model, central()).slope  # type: ignore[union-attr]
    means = np.zeros(DAYS)
    for day in range(DAYS):
        mg = np.array([[doses.mg[doses.day == day].sum()]])
        means[day] = level.day(mg, np.zeros(1, int))[0]
    return slope * means


def _platelets(p: Mapping[str, float], c: np.ndarray, sensitivity: np.ndarray, mtt: np.ndarray):
    """(DAYS + 1, n) platelets relative to baseline under c (DAYS, n)."""
    n = len(sensitivity)

    def row(value) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, float), (1, n)).copy()

    each = np.ones(n)
    marrow = Marrow(
        ktr=row(4.0 / mtt),
        kout=row(1.0 / p["platelets_life"]),
        gamma=row(p["platelets_gamma"]),
        relative_division=row(1.0),
        relative_kill=row(1.0),
        stages=row(p["stages_platelets"]),
        stem=row(p["stem_platelets"]),
        share=p["less_sensitive_share"] * each,
        less=p["less_sensitive_kill"] * each,
        exchange=p["exchange"] * each,
        pool_rate=each,
        pool_division=each,
        pool_kill=each,
    )
    states, pool = marrow.at_rest()
    course = [states[5, 0]]
    for level in c:
        active = level * sensitivity
        kill = p["kill_max"] * active / (active + p["kill_c50"])
        states, pool = marrow.day(states, pool, np.zeros(n), kill)
        course.append(states[5, 0])
    return np.array(course)


def figures_of(p: Mapping[str, float]) -> Figures:
    """The three figures as a parameter set has them.

    The shares are of patients whose true platelets fall below 50 x 10^9/L within two cycles; the
    nadir is a typical patient's, in the first cycle.
    """
    x, wx = np.polynomial.hermite_e.hermegauss(25)
    y, wy = np.polynomial.hermite_e.hermegauss(3)
    spread = math.sqrt(math.log1p(p["kill_cv"] ** 2) + math.log1p(_CLEARANCE_CV**2))
    of_mtt = math.sqrt(math.log1p(p["platelets_mtt_cv"] ** 2))
    grid = np.meshgrid(np.exp(spread * x), p["platelets_mtt"] * np.exp(of_mtt * y), indexing="ij")
    sensitivity, mtt = grid[0].ravel(), grid[1].ravel()
    n = len(mtt)
    course = _platelets(
        p,
        np.repeat(np.array([_mean_c(HIGH), _mean_c(LOW), _mean_c(HIGH)]).T, (n, n, 1), axis=1),
        np.concatenate([sensitivity, sensitivity, [1.0]]),
        np.concatenate([mtt, mtt, [p["platelets_mtt"]]]),
    )
    lowest = course[:, :-1].min(axis=0)
    weight = np.outer(wx, wy).ravel()
    shares = _below(p, _GRADE_3 / lowest).reshape(2, n) @ weight / weight.sum()
    return Figures(float(shares[0]), float(shares[1]), _nadir_day(course[:29, -1]))


def _nadir_day(course: np.ndarray) -> float:
    """Day (first dose on day 1) of the lowest value, by the parabola through three days."""
    k = int(np.clip(course.argmin(), 1, len(course) - 2))
    before, at, after = course[k - 1 : k + 2]
    return 1.0 + k + 0.5 * (before - after) / (before - 2.0 * at + after)


def _below(p: Mapping[str, float], count: np.ndarray) -> np.ndarray:
    """Share of patients whose baseline lies below a count; none lies below what is admitted."""
    sigma = math.sqrt(math.log1p(p["platelets_baseline_cv"] ** 2))
    cut = ndtr(math.log(p["entry_platelets"] / p["platelets_baseline"]) / sigma)
    share = ndtr(np.log(count / p["platelets_baseline"]) / sigma)
    return np.clip((share - cut) / (1.0 - cut), 0.0, 1.0)


def solve(p: Parameters, figures: Figures) -> tuple[dict[str, float], float]:
    """The three numbers that meet the figures, and the norm of what is left of the misfit.

    The misfit is in units of what the figures are known to: 0.1 is a tenth of an SD.
    """
    start = np.log([facts()[name].value for name in SOLVED])

    def misfit(x: np.ndarray) -> np.ndarray:
        values = {**p.values, **dict(zip(SOLVED, np.exp(x).tolist(), strict=True))}
        now = figures_of(values)
        high, low = np.clip([now.high, now.low], 1e-9, 1.0 - 1e-9)
        return np.array(
            [
                (logit(high) - logit(figures.high)) / _SD[0],
                math.log(low / figures.low) / _SD[1],
                (now.nadir_day - figures.nadir_day) / _SD[2],
            ]
        )

    found = least_squares(
        misfit, start, bounds=_BOUNDS, diff_step=1e-3, xtol=1e-4, ftol=1e-4, max_nfev=25
    )
    left = float(np.linalg.norm(found.fun))
    return dict(zip(SOLVED, np.exp(found.x).tolist(), strict=True)), left


#: Assumptions that the three numbers were solved under; they are drawn together with them.
UNDER = (
    "platelets_baseline",
    "platelets_baseline_cv",
    "platelets_mtt_cv",
    "platelets_life",
    "platelets_gamma",
    "stem_platelets",
    "stages_platelets",
    "less_sensitive_share",
    "less_sensitive_kill",
    "exchange",
    "kill_c50",
)


def solve_ensemble(members: int, seed: int = 1, worst: float = 0.5) -> pd.DataFrame:
    """Solve for draws of the assumptions; draws that cannot meet the figures are left out.

    Returns
    -------
    DataFrame
        One row per accepted draw: `SOLVED`, `UNDER`, misfit, draw.
    """
    rows = []
    for draw in range(members):
        p = draw_parameters(seed, draw)
        p = p.with_values(**{name: p.drawn(name) for name in UNDER})
        figures = Figures().blurred(normals(seed, "blood: figures", [draw], 3)[0])
        values, left = solve(p, figures)
        if left <= worst:
            kept = {name: p[name] for name in UNDER}
            rows.append({**values, **kept, "misfit": left, "draw": draw})
    return pd.DataFrame(rows)

"""Fit the facts of lung cancer and T cells on measured patients; check them on others.

    python -m rpoint.immune.fit FOLDER [--patients 800] [--check]

The hazard of death has a fit of its own, `rpoint.immune.fit_death`; here it is as it stands.

FOLDER holds `tgi_recist/target_lesions.csv` and `oak_poplar/clinical.csv`.  Simulated patients pass
through the same selection as the measured ones (two scans or more on treatment), and their summary
numbers are compared.  Fitted on: size series of Study 4 (OAK), both arms, half of the patients;
PFS and OS of the docetaxel arm of OAK, half of the patients.  Never used in a fit: PFS, OS or early
progression of the antibody arm of OAK, any comparison of the arms, the other halves of sizes and
PFS, the other studies.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from rpoint.immune import fit_data, lung, visits
from rpoint.immune.facts import facts, values
from rpoint.immune.summaries import GRID, SCAN_D, size_summary, survival_summary
from rpoint.immune.tcells import run_tcells
from rpoint.streams import normals, uniforms

DAYS = 725
CENSORED_D = (580.0, 850.0)
BLOCKED = 0.99  # share of the axis that label doses of atezolizumab block, 0.989 and more
LESION_SHARE = 0.57  # median size in the series over the median sum of OAK: 38 mm over 67 mm
LEAST_ERROR = 0.01  # rounding to millimetres
BOOTSTRAPS = 200
Key = tuple[str, str]

# Fitted facts with the mean and SD of the prior of their logarithm.
PRIORS: dict[str, tuple[float, float]] = {
    "lung_growth_median": (np.log(0.008), 1.0),
    "lung_growth_sd_log": (np.log(0.9), 1.0),
    "docetaxel_kill_median": (np.log(0.015), 1.0),
    "docetaxel_kill_sd_log": (0.0, 1.0),
    "docetaxel_resistance_rate": (np.log(0.008), 1.0),
    "lung_occult_lesions": (0.0, 0.7),
    "lung_dropout": (np.log(0.02), 1.0),
    "lung_later_growth": (np.log(0.5), 0.5),
    "lung_beyond_progression": (np.log(0.6), 0.3),
    "antigenicity_median": (np.log(0.3), 1.0),
    "antigenicity_sd_log": (np.log(1.2), 1.0),
    "escape_rate": (np.log(0.001), 1.0),
    "effector_rate": (np.log(0.1), 0.7),
}


class Clinic:
    """Simulated patients whose random numbers stay the same from call to call.

    Parameters
    ----------
    patients
        How many in each arm.
    seed
        Of their random numbers.
    """

    def __init__(self, patients: int = 800, seed: int = 5) -> None:
        index = np.arange(patients)
        self.patients = lung.draw_lung(index, seed)
        self.errors = normals(seed, "fit scans", index, len(visits.scan_days(DAYS)))
        span = CENSORED_D[1] - CENSORED_D[0]
        self.censored = CENSORED_D[0] + span * uniforms(seed, "fit follow-up", index)[:, 0]

    def kill(self, arm: str, p: Mapping[str, float]) -> np.ndarray:
        """(n, DAYS) kill of an arm, 1/d."""
        if arm == lung.DOCETAXEL:
            return lung.docetaxel_kill(self.patients, DAYS, p)
        from rpoint.immune.course import draw_immunity

        immunity = draw_immunity(self.patients.index, self.patients.seed, p)
        blocked = np.full((len(self.patients), DAYS), BLOCKED)
        return run_tcells(blocked, immunity, p).extra_per_d

    def summary(self, arm: str, p: Mapping[str, float]) -> dict[Key, float]:
        """Numbers that the arm is summed up by: ("sizes arm", ...), ("oak arm", ...)."""
        kill = self.kill(arm, p)
        sums = lung.sum_course(self.patients, kill, p)
        scans = visits.read_scans(sums, self.patients, p)
        stop = np.minimum(scans.progression, scans.leave)
        stop = np.where(np.isfinite(stop), stop, np.nan)
        stays = kill if arm == lung.ANTIBODY else None
        after = lung.sum_course(self.patients, kill, p, stop, stays)
        death = lung.death_day(after, self.patients, p)
        found = {(f"sizes {arm}", k): v for k, v in self._sizes(arm, sums, scans, death, p).items()}
        pfs = np.minimum(scans.progression, death)
        out = np.minimum(scans.leave, self.censored)
        end = np.minimum(self.censored, DAYS - 1)
        survival = survival_summary("pfs", np.minimum(pfs, out), pfs <= out)
        survival |= survival_summary("os", np.minimum(death, end), death <= end)
        return found | {(f"oak {arm}", k): v for k, v in survival.items()}

    def _sizes(self, arm, sums, scans, death, p) -> dict[str, float]:
        """One lesion, as in the measured series, scanned as long as the patient is."""
        one = np.ones(len(self.patients), int)
        read = visits.read_scans(
            LESION_SHARE * sums, self.patients, p, errors=self.errors, lesions=one
        ).read_mm
        last = scans.progression
        if arm == lung.ANTIBODY:  # treatment beyond progression: so many scans more
            more = np.floor(np.log(self.patients.beyond) / np.log(p["lung_beyond_progression"]))
            place = np.searchsorted(scans.day, last) + more.astype(int)
            later = scans.day[np.minimum(place, len(scans.day) - 1)]
            last = np.where(np.isfinite(last), later, np.inf)
        last = np.minimum(np.minimum(last, death), np.minimum(scans.leave, self.censored))
        change = np.log(np.maximum(read, fit_data.LEAST_MM) / read[:, :1])
        change = np.where(scans.day[None] <= last[:, None], change, np.nan)
        grid = np.full((len(read), GRID), np.nan)
        for k, day in enumerate(scans.day):
            slot = round(day / SCAN_D) - 1
            if 0 <= slot < GRID:
                grid[:, slot] = np.where(np.isnan(grid[:, slot]), change[:, k], grid[:, slot])
        return size_summary(grid)


def targets(folder: str, fitting: bool = True) -> dict[Key, tuple[float, float]]:
    """Measured summary numbers of one half of the patients, with bootstrap errors.

    Parameters
    ----------
    folder
        Holds the tables.
    fitting
        The half for fitting, or that for checking.
    """
    rng = np.random.default_rng(0)
    found: dict[Key, tuple[float, float]] = {}
    for arm in lung.ARMS:
        series = fit_data.size_series(folder, arm, fitting)
        found |= {(f"sizes {arm}", k): v for k, v in _bootstrap(series, size_summary, rng).items()}
    arms = (lung.DOCETAXEL,) if fitting else lung.ARMS
    for arm in arms:
        table = fit_data.oak(folder, arm, fitting)
        measured = _bootstrap(table, fit_data.survival_of, rng)
        found |= {(f"oak {arm}", k): v for k, v in measured.items()}
    return found


def _bootstrap(rows, summary, rng) -> dict[str, tuple[float, float]]:
    """Value and bootstrap error of every number of a summary."""
    own = summary(rows)
    take = rows.iloc.__getitem__ if isinstance(rows, pd.DataFrame) else rows.__getitem__
    again = [
        list(summary(take(rng.integers(0, len(rows), len(rows)))).values())
        for _ in range(BOOTSTRAPS)
    ]
    return dict(zip(own, zip(own.values(), np.std(again, axis=0), strict=True), strict=True))


def compare(
    clinic: Clinic, measured: Mapping[Key, tuple[float, float]], p: Mapping[str, float]
) -> pd.DataFrame:
    """Measured against simulated: source, number, measured, error, simulated, z."""
    arms = [arm for arm in lung.ARMS if any(arm in source for source, _ in measured)]
    simulated: dict[Key, float] = {}
    for arm in arms:
        simulated |= clinic.summary(arm, p)
    rows = [
        {"source": key[0], "number": key[1], "measured": value, "error": error,
         "simulated": simulated[key], "z": (simulated[key] - value) / np.hypot(error, LEAST_ERROR)}
        for key, (value, error) in measured.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def fit(folder: str, patients: int = 800, rounds: int = 2) -> tuple[dict[str, float], np.ndarray]:
    """Fit the facts of `PRIORS`; returns their values and the standard errors of their logarithms.

    Least squares of the z-scores of all numbers and of the priors.  Numbers of one source go
    together, and the errors take them as if they did not: the errors are rough.
    """
    clinic, measured, start = Clinic(patients), targets(folder), values()
    names, known = list(PRIORS), facts()
    x = np.log([start[name] for name in names])
    low, high = (np.log([max(known[n].range[k], 1e-5) for n in names]) for k in (0, 1))
    prior = np.array([PRIORS[name] for name in names])

    def away(step: np.ndarray, origin: np.ndarray) -> np.ndarray:
        at = origin + step
        p = start | dict(zip(names, np.exp(at).tolist(), strict=True))
        z = compare(clinic, measured, p)["z"].to_numpy(float)
        return np.concatenate([z, (at - prior[:, 0]) / prior[:, 1]])

    for k in range(rounds):  # quantiles are steps: finite differences need wide ones
        origin = x - 1.0
        found = least_squares(
            partial(away, origin=origin), np.ones(len(x)), bounds=(low - origin, high - origin),
            diff_step=0.15 / 2**k, x_scale=0.3, max_nfev=8,
        )  # fmt: skip
        x = found.x + origin
    errors = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    return dict(zip(names, np.exp(x).tolist(), strict=True)), errors


def main() -> None:
    """Print the fit, or the check of the shipped facts on the other half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--patients", type=int, default=800)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    clinic, p = Clinic(given.patients), values()
    if not given.check:
        found, errors = fit(given.folder, given.patients)
        for (name, value), error in zip(found.items(), errors, strict=True):
            print(f"{name}: {value:.4g} (ln SE {error:.2g})")
        p = p | found
    table = compare(clinic, targets(given.folder, fitting=not given.check), p)
    print(table.round(3).to_string(index=False))
    print(f"sum of squares {float((table['z'] ** 2).sum()):.1f} of {len(table)} numbers")


if __name__ == "__main__":
    main()

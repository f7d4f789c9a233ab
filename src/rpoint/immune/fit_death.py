"""Fit the hazard of death.

    python -m rpoint.immune.fit_death FOLDER

INSPIRE (pembrolizumab, five cohorts) has sizes over time and survival of the same patients: a
Poisson model of deaths on the current sum and its last growth, stratified by cohort, gives the two
effects with their errors.  They are the priors of the second step, which fits level and enrolment
on the overall survival of OAK's docetaxel arm (all 270 patients), with the simulated course of
their sums.  The antibody arm is not used.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from rpoint.immune import lung, visits
from rpoint.immune.facts import values
from rpoint.immune.fit import BOOTSTRAPS, DAYS, LEAST_ERROR, Clinic
from rpoint.immune.fit_data import DAYS_PER_MONTH, oak, read_table
from rpoint.immune.hazard import DAYS_PER_WEEK, FLOOR_MM, REFERENCE_MM
from rpoint.immune.summaries import survival_at

WEEKS = np.array([6, 9, 13, 19, 26, 32, 39, 52, 65, 78, 91])
NAMES = (
    "death_hazard_reference",
    "death_burden_exponent",
    "death_growth_effect",
    "death_entry_effect",
    "death_entry_weeks",
)
START = np.array([0.0024, 0.56, 7.7, 0.6, 13.0])
LOW, HIGH = np.array([0.001, 0.01, 0.1, 0.0, 3.0]), np.array([0.006, 1.5, 40.0, 0.95, 40.0])
# Exponent: INSPIRE 0.55 (0.24) with Cox's 0.57 (0.18) of OAK's docetaxel arm on the baseline sum.
PRIOR, PRIOR_SD = np.array([0.56, 7.7, 0.6]), np.array([0.14, 4.1, 0.4])
ENTRY_WEEKS, ENTRY_SD_LOG = 13.0, 0.7


def follow_up(folder: str) -> pd.DataFrame:
    """INSPIRE in pieces between scans: days, death at the end, ln(sum/70 mm), growth, cohort."""
    patients = read_table(folder, "inspire_pembrolizumab/patients.csv").set_index("patient_id")
    changes = read_table(folder, "inspire_pembrolizumab/tumour_change.csv")
    changes = changes.dropna(subset=["size_change_pct"]).sort_values(["patient_id", "time_weeks"])
    rows = []
    for name, one in changes.groupby("patient_id"):
        own = patients.loc[name]
        last = float(own["os_months"]) * DAYS_PER_MONTH
        day = np.r_[0.0, DAYS_PER_WEEK * one["time_weeks"].to_numpy(), np.inf]
        share = np.r_[1.0, 1.0 + one["size_change_pct"].to_numpy() / 100.0]
        size = np.maximum(share * float(own["baseline_target_mm"]), FLOOR_MM)
        log = np.log(size / REFERENCE_MM)
        growth = np.r_[0.0, np.diff(log) / (np.diff(day[:-1]) / DAYS_PER_WEEK)]
        for k in range(len(size)):
            end = min(day[k + 1], last)
            if end > day[k]:
                dead = own["os_event"] == 1 and end == last
                rows.append((own["cohort"], end - day[k], int(dead), log[k], growth[k]))
    return pd.DataFrame(rows, columns=["cohort", "days", "death", "log_sum", "growth"])


def poisson(table: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Effects of some columns on the hazard, and their standard errors; a level for each cohort."""
    cohorts = pd.get_dummies(table["cohort"]).to_numpy(float)
    x = np.column_stack([table[columns].to_numpy(float), cohorts])
    deaths, days = table["death"].to_numpy(float), table["days"].to_numpy(float)
    b = np.r_[np.zeros(len(columns)), np.full(cohorts.shape[1], np.log(deaths.sum() / days.sum()))]
    for _ in range(60):
        mean = days * np.exp(x @ b)
        information = x.T @ (mean[:, None] * x)
        step = np.linalg.solve(information, x.T @ (deaths - mean))
        b = b + step
        if np.abs(step).max() < 1e-10:
            break
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return b[: len(columns)], errors[: len(columns)]


def fit_death(folder: str, patients: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Values of `NAMES` and their standard errors."""
    clinic, start = Clinic(patients), values()
    kill = clinic.kill(lung.DOCETAXEL, start)
    scans = visits.read_scans(lung.sum_course(clinic.patients, kill, start), clinic.patients, start)
    stop = np.minimum(scans.progression, scans.leave)
    stop = np.where(np.isfinite(stop), stop, np.nan)
    sums = lung.sum_course(clinic.patients, kill, start, stop)
    end = np.minimum(clinic.censored, DAYS - 1)
    measured, error = _measured(folder)

    def away(share: np.ndarray) -> np.ndarray:
        x = share * START
        p = start | dict(zip(NAMES, x.tolist(), strict=True))
        death = lung.death_day(sums, clinic.patients, p)
        found = survival_at(np.minimum(death, end), death <= end, DAYS_PER_WEEK * WEEKS)
        prior = (x[1:4] - PRIOR) / PRIOR_SD
        entry = np.log(x[4] / ENTRY_WEEKS) / ENTRY_SD_LOG
        return np.concatenate([(found - measured) / error, prior, [entry]])

    found = least_squares(
        away, np.ones(len(START)), bounds=(LOW / START, HIGH / START), diff_step=0.05
    )
    errors = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    return found.x * START, errors * START


def _measured(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """Overall survival of the docetaxel arm at `WEEKS`, with bootstrap errors."""
    table = oak(folder, lung.DOCETAXEL)
    time, event = table["os_d"].to_numpy(), table["os"].to_numpy()
    rng, days = np.random.default_rng(0), DAYS_PER_WEEK * WEEKS
    rows = [rng.integers(0, len(time), len(time)) for _ in range(BOOTSTRAPS)]
    again = [survival_at(time[row], event[row], days) for row in rows]
    return survival_at(time, event, days), np.maximum(np.std(again, axis=0), LEAST_ERROR)


def main() -> None:
    """Print both steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    folder = parser.parse_args().folder
    table = follow_up(folder)
    for columns in (["log_sum"], ["log_sum", "growth"]):
        effects, errors = poisson(table, columns)
        for name, effect, error in zip(columns, effects, errors, strict=True):
            print(
                f"INSPIRE, {int(table['death'].sum())} deaths, {name}: {effect:.3f} ({error:.3f})"
            )
    for name, value, error in zip(NAMES, *fit_death(folder), strict=True):
        print(f"{name}: {value:.4g} (SE {error:.2g})")


if __name__ == "__main__":
    main()

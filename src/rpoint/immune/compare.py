"""The OAK-like trial beside OAK: the same numbers of both, and which published ones are met.

Predictive intervals come from replicates of the trial's own size, each with a draw of the fitted
facts: they hold sampling and what the fit leaves open.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints.hyperprogression import hyperprogression
from rpoint.immune import fit_data, lung
from rpoint.immune.oak import OakTrial, oak_like
from rpoint.immune.summaries import survival_at
from rpoint.immune.uncertainty import drawn_facts
from rpoint.immune.visits import DAYS_PER_MONTH
from rpoint.stats.cox import cox

MEASURED = (265, 270)  # patients of OAK in the shared table: atezolizumab, docetaxel
GRID_D = np.arange(0, 791, 7)
LEVEL = (5.0, 95.0)
EARLY = {"pfs": 2.0, "os": 3.0}  # months
RESPONSES = ("CR", "PR")


def numbers(patients: pd.DataFrame) -> dict[str, float]:
    """Numbers of one trial.

    Parameters
    ----------
    patients
        arm, pfs_d, pfs, os_d, os, response: one row a patient.

    Returns
    -------
    dict
        Hazard ratios; per arm medians (months), share (%) with a PFS event within two months, with
        death within three, with a response; and for each endpoint `crossing` (weeks): the end of
        the time in which the antibody's curve lies below, from the start; 0 if it never does, NaN
        if it does to the end.
    """
    antibody = (patients["arm"] == lung.ANTIBODY).astype(float)
    found: dict[str, float] = {}
    for end in EARLY:
        model = cox(patients[f"{end}_d"], patients[end], pd.DataFrame({"antibody": antibody}))
        found[f"{end} hazard ratio"] = float(model.hazard_ratio[0])
        curves = {arm: _curve(patients, arm, end) for arm in lung.ARMS}
        found[f"{end} crossing, weeks"] = crossing(curves[lung.ANTIBODY], curves[lung.DOCETAXEL])
        for arm in lung.ARMS:
            one = patients[patients["arm"] == arm]
            found[f"{end} median, months, {arm}"] = _median(one[f"{end}_d"], one[end])
            early = (one[end] == 1) & (one[f"{end}_d"] < EARLY[end] * DAYS_PER_MONTH)
            found[f"{end} event within {EARLY[end]:g} months, %, {arm}"] = 100.0 * early.mean()
        early_name = f"{end} event within {EARLY[end]:g} months, %, "
        excess = found[early_name + lung.ANTIBODY] - found[early_name + lung.DOCETAXEL]
        found[early_name + "antibody less docetaxel"] = excess
    for arm in lung.ARMS:
        one = patients[patients["arm"] == arm]
        found[f"response, %, {arm}"] = 100.0 * one["response"].isin(RESPONSES).mean()
    return found


def _curve(patients: pd.DataFrame, arm: str, end: str) -> np.ndarray:
    one = patients[patients["arm"] == arm]
    return survival_at(one[f"{end}_d"].to_numpy(), one[end].to_numpy(), GRID_D)


def _median(time: pd.Series, event: pd.Series) -> float:
    days = np.arange(0.0, 1000.0)
    below = survival_at(time.to_numpy(), event.to_numpy(), days) <= 0.5
    return float(days[below.argmax()] / DAYS_PER_MONTH) if below.any() else float("nan")


def crossing(one: np.ndarray, other: np.ndarray) -> float:
    """Weeks from the start until the first curve no longer lies below the second; see `numbers`.

    >>> crossing(np.array([1, 0.8, 0.7]), np.array([1, 0.9, 0.6]))
    2.0
    """
    below = one < other - 1e-12
    if not below.any():
        return 0.0
    first = int(below.argmax())
    after = ~below[first:]
    return float(GRID_D[first + after.argmax()] / 7.0) if after.any() else float("nan")


def replicate(
    k: int, *, seed: int = 1, n: tuple[int, int] = MEASURED, uncertain: bool = True
) -> OakTrial:
    """Replicate number `k` of the trial."""
    drawn = drawn_facts(seed, k) if uncertain else None
    return oak_like(n[0], control=n[1], seed=seed, first=k * sum(n), facts=drawn)


def replicate_numbers(
    replicates: int = 20,
    *,
    seed: int = 1,
    n: tuple[int, int] = MEASURED,
    uncertain: bool = True,
) -> pd.DataFrame:
    """`numbers` of replicated trials, one row each; replicates have patients of their own.

    Parameters
    ----------
    n
        Patients on atezolizumab and on docetaxel.
    uncertain
        Whether every replicate has a draw of the fitted facts (`drawn_facts`).
    """
    rows = [
        numbers(replicate(k, seed=seed, n=n, uncertain=uncertain).patients)
        for k in range(replicates)
    ]
    return pd.DataFrame(rows)


def observed(folder: str) -> dict[str, float]:
    """`numbers` of the measured patients of OAK in a data folder."""
    return numbers(observed_patients(folder))


def observed_patients(folder: str) -> pd.DataFrame:
    """Patients of both arms of OAK, in the columns of `OakTrial.patients`."""
    return pd.concat(
        [fit_data.oak(folder, arm).assign(arm=arm) for arm in lung.ARMS], ignore_index=True
    )


def comparison(folder: str, replicates: int = 20, *, seed: int = 1) -> pd.DataFrame:
    """Predicted against measured OAK.

    Returns
    -------
    pandas.DataFrame
        number, measured, predicted (median over replicates), lo, hi (5th and 95th percentile),
        hit (measured within), fitted (whether the number's data shaped the facts).
    """
    made, seen = replicate_numbers(replicates, seed=seed), observed(folder)
    rows = []
    for name, value in seen.items():
        own = made[name].dropna()
        low, middle, high = np.percentile(own, (LEVEL[0], 50.0, LEVEL[1]))
        rows.append(
            {
                "number": name, "measured": value, "predicted": middle, "lo": low, "hi": high,
                "hit": bool(low <= value <= high),
                "fitted": name.endswith(f", {lung.DOCETAXEL}"),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def curves(patients: pd.DataFrame, replicates: list[pd.DataFrame]) -> pd.DataFrame:
    """Curves of measured and replicated trials for `rpoint.plots.immune.trial_beside_data`.

    Returns
    -------
    pandas.DataFrame
        endpoint, arm, month, measured, predicted, lo, hi (shares without event).
    """
    rows = []
    for end in EARLY:
        for arm in lung.ARMS:
            many = np.array([_curve(table, arm, end) for table in replicates])
            low, middle, high = np.percentile(many, (LEVEL[0], 50.0, LEVEL[1]), axis=0)
            rows.append(
                pd.DataFrame(
                    {
                        "endpoint": end, "arm": arm, "month": GRID_D / DAYS_PER_MONTH,
                        "measured": _curve(patients, arm, end),
                        "predicted": middle, "lo": low, "hi": high,
                    }
                )
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def hyperprogression_rates(trial: OakTrial, pre_scan: bool = True) -> pd.DataFrame:
    """Hyperprogression of both arms under every definition: arm and the columns of `rates()`."""
    return pd.concat(
        [
            hyperprogression(trial.hyperprogression_table(arm, pre_scan)).rates().assign(arm=arm)
            for arm in lung.ARMS
        ],
        ignore_index=True,
    )

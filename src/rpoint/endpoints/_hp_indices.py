"""Growth before and on treatment, and the facts that definitions of hyperprogression compare.

With sums S and the time Δt between two scans in months (30.4375 days), and volume as S³:

    TG  = 3 ln(S_b / S_a) / Δt            TGR = 100 (e^TG - 1), % per month
    TGK = (S_b - S_a) / Δt, mm per month
    pace: relative change of the sum per month, (S_b / S_a - 1) / Δt  (or another convention)

Ratios are post over pre.  Where growth before treatment was not above 0 a ratio has no meaning: it
is missing, never infinite; differences stay defined.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from rpoint.endpoints._hp_rules import AT_LEAST, TOLERANCE
from rpoint.errors import unknown_name

MONTH_D = 30.4375
WEEKS_8_D, WEEKS_12_D = 56.0, 84.0
# Design choice: a tenfold sum (a thousandfold volume) within 2 months is taken for an error of the
# table.  The largest increase among published hyperprogressors is 3.6-fold (Kato 2017).
IMPLAUSIBLE_FOLD, IMPLAUSIBLE_MONTHS = 10.0, 2.0

Array = np.ndarray
_PACES: dict[str, Callable[[Array, Array, Array], Array]] = {
    "relative": lambda a, b, months: (b / a - 1) / months,
    "tgk": lambda a, b, months: (b - a) / months,
    "tgr": lambda a, b, months: growth_rate(a, b, months),
    "log": lambda a, b, months: 3 * np.log(b / a) / months,
}
PACES = tuple(_PACES)


def growth_rate(before: Array, after: Array, months: Array) -> Array:
    """TGR, % per month; -100 if the tumour has gone, NaN where it was not there before.

    >>> float(growth_rate(1.0, 1.5, 56 / MONTH_D).round(2))
    93.7
    """
    a, b = np.asarray(before, float), np.asarray(after, float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        rate = 100 * np.expm1(3 * np.log(b / a) / months)
    return np.where((a > 0) & np.isfinite(rate), rate, np.nan)


def _ratio(post: Array, pre: Array, grew: Array) -> Array:
    return np.where(grew, post / np.where(grew, pre, 1.0), np.nan)


def indices(patients: pd.DataFrame, *, pace: str = "relative") -> dict[str, Array]:
    """Every index of every patient; NaN where unknown or undefined.

    Parameters
    ----------
    patients
        As `read_patients` gives it.
    pace
        Convention of pace: "relative", "tgk", "tgr" or "log".

    Returns
    -------
    dict
        Name -> values, shape (patients,).
    """
    if pace not in _PACES:
        raise unknown_name("convention of pace", pace, PACES, where="pace")
    column = {name: patients[name].to_numpy() for name in patients if name != "patient"}
    found = _growth(column, _PACES[pace])
    months = column["ttf_days"].astype(float) / MONTH_D
    found["ttf_months"] = months
    found["ttf_months" + AT_LEAST] = column["ttf_event"] == 0
    found["first_scan_weeks"] = column["day_first"].astype(float) / 7
    for name in ("new_in_involved_organ", "new_organ", "organs_with_new", "ecog_worsening"):
        found[name] = column[name].astype(float)
    found["pd_at_first"] = _progressed(patients, found)
    first_pd = _first_progression(patients, found["pd_at_first"])
    found["pd_within_8_weeks"] = _within_8_weeks(patients, found["pd_at_first"], first_pd)
    found["death_from_pd_within_12_weeks"] = _early_death(patients, first_pd)
    return found


def _growth(column: dict[str, Array], pace: Callable[..., Array]) -> dict[str, Array]:
    pre, base, first = (column[name].astype(float) for name in ("s_pre", "s_base", "s_first"))
    before = (column["day_base"] - column["day_pre"]).astype(float) / MONTH_D
    after = (column["day_first"] - column["day_base"]).astype(float) / MONTH_D
    grew = (pre > 0) & (base > pre * (1 + TOLERANCE))
    there = base > 0
    found: dict[str, Array] = {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found["tgr_pre"] = growth_rate(pre, base, before)
        found["tgr_post"] = growth_rate(base, first, after)
        found["tgk_pre"], found["tgk_post"] = (base - pre) / before, (first - base) / after
        found["pace_pre"] = np.where(pre > 0, pace(pre, base, before), np.nan)
        found["pace_post"] = np.where(there, pace(base, first, after), np.nan)
        found["burden_change_pct"] = np.where(there, 100 * (first / base - 1), np.nan)
    found["delta_tgr"] = found["tgr_post"] - found["tgr_pre"]
    for name in ("tgr", "tgk", "pace"):
        found[f"{name}_ratio"] = _ratio(found[f"{name}_post"], found[f"{name}_pre"], grew)
    found["increase_mm"] = first - base
    return found


def _progressed(patients: pd.DataFrame, found: dict[str, Array]) -> Array:
    """RECIST progression at the first scan: as reported, else from sums and new lesions.

    Without a report a table of sums knows nothing of non-target disease.  It is then read as it
    stands; leaving out those who did not progress would bias the denominator.
    """
    said = patients["first_response"].to_numpy()
    grown = (found["burden_change_pct"] >= 20 - TOLERANCE) & (
        found["increase_mm"] >= 5 - TOLERANCE
    )
    new = patients["new_lesion"].to_numpy(float) == 1
    seen = ~np.isnan(found["burden_change_pct"]) | new
    derived = np.where(seen, (grown | new).astype(float), np.nan)
    reported = np.where(said == "NE", np.nan, (said == "PD").astype(float))
    return np.where(pd.isna(said), derived, reported)


def _first_progression(patients: pd.DataFrame, at_first: Array) -> Array:
    """Day of the first progression; inf if none was seen, NaN if unknown."""
    said, first = (patients[name].to_numpy(float) for name in ("pd_day", "day_first"))
    return np.where(np.isnan(said), np.where(at_first == 1, first, np.nan), said)


def _within_8_weeks(patients: pd.DataFrame, at_first: Array, first_pd: Array) -> Array:
    """Progression within 8 weeks; unknown if there is none yet at a scan before week 8."""
    first = patients["day_first"].to_numpy(float)
    clear = (at_first == 0) & (first >= WEEKS_8_D - TOLERANCE)
    answer = (first_pd <= WEEKS_8_D + TOLERANCE).astype(float)
    return np.where(~np.isnan(first_pd), answer, np.where(clear, 0.0, np.nan))


def _early_death(patients: pd.DataFrame, first_pd: Array) -> Array:
    """Death from radiologic progression within 12 weeks of the first dose.

    Nobody is known to have survived where deaths are not recorded at all: a table of scans alone
    would make everybody who was scanned late enough a "no", and nobody a "yes".
    """
    death = patients["death_day"].to_numpy(float)  # inf: alive, NaN: not recorded
    cause = patients["death_from_pd"].to_numpy(float)
    seen_alive = patients["last_contact_day"].to_numpy(float) >= WEEKS_12_D - TOLERANCE
    early = death <= WEEKS_12_D + TOLERANCE
    by_scan = np.where(np.isnan(first_pd), np.nan, (first_pd <= death).astype(float))
    due = np.where(np.isnan(cause), by_scan, cause)
    survived = np.where(np.isinf(death), seen_alive, death > WEEKS_12_D + TOLERANCE)
    return np.where(early, due, np.where(survived, 0.0, np.nan))


def flags(patients: pd.DataFrame, found: dict[str, Array]) -> pd.DataFrame:
    """What a reader of the verdicts must know, one yes/no column a fact.

    Returns
    -------
    pandas.DataFrame
        no_pre_scan; not_growing_before (ratios undefined); no_burden_at_baseline;
        response_from_sums (no RECIST report: read from sums and new lesions); implausible_growth
        (tenfold sum within 2 months); baseline_after_first_dose; still_on_treatment.
    """
    pre, base, first = (patients[name] for name in ("s_pre", "s_base", "s_first"))
    months = (patients["day_first"] - patients["day_base"]) / MONTH_D
    told = patients["first_response"].notna()
    return pd.DataFrame(
        {
            "no_pre_scan": pre.isna() | base.isna(),
            "not_growing_before": pre.notna() & base.notna() & np.isnan(found["tgk_ratio"])
            & ~np.isnan(found["tgk_post"]),
            "no_burden_at_baseline": base == 0,
            "response_from_sums": ~told & ~np.isnan(found["pd_at_first"]),
            "implausible_growth": (base > 0) & (first >= IMPLAUSIBLE_FOLD * base)
            & (months < IMPLAUSIBLE_MONTHS),
            "baseline_after_first_dose": patients["day_base"] > 0,
            "still_on_treatment": patients["ttf_days"].notna() & (patients["ttf_event"] == 0),
        }
    )  # fmt: skip

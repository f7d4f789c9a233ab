"""Numbers for the claims on immunotherapy: D4, D5, D6 and A16, with intervals, no verdicts.

D4  early crossing of survival curves, early death, hyperprogression by arm;
D5  what the interferon hypothesis and its null make of Kato's six amplified patients;
D6  the two clinic patients, as a record from which nothing follows;
A16 melanoma patients without a response to a checkpoint inhibitor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.immune import lung
from rpoint.immune.compare import hyperprogression_rates, replicate_numbers
from rpoint.immune.course import growth_factor
from rpoint.immune.facts import facts, values
from rpoint.immune.melanoma import melanoma_responses
from rpoint.immune.oak import OakTrial, oak_like
from rpoint.immune.visits import DAYS_PER_MONTH
from rpoint.stats.proportions import Proportion, proportion

BELIEF = (5.0, 50.0, 95.0)
TTF_D = 2.0 * DAYS_PER_MONTH
# Published anchors (x, n): Ferrara 2018 [secondary]; the 59 of chemotherapy [unverified].
EARLY_DEATH, HPD_ANTIBODY, HPD_CHEMOTHERAPY = (36, 406), (56, 406), (3, 59)
FAST = (9, 406)
KATO_N = 6  # Kato 2017: six amplified patients, all with TTF < 2 months


@dataclass(frozen=True)
class Interval:
    """A number with its interval.

    Attributes
    ----------
    value, lo, hi
        Median and 5th and 95th percentile of what the number spreads over, told by `over`.
    """

    value: float
    lo: float
    hi: float
    over: str

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.lo:.3g} to {self.hi:.3g}, {self.over})"


def _interval(draws: np.ndarray, over: str) -> Interval:
    low, middle, high = np.percentile(draws, BELIEF)
    return Interval(float(middle), float(low), float(high), over)


# ---- D4


def crossing_weeks(replicates: int = 20, seed: int = 1, n: int = 425) -> dict[str, Interval]:
    """D4: weeks from the start in which the antibody's PFS and OS curves lie below docetaxel's.

    A replicate in which they lie below to the end counts as the last week of the curve.
    """
    table = replicate_numbers(replicates, seed=seed, n=(n, n))
    over = f"{replicates} trials of 2 x {n}"
    found = {}
    for end in ("pfs", "os"):
        found[end] = _interval(table[f"{end} crossing, weeks"].fillna(113.0), over)
    for end, within in (("pfs", 2), ("os", 3)):
        name = f"{end} event within {within} months, %, antibody less docetaxel"
        found[f"{end} early excess, points"] = _interval(table[name], over)
    return found


def hyperprogression_anchors(n: int = 3000, seed: int = 1) -> pd.DataFrame:
    """D4: simulated rates beside the published ones.

    Returns
    -------
    pandas.DataFrame
        number, published (x/n, % and exact interval), antibody, docetaxel (simulated, with the
        exact interval for the number of simulated patients).
    """
    trial = oak_like(n, seed=seed)
    rates = hyperprogression_rates(trial).set_index(["definition", "arm"])
    published = {
        "ferrara": (proportion(*HPD_ANTIBODY), proportion(*HPD_CHEMOTHERAPY)),
        "fast_progression": (proportion(*FAST), None),
        "early_death": (proportion(*EARLY_DEATH), None),
    }
    rows = []
    for key, (antibody, chemotherapy) in published.items():
        own = {
            arm: proportion(int(row["yes"]), int(row["evaluable"]))
            for arm in lung.ARMS
            for row in [rates.loc[(key, arm)]]
        }
        rows.append(
            {
                "number": key,
                "published_antibody": antibody.text(),
                "simulated_antibody": own[lung.ANTIBODY].text(),
                "published_chemotherapy": chemotherapy.text() if chemotherapy else "-",
                "simulated_docetaxel": own[lung.DOCETAXEL].text(),
            }
        )
    return pd.DataFrame(rows)


# ---- D5


def short_ttf(
    growth: float = 1.0,
    n: int = 2000,
    seed: int = 1,
    overrides: Mapping[str, float] | None = None,
) -> Proportion:
    """Share of patients on the antibody with time to failure below two months.

    Parameters
    ----------
    growth
        Factor on the growth rate of all tumours.
    overrides
        Replacements of values of this room's facts, by name.
    """
    p = values(dict(overrides or {}))
    fast = {**dict(overrides or {}), "lung_growth_median": growth * p["lung_growth_median"]}
    trial: OakTrial = oak_like(n, control=1, seed=seed, facts=fast)
    one = trial.arm(lung.ANTIBODY)
    short = (one["ttf"] == 1) & (one["ttf_d"] < TTF_D)
    return proportion(int(short.sum()), n)


def kato_under(
    ceiling_growth: float, copies: float = 12.0, n: int = 2000, seed: int = 1
) -> pd.DataFrame:
    """D5: six of six amplified patients with TTF < 2 months, under each explanation.

    Parameters
    ----------
    ceiling_growth
        Factor on the growth rate that interferon through MDM2 can give: column `tumour` (or `ifn`)
        of `rpoint.immune.ceiling.ceiling` at these copies.
    copies
        Copies of MDM2 of an amplified patient, for the null of natural fast growth.

    Returns
    -------
    pandas.DataFrame
        explanation, growth (factor), short_ttf_pct, lo, hi, and six_of_six: the probability that
        six of six such patients fail within two months.
    """
    factors = {
        "amplification does nothing": 1.0,
        "IFNG_TO_MDM2, at its ceiling": ceiling_growth,
        "NATURAL_HISTORY": float(growth_factor(np.array(copies))),
    }
    rows = []
    for name, factor in factors.items():
        share = short_ttf(factor, n, seed)
        rows.append(
            {
                "explanation": name, "growth": factor, "short_ttf_pct": share.percent,
                "lo": share.lo, "hi": share.hi,
                "six_of_six": (share.percent / 100.0) ** KATO_N,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


# ---- D6


def anecdote() -> dict[str, object]:
    """D6: the record of the two patients; `inference` is None because none may be drawn."""
    return {
        "patients": 2,
        "amplified": 2,
        "use": "anecdote",
        "interval": proportion(2, 2).text(),
        "inference": None,
    }


# ---- A16


def melanoma_nonresponse(n: int = 1000, draws: int = 9, seed: int = 1) -> Interval:
    """A16: melanoma patients without a response to pembrolizumab, %; see `rpoint.immune.melanoma`.

    The interval runs over the 5th to 95th percentile of the antigenicity of melanoma, which the
    twelve melanoma patients of INSPIRE leave wide (fact `antigenicity_factor_melanoma`).
    """
    known = facts()["antigenicity_factor_melanoma"]
    grid = np.geomspace(known.range[0], known.range[1], draws)
    found = melanoma_responses([*map(float, grid), known.value], n, seed)
    *shares, middle = (100.0 * (1.0 - share) for share in found)
    return Interval(middle, min(shares), max(shares), "antigenicity of melanoma, 5 to 95 %")

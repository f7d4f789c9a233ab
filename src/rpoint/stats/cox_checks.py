"""Checks of a Cox model: concordance, and the test of proportional hazards.

The test of proportional hazards is the score test for adding x·g(t) to the model (Grambsch &
Therneau 1994, doi:10.1093/biomet/81.3.515, in the exact form that R's survival computes from
version 3.0 on).  Concordance is Harrell's C: of the pairs in which the one with the shorter time
had the event, the share in which that one also had the higher risk, ties in risk counting half;
its standard error is the infinitesimal jackknife's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError, unknown_name
from rpoint.stats.cox_likelihood import Block, moments, weighted_information
from rpoint.stats.cox_model import CoxData
from rpoint.stats.kaplan_meier import risk_table
from rpoint.stats.survival_data import Flags, Floats, FollowUp, Labels

TIME_TRANSFORMS = ("km", "identity", "log", "rank")
BLOCK = 2_000_000  # pairs looked at in one go


@dataclass(frozen=True)
class Concordance:
    """Harrell's C.

    Attributes
    ----------
    c, std_error
        The share of concordant pairs and its standard error.
    concordant, discordant, tied
        Pairs (tied in risk).
    """

    c: float
    std_error: float
    concordant: int
    discordant: int
    tied: int

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return dict(self.__dict__)


def concordance(data: FollowUp, risk: Floats, strata: Labels) -> Concordance:
    """Harrell's C of a risk score (high = early), pairs within strata."""
    balance, pairs = np.zeros(data.n), np.zeros(data.n)  # of each patient, both roles
    totals = np.zeros(3)
    for layer in range(strata.count):
        index = np.flatnonzero(strata.code == layer)
        one = _stratum_pairs(data.time[index], data.event[index], risk[index])
        balance[index], pairs[index] = one[0], one[1]
        totals += one[2]
    concordant, discordant, tied = totals
    comparable = totals.sum()
    if not comparable:
        return Concordance(float("nan"), float("nan"), 0, 0, 0)
    c = (concordant + tied / 2) / comparable
    # d C / d weight of a patient; every pair is counted from both of its ends
    change = (balance - (2 * c - 1) * pairs) / (2 * comparable)
    error = float(np.sqrt((change**2).sum()))
    return Concordance(float(c), error, int(concordant), int(discordant), int(tied))


def _stratum_pairs(time: Floats, event: Flags, risk: Floats) -> tuple[Floats, Floats, Floats]:
    """Per patient concordant minus discordant pairs, and pairs; totals of the three kinds."""
    n = len(time)
    balance, pairs, totals = np.zeros(n), np.zeros(n), np.zeros(3)
    cases = np.flatnonzero(event)
    width = max(1, BLOCK // max(n, 1))
    for start in range(0, len(cases), width):
        case = cases[start : start + width]
        later = time[None, :] > time[case, None]
        later |= (time[None, :] == time[case, None]) & ~event[None, :]
        sign = np.sign(risk[case, None] - risk[None, :]) * later
        balance[case] += sign.sum(axis=1)
        pairs[case] += later.sum(axis=1)
        balance += sign.sum(axis=0)
        pairs += later.sum(axis=0)
        good, bad = float((sign > 0).sum()), float((sign < 0).sum())
        totals += (good, bad, float(later.sum()) - good - bad)
    return balance, pairs, totals


def proportional_hazards(model: CoxData, beta: Floats, transform: str) -> pd.DataFrame:
    """Score tests for each term and for all together: term, statistic, df, p."""
    if transform not in TIME_TRANSFORMS:
        raise unknown_name("transform of time", transform, TIME_TRANSFORMS, where="transform")
    if model.ties == "exact":
        raise RpointError(
            "proportional hazards are not tested under exact ties", mend='take ties="efron"'
        )
    p = len(beta)
    g = _time_scale(model.follow_up, transform)
    score, information = np.zeros(p), np.zeros((2 * p, 2 * p))
    for block in model.blocks:
        _add_block(block, beta, g[block.index[block.rows]], score, information)
    terms = list(dict.fromkeys(model.terms))
    rows = []
    for term in [*terms, "global"]:
        chosen = [j for j in range(p) if term in ("global", model.terms[j])]
        statistic = _score_test(score, information, chosen, p)
        p_value = float(stats.chi2.sf(statistic, len(chosen)))
        rows.append((term, statistic, len(chosen), p_value))
    return pd.DataFrame(rows, columns=["term", "statistic", "df", "p"])


def _add_block(block: Block, beta: Floats, g: Floats, score: Floats, information: Floats) -> None:
    p = len(beta)
    found = moments(block, block.x @ beta)
    score += (g[:, None] * (block.x[block.rows] - found.mean)).sum(axis=0)
    for power, (i, j) in enumerate([(0, 0), (0, p), (p, p)]):
        part = weighted_information(block, found, g**power)
        information[i : i + p, j : j + p] += part
        if i != j:
            information[j : j + p, i : i + p] += part


def _score_test(score: Floats, information: Floats, chosen: list[int], p: int) -> float:
    """The score at the maximum of the smaller model: 0 for its own coefficients."""
    rows = [*range(p), *(p + j for j in chosen)]
    whole = np.concatenate([np.zeros(p), score[chosen]])
    return float(whole @ np.linalg.solve(information[np.ix_(rows, rows)], whole))


def _time_scale(data: FollowUp, transform: str) -> Floats:
    """g(t) of every patient, centred on the events (which changes no test)."""
    g: Floats
    time, risk, events, _ = risk_table(data)
    at = np.searchsorted(time, data.time)
    if transform == "km":
        survival = np.cumprod((risk - events) / risk)
        g = (1.0 - np.concatenate([[1.0], survival[:-1]]))[at]
    elif transform == "rank":
        g = stats.rankdata(data.time)
    elif transform == "log":
        if (data.time[data.event] <= 0).any():
            raise RpointError("the log of time needs times above 0", found="an event at 0")
        g = np.log(np.maximum(data.time, np.finfo(float).tiny))
    else:
        g = data.time.copy()
    return g - g[data.event].mean()

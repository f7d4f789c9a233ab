"""Do all published numbers of one arm arise together?  A posterior predictive check.

Every replicate of the trial gives a vector of statistics; the published vector is one more.  Each
statistic's two-sided tail area is taken from mid-ranks among all vectors, and the discrepancy of a
vector is its smallest tail area.  The joint tail probability is the share of vectors with a
discrepancy as small as the published one's, itself counted.  If the published trial were one more
replicate, it would be uniform: the discrepancy is calibrated by the replicates themselves, whatever
the dependence between statistics.  A second discrepancy, Mahalanobis' distance of the normal scores
of the ranks, sees unusual combinations of usual values.  Neither is chosen after the fact: the
verdict is that of the smaller of both probabilities, calibrated once more by the replicates.

Nothing is sampled from what is published.  Posterior predictive checks: Gelman, Meng & Stern 1996
(Statistica Sinica 6:733); the smallest tail area: Tippett 1931; ranks among exchangeable vectors:
Dufour 2006 (doi:10.1016/j.jeconom.2005.06.007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from rpoint.errors import RpointError
from rpoint.stats.proportions import limits
from rpoint.trial.analyse import plain
from rpoint.trial.design.joint_conditions import conditions
from rpoint.trial.design.runs import VariantRuns, chosen_arm, only_arms, run_variants
from rpoint.trial.design.summary import compare, is_time, summarise
from rpoint.trial.design.switches import AS_IT_IS, UNCONFIRMED, switched
from rpoint.trial.spec import Trial

LEVEL = 0.95  # of intervals for Monte Carlo error
ROUNDED_PCT = 0.06  # a published percentage this near to a count over n is that count
ANY, CONFIRMED = "response_any_pct", "response_confirmed_pct"


@dataclass(frozen=True)
class JointCheck:
    """All published check rows of one arm beside the replicates.

    Attributes
    ----------
    trial, arm
        Of which trial and arm.
    table
        One row a statistic: statistic, published, value (mean over replicates, of times the
        median), q05, q95 (predictive interval), below, equal, above (share of replicates, %), tail
        (two-sided tail area of the published value, 0 to 1), missing.
    joint
        One row a discrepancy ("both", "smallest tail area", "Mahalanobis"): p (joint tail
        probability), lo, hi (Monte Carlo error), count (replicates as extreme), replicates, least.
    conditions
        What `rpoint.trial.design.joint_conditions.conditions` found.
    parts
        One row a variant and statistic: variant, statistic, value, q05, q95, tail, and the paired
        difference from the trial as it is with its interval.
    part_joint
        `joint` of every variant.
    vectors
        One row a replicate of the trial as it is, one column a statistic.
    """

    trial: str
    arm: str
    table: pd.DataFrame
    joint: pd.DataFrame
    conditions: pd.DataFrame
    parts: pd.DataFrame
    part_joint: pd.DataFrame
    vectors: pd.DataFrame
    runs: VariantRuns

    @property
    def p(self) -> float:
        """Joint tail probability by both discrepancies together."""
        return float(self.joint["p"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """The table of statistics."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        frames = {
            "table": self.table, "joint": self.joint, "conditions": self.conditions,
            "parts": self.parts, "part_joint": self.part_joint,
        }  # fmt: skip
        return {
            "question": "joint", "trial": self.trial, "arm": self.arm, "p": self.p,
            **{name: frame.to_dict("records") for name, frame in frames.items()},
            **self.runs.provenance(),
        }  # fmt: skip

    def summary(self) -> str:
        """The joint tail probabilities on one line each."""
        return "\n".join(
            f"joint tail probability, {r.discrepancy}: {r.p:.3f} ({r.lo:.3f} to {r.hi:.3f}; "
            f"{r.count} of {r.replicates} replicates are as extreme; "
            f"least that could be found {r.least:.3f})"
            for r in self.joint.itertuples()
        )

    def __str__(self) -> str:
        return self.summary()


def joint(
    trial: Trial, *, arm: str | None = None, decompose: bool = True, **run: Any
) -> JointCheck:
    """Check all published rows of one arm together.

    Parameters
    ----------
    trial
        With published rows of role check.
    arm
        Which arm; the first one without it.
    decompose
        Whether parts of the trial are switched off as well, one at a time (six times the work).
    run
        replicates, seed, jobs ... of `rpoint.trial.design.runs.run_variants`.

    Raises
    ------
    RpointError
        If nothing that can be predicted was published of the arm.
    """
    arm = chosen_arm(trial, arm)
    published = published_vector(trial, arm)
    if published.empty:
        raise RpointError(
            "nothing was published of this arm that is a check and is predicted", where=trial.name,
            found=arm,
        )  # fmt: skip
    base = only_arms(trial, [arm])
    runs = run_variants(switched(base, arm) if decompose else {AS_IT_IS: base}, **run)
    whole = vectors(runs, AS_IT_IS, arm, published)
    parts, part_joint = _parts(runs, arm, published)
    return JointCheck(
        trial.name, arm, marginals(whole, published), joint_tail(whole, published),
        conditions(trial, runs.rows[runs.rows["VARIANT"] == AS_IT_IS], runs, AS_IT_IS, arm),
        parts, part_joint, whole.replace(np.inf, np.nan), runs,
    )  # fmt: skip


def published_vector(trial: Trial, arm: str) -> pd.DataFrame:
    """What was published of an arm as a whole and is only compared: statistic, published, source.

    A statistic that any row of the arm calibrates is none, whatever the role of its other rows.
    Limits of a median at the trial's level are statistics of their own (`pfs_median_months_lo`).
    A percentage that was rounded is put back to its count over n, so that it ties with simulated
    counts.
    """
    rows = []
    own = [r for r in trial.published if r.arm == arm and not r.subset]
    fitted = {plain(r.endpoint) for r in own if r.role == "calibrate"}
    for row in own:
        name = plain(row.endpoint)
        if name in fitted or row.not_predicted:
            continue
        rows.append((name, _counted(row.value, row.n, name), row.source))
        if is_time(name) and row.level == trial.analysis.level:
            ends = ((f"{name}_lo", row.lo), (f"{name}_hi", row.hi))
            rows += [(end, value, row.source) for end, value in ends if value is not None]
    table = pd.DataFrame(rows, columns=["statistic", "published", "source"])
    return table.drop_duplicates("statistic", ignore_index=True)


def _counted(value: float, n: int | None, name: str) -> float:
    if n is None or not name.endswith("_pct") or "change" in name:
        return value
    exact = 100.0 * round(value * n / 100.0) / n
    return exact if abs(exact - value) <= ROUNDED_PCT else value


def vectors(runs: VariantRuns, variant: str, arm: str, published: pd.DataFrame) -> pd.DataFrame:
    """(R, K) statistics of every replicate; a time that is not reached is infinite.

    Replicates in which another statistic is not defined are left out.
    """
    columns = {}
    for name in published["statistic"]:
        source = ANY if variant == UNCONFIRMED and name == CONFIRMED else name
        values = runs.values(AS_IT_IS if variant == UNCONFIRMED else variant, arm, source)
        columns[name] = values.fillna(np.inf) if is_time(name) else values
    return pd.DataFrame(columns).dropna()


def tail_areas(pool: np.ndarray) -> np.ndarray:
    """Two-sided tail areas of all entries among their column, from mid-ranks.

    Parameters
    ----------
    pool
        (M, K).

    Returns
    -------
    numpy.ndarray
        (M, K) in (0, 1]: 2 min(u, 1 - u) with u = (mid-rank - 1/2) / M.
    """
    u = _uniform(pool)
    return np.minimum(1.0, 2.0 * np.minimum(u, 1.0 - u))


def _uniform(pool: np.ndarray) -> np.ndarray:
    return (stats.rankdata(pool, axis=0) - 0.5) / len(pool)


def mahalanobis(pool: np.ndarray) -> np.ndarray:
    """(M,) distance of every vector's normal scores from their centre, squared."""
    scores = special.ndtri(_uniform(pool))
    scores = scores - scores.mean(axis=0)
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(scores, rowvar=False)), hermitian=True)
    return np.einsum("ij,jk,ik->i", scores, inverse, scores)


def joint_tail(simulated: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Joint tail probability of the published vector by each discrepancy and by both.

    Parameters
    ----------
    simulated
        (R, K) one row a replicate.
    published
        statistic, published.

    Returns
    -------
    pandas.DataFrame
        discrepancy, p, lo, hi, count, replicates, least: p = (1 + count) / (1 + replicates),
        `count` replicates at least as extreme; lo, hi: exact interval of count / replicates;
        least: the p of a vector that lies beyond all replicates in one statistic.  Ranks do not say
        how far out a value is: with few replicates many lie at an end of some statistic, and the
        smallest tail area cannot tell the published vector from them.
    """
    if simulated.empty:
        raise RpointError("no replicate has all statistics of the joint check")
    pool = np.vstack([published["published"].to_numpy(float)[None], simulated.to_numpy(float)])
    smallest = tail_areas(pool).min(axis=1)
    found = {"smallest tail area": -smallest, "Mahalanobis": mahalanobis(pool)}
    smaller = np.min([_as_extreme(extreme) for extreme in found.values()], axis=0)
    found = {"both": -smaller} | found
    ends = 1.0 / len(pool) + 1e-9
    least = [(1 + int((e[1:] <= ends).sum())) / len(pool) for e in (smaller, smallest)]
    least.append(1.0 / len(pool))
    rows = []
    for (name, extreme), floor in zip(found.items(), least, strict=True):
        # Rounding tells apart what is equal, where statistics are counts.
        count, n = int((extreme[1:] >= extreme[0] - 1e-9).sum()), len(simulated)
        lo, hi = limits(count, n, level=LEVEL)
        rows.append((name, (1 + count) / (1 + n), float(lo), float(hi), count, n, floor))
    columns = ["discrepancy", "p", "lo", "hi", "count", "replicates", "least"]
    return pd.DataFrame(rows, columns=columns)


def _as_extreme(extreme: np.ndarray) -> np.ndarray:
    """(M,) share of all vectors at least as extreme as each."""
    return (extreme[None] >= extreme[:, None] - 1e-9).mean(axis=1)


def marginals(simulated: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Every statistic by itself: `JointCheck.table`."""
    pool = np.vstack([published["published"].to_numpy(float)[None], simulated.to_numpy(float)])
    tails = tail_areas(pool)[0]
    rows = []
    for k, row in enumerate(published.to_dict("records")):
        values = simulated[row["statistic"]].to_numpy(float)
        near = np.isclose(values, row["published"], rtol=0.0, atol=1e-6)
        line = summarise(np.where(np.isinf(values), np.nan, values), time=is_time(row["statistic"]))
        rows.append(
            {"statistic": row["statistic"], "published": row["published"],
             "value": line["value"], "q05": line["q05"], "q95": line["q95"],
             "below": 100.0 * float((values < row["published"])[~near].sum()) / len(values),
             "equal": 100.0 * float(near.mean()),
             "above": 100.0 * float((values > row["published"])[~near].sum()) / len(values),
             "tail": float(tails[k]), "missing": line["missing"], "source": row["source"]}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _parts(
    runs: VariantRuns, arm: str, published: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every variant's statistics, tail areas, differences and joint tail probabilities."""
    names = list(runs.trials)
    names.insert(1, UNCONFIRMED)
    both, long = [], []
    tails: dict[tuple[str, str], float] = {}
    for name in names:
        simulated = vectors(runs, name, arm, published)
        both.append(joint_tail(simulated, published).assign(variant=name))
        found = marginals(simulated, published)
        tails |= {(name, s): t for s, t in zip(found["statistic"], found["tail"], strict=True)}
        frame = simulated.replace(np.inf, np.nan).rename_axis("REPL").reset_index()
        long.append(frame.melt("REPL", var_name="ENDPOINT", value_name="VALUE")
                    .assign(VARIANT=name, ARM=arm))  # fmt: skip
    table = compare(
        pd.concat(long, ignore_index=True), arm, list(published["statistic"]), AS_IT_IS
    ).rename(columns={"endpoint": "statistic"})
    keys = zip(table["variant"], table["statistic"], strict=True)
    table["tail"] = [tails[key] for key in keys]
    table["published"] = table["statistic"].map(published.set_index("statistic")["published"])
    return table, pd.concat(both, ignore_index=True)

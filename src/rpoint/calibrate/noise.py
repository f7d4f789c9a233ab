"""How far measurements of the same thing stand apart, and the likelihood that follows from it.

The error of a target is a replicate part, independent from point to point, and a between-experiment
part that all points of one curve share (see SPLIT.md).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

PRIOR_DF = 4.0  # degrees of freedom that the pooled replicate variance counts for


def replicate_summary(
    frame: pd.DataFrame, by: list[str], value: str = "value", pool: float | None = None
) -> pd.DataFrame:
    """Mean over replicates with a shrunken standard deviation.

    Parameters
    ----------
    frame
        One row per replicate.
    by
        Columns that identify one target; kept in the result.
    value
        The measured column, on the scale of the target.
    pool
        Pooled standard deviation to shrink to; by default that of `frame` itself.

    Returns
    -------
    DataFrame
        `by` plus `value` (mean), `sd_replicate` (of one replicate) and `n`.
    """
    grouped = frame.groupby(by, dropna=False, sort=True)[value]
    table = grouped.agg(["mean", "std", "count"]).reset_index()
    df = table["count"].to_numpy() - 1.0
    own = np.nan_to_num(table["std"].to_numpy()) ** 2
    pooled = pooled_sd(frame, by, value) if pool is None else pool
    shrunken = np.sqrt((PRIOR_DF * pooled**2 + df * own) / (PRIOR_DF + df))
    table = table.drop(columns="std").rename(columns={"mean": "value", "count": "n"})
    table["sd_replicate"] = shrunken
    return table


def pooled_sd(frame: pd.DataFrame, by: list[str], value: str = "value") -> float:
    """Standard deviation within the groups `by`, pooled over them."""
    grouped = frame.groupby(by, dropna=False)[value]
    residual = frame[value] - grouped.transform("mean")
    df = len(frame) - grouped.ngroups
    return float(np.sqrt((residual**2).sum() / df))


def between_sd(means: pd.DataFrame, same: list[str]) -> float:
    """Standard deviation between experiments that measured the same thing (method of moments).

    Parameters
    ----------
    means
        One row per experiment and target, with `value`, `sd_replicate`, `n`.
    same
        Columns that say what was measured, without the experiment.
    """
    excess = []
    for _, rows in means.groupby(same, dropna=False):
        if len(rows) > 1:
            within = (rows["sd_replicate"] ** 2 / rows["n"]).mean()
            excess += [(len(rows) - 1, rows["value"].var() - within)]
    weight, variance = np.array(excess).T
    return float(np.sqrt(max(0.0, np.average(variance, weights=weight))))


def sd_total(targets: pd.DataFrame) -> pd.Series:
    """Standard deviation of a target's value: replicates averaged, plus between experiments."""
    return np.sqrt(targets["sd_replicate"] ** 2 / targets["n"] + targets["sd_between"] ** 2)


def log_likelihood(
    targets: pd.DataFrame, predicted: np.ndarray, discrepancy: float = 0.1
) -> np.ndarray:
    """Gaussian log likelihood of the targets, one value per parameter set.

    Parameters
    ----------
    targets
        Rows of `load_targets`, T of them.
    predicted
        (T,) or (n_sets, T): the model's value of every target, on the target's scale.
    discrepancy
        Standard deviation, on the scale of the targets, by which a model of this size may miss a
        single point even if the measurement were free of noise.  Without it the reporters, whose
        replicates agree within 2 %, would outvote everything else.

    Returns
    -------
    ndarray
        (n_sets,); minus infinity where a prediction is not finite.

    Notes
    -----
    Covariance of one curve: diag(v) + b b', v = sd_replicate**2/n + discrepancy**2 and
    b = sd_between; curves are independent.  Inverted by Sherman and Morrison.
    """
    residual = np.atleast_2d(predicted) - targets["value"].to_numpy()
    v = (targets["sd_replicate"] ** 2 / targets["n"]).to_numpy() + discrepancy**2
    b = targets["sd_between"].to_numpy()
    codes = pd.factorize(targets["curve"])[0]
    member = codes[:, None] == np.arange(codes.max() + 1)  # (T, curves)
    shared = 1.0 + (b**2 / v) @ member
    finite = np.isfinite(residual).all(axis=1)
    safe = np.where(finite[:, None], residual, 0.0)
    quadratic = (safe**2 / v).sum(axis=1) - (((safe * b / v) @ member) ** 2 / shared).sum(axis=1)
    log_det = np.log(v).sum() + np.log(shared).sum() + len(v) * np.log(2.0 * np.pi)
    return np.where(finite, -0.5 * (quadratic + log_det), -np.inf)


def whitener(targets: pd.DataFrame, discrepancy: float) -> np.ndarray:
    """Matrix that makes the targets' errors independent with unit variance, shape (T, T).

    The covariance is that of :func:`log_likelihood`; the squared length of a whitened residual is
    its generalised chi-square.
    """
    own = (targets["sd_replicate"] ** 2 / targets["n"]).to_numpy() + discrepancy**2
    between = targets["sd_between"].to_numpy()
    codes = pd.factorize(targets["curve"])[0]
    covariance = np.diag(own) + np.outer(between, between) * (codes[:, None] == codes)
    return np.linalg.inv(np.linalg.cholesky(covariance))

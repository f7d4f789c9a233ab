"""Plain predictors that a mechanism has to beat, each cross-validated by model.

`arm median` knows the drug alone, `arm × genotype median` also the one marker by which the drug is
chosen, `ridge on genotype` every alteration of the table.  Each gives a value and 50 and 90 %
intervals from its training rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpoint.panel.markers import genotype_columns, genotype_group
from rpoint.panel.ridge import fit_ridge

QUANTILES = {"lo90": 0.05, "lo50": 0.25, "predicted": 0.5, "hi50": 0.75, "hi90": 0.95}
MIN_GROUP = 5  # training models of one genotype; below, the whole arm's median is used
ARM_MEDIAN = "arm median"
GENOTYPE_MEDIAN = "arm × genotype median"
RIDGE = "ridge on genotype"
RIDGE_TYPE = "ridge on genotype and tumour type"

Predictor = Callable[[pd.DataFrame, pd.DataFrame, str], pd.DataFrame]


def cross_validate(table: pd.DataFrame, predictor: Predictor) -> pd.DataFrame:
    """Predict every row from the rows of the other folds of its arm.

    Parameters
    ----------
    table
        model_id, arm, measured (no missing), fold; one row per model and arm.
    predictor
        (training rows, held-out rows, arm) to `QUANTILES`' columns, one row per held-out row.

    Returns
    -------
    pandas.DataFrame
        The table's rows in its order, with the columns of `QUANTILES`.
    """
    found = table.assign(**dict.fromkeys(QUANTILES, np.nan))
    for arm, rows in table.groupby("arm", sort=False):
        for fold in sorted(rows["fold"].unique()):
            held = rows[rows["fold"] == fold]
            train = rows[rows["fold"] != fold]
            if len(train) < 2:
                continue
            found.loc[held.index, list(QUANTILES)] = predictor(train, held, str(arm)).to_numpy()
    return found


def arm_median(train: pd.DataFrame, held: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The training rows' median and quantiles, the same for every held-out row."""
    return _repeat(_quantiles(train["measured"]), held.index)


def genotype_median(states: pd.DataFrame) -> Predictor:
    """A predictor by the arm's own marker (`markers.arm_markers`).

    Parameters
    ----------
    states
        Canonical states of a panel, indexed by model_id.

    Notes
    -----
    Models whose marker is not known form a group of their own; a group of fewer than `MIN_GROUP`
    training models takes the arm's median.
    """

    def predict(train: pd.DataFrame, held: pd.DataFrame, arm: str) -> pd.DataFrame:
        group = genotype_group(states, arm)
        known = group.reindex(train["model_id"]).fillna("?").to_numpy()
        wanted = group.reindex(held["model_id"]).fillna("?").to_numpy()
        rows = np.tile(_quantiles(train["measured"]), (len(held), 1))
        for label in np.unique(wanted):
            values = train["measured"].to_numpy()[known == label]
            if len(values) >= MIN_GROUP:
                rows[wanted == label] = _quantiles(values)
        return pd.DataFrame(rows, index=held.index, columns=list(QUANTILES))

    return predict


def ridge_predictor(columns: pd.DataFrame) -> Predictor:
    """Ridge regression on columns indexed by model_id, fitted for each arm by itself.

    The intervals are the quantiles of the left-one-out residuals of the training rows about the
    prediction.
    """

    def predict(train: pd.DataFrame, held: pd.DataFrame, arm: str) -> pd.DataFrame:
        fit = fit_ridge(columns.reindex(train["model_id"]).to_numpy(), train["measured"])
        value = fit.predict(columns.reindex(held["model_id"]).to_numpy())
        rows = value[:, None] + _quantiles(fit.residuals)
        rows[:, list(QUANTILES).index("predicted")] = value
        return pd.DataFrame(rows, index=held.index, columns=list(QUANTILES))

    return predict


def ridge_columns(states: pd.DataFrame, types: Sequence[str] | None = None) -> pd.DataFrame:
    """Genotype columns for ridge, with one column that says "not genotyped" where some are not.

    Parameters
    ----------
    states
        Indexed by model_id.
    types
        Tumour type of each row: adds one column per type.
    """
    columns = genotype_columns(states)
    missing = columns.isna().all(axis=1)
    if missing.any():
        columns["not genotyped"] = missing.astype(float)
    if types is not None:
        kinds = pd.get_dummies(pd.Series(list(types), index=states.index), dtype=float)
        columns = pd.concat([columns, kinds.add_prefix("type:")], axis=1)
    return columns


def baselines(table: pd.DataFrame, states: pd.DataFrame, types: Sequence[str]) -> pd.DataFrame:
    """Every baseline, cross-validated; one row per baseline, model and arm.

    Parameters
    ----------
    table
        model_id, arm, measured, fold.
    states, types
        Genotype indexed by model_id, and the tumour type of each of its rows.

    Returns
    -------
    pandas.DataFrame
        predictor, and the columns of `cross_validate`.
    """
    predictors: dict[str, Predictor] = {
        ARM_MEDIAN: arm_median,
        GENOTYPE_MEDIAN: genotype_median(states),
        RIDGE: ridge_predictor(ridge_columns(states)),
        RIDGE_TYPE: ridge_predictor(ridge_columns(states, types)),
    }
    parts = [
        cross_validate(table, predictor).assign(predictor=name)
        for name, predictor in predictors.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _quantiles(values: pd.Series | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.quantile(np.asarray(values, dtype=float), list(QUANTILES.values()))


def _repeat(row: NDArray[np.float64], index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(np.tile(row, (len(index), 1)), index=index, columns=list(QUANTILES))

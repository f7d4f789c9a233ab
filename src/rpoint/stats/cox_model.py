"""The data of a Cox model: standardised covariates, strata, and the likelihood of their ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.stats.cox_exact import ExactLikelihood, check_size
from rpoint.stats.cox_likelihood import Block, Likelihood, TiedLikelihood, blocks
from rpoint.stats.survival_data import Floats, FollowUp, Labels

Ties = Literal["efron", "breslow", "exact"]
TIES: tuple[Ties, ...] = get_args(Ties)


@dataclass(frozen=True)
class CoxData:
    """What a Cox model is fitted to.

    Attributes
    ----------
    follow_up, strata
        Checked.
    names
        (p,) columns.
    terms
        (p,) the covariate to which each column belongs (several for one of text).
    scale
        (p,) standard deviations: x of the blocks is (covariate − mean) / scale.
    blocks
        Strata with events, standardised.
    ties
        How ties are counted.
    """

    follow_up: FollowUp
    strata: Labels
    names: tuple[str, ...]
    terms: tuple[str, ...]
    scale: Floats
    blocks: Sequence[Block]
    ties: Ties

    @property
    def likelihood(self) -> Likelihood:
        """The partial likelihood of standardised coefficients."""
        if self.ties == "exact":
            return ExactLikelihood(self.blocks)
        return TiedLikelihood(self.blocks)


def prepare(
    follow_up: FollowUp, covariates: Any, strata: Labels, ties: Ties, names: Sequence[str] | None
) -> CoxData:
    """Standardise and sort; refuse what has no answer.

    Raises
    ------
    RpointError
        For covariates that are missing, constant or linear combinations of others.
    """
    if ties not in TIES:
        raise unknown_name("way of counting ties", ties, TIES, where="ties")
    x, columns, terms = design(covariates, names)
    if len(x) != follow_up.n:
        raise RpointError(
            "each patient needs one row of covariates", found=f"{len(x)} for {follow_up.n}"
        )
    scale = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    _check_rank(standard, scale, columns, strata)
    made = blocks(follow_up, standard, strata, ties)
    if ties == "exact":
        check_size(made)
    return CoxData(follow_up, strata, columns, terms, scale, made, ties)


def design(
    covariates: Any, names: Sequence[str] | None = None
) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """The matrix of covariates, its columns' names and their terms.

    Numbers and flags are taken as they are; a column of text becomes one 0/1 column for each value
    but the first in alphabetical order, named ``column=value``.

    Parameters
    ----------
    covariates
        DataFrame, or an array (n,) or (n, p).
    names
        Names of an array's columns ("x1", ... without).

    Raises
    ------
    RpointError
        For a missing value or a column of text with one value.
    """
    frame = _frame(covariates, names)
    columns: dict[str, Floats] = {}
    terms = []
    for name in frame.columns:
        column = frame[name]
        missing = np.flatnonzero(column.isna().to_numpy())
        if len(missing):
            rows = ", ".join(str(i + 1) for i in missing[:8].tolist())
            more = f", … ({len(missing)} in all)" if len(missing) > 8 else ""
            raise RpointError(
                f"the covariate {name} is missing in some rows", where=f"rows {rows}{more}"
            )
        made = _columns(str(name), column)
        columns |= made
        terms += [str(name)] * len(made)
    if not columns:
        raise RpointError("a Cox model needs a covariate", found="none")
    x = np.column_stack(list(columns.values()))
    if not np.isfinite(x).all():
        bad = np.argwhere(~np.isfinite(x))[0]
        raise RpointError(
            "a covariate is not finite", where=f"row {bad[0] + 1}, {list(columns)[bad[1]]}"
        )
    return x, tuple(columns), tuple(terms)


def _frame(covariates: Any, names: Sequence[str] | None) -> pd.DataFrame:
    if isinstance(covariates, pd.DataFrame):
        return covariates
    if isinstance(covariates, pd.Series):
        return covariates.to_frame(covariates.name or "x1")
    array = np.asarray(covariates)
    array = array[:, None] if array.ndim == 1 else array
    titles = list(names) if names is not None else [f"x{i + 1}" for i in range(array.shape[1])]
    return pd.DataFrame(array, columns=titles)


def _columns(name: str, column: pd.Series) -> dict[str, Floats]:
    if column.dtype.kind in "biuf":
        return {name: column.to_numpy(np.float64)}
    values = column.astype(str)
    levels = sorted(values.unique())
    if len(levels) < 2:
        raise RpointError(f"the covariate {name} has one value alone", found=levels[0])
    return {f"{name}={level}": (values == level).to_numpy(np.float64) for level in levels[1:]}


def _check_rank(x: Floats, scale: Floats, names: tuple[str, ...], strata: Labels) -> None:
    """Refuse columns without information within strata, naming them."""
    within = x.copy()
    for layer in range(strata.count):
        rows = strata.code == layer
        within[rows] -= within[rows].mean(axis=0)
    basis: list[Floats] = []
    for j, name in enumerate(names):
        column = within[:, j]
        left = column - sum((b * (b @ column) for b in basis), np.zeros_like(column))
        left = left - sum((b * (b @ left) for b in basis), np.zeros_like(column))
        size = float(np.linalg.norm(left))
        if not scale[j] > 0 or size <= 1e-8 * max(float(np.linalg.norm(x[:, j])), 1e-300):
            own = float(np.linalg.norm(column)) <= 1e-8 * max(float(np.linalg.norm(x[:, j])), 1e-9)
            why = "does not vary" if own else "follows from the covariates before it"
            inside = " within the strata" if strata.count > 1 and own else ""
            raise RpointError(
                f"the covariate {name} {why}{inside}",
                where="covariates",
                mend=f"leave {name} out",
            )
        basis.append(left / size)

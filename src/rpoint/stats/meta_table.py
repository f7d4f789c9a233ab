"""From a checked table of studies to its meta-analysis or meta-regression."""

from __future__ import annotations

import os
from dataclasses import replace

import pandas as pd

from rpoint.errors import RpointError
from rpoint.stats import effects
from rpoint.stats.covariate_error import ErrorModel
from rpoint.stats.meta import (
    Measure,
    Meta,
    Test,
    Transform,
    meta_effects,
    meta_proportions,
    meta_two_groups,
)
from rpoint.stats.meta_regression import Regression, Scale, meta_regression
from rpoint.stats.study_table import Studies, read_studies


def meta(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    method: str | None = None,
    transform: Transform = "logit",
    test: Test = "z",
    measure: Measure = "odds ratio",
    level: float = 0.95,
) -> Meta:
    """Pool the studies of a table: proportions, two groups, ratios or effects, by its columns.

    Parameters
    ----------
    source
        CSV, Parquet, "example:bcg", "example:vasospasm" or a DataFrame; see
        `rpoint.stats.study_table`.
    method, transform, test, level
        As in `rpoint.stats.meta.meta_proportions`; the method left out is the GLMM for proportions
        on the logit scale, else REML.
    measure
        Of two groups: "odds ratio", "risk ratio" or "risk difference".

    Raises
    ------
    RpointError
        For a table or options that are not allowed; every wrong row is named.

    >>> found = meta("example:bcg", measure="risk ratio")
    >>> print(f"{found.estimate:.3f} ({found.pi_lo:.3f} to {found.pi_hi:.3f})")
    0.489 (0.155 to 1.549)
    """
    return meta_of(
        read_studies(source, least=2), method=method, transform=transform, test=test,
        measure=measure, level=level,
    )  # fmt: skip


def meta_of(
    studies: Studies,
    *,
    method: str | None = None,
    transform: Transform = "logit",
    test: Test = "z",
    measure: Measure = "odds ratio",
    level: float = 0.95,
) -> Meta:
    """Pool a table of any kind; `method` left out is the GLMM for proportions on the logit scale,
    else REML."""
    frame, names = studies.frame, studies.frame["study"]
    if studies.kind == "proportion":
        plain = transform == "logit" and test != "hk"
        return meta_proportions(
            frame["x"], frame["n"], study=names, method=method or ("GLMM" if plain else "REML"),
            transform=transform, test=test, level=level,
        )  # fmt: skip
    if transform != "logit":
        raise RpointError(
            "a transformation is for proportions",
            where="transform",
            found=f"{transform} with a table of kind {studies.kind!r}",
        )
    if studies.kind == "two groups":
        return meta_two_groups(
            frame["x1"], frame["n1"], frame["x2"], frame["n2"], study=names, measure=measure,
            method=method or "REML", test=test, level=level,
        )  # fmt: skip
    if studies.kind == "ratio":
        y, v = effects.from_interval(frame["estimate"], frame["lo"], frame["hi"])
        found = meta_effects(
            y, v, study=names, method=method or "REML", test=test, level=level, log=True,
            measure="ratio",
        )  # fmt: skip
        # The limits as they were published, not those that the variance gives back.
        as_given = frame[["lo", "hi"]].reset_index(drop=True)
        return replace(found, studies=found.studies.assign(**as_given.to_dict("series")))
    return meta_effects(
        frame["y"], frame["v"], study=names, method=method or "REML", test=test, level=level
    )


def regression_of(
    studies: Studies,
    *,
    covariate: str | None = None,
    counts: tuple[str, str] | None = None,
    source: str | None = None,
    error: ErrorModel = "structural",
    scale: Scale = "identity",
    level: float = 0.95,
) -> Regression:
    """Regress the proportions of a table on one of its columns, or on counts of two."""
    if (covariate is None) == (counts is None):
        raise RpointError("name one covariate, or its two columns of counts")
    name = covariate if counts is None else " / ".join(counts)
    frame = studies.frame
    return meta_regression(
        frame["x"],
        frame["n"],
        None if covariate is None else studies.numbers(covariate),
        covariate_counts=None if counts is None else studies.counts(*counts),
        source=None if source is None else studies.column(source),
        error=error,
        scale=scale,
        study=frame["study"],
        name=name or "covariate",
        level=level,
    )

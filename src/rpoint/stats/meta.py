"""Meta-analysis of proportions, of two-group comparisons and of any effect with its variance.

Proportions are pooled by the binomial–normal model (`rpoint.stats.glmm`) unless asked otherwise.
The Freeman–Tukey double arcsine is there to reproduce published numbers and carries its warning
(Schwarzer et al. 2019, doi:10.1002/jrsm.1348; Röver & Friede 2022, doi:10.1002/jrsm.1591).  A
prediction interval comes with every result.  Numbers agree with metafor's; where its iterations
stop early ours are the converged ones.

Not here: publication bias, network and multivariate meta-analysis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError, nearest_name, unknown_name
from rpoint.stats import effects
from rpoint.stats._counts import Floats, check_counts, check_level
from rpoint.stats.glmm import fit_glmm
from rpoint.stats.meta_result import Meta
from rpoint.stats.proportions import limits
from rpoint.stats.random_effects import TAU2_METHODS, MixedFit, fit_mixed

Transform = Literal["logit", "arcsine", "freeman-tukey"]
Test = Literal["z", "t", "hk"]
Measure = Literal["risk ratio", "odds ratio", "risk difference"]
METHODS = ("GLMM", *TAU2_METHODS)
TRANSFORMS: tuple[Transform, ...] = get_args(Transform)
TESTS: tuple[Test, ...] = get_args(Test)
MEASURES: tuple[Measure, ...] = get_args(Measure)

FEW = 5
NOTE_FEW = (
    "fewer than 5 studies: τ² and the prediction interval are hardly known; consider test='hk'"
)
NOTE_FT = (
    "Freeman–Tukey: the way back from its scale depends on the harmonic mean of the sizes and can "
    "mislead (Schwarzer 2019; Röver & Friede 2022); for reproducing published numbers only, "
    "compare with the GLMM"
)
NOTE_CORRECTED = "½ was added to the counts of studies without, or with only, events"
NOTE_COMMON = "a common effect is assumed: the prediction interval equals the interval"
NOTE_INFINITE = "the model has no proper maximum for these counts: do not use the pooled value"


def meta_proportions(
    x: Any,
    n: Any,
    *,
    study: Any = None,
    method: str = "GLMM",
    transform: Transform = "logit",
    test: Test = "z",
    level: float = 0.95,
) -> Meta:
    """Pool proportions of several studies.

    Parameters
    ----------
    x, n
        Events and totals, (k,).
    study
        Names (k,), all different; left out, numbers from 1.
    method
        "GLMM" (needs the logit), "REML", "DL", "PM", "ML" or "FE"; letter case is ignored.
    transform
        "logit", "arcsine" or "freeman-tukey".
    test
        "z" normal; "t" t with k − 1 degrees of freedom; "hk" Hartung–Knapp (not for the GLMM).
    level
        Of all intervals.

    Returns
    -------
    Meta
        With fractions, 0–1.

    Raises
    ------
    RpointError
        For counts, names or options that are not allowed, and where nothing can be estimated.

    >>> six = meta_proportions([12, 10, 6, 56, 39, 29], [131, 34, 155, 406, 152, 270])
    >>> print(f"{six.estimate:.4f} ({six.lo:.4f} to {six.hi:.4f})")
    0.1297 (0.0765 to 0.2114)
    """
    method = _method(method, METHODS)
    _options(test, transform)
    if method == "GLMM" and (transform != "logit" or test == "hk"):
        raise RpointError(
            "the GLMM works on the logit scale with the tests 'z' and 't'",
            found=f"transform {transform!r}, test {test!r}",
            mend="choose method='REML' for another scale or for Hartung–Knapp",
        )
    events, totals = (np.atleast_1d(a) for a in check_counts(x, n))
    run = _glmm if method == "GLMM" else _normal
    again = partial(
        _subset, run, events, totals, _names(study, len(events)), method, transform, test,
        check_level(level),
    )  # fmt: skip
    return again(np.arange(len(events)))


def _subset(run, x, n, names, method, transform, test, level, keep) -> Meta:
    found = run(x[keep], n[keep], names[keep], method, transform, test, level)
    again = partial(_subset, run, x[keep], n[keep], names[keep], method, transform, test, level)
    return replace(found, again=again)


def _studies(x: Any, n: Any, names: Any, level: float) -> pd.DataFrame:
    lo, hi = limits(x, n, level=level)
    table = {"study": names, "x": x, "n": n, "estimate": x / n, "lo": lo, "hi": hi}
    return pd.DataFrame({**table, "weight_pct": np.nan})


def _glmm(x, n, names, method, transform, test, level) -> Meta:
    fit = fit_glmm(x, n)
    y, v = effects.logit(x, n)
    typical = fit_mixed(y, v, method="FE") if len(x) > 1 else None
    df = len(x) - 1 if test == "t" else None
    b, se = float(fit.coef[0]), float(fit.se[0])
    lrt = 2 * (float(_saturated(x, n)) - fit_without_variance(x, n))
    wald = wald_heterogeneity(x, n)
    spread = 100 * fit.tau2 / (fit.tau2 + _typical_variance(v)) if typical else np.nan
    ends = _ends(b, se, fit.tau2, _quantile(level, df), effects.inverse_logit)
    notes = [] if fit.converged else [NOTE_INFINITE]
    return Meta(
        measure="proportion", method="GLMM", transform=transform, test=test,
        studies=_studies(x, n, names, level), **ends, b=b, se=se,
        tau2=fit.tau2, tau2_lo=np.nan, tau2_hi=np.nan, i2=spread,
        q=wald, q_df=len(x) - 1, q_p=float(stats.chi2.sf(wald, len(x) - 1)),
        lrt=lrt, lrt_p=float(stats.chi2.sf(lrt, len(x) - 1)), df=df, level=level,
        notes=_notes(len(x), notes),
    )  # fmt: skip


def _typical_variance(v: Floats) -> float:
    """The sampling variance that stands for all in I² (Higgins & Thompson 2002)."""
    w = 1 / v
    return float((len(v) - 1) / (w.sum() - (w**2).sum() / w.sum()))


def _saturated(x: Any, n: Any) -> float:
    return stats.binom.logpmf(x, n, x / n).sum()


def fit_without_variance(x: Any, n: Any) -> float:
    """Log-likelihood of one common proportion."""
    return float(stats.binom.logpmf(x, n, x.sum() / n.sum()).sum())


def wald_heterogeneity(x: Any, n: Any) -> float:
    """Cochran's Q of the uncorrected logits; those of 0/n and n/n, infinite, add nothing."""
    inner = (x > 0) & (x < n)
    if inner.sum() < 2:
        return 0.0
    return fit_mixed(*effects.logit(x[inner], n[inner]), method="FE").q


def _normal(x, n, names, method, transform, test, level) -> Meta:
    y, v = getattr(effects, transform.replace("-", "_"))(x, n)
    harmonic = len(n) / float(np.sum(1 / n))
    back: Any = {
        "logit": effects.inverse_logit,
        "arcsine": effects.inverse_arcsine,
        "freeman-tukey": partial(effects.inverse_freeman_tukey, n=harmonic),
    }[transform]
    notes = [NOTE_FT] if transform == "freeman-tukey" else []
    if transform == "logit" and np.any((x == 0) | (x == n)):
        notes.append(NOTE_CORRECTED)
    table = _studies(x, n, names, level)
    return _pool(y, v, table, "proportion", method, transform, test, level, back, notes)


def meta_effects(
    y: Any,
    v: Any,
    *,
    study: Any = None,
    method: str = "REML",
    test: Test = "z",
    level: float = 0.95,
    log: bool = False,
    measure: str = "effect",
) -> Meta:
    """Pool any effects with known sampling variances.

    Parameters
    ----------
    y, v
        Effects and variances, (k,).
    study, test, level
        As in `meta_proportions`.
    method
        "REML", "DL", "PM", "ML" or "FE".
    log
        Whether `y` is the log of a ratio: estimates and intervals are then given as ratios.
    measure
        What the effect is, for the text.

    Raises
    ------
    RpointError
        For effects, variances, names or options that are not allowed.
    """
    method = _method(method, TAU2_METHODS)
    _options(test, "logit")
    effect, variance = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (y, v))
    again = partial(
        _effects_subset, effect, variance, _names(study, len(effect)), method, test,
        check_level(level), log, measure,
    )  # fmt: skip
    return again(np.arange(len(effect)))


def _effects_subset(y, v, names, method, test, level, log, measure, keep) -> Meta:
    y, v, names = y[keep], v[keep], names[keep]
    back, scale = (np.exp, "log") if log else (_same, "identity")
    half = _quantile(level, None) * np.sqrt(np.abs(v))
    table = pd.DataFrame(
        {"study": names, "estimate": back(y), "lo": back(y - half), "hi": back(y + half)}
    )
    found = _pool(y, v, table, measure, method, scale, test, level, back, [])
    again = partial(_effects_subset, y, v, names, method, test, level, log, measure)
    return replace(found, again=again)


def _same(y: Any) -> Any:
    return y


def meta_two_groups(
    x1: Any,
    n1: Any,
    x2: Any,
    n2: Any,
    *,
    measure: Measure = "odds ratio",
    study: Any = None,
    method: str = "REML",
    test: Test = "z",
    level: float = 0.95,
) -> Meta:
    """Pool comparisons of two groups: risk ratio, odds ratio or risk difference of group 1 to 2.

    Parameters
    ----------
    x1, n1, x2, n2
        Events and totals of both groups, (k,).
    measure
        "risk ratio", "odds ratio" (both on the log scale) or "risk difference".
    study, method, test, level
        As in `meta_effects`.
    """
    if measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES, where="measure")
    kernel = (
        effects.risk_difference
        if measure == "risk difference"
        else getattr(effects, "log_" + measure.replace(" ", "_"))
    )
    y, v = kernel(x1, n1, x2, n2)
    log = measure != "risk difference"
    return meta_effects(
        y, v, study=study, method=method, test=test, level=level, log=log, measure=measure
    )


def _pool(y, v, table, measure, method, scale, test, level, back: Callable, notes) -> Meta:
    fit = fit_mixed(y, v, method=method, hartung_knapp=test == "hk", level=level)
    df = fit.k - 1 if test in ("t", "hk") else None
    b, se = float(fit.coef[0]), float(fit.se[0])
    weight = 1 / (v + fit.tau2)
    if method == "FE":
        notes = [*notes, NOTE_COMMON]
    return Meta(
        measure=measure, method=method, transform=scale, test=test,
        studies=table.assign(weight_pct=100 * weight / weight.sum()),
        **_ends(b, se, fit.tau2, _quantile(level, df), back), b=b, se=se,
        **_heterogeneity(fit), df=df, level=level, notes=_notes(fit.k, notes),
    )  # fmt: skip


def _heterogeneity(fit: MixedFit) -> dict[str, Any]:
    keys = ("tau2", "tau2_lo", "tau2_hi", "i2", "q", "q_df", "q_p")
    return {key: getattr(fit, key) for key in keys}


def _ends(b: float, se: float, tau2: float, quantile: float, back: Callable) -> dict[str, Any]:
    """Estimate, interval and prediction interval on the natural scale."""
    ahead = quantile * np.sqrt(se**2 + tau2)
    at = {"estimate": b, "lo": b - quantile * se, "hi": b + quantile * se}
    at |= {"pi_lo": b - ahead, "pi_hi": b + ahead}
    return {name: float(back(value)) for name, value in at.items()}


def _quantile(level: float, df: int | None) -> float:
    upper = (1 + level) / 2
    return float(stats.norm.ppf(upper) if df is None else stats.t.ppf(upper, df))


def _notes(k: int, notes: list[str]) -> tuple[str, ...]:
    return (*notes, NOTE_FEW) if k < FEW else tuple(notes)


def _method(method: str, allowed: tuple[str, ...]) -> str:
    name = str(method).upper()
    if name not in allowed:
        raise unknown_name("method", method, allowed, where="method")
    return name


def _options(test: str, transform: str) -> None:
    if test not in TESTS:
        raise unknown_name("test", test, TESTS, where="test")
    if transform not in TRANSFORMS:
        raise unknown_name("transform", transform, TRANSFORMS, where="transform")


def _names(study: Any, k: int) -> np.ndarray:
    names = [str(i + 1) for i in range(k)] if study is None else [str(s).strip() for s in study]
    if len(names) != k:
        raise RpointError(
            "there are not as many study names as studies", found=f"{len(names)} names, {k} studies"
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        first = repeated[0]
        raise RpointError(
            "a study is there twice",
            where=", ".join(f"entry {i + 1}" for i, s in enumerate(names) if s == first),
            found=first,
            nearest=nearest_name(first, set(names) - {first}),
            mend="give different names, or keep one: patients must not be counted twice",
        )
    return np.array(names, dtype=object)

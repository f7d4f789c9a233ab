"""Cox's proportional hazards model.

Ties by Efron (default), Breslow or the exact discrete likelihood; several covariates; strata; Wald
and profile likelihood intervals; Wald, score and likelihood-ratio tests; concordance; the test of
proportional hazards.  A likelihood without a finite maximum (every event in one arm, for one) is
found and told in `status`: such a coefficient is infinite, its Wald interval does not exist, and
its profile interval has one finite end.

Not supported: left truncation, covariates that change with time, case weights, frailty, robust
variances.  Sources: Cox 1972; Therneau & Grambsch 2000 (doi:10.1007/978-1-4757-3294-8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from rpoint.errors import RpointError
from rpoint.stats._counts import check_level
from rpoint.stats.cox_checks import Concordance, concordance, proportional_hazards
from rpoint.stats.cox_model import CoxData, Ties, prepare
from rpoint.stats.cox_monotone import SUSPICIOUS, infinite_direction
from rpoint.stats.cox_newton import Optimum, maximise, profile_limit
from rpoint.stats.km_limits import normal_quantile
from rpoint.stats.survival_data import (
    Floats,
    FollowUp,
    Labels,
    check_follow_up,
    labels,
    one_stratum,
    p_text,
)

ADVICE = {
    "converged": "",
    "monotone likelihood": (
        "a coefficient is infinite: along it every event has the largest value of its risk set; "
        "use the likelihood-ratio test and the profile interval, not Wald's"
    ),
    "not converged": "the maximum was not found; standardise or leave out covariates",
    "no information": "no event stands in a risk set of two patients that differ",
}


@dataclass(frozen=True)
class Test:
    """A χ² test: statistic, degrees of freedom, p."""

    statistic: float
    df: int
    p: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return dict(self.__dict__)


def chi2_test(statistic: float, df: int) -> Test:
    """A χ² test; p is NaN without a statistic."""
    return Test(float(statistic), df, float(stats.chi2.sf(statistic, df)))


@dataclass(frozen=True, repr=False)
class Cox:
    """A fitted Cox model.

    Attributes
    ----------
    names
        (p,) columns of the model.
    coef, std_error
        (p,) log hazard ratios and their standard errors; ±∞ and NaN for an infinite one.
    covariance
        (p, p) inverse information.
    level
        Of the intervals.
    n, events, strata
        Patients, events and number of strata.
    ties
        "efron", "breslow" or "exact".
    loglik_null, loglik
        Log partial likelihoods at 0 and at the maximum.
    likelihood_ratio, wald, score
        Tests of the whole model.
    status, advice
        "converged", "monotone likelihood", "not converged" or "no information"; what to do.
    """

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    covariance: Floats
    level: float
    n: int
    events: int
    strata: int
    ties: Ties
    loglik_null: float
    loglik: float
    likelihood_ratio: Test
    wald: Test
    score: Test
    status: str
    _data: CoxData = field(repr=False)
    _best: Floats = field(repr=False)

    @property
    def advice(self) -> str:
        """What a status other than "converged" asks for."""
        return ADVICE[self.status]

    @property
    def hazard_ratio(self) -> Floats:
        """(p,) e^coef."""
        with np.errstate(over="ignore"):
            return np.exp(self.coef)

    def to_frame(self) -> pd.DataFrame:
        """One row a column: covariate, coef, std_error, hr, lo, hi (Wald), z, p."""
        half = normal_quantile(self.level) * self.std_error
        z = self.coef / self.std_error
        with np.errstate(over="ignore"):
            lo, hi = np.exp(self.coef - half), np.exp(self.coef + half)
        return pd.DataFrame(
            {
                "covariate": self.names,
                "coef": self.coef,
                "std_error": self.std_error,
                "hr": self.hazard_ratio,
                "lo": lo,
                "hi": hi,
                "z": z,
                "p": 2 * special.ndtr(-np.abs(z)),
            }
        )

    def profile(self, level: float | None = None) -> pd.DataFrame:
        """Profile likelihood intervals of the hazard ratios.

        Returns
        -------
        pandas.DataFrame
            covariate, hr, lo, hi; 0 or infinite where the profile never falls far enough.
        """
        wanted = self.level if level is None else check_level(level)
        drop = 0.5 * float(stats.chi2.ppf(wanted, 1))
        rows = []
        for j, name in enumerate(self.names):
            lo, hi = (self._profile_end(j, drop, side) for side in (-1.0, 1.0))
            rows.append((name, self.hazard_ratio[j], lo, hi))
        return pd.DataFrame(rows, columns=["covariate", "hr", "lo", "hi"])

    def _profile_end(self, j: int, drop: float, side: float) -> float:
        if self.coef[j] == side * np.inf:
            return float(np.exp(side * np.inf))
        scale = self._data.scale[j]
        error = self.std_error[j] * scale
        step = side * (normal_quantile(self.level) * error if np.isfinite(error) else 1.0)
        at = profile_limit(self._data.likelihood, self._best, self.loglik, j, drop, step)
        return float(np.exp(at / scale))

    def concordance(self) -> Concordance:
        """Harrell's C of the model's risk, pairs within strata, with its standard error."""
        risk = np.zeros(self.n)
        for block in self._data.blocks:
            risk[block.index] = block.x @ self._best
        return concordance(self._data.follow_up, risk, self._data.strata)

    def proportional_hazards(self, transform: str = "km") -> pd.DataFrame:
        """Score test of proportional hazards (Grambsch & Therneau), as R's cox.zph.

        Parameters
        ----------
        transform
            Of time: "km" (1 − pooled Kaplan–Meier just before t), "identity", "log" or "rank".

        Returns
        -------
        pandas.DataFrame
            term, statistic, df, p; the last row is the global test.
        """
        if self.status != "converged":
            raise RpointError(
                "proportional hazards cannot be tested", where=self.status, mend=self.advice
            )
        return proportional_hazards(self._data, self._best, transform)

    def tests(self) -> pd.DataFrame:
        """The three tests of the whole model: test, statistic, df, p."""
        kinds = ("likelihood_ratio", "wald", "score")
        return pd.DataFrame([{"test": k, **getattr(self, k).to_dict()} for k in kinds])

    def to_dict(self) -> dict[str, Any]:
        """Everything but the data, plain."""
        return {
            "status": self.status,
            "advice": self.advice,
            "n": self.n,
            "events": self.events,
            "strata": self.strata,
            "ties": self.ties,
            "level": self.level,
            "loglik_null": self.loglik_null,
            "loglik": self.loglik,
            "coefficients": self.to_frame().to_dict("records"),
            "tests": self.tests().to_dict("records"),
        }

    def summary(self) -> str:
        """A line for each hazard ratio, and the status if there is something to say."""
        lines = [
            f"{r.covariate}: HR {r.hr:.3g} ({r.lo:.3g}–{r.hi:.3g}), {p_text(r.p)}"
            for r in self.to_frame().itertuples()
        ]
        head = f"{self.events} events in {self.n}, {self.ties} ties"
        tail = [] if self.status == "converged" else [f"{self.status}: {self.advice}"]
        return "\n".join([head, *lines, *tail])

    def __repr__(self) -> str:
        return f"<Cox {self.summary()}>"


def cox(
    time: Any,
    event: Any,
    covariates: Any,
    *,
    strata: Any = None,
    ties: Ties = "efron",
    level: float = 0.95,
    names: Sequence[str] | None = None,
) -> Cox:
    """Fit Cox's model.

    Parameters
    ----------
    time, event
        As in `kaplan_meier`.
    covariates
        DataFrame or array (n,) or (n, p); text becomes 0/1 columns against the first value.
    strata
        (n,) labels; each stratum has a baseline hazard of its own.
    ties
        "efron", "breslow" or "exact" (discrete times, small data).
    level
        Of the intervals, 0–1.
    names
        Of an array's columns.

    Raises
    ------
    RpointError
        For data or options that are not allowed; no events; a covariate without information.

    Examples
    --------
    >>> fit = cox([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 1], [1, 0, 1, 1, 0, 0], names=["arm"])
    >>> print(fit.summary())
    5 events in 6, efron ties
    arm: HR 2.92 (0.26–32.9), p = 0.385
    """
    check_level(level)
    data = check_follow_up(time, event)
    layers = one_stratum(data.n) if strata is None else labels(strata, data.n, what="stratum")
    return cox_of(data, covariates, layers, ties=ties, level=level, names=names)


def cox_of(
    data: FollowUp,
    covariates: Any,
    strata: Labels,
    *,
    ties: Ties = "efron",
    level: float = 0.95,
    names: Sequence[str] | None = None,
) -> Cox:
    """Fit to checked data."""
    if not data.event.any():
        raise RpointError("there are no events", where="event", found=f"{data.n} censored times")
    model = prepare(data, covariates, strata, ties, names)
    p = len(model.names)
    null = model.likelihood(np.zeros(p))
    best = maximise(model.likelihood, np.zeros(p))
    status, infinite = _judge(model, best)
    coef = np.where(infinite != 0, np.copysign(np.inf, infinite), best.beta / model.scale)
    covariance = _covariance(best, infinite) / np.outer(model.scale, model.scale)
    with np.errstate(invalid="ignore"):
        std_error = np.sqrt(np.diag(covariance))
    wald = float("nan")
    if status == "converged":
        wald = float(best.beta @ best.value.information @ best.beta)
    score = _quadratic(null.score, null.information)
    return Cox(
        names=model.names, coef=coef, std_error=std_error, covariance=covariance, level=level,
        n=data.n, events=int(data.event.sum()), strata=strata.count, ties=ties,
        loglik_null=null.loglik, loglik=best.value.loglik,
        likelihood_ratio=chi2_test(2 * (best.value.loglik - null.loglik), p),
        wald=chi2_test(wald, p), score=chi2_test(score, p),
        status=status, _data=model, _best=best.beta,
    )  # fmt: skip


def _judge(model: CoxData, best: Optimum) -> tuple[str, Floats]:
    """The status, and the direction along which coefficients are infinite (0: finite)."""
    finite = np.zeros(len(best.beta))
    spread = np.max([np.ptp(b.x, axis=0) for b in model.blocks], axis=0)
    information = np.diag(best.value.information)
    if not (information > 1e-12).all() and not np.abs(best.value.score).max() > 1e-9:
        if np.abs(best.beta).max() < 1e-9:
            return "no information", finite
    if not best.converged or (np.abs(best.beta) * spread).max() > SUSPICIOUS:
        direction = infinite_direction(model.blocks, model.ties)
        if direction is not None:
            return "monotone likelihood", direction
    return ("converged" if best.converged else "not converged"), finite


def _covariance(best: Optimum, infinite: Floats) -> Floats:
    """Inverse information of the finite coefficients, NaN for the others."""
    covariance = np.full((len(infinite), len(infinite)), np.nan)
    finite = np.ix_(infinite == 0, infinite == 0)
    try:
        covariance[finite] = np.linalg.inv(best.value.information[finite])
    except np.linalg.LinAlgError:
        pass  # stays NaN: undefined
    return covariance


def _quadratic(score: Floats, information: Floats) -> float:
    try:
        return float(score @ np.linalg.solve(information, score))
    except np.linalg.LinAlgError:
        return float("nan")

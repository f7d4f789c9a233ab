"""What a meta-analysis gives back: pooled value, intervals, heterogeneity, the studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Again = Callable[[np.ndarray], "Meta"]  # the same analysis of the studies with these indices


@dataclass(frozen=True)
class Meta:
    """A pooled estimate with its intervals.

    Attributes
    ----------
    measure
        What is pooled: "proportion", "risk ratio", "odds ratio", "risk difference", "effect" ...
    method, transform, test
        Estimator ("GLMM", "REML", "DL", "PM", "ML", "FE"), scale of the model ("logit", "arcsine",
        "freeman-tukey", "log", "identity") and reference distribution ("z", "t", "hk").
    studies
        One row a study: study, x and n (proportions), estimate, lo, hi, weight_pct (NaN for the
        GLMM, which has no weights).  Proportions have Clopper–Pearson limits.
    estimate, lo, hi
        Pooled value and interval on the natural scale; proportions are fractions.
    pi_lo, pi_hi
        Prediction interval: where the true value of a further study lies.
    b, se
        Pooled value and standard error on the scale of the model.
    tau2, tau2_lo, tau2_hi
        Variance between studies on the scale of the model, and its Q-profile interval (NaN for the
        GLMM).
    i2
        Percent of the variance that is between studies.
    q, q_df, q_p
        Cochran's Q (for the GLMM the Wald form), degrees of freedom, p.
    lrt, lrt_p
        Likelihood-ratio test of heterogeneity of the GLMM, else NaN.
    df
        Degrees of freedom of the t distribution, None for the normal.
    level
        Of every interval.
    notes
        What a reader must know before using the numbers.
    """

    measure: str
    method: str
    transform: str
    test: str
    studies: pd.DataFrame
    estimate: float
    lo: float
    hi: float
    pi_lo: float
    pi_hi: float
    b: float
    se: float
    tau2: float
    tau2_lo: float
    tau2_hi: float
    i2: float
    q: float
    q_df: int
    q_p: float
    lrt: float = np.nan
    lrt_p: float = np.nan
    df: int | None = None
    level: float = 0.95
    notes: tuple[str, ...] = ()
    again: Again | None = field(default=None, repr=False, compare=False)

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.studies)

    def value(self, number: float) -> str:
        """A value of the natural scale as text: percent for proportions."""
        return f"{100 * number:.1f} %" if self.measure == "proportion" else f"{number:.3g}"

    def _range(self, lo: float, hi: float) -> str:
        if self.measure == "proportion":
            return f"{100 * lo:.1f}–{100 * hi:.1f}"
        return f"{lo:.3g} to {hi:.3g}"

    def summary(self) -> str:
        """The result in a few lines, prediction interval, heterogeneity and notes included."""
        percent = f"{100 * self.level:g} %"
        lines = [
            f"{self.measure}, {self.k} studies, {self.method} on the {self.transform} scale: "
            f"{self.value(self.estimate)} ({percent} interval {self._range(self.lo, self.hi)}; "
            f"prediction interval {self._range(self.pi_lo, self.pi_hi)})",
            f"heterogeneity: τ² = {self.tau2:.4g}{self._tau_range()}, I² = {self.i2:.1f} %, "
            f"Q = {self.q:.2f} on {self.q_df} df (p = {self.q_p:.2g})",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _tau_range(self) -> str:
        if np.isnan(self.tau2_lo):
            return ""
        return f" ({self.tau2_lo:.3g} to {self.tau2_hi:.3g})"

    def to_frame(self) -> pd.DataFrame:
        """The studies and, last, the pooled row and the prediction row (column `row` tells)."""
        studies = self.studies.assign(row="study")
        pooled = {"study": "pooled", "estimate": self.estimate, "lo": self.lo, "hi": self.hi}
        ahead = {"study": "prediction", "estimate": self.estimate}
        ahead |= {"lo": self.pi_lo, "hi": self.pi_hi}
        if "x" in studies:
            pooled |= {"x": studies["x"].sum(), "n": studies["n"].sum()}
        rows = studies.to_dict("records")
        rows += [pooled | {"row": "pooled"}, ahead | {"row": "prediction"}]
        table = pd.DataFrame(rows, columns=list(studies.columns))
        for name in {"x", "n"} & set(table.columns):
            table[name] = table[name].astype("Int64")
        return table

    def to_dict(self) -> dict[str, Any]:
        """Everything but the means to refit, as plain data."""
        hidden = {"studies", "again"}
        plain = {k: v for k, v in self.__dict__.items() if k not in hidden}
        return plain | {"k": self.k, "studies": self.studies.to_dict("records")}

    def __str__(self) -> str:
        return self.summary()

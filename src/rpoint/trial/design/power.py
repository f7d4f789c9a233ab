"""Power and type I error of a trial's comparison, and how power grows with patients.

The log-rank test (and Wald's test of the Cox model) is made in every replicate, as the trial would
make it.  Type I error is not assumed but simulated: both arms get the control's treatment, all else
stays.  Smaller trials are made of random patients of each replicate, nested: the same patients are
in all larger ones.

With parameters that differ between replicates, power is averaged over what is not known of the
drugs and tumours: the assurance of the trial (O'Hagan et al. 2005, doi:10.1002/pst.175), not the
power at one assumed effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats.batched import batched_survival
from rpoint.stats.proportions import limits
from rpoint.trial.analyse import Grid
from rpoint.trial.design.rows import evaluable
from rpoint.trial.design.runs import VariantRuns, only_arms, run_variants
from rpoint.trial.spec import Trial

DESIGN, NULL = "as designed", "control in both arms"
FRACTIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RESAMPLES = 20  # sub-samples of a size from each replicate
LEVEL = 0.95  # of intervals for Monte Carlo error
LEAST = 2  # patients of an arm in the smallest sub-sample
TESTS = ("log-rank", "cox")
SUBSAMPLES = 17  # keys the generator of sub-samples, beside the seed and the replicate


@dataclass(frozen=True)
class Power:
    """Operating characteristics of a two-arm trial.

    Attributes
    ----------
    trial, treated, control, endpoint
        What is compared.
    alpha
        Two-sided level of the test.
    table
        One row a variant (`DESIGN`, `NULL`), test and kind: `variant`, `test`, `kind` ("in favour":
        significant and the hazard ratio below 1; "two-sided": significant in either direction),
        `count`, `replicates`, `percent`, `lo`, `hi` (exact interval for the Monte Carlo error).
    curve
        Log-rank test: `variant`, `fraction` of the patients, `n_treated`, `n_control`, `events`
        (mean), `percent`, `lo`, `hi` (as above; in favour for `DESIGN`, two-sided for `NULL`).
    ratios
        One row a variant and replicate: variant, replicate, hr, hr_lo, hr_hi, p, events, status.
    runs
        The patients behind it.
    """

    trial: str
    treated: str
    control: str
    endpoint: str
    alpha: float
    table: pd.DataFrame
    curve: pd.DataFrame
    ratios: pd.DataFrame
    runs: VariantRuns

    def row(self, variant: str, test: str = "log-rank", kind: str | None = None) -> pd.Series:
        """One row of the table; of the design "in favour", of the null "two-sided"."""
        kind = kind or ("in favour" if variant == DESIGN else "two-sided")
        t = self.table
        mine = (t["variant"] == variant) & (t["test"] == test) & (t["kind"] == kind)
        return t[mine].iloc[0]

    @property
    def nominal(self) -> bool:
        """Whether the nominal level lies in the interval of the type I error."""
        row = self.row(NULL)
        return bool(row["lo"] <= 100.0 * self.alpha <= row["hi"])

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "question": "power", "trial": self.trial, "treated": self.treated,
            "control": self.control, "endpoint": self.endpoint, "alpha": self.alpha,
            "nominal_level_in_interval": self.nominal, **self.runs.provenance(),
            "table": self.table.to_dict("records"), "curve": self.curve.to_dict("records"),
        }  # fmt: skip

    def summary(self) -> str:
        """Power and type I error of the log-rank test on two lines."""
        lines = []
        for label, variant in (("power", DESIGN), ("type I error", NULL)):
            r = self.row(variant)
            lines.append(
                f"{label}: {r['percent']:.1f} % ({r['lo']:.1f} to {r['hi']:.1f}), "
                f"{r['count']} of {r['replicates']} replicates"
            )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


def power(
    trial: Trial, *, endpoint: Literal["pfs", "os"] = "pfs", alpha: float = 0.05,
    fractions: Sequence[float] = FRACTIONS, resamples: int = RESAMPLES, **run: Any,
) -> Power:  # fmt: skip
    """Power and type I error of the trial's contrast.

    Parameters
    ----------
    trial
        With an `analysis.contrast`; other arms are not computed.
    endpoint
        pfs or os.
    alpha
        Two-sided level.
    fractions
        Of the patients of both arms, for the curve; 1 is always there.
    resamples
        Sub-samples of each replicate for fractions below 1.
    run
        replicates, seed, jobs, typical ... of `rpoint.trial.design.runs.run_variants`.

    Raises
    ------
    RpointError
        If the trial compares no arms, or for a fraction or level that cannot be.
    """
    if trial.analysis.contrast is None:
        raise RpointError(
            "power is that of a comparison, and this trial compares no arms", where=trial.name,
            mend="set analysis.contrast: [treated arm, control arm] in the trial file",
        )  # fmt: skip
    if endpoint not in ("pfs", "os"):
        raise RpointError("unknown endpoint", where="endpoint", found=endpoint, allowed="pfs | os")
    if not 0.0 < alpha < 1.0 or not all(0.0 < f <= 1.0 for f in fractions):
        raise RpointError("alpha and fractions lie between 0 and 1", found=(alpha, *fractions))
    treated, control = trial.analysis.contrast
    base = only_arms(trial, [name for name in trial.arms if name in (treated, control)])
    variants = {DESIGN: base, NULL: null_trial(base, treated, control)}
    runs = run_variants(variants, analysed=False, **run)
    parts, curves, ratios = [], [], []
    for variant in runs.trials:
        rows = evaluable(runs.rows[runs.rows["VARIANT"] == variant])
        laid = _Laid.of(rows, endpoint, treated)
        whole = laid.tests()
        ratios.append(_ratios(variant, laid, whole))
        parts += _verdicts(variant, whole, alpha)
        curves.append(_curve(variant, laid, runs.seed, alpha, fractions, resamples))
    return Power(
        trial.name, treated, control, endpoint, alpha, pd.DataFrame(parts),
        pd.concat(curves, ignore_index=True), pd.concat(ratios, ignore_index=True), runs,
    )  # fmt: skip


def null_trial(trial: Trial, treated: str, control: str) -> Trial:
    """The trial with the control's treatment in both arms; the numbers of patients stay."""
    arm = trial.model_dump()["arms"]
    same = {**arm[control], "patients": trial.arms[treated].patients}
    return trial.changed({("arms", treated): same})


@dataclass(frozen=True)
class _Laid:
    """Times, events, arms, presence (R, N) of all replicates."""

    replicates: np.ndarray
    time: np.ndarray
    event: np.ndarray
    treated: np.ndarray
    there: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, endpoint: str, treated: str) -> _Laid:
        rows = rows.reset_index(drop=True)
        replicate = rows["REPL"].to_numpy()
        grid = Grid.of(replicate, np.ones(len(rows), bool), np.unique(replicate))
        time = grid.of_column(rows[endpoint].to_numpy(float))
        there = grid.there & np.isfinite(time)
        event = grid.of_column(rows[f"{endpoint}_event"].to_numpy(float))
        return cls(
            grid.replicates, np.where(there, time, 0.0), np.where(there, event, 0.0),
            grid.of_column((rows["TRT01P"] == treated).to_numpy()), there,
        )  # fmt: skip

    def tests(self, mask: np.ndarray | None = None, cox: bool = True):
        """Log-rank test and Cox model of every replicate."""
        return batched_survival(
            self.time, self.event, self.treated, parts=("logrank", "cox") if cox else ("logrank",),
            mask=self.there if mask is None else mask & self.there,
        )  # fmt: skip

    def order(self, seed: int, resample: int) -> np.ndarray:
        """(R, N) rank of each patient within the arm, at random, the same in every run."""
        ranks = np.empty(self.time.shape, int)
        for r, number in enumerate(self.replicates.tolist()):
            key, counter = [seed, SUBSAMPLES], [0, 0, resample, number]
            stream = np.random.Generator(np.random.Philox(key=key, counter=counter))
            at: np.ndarray = stream.random((self.time.shape[1],))
            for arm in (True, False):
                mine = self.there[r] & (self.treated[r] == arm)
                ranks[r, mine] = at[mine].argsort().argsort()
        return ranks


def _favour(found) -> np.ndarray:
    """(R,) whether fewer events than expected were seen on treatment."""
    return found.observed < found.expected


def _verdicts(variant: str, found, alpha: float) -> list[dict[str, Any]]:
    """Counts of significant replicates, by test and direction; what has no result is none."""
    wald = 2.0 * stats.norm.sf(np.abs(found.coef / found.std_error))
    rows = []
    for test, p in (("log-rank", found.p), ("cox", wald)):
        significant = np.nan_to_num(p, nan=1.0) < alpha
        for kind, yes in (
            ("in favour", significant & _favour(found)), ("two-sided", significant)
        ):  # fmt: skip
            lo, hi = limits(int(yes.sum()), len(yes), level=LEVEL)
            rows.append(
                {"variant": variant, "test": test, "kind": kind, "count": int(yes.sum()),
                 "replicates": len(yes), "percent": 100.0 * float(yes.mean()),
                 "lo": 100.0 * float(lo), "hi": 100.0 * float(hi)}
            )  # fmt: skip
    return rows


def _ratios(variant: str, laid: _Laid, found) -> pd.DataFrame:
    return pd.DataFrame(
        {"variant": variant, "replicate": laid.replicates, "hr": found.hr, "hr_lo": found.hr_lo,
         "hr_hi": found.hr_hi, "p": found.p, "events": found.events.sum(axis=1),
         "status": found.status}
    )  # fmt: skip


def _curve(
    variant: str, laid: _Laid, seed: int, alpha: float, fractions: Sequence[float], resamples: int
) -> pd.DataFrame:
    sizes = np.stack(
        [(laid.there & ~laid.treated).sum(axis=1), (laid.there & laid.treated).sum(axis=1)], axis=1
    )
    orders = [laid.order(seed, k) for k in range(resamples)]
    rows = []
    for fraction in sorted({*fractions, 1.0}):
        most = np.maximum(np.round(fraction * sizes), np.minimum(LEAST, sizes))
        share, events = [], []
        for order in orders if fraction < 1.0 else orders[:1]:
            inside = order < np.where(laid.treated, most[:, [1]], most[:, [0]])
            found = laid.tests(inside, cox=False)
            yes = np.nan_to_num(found.p, nan=1.0) < alpha
            share.append(yes & _favour(found) if variant == DESIGN else yes)
            events.append(found.events.sum(axis=1))
        lo, hi = _limits(np.array(share, float))
        rows.append(
            {"variant": variant, "fraction": fraction, "n_treated": float(most[:, 1].mean()),
             "n_control": float(most[:, 0].mean()), "events": float(np.mean(events)),
             "percent": 100.0 * float(np.mean(share)), "lo": 100.0 * lo, "hi": 100.0 * hi}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _limits(yes: np.ndarray) -> tuple[float, float]:
    """Interval of a mean over (sub-samples, replicates): replicates alone are independent."""
    each = yes.mean(axis=0)
    exact = [float(v) for v in limits(int(round(each.sum())), len(each), level=LEVEL)]
    if len(yes) == 1 or len(each) < 2 or not each.std():
        return exact[0], exact[1]
    half = stats.t.ppf((1 + LEVEL) / 2, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each))
    return max(0.0, float(each.mean() - half)), min(1.0, float(each.mean() + half))

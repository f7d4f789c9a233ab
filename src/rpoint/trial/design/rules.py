"""Decision rules under responses that may not last: Simon's two stages, and rules for baskets.

A rule counts responses.  Whether a response counts when it is seen or when it is confirmed at a
later scan makes two rules of one, and where responses are transient they decide differently.  Both
are applied to the same simulated tables, in the order in which patients enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats.basket import basket
from rpoint.stats.basket_design import calibrate
from rpoint.stats.proportions import limits
from rpoint.stats.simon import TwoStage, characteristics, probability_promising, simon
from rpoint.trial.analysed import RESPONSES
from rpoint.trial.design.rows import evaluable
from rpoint.trial.design.runs import VariantRuns, chosen_arm, only_arms, run_variants
from rpoint.trial.spec import Trial

ENDPOINTS = {"any": "bor", "confirmed": "cbor"}
LEVEL = 0.95  # of intervals for Monte Carlo error
OTHER = "other types"
P0, P1, ALPHA, BETA = 0.05, 0.20, 0.05, 0.20  # where the trial states no design


@dataclass(frozen=True)
class Rules:
    """How often rules stop and find promising, by what counts as a response.

    Attributes
    ----------
    trial, arm
        Of which trial and arm.
    design
        The two-stage design.
    simon
        One row for each of any and confirmed response: `endpoint`, `rate` (mean, %), `rate_q05`,
        `rate_q95`, `stop`, `promising` (% of replicates, with `_lo`, `_hi`), `stop_binomial`,
        `promising_binomial` (% at one rate, the mean, for all replicates: what the textbook gives),
        `size` (mean number treated), `short` (replicates with fewer evaluable patients than n; the
        rule is applied to those there are).
    baskets
        One row for each basket and endpoint: `basket`, `endpoint`, `n`, `x` (means), `go` (% with
        `_lo`, `_hi`); empty where the arm has one tumour type.
    agreement
        `both`, `any_only`, `confirmed_only`, `neither`: % of replicates that are promising; and
        `confirmed_share`, `confirmed_share_q05`, `..._q95`: share of responses that are confirmed
        in a replicate, %.
    cutoff
        γ of the rule for baskets: go if P(p > p0 | data) is above it.
    runs
        The patients behind it.
    """

    trial: str
    arm: str
    design: TwoStage
    simon: pd.DataFrame
    baskets: pd.DataFrame
    agreement: Mapping[str, float]
    model: str
    cutoff: float
    runs: VariantRuns

    def to_frame(self) -> pd.DataFrame:
        """The table of the two-stage rule."""
        return self.simon.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "question": "rules", "trial": self.trial, "arm": self.arm,
            "design": self.design.to_dict(), "simon": self.simon.to_dict("records"),
            "baskets": self.baskets.to_dict("records"), "agreement": dict(self.agreement),
            "basket_rule": {"model": self.model, "cutoff": self.cutoff},
            **self.runs.provenance(),
        }  # fmt: skip

    def summary(self) -> str:
        """A line for any, a line for confirmed response."""
        return "\n".join(
            f"{r.endpoint} response: rate {r.rate:.1f} %, stops early in {r.stop:.1f} %, "
            f"promising in {r.promising:.1f} % of replicates"
            for r in self.simon.itertuples()
        )

    def __str__(self) -> str:
        return self.summary()


def rules(
    trial: Trial, *, arm: str | None = None, design: TwoStage | None = None, model: str = "exnex",
    baskets: int = 5, alpha: float = ALPHA, **run: Any,
) -> Rules:  # fmt: skip
    """Apply Simon's rule and a rule for baskets to any and to confirmed responses.

    Parameters
    ----------
    trial
        The trial.
    arm
        Which arm; the first one without it.
    design
        The two-stage design; of the trial's interim look without it, or else Simon's optimal design
        for 5 against 20 % with errors of 5 and 20 %.
    model
        Of the baskets, as `rpoint.stats.basket.basket`.
    baskets
        How many tumour types are baskets of their own, the most frequent first; the rest is one.
    alpha
        Type I error of the worst basket, to which the cutoff is calibrated where every rate is p0.
    run
        replicates, seed, jobs, typical ... of `rpoint.trial.design.runs.run_variants`.
    """
    arm = chosen_arm(trial, arm)
    if not 1 <= baskets <= 8:
        raise RpointError("the number of baskets", where="--baskets", found=baskets, allowed="1-8")
    chosen = design or design_of(trial)
    runs = run_variants({trial.name: only_arms(trial, [arm])}, analysed=False, **run)
    rows = evaluable(runs.rows).sort_values(["REPL", "ENRLDT", "PATIDX"], kind="stable")
    replicates = np.unique(runs.rows["REPL"].to_numpy())
    verdicts = {name: decide(rows, column, chosen, replicates)
                for name, column in ENDPOINTS.items()}  # fmt: skip
    table = pd.DataFrame([_line(name, v, chosen) for name, v in verdicts.items()])
    found, cutoff = _baskets(rows, chosen.p0, model, baskets, alpha, runs.seed)
    return Rules(trial.name, arm, chosen, table, found, _agreement(verdicts), model, cutoff, runs)


def design_of(trial: Trial) -> TwoStage:
    """The design of the trial's interim look, or Simon's optimal one."""
    if trial.analysis.interim is None:
        return simon(P0, P1, alpha=ALPHA, beta=BETA).optimal
    s = trial.analysis.interim.simon
    return characteristics(s.r1, s.n1, s.r, s.n, p0=P0, p1=P1)


def decide(
    rows: pd.DataFrame, column: str, design: TwoStage, replicates: np.ndarray
) -> pd.DataFrame:
    """The rule in every replicate.

    Parameters
    ----------
    rows
        Evaluable patients in the order of entry: REPL and the best response in `column`.
    column
        bor or cbor.
    design
        The two-stage design.
    replicates
        All numbers; one without evaluable patients stops.

    Returns
    -------
    pandas.DataFrame
        By REPL: n (at most the design's), x, x1 (responders of all n and of the first n1), stop,
        promising, responders (of all evaluable patients) and evaluable.
    """
    yes = rows[column].isin(RESPONSES)
    place = rows.groupby("REPL").cumcount()
    parts = {
        "n": place < design.n, "x": yes & (place < design.n), "x1": yes & (place < design.n1),
        "responders": yes, "evaluable": place >= 0,
    }  # fmt: skip
    found = pd.DataFrame({k: v.groupby(rows["REPL"]).sum() for k, v in parts.items()})
    found = found.reindex(replicates, fill_value=0).astype(int)
    found["stop"] = found["x1"] <= design.r1
    found["promising"] = ~found["stop"] & (found["x"] > design.r)
    return found


def _share(name: str, yes: pd.Series) -> dict[str, float]:
    lo, hi = limits(int(yes.sum()), len(yes), level=LEVEL)
    return {name: 100.0 * float(yes.mean()), f"{name}_lo": 100.0 * float(lo),
            f"{name}_hi": 100.0 * float(hi)}  # fmt: skip


def _line(endpoint: str, found: pd.DataFrame, design: TwoStage) -> dict[str, Any]:
    rate = (found["responders"] / found["evaluable"].clip(lower=1)).to_numpy()
    mean = float(found["responders"].sum() / max(1, found["evaluable"].sum()))
    size = np.where(found["stop"], np.minimum(design.n1, found["n"]), found["n"])
    chance = probability_promising(design.r1, design.n1, design.r, design.n, mean)
    return {
        "endpoint": endpoint, "rate": 100.0 * mean,
        "rate_q05": 100.0 * float(np.quantile(rate, 0.05)),
        "rate_q95": 100.0 * float(np.quantile(rate, 0.95)),
        **_share("stop", found["stop"]), **_share("promising", found["promising"]),
        "stop_binomial": 100.0 * float(stats.binom.cdf(design.r1, design.n1, mean)),
        "promising_binomial": 100.0 * float(chance),
        "size": float(np.mean(size)), "short": int((found["n"] < design.n).sum()),
    }  # fmt: skip


def _agreement(verdicts: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    seen, kept = verdicts["any"], verdicts["confirmed"]
    a, c = seen["promising"].to_numpy(), kept["promising"].to_numpy()
    some = seen["responders"] > 0
    share = 100.0 * (kept["responders"] / seen["responders"].where(some))[some].to_numpy()
    quantile = np.quantile(share, (0.05, 0.95)) if len(share) else (np.nan, np.nan)
    total = max(1, int(seen["responders"].sum()))
    return {
        "both": 100.0 * float((a & c).mean()), "any_only": 100.0 * float((a & ~c).mean()),
        "confirmed_only": 100.0 * float((~a & c).mean()),
        "neither": 100.0 * float((~a & ~c).mean()),
        "confirmed_share": 100.0 * float(kept["responders"].sum()) / total,
        "confirmed_share_q05": float(quantile[0]), "confirmed_share_q95": float(quantile[1]),
    }  # fmt: skip


def basket_names(rows: pd.DataFrame, most: int) -> pd.Series:
    """The basket of every patient: her type, or `OTHER` if it is not among the most frequent."""
    frequent = rows["TUMTYPE"].value_counts().index[:most]
    return rows["TUMTYPE"].where(rows["TUMTYPE"].isin(frequent), OTHER)


def _baskets(
    rows: pd.DataFrame, p0: float, model: str, most: int, alpha: float, seed: int
) -> tuple[pd.DataFrame, float]:
    names = basket_names(rows, most)
    order = [n for n in names.value_counts().index if n != OTHER]
    order += [OTHER] if (names == OTHER).any() else []
    if len(order) < 2:
        return pd.DataFrame(columns=["basket", "endpoint", "n", "x", "go", "go_lo", "go_hi"]), 0.95
    by = [rows["REPL"], names]
    n = rows.groupby(by).size().unstack(fill_value=0).reindex(columns=order, fill_value=0)
    usual = np.maximum(1, np.round(n.mean().to_numpy())).astype(int)
    cutoff = calibrate(usual, p0=p0, model=model, alpha=alpha, seed=seed).cutoff
    go = cache(lambda x, sizes: tuple(basket(x, sizes, p0=p0, model=model).table["prob"] > cutoff))
    lines = []
    for endpoint, column in ENDPOINTS.items():
        x = rows[column].isin(RESPONSES).groupby(by).sum().unstack(fill_value=0)
        x = x.reindex(index=n.index, columns=order, fill_value=0)
        pairs = zip(x.to_numpy(), n.to_numpy(), strict=True)
        verdict = np.array([_go(go, *pair) for pair in pairs])
        for j, name in enumerate(order):
            lines.append(
                {"basket": name, "endpoint": endpoint, "n": float(n[name].mean()),
                 "x": float(x[name].mean()), **_share("go", pd.Series(verdict[:, j]))}
            )  # fmt: skip
        lines.append(
            {"basket": "any basket", "endpoint": endpoint, "n": float(n.sum(axis=1).mean()),
             "x": float(x.sum(axis=1).mean()), **_share("go", pd.Series(verdict.any(axis=1)))}
        )  # fmt: skip
    return pd.DataFrame(lines), cutoff


def _go(go: Any, x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Verdicts of one replicate; a basket without patients is none."""
    some = n > 0
    found = np.zeros(len(n), bool)
    found[some] = go(tuple(x[some].tolist()), tuple(n[some].tolist()))
    return found

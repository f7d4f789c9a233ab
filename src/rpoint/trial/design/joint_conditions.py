"""What the replicates say of the statements about one trial: bands and conditional probabilities.

The bands are those in which the claims were to be accepted, written down before any prediction was
made; they depend on no result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.proportions import limits
from rpoint.trial.analysed import RESPONSES
from rpoint.trial.design.rows import WEEK_D, evaluable
from rpoint.trial.spec import Trial

LEVEL = 0.95
CENTRAL = 0.80  # of replicated counts
# Claim C10: median progression-free survival and its limits, months.
BANDS = {
    "mantra-2": {
        "pfs_median_months": (3.2, 3.9), "pfs_median_months_lo": (1.6, 2.1),
        "pfs_median_months_hi": (3.6, 4.2),
    }
}  # fmt: skip
COLUMNS = ("statement", "claim", "value", "lo", "hi", "count", "of", "unit")


def conditions(trial: Trial, rows: pd.DataFrame, runs: Any, variant: str, arm: str) -> pd.DataFrame:
    """Statements about responses, limits of the median and how long responses are seen.

    Parameters
    ----------
    trial
        With its published rows.
    rows
        Patients of the trial as it is, one arm (`rpoint.trial.design.rows.design_rows`).
    runs, variant, arm
        Where the statistics are: `runs.values(variant, arm, endpoint)`.

    Returns
    -------
    pandas.DataFrame
        statement, claim, value, lo, hi (exact interval for the Monte Carlo error of a share), count
        and of (replicates or patients), unit.
    """
    chosen = evaluable(rows)
    replicates = np.unique(rows["REPL"].to_numpy())
    found = _responses(trial, chosen, replicates, arm)
    bands = BANDS.get(trial.name, {})
    if bands:
        values = {name: runs.values(variant, arm, name) for name in bands}
        found += _bands(values, bands)
    found += _durations(trial, chosen)
    return pd.DataFrame(found, columns=list(COLUMNS))


def counts(rows: pd.DataFrame, replicates: np.ndarray) -> pd.DataFrame:
    """Responders, any and confirmed, and patients of every replicate."""
    by = rows["REPL"]
    table = pd.DataFrame({
        "any": rows["bor"].isin(RESPONSES).groupby(by).sum(),
        "confirmed": rows["cbor"].isin(RESPONSES).groupby(by).sum(),
        "n": by.groupby(by).size(),
    })  # fmt: skip
    return table.reindex(replicates, fill_value=0).astype(int)


def share(statement: str, claim: str, count: int, of: int, unit: str = "% of replicates") -> tuple:
    """A share with its exact interval; of nothing, nothing."""
    if of == 0:
        return (statement, claim, float("nan"), float("nan"), float("nan"), 0, 0, unit)
    lo, hi = limits(count, of, level=LEVEL)
    return (statement, claim, 100.0 * count / of, 100.0 * float(lo), 100.0 * float(hi), count, of,
            unit)  # fmt: skip


def _published_count(trial: Trial, arm: str, endpoint: str) -> int | None:
    for row in trial.published:
        if row.arm == arm and row.endpoint == endpoint and not row.subset and row.n:
            return round(row.value * row.n / 100.0)
    return None


def _responses(
    trial: Trial, rows: pd.DataFrame, replicates: np.ndarray, arm: str
) -> list[tuple[Any, ...]]:
    """Claims C7, C8, C13: counts of responders."""
    seen = _published_count(trial, arm, "response_any_pct")
    kept = _published_count(trial, arm, "response_confirmed_pct")
    if seen is None or kept is None:
        return []
    table, total = counts(rows, replicates), len(replicates)
    lost = seen - kept
    tail = (1.0 - CENTRAL) / 2.0
    low, high = (float(np.quantile(table["any"], q, method="nearest")) for q in (tail, 1 - tail))
    many = table["any"] >= lost
    few = table["confirmed"] <= kept
    name = {"any": f"any >= {lost}", "few": f"confirmed <= {kept}"}
    types = rows[rows["bor"].isin(RESPONSES)].groupby("REPL")["TUMTYPE"].nunique()
    types = types.reindex(replicates, fill_value=0)
    some = table["any"] >= lost
    return [
        ("central 80 % of the number with any response", "C7", float(table["any"].median()), low,
         high, int((table["any"] == seen).sum()), total, "responders"),
        share(f"P({name['any']})", "C8", int(many.sum()), total),
        share(f"P({name['few']} | {name['any']})", "C8", int((many & few).sum()), int(many.sum())),
        share(f"P({name['few']})", "C8", int(few.sum()), total),
        share(f"P(3 or more tumour types respond | {name['any']})", "C13",
              int((types >= 3)[some].sum()), int(some.sum())),
    ]  # fmt: skip


def _bands(values: dict[str, pd.Series], bands: dict[str, tuple[float, float]]) -> list[tuple]:
    """Claim C10: shares of replicates inside each band, and inside all."""
    frame = pd.DataFrame(values)
    inside = pd.DataFrame({n: frame[n].between(*band) for n, band in bands.items()})
    found = [
        share(f"{name} in {lo:g} to {hi:g}", "C10", int(inside[name].sum()), len(inside))
        for name, (lo, hi) in bands.items()
    ]
    return [*found, share("all of these bands", "C10", int(inside.all(axis=1).sum()), len(inside))]


def _durations(trial: Trial, rows: pd.DataFrame) -> list[tuple]:
    """Claim C14: how long a response is seen, of the responders of all replicates together."""
    held = rows.dropna(subset="held_d")
    if held.empty:
        return []
    limit = 2.0 * trial.visits.scan_weeks
    curve = kaplan_meier(held["held_d"].to_numpy(), held["held_event"].to_numpy(), level=LEVEL)
    median = curve.median
    events = int(held["held_event"].sum())
    lost = rows["lost_next"].dropna()
    short, of = 0, 0
    for _, part in held.groupby("REPL"):
        own = kaplan_meier(part["held_d"].to_numpy(), part["held_event"].to_numpy()).median
        of += 1
        short += own.estimate / WEEK_D < limit
    return [
        ("median time that a response is seen", "C14", median.estimate / WEEK_D,
         median.lo / WEEK_D, median.hi / WEEK_D, events, len(held), "weeks; events of responders"),
        share(f"median below two scan intervals ({limit:g} weeks)", "C14", short, of,
              "% of replicates with a response"),
        share("responses gone at the next scan", "C14", int((lost > 0).sum()), len(lost),
              "% of responders"),
    ]  # fmt: skip

"""Dumbrava 2025 (MANTRA-2), progression-free survival (C10), and what the authors suggest (C15)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Criterion, Finding
from rpoint.evidence.mantra2_design import NAME
from rpoint.evidence.mantra2_numbers import count
from rpoint.evidence.mantra2_responses import ANY, CONFIRMED, WITHOUT_P53
from rpoint.evidence.trial_numbers import Trials, fact, mean, median, on_trials, over, percent
from rpoint.plots import evidence as draw
from rpoint.trial.design.joint import joint_tail, marginals, published_vector
from rpoint.trial.design.summary import is_time
from rpoint.trial.read import read_trial

PFS = "pfs_median_months"
BANDS = {"VALUE": (3.2, 3.9), "LO": (1.6, 2.1), "HI": (3.6, 4.2)}  # months
NAMES = {"VALUE": "median PFS", "LO": "its lower 95 % limit", "HI": "its upper 95 % limit"}
PUBLISHED = {"VALUE": 3.5, "LO": 1.8, "HI": 3.7}
SUGGESTED = {
    "with palbociclib": "mantra-2, with palbociclib",
    "in the first line": "mantra-2, first line",
}
JOINT = 0.05  # least joint tail probability


def statistics_of(trials: Trials, trial: str, names: pd.Series) -> pd.DataFrame:
    """(R, K) statistics of every replicate by the names of `published_vector`."""
    found = {}
    for name in names:
        part = {"_lo": "LO", "_hi": "HI"}.get(name[-3:], "VALUE")
        values = trials.rows(trial, name if part == "VALUE" else name[:-3])[part]
        timed = is_time(name if part == "VALUE" else name[:-3])
        found[name] = values.fillna(np.inf) if timed else values
    return pd.DataFrame(found).dropna()


def inside(times: pd.DataFrame) -> pd.DataFrame:
    """Whether median and limits of each replicate lie in their bands."""
    return pd.DataFrame({k: times[k].between(*band) for k, band in BANDS.items()})


def with_responses(trials: Trials) -> np.ndarray:
    """Replicates with 5 or more responses of which at most 1 is confirmed."""
    seen, kept = (trials.counts(NAME, name)["x"].to_numpy() for name in (ANY, CONFIRMED))
    return (seen >= count("unconfirmed_partial")) & (kept <= count("confirmed_response"))


@experiment("C10")
@on_trials
def progression_free_survival(lab: Lab, trials: Trials) -> Finding:
    """Median and limits over replicates, with C7 and C8 together."""
    times = trials.times(NAME, PFS)
    hits = inside(times)
    trial = read_trial(NAME)
    published = published_vector(trial, next(iter(trial.arms)))
    vectors = statistics_of(trials, NAME, published["statistic"])
    tails = joint_tail(vectors, published).set_index("discrepancy")["p"]
    single = marginals(vectors, published).drop(columns="source")
    mutated = trials.times(WITHOUT_P53, PFS)
    # Medians lie on the scan grid: means of replicates tell two trials apart.
    both = pd.concat([times["VALUE"], mutated["VALUE"]], axis=1, join="inner").to_numpy()
    both = both[np.isfinite(both).all(axis=1)]
    rows = [{"label": f"{NAMES[k]}, {word}", "median": at, "lo": low, "hi": high}
            for k in BANDS for word, at, low, high in (
                ("published", PUBLISHED[k], *BANDS[k]),
                ("replicated", *_range(times[k].to_numpy())))]  # fmt: skip
    return Finding(
        ran="Kaplan-Meier medians with log-log limits of all replicates, scans every eight weeks; "
        "all published numbers of the arm together against the replicates' joint distribution.",
        acceptance=[
            *(over(f"{NAMES[k]}, median replicate", times[k].to_numpy(), median,
                   Criterion("within", band, "published"), "months")
              for k, band in BANDS.items()),
            fact("joint tail probability of any and confirmed response, median PFS, both limits "
                 "and deepest change", tails["both"], Criterion(">", JOINT)),
        ],
        falsifier=[
            over("median PFS with TP53 mutated less that with TP53 intact, mean of replicates",
                 both[:, 1] - both[:, 0], mean, Criterion("<", 0.0), "months"),
        ],
        beside=[
            *(fact(f"joint tail probability by one discrepancy: {name}", tails[name])
              for name in ("smallest tail area", "Mahalanobis")),
            *(fact(f"replicates with {NAMES[k]} in {low:g} to {high:g} months", percent(hits[k]),
                   unit="%") for k, (low, high) in BANDS.items()),
            fact("replicates with all three", percent(hits.all(axis=1)), unit="%"),
            fact("and with 5 or more responses, at most 1 confirmed",
                 percent(hits.all(axis=1).to_numpy() & with_responses(trials)), unit="%"),
        ],
        figures=[
            draw.dots(pd.DataFrame(rows), axis="months",
                      title="Median PFS of MANTRA-2 and its limits",
                      band="published with the band that counts; median and 5–95 % of replicates")
        ],
        tables=[("Each statistic by itself", single.round(3).to_dict("records"))],
        notes=["The joint tail probability is the share of replicates that are as extreme as the "
               "published numbers: in their most extreme statistic, or in the combination of all.",
               "The published limits look like the 8- and 16-week scans."],
    )  # fmt: skip


def _range(values: np.ndarray) -> tuple[float, float, float]:
    """Median, 5th and 95th percentile; the figure cannot draw what is infinite."""
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), method="inverted_cdf")
    return float(middle), float(low), float(high)


def gains(trials: Trials, variant: str) -> np.ndarray:
    """Median PFS of a variant less that of the trial, replicate by replicate, months."""
    own, other = trials.times(NAME, PFS)["VALUE"], trials.times(variant, PFS)["VALUE"]
    both = pd.concat([own, other], axis=1, join="inner").to_numpy()
    known = np.isfinite(both[:, 0])  # a replicate whose own median is not reached tells no gain
    return both[known, 1] - both[known, 0]


@experiment("C15")
@on_trials
def suggested_next(lab: Lab, trials: Trials) -> Finding:
    """Gain in median PFS with palbociclib, and in the first line."""
    found = {name: gains(trials, variant) for name, variant in SUGGESTED.items()}
    lost = gains(trials, WITHOUT_P53)
    rows = [{"label": name, **dict(zip(("median", "lo", "hi"), _range(values), strict=True))}
            for name, values in {**found, "TP53 mutated": lost}.items()]  # fmt: skip
    none = [name for name, values in found.items() if _range(values)[1] <= 0.0]
    return Finding(
        ran="The trial again with palbociclib 125 mg on 21 of 28 days added, and in first-line "
        "patients; the same draws of parameters in each pair.",
        acceptance=[
            *(fact(f"replicates with a gain {name} that can be told", 100.0 * float(
                np.isfinite(values).mean()), Criterion(">=", 90.0), "%")
              for name, values in found.items()),
            *(over(f"gain in median PFS {name}, mean of replicates", _finite(values), mean,
                   Criterion(">", 0.0), "months") for name, values in found.items()),
        ],
        falsifier=[
            over("gain if TP53 is mutated (it must be a loss), mean of replicates", _finite(lost),
                 mean, Criterion("<", 0.0), "months"),
        ],
        beside=[
            fact(f"replicates with a longer median {name}", percent(values > 0), unit="%")
            for name, values in found.items()
        ],
        figures=[
            draw.dots(pd.DataFrame(rows), axis="gain in median PFS, months", threshold=0.0,
                      threshold_label="none", title="MANTRA-2 with other patients or another drug",
                      band="median and 5–95 % of pairs of replicates")
        ],
        notes=[
            "A prediction: no trial has done either. The range holds patients, readings and "
            "parameters.",
            *([f"The 5–95 % range of the gain {' and '.join(none)} includes 0."] if none else []),
        ],
    )  # fmt: skip


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]

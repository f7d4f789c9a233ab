"""Dumbrava 2025 (MANTRA-2), responses: any (C7), confirmed (C8), complete loss of diameter (C9),
duration (C14), each in replicates of the trial.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints.best_response import best_response
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.mantra2_design import CENTRAL, NAME
from rpoint.evidence.mantra2_numbers import (
    all_gone,
    confirmation_patients,
    count,
    facts,
    one,
    rate,
    rate_rows,
    vanished,
)
from rpoint.evidence.trial_numbers import Trials, fact, median, on_trials, over, percent
from rpoint.plots import evidence as draw
from rpoint.stats.printed import prints_as
from rpoint.stats.proportions import proportion
from rpoint.trial.design.held import LOST, MEDIAN
from rpoint.trial.read import read_trial

ANY, CONFIRMED, DEEPEST = "response_any_pct", "response_confirmed_pct", "best_target_change_pct"
WITHOUT_P53 = "mantra-2, TP53 mutated"  # milademetan has nothing to free there
LEAST = 5.0  # %, what a joint check calls possible
GONE = -99.5  # %


def printed(name: str, x: int, n: int) -> Check:
    """Whether a count prints as the abstract has it."""
    same = str(prints_as(x, n, 1)) == facts()["printed"][name]
    text = f"{x}/{n} prints as {facts()['printed'][name]} (1: yes)"
    return Check(text, one(same), Criterion(">=", 1.0, "computed"))


def exact_limits(name: str, label: str, published: tuple[float, float]) -> list[Check]:
    """Exact limits of a published count, to two decimals."""
    found = rate(name, label=label)
    return [
        Check(f"{label}, {word} exact limit", one(round(value, 2)),
              Criterion("within", (at, at), "computed"), "%")
        for word, value, at in zip(("lower", "upper"), (found.lo, found.hi), published, strict=True)
    ]  # fmt: skip


def rates_figure(trials: Trials):
    """Both rates, published and replicated, with p53 and without."""
    rows = []
    for label, name in (("any", "any_response"), ("confirmed", "confirmed_response")):
        known = rate(name)
        rows.append({"label": f"{label}, published", "median": known.percent, "lo": known.lo,
                     "hi": known.hi})  # fmt: skip
    for trial, tail in ((NAME, "replicated"), (WITHOUT_P53, "TP53 mutated")):
        for label, endpoint in (("any", ANY), ("confirmed", CONFIRMED)):
            low, middle, high = np.nanquantile(trials.values(trial, endpoint), (0.05, 0.5, 0.95))
            rows.append({"label": f"{label}, {tail}", "median": middle, "lo": low, "hi": high})
    return draw.dots(pd.DataFrame(rows), axis="patients with a response, %",
                     title="Responses in MANTRA-2",
                     band="exact 95 % interval; median and 5–95 % of replicates")  # fmt: skip


@experiment("C7")
@on_trials
def any_response(lab: Lab, trials: Trials) -> Finding:
    """6 of 31 among replicated counts."""
    x, n = count("any_response"), count("centrally_confirmed")
    counts = trials.counts(NAME, ANY)["x"].to_numpy()
    low, high = np.quantile(counts, CENTRAL, method="nearest")
    return Finding(
        ran="Replicates of the trial, each with its own efficacy set; and the same in patients "
        "whose tumours have lost p53, where milademetan has nothing to free.",
        acceptance=[
            printed("any", x, n),
            *exact_limits("any_response", "any response", (7.45, 37.47)),
            fact("patients with any response, 10th percentile of replicates", low,
                 Criterion("<=", x, "computed")),
            fact("patients with any response, 90th percentile", high,
                 Criterion(">=", x, "computed")),
        ],
        falsifier=[
            over("any response with TP53 mutated, all replicates",
                 trials.values(WITHOUT_P53, ANY), lambda _: trials.pooled(WITHOUT_P53, ANY),
                 Criterion("<", rate("any_response").lo, "computed"), "%"),
        ],
        beside=[
            over("any response, all replicates", trials.values(NAME, ANY),
                 lambda _: trials.pooled(NAME, ANY), unit="%"),
            over("patients with any response", counts, np.median),
            fact("replicates with exactly 6", percent(counts == x), unit="%"),
            fact("replicates with 6 or more", percent(counts >= x), unit="%"),
        ],
        figures=[rates_figure(trials)],
        tables=[("Response rates, both labelled", rate_rows())],
        notes=["Any response mixes one confirmed with five that were not; the abstract prints no "
               "interval.",
               "With TP53 mutated, what is left is error of reading and what other causes shrink; "
               "it must lie below the exact lower limit of the published rate."],
    )  # fmt: skip


@experiment("C8")
@on_trials
def confirmed_response(lab: Lab, trials: Trials) -> Finding:
    """How often replicates lose nearly all of many responses."""
    x, n = count("confirmed_response"), count("centrally_confirmed")
    orr = best_response(confirmation_patients()).orr(of="all")
    parts = x + count("unconfirmed_partial") - count("any_response")
    rows = trials.counts(NAME, ANY).join(trials.counts(NAME, CONFIRMED), rsuffix=" confirmed")
    many = (rows["x"] >= count("unconfirmed_partial")).to_numpy()
    few = (rows["x confirmed"] <= x).to_numpy()
    left = trials.counts(WITHOUT_P53, ANY)["x"] >= count("unconfirmed_partial")
    return Finding(
        ran="Replicates of the trial; and six made-up responders, scanned every eight weeks, of "
        "whom RECIST confirms one.",
        acceptance=[
            printed("confirmed", x, n),
            *exact_limits("confirmed_response", "confirmed response", (0.08, 16.70)),
            Check("confirmed + unconfirmed partial - any", one(parts),
                  Criterion("within", (0.0, 0.0), "published")),
            Check("made-up responders, any less confirmed", one(orr.any.x - orr.confirmed.x),
                  Criterion("within", (5.0, 5.0), "published")),
            fact("of replicates with 5 or more responses, with at most 1 confirmed",
                 percent(few[many]), Criterion(">=", LEAST), "%"),
        ],
        falsifier=[
            fact("replicates with 5 or more responses when TP53 is mutated", percent(left),
                 Criterion("<", LEAST), "%"),
        ],
        beside=[
            fact("replicates with 5 or more responses", percent(many), unit="%"),
            fact("their number", many.sum()),
            fact("replicates with at most 1 confirmed", percent(few), unit="%"),
            over("confirmed response, all replicates", trials.values(NAME, CONFIRMED),
                 lambda _: trials.pooled(NAME, CONFIRMED), unit="%"),
        ],
        figures=[rates_figure(trials)],
        tables=[("Response rates, both labelled", rate_rows())],
        notes=["With the response rate as primary endpoint of a single-arm trial, the rate under "
               "RECIST 1.1 is the confirmed one."],
    )  # fmt: skip


@experiment("C9")
@on_trials
def complete_loss(lab: Lab, trials: Trials) -> Finding:
    """The class of a patient at -100 %, and whether simulated patients get there."""
    (gone, change), (left, same) = all_gone("absent"), all_gone("present")
    nodes = {mm: vanished("absent", mm) for mm in (9.0, 10.0)}
    rows = [
        {"targets": "all gone, -100 %", "non-target": "gone", "response": gone},
        {"targets": "all gone, -100 %", "non-target": "still there", "response": left},
        *({"targets": f"gone, node {mm:g} mm", "non-target": "gone", "response": nodes[mm]}
          for mm in nodes),
    ]  # fmt: skip
    deepest, mutated = (trials.values(name, DEEPEST) for name in (NAME, WITHOUT_P53))
    complete = trials.values(NAME, "complete_responses")
    reached = deepest <= GONE
    return Finding(
        ran="Replicates of the trial, the deepest change of each; four made-up patients whose "
        "target lesions vanish, judged by RECIST 1.1.",
        acceptance=[
            Check("change of the target sum", one(change),
                  Criterion("within", (-100.0, -100.0), "published"), "%"),
            Check("complete response with nothing left (1: yes)", one(gone == "CR"),
                  Criterion(">=", 1.0, "published")),
            Check("partial response at -100 % with non-target disease left (1: yes)",
                  one(left == "PR" and same == -100.0), Criterion(">=", 1.0, "published")),
            Check("complete response with a node of 9 mm (1: yes)", one(nodes[9.0] == "CR"),
                  Criterion(">=", 1.0, "published")),
            Check("complete response with a node of 10 mm (1: yes)", one(nodes[10.0] == "CR"),
                  Criterion("<=", 0.0, "published")),
            fact("replicates in which a patient reaches -100 %", percent(reached),
                 Criterion(">=", LEAST), "%"),
        ],
        falsifier=[
            fact("the same when TP53 is mutated", percent(mutated <= GONE), Criterion("<", LEAST),
                 "%"),
        ],
        beside=[
            over("deepest change of a replicate", deepest, median, unit="%"),
            fact("replicates that reach -100 % without a complete response",
                 percent(reached & (complete == 0)), unit="%"),
        ],
        tables=[("What a vanished target counts as", rows)],
    )  # fmt: skip


@experiment("C14")
@on_trials
def duration_of_response(lab: Lab, trials: Trials) -> Finding:
    """How long responses are seen in the replicates."""
    two = 2.0 * read_trial(NAME).visits.scan_weeks
    held = trials.rows(NAME, MEDIAN)
    some = held[held["N"] > 0]
    weeks = some["VALUE"].fillna(np.inf).to_numpy()
    lost = trials.counts(NAME, LOST).sum()
    gone = trials.values(WITHOUT_P53, ANY)
    published = proportion(count("unconfirmed_partial"), count("any_response"))
    return Finding(
        ran="Responses of all replicates, confirmed or not: from the scan that shows one to the "
        "scan that no longer does.",
        acceptance=[
            over("median time that a response is seen, median replicate", weeks,
                 lambda x: float(np.quantile(x, 0.5, method="inverted_cdf")) if len(x) else np.nan,
                 Criterion("<", two), "weeks"),
            fact("responses gone at the next scan", _part(lost["x"], lost["n"]),
                 Criterion(">=", 50.0), "%"),
        ],
        falsifier=[
            over("patients with any response when TP53 is mutated", gone,
                 lambda _: trials.pooled(WITHOUT_P53, ANY),
                 Criterion("<", rate("any_response").lo, "computed"), "%"),
        ],
        beside=[
            over("duration of confirmed responses, median replicate",
                 trials.values(NAME, "dor_median_months"), median, unit="months"),
            fact("replicates whose median is below two scan intervals", percent(weeks < two),
                 unit="%"),
            Check("published: responses not confirmed", one(published.percent), unit="%"),
        ],
        notes=["Not confirmed is not lost: a patient without a later scan is among them. The "
               "duration of response is not published."],
    )  # fmt: skip


def _part(x: float, n: float) -> float:
    return 100.0 * x / n if n else float("nan")

"""Dumbrava 2025 (MANTRA-2), design: the trial and its endpoints (C5), its analysis sets (C6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Criterion, Finding
from rpoint.evidence.mantra2_numbers import count, facts
from rpoint.evidence.trial_numbers import Trials, fact, on_trials, over
from rpoint.stats.proportions import proportion
from rpoint.trial.analyse import STANDARD
from rpoint.trial.read import read_trial
from rpoint.trial.spec import Trial

NAME, ARM = "mantra-2", "milademetan 260 mg 3/14"
EFFICACY, SAFETY = "response_any_pct", "ae_thrombocytopenia_g34_pct"  # one of each set
# The published endpoints as the analysis names them.
ENDPOINTS = {
    "objective response rate": "orr_confirmed",
    "progression-free survival": "pfs",
    "adverse events": "ae",
}
CENTRAL = (0.1, 0.9)  # the central 80 % of replicated counts


def analysed(trial: Trial) -> list[str]:
    """Endpoints of a trial in their order; adverse events are analysed of every trial."""
    found: list[str] = list(trial.analysis.endpoints)
    return [*found, "ae"] if any(name.startswith("ae_") for name in STANDARD) else found


def is_basket(trial: Trial) -> bool:
    """One arm, several tumour types, chosen by alterations."""
    return len(trial.arms) == 1 and len(kinds(trial)) > 1 and bool(trial.population.require)


def kinds(trial: Trial) -> list[str]:
    """Tumour types that a trial may enrol."""
    from rpoint.cohort import Population

    population = trial.population
    drawn = Population(dict(population.tumours), line=population.line)
    return [kind for kind, share in drawn.types.items() if share > 0]


def words(row: dict[str, Any]) -> str:
    """A published fact in words."""
    if row["value"] is None:
        return "not published"
    return ", ".join(row["value"]) if isinstance(row["value"], list) else str(row["value"])


@experiment("C5")
def endpoints_of_the_trial(lab: Lab) -> Finding:
    """The trial file of the library beside the abstract."""
    trial, published = read_trial(NAME), facts()["trial"]
    own = analysed(trial)
    first = [ENDPOINTS[name] for name in published["primary"]["value"]]
    later = [ENDPOINTS[name] for name in published["key_secondary"]["value"]]
    absent = [name for name in later if name not in own]
    phase = f"phase {published['phase']['value']}" in trial.title
    other = read_trial("paloma-2")
    rows = [{"item": key, "value": words(row), "grade": row["grade"], "source": row["source"],
             "reason": row.get("reason", "")} for key, row in published.items()]  # fmt: skip
    return Finding(
        ran="The trial file mantra-2 of the library, read and compared with the abstract.",
        acceptance=[
            fact("phase 2 (1: yes)", phase, Criterion(">=", 1.0, "published")),
            fact("basket: one arm, several tumour types, chosen by alterations (1: yes)",
                 is_basket(trial), Criterion(">=", 1.0, "published")),
            fact("confirmed response is the first endpoint (1: yes)", own[: len(first)] == first,
                 Criterion(">=", 1.0, "published")),
            fact("key secondary endpoints that are not analysed", len(absent),
                 Criterion("<=", 0.0, "published")),
        ],
        falsifier=[
            fact("a randomised trial of one tumour type counts as a basket (1: yes)",
                 is_basket(other), Criterion("<=", 0.0)),
        ],
        beside=[fact("tumour types that the trial may enrol", len(kinds(trial)))],
        tables=[("MANTRA-2 as published", rows)],
    )  # fmt: skip


@experiment("C6")
@on_trials
def analysis_sets(lab: Lab, trials: Trials) -> Finding:
    """Safety and efficacy set of the replicates."""
    treated, confirmed = count("treated"), count("centrally_confirmed")
    without = proportion(treated - confirmed, treated)
    safety = trials.rows(NAME, SAFETY)["N"]
    efficacy = trials.rows(NAME, EFFICACY)["N"]
    low, high = np.quantile(efficacy, CENTRAL, method="nearest")
    trial = read_trial(NAME)
    other = {x: trials.rows("mantra", x, ARM)["N"] for x in (EFFICACY, SAFETY)}
    return Finding(
        ran="Replicates of the trial: who was treated, and whom the central assay confirmed. A "
        "central test may be missing, and it may call fewer copies than the local one.",
        acceptance=[
            over("safety set, largest departure from 40", np.abs(safety - treated), np.max,
                 Criterion("<=", 0.0, "published")),
            fact("efficacy set, 10th percentile of replicates", low,
                 Criterion("<=", confirmed, "published")),
            fact("efficacy set, 90th percentile", high, Criterion(">=", confirmed, "published")),
            fact("published share without central confirmation", without.percent,
                 Criterion("within", (22.5, 22.5), "published"), "%"),
        ],
        falsifier=[
            over("safety less efficacy set of a trial without central confirmation (MANTRA)",
                 np.abs(other[SAFETY] - other[EFFICACY]), np.max, Criterion("<=", 0.0)),
        ],
        beside=[
            over("efficacy set", efficacy, np.mean),
            over("without central confirmation",
                 100.0 * (safety.to_numpy() - efficacy.to_numpy()) / safety.to_numpy(), np.mean,
                 unit="%"),
            fact("of it a parameter: central test missing",
                 100.0 * trial.population.central_missing, unit="%"),
        ],
        notes=[f"Published: {without.text()} without central confirmation. Discordant or not "
               "tested: the abstract does not say; how many had no test is assumed, the rest "
               "follows from the error of the assays."],
    )  # fmt: skip

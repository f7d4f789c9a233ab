"""Vilgelm 2019 across tumours: virtual xenograft cohorts, and how many melanomas qualify."""

from __future__ import annotations

import numpy as np

from rpoint import catalog
from rpoint.biology import contexts
from rpoint.evidence import tables
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.xenografts import VEHICLE, graft
from rpoint.plots import evidence as draw
from rpoint.streams import choices, stream
from rpoint.tumour.simulate import in_host

# TCGA SKCM, mutations of 318 sequenced tumours (cbio-kb digest of PMID 26091043).
SEQUENCED = 318
MUTATED = {"TP53": 49, "RB1": 12}
PAN_CANCER_TP53 = 0.36  # lower end of 36-50 %, not verified
BAND = Criterion("within", (0.7, 0.9))


@experiment("A13")
def many_could_profit(lab: Lab) -> Finding:
    """Share of melanomas with TP53 and RB1 intact, with the uncertainty of the counts."""
    rng = stream(lab.seed, "prevalence", 0)
    lost = {g: rng.beta(x + 0.5, SEQUENCED - x + 0.5, lab.sets) for g, x in MUTATED.items()}
    both = (1 - lost["TP53"]) * (1 - lost["RB1"])
    elsewhere = (1 - PAN_CANCER_TP53) * (1 - lost["RB1"])
    rates = {gene: x / SEQUENCED for gene, x in MUTATED.items()}
    return Finding(
        ran="Virtual melanoma cohorts whose TP53 and RB1 losses are drawn from the counts of "
        "TCGA SKCM (49 and 12 mutations in 318 tumours), one cohort per parameter set, "
        "independent losses.",
        acceptance=[Check("TP53-wt and RB1-wt, of the cohort", both, BAND)],
        falsifier=[
            Check(
                "the same with the pan-cancer TP53 rate (36 %, not verified)",
                elsewhere,
                Criterion("<", 0.7),
            )
        ],
        beside=[
            Check("least share whatever the dependence", np.array(1 - sum(rates.values()))),
            Check("largest share whatever the dependence", np.array(1 - max(rates.values()))),
        ],
        notes=["Loss of RB1 by deletion (0.8 % in the same cohort) is not in these counts."],
    )


MODELS = 120  # xenograft models of each cohort
RESPONSE = 0.5  # growth inhibition
WEEKS, START_MM3 = 3.0, 200.0
ARMS = {VEHICLE: "none", "CDK4/6i": "palbociclib 50 mg/kg qd 5/7"}
# Cohort -> (tumour type, context of its cell, alterations whose frequencies are drawn).
COHORTS = {
    "melanoma": (
        "melanoma",
        "melanoma",
        ("CDKN2A:loss", "RB1:loss", "PTEN:loss", "TP53:mut", "NRAS:mut", "NF1:loss", "CCND1:amp",
         "CDK4:amp", "CDK6:amp", "CCNE1:amp", "MYC:amp", "MDM2:amp"),
    ),
    "ER+ breast": (
        "breast",
        "MCF7",
        ("RB1:loss", "PTEN:loss", "TP53:mut", "PIK3CA:mut", "AKT1:mut", "ESR1:mut", "CCND1:amp",
         "CDK6:amp", "CCNE1:amp", "AURKA:amp", "FGFR1:amp", "MYC:amp", "MDM2:amp"),
    ),
}  # fmt: skip


def frequency(kind: str, alteration: str) -> float:
    """Frequency of an alteration in a tumour type: patients' cohorts before xenografts."""
    rows = [f for f in catalog.tumour(kind).frequencies if f.alteration == alteration]
    rows.sort(key=lambda row: row.cohort.startswith("PDXE"))
    return float(rows[0].value.value)


def draw_cohort(lab: Lab, name: str) -> list[tuple[int, dict[str, float]]]:
    """(row of the ensemble, handles) of every model; alterations are drawn independently."""
    kind, context, alterations = COHORTS[name]
    base = {k: v for k, v in contexts()[context].items() if k != "in_E2" or v == 0}
    rows = choices(lab.seed, f"sets of {name}", MODELS, lab.weights)
    rates = {alteration: frequency(kind, alteration) for alteration in alterations}
    models = []
    for model in range(MODELS):
        rng = stream(lab.seed, f"genotype of {name}", model)
        carried = [a for a, rate in rates.items() if rng.random() < rate]
        carried = ["CDKN2A:wt"] * (
            "CDKN2A:loss" in rates and "CDKN2A:loss" not in carried
        ) + carried
        models.append((int(rows[model]), in_host({**base, **_altered(base, carried)})))
    return models


def _altered(base: dict[str, float], carried: list[str]) -> dict[str, float]:
    """Handles of the alterations; a drive that the cell has already is not lowered."""
    own = catalog.genotype(altered=carried)
    drives = ("g_PI3K", "g_PTEN", "g_RAS", "g_BRAF")
    return {k: max(v, base.get(k, v)) if k in drives else v for k, v in own.items()}


def inhibitions(lab: Lab, name: str) -> np.ndarray:
    """Growth inhibition of every model of a cohort, shape (models,)."""
    models = draw_cohort(lab, name)
    found = np.full(len(models), np.nan)
    groups: dict[tuple, list[int]] = {}
    for index, (_, handles) in enumerate(models):
        groups.setdefault(tuple(sorted(handles.items())), []).append(index)
    for own, members in groups.items():
        rows = np.array([models[i][0] for i in members])
        run = graft(lab, {"model": dict(own)}, ARMS, weeks=WEEKS, start_mm3=START_MM3,
                    kind=COHORTS[name][0], sets=rows)  # fmt: skip
        control, treated = run.fold(VEHICLE, "model"), run.fold("CDK4/6i", "model")
        found[members] = 1 - (treated - 1) / (control - 1)
    return found


@experiment("A1", cost=25)
def breast_responds_more(lab: Lab) -> Finding:
    """Response to a CDK4/6 inhibitor alone in two virtual cohorts of xenografts."""
    inhibited = {name: inhibitions(lab, name) for name in COHORTS}
    # A model that does not grow untreated has no inhibition: it is left out, its share is shown.
    grown = {name: values[np.isfinite(values)] for name, values in inhibited.items()}
    rate = {name: float(np.mean(values >= RESPONSE)) for name, values in grown.items()}
    low, high = _difference(lab, grown["ER+ breast"], grown["melanoma"])
    spread = {
        f"{name}, {word}": np.array(np.quantile(values, q))
        for name, values in grown.items()
        for word, q in (("lower quartile", 0.25), ("median", 0.5), ("upper quartile", 0.75))
    }
    return Finding(
        ran=f"{MODELS} xenograft models of each type, with alterations drawn from patients' "
        "frequencies and a parameter set of the ensemble each; palbociclib 50 mg/kg five "
        "days a week for three weeks against vehicle. A response is a growth inhibition of "
        "50 % or more.",
        acceptance=[
            Check("melanoma models that respond", np.array(rate["melanoma"]), Criterion("<=", 0.4)),
            Check(
                "ER+ breast models that respond", np.array(rate["ER+ breast"]), Criterion(">=", 0.6)
            ),
            Check(
                "difference, lower limit of its 95 % interval", np.array(low), Criterion(">", 0.0)
            ),
        ],
        beside=[
            Check("difference, upper limit", np.array(high)),
            *(
                Check(f"{name} models that grow untreated", np.array(len(grown[name]) / MODELS))
                for name in COHORTS
            ),
            *(Check(f"growth inhibition, {name}", values) for name, values in spread.items()),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, spread),
                axis="growth inhibition by the CDK4/6 inhibitor",
                title="Two virtual cohorts of xenografts",
                threshold=RESPONSE,
                threshold_label="response",
            )
        ],
        notes=["Alterations are drawn independently of each other."],
    )


def _difference(lab: Lab, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Bootstrap 95 % interval of the difference in response rates, over models."""
    rng = stream(lab.seed, "bootstrap", 0)
    rates = []
    for values in (first, second):
        again = rng.choice(values, (2000, len(values)))
        rates.append((again >= RESPONSE).mean(axis=1))
    low, high = np.quantile(rates[0] - rates[1], [0.025, 0.975])
    return float(low), float(high)

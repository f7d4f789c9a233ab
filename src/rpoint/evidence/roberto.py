"""Roberto 2021 and Lloyd 2021: drivers of resistance to CDK4/6 inhibitors, in cells (B5, B6).

The drivers are those of Wander 2020.  Sensitivity is the GR50 over 21 days in a T47D-like or an
MCF-7-like line; drivers act through the handles that the catalogue gives them and nothing else.
"""

from __future__ import annotations

import numpy as np

from rpoint.biology import exposures
from rpoint.evidence import (
    roberto_rb,  # noqa: F401  (registers B7 and B8)
    tables,
)
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import DOSES, dosed, gr50, least_fold, responses
from rpoint.evidence.roberto_facts import counts, exact_interval, frequency_errors
from rpoint.pharmacology.exposure import drug_inputs, steady_state_average
from rpoint.pharmacology.pk import drug_model
from rpoint.plots import evidence as draw

C = "CDK4/6i"
T47D, MCF7 = Setup(context="T47D"), Setup(context="MCF7")
LINES = {"T47D-like": T47D, "MCF-7-like": MCF7}
KD = exposures()[C]["c_CDK4"]  # the reference exposure in units of the Kd of the dimer
FOLD = Criterion(">=", 3.0)
NO_FOLD = Criterion("<", 3.0)

# Wander 2020: the eight mechanisms, as alterations of the catalogue.
AURKA = "AURKA:amp"
MECHANISMS = (
    AURKA, "CCNE2:amp", "AKT1:mut", "ERBB2:amp", "RB1:loss", "KRAS:mut", "FGFR2:amp", "ESR1:loss",
)  # fmt: skip
# What was frequent in the same biopsies and is no driver: TP53 (its knock-out in MCF-7 was not
# sufficient), ESR1 mutation (endocrine, not CDK4/6i), PIK3CA (as frequent in sensitive biopsies).
BYSTANDERS = {
    "T47D-like": ("ESR1:mut", "PIK3CA:mut"),
    "MCF-7-like": ("TP53:null", "ESR1:mut", "PIK3CA:mut"),
}
# AURKA's two edges in the model: a cycle drive that needs no RB phosphorylation, and a weaker ER.
NO_EDGES = (("AURKA_cycling", 0.0), ("AURKA_ER", 0.0))
CUT = T47D.but(scale=NO_EDGES)


def _members(line: str) -> dict[str, Setup]:
    base = LINES[line]
    names = (*MECHANISMS, *BYSTANDERS[line])
    return {"parental": base} | {name: base.but(genotype=name) for name in names}


B5_LINES = [m for line in LINES for m in _members(line).values()] + [CUT, CUT.but(genotype=AURKA)]


@experiment("B5", [setup for line in B5_LINES for setup in dosed(line, C)])
def drivers_confer_resistance(lab: Lab) -> Finding:
    """GR50 of the CDK4/6 inhibitor with each of the eight drivers over the parental line."""
    folds = {line: _folds(lab, _members(line)) for line in LINES}
    cut = least_fold(gr50(lab, CUT.but(genotype=AURKA), C), gr50(lab, CUT, C))
    curves = {name: responses(lab, line, C) for name, line in _members("T47D-like").items()}
    text = "GR50 over parental, {}, {}"
    acceptance = [
        Check(text.format(line, name), folds[line][name], FOLD)
        for line in LINES
        for name in MECHANISMS
        if (line, name) != ("MCF-7-like", AURKA)
    ]
    falsifier = [
        Check(text.format(line, f"{name} (no driver)"), folds[line][name], NO_FOLD)
        for line in LINES
        for name in BYSTANDERS[line]
    ]
    return Finding(
        ran="GR50 over 21 days at 0.1 to 1000 times Kd of the dimer, in a T47D-like and an "
        "MCF-7-like line with each of eight mechanisms, with bystanders, and with AURKA's edges "
        "cut.",
        acceptance=acceptance,
        falsifier=[
            *falsifier,
            Check(text.format("T47D-like", "AURKA with its edges cut"), cut, Criterion("<", 1.5)),
        ],
        literal=Check(
            "'cell models confirmed them', AURKA in the MCF-7-like line",
            folds["MCF-7-like"][AURKA],
            FOLD,
        ),
        beside=[
            Check("GR50 of the parental line, times Kd", KD * gr50(lab, base, C))
            for base in LINES.values()
        ],
        figures=[
            draw.dots(
                tables.dots(
                    lab, {name: folds[line][name] for name in (*MECHANISMS, *BYSTANDERS[line])}
                ),
                axis="GR50 of the CDK4/6 inhibitor over the parental line",
                title=f"Eight drivers and bystanders in a {line} line",
                threshold=3.0,
                log=True,
            )
            for line in LINES
        ]
        + [
            draw.curves(
                tables.curves(lab, [KD * dose for dose in DOSES], curves),
                axis="GR value",
                dose_axis="CDK4/6 inhibitor, times Kd of the dimer",
                title="Dose response with each driver, T47D-like",
                threshold=0.5,
            )
        ],
        notes=[
            f"A GR50 above the top dose ({KD * DOSES[-1]:g} times Kd) counts as the top dose: such "
            "a fold is the least it can be.",
            "All eight are asked for in the T47D-like line, all but AURKA in the MCF-7-like one.",
        ],
    )


def _folds(lab: Lab, members: dict[str, Setup]) -> dict[str, np.ndarray]:
    half = {name: gr50(lab, line, C) for name, line in members.items()}
    return {
        name: least_fold(values, half["parental"])
        for name, values in half.items()
        if name != "parental"
    }


def on_day_occupancy(drug: str, mg_per_day: float, handle: str) -> float:
    """Average occupancy number of a drug on the days that it is taken, from the catalogue."""
    model = drug_model(drug)
    level = steady_state_average(model, mg_per_day)
    return float(drug_inputs(model, model.unbound_nM(level))[handle])


# Node -> (driver, matched drug as an occupancy at its clinical exposure).
NODES: dict[str, tuple[str, tuple[tuple[str, float], ...]]] = {
    "AURKA": (AURKA, (("c_AURKA", on_day_occupancy("alisertib", 100.0, "c_AURKA")),)),
    "AKT": ("AKT1:mut", tuple(exposures()["AKTi"].items())),
    "MAPK": ("KRAS:mut", (("c_MEK", on_day_occupancy("trametinib", 2.0, "c_MEK")),)),
}


def _beside(driver: str, partner: str) -> Setup:
    """The T47D-like line under a partner drug alone."""
    return T47D.but(genotype=driver, dose=NODES[partner][1])


B6_CELLS = [
    _beside(driver, partner)
    for driver in ("wild type", *(driver for driver, _ in NODES.values()))
    for partner in NODES
]
B6_SETUPS = [T47D, *B6_CELLS, *(T47D.but(genotype=driver) for driver, _ in NODES.values())]


@experiment("B6", [*B6_SETUPS, *(setup for cell in B6_CELLS for setup in dosed(cell, C))])
def matched_drug_restores(lab: Lab) -> Finding:
    """GR50 of the CDK4/6 inhibitor beside the matched drug and beside the unmatched ones."""
    restored = {node: restoration(lab, driver, node) for node, (driver, _) in NODES.items()}
    parental = {node: restoration(lab, "wild type", node) for node in NODES}
    errors = [error for driver, _ in NODES.values() for error in frequency_errors(driver)]
    text = "GR50 beside the better unmatched drug over that beside the matched one, {}"
    return Finding(
        ran="T47D-like lines with AURKA, AKT1 or RAS altered: GR50 of the CDK4/6 inhibitor beside "
        "an AURKA, AKT or MEK inhibitor at clinical exposure, each against the partner alone.",
        acceptance=[
            Check(
                "counts, exact intervals or p of Wander 2020 that the catalogue misses",
                np.array(float(len(errors))),
                Criterion("<=", 0.0, "published"),
            ),
            *(Check(text.format(node), values, FOLD) for node, values in restored.items()),
        ],
        falsifier=[
            Check(text.format(f"{node} drug, parental line"), values, NO_FOLD)
            for node, values in parental.items()
        ],
        beside=[
            Check(
                f"growth under CDK4/6i and the {partner} drug over untreated, {node} altered",
                lab.cells.rate(
                    _beside(driver, partner).but(treatment=C), T47D.but(genotype=driver)
                ),
            )
            for node, (driver, _) in NODES.items()
            for partner in NODES
        ],
        figures=[
            draw.dots(
                tables.dots(lab, restored),
                axis="GR50, better unmatched over matched partner",
                title="Does the matched drug restore sensitivity?",
                threshold=3.0,
                log=True,
            )
        ],
        tables=[("Frequencies, Wander 2020", [_frequency(driver) for driver, _ in NODES.values()])],
        notes=[
            "Each partner is its own control: a partner that merely kills or slows does not count.",
            "The MAPK drug is a MEK inhibitor; the paper used an ERK inhibitor.",
        ],
    )


def restoration(lab: Lab, driver: str, node: str) -> np.ndarray:
    """GR50 beside the better of the unmatched partners over that beside the node's drug."""
    half = {partner: gr50(lab, _beside(driver, partner), C) for partner in NODES}
    others = np.minimum.reduce([half[partner] for partner in NODES if partner != node])
    return least_fold(others, half[node])


def _frequency(driver: str) -> dict[str, object]:
    found = counts(driver)
    (hit, of), (hit0, of0) = found["resistant"], found["sensitive"]
    low, high = exact_interval(hit, of)
    return {
        "alteration": driver,
        "resistant": f"{hit:g}/{of:g} ({100 * hit / of:.1f} %, {low:.1f}–{high:.1f})",
        "sensitive": f"{hit0:g}/{of0:g}",
    }

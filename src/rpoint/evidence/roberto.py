"""Roberto 2021 and Lloyd 2021: classes and drivers of resistance to CDK4/6 inhibitors, in cells.

The drivers are those of Wander 2020.  Sensitivity is the GR50 over 21 days in a T47D-like or an
MCF-7-like line; drivers act through the handles that the catalogue gives them and nothing else.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from rpoint import catalog
from rpoint.catalog._yaml import parse
from rpoint.evidence import tables
from rpoint.evidence.conditions import Setup
from rpoint.evidence.dose import crossing, growth_inhibition, half_dose, series
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.plots import evidence as draw

C = "CDK4/6i"
T47D, MCF7 = Setup(context="T47D"), Setup(context="MCF7")
# Factors on 30 x Kd; the series spans what screens span.
DOSES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

# Wander 2020: mechanism -> (gene, genotype of the model, altered of 41 resistant biopsies).
MECHANISMS = {
    "AURKA amplification": ("AURKA", "AURKA:amp", 11),
    "CCNE2 amplification": ("CCNE2", "CCNE2:amp", 6),
    "AKT1 mutation": ("AKT1", "AKT1:mut", 5),
    "ERBB2 amplification": ("ERBB2", "ERBB2:amp", 5),
    "RB1 loss": ("RB1", "RB1:loss", 4),
    "RAS mutation": ("KRAS", "KRAS:mut", 4),
    "FGFR2 amplification": ("FGFR2", "FGFR2:amp", 3),
    "ER loss": ("ESR1", "ER loss", 3),
}
RESISTANT = 41
# Classes of the literature: (i) and (ii) of the text, (iii) missing from it.
CLASSES = {
    "cell cycle": ("RB1", "CCNE1", "CCNE2", "CDK6", "AURKA"),
    "growth signalling": (
        "AKT1", "KRAS", "NRAS", "HRAS", "FGFR1", "FGFR2", "ERBB2", "PIK3CA", "PTEN", "NF1",
    ),
    "ER dependence": ("ESR1",),
}  # fmt: skip


@experiment("B4")
def classes_of_resistance(lab: Lab) -> Finding:
    """Every gene of the catalogue in one class, and what the two classes of the text leave out."""
    found: dict[str, set[str]] = {}
    for alteration in catalog.alterations():
        found.setdefault(alteration.gene, set()).add(alteration.alteration_class)
    named = {gene: name for name, genes in CLASSES.items() for gene in genes}
    right = [gene for gene, name in named.items() if found.get(gene) == {name}]
    double = [gene for gene, names in found.items() if len(names) > 1]
    third = [m for m, (gene, _, _) in MECHANISMS.items() if gene in CLASSES["ER dependence"]]
    return Finding(
        ran="The class of every gene in the catalogue against the classes of the literature.",
        acceptance=[
            Check(
                "genes in the class of the literature, of those named",
                np.array(len(right) / len(named)),
                Criterion(">=", 1.0),
            ),
            Check("genes in more than one class", np.array(len(double)), Criterion("<=", 0.0)),
        ],
        literal=Check(
            "'two groups of change': mechanisms of Wander 2020 that fall in neither",
            np.array(len(third)),
            Criterion("<=", 0.0),
        ),
        literal_must_fail=True,
        notes=[f"In neither group: {', '.join(third)} (3 of 41 resistant biopsies)."],
    )


def _line(base: Setup, genotype: str) -> Setup:
    return base.but(genotype=genotype)


B5_LINES = {
    "T47D-like": {"parental": T47D} | {m: _line(T47D, g) for m, (_, g, _) in MECHANISMS.items()},
    "MCF-7-like": {
        "parental": MCF7,
        "AURKA amplification": _line(MCF7, "AURKA:amp"),
        "TP53 loss": _line(MCF7, "TP53:null"),
        "CCND1 amplification": _line(MCF7, "CCND1:amp"),
    },
}


def _dosed(line: Setup) -> list[Setup]:
    return [line, *series(line.but(treatment=C), DOSES)]


@experiment(
    "B5", [s for lines in B5_LINES.values() for line in lines.values() for s in _dosed(line)]
)
def drivers_confer_resistance(lab: Lab) -> Finding:
    """GR50 of the CDK4/6 inhibitor with each of the eight drivers over the parental line."""
    ratios = {line: _ratios(lab, members) for line, members in B5_LINES.items()}
    responses = {
        name: growth_inhibition(lab.cells, series(line.but(treatment=C), DOSES), line)
        for name, line in B5_LINES["T47D-like"].items()
    }
    text = "GR50 over parental, {}, {}"
    in_mcf7 = ratios["MCF-7-like"]
    return Finding(
        ran="Growth over 21 days at eight doses (0.01 to 30 times 30 x Kd) of a T47D-like line and of "
        "the same line with each driver; AURKA, TP53 and CCND1 in an MCF-7-like line.",
        acceptance=[
            Check(text.format("T47D-like", name), values, Criterion(">=", 3.0))
            for name, values in ratios["T47D-like"].items()
        ],
        falsifier=[
            Check(text.format("MCF-7-like", "TP53 loss"), in_mcf7["TP53 loss"], Criterion("<", 3.0))
        ],
        literal=Check(
            "'cell models confirmed them', AURKA in the MCF-7-like line",
            in_mcf7["AURKA amplification"],
            Criterion(">=", 3.0),
        ),
        beside=[
            Check(text.format("MCF-7-like", n), in_mcf7[n])
            for n in ("AURKA amplification", "CCND1 amplification")
        ],
        figures=[
            draw.dots(
                tables.dots(lab, ratios["T47D-like"]),
                axis="GR50 of the CDK4/6 inhibitor over the parental line",
                title="Eight drivers in a T47D-like line",
                threshold=3.0,
                log=True,
                caption="GR50 over parental; a range that ends at the axis is infinite: half effect is "
                "never reached at the doses tested.",
            ),
            draw.curves(
                tables.curves(lab, [30 * d for d in DOSES], responses),
                axis="GR value",
                dose_axis="CDK4/6 inhibitor, times Kd of the dimer",
                title="Dose response with each driver, T47D-like",
                threshold=0.5,
            ),
        ],
        notes=[
            "TP53 loss is the falsifier: in Wander 2020 it was frequent in resistant biopsies and its "
            "knock-out in MCF-7 was not sufficient."
        ],
    )


def _ratios(lab: Lab, members: dict[str, Setup]) -> dict[str, np.ndarray]:
    half = {
        n: half_dose(lab.cells, line.but(treatment=C), line, DOSES) for n, line in members.items()
    }
    return {name: values / half["parental"] for name, values in half.items() if name != "parental"}


# Node -> (driver, matched drug as occupancies). AURKA and MEK inhibitors at 10 x their constant.
NODES = {
    "AURKA": ("AURKA:amp", (("c_AURKA", 10.0),)),
    "AKT": ("AKT1:mut", (("c_AKT", 15.0),)),
    "MAPK": ("KRAS:mut", (("c_MEK", 10.0),)),
}
COUNTS = {"AURKA": 11, "AKT": 5, "MAPK": 4}


def _partnered(genotype: str, partner: str) -> list[Setup]:
    """The line under the partner alone, then with every dose of the CDK4/6 inhibitor."""
    base = T47D.but(genotype=genotype, dose=NODES[partner][1])
    return [base, *series(base.but(treatment=C), DOSES)]


B6_SETUPS = [
    setup
    for genotype in ("wild type", *(driver for driver, _ in NODES.values()))
    for partner in NODES
    for setup in _partnered(genotype, partner)
]


@experiment("B6", B6_SETUPS)
def matched_drug_restores(lab: Lab) -> Finding:
    """GR50 of the CDK4/6 inhibitor beside the matched drug and beside an unmatched one."""

    def half(genotype: str, partner: str) -> np.ndarray:
        alone, *dosed = _partnered(genotype, partner)
        return crossing(DOSES, growth_inhibition(lab.cells, dosed, alone), 0.5)

    def gain(genotype: str, node: str) -> np.ndarray:
        others = [half(genotype, other) for other in NODES if other != node]
        with np.errstate(invalid="ignore"):
            return np.minimum.reduce(others) / half(genotype, node)

    restored = {node: gain(driver, node) for node, (driver, _) in NODES.items()}
    parental = {node: gain("wild type", node) for node in NODES}
    text = "GR50 beside the better unmatched drug over that beside the matched one, {}"
    return Finding(
        ran="T47D-like lines with AURKA, AKT1 or RAS altered: GR50 of the CDK4/6 inhibitor beside an "
        "AURKA, AKT or MEK inhibitor, each against the partner alone.",
        acceptance=[
            *(
                Check(text.format(node), values, Criterion(">=", 3.0))
                for node, values in restored.items()
            ),
            *(
                Check(
                    f"{node} altered in resistant biopsies",
                    np.array(100 * _counted(node) / RESISTANT),
                    Criterion(
                        "within",
                        (100 * (n - 0.5) / RESISTANT, 100 * (n + 0.5) / RESISTANT),
                        "published",
                    ),
                    "%",
                )
                for node, n in COUNTS.items()
            ),
        ],
        falsifier=[
            Check(text.format(f"{node}, parental line"), values, Criterion("<", 3.0))
            for node, values in parental.items()
        ],
        figures=[
            draw.dots(
                tables.dots(lab, restored),
                axis="GR50, unmatched over matched partner",
                title="Does the matched drug restore sensitivity?",
                threshold=3.0,
                log=True,
            )
        ],
        notes=["Each partner is its own control, so a partner that merely kills does not count."],
    )


def _counted(node: str) -> float:
    """Resistant biopsies with the node's driver, as the catalogue holds it."""
    driver = catalog.alteration(NODES[node][0])
    (count,) = [c for c in driver.counts if c.group == "CDK4/6 inhibitor resistant"]
    return float(count.altered.value)


LEVELS = {"10 x Kd": 1 / 3, "0.25 x": 0.25, "1 x (30 x Kd)": 1.0, "4 x": 4.0}
RB_NULL = MCF7.but(genotype="RB1-null")


@experiment(
    "B7",
    [
        MCF7,
        RB_NULL,
        RB_NULL.but(treatment=C),
        *(MCF7.but(treatment=C, exposure=x) for x in LEVELS.values()),
    ],
)
def rb_is_the_substrate(lab: Lab) -> Finding:
    """RB phosphorylation against exposure in the sensitive line."""
    cells = lab.cells
    rb = {
        k: cells.ratio("RB_phospho", MCF7.but(treatment=C, exposure=x), MCF7)
        for k, x in LEVELS.items()
    }
    growth = {k: cells.rate(MCF7.but(treatment=C, exposure=x), MCF7) for k, x in LEVELS.items()}
    without = np.abs(1 - cells.rate(RB_NULL.but(treatment=C), RB_NULL))
    full = MCF7.but(treatment=C)
    return Finding(
        ran="MCF-7-like line at 10 x Kd of the dimer and at 0.25, 1 and 4 times 30 x Kd, 21 days.",
        acceptance=[
            Check(
                "RB phosphorylation over vehicle at 30 x Kd",
                rb["1 x (30 x Kd)"],
                Criterion("<=", 0.2),
            ),
            Check(
                "RB phosphorylation over vehicle at 10 x Kd", rb["10 x Kd"], Criterion("<=", 0.3)
            ),
            Check(
                "change of RB phosphorylation from 1 x to 4 x",
                np.abs(rb["4 x"] - rb["1 x (30 x Kd)"]),
                Criterion("<=", 0.1),
            ),
        ],
        falsifier=[
            Check("effect on growth without RB", without, Criterion("<=", 0.05)),
            Check(
                "rise of RB phosphorylation when the exposure is lowered 4-fold",
                rb["0.25 x"] - rb["1 x (30 x Kd)"],
                Criterion(">", 0.0),
            ),
        ],
        beside=[
            Check(
                "CDK4/6 kinase activity over vehicle at 30 x Kd",
                cells.ratio("CDK46_activity", full, MCF7),
            ),
            Check("free E2F over vehicle at 30 x Kd", cells.ratio("E2F_free", full, MCF7)),
            *(Check(f"net growth over vehicle at {k}", values) for k, values in growth.items()),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rb),
                axis="RB phosphorylation over vehicle",
                title="RB under the CDK4/6 inhibitor, MCF-7-like",
                threshold=0.2,
            )
        ],
        notes=[
            "RB phosphorylation is (pRB + ppRB) / total RB. 'Flat' is read as a change of at most 0.1."
        ],
    )


PALBOCICLIB_NM = 1000.0
ASSAY = "assay_K_palbociclib_nM"


def _at_1_um(lab: Lab | None = None) -> Setup:
    """RB1-null line at the exposure of 1 uM palbociclib in culture: 4 x 30 x Kd or more."""
    return RB_NULL.but(treatment=C, exposure=4.0)


@experiment("B8", [MCF7, RB_NULL, _at_1_um(), MCF7.but(treatment=C, exposure=4.0)])
def rb_loss_makes_resistant(lab: Lab) -> Finding:
    """Growth with and without the drug, RB1 present and lost."""
    cells = lab.cells
    null = 2 ** cells.rate(_at_1_um(), RB_NULL) - 1
    intact = 2 ** cells.rate(MCF7.but(treatment=C, exposure=4.0), MCF7) - 1
    notes = [
        "Clinical anchor: biallelic RB1 in 4 of 41 resistant (9.8 %, 2.7-23.1 %), 0 of 18 sensitive."
    ]
    constant = _palbociclib_constant(lab)
    if constant is not None:
        notes.append(
            f"120 x Kd of the dimer is {120 * constant / 1000:.1f} uM palbociclib with the calibrated in-culture "
            f"constant ({constant:.0f} nM, median)."
        )
    return Finding(
        ran="MCF-7-like line with and without RB1 at 120 x Kd of the dimer (1 uM palbociclib or more).",
        acceptance=[
            Check("change of the GR value, RB1-null", np.abs(null - 1), Criterion("<", 0.05))
        ],
        falsifier=[Check("GR value with RB1 present", intact, Criterion("<=", 0.5))],
        figures=[
            draw.dots(
                tables.dots(lab, {"RB1-null": null, "RB1 present": intact}),
                axis="GR value (1: no effect, 0: no growth)",
                title="The CDK4/6 inhibitor without its substrate",
                threshold=1.0,
                threshold_label="no effect",
            )
        ],
        notes=notes,
    )


def _palbociclib_constant(lab: Lab) -> float | None:
    nuisance = getattr(lab.ensemble, "nuisance", None)
    if nuisance is None or ASSAY not in nuisance:
        return None
    return float(np.median(nuisance[ASSAY]))


@cache
def node_trials() -> list[dict[str, Any]]:
    """Trials that choose a drug by mechanism, with the node and the source."""
    name = "node_trials.yaml"
    return parse((files("rpoint.evidence") / name).read_text(encoding="utf-8"), name)["trials"]


@experiment("B9")
def trials_by_mechanism(lab: Lab) -> Finding:
    """The evidence table, trial to node."""
    trials = node_trials()
    cited = [t for t in trials if t["id"].startswith("NCT") and t["source"]]
    nodes = {t["node"] for t in cited}
    return Finding(
        ran="Table of trials that choose a drug by the mechanism of resistance.",
        acceptance=[
            Check(
                "trials with a registration and a source",
                np.array(len(cited)),
                Criterion(">=", 4.0, "published"),
            ),
            Check(
                "nodes with a trial (AKT, AURKA)",
                np.array(len(nodes & {"AKT", "AURKA"})),
                Criterion(">=", 2.0, "published"),
            ),
        ],
        tables=[("Trials by node", trials)],
        notes=["The rows graded 'unverified' were not checked against the registry."],
    )

"""Vilgelm 2019, p53 and p21: how an MDM2 antagonist or an AKT inhibitor restores control.

p53 itself is read in the reference cell; the doublet in a resistant melanoma (BRAF-driven, CDKN2A
lost, PI3K-AKT active, TP53 and RB1 intact), the AKT inhibitor in the AKT-high cell of the matrix.
"""

from __future__ import annotations

import numpy as np

from rpoint.evidence import measured, tables
from rpoint.evidence.conditions import Setup
from rpoint.evidence.dose import EXPOSURES, TOP, crossing, growth_inhibition, series
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.plots import evidence as draw

REF = Setup()
MEL = Setup(context="melanoma_resistant")
C, M, BOTH = "CDK4/6i", "MDM2i", "CDK4/6i + MDM2i"
NULLS = ("TP53-null", "RB1-null", "CDKN1A-null")
AT_LEAST = ">="

NULL = REF.but(genotype="TP53-null")
DAY = 1.0  # p53 is read at 24 h, as in the measured reporters


@experiment(
    "A8",
    [
        *series(REF.but(treatment=M)),
        REF,
        NULL,
        NULL.but(treatment=M, exposure=TOP),
        Setup(context="HepG2"),
        Setup(M, context="HepG2"),
    ],
)
def p53_is_stabilised(lab: Lab) -> Finding:
    """p53 against the dose, with TP53 intact and absent."""
    cells = lab.cells
    doses = series(REF.but(treatment=M))
    folds = np.stack([cells.ratio("p53_total", dose, REF, DAY) for dose in doses], axis=1)
    half = 1 + 0.9 * (folds[:, -1:] - 1)
    ec90 = _first_above(EXPOSURES, folds, half[:, 0])
    null_top = NULL.but(treatment=M, exposure=TOP)
    outputs = ("p21_mRNA", "p21_total", "division_rate", "death_rate")
    changes = [np.abs(cells.ratio(output, null_top, NULL) - 1) for output in outputs]
    line = Setup(context="HepG2")
    table = tables.courses(lab, "p53_total", {M: line.but(treatment=M)}, line)
    table = table[table["day"] <= 3]
    return Finding(
        ran="p53 at 24 h over eight doses of the MDM2 antagonist, in TP53-wt and TP53-null cells.",
        acceptance=[
            Check("p53 at the top dose over vehicle", folds[:, -1], Criterion(AT_LEAST, 3.0)),
        ],
        falsifier=[
            Check(
                "largest change of p21, division or death in TP53-null cells at the top dose",
                np.maximum.reduce(changes),
                Criterion("<=", 0.1),
            )
        ],
        beside=[
            Check(
                "p53 at clinical exposure over vehicle",
                cells.ratio("p53_total", REF.but(treatment=M), REF, DAY),
            ),
            Check("EC90, times clinical exposure", ec90),
            Check(
                "MDM2 over vehicle at clinical exposure",
                cells.ratio("MDM2_total", REF.but(treatment=M), REF, DAY),
            ),
        ],
        figures=[
            draw.curves(
                tables.curves(lab, EXPOSURES, {"TP53-wt": folds}),
                axis="p53 at 24 h over vehicle",
                dose_axis="exposure to the MDM2 antagonist over clinical",
                title="p53 against the dose",
            ),
            draw.courses(
                table,
                axis="p53 over untreated",
                title="p53 under an MDM2 antagonist, HepG2",
                measured=measured.p53_reporter(),
                measured_label="reporter, nutlin-3a 10 µM over control",
                sources=[measured.REPORTERS],
            ),
        ],
    )


def _first_above(doses: tuple[float, ...], rises: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Dose at which each set first reaches its own level, shape (sets,)."""
    return np.array(
        [crossing(doses, -row[None, :], -at)[0] for row, at in zip(rises, level, strict=True)]
    )


A9_SETUPS = [
    base.but(genotype=genotype, treatment=treatment)
    for base in (MEL, REF)
    for genotype in ("wild type", *NULLS)
    for treatment in ("vehicle", C, M, BOTH)
]


@experiment("A9", A9_SETUPS)
def p21_restores_control(lab: Lab) -> Finding:
    """p21 and CDK2 under the doublet, and the benefit without p21, p53 or RB."""
    cells = lab.cells
    both, alone = MEL.but(treatment=BOTH), MEL.but(treatment=C)
    gain = {g: _benefit(lab, MEL, g, "division_rate") for g in ("wild type", *NULLS)}
    net = {g: _benefit(lab, MEL, g, "net_rate") for g in ("wild type", "CDKN1A-null")}
    p21 = cells.ratio("p21_total", both, alone)
    kinase = cells.ratio("CDK2_active", both, alone)
    falsifier = [
        Check(
            f"part of the benefit on the cycling rate that is gone, {genotype}",
            _lost(gain[genotype], gain["wild type"]),
            Criterion(AT_LEAST, 0.8),
        )
        for genotype in ("CDKN1A-null", "TP53-null", "RB1-null")
    ]
    reference = _benefit(lab, REF, "wild type", "division_rate")
    lost_reference = _lost(_benefit(lab, REF, "CDKN1A-null", "division_rate"), reference)
    return Finding(
        ran="Resistant melanoma: vehicle, CDK4/6i, MDM2i, both, for 21 days; the same without "
        "CDKN1A, TP53 or RB1. Benefit = better single rate minus combination rate.",
        acceptance=[
            Check("p21 under the doublet over CDK4/6i alone", p21, Criterion(AT_LEAST, 3.0)),
            Check(
                "CDK2 activity under the doublet over CDK4/6i alone", kinase, Criterion("<=", 0.3)
            ),
            Check("benefit on the cycling rate", gain["wild type"], Criterion(">", 0.0)),
        ],
        falsifier=falsifier,
        beside=[
            Check(
                "p21 mRNA under the doublet over CDK4/6i alone",
                cells.ratio("p21_mRNA", both, alone),
            ),
            Check(
                "free p21 under the doublet over CDK4/6i alone",
                cells.ratio("free_p21", both, alone),
            ),
            Check("benefit on net growth", net["wild type"]),
            Check(
                "benefit on net growth without CDKN1A: the part through p53-driven death",
                net["CDKN1A-null"],
            ),
            Check("benefit on the cycling rate, reference cell", reference),
            Check("part of it gone without CDKN1A, reference cell", lost_reference),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, gain),
                axis="benefit on the cycling rate, of the vehicle's growth",
                title="The benefit of the doublet by genotype",
                threshold=0.0,
                threshold_label="none",
            )
        ],
    )


def _benefit(lab: Lab, base: Setup, genotype: str, observable: str) -> np.ndarray:
    of = base.but(genotype=genotype)
    return lab.cells.benefit(
        of.but(treatment=BOTH), [of.but(treatment=C), of.but(treatment=M)], base, observable
    )


def _lost(left: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part of a benefit that is gone; minus infinity where there was none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, 1 - left / whole, -np.inf)


@experiment("A10", [REF, NULL, *series(REF.but(treatment=M)), *series(NULL.but(treatment=M))])
def working_p53_is_needed(lab: Lab) -> Finding:
    """Dose response with TP53 intact and absent."""
    cells = lab.cells
    responses = {
        "TP53-wt": growth_inhibition(cells, series(REF.but(treatment=M)), REF),
        "TP53-null": growth_inhibition(cells, series(NULL.but(treatment=M)), NULL),
    }
    half = {line: crossing(EXPOSURES, values, 0.5) for line, values in responses.items()}
    top = np.abs(1 - cells.rate(NULL.but(treatment=M, exposure=TOP), NULL))
    return Finding(
        ran="Growth over 21 days at eight doses of the MDM2 antagonist, TP53-wt and TP53-null.",
        acceptance=[
            Check(
                "GR50, TP53-null over TP53-wt (no effect counts as infinite)",
                half["TP53-null"] / half["TP53-wt"],
                Criterion(AT_LEAST, 20.0),
            )
        ],
        falsifier=[
            Check("effect of the top dose in TP53-null cells", top, Criterion("<=", 0.05)),
            Check(
                "GR50 of TP53-wt cells is reached, times clinical",
                half["TP53-wt"],
                Criterion("<=", TOP),
            ),
        ],
        figures=[
            draw.curves(
                tables.curves(lab, EXPOSURES, responses),
                axis="GR value",
                dose_axis="exposure to the MDM2 antagonist over clinical",
                title="MDM2 antagonist with and without TP53",
                threshold=0.5,
            )
        ],
    )


AKT = REF.but(genotype="AKT-high")
AKT_NULL = REF.but(genotype="AKT-high & CDKN1A-null")
A, CA = "AKTi", "CDK4/6i + AKTi"
# Edges from AKT, by the parameters that are set to zero to cut them.
EDGES = {
    "nuclear p21": ("AKT_p21_export",),
    "p27": ("AKT_p27_export", "FOXO_p27"),
    "cyclin D1": ("AKT_CycD_stability", "TOR_CycD"),
    "MDM2": ("AKT_MDM2",),
}


def _cut(*edges: str) -> tuple[tuple[str, float], ...]:
    return tuple((name, 0.0) for edge in edges for name in EDGES[edge])


OTHERS = _cut("p27", "cyclin D1", "MDM2")


def _three(cell: Setup) -> list[Setup]:
    return [cell.but(treatment=treatment) for treatment in (CA, C, A)]


A18_CELLS = [
    AKT,
    AKT_NULL,
    AKT.but(with_=OTHERS),
    AKT_NULL.but(with_=OTHERS),
    *(AKT.but(with_=_cut(edge)) for edge in EDGES),
]


@experiment("A18", [REF, *(setup for cell in A18_CELLS for setup in _three(cell))])
def akt_acts_through_p21(lab: Lab) -> Finding:
    """Benefit of adding the AKT inhibitor, without CDKN1A and without single edges of AKT."""

    def benefit(cell: Setup) -> np.ndarray:
        both, *singles = _three(cell)
        return lab.cells.benefit(both, singles, REF)

    whole = benefit(AKT)
    alone, alone_null = benefit(AKT.but(with_=OTHERS)), benefit(AKT_NULL.but(with_=OTHERS))
    shares = {edge: _lost(benefit(AKT.but(with_=_cut(edge))), whole) for edge in EDGES}
    return Finding(
        ran="AKT-high cell: CDK4/6i, AKTi, both, for 21 days; the same without CDKN1A, with all "
        "edges from AKT cut but the one on nuclear p21, and with single edges cut.",
        acceptance=[
            Check("benefit of the doublet on net growth", whole, Criterion(">", 0.05)),
        ],
        falsifier=[
            Check(
                "part of it gone without CDKN1A",
                _lost(benefit(AKT_NULL), whole),
                Criterion(AT_LEAST, 0.5),
            ),
            Check(
                "the same through the nuclear-p21 edge alone",
                _lost(alone_null, alone),
                Criterion(AT_LEAST, 0.8),
            ),
        ],
        beside=[
            Check(f"part of it gone with AKT's edge on {edge} cut", values)
            for edge, values in shares.items()
        ],
        figures=[
            draw.dots(
                tables.dots(lab, {f"edge on {edge}": values for edge, values in shares.items()}),
                axis="part of the benefit that is gone with the edge cut",
                title="Through which edge the AKT inhibitor helps",
            )
        ],
    )

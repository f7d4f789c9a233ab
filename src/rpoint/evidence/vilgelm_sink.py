"""Vilgelm 2019, the cyclin D1 sink: what a CDK4/6 inhibitor does to p21, p27 and CDK2.

The setting is the paper's: a CDK4/6-inhibitor-resistant melanoma (BRAF-driven, CDKN2A lost,
PI3K-AKT active, TP53 and RB1 intact).  Thresholds are those of the claim register.
"""

from __future__ import annotations

import numpy as np

from rpoint.evidence import measured, tables
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.plots import evidence as draw

REF = Setup()
MEL = Setup(context="melanoma_resistant")
C = "CDK4/6i"
CLAMP = ("CycD",)
AT_LEAST = ">="

CLAMPED = MEL.but(treatment=C, clamp=CLAMP)
KNOCK_OUTS = {
    "no knock-out": MEL.but(treatment=C),
    "CDK2": MEL.but(treatment=C, genotype="CDK2 knock-out"),
    "CDKN1A": MEL.but(treatment=C, genotype="CDKN1A-null"),
    "CDKN1B": MEL.but(treatment=C, genotype="CDKN1B-null"),
}


@experiment("A3", KNOCK_OUTS.values())
def cdk2_is_needed(lab: Lab) -> Finding:
    """Knock-out scan under the CDK4/6 inhibitor."""
    untouched = KNOCK_OUTS["no knock-out"]
    ratio = {
        gene: lab.cells.ratio("division_rate", setup, untouched)
        for gene, setup in KNOCK_OUTS.items()
        if setup is not untouched
    }
    over = "proliferation under CDK4/6i, {} knock-out over none"
    figure = draw.dots(
        tables.dots(lab, {f"{gene} knock-out": values for gene, values in ratio.items()}),
        axis="division rate over that without knock-out",
        title="Who is needed under a CDK4/6 inhibitor",
        threshold=1.0,
        threshold_label="no knock-out",
    )
    return Finding(
        ran="Resistant melanoma under CDK4/6i for 21 days, with CDK2, CDKN1A or CDKN1B knocked "
        "out.",
        acceptance=[
            Check(over.format("CDK2"), ratio["CDK2"], Criterion("<=", 0.3)),
            Check(over.format("CDKN1A"), ratio["CDKN1A"], Criterion(AT_LEAST, 1.05)),
        ],
        literal=Check(
            "'p21 is needed to keep dividing': CDKN1A knock-out lowers proliferation",
            ratio["CDKN1A"],
            Criterion("<", 1.0),
        ),
        literal_must_fail=True,
        beside=[Check(over.format("CDKN1B"), ratio["CDKN1B"])],
        figures=[figure],
        notes=[
            "The reverse reading is the falsifier: it must come out false, and its share is shown."
        ],
    )


A4_SETUPS = {
    name: (base, base.but(treatment=C), base.but(idle=True), base.but(idle=True, treatment=C))
    for name, base in {
        "melanoma": MEL,
        "reference": REF,
        "MCF-7": Setup(context="MCF7"),
    }.items()
}
EARLY = (1.0, 2.0, 3.0)  # 24 to 72 h


def _lowest_fold(lab: Lab, treated: Setup, untreated: Setup) -> np.ndarray:
    folds = [lab.cells.ratio("CycD_total", treated, untreated, day) for day in EARLY]
    return np.minimum.reduce(folds)


@experiment("A4", [setup for four in A4_SETUPS.values() for setup in four])
def cyclin_d1_rises(lab: Lab) -> Finding:
    """Cyclin D1 over the untreated cells, and without the two causes of its rise."""
    untreated, treated, idle, idle_treated = A4_SETUPS["melanoma"]
    beside = [
        Check(
            f"cyclin D1, treated over untreated, 24–72 h, {name}",
            _lowest_fold(lab, four[1], four[0]),
        )
        for name, four in A4_SETUPS.items()
        if name != "melanoma"
    ]
    line = A4_SETUPS["MCF-7"]
    table = tables.courses(lab, "CycD_total", {C: line[1]}, line[0])
    return Finding(
        ran="Cyclin D1 of treated over untreated cells at 24, 48 and 72 h (the lowest counts), in "
        "resistant melanoma; beside it the reference cell and MCF-7.",
        acceptance=[
            Check(
                "cyclin D1, treated over untreated, lowest of 24, 48, 72 h",
                _lowest_fold(lab, treated, untreated),
                Criterion(AT_LEAST, 1.5),
            )
        ],
        falsifier=[
            Check(
                "the same with neither RB-dependent transcription nor stabilisation by the drug",
                lab.cells.ratio("CycD_total", idle_treated, idle, 3.0),
                Criterion("<", 1.1),
            )
        ],
        beside=beside,
        figures=[
            draw.courses(
                table,
                axis="cyclin D1 over untreated",
                title="Cyclin D1 under a CDK4/6 inhibitor, MCF-7",
                measured=measured.cyclin_d1(),
                measured_label="westerns, palbociclib 750 nM over day 0",
                sources=[measured.WESTERNS],
            )
        ],
    )


EXPELLED = MEL.but(treatment=C, alpha="expulsion")
IDLE = (MEL.but(idle=True), MEL.but(idle=True, treatment=C))


@experiment("A5", [MEL, MEL.but(treatment=C), CLAMPED, EXPELLED, *IDLE])
def free_inhibitor_falls(lab: Lab) -> Finding:
    """Free p21 and p27 beside their total, with and without the sink."""
    cells, treated = lab.cells, MEL.but(treatment=C)
    free = cells.ratio("free_CIP", treated, MEL)
    total = cells.ratio("p21_total", treated, MEL)
    fall = 1 - free
    clamped = 1 - cells.ratio("free_CIP", CLAMPED, MEL)
    with np.errstate(divide="ignore", invalid="ignore"):
        removed = np.where(fall > 0, 1 - clamped / fall, -np.inf)
    expelled = cells.ratio("free_CIP", EXPELLED, MEL)
    idle = cells.ratio("free_CIP", IDLE[1], IDLE[0])
    rows = {
        "free p21 + p27": free,
        "total p21": total,
        "total p27": cells.ratio("p27_total", treated, MEL),
        "share of p21 + p27 on cyclin D": cells.ratio("CIP_in_CycD_share", treated, MEL),
        "free, cyclin D1 clamped": 1 - clamped,
        "free, expulsion setting": expelled,
        "free, no cyclin D1 feedback": idle,
    }
    return Finding(
        ran="Resistant melanoma under CDK4/6i for 21 days: free and total inhibitor over "
        "vehicle; the same with cyclin D1 held at its untreated level, in the expulsion "
        "setting (drug expels p21 from CDK4), and without the causes of the rise of cyclin "
        "D1.",
        acceptance=[
            Check("free p21 + p27 over vehicle", free, Criterion("<=", 0.7)),
            Check("change of total p21", np.abs(total - 1), Criterion("<", 0.25)),
            Check(
                "part of the fall that a clamp on cyclin D1 removes",
                removed,
                Criterion(AT_LEAST, 0.8),
            ),
        ],
        falsifier=[
            Check("free p21 + p27 over vehicle, expulsion setting", expelled, Criterion(">", 1.0)),
            Check("the same without the cyclin D1 feedback", idle, Criterion(">", 0.9)),
        ],
        literal=Check(
            "'too little p21': total p21 falls by a quarter or more", total, Criterion("<=", 0.75)
        ),
        figures=[
            draw.dots(
                tables.dots(lab, rows),
                axis="level under CDK4/6i over vehicle",
                title="Free and total CDK inhibitor, resistant melanoma",
                threshold=1.0,
                threshold_label="vehicle",
            )
        ],
    )


HIGH_ALPHA = {alpha: MEL.but(treatment=C, alpha=alpha) for alpha in ("3", "10", "100")}


@experiment("A6", [MEL, MEL.but(treatment=C), CLAMPED, *HIGH_ALPHA.values()])
def shortage_makes_resistant(lab: Lab) -> Finding:
    """S phase and CDK2 with the cyclin D1 feedback and with cyclin D1 clamped."""
    cells, treated = lab.cells, MEL.but(treatment=C)
    escape = cells.ratio("CDK2_active_fraction", treated, MEL)
    s_phase = cells.ratio("S_phase", treated, CLAMPED)
    late = cells.at("S_phase", treated)
    early = cells.at("S_phase", treated, 3.0)
    rise = {a: cells.ratio("CDK2_active_fraction", s, MEL) for a, s in HIGH_ALPHA.items()}
    rows = {"α = 1": escape} | {f"α = {alpha}": values for alpha, values in rise.items()}
    return Finding(
        ran="Resistant melanoma under CDK4/6i for 21 days, with the cyclin D1 feedback, with "
        "cyclin D1 held at its untreated level, and for a drug that does not tolerate CIP "
        "(alpha 3 to 100).",
        acceptance=[
            Check(
                "S-phase fraction with the feedback over the clamp",
                s_phase,
                Criterion(AT_LEAST, 3.0),
            ),
            Check(
                "active fraction of cyclin E:CDK2 over vehicle", escape, Criterion(AT_LEAST, 1.2)
            ),
            Check(
                "CDK2 activity with the feedback over the clamp",
                cells.ratio("CDK2_active", treated, CLAMPED),
                Criterion(AT_LEAST, 1.5),
            ),
        ],
        falsifier=[
            Check(f"active fraction over vehicle at alpha {a}", rise[a], Criterion("<", 1.2))
            for a in ("10", "100")
        ],
        literal=Check(
            "'tumours develop resistance': S phase at day 21 at least twice that at day 3",
            late / np.maximum(early, 1e-12),
            Criterion(AT_LEAST, 2.0),
        ),
        beside=[
            Check("CDK2 activity over vehicle", cells.ratio("CDK2_active", treated, MEL)),
            Check("RB phosphorylation over vehicle", cells.ratio("RB_phospho", treated, MEL)),
            Check("active fraction over vehicle at alpha 3", rise["3"]),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rows),
                axis="active fraction of cyclin E:CDK2 over vehicle",
                title="CDK2 escapes only where the drug tolerates CIP",
                threshold=1.2,
            )
        ],
        notes=["No clone is selected in these runs: the resistance is there from the start."],
    )


# p27 doubled at the start of treatment, with cyclin D1 free to stay high and held low.
MORE_P27 = (("g_CDKN1B", 2.0),)
P27_HIGH_D = MEL.but(treatment=C, dose=MORE_P27)
P27_LOW_D = MEL.but(treatment=C, dose=MORE_P27, clamp=CLAMP)


@experiment("A19", [MEL, MEL.but(treatment=C), P27_HIGH_D, P27_LOW_D])
def p27_is_taken_up_too(lab: Lab) -> Finding:
    """p27 under the sink, and whether twice as much of it helps."""
    cells, treated = lab.cells, MEL.but(treatment=C)
    kept = cells.ratio("CDK2_active", P27_HIGH_D, treated)
    low = cells.ratio("CDK2_active", P27_LOW_D, treated)
    return Finding(
        ran="Resistant melanoma under CDK4/6i for 21 days; p27 synthesis doubled from the start of "
        "treatment, with cyclin D1 left high and with cyclin D1 held at its untreated level.",
        acceptance=[
            Check("total p27", cells.at("p27_total", MEL), Criterion(">", 0.0), "nM"),
            Check(
                "free p27 over vehicle", cells.ratio("free_p27", treated, MEL), Criterion("<", 1.0)
            ),
            Check(
                "cyclin D1 over vehicle with p27 doubled",
                cells.ratio("CycD_total", P27_HIGH_D, MEL),
                Criterion(AT_LEAST, 1.5),
            ),
            Check("CDK2 activity kept with p27 doubled", kept, Criterion(AT_LEAST, 0.7)),
        ],
        falsifier=[
            Check("CDK2 activity kept with p27 doubled and cyclin D1 low", low, Criterion("<", 0.7))
        ],
        beside=[
            Check("total p27 over vehicle", cells.ratio("p27_total", treated, MEL)),
            Check("S phase kept with p27 doubled", cells.ratio("S_phase", P27_HIGH_D, treated)),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, {"cyclin D1 high": kept, "cyclin D1 held low": low}),
                axis="CDK2 activity with p27 doubled, of that under CDK4/6i",
                title="Twice the p27 does not rescue while cyclin D1 is high",
                threshold=0.7,
            )
        ],
        assumptions=[
            "Cyclin D1 is left to its own response rather than clamped: its level is checked "
            "instead."
        ],
    )

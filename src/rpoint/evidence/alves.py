"""Alves 2021, cells: adding an AKT inhibitor to fulvestrant and a CDK4/6 inhibitor.

The cell is MCF-7 with PI3K-AKT active (the resistant, phospho-AKT-high lines of the paper).
"""

from __future__ import annotations

import numpy as np

from rpoint.evidence import tables
from rpoint.evidence.conditions import LONG_DAYS, Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.registry import claims
from rpoint.plots import evidence as draw

MCF7 = Setup(context="MCF7", days=LONG_DAYS[-1])
RESISTANT = MCF7.but(genotype="AKT-high")
NULL = MCF7.but(genotype="AKT-high & CDKN1A-null")
F, C, A = "fulvestrant", "CDK4/6i", "AKTi"
DOUBLET, SWITCH, TRIPLET = (
    "CDK4/6i + fulvestrant",
    "AKTi + fulvestrant",
    "CDK4/6i + fulvestrant + AKTi",
)
ARMS = ("vehicle", F, A, DOUBLET, SWITCH, TRIPLET)


@experiment(
    "E1", [MCF7.but(days=21.0), *(MCF7.but(days=21.0, treatment=t) for t in (F, C, DOUBLET))]
)
def doublet_in_the_line(lab: Lab) -> Finding:
    """What can be said without a trial: net growth of the sensitive line."""
    line = MCF7.but(days=21.0)
    rates = {t: lab.cells.rate(line.but(treatment=t), line) for t in (F, C, DOUBLET)}
    return Finding(
        ran="The sensitive line under fulvestrant, CDK4/6i and both for 21 days. The claim is a hazard "
        "ratio: it is judged when virtual trials are built.",
        beside=[Check(f"net growth under {t} over vehicle", values) for t, values in rates.items()],
        figures=[
            draw.dots(
                tables.dots(lab, rates),
                axis="net growth over vehicle",
                title="Endocrine therapy with and without a CDK4/6 inhibitor, MCF-7",
                threshold=0.0,
                threshold_label="no growth",
            )
        ],
        waiting="trials",
    )


@experiment(
    "E3a",
    [
        *(RESISTANT.but(treatment=t) for t in ARMS),
        *(NULL.but(treatment=t) for t in (DOUBLET, TRIPLET)),
    ],
)
def triplet_holds(lab: Lab) -> Finding:
    """Net growth over eight weeks of culture."""
    cells = lab.cells
    late = [day for day in LONG_DAYS if day >= 7]
    worst = np.maximum.reduce([_rate(lab, RESISTANT, TRIPLET, day) for day in late])
    gain = _rate(lab, RESISTANT, DOUBLET) - _rate(lab, RESISTANT, TRIPLET)
    gain_null = _rate(lab, NULL, DOUBLET) - _rate(lab, NULL, TRIPLET)
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(gain > 0, 1 - gain_null / gain, -np.inf)
    table = tables.courses(lab, "net_rate", {t: RESISTANT.but(treatment=t) for t in ARMS})
    per_day = table.assign(**{k: table[k] * 24 for k in ("median", "lo", "hi")})
    return Finding(
        ran="MCF-7 with PI3K-AKT active, eight weeks under vehicle, single drugs, doublets, triplet.",
        acceptance=[
            Check("highest net growth under the triplet, week 1 to 8", worst, Criterion("<=", 0.0)),
            Check(
                "net growth under the doublet at week 8",
                _rate(lab, RESISTANT, DOUBLET),
                Criterion(">", 0.0),
            ),
        ],
        falsifier=[
            Check(
                "net growth under the AKT inhibitor alone",
                _rate(lab, RESISTANT, A),
                Criterion(">", 0.05),
            ),
            Check("part of the triplet's gain gone without CDKN1A", lost, Criterion(">=", 0.5)),
        ],
        beside=[
            Check(f"net growth under {t} over vehicle, week 8", _rate(lab, RESISTANT, t))
            for t in (F, SWITCH)
        ]
        + [Check("net growth under vehicle", cells.at("net_rate", RESISTANT) * 24, unit="1/d")],
        figures=[
            draw.courses(
                per_day,
                axis="net growth rate, 1/d",
                title="Eight weeks of culture, PI3K-AKT-active MCF-7",
                threshold=0.0,
            )
        ],
        notes=["Rates are over the line's own vehicle; no clone is selected in this run."],
    )


def _rate(lab: Lab, cell: Setup, treatment: str, day: float | None = None) -> np.ndarray:
    return lab.cells.rate(cell.but(treatment=treatment), RESISTANT, day)


DRIVES = (0.0, 0.15, 0.3, 0.6, 1.0)


def _driven(drive: float, treatment: str, *null: str) -> Setup:
    genotype = " & ".join(null) or "wild type"
    return Setup(treatment, genotype, context="MCF7", with_=(("g_PI3K", drive),))


E7_SETUPS = [
    _driven(drive, treatment, *null)
    for drive in DRIVES
    for treatment in ("vehicle", DOUBLET, TRIPLET)
    for null in ((), ("CDKN1A-null",))
]


@experiment("E7", E7_SETUPS)
def benefit_by_pakt(lab: Lab) -> Finding:
    """Gain from adding the AKT inhibitor against the pathway's drive."""
    cells = lab.cells
    base = _driven(DRIVES[0], "vehicle")

    def gain(drive: float, *null: str) -> np.ndarray:
        doublet, triplet = (_driven(drive, t, *null) for t in (DOUBLET, TRIPLET))
        return cells.rate(doublet, base) - cells.rate(triplet, base)

    gains = {drive: gain(drive) for drive in DRIVES}
    interaction = gains[1.0] - gains[0.0]
    null = gain(1.0, "CDKN1A-null") - gain(0.0, "CDKN1A-null")
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(interaction > 0, 1 - null / interaction, -np.inf)
    rows = {
        f"pAKT {np.median(cells.at('pAKT', _driven(d, 'vehicle'))):.2f} (drive {d:g})": values
        for d, values in gains.items()
    }
    return Finding(
        ran="MCF-7 with five strengths of the PI3K-AKT drive under the doublet and the triplet.",
        acceptance=[
            Check(
                "gain in the highest p-AKT stratum minus that in the lowest",
                interaction,
                Criterion(">", 0.0),
            ),
            Check("gain in the highest stratum", gains[1.0], Criterion(">", 0.0)),
        ],
        falsifier=[
            Check("part of the difference gone without CDKN1A", lost, Criterion(">=", 0.5)),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rows),
                axis="net growth, doublet minus triplet, of the vehicle's",
                title="Gain from the AKT inhibitor by p-AKT",
                threshold=0.0,
                threshold_label="none",
            )
        ],
        notes=[
            "A prediction. Clinical anchor, another regimen: CAPItello-291, PFS HR 0.60 (0.51-0.71) "
            "in all and 0.50 (0.38-0.65) with an altered AKT pathway."
        ],
    )


@experiment("E8")
def correction_is_carried(lab: Lab) -> Finding:
    """The correction of 2021 stands in the sources of every Alves number."""
    own = [
        c for c in claims().values() if c.study == "alves" and any("Alves" in s for s in c.sources)
    ]
    carried = [claim for claim in own if any("12:5588" in source for source in claim.sources)]
    return Finding(
        ran="The sources of every claim that rests on the paper.",
        acceptance=[
            Check(
                "claims that rest on the paper and name its correction, of all such claims",
                np.array(len(carried) / len(own)),
                Criterion(">=", 1.0, "published"),
            )
        ],
    )

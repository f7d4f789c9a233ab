"""Dumbrava 2025 (MANTRA-2), what the trial rests on: MDM2, p53 and the antagonist, in cells.

What the trial itself reports (C5 to C16) waits for endpoints and trials.
"""

from __future__ import annotations

import numpy as np

from rpoint import catalog
from rpoint.biology import exposures
from rpoint.evidence import tables
from rpoint.evidence.conditions import Setup
from rpoint.evidence.dose import EXPOSURES, TOP, crossing, growth_inhibition, half_dose, series
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.plots import evidence as draw

REF = Setup()
M = "MDM2i"
NULL = REF.but(genotype="TP53-null")
AMPLIFIED = REF.but(genotype="MDM2 CN 12")
AMPLIFIED_NULL = REF.but(genotype="MDM2 CN 12, TP53-null")
ABSENT = REF.but(genotype="MDM2 absent")
COPIES = (1.0, 2.0, 4.0, 8.0, 12.0, 20.0)


def _with_copies(number: float) -> Setup:
    return REF if number == 2.0 else REF.but(with_=(("g_MDM2", number / 2.0),))


def _half_life_min(lab: Lab, setup: Setup, day: float | None = None) -> np.ndarray:
    """Half-life of p53 at steady state, min: ln 2 times its level over the flux through it."""
    flux = lab.cells.parameters["p53_synthesis"]
    return 60.0 * np.log(2.0) * lab.cells.at("p53_total", setup, day) / flux


@experiment(
    "C1",
    [*(_with_copies(n) for n in COPIES), REF.but(treatment=M), ABSENT, ABSENT.but(treatment=M)],
)
def mdm2_shortens_p53(lab: Lab) -> Finding:
    """p53 half-life against the copy number of MDM2 and under the antagonist."""
    lives = {number: _half_life_min(lab, _with_copies(number)) for number in COPIES}
    steps = [
        lives[after] / lives[before] for before, after in zip(COPIES, COPIES[1:], strict=False)
    ]
    longer = lab.cells.ratio("p53_total", REF.but(treatment=M), REF)
    without = lab.cells.ratio("p53_total", ABSENT.but(treatment=M), ABSENT)
    return Finding(
        ran="Half-life of p53 from its steady level and its synthesis, over 1 to 20 copies of MDM2, "
        "under the antagonist, and in cells without MDM2.",
        acceptance=[
            Check(
                "largest ratio of half-lives from one copy number to the next higher",
                np.maximum.reduce(steps),
                Criterion("<", 1.0),
            ),
            Check("half-life under the antagonist over vehicle", longer, Criterion(">=", 3.0)),
        ],
        falsifier=[
            Check("the same in cells without MDM2", without, Criterion("<=", 1.1)),
        ],
        beside=[Check("half-life with two copies", lives[2.0], unit="min")],
        figures=[
            draw.dots(
                tables.dots(lab, {f"{n:g} copies of MDM2": values for n, values in lives.items()}),
                axis="half-life of p53, min",
                title="MDM2 shortens the life of p53",
                log=True,
            )
        ],
        notes=[
            "The 20 to 30 min at basal MDM2 of the register is not verified in a source: the value "
            "is shown beside, not judged."
        ],
    )


DAMAGE = (("in_stress", 4.0),)
C2_DAY = 3.0
C2_CELLS = {"CN 2": REF, "CN 12": AMPLIFIED, "TP53-null": NULL}


@experiment(
    "C2",
    [
        *C2_CELLS.values(),
        *(cell.but(dose=DAMAGE) for cell in C2_CELLS.values()),
        AMPLIFIED.but(treatment=M),
        AMPLIFIED_NULL,
        AMPLIFIED_NULL.but(treatment=M),
    ],
)
def amplification_looks_null(lab: Lab) -> Finding:
    """p53 outputs against copy number, basal and after damage, and under the antagonist."""
    cells = lab.cells
    active = cells.ratio("p53_active", AMPLIFIED, REF, C2_DAY)
    restored = cells.ratio("p53_active", AMPLIFIED.but(treatment=M), REF, C2_DAY)
    null_drug = cells.ratio("p21_mRNA", AMPLIFIED_NULL.but(treatment=M), AMPLIFIED_NULL, C2_DAY)

    def points(observable: str, damaged: bool) -> np.ndarray:
        dose = DAMAGE if damaged else ()
        level = {k: cells.at(observable, s.but(dose=dose), C2_DAY) for k, s in C2_CELLS.items()}
        scale = 1.0 if observable == "death_prime" else level["CN 2"]
        return 100.0 * (level["CN 12"] - level["TP53-null"]) / scale

    within = Criterion("<=", 10.0)
    states = ((False, "basal"), (True, "damaged"))
    return Finding(
        ran="Cells with 2 and 12 copies of MDM2 and TP53-null cells: untreated, 72 h after a 4-fold "
        "p53-activating stress (damage), and under the antagonist.",
        acceptance=[
            Check("p53 activity, CN 12 over CN 2", active, Criterion("<=", 0.2)),
            *(
                Check(
                    f"{name} of CN 12 above TP53-null, {word}",
                    points(observable, is_),
                    within,
                    "points",
                )
                for observable, name in (
                    ("p21_mRNA", "p21 mRNA"),
                    ("death_prime", "PUMA-like output"),
                )
                for is_, word in states
            ),
            Check(
                "p53 activity, CN 12 under the antagonist over CN 2 vehicle",
                restored,
                Criterion(">=", 1.0),
            ),
        ],
        falsifier=[
            Check(
                "change of p21 mRNA under the antagonist, CN 12 and TP53-null",
                np.abs(null_drug - 1),
                Criterion("<=", 0.1),
            )
        ],
        figures=[
            draw.dots(
                tables.dots(
                    lab,
                    {"CN 12, untreated": active, "CN 12, antagonist": restored},
                ),
                axis="p53 activity over that of an untreated cell with two copies",
                title="MDM2 amplification and p53 activity",
                threshold=1.0,
                threshold_label="two copies",
                log=True,
            )
        ],
        notes=[
            "p21 in points of the level of two copies in the same state, the PUMA-like output in "
            "points of its maximum. GDF15 is not in the model."
        ],
    )


C3_SETUPS = [REF, NULL, *series(REF.but(treatment=M)), *series(NULL.but(treatment=M))]


@experiment("C3", C3_SETUPS)
def milademetan_is_potent(lab: Lab) -> Finding:
    """Concentration that raises p53 half way, and what happens without TP53."""
    cells = lab.cells
    unit = _unbound_nm()
    folds = np.stack(
        [cells.ratio("p53_total", dose, REF, 1.0) for dose in series(REF.but(treatment=M))], axis=1
    )
    half = 1 + 0.5 * (folds[:, -1] - 1)
    ec50 = np.array(
        [crossing(EXPOSURES, -row[None, :], -at)[0] for row, at in zip(folds, half, strict=True)]
    )
    index = half_dose(cells, NULL.but(treatment=M), NULL) / half_dose(
        cells, REF.but(treatment=M), REF
    )
    top = cells.ratio("p21_mRNA", NULL.but(treatment=M, exposure=TOP), NULL)
    return Finding(
        ran="Eight doses of the MDM2 antagonist in TP53-wt and TP53-null cells; occupancy turned into "
        "unbound milademetan with the in-cell potency of the catalogue.",
        acceptance=[
            Check(
                "unbound EC50 of the p53 response",
                ec50 * unit,
                Criterion("within", (1.0, 1000.0)),
                "nM",
            ),
            Check(
                "selectivity: GR50 of TP53-null over TP53-wt (no effect counts as infinite)",
                index,
                Criterion(">=", 20.0),
            ),
        ],
        falsifier=[
            Check(
                "change of p21 mRNA in TP53-null cells at the top dose",
                np.abs(top - 1),
                Criterion("<=", 0.1),
            )
        ],
        figures=[
            draw.curves(
                tables.curves(lab, [x * unit for x in EXPOSURES], {"TP53-wt": folds}),
                axis="p53 at 24 h over vehicle",
                dose_axis="unbound milademetan, nM",
                title="p53 against milademetan",
            )
        ],
        assumptions=[
            "The in-cell potency of milademetan is inferred from its class, not measured here: the "
            "test shows that the value is consistent, it does not establish it."
        ],
    )


def _unbound_nm() -> float:
    """Unbound milademetan at the reference exposure, nM."""
    (drive,) = [d for d in catalog.drug("milademetan").drives if d.input == "c_MDM2"]
    return exposures()["MDM2i"]["c_MDM2"] * drive.potency_cell.to("nM")


# Stress input of an amplified tumour: constant, present before treatment.
STRESSES = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0)


def _stressed(cell: Setup, stress: float) -> Setup:
    return cell if stress == 1.0 else cell.but(with_=(("in_stress", stress),))


C4_CELLS = [REF, NULL, AMPLIFIED_NULL, *(_stressed(AMPLIFIED, s) for s in STRESSES)]


def amplified_lines(lab: Lab) -> tuple[list[Check], list[Check], list[Check], list]:
    """Cell-line part of C4: acceptance, falsifier, beside, figures."""
    cells = lab.cells
    half = {cell: half_dose(cells, cell.but(treatment=M), cell) for cell in C4_CELLS}
    ratios = {s: half[_stressed(AMPLIFIED, s)] / half[REF] for s in STRESSES}
    needed = np.full(lab.sets, np.inf)
    for stress in reversed(STRESSES):
        needed = np.where(ratios[stress] <= 0.5, stress, needed)
    top = np.abs(1 - cells.rate(AMPLIFIED_NULL.but(treatment=M, exposure=TOP), AMPLIFIED_NULL))
    acceptance = [
        Check("GR50, TP53-null over TP53-wt", half[NULL] / half[REF], Criterion(">=", 20.0)),
        Check(
            "smallest tested stress input that makes the amplified line twice as sensitive",
            needed,
            Criterion("<=", STRESSES[-1]),
            "times normal",
        ),
    ]
    falsifier = [
        Check("GR50, CN 12 over CN 2 by copy number alone", ratios[1.0], Criterion(">", 1.0)),
        Check("effect of the top dose, CN 12 and TP53-null", top, Criterion("<=", 0.05)),
    ]
    curves = {
        "CN 2": growth_inhibition(cells, series(REF.but(treatment=M)), REF),
        "CN 12": growth_inhibition(cells, series(AMPLIFIED.but(treatment=M)), AMPLIFIED),
        "CN 12, stress x3": growth_inhibition(
            cells, series(_stressed(AMPLIFIED, 3.0).but(treatment=M)), _stressed(AMPLIFIED, 3.0)
        ),
        "TP53-null": growth_inhibition(cells, series(NULL.but(treatment=M)), NULL),
    }
    figures = [
        draw.curves(
            tables.curves(lab, EXPOSURES, curves),
            axis="GR value",
            dose_axis="exposure to the MDM2 antagonist over clinical",
            title="Amplified lines need more drug unless p53 is under stress",
            threshold=0.5,
        )
    ]
    beside = [Check(f"GR50, CN 12 with stress x{s:g} over CN 2", ratios[s]) for s in STRESSES[1:]]
    return acceptance, falsifier, beside, figures


C4_SETUPS = [setup for cell in C4_CELLS for setup in (cell, *series(cell.but(treatment=M)))]

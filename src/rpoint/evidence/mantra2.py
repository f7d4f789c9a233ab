"""Dumbrava 2025 (MANTRA-2), what the trial rests on: MDM2, p53 and the antagonist (C2, C3).

C1 is in `mantra2_half_life`, C4 in `mantra2_amplified`, the printed numbers (C5 to C9, C13, C14) in
`mantra2_numbers`; the rest waits for trials.
"""

from __future__ import annotations

import numpy as np

from rpoint import catalog
from rpoint.biology import exposures
from rpoint.evidence import (
    mantra2_amplified,  # noqa: F401  (registers C4)
    mantra2_half_life,  # noqa: F401  (registers C1)
    tables,
)
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import crossing_up, dosed, gr50, least_fold
from rpoint.plots import evidence as draw

REF = Setup()
M = "MDM2i"
NULL = REF.but(genotype="TP53-null")
ABSENT = REF.but(genotype="MDM2 absent")
CHANGE = Criterion("<=", 0.1)

# ---- C2: outputs of p53 against copy number
DAMAGE = (("in_stress", 4.0),)
C2_DAY = 3.0
SERIES = (2.0, 4.0, 8.0, 12.0, 20.0)
HIGH = (12.0, 20.0)
OUTPUTS = {"p21_total": "p21", "death_prime": "PUMA-like output"}
STATES = {"basal": (), "damaged": DAMAGE}


def _copies(number: float, genotype: str = "wild type") -> Setup:
    own = () if number == 2.0 else (("g_MDM2", number / 2.0),)
    return REF.but(genotype=genotype, with_=own)


def _null(number: float) -> Setup:
    return _copies(number, "TP53-null")


# MDM2 that cannot hold p53: what copy number does must vanish.
UNBOUND = (("Kd_p53_MDM2", 1e6),)
C2_CELLS = [_copies(n) for n in SERIES] + [_null(n) for n in (2.0, *HIGH)]
C2_SETUPS = [
    *(cell.but(dose=dose) for cell in C2_CELLS for dose in STATES.values()),
    *(cell(n).but(treatment=M) for cell in (_copies, _null) for n in HIGH),
    *(_copies(n).but(scale=UNBOUND) for n in (2.0, 12.0)),
]


def points_from_null(lab: Lab, observable: str, number: float, state: str) -> np.ndarray:
    """Output above that of TP53-null cells with as many copies, in % of the level of two copies."""
    dose = STATES[state]
    own, null, two = (
        lab.cells.at(observable, cell.but(dose=dose), C2_DAY)
        for cell in (_copies(number), _null(number), _copies(2.0))
    )
    return 100.0 * np.abs(own - null) / np.maximum(two, 1e-30)


@experiment("C2", C2_SETUPS)
def amplification_looks_null(lab: Lab) -> Finding:
    """p53 and its outputs against copy number, basal and after damage, and under the antagonist."""
    cells = lab.cells
    activity = {n: cells.ratio("p53_active", _copies(n), REF, C2_DAY) for n in SERIES}
    restored = {
        n: cells.ratio("p53_active", _copies(n).but(treatment=M), REF, C2_DAY) for n in HIGH
    }
    null_change = [
        np.abs(cells.ratio(o, _null(n).but(treatment=M), _null(n), C2_DAY) - 1)
        for n in HIGH
        for o in ("p21_total", "division_rate", "death_rate")
    ]
    high, low = (_copies(n).but(scale=UNBOUND) for n in (12.0, 2.0))
    gap = {
        (o, n, s): points_from_null(lab, o, n, s)
        for o in OUTPUTS
        for n in SERIES[:1] + HIGH
        for s in STATES
    }
    rows = {f"CN {n:g}, untreated": values for n, values in activity.items()}
    rows |= {f"CN {n:g}, antagonist": values for n, values in restored.items()}
    acceptance = [
        Check(f"p53 activity, CN {n:g} over CN 2", activity[n], Criterion("<=", 0.2)) for n in HIGH
    ]
    acceptance += [
        Check(
            f"{OUTPUTS[o]} of CN {n:g} from TP53-null, {s}",
            gap[o, n, s],
            Criterion("<=", 10.0),
            "points",
        )
        for o in OUTPUTS
        for n in HIGH
        for s in STATES
    ]
    acceptance += [
        Check(
            f"p53 activity, CN {n:g} under the antagonist over CN 2 vehicle",
            restored[n],
            Criterion(">=", 1.0),
        )
        for n in HIGH
    ]
    return Finding(
        ran="Cells with 2 to 20 copies of MDM2 and TP53-null cells with as many: untreated, 72 h "
        "after a 4-fold p53-activating stress (damage), and 72 h under the antagonist.",
        acceptance=acceptance,
        falsifier=[
            Check(
                "largest change of p21, division or death under the antagonist, amplified and "
                "TP53-null",
                np.maximum.reduce(null_change),
                CHANGE,
            ),
            Check(
                "p53 activity, CN 12 over CN 2, MDM2 unable to hold p53",
                cells.ratio("p53_active", high, low, C2_DAY),
                Criterion(">=", 0.9),
            ),
            *(
                Check(
                    f"{OUTPUTS[o]} of CN 2 from TP53-null, damaged (there is something to lose)",
                    gap[o, 2.0, "damaged"],
                    Criterion(">", 10.0),
                    "points",
                )
                for o in OUTPUTS
            ),
        ],
        beside=[
            *(Check(f"p53 activity, CN {n:g} over CN 2", activity[n]) for n in (4.0, 8.0)),
            Check(
                "p21 of CN 2 from TP53-null, basal", gap["p21_total", 2.0, "basal"], unit="points"
            ),
            Check(
                "p53 activity after damage, CN 12 over CN 2",
                cells.ratio(
                    "p53_active", _copies(12.0).but(dose=DAMAGE), REF.but(dose=DAMAGE), C2_DAY
                ),
            ),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rows),
                axis="p53 activity over that of an untreated cell with two copies",
                title="MDM2 amplification and p53 activity",
                threshold=1.0,
                threshold_label="two copies",
                log=True,
            )
        ],
        notes=[
            "Points are % of the level of two copies in the same state; TP53-null cells carry as "
            "many copies. GDF15 is not in the model; it would follow p53 as p21 mRNA does."
        ],
    )


# ---- C3: potency and selectivity of milademetan; 0.03 to 1000 times the in-cell constant
C3_DOSES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0 / 3.0)
C3_TOP = C3_DOSES[-1]


def unbound_nm() -> float:
    """Unbound milademetan at the reference exposure, nM."""
    (drive,) = [d for d in catalog.drug("milademetan").drives if d.input == "c_MDM2"]
    return exposures()[M]["c_MDM2"] * drive.potency_cell.to("nM")


@experiment(
    "C3",
    [
        *dosed(REF, M, C3_DOSES),
        *dosed(NULL, M, C3_DOSES),
        ABSENT,
        ABSENT.but(treatment=M, exposure=C3_TOP),
    ],
)
def milademetan_is_potent(lab: Lab) -> Finding:
    """Concentration that raises p53 and slows growth half way, and what happens without TP53."""
    cells, unit = lab.cells, unbound_nm()
    arms = [REF.but(treatment=M, exposure=x) for x in C3_DOSES]
    folds = np.stack([cells.ratio("p53_total", arm, REF, 1.0) for arm in arms], axis=1)
    ec50 = crossing_up(C3_DOSES, folds, 1 + 0.5 * (folds[:, -1] - 1))
    half, half_null = gr50(lab, REF, M, C3_DOSES), gr50(lab, NULL, M, C3_DOSES)
    top = NULL.but(treatment=M, exposure=C3_TOP)
    effects = [
        np.abs(cells.ratio(o, top, NULL) - 1) for o in ("p21_total", "division_rate", "death_rate")
    ]
    target = catalog.drug("milademetan").targets[0]
    range_nm = Criterion("within", (1.0, 1000.0))
    return Finding(
        ran="Ten doses of the MDM2 antagonist in TP53-wt and TP53-null cells; occupancy turned "
        "into unbound milademetan with the in-cell potency of the catalogue.",
        acceptance=[
            Check("unbound EC50 of the p53 response at 24 h", ec50 * unit, range_nm, "nM"),
            Check("unbound GR50 of TP53-wt cells", half * unit, range_nm, "nM"),
            Check("p53 at the top dose over vehicle", folds[:, -1], Criterion(">=", 2.0)),
            Check(
                "selectivity: GR50 of TP53-null over TP53-wt cells",
                least_fold(half_null, half, C3_TOP),
                Criterion(">=", 20.0),
            ),
        ],
        falsifier=[
            Check(
                "largest change of p21, division or death in TP53-null cells at the top dose",
                np.maximum.reduce(effects),
                CHANGE,
            ),
            Check(
                "change of p53 in cells without MDM2 at the top dose",
                np.abs(
                    cells.ratio("p53_total", ABSENT.but(treatment=M, exposure=C3_TOP), ABSENT, 1.0)
                    - 1
                ),
                CHANGE,
            ),
        ],
        beside=[
            Check(
                f"biochemical IC50 on MDM2 ({target.value.grade})",
                np.array(target.value.to("nM")),
                range_nm,
                "nM",
            )
        ],
        figures=[
            draw.curves(
                tables.curves(lab, [x * unit for x in C3_DOSES], {"TP53-wt": folds}),
                axis="p53 at 24 h over vehicle",
                dose_axis="unbound milademetan, nM",
                title="p53 against milademetan",
            )
        ],
        assumptions=[
            "The in-cell potency of milademetan is inferred from its class and unverified: the "
            "test shows that the value is consistent, it does not establish it."
        ],
        notes=[
            f"A GR50 above the top dose ({C3_TOP * unit:.0f} nM unbound) counts as the top dose, "
            f"so the selectivity is the least it can be."
        ],
    )

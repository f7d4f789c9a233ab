"""Alves 2021, mice: the triplet in xenografts that resist fewer drugs (E3b, E3c, E5).

Doses, numbers of mice and weeks are those of the figure legends.  Where the paper's number of mice
was not found, the number used is an assumption and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rpoint import catalog
from rpoint.evidence import tables
from rpoint.evidence.alves_sequence import REFERENCE_E2
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import part_lost
from rpoint.evidence.xenografts import VEHICLE, Grafts, graft, held, mcf7_in_mouse, power
from rpoint.plots import evidence as draw
from rpoint.tumour.simulate import in_host

FULVESTRANT = "fulvestrant 100 mg/kg sc q7d"
CAPIVASERTIB = "capivasertib 100 mg/kg qd 5/7"
DOUBLET, TRIPLET, SWITCH, SINGLE = "doublet", "triplet", "AKTi + fulvestrant", "CDK4/6i"
NO_P21 = " without CDKN1A"


def arms(palbociclib_mg_kg: float) -> dict[str, str]:
    """Arms of the xenograft studies, by the dose of palbociclib."""
    palbociclib = f"palbociclib {palbociclib_mg_kg:g} mg/kg qd 5/7"
    return {
        VEHICLE: "vehicle",
        DOUBLET: f"{palbociclib} + {FULVESTRANT}",
        TRIPLET: f"{palbociclib} + {FULVESTRANT} + {CAPIVASERTIB}",
        SWITCH: f"{CAPIVASERTIB} + {FULVESTRANT}",
    }


def _lines(name: str, handles: Mapping[str, float]) -> dict[str, dict[str, float]]:
    return {name: dict(handles), name + NO_P21: {**handles, "g_CDKN1A": 0.0}}


# The lines, as alterations of the catalogue on MCF-7 or on the reference breast tumour cell.
AKT_ACTIVE = catalog.genotype(altered=["AKT1:mut"])
NO_ER = catalog.genotype(altered=["ESR1:loss", "AKT1:mut"])
MPF_R, R182, PDX = "MPF-R", "182R-1", "KCC_P_3837-like"


def mpf_r(lab: Lab) -> Grafts:
    """MCF-7 resistant to palbociclib and fulvestrant: Fig 6A, 100 mm3, 7 weeks."""
    lines = _lines(MPF_R, mcf7_in_mouse(**AKT_ACTIVE))
    return lab.once(MPF_R, lambda: graft(lab, lines, arms(50), weeks=7, start_mm3=100))


def r182(lab: Lab) -> Grafts:
    """MCF-7 resistant to fulvestrant: Fig 3D and 3E, 8 weeks."""
    lines = _lines(R182, mcf7_in_mouse(**NO_ER))
    plan = {k: v for k, v in arms(50).items() if k != SWITCH}
    plan[SINGLE] = "palbociclib 50 mg/kg qd 5/7"
    plan["fulvestrant"] = FULVESTRANT
    return lab.once(R182, lambda: graft(lab, lines, plan, weeks=8, start_mm3=50))


def pdx(lab: Lab) -> Grafts:
    """A patient's ER-driven tumour with AKT active: Fig 6C, half the dose of palbociclib."""
    lines = _lines(PDX, in_host(AKT_ACTIVE))
    return lab.once(PDX, lambda: graft(lab, lines, arms(25), weeks=7, start_mm3=100))


def log_gain(run: Grafts, line: str) -> np.ndarray:
    """ln of the doublet's endpoint over the triplet's, (sets,)."""
    return np.log(run.fold(DOUBLET, line)) - np.log(run.fold(TRIPLET, line))


def replicated(run: Grafts, line: str, n: tuple[int, int], seed: int) -> np.ndarray:
    """Share of replicates in which the triplet ends below the doublet with p < .05, (sets,)."""
    return power(run.mice(TRIPLET, line, seed), run.mice(DOUBLET, line, seed), n, seed)


def false_alarms(run: Grafts, line: str, n: tuple[int, int], seed: int) -> np.ndarray:
    """The same for two groups of mice that are both on the doublet."""
    return power(run.mice(DOUBLET, line, seed + 1), run.mice(DOUBLET, line, seed), n, seed)


ALARMS = "replicates with p < .05 when both groups are on the doublet"


def _lost_without_p21(run: Grafts, line: str) -> Check:
    return Check(
        "part of the triplet's gain (ln endpoint) gone without CDKN1A",
        part_lost(log_gain(run, line + NO_P21), log_gain(run, line)),
        Criterion(">=", 0.5),
    )


def _endpoints(lab: Lab, run: Grafts, line: str, title: str):
    rows = {arm: run.fold(arm, line) for arm in run.arms}
    return draw.dots(
        tables.dots(lab, rows),
        axis="endpoint volume over start",
        title=title,
        threshold=1.2,
        log=True,
    )


KINETICS = (
    "Pharmacokinetics of palbociclib, capivasertib and fulvestrant in mice are allometric "
    "guesses: a miss may be theirs."
)
# The same cells at the reference exposures: what is left without the kinetics of mice.
CELLS = {
    MPF_R: Setup(context="MCF7", genotype="AKT1:mut", with_=REFERENCE_E2),
    R182: Setup(context="MCF7", genotype="ESR1:loss & AKT1:mut", with_=REFERENCE_E2),
    PDX: Setup(genotype="AKT1:mut", with_=REFERENCE_E2),
}
DRUGS = {DOUBLET: "CDK4/6i + fulvestrant", TRIPLET: "CDK4/6i + fulvestrant + AKTi"}


def constant_exposure(line: str) -> dict[str, Setup]:
    cell = CELLS[line]
    return {VEHICLE: cell} | {arm: cell.but(treatment=drug) for arm, drug in DRUGS.items()}


def _at_clinical_exposure(
    lab: Lab, line: str, weeks: float, start_mm3: float, n: tuple[int, int]
) -> list[Check]:
    run = held(lab, line, constant_exposure(line), weeks=weeks, start_mm3=start_mm3)
    text = "at constant clinical exposure: {}"
    return [
        *(
            Check(text.format(f"{arm}, endpoint over start"), run.fold(arm, line))
            for arm in (DOUBLET, TRIPLET)
        ),
        Check(
            text.format("replicates in which the triplet is below the doublet, p < .05"),
            replicated(run, line, n, lab.seed),
        ),
    ]


@experiment("E3b", constant_exposure(MPF_R).values(), cost=8)
def triplet_stops_mpf_r(lab: Lab) -> Finding:
    """Xenografts resistant to the doublet: vehicle, doublet, triplet for seven weeks."""
    run, n = mpf_r(lab), (10, 9)
    return Finding(
        ran="MCF-7 xenografts with PI3K-AKT active (MPF-R): vehicle, palbociclib 50 mg/kg 5 days "
        "a week + fulvestrant 100 mg/kg weekly (n = 9), the same + capivasertib 100 mg/kg 5 days "
        "a week (n = 10), from 100 mm3 for seven weeks; 200 replicates.",
        acceptance=[
            Check("triplet, endpoint over start", run.fold(TRIPLET, MPF_R), Criterion("<=", 1.2)),
            Check(
                "replicates in which the triplet is below the doublet, p < .05",
                replicated(run, MPF_R, n, lab.seed),
                Criterion(">=", 0.9),
            ),
        ],
        falsifier=[
            Check(
                "doublet, endpoint over start (the model is resistant)",
                run.fold(DOUBLET, MPF_R),
                Criterion(">", 1.2),
            ),
            Check(
                "AKTi + fulvestrant, endpoint over start (the AKT inhibitor is not enough)",
                run.fold(SWITCH, MPF_R),
                Criterion(">", 1.2),
            ),
            Check(ALARMS, false_alarms(run, MPF_R, n, lab.seed), Criterion("<=", 0.1)),
            _lost_without_p21(run, MPF_R),
        ],
        beside=[
            Check("vehicle, endpoint over start", run.fold(VEHICLE, MPF_R)),
            Check("triplet over doublet endpoint", np.exp(-log_gain(run, MPF_R))),
            *_at_clinical_exposure(lab, MPF_R, 7, 100, n),
        ],
        figures=[_endpoints(lab, run, MPF_R, "MPF-R xenografts after seven weeks")],
        assumptions=["MPF-R is MCF-7 with PI3K-AKT active and nothing else.", KINETICS],
    )


@experiment("E3c", constant_exposure(R182).values(), cost=8)
def triplet_stops_182r(lab: Lab) -> Finding:
    """Xenografts resistant to fulvestrant alone."""
    run = r182(lab)
    large = replace(run, start_mm3=250.0)
    return Finding(
        ran="MCF-7 xenografts without ER and with PI3K-AKT active (182R-1), eight weeks: from 50 "
        "mm3 (n = 7 doublet, 6 triplet) and from 250 mm3 (n = 10 and 10); 200 replicates of each.",
        acceptance=[
            *(
                Check(
                    f"triplet, endpoint over start, from {one.start_mm3:g} mm3",
                    one.fold(TRIPLET, R182),
                    Criterion("<=", 1.2),
                )
                for one in (run, large)
            ),
            *(
                Check(
                    f"replicates in which the triplet is below the doublet, p < .05, n = {n[1]} "
                    f"and {n[0]}",
                    replicated(one, R182, n, lab.seed),
                    Criterion(">=", 0.9),
                )
                for one, n in ((run, (6, 7)), (large, (10, 10)))
            ),
        ],
        falsifier=[
            Check(
                "fulvestrant over vehicle endpoint (the model is resistant to it)",
                run.fold("fulvestrant", R182) / run.fold(VEHICLE, R182),
                Criterion(">", 0.8),
            ),
            Check(
                "doublet, endpoint over start",
                run.fold(DOUBLET, R182),
                Criterion(">", 1.2),
            ),
            Check(ALARMS, false_alarms(run, R182, (6, 7), lab.seed), Criterion("<=", 0.1)),
            _lost_without_p21(run, R182),
        ],
        beside=[
            Check("vehicle, endpoint over start", run.fold(VEHICLE, R182)),
            Check("CDK4/6i alone, endpoint over start", run.fold(SINGLE, R182)),
            *_at_clinical_exposure(lab, R182, 8, 50, (6, 7)),
        ],
        figures=[_endpoints(lab, run, R182, "182R-1 xenografts after eight weeks, from 50 mm³")],
        assumptions=[
            "182R-1 is MCF-7 that has lost ER, with PI3K-AKT active; how the line resists "
            "fulvestrant was not looked up.",
            KINETICS,
        ],
        notes=[
            "Figure 3D was analysed by ANOVA over four arms; here the two arms of the claim are "
            "compared by a t-test."
        ],
    )


PDX_MICE = 6


@experiment("E5", constant_exposure(PDX).values(), cost=8)
def triplet_slows_pdx(lab: Lab) -> Finding:
    """A patient-derived xenograft that is resistant to the doublet."""
    run, n = pdx(lab), (PDX_MICE, PDX_MICE)
    ratio = run.fold(TRIPLET, PDX) / run.fold(DOUBLET, PDX)
    return Finding(
        ran="ER-driven xenograft with PI3K-AKT active: palbociclib 25 mg/kg 5 days a week + "
        "fulvestrant 100 mg/kg weekly against the same + capivasertib 100 mg/kg 5 days a week, "
        "seven weeks from 100 mm3; 200 replicates.",
        acceptance=[
            Check("triplet over doublet endpoint", ratio, Criterion("<=", 0.6)),
            Check(
                f"replicates with p < .05 at n = {PDX_MICE} and {PDX_MICE}",
                replicated(run, PDX, n, lab.seed),
                Criterion(">=", 0.9),
            ),
        ],
        falsifier=[
            Check(
                "doublet, endpoint over start (the model is resistant)",
                run.fold(DOUBLET, PDX),
                Criterion(">", 1.2),
            ),
            Check(ALARMS, false_alarms(run, PDX, n, lab.seed), Criterion("<=", 0.1)),
            _lost_without_p21(run, PDX),
        ],
        beside=[
            Check("triplet, endpoint over start", run.fold(TRIPLET, PDX)),
            Check(
                "AKTi + fulvestrant over doublet endpoint",
                run.fold(SWITCH, PDX) / run.fold(DOUBLET, PDX),
            ),
            *_at_clinical_exposure(lab, PDX, 7, 100, n),
        ],
        figures=[_endpoints(lab, run, PDX, "ER-driven xenograft, AKT active, after seven weeks")],
        assumptions=[
            "The PDX is the reference breast tumour cell with PI3K-AKT active; its genotype was "
            "not found.",
            f"n = {PDX_MICE} and start and length as in figure 6A: the legend's were not seen.",
            KINETICS,
        ],
    )

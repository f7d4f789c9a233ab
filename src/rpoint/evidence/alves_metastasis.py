"""Alves 2021, metastasis: burden seeded by the primary under the doublet and the triplet (E3d)."""

from __future__ import annotations

import numpy as np

from rpoint.evidence import tables
from rpoint.evidence.alves_mice import (
    DOUBLET,
    KINETICS,
    MPF_R,
    NO_P21,
    SWITCH,
    TRIPLET,
    VEHICLE,
    Grafts,
    constant_exposure,
    mpf_r,
)
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import part_lost
from rpoint.evidence.xenografts import held
from rpoint.plots import evidence as draw
from rpoint.tumour.metastasis import Metastasis, metastatic_burden


def metastases(run: Grafts, arm: str, line: str = MPF_R, ratio: float | None = None) -> Metastasis:
    """Metastases of the typical mouse's tumour at the end, (sets,).

    Parameters
    ----------
    ratio
        Growth in the other organ over that in the primary; the fact when left out.
    """
    at = (slice(None), run.arms.index(arm), run.lines.index(line))
    return metastatic_burden(
        run.times_h, run.division[at], run.death[at], run.start_mm3, growth_ratio=ratio
    )


def log_gain(run: Grafts, line: str = MPF_R) -> np.ndarray:
    """ln of the doublet's burden over the triplet's, (sets,)."""
    doublet, triplet = (metastases(run, arm, line).burden_mm3 for arm in (DOUBLET, TRIPLET))
    return np.log(doublet) - np.log(triplet)


@experiment("E3d", constant_exposure(MPF_R).values(), cost=2)
def triplet_and_metastasis(lab: Lab) -> Finding:
    """Metastatic burden of xenografts that resist the doublet."""
    run = mpf_r(lab)
    found = {arm: metastases(run, arm) for arm in (VEHICLE, DOUBLET, SWITCH, TRIPLET)}
    burden = {arm: one.burden_mm3 for arm, one in found.items()}
    seeding = metastases(run, TRIPLET, ratio=0.0).burden_mm3
    seeding = seeding / metastases(run, DOUBLET, ratio=0.0).burden_mm3
    steady = held(lab, MPF_R, constant_exposure(MPF_R), weeks=7, start_mm3=100)
    doublet, triplet = (metastases(steady, arm).burden_mm3 for arm in (DOUBLET, TRIPLET))
    over_vehicle = {arm: x / burden[VEHICLE] for arm, x in burden.items() if arm != VEHICLE}
    return Finding(
        ran="MPF-R xenografts, seven weeks from 100 mm3: cells shed by the primary seed another "
        "organ, where the few that take grow at the rate of their clone under the drugs.",
        acceptance=[
            Check("metastatic burden, triplet over doublet", burden[TRIPLET] / burden[DOUBLET],
                  Criterion("<=", 0.5)),
        ],
        falsifier=[
            Check("metastatic burden, AKTi + fulvestrant over doublet (it must not suffice)",
                  burden[SWITCH] / burden[DOUBLET], Criterion(">", 0.5)),
            Check("part of the triplet's gain (ln burden) gone without CDKN1A",
                  part_lost(log_gain(run, MPF_R + NO_P21), log_gain(run)), Criterion(">=", 0.5)),
        ],
        beside=[
            Check("the same ratio at constant clinical exposure", triplet / doublet),
            Check("the same ratio if seeded cells did not grow (seeding alone)", seeding),
            Check("living colonies, triplet over doublet",
                  found[TRIPLET].colonies / found[DOUBLET].colonies),
            *(Check(f"metastatic burden, {arm} over vehicle", x)
              for arm, x in over_vehicle.items()),
        ],
        figures=[
            draw.dots(tables.dots(lab, over_vehicle), axis="metastatic burden over vehicle",
                      title="Metastases of MPF-R xenografts after seven weeks", threshold=1.0,
                      threshold_label="as vehicle", log=True)
        ],
        assumptions=[
            "Shedding and seeding are the same in all arms; ratios between arms do not depend on "
            "them. No drug acts on invasion, and every drug arrives in the other organ.",
            KINETICS,
        ],
    )  # fmt: skip

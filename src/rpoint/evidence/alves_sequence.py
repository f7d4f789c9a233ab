"""Alves 2021, sequences (E4): the doublet fails, then it is continued, switched or added to."""

from __future__ import annotations

import numpy as np

from rpoint.biology import INPUTS, exposures
from rpoint.evidence import tables
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import part_lost
from rpoint.evidence.xenografts import in_tumour
from rpoint.plots import evidence as draw
from rpoint.tumour.simulate import E2_NM

ON = {**exposures()["CDK4/6i"], **exposures()["fulvestrant"]}
AKTI = tuple(exposures()["AKTi"].items())
CDK_OFF = tuple((name, 0.0) for name in exposures()["CDK4/6i"])
PROGRESSED = np.log(1.2**3)  # +20 % in diameter
# The oestradiol of the reference cell, at which the reference exposures are stated.
REFERENCE_E2 = (("in_E2", INPUTS["in_E2"]),)


def failing(genotype: str, e2: tuple[tuple[str, float], ...] = REFERENCE_E2) -> dict[str, Setup]:
    """A tumour cell at its steady state under the doublet, and what is done next."""
    base = Setup(context="MCF7", genotype=genotype, with_=(*e2, *ON.items()))
    return {
        "continue": base,
        "switch": base.but(dose=(*CDK_OFF, *AKTI)),
        "add": base.but(dose=AKTI),
    }


FAILED = failing("AKT1:mut")
FAILED_NULL = failing("AKT1:mut & CDKN1A-null")
FAILED_RB = failing("AKT1:mut & RB1-null")
AKT_HELD = FAILED["add"].but(clamp=("AKT",))
UNTREATED = Setup(context="MCF7", genotype="AKT1:mut", with_=REFERENCE_E2)
# The same doublet against the lower oestradiol that is assumed in a tumour.
LOW_E2 = failing("AKT1:mut", (("in_E2", E2_NM),))["continue"]


def time_to_progression(lab: Lab, setup: Setup) -> np.ndarray:
    """Days until a tumour has grown by 20 % in diameter, (sets,); infinity if it never does.

    The rate of the last recorded day goes on.
    """
    division, death = in_tumour(lab, setup, UNTREATED)
    net = 24.0 * (division - death)
    days = np.asarray(lab.cells.days[setup])
    return np.array([_first_passage(days, row) for row in net])


def _first_passage(days: np.ndarray, net: np.ndarray) -> float:
    """First time at which the integral of `net` (1/d) reaches `PROGRESSED`."""
    if np.isnan(net).any():
        return float("nan")
    size = np.concatenate([[0.0], np.cumsum(0.5 * (net[1:] + net[:-1]) * np.diff(days))])
    (over,) = np.nonzero(size >= PROGRESSED)
    if over.size:
        at = int(over[0])
        part = (PROGRESSED - size[at - 1]) / (size[at] - size[at - 1])
        return float(days[at - 1] + part * (days[at] - days[at - 1]))
    if net[-1] <= 0:
        return float("inf")
    return float(days[-1] + (PROGRESSED - size[-1]) / net[-1])


def over(time: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Ratio of times; NaN where the base is not finite (nothing has failed there)."""
    known = np.isfinite(base) & ~np.isnan(time)
    return np.where(known, time / np.where(known, base, 1.0), np.nan)


@experiment(
    "E4",
    [UNTREATED, AKT_HELD, LOW_E2, *FAILED.values(), *FAILED_NULL.values(), *FAILED_RB.values()],
)
def adding_works_switching_does_not(lab: Lab) -> Finding:
    """Time to progression after the doublet has failed."""
    cells = lab.cells
    time = {name: time_to_progression(lab, setup) for name, setup in FAILED.items()}
    rate = {name: cells.rate(setup, UNTREATED) for name, setup in FAILED.items()}
    kept = cells.ratio("net_rate", FAILED["switch"], FAILED["continue"])
    failed = rate["continue"] > 0
    benefit = rate["continue"] - rate["add"]
    null = cells.rate(FAILED_NULL["continue"], UNTREATED) - cells.rate(
        FAILED_NULL["add"], UNTREATED
    )
    other = {name: time_to_progression(lab, setup) for name, setup in FAILED_RB.items()}
    return Finding(
        ran="AKT-active MCF-7 tumour cells at their steady state under CDK4/6i + fulvestrant; "
        "then it is continued, or the CDK4/6i is replaced by the AKT inhibitor, or the AKT "
        "inhibitor is added. Progression is +20 % in diameter in a mouse.",
        acceptance=[
            Check(
                "time to progression, switch over continue",
                over(time["switch"], time["continue"]),
                Criterion("<=", 1.25),
            ),
            Check(
                "growth rate, switch over continue",
                np.where(failed, kept, np.nan),
                Criterion(">=", 0.8),
            ),
            Check(
                "time to progression, add over continue",
                over(time["add"], time["continue"]),
                Criterion(">=", 2.0),
            ),
        ],
        falsifier=[
            Check(
                "growth under the failed doublet over untreated (it has failed)",
                rate["continue"],
                Criterion(">", 0.05),
            ),
            Check(
                "add over continue with AKT held at its level",
                over(time_to_progression(lab, AKT_HELD), time["continue"]),
                Criterion("<", 1.25),
            ),
            Check(
                "part of the benefit of adding (growth rate) gone without CDKN1A",
                part_lost(null, benefit),
                Criterion(">=", 0.5),
            ),
        ],
        beside=[
            *(Check(f"growth over untreated, {name}", values) for name, values in rate.items()),
            Check("time to progression, continue", time["continue"], unit="d"),
            Check(
                f"growth under the doublet over untreated at {E2_NM:g} nM oestradiol",
                cells.rate(LOW_E2, UNTREATED),
            ),
            Check(
                "add over continue when RB1 is lost as well", over(other["add"], other["continue"])
            ),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rate),
                axis="net growth over untreated",
                title="After the doublet has failed: continue, switch or add",
                threshold=0.0,
                threshold_label="no growth",
            )
        ],
        notes=[
            "Resistance to fulvestrant + CDK4/6i comes first, then the switch fails: the order "
            "that the news text muddles.",
            "An add arm that never progresses has an infinite time and meets the criterion.",
        ],
        assumptions=["The doublet fails because PI3K-AKT is active."],
    )

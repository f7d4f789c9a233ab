"""Dumbrava 2025 (MANTRA-2), C1: how long p53 lives, by shutting its synthesis off."""

from __future__ import annotations

import numpy as np

from rpoint.biology import exposures
from rpoint.evidence import tables
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import least_fold
from rpoint.plots import evidence as draw
from rpoint.tumour.cells import Condition, run_cells

M = "MDM2i"
CHANGE = Criterion("<=", 0.1)
COPIES = (1.0, 2.0, 4.0, 8.0, 12.0, 20.0)
CHASE_MIN = (
    0.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 120.0, 150.0,
    180.0, 240.0, 300.0, 360.0, 480.0, 600.0, 720.0, 1440.0,
)  # fmt: skip
SHUT_OFF = {"p53_synthesis": 0.0}
NO_LIGASE = {"p53_decay_by_MDM2": 0.0}  # p53 held by MDM2 is lost no faster by MDM2's doing


def chase_conditions() -> dict[str, Condition]:
    """Cells at their steady state, with the antagonist or without, whose p53 synthesis stops."""
    drug = exposures()[M]
    found: dict[str, Condition] = {}
    for word, scale in (("", {}), (" no ligase", NO_LIGASE)):
        cells = {f"{n:g} copies{word}": {"g_MDM2": n / 2.0} for n in COPIES}
        cells[f"antagonist{word}"] = dict(drug)
        for name, given in cells.items():
            found[name] = Condition(name, genotype=given, treatment=SHUT_OFF, scale=scale)
    return found


def half_life_min(minutes: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Time until a level has fallen to half, min, shape (sets,).

    Parameters
    ----------
    minutes
        Ascending from 0, shape (T,).
    levels
        Shape (sets, T); interpolated on the logarithm.

    Returns
    -------
    ndarray
        Infinity where the level stays above half.

    >>> half_life_min(np.array([0.0, 10.0, 40.0]), np.array([[8.0, 4.0, 0.5], [8.0, 7.0, 6.0]]))
    array([10., inf])
    """
    left = np.log2(np.maximum(levels, 1e-300) / np.maximum(levels[:, :1], 1e-300))
    return np.array([_crossed(minutes, row) for row in left])


def _crossed(minutes: np.ndarray, left: np.ndarray) -> float:
    if np.isnan(left).any():
        return float("nan")
    (below,) = np.nonzero(left <= -1.0)
    if below.size == 0:
        return float("inf")
    at = int(below[0])
    part = (left[at - 1] + 1.0) / (left[at - 1] - left[at])
    return float(minutes[at - 1] + part * (minutes[at] - minutes[at - 1]))


def run_chase(
    lab: Lab,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Half-life (min), starting MDM2 (nM) and remaining p53 (sets, T) of every chase."""
    conditions = chase_conditions()
    minutes = np.array(CHASE_MIN)
    run = run_cells(
        conditions.values(),
        lab.ensemble,  # type: ignore[arg-type]
        t_out=[minute / 1440.0 for minute in CHASE_MIN],
        observables=("p53_total", "MDM2_total"),
        threads=lab.jobs,
    )
    p53 = {name: run.series("p53_total", name) for name in conditions}
    mdm2 = {name: run.series("MDM2_total", name)[:, 0] for name in conditions}
    lives = {name: half_life_min(minutes, levels) for name, levels in p53.items()}
    return lives, mdm2, {name: levels / levels[:, :1] for name, levels in p53.items()}


def steps(values: dict[str, np.ndarray], word: str = "") -> np.ndarray:
    """Ratios from one copy number to the next higher, shape (steps, sets)."""
    series = np.stack([values[f"{n:g} copies{word}"] for n in COPIES])
    return series[1:] / series[:-1]


@experiment("C1", cost=4)
def mdm2_shortens_p53(lab: Lab) -> Finding:
    """p53 half-life against the level of MDM2, and under the antagonist."""
    lives, mdm2, remaining = run_chase(lab)
    basal = lives["2 copies"]
    top = CHASE_MIN[-1]
    longer = least_fold(lives["antagonist"], basal, top)
    idle = " no ligase"
    flat = np.abs(np.log(steps(lives, idle))).sum(axis=0)
    flux = np.log(2.0) * 60.0 * _steady(lab)
    shown = ("1 copies", "2 copies", "4 copies", "12 copies", "antagonist", "2 copies no ligase")
    return Finding(
        ran="p53 synthesis shut off in cells at steady state, with 1 to 20 copies of MDM2 and "
        "under the antagonist; the same with the loss of p53 by MDM2 taken out.",
        acceptance=[
            Check(
                "smallest ratio of MDM2 from one copy number to the next (the levels do differ)",
                steps(mdm2).min(axis=0),
                Criterion(">", 1.05),
            ),
            Check(
                "largest ratio of half-lives from one copy number to the next",
                steps(lives).max(axis=0),
                Criterion("<", 1.0),
            ),
            Check("half-life under the antagonist over vehicle", longer, Criterion(">=", 3.0)),
        ],
        falsifier=[
            Check(
                "half-life under the antagonist over vehicle, MDM2 without effect on p53's loss",
                least_fold(lives[f"antagonist{idle}"], lives[f"2 copies{idle}"], top),
                Criterion("<", 1.1),
            ),
            Check(
                "change of half-life over all copy numbers, MDM2 without effect on p53's loss",
                np.expm1(flat),
                CHANGE,
            ),
        ],
        beside=[
            Check("half-life at basal MDM2", basal, Criterion("within", (20.0, 30.0)), "min"),
            Check(
                "half-life under the antagonist", np.minimum(lives["antagonist"], top), unit="min"
            ),
            Check("half-life at basal MDM2 from the flux at steady state", flux, unit="min"),
        ],
        figures=[
            draw.curves(
                tables.curves(lab, CHASE_MIN[1:], {n: remaining[n][:, 1:] for n in shown}),
                axis="p53 left, of the level at shut-off",
                dose_axis="time after shut-off, min",
                title="MDM2 shortens the life of p53",
                threshold=0.5,
            ),
            draw.dots(
                tables.dots(lab, {f"{n:g} copies": lives[f"{n:g} copies"] for n in COPIES}),
                axis="half-life of p53, min",
                title="Half-life of p53 against copies of MDM2",
                log=True,
            ),
        ],
        notes=[
            "The 20 to 30 min at basal MDM2 are marked unverified in the register and a source "
            "that was read gives about 15 min (Weinberg 1995, BioNumbers 106237): shown with its "
            "share, not judged.",
            "A half-life above 24 h counts as 24 h.",
        ],
    )


def _steady(lab: Lab) -> np.ndarray:
    """p53 over its synthesis in untreated cells, h."""
    run = run_cells(
        [Condition("untreated")],
        lab.ensemble,  # type: ignore[arg-type]
        t_out=[0.0],
        observables=("p53_total",),
        threads=lab.jobs,
    )
    synthesis = lab.ensemble.parameters["p53_synthesis"].to_numpy()  # type: ignore[union-attr]
    return run.series("p53_total", "untreated")[:, 0] / synthesis

"""Alves 2021, cells: adding an AKT inhibitor to fulvestrant and a CDK4/6 inhibitor (E3a).

Xenografts (E3b to E3d, E5) are in `alves_mice`, sequences (E4) in `alves_sequence`, strata
of phospho-AKT (E7) in `alves_pakt`, patients (E1, E2, E6) in `alves_patients`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rpoint.evidence import (
    alves_mice,  # noqa: F401  (registers E3b, E3c, E3d, E4, E5)
    tables,
)
from rpoint.evidence.alves_sequence import REFERENCE_E2
from rpoint.evidence.conditions import LONG_DAYS, Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import part_lost
from rpoint.evidence.registry import claims
from rpoint.plots import evidence as draw
from rpoint.tumour.cells import run_cells
from rpoint.tumour.growth import grow

F, C, A = "fulvestrant", "CDK4/6i", "AKTi"
DOUBLET, SWITCH, TRIPLET = (
    "CDK4/6i + fulvestrant",
    "AKTi + fulvestrant",
    "CDK4/6i + fulvestrant + AKTi",
)
ARMS = ("vehicle", F, A, DOUBLET, SWITCH, TRIPLET)
# A dish without added oestradiol (He 2025 adds 10 nM; these cultures do not): the reference level,
# at which the reference exposures are stated.
DISH = REFERENCE_E2
LINE = Setup(context="MCF7", with_=DISH, days=LONG_DAYS[-1])
AKT_HIGH = "AKT1:mut"
RESISTANT = LINE.but(genotype=AKT_HIGH)
NULL = LINE.but(genotype=f"{AKT_HIGH} & CDKN1A-null")
SHARE = 0.01  # cells with PI3K-AKT active in the line at the start
SOME = Criterion(">", 0.05)  # beyond the zero band of the intervention matrix

# The edge from AKT to the export of p21, cut.
EDGE = (("AKT_p21_export", 0.0),)
CUT = RESISTANT.but(with_=(*DISH, *EDGE))


def population_rate(lab: Lab, treatment: str, share: float = SHARE) -> np.ndarray:
    """Net rate of a culture with a minor PI3K-AKT-active clone, over its vehicle, (sets, T).

    The clones grow apart without a brake (the culture is re-plated); nothing switches between them.
    """
    cells = lab.cells
    clones = [LINE.but(treatment=treatment), RESISTANT.but(treatment=treatment)]
    days = cells.days[clones[0]]
    born, dead = (
        np.stack([cells.course(name, clone) for clone in clones], axis=1)
        for name in ("division_rate", "death_rate")
    )
    start = np.broadcast_to([1 - share, share], (lab.sets, 2))
    known = np.isfinite(born).all(axis=(1, 2)) & np.isfinite(dead).all(axis=(1, 2))
    size = grow(24.0 * days, np.nan_to_num(born), np.nan_to_num(dead), start * 1e6)
    mix = size / size.sum(axis=1, keepdims=True)
    untreated = cells.course("net_rate", LINE)
    base = np.where((untreated > 0) & known[:, None], untreated, np.nan)
    return ((born - dead) * mix).sum(axis=1) / base


def gain(lab: Lab, cell: Setup) -> np.ndarray:
    """What the AKT inhibitor adds to the doublet at the last day, of the line's own growth."""
    doublet, triplet = (lab.cells.rate(cell.but(treatment=t), LINE) for t in (DOUBLET, TRIPLET))
    return doublet - triplet


def edge_held(lab: Lab) -> np.ndarray:
    """Net rate of the AKT-active line under the triplet with AKT's export of p21 held, (sets,).

    The AKT inhibitor does everything but let p21 back into the nucleus: from the start of treatment
    the strength of the edge is raised by as much as AKT falls.  Cutting the edge instead would
    leave nuclear p21 high before any AKT inhibitor and stop the cells under the doublet already:
    then nothing could be gained, for a wrong reason.
    """
    parameters = lab.ensemble.parameters  # type: ignore[union-attr]
    edge, half = (parameters[n].to_numpy() for n in ("AKT_p21_export", "K_AKT_export"))
    before, after = (
        lab.cells.at("AKT_signal", RESISTANT.but(treatment=arm)) for arm in (DOUBLET, TRIPLET)
    )
    held = edge * (before / (before + half)) / (after / (after + half))
    cell = RESISTANT.but(treatment=TRIPLET).condition()
    given = {**cell.treatment, "AKT_p21_export": held}
    run = run_cells(
        [replace(cell, treatment=given)],
        lab.ensemble,  # type: ignore[arg-type]
        observables=("net_rate",),
        threads=lab.jobs,
    )
    untreated = lab.cells.at("net_rate", LINE)
    grows = untreated > 0
    return np.where(grows, run.at("net_rate", cell.name) / np.where(grows, untreated, 1.0), np.nan)


E3A_SETUPS = [cell.but(treatment=t) for cell in (LINE, RESISTANT) for t in ARMS]
E3A_SETUPS += [c.but(treatment=t) for c in (NULL, CUT) for t in (DOUBLET, TRIPLET)]


@experiment("E3a", E3A_SETUPS, cost=2)
def triplet_holds(lab: Lab) -> Finding:
    """Net growth over eight weeks of culture."""
    rates = {arm: population_rate(lab, arm) for arm in ARMS}
    days = np.asarray(lab.cells.days[LINE])
    week, last = days >= 7.0, days >= 42.0
    whole, null, cut = (gain(lab, cell) for cell in (RESISTANT, NULL, CUT))
    without_edge = lab.cells.rate(RESISTANT.but(treatment=DOUBLET), LINE) - edge_held(lab)
    table = tables.courses(lab, "net_rate", {t: RESISTANT.but(treatment=t) for t in ARMS})
    per_day = table.assign(**{k: table[k] * 24 for k in ("median", "lo", "hi")})
    return Finding(
        ran="MCF-7 with 1 % of PI3K-AKT-active cells, eight weeks under vehicle, single drugs, "
        "doublets and the triplet at clinical exposure; the AKT-active line also without CDKN1A "
        "and with edges from AKT cut.",
        acceptance=[
            Check(
                "highest net growth of the culture under the triplet, week 1 to 8",
                rates[TRIPLET][:, week].max(axis=1),
                Criterion("<=", 0.0),
            ),
            Check(
                "net growth of the culture under the doublet, lowest of week 6 to 8",
                rates[DOUBLET][:, last].min(axis=1),
                SOME,
            ),
        ],
        falsifier=[
            *(
                Check(
                    f"net growth of the culture under {arm} (it must not suffice)",
                    rates[arm][:, last].min(axis=1),
                    SOME,
                )
                for arm in (A, SWITCH)
            ),
            Check(
                "part of the AKT inhibitor's gain gone without CDKN1A",
                part_lost(null, whole),
                Criterion(">=", 0.5),
            ),
            Check(
                "of the part that needs p21, gone when AKT's export of p21 does not respond",
                _of(whole - without_edge, whole - null),
                Criterion(">=", 0.8),
            ),
        ],
        beside=[
            Check("gain from the AKT inhibitor, AKT-active line", whole),
            Check(
                "of the part that needs p21, gone with that edge cut",
                _of(whole - cut, whole - null),
            ),
            Check(
                "net growth under the doublet with that edge cut (no room to gain if near zero)",
                lab.cells.rate(CUT.but(treatment=DOUBLET), LINE),
            ),
            Check("net growth of the culture under fulvestrant, week 8", rates[F][:, -1]),
            *(
                Check(
                    f"net growth at week 8 under the {word}, {name}",
                    lab.cells.rate(cell.but(treatment=t), LINE),
                )
                for word, t in (("doublet", DOUBLET), ("triplet", TRIPLET))
                for name, cell in (("sensitive cells", LINE), ("AKT-active cells", RESISTANT))
            ),
        ],
        figures=[
            draw.courses(
                per_day,
                axis="net growth rate, 1/d",
                title="Eight weeks of culture, PI3K-AKT-active MCF-7",
                threshold=0.0,
            )
        ],
        assumptions=[
            "The culture holds 1 % of PI3K-AKT-active cells at the start; no other resistant "
            "clone.",
            "The dish has the reference cell's oestradiol, not the 10 nM of the calibration's "
            "cultures.",
        ],
        notes=["Rates are over the line's own vehicle, from week 1, when the drugs act."],
    )


def _of(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part of a whole; minus infinity where there is no whole."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.where(np.isnan(whole), np.nan, -np.inf))


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

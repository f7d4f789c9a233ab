"""Roberto 2021 and Lloyd 2021: RB as the substrate, and what its loss does (B7, B8)."""

from __future__ import annotations

from typing import Any

import numpy as np

from rpoint.errors import RpointError
from rpoint.evidence import tables
from rpoint.evidence.conditions import Setup, genotype
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.roberto_facts import RESISTANT, counts, exact_interval, frequency_errors
from rpoint.plots import evidence as draw
from rpoint.tumour.cells import CellRun, Condition, run_cells

C = "CDK4/6i"
MCF7 = Setup(context="MCF7")
LINES = {"T47D-like": Setup(context="T47D"), "MCF-7-like": MCF7}

LEVELS = {"10 x Kd": 1 / 3, "0.25 x": 0.25, "1 x (30 x Kd)": 1.0, "4 x": 4.0}
FULL = "1 x (30 x Kd)"
RB_NULL = MCF7.but(genotype="RB1-null")
HELD = MCF7.but(treatment=C, clamp=("E2F",))


@experiment(
    "B7",
    [
        MCF7,
        RB_NULL,
        HELD,
        *(RB_NULL.but(treatment=C, exposure=x) for x in (1.0, 4.0)),
        *(MCF7.but(treatment=C, exposure=x) for x in LEVELS.values()),
    ],
)
def rb_is_the_substrate(lab: Lab) -> Finding:
    """RB phosphorylation against exposure in the sensitive line."""
    cells = lab.cells
    arms = {name: MCF7.but(treatment=C, exposure=x) for name, x in LEVELS.items()}
    fall = {name: 1 - cells.ratio("RB_phospho", arm, MCF7) for name, arm in arms.items()}
    growth = {name: cells.rate(arm, MCF7) for name, arm in arms.items()}
    without = [
        np.abs(1 - cells.rate(RB_NULL.but(treatment=C, exposure=x), RB_NULL)) for x in (1.0, 4.0)
    ]
    full = arms[FULL]
    return Finding(
        ran="MCF-7-like line at 10 x Kd of the dimer and at 0.25, 1 and 4 times 30 x Kd, 21 days; "
        "the same without RB1, and with free E2F held at its untreated level.",
        acceptance=[
            Check("fall of RB phosphorylation at 30 x Kd", fall[FULL], Criterion(">=", 0.8)),
            Check("fall of RB phosphorylation at 10 x Kd", fall["10 x Kd"], Criterion(">=", 0.7)),
            Check(
                "difference of the fall between 1 x and 4 x",
                np.abs(fall["4 x"] - fall[FULL]),
                Criterion("<=", 0.1),
            ),
        ],
        falsifier=[
            Check(
                "largest effect on growth without RB1, 1 x and 4 x",
                np.maximum.reduce(without),
                Criterion("<=", 0.05),
            ),
            Check(
                "growth at 0.25 x above that at 1 x (flat must not mean without effect)",
                growth["0.25 x"] - growth[FULL],
                Criterion(">", 0.05),
            ),
        ],
        beside=[
            Check(
                "CDK4/6 activity over vehicle at 30 x Kd", cells.ratio("CDK46_activity", full, MCF7)
            ),
            Check("free E2F over vehicle at 30 x Kd", cells.ratio("E2F_free", full, MCF7)),
            Check(
                "part of the effect on the cycling rate that is gone with E2F held",
                _through_e2f(lab),
            ),
            *(Check(f"fall of RB phosphorylation at {k}", fall[k]) for k in ("0.25 x", "4 x")),
            *(
                Check(f"net growth over vehicle at {name}", values)
                for name, values in growth.items()
            ),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, {name: 1 - values for name, values in fall.items()}),
                axis="RB phosphorylation over vehicle",
                title="RB under the CDK4/6 inhibitor, MCF-7-like",
                threshold=0.2,
            )
        ],
        notes=[
            "RB phosphorylation is (pRB + ppRB) / total RB. 'Flat' is read as a difference of at "
            "most 0.1 of the untreated level; a quarter of the exposure must do less."
        ],
    )


def _through_e2f(lab: Lab) -> np.ndarray:
    """Part of the drug's effect on division that a clamp on free E2F takes away."""
    free, treated = (lab.cells.at("division_rate", s) for s in (MCF7, MCF7.but(treatment=C)))
    held = lab.cells.at("division_rate", HELD)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(free > treated, (held - treated) / (free - treated), np.nan)


PALBOCICLIB_NM = 1000.0
ASSAY = "assay_K_palbociclib_nM"


@experiment("B8", cost=4)
def rb_loss_makes_resistant(lab: Lab) -> Finding:
    """Growth with and without 1 uM palbociclib, RB1 present and lost."""
    values = gr_at(lab, PALBOCICLIB_NM)
    errors = frequency_errors("RB1:loss")
    change = {line: np.abs(1 - values[line, "RB1-null"]) for line in LINES}
    rows = {f"{line}, {state}": gr for (line, state), gr in values.items()}
    hit, of = counts("RB1:loss")["resistant"]
    low, high = exact_interval(hit, of)
    return Finding(
        ran="MCF-7-like and T47D-like lines with and without RB1 at 1 uM palbociclib in culture, "
        "21 days; the drug's in-culture constant is the fitted one of each parameter set.",
        acceptance=[
            *(
                Check(f"change of the GR value, {line} without RB1", values_, Criterion("<", 0.05))
                for line, values_ in change.items()
            ),
            Check(
                "counts or interval of RB1 in Wander 2020 that the catalogue misses",
                np.array(float(len(errors))),
                Criterion("<=", 0.0, "computed"),
            ),
        ],
        falsifier=[
            Check(f"GR value, {line} with RB1", values[line, "RB1 present"], Criterion("<=", 0.5))
            for line in LINES
        ],
        beside=[
            Check("1 uM palbociclib, times the constant in culture", 1000.0 / _constant(lab)),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rows),
                axis="GR value (1: no effect, 0: no growth)",
                title="1 µM palbociclib without its substrate",
                threshold=1.0,
                threshold_label="no effect",
            )
        ],
        notes=[
            f"Clinical anchor: biallelic RB1 in {hit:g} of {RESISTANT} resistant biopsies "
            f"({100 * hit / of:.1f} %, {low:.1f}–{high:.1f} %), 0 of 18 sensitive."
        ],
    )


def _constant(lab: Lab) -> np.ndarray:
    """Fitted dissociation constant of palbociclib in culture, nM, shape (sets,)."""
    nuisance = getattr(lab.ensemble, "nuisance", None)
    if nuisance is None or ASSAY not in nuisance:
        raise RpointError("the ensemble lacks the constant of palbociclib in culture", found=ASSAY)
    return np.asarray(nuisance[ASSAY], float)


def gr_at(lab: Lab, dose_nm: float) -> dict[tuple[str, str], np.ndarray]:
    """GR value of each line at a concentration of palbociclib, with and without RB1."""
    c = dose_nm / _constant(lab)
    drug: dict[str, Any] = {"c_CDK4": c, "c_CDK6": c}  # one number per parameter set
    states = {"RB1 present": {}, "RB1-null": genotype("RB1-null")["set"]}
    cells = {
        (line, state): (LINES[line].context, g) for line in LINES for state, g in states.items()
    }
    run = run_cells(
        [
            Condition(f"{line}|{state}|{arm}", genotype=g, treatment=given, context=context)
            for (line, state), (context, g) in cells.items()
            for arm, given in (("vehicle", {}), ("drug", drug))
        ],
        lab.ensemble,  # type: ignore[arg-type]
        threads=lab.jobs,
    )
    return {(line, state): _gr(run, f"{line}|{state}") for line, state in cells}


def _gr(run: CellRun, cell: str) -> np.ndarray:
    free, treated = (run.at("net_rate", f"{cell}|{arm}") for arm in ("vehicle", "drug"))
    grows = free > 0
    return np.where(grows, 2.0 ** (treated / np.where(grows, free, 1.0)) - 1.0, np.nan)

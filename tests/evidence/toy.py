"""A toy world for the tests: levels of every read-out from a few lines of arithmetic.

It is not a model of anything.  It has a sink that can be switched off, so that the experiments can
be seen to hold in one world and to fail in the other.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rpoint.evidence.batches import record_days
from rpoint.evidence.conditions import ALPHAS, Setup, genotype
from rpoint.evidence.experiment import Lab
from rpoint.evidence.results import Cells

SETS = 4


def levels(setup: Setup, sink: bool = True, needed: str = "CDK2") -> dict[str, float]:
    """Read-outs of a setup at the end of treatment."""
    cell = genotype(setup.genotype)["set"]
    on = {name: name in setup.treatment.split(" + ") for name in ("CDK4/6i", "MDM2i", "AKTi")}
    dose = setup.exposure if setup.treatment != "vehicle" else 0.0
    has = {gene: cell.get(f"g_{gene}", 1.0) > 0 for gene in ("TP53", "RB1", "CDKN1A", "CDK2")}
    clamped = "CycD" in (*setup.clamp, *genotype(setup.genotype)["clamp"])
    active_sink = sink and not setup.idle and not clamped
    rise = 2.5 if on["CDK4/6i"] and active_sink else 1.0
    tolerance = ALPHAS[setup.alpha].get("alpha_4_p21", 1.0)
    p53 = 1.0 + (6.0 * dose**0.5 / (1 + dose**0.5) * 2 if on["MDM2i"] else 0.0)
    outputs = p53 if has["TP53"] else 0.2
    p21 = has["CDKN1A"] * outputs
    p27 = dict(setup.dose).get("g_CDKN1B", 1.0)
    taken = 0.6 * rise / tolerance if on["CDK4/6i"] else 0.5
    nuclear = _nuclear(setup, on["AKTi"], cell.get("g_PI3K", 0.0))
    free = max(0.02, (p21 * nuclear + 0.1 * p27) * (1 - min(0.9, taken)))
    fraction = 1 / (1 + free)
    drive = fraction * (0.45 if on["CDK4/6i"] and has["RB1"] else 1.0)
    if on["CDK4/6i"] and has["RB1"]:
        drive *= 1.0 if active_sink else 0.3
    if needed == "CDK2" and not has["CDK2"] or needed == "p21" and not has["CDKN1A"]:
        drive *= 0.01
    division, death = 0.03 * drive, 0.002
    return {
        "net_rate": division - death, "division_rate": division, "death_rate": death,
        "S_phase": drive, "CDK2_active": drive, "CDK2_active_fraction": fraction,
        "p53_total": p53, "p53_active": outputs, "MDM2_total": p53, "p21_mRNA": outputs,
        "p21_total": p21, "p27_total": p27, "free_p21": free * 0.9, "free_p27": free * 0.1,
        "free_CIP": free, "CycD_total": rise, "CIP_in_CycD_share": taken, "RB_phospho": drive,
    }  # fmt: skip


def _nuclear(setup: Setup, inhibited: bool, drive: float) -> float:
    """Nuclear share of p21 under AKT."""
    export = 0.0 if ("AKT_p21_export", 0.0) in setup.with_ else 0.7
    return 1.0 - export * (0.1 if inhibited else 0.3 + 0.7 * drive)


def fill(cells: Cells, setups: Iterable[Setup], **world) -> None:
    """File the toy levels of setups, reached at once and kept."""
    for setup in setups:
        days = np.array(record_days(setup))
        shape = (SETS, len(days))
        cells.days[setup] = days
        cells.values[setup] = {k: np.full(shape, v) for k, v in levels(setup, **world).items()}


def lab(setups: Iterable[Setup], **world) -> Lab:
    """A laboratory in which the setups have been run in the toy world."""
    cells = Cells(np.full(SETS, 1 / SETS))
    fill(cells, setups, **world)
    return Lab(cells)

"""Mechanism and phenotype told apart: what the sink does, and what the doublet does without it.

The doublet of CDK4/6i and MDM2i can look right in a model whose cyclin D1 sink is idle.  So the
same read-outs are taken in the full model, with the two causes of the rise of cyclin D1 taken away,
and along the series of drug-CIP cooperativity (alpha), each with its share of the ensemble.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rpoint.evidence._weighted import quantiles, share
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab

C, M, BOTH = "CDK4/6i", "MDM2i", "CDK4/6i + MDM2i"
CELLS = {"reference": Setup(), "resistant melanoma": Setup(context="melanoma_resistant")}
# Variant of the model -> (alpha, feedback taken away).
VARIANTS = {
    "sink (α = 1)": ("1", False),
    "no cyclin D1 feedback": ("1", True),
    "α = 3": ("3", False),
    "α = 10": ("10", False),
    "α = 100": ("100", False),
    "expulsion (CDK4–p21 α = 100)": ("expulsion", False),
}
# Read-out -> (what it counts as shown, sense, threshold, mechanism or phenotype).
SHOWN: dict[str, tuple[str, float, str]] = {
    "cyclin D1 over vehicle": (">=", 1.5, "mechanism"),
    "free p21 + p27 over vehicle": ("<=", 0.7, "mechanism"),
    "active CDK2 fraction over vehicle": (">=", 1.2, "mechanism"),
    "S phase over the cyclin D1 clamp": (">=", 3.0, "mechanism"),
    "doublet over the better single": ("<=", 0.6, "phenotype"),
    "gain on the cycling rate": (">", 0.0, "phenotype"),
    "gain gone without CDKN1A": (">=", 0.8, "phenotype"),
}


def _cell(base: Setup, variant: str) -> Setup:
    alpha, idle = VARIANTS[variant]
    return base.but(alpha=alpha, idle=idle)


def _treated(base: Setup, variant: str) -> dict[str, Setup]:
    cell = _cell(base, variant)
    null = cell.but(genotype="CDKN1A-null")
    return {
        "vehicle": cell.but(alpha="1"),
        C: cell.but(treatment=C),
        M: cell.but(treatment=M, alpha="1"),
        BOTH: cell.but(treatment=BOTH),
        "clamp": cell.but(treatment=C, clamp=("CycD",)),
        "null " + C: null.but(treatment=C),
        "null " + M: null.but(treatment=M, alpha="1"),
        "null " + BOTH: null.but(treatment=BOTH),
    }


def setups() -> list[Setup]:
    """Every run that the table needs."""
    return [s for base in CELLS.values() for v in VARIANTS for s in _treated(base, v).values()]


def table(lab: Lab) -> pd.DataFrame:
    """One row per cell, variant and read-out.

    Returns
    -------
    DataFrame
        cell, variant, read_out, kind (mechanism or phenotype), criterion, median, lo, hi (5-95 %),
        share of the ensemble in which it is shown, scored (share in which it can be).
    """
    rows = []
    for cell, base in CELLS.items():
        for variant in VARIANTS:
            for name, values in _read(lab, _treated(base, variant)).items():
                rows.append({"cell": cell, "variant": variant} | _row(lab, name, values))
    return pd.DataFrame(rows)


def _read(lab: Lab, runs: Mapping[str, Setup]) -> dict[str, np.ndarray]:
    cells, vehicle = lab.cells, runs["vehicle"]
    rate = {t: cells.rate(runs[t], vehicle) for t in (C, M, BOTH)}
    better = np.minimum(rate[C], rate[M])
    gain = cells.benefit(runs[BOTH], [runs[C], runs[M]], vehicle, "division_rate")
    null = [runs["null " + t] for t in (BOTH, C, M)]
    gain_null = cells.benefit(null[0], null[1:], vehicle, "division_rate")
    scored = better >= 0.15
    return {
        "cyclin D1 over vehicle": cells.ratio("CycD_total", runs[C], vehicle),
        "free p21 + p27 over vehicle": cells.ratio("free_CIP", runs[C], vehicle),
        "active CDK2 fraction over vehicle": cells.ratio("CDK2_active_fraction", runs[C], vehicle),
        "S phase over the cyclin D1 clamp": cells.ratio("S_phase", runs[C], runs["clamp"]),
        "doublet over the better single": np.where(
            scored, rate[BOTH] / np.where(scored, better, 1.0), np.nan
        ),
        "gain on the cycling rate": gain,
        "gain gone without CDKN1A": np.where(
            gain > 0, 1 - gain_null / np.where(gain > 0, gain, 1.0), np.nan
        ),
    }


def _row(lab: Lab, name: str, values: np.ndarray) -> dict[str, object]:
    operator, at, kind = SHOWN[name]
    holds = {">=": values >= at, "<=": values <= at, ">": values > at}[operator]
    scored = ~np.isnan(values)
    low, median, high = quantiles(values, lab.weights)
    return {
        "read_out": name,
        "kind": kind,
        "criterion": f"{operator} {at:g}",
        "median": median,
        "lo": low,
        "hi": high,
        "share": share(holds, lab.weights, scored),
        "scored": share(scored, lab.weights),
    }

"""The figures of a validation, from its tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rpoint.panel.gains import Gains
from rpoint.panel.judge import OURS, POOLED
from rpoint.plots import panel as plots
from rpoint.plots import panel_quality as quality
from rpoint.plots._figure import Figure

GAO = "Gao et al. 2015, Nat Med 21:1318"
GDSC = "Iorio et al. 2016, Cell 166:740"
NEST = "Park et al. 2024, Nat Cancer 5:996"
SOURCES = {"xenografts": (GAO,), "lines": (GDSC, NEST)}
NAMES = {"xenografts": "xenografts", "lines": "cell lines"}
MARKER = "marker of the drug"
DRAWN_DRUGS = ("nutlin-3a", "palbociclib")  # areas drawn point by point; the others in the tables


def figures(tables: Mapping[str, pd.DataFrame]) -> dict[str, Figure]:
    """Every figure that the tables allow, by name."""
    found: dict[str, Figure] = {}
    for assay in SOURCES:
        if f"{assay}_spearman" in tables:
            found |= _assay(assay, {n: t for n, t in tables.items() if n.startswith(assay)})
    if "curves" in tables and len(tables["curves"]):
        rows = tables["curves"]
        found["curves"] = quality.curve_density(rows[rows["arm"] != POOLED], sources=(GAO,))
    return found


def gain_figure(found: Gains) -> Figure:
    """What a combination adds, by genotype: see `gains.Gains.by_group`."""
    table = found.by_group().rename(
        columns={"models": "n", "lo90": "gain_lo90", "hi90": "gain_hi90"}
    )
    title = f"{found.combination}: predicted gain over the better of {' and '.join(found.parts)}"
    return plots.new_combinations(table.assign(setting="genotypes of the panel"), title=title)


def _assay(assay: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Figure]:
    name, sources = NAMES[assay], SOURCES[assay]
    coverage = tables[f"{assay}_coverage"]
    made = {
        f"{assay}_agreement": _agreement(assay, tables),
        f"{assay}_predictors": quality.predictors(
            _correlations(tables[f"{assay}_spearman"]),
            ceilings=_ceilings(tables[f"{assay}_repeats"], tables[f"{assay}_spearman"]),
            title=f"Rank correlation with the measurement, {name}",
            sources=sources,
        ),
        f"{assay}_calibration": quality.calibration(
            tables[f"{assay}_pit_histogram"],
            coverage[coverage["predictor"] == OURS],
            title=f"Are the intervals honest? {name}",
            sources=sources,
        ),
    }
    markers = tables[f"{assay}_markers"]
    if len(markers):
        title = f"What a marker shifts: measured and predicted, {name}"
        made[f"{assay}_markers"] = quality.marker_effects(markers, title=title, sources=sources)
    return made


def _agreement(assay: str, tables: Mapping[str, pd.DataFrame]) -> Figure:
    rows, scores = tables[f"{assay}_predictions"], tables[f"{assay}_spearman"]
    ours = rows[rows["predictor"] == OURS].rename(columns={"marker": MARKER})
    own = scores[(scores["predictor"] == OURS) & (scores["arm"] != POOLED)]
    if assay == "lines":
        drawn = own["arm"].str.partition(", ")[0].isin(DRAWN_DRUGS)
        own = own[drawn] if drawn.any() else own.head(8)
    return plots.agreement(
        ours,
        own,
        quantity=plots.INHIBITION if assay == "xenografts" else plots.AREA,
        title=f"Predicted and measured, one point a model, {NAMES[assay]}",
        group=MARKER,
        columns=4 if assay == "xenografts" else 3,
        shared=assay == "xenografts",
        sources=SOURCES[assay],
    )


def _correlations(table: pd.DataFrame) -> pd.DataFrame:
    """The value drawn, and the model's interval moved to it (the width is that of plain ranks)."""
    value = table["within_folds"].where(np.isfinite(table["within_folds"]), np.nan)
    shift = value - table["spearman"]
    ours = table["predictor"] == OURS
    return table.assign(
        value=value,
        lo=(table["lo"] + shift).where(ours),
        hi=(table["hi"] + shift).clip(upper=1.0).where(ours),
    )


def _ceilings(table: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """arm, ceiling of the arms that were predicted."""
    both = [table.assign(arm=table[side])[["arm", "ceiling"]] for side in ("first", "second")]
    every = pd.concat(both, ignore_index=True).dropna().drop_duplicates("arm")
    return every[every["arm"].isin(set(scores["arm"]))]

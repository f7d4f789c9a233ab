"""Prediction against measurement over a folder of data: one call, every table and figure.

With `fit="crossval"` the coefficients that predict a model were learnt without it; with
`fit="none"` the shipped ones are used as they are.  Baselines are cross-validated in the same folds
either way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.panel import figures as draw
from rpoint.panel import folder as data
from rpoint.panel import judge
from rpoint.panel.criteria import criteria
from rpoint.panel.curves import measured_curves
from rpoint.panel.effects import LINE_CONTRASTS, XENOGRAFT_CONTRASTS
from rpoint.panel.folder import Lines, Xenografts
from rpoint.panel.folds import folds as folds_of
from rpoint.panel.heldout import HeldOut
from rpoint.panel.measured import areas, inhibitions
from rpoint.panel.scores import INHIBITION_RANGE
from rpoint.plots._figure import Figure

FITS = ("crossval", "none")
CONTRASTS = {"xenografts": XENOGRAFT_CONTRASTS, "lines": LINE_CONTRASTS}
Progress = Callable[[str], None]
Predictor = Callable[..., Mapping[str, HeldOut]]


@dataclass(frozen=True, eq=False, repr=False)
class Validation:
    """Predictions beside measurements.

    Attributes
    ----------
    tables
        Name -> table; each name is that of its CSV file.
    figures
        Name -> figure.
    notes
        What was absent, left out or assumed.
    fit, folds, seed
        How the predictions were made.
    """

    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, Figure]
    notes: tuple[str, ...]
    fit: str
    folds: int
    seed: int
    sources: tuple[str, ...] = field(default=())

    @property
    def criteria(self) -> pd.DataFrame:
        """What was demanded, what was found, and whether it was met."""
        return self.tables["criteria"]

    def summary(self) -> pd.DataFrame:
        """Spearman of every predictor within the arms and pooled: one row an arm.

        Returns
        -------
        pandas.DataFrame
            assay, arm, n, one column per predictor (ranks within folds).
        """
        parts = []
        for assay in CONTRASTS:
            table = self.tables.get(f"{assay}_spearman")
            if table is not None:
                order = list(dict.fromkeys(table["predictor"]))
                wide = table.pivot(index=["arm", "n"], columns="predictor", values="within_folds")
                wide = wide.reindex(dict.fromkeys(zip(table["arm"], table["n"], strict=True)))
                parts.append(wide[order].reset_index().assign(assay=assay))
        whole = pd.concat(parts, ignore_index=True)
        return whole[["assay", *[c for c in whole if c != "assay"]]]

    def to_dict(self) -> dict[str, Any]:
        """Every table but the single predictions, as plain data."""
        tables = {n: t.to_dict("records") for n, t in self.tables.items() if "predictions" not in n}
        return {
            "fit": self.fit,
            "folds": self.folds,
            "seed": self.seed,
            "notes": list(self.notes),
            "sources": list(self.sources),
            "tables": tables,
        }

    def __repr__(self) -> str:
        met = int(self.criteria["met"].sum())
        return f"<Validation ({self.fit}): {met} of {len(self.criteria)} criteria met>"


def validate(
    path: str | os.PathLike[str],
    *,
    fit: str = "crossval",
    folds: int = 5,
    seed: int = 1,
    jobs: int | None = None,
    predictor: Predictor | None = None,
    progress: Progress | None = None,
) -> Validation:
    """Predict what a data folder measured and compare.

    Parameters
    ----------
    path
        Folder with `pdxe`, `gdsc`, `nest_palbociclib` (see `rpoint.panel.folder`), or one of them.
    fit
        "crossval": coefficients are learnt in the folder, each model predicted without itself.
        "none": the shipped coefficients.
    folds, seed
        Of the cross-validation (`rpoint.panel.folds`); the seed also starts every draw.
    jobs
        Threads; all cores when left out.
    predictor
        Another predictor to judge in place of R-point's own; called like
        `rpoint.panel.fit.crossval`.
    progress
        Told what is being done.

    Raises
    ------
    RpointError
        An unknown `fit`, a wrong number of folds, a folder without responses or with broken tables.
    """
    if fit not in FITS:
        raise unknown_name("way to fit", fit, FITS, where="fit")
    folds_of([], folds, seed)  # a wrong number is told before anything is computed
    say = progress or (lambda text: None)
    mice, lines = _read(path)
    held = dict(
        (predictor or _own())(
            mice, lines, refit=fit == "crossval", folds=folds, seed=seed, jobs=jobs, progress=say
        )
    )
    if "xenografts" in held:
        held["xenografts"] = held["xenografts"].clipped(*INHIBITION_RANGE)
    tables: dict[str, pd.DataFrame] = {}
    notes = [n for part in (mice, lines) if part is not None for n in part.notes]
    for assay, found in (("xenografts", mice), ("lines", lines)):
        if found is not None and assay in held:
            say(f"comparing {assay} with baselines")
            tables |= _assay(assay, found, held[assay], folds, seed)
            notes += _unpredicted(assay, found, tables)
    if mice is not None and "curves" in held:
        say("comparing volume curves")
        tables["curves"] = _curves(mice, held["curves"], folds, seed)
    tables = {"criteria": criteria(tables), **tables}
    notes += [note for part in held.values() for note in part.notes]
    figures = draw.figures(tables)
    sources = tuple(dict.fromkeys(s for figure in figures.values() for s in figure.sources))
    return Validation(tables, figures, tuple(dict.fromkeys(notes)), fit, folds, seed, sources)


def _own() -> Predictor:
    from rpoint.panel.fit import crossval

    return crossval


def _read(path: str | os.PathLike[str]) -> tuple[Xenografts | None, Lines | None]:
    mice = data.xenograft_tables(path) if data.has_xenografts(path) else None
    lines = data.line_tables(path) if data.has_lines(path) else None
    if mice is None and lines is None:
        raise RpointError(
            "the data folder has no measured responses",
            where=str(path),
            allowed="pdxe/response, gdsc/dose_response or nest_palbociclib/palbociclib_auc",
        )
    return mice, lines


def _assay(
    assay: str, found: Xenografts | Lines, held: HeldOut, folds: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Every table of one assay, by the name of its file."""
    measured = _measured(found)
    measured = measured.assign(fold=folds_of(measured["model_id"], folds, seed))
    case = judge.judged(measured, held, found.panel)
    histogram, summary = judge.transforms(case)
    tables = {
        "spearman": judge.correlations(case),
        "gain": judge.gains(case, seed=seed),
        "coverage": judge.coverages(case),
        "pit": summary,
        "pit_histogram": histogram,
        "markers": judge.effects(case, CONTRASTS[assay], seed=seed),
        "repeats": judge.reproducibility(measured),
        "predictions": case.rows,
    }
    if assay == "xenografts":
        tables["response_auc"] = judge.responses(case)
    return {f"{assay}_{name}": table for name, table in tables.items()}


def _measured(found: Xenografts | Lines) -> pd.DataFrame:
    return inhibitions(found) if isinstance(found, Xenografts) else areas(found)


def _unpredicted(
    assay: str, found: Xenografts | Lines, tables: Mapping[str, pd.DataFrame]
) -> list[str]:
    """Measured arms of which no model has a prediction, in one sentence."""
    predicted = set(tables[f"{assay}_spearman"]["arm"])
    missing = [arm for arm in _measured(found)["arm"].unique() if arm not in predicted]
    return [f"no prediction of these arms of {assay}: {'; '.join(missing)}"] if missing else []


def _curves(mice: Xenografts, held: HeldOut, folds: int, seed: int) -> pd.DataFrame:
    days = sorted(held.table["day"].unique())
    curves = measured_curves(mice.volumes, days)
    curves = curves.assign(fold=folds_of(curves["model_id"], folds, seed))
    return judge.curve_scores(curves, held, seed=seed)

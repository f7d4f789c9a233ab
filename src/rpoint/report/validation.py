"""A validation of panel predictions as one page, as files, and as lines for a terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from rpoint.files import write_json, write_text
from rpoint.panel.validate import Validation
from rpoint.report.page import Page, Section, Table, write_page

NAMES = {"xenografts": "Xenografts", "lines": "Cell lines"}
FITS = {
    "crossval": "learnt from the folder, every model predicted without itself",
    "none": "the shipped coefficients, whatever they were learnt from",
}
MEANING = {
    "spearman": "Rank correlation of prediction and measurement (within_folds: ranks taken within "
    "the folds of the cross-validation)",
    "gain": "Spearman of R-point minus that of a baseline, same rows, ranks within folds; 95 % by "
    "bootstrap",
    "response_auc": "Area under the ROC curve of response",
    "coverage": "Share of measurements inside the 50 and 90 % intervals, and their mean width",
    "pit": "Probability integral transform: honest are mean 0.5, sd 0.289, a small distance (ks)",
    "markers": "Shift of the median by a marker, in standard deviations of the arm",
    "repeats": "What repeats of one experiment allow: their rank correlation and its square root",
}
SHOWN_PREDICTORS = ("R-point", "arm × genotype median", "ridge on genotype")


def page(found: Validation) -> Page:
    """The whole validation."""
    facts = [
        ("Coefficients", FITS[found.fit]),
        ("Folds", f"{found.folds}, by the model's name; seed {found.seed}"),
        ("Criteria met", f"{int(found.criteria['met'].sum())} of {len(found.criteria)}"),
    ]
    lead = (
        "Predictions of tumours that took no part in the fit, beside what was measured, beside "
        "plain baselines and beside what a repeat of the experiment achieves."
    )
    sections = [_criteria(found)]
    for assay in NAMES:
        if f"{assay}_spearman" in found.tables:
            sections.append(_assay(found, assay))
    if "curves" in found.tables and len(found.tables["curves"]):
        sections.append(_curves(found))
    sections.append(Section("notes", "What was assumed and left out", blocks=_notes(found)))
    title = "Prediction and measurement of tumour panels"
    return Page(title, lead, facts, sections=sections, sources=found.sources)


def _criteria(found: Validation) -> Section:
    table = found.criteria.assign(met=found.criteria["met"].map({True: "met", False: "missed"}))
    rows = Table.of(table, "Demands that were written before the model was fitted")
    return Section("criteria", "What was demanded", tables=[rows])


def _assay(found: Validation, assay: str) -> Section:
    names = [name for name in MEANING if f"{assay}_{name}" in found.tables]
    tables = [Table.of(_short(found.tables[f"{assay}_{n}"], n), MEANING[n]) for n in names]
    figures = [f for name, f in found.figures.items() if name.startswith(assay)]
    return Section(assay, NAMES[assay], tables=tables, figures=figures)


def _short(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of the page: not every baseline in every table (the files hold them all)."""
    if "predictor" in table and name != "spearman":
        table = table[table["predictor"].isin(SHOWN_PREDICTORS)]
    return table.reset_index(drop=True)


def _curves(found: Validation) -> Section:
    text = (
        "Log of volume over day-0 volume at days 7, 14 and 21, in nats per point: the held-out "
        "predictive density against the Gaussian about the mean of the arm's other models."
    )
    table = Table.of(found.tables["curves"], text)
    return Section("curves", "Volume curves", tables=[table], figures=[found.figures["curves"]])


def _notes(found: Validation) -> list[tuple[str, str]]:
    return [(f"{i + 1}", note) for i, note in enumerate(found.notes)] or [("–", "nothing")]


def write(found: Validation, folder: Path) -> list[str]:
    """Write validation.html, validation.json, one CSV a table, one SVG and PNG a figure.

    Returns
    -------
    list
        Names of the files.
    """
    write_page(page(found), folder / "validation.html")
    write_json(folder / "validation.json", found.to_dict())
    names = ["validation.html", "validation.json"]
    for name, table in found.tables.items():
        write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g"))
        names.append(f"{name}.csv")
    for name, figure in found.figures.items():
        for kind in ("svg", "png"):
            figure.save(folder / f"{name}.{kind}")
            names.append(f"{name}.{kind}")
    return names

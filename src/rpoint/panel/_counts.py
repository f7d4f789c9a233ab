"""Make `data/frequencies.csv`: `python -m rpoint.panel._counts DATA TCGA.csv`.

Kept for whoever wants to check or renew the counts; nothing here runs when R-point is used.  DATA
is a folder of the layout of `rpoint.panel.folder` that also holds `alteration_frequencies_models`
and `msk_met_alterations`; TCGA.csv has one row a cohort: `tcga_code`, `n` and `GENE_amp_n`,
`GENE_homdel_n` (GISTIC +2, -2).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from rpoint.files import write_text
from rpoint.panel._genotypes import CALLS, NEST, line_types
from rpoint.panel._tables import Folder
from rpoint.panel.frequencies import COLUMNS, FILE
from rpoint.panel.genes import gene
from rpoint.panel.types import panel_type

RAREST = 0.005  # of all tumours: a state that is rarer everywhere is left out
MIXED_TISSUES = ("LUNG", "HAEMATOPOIETIC_AND_LYMPHOID_TISSUE")  # CCLE's; several of our types
MODELS = {"source": str, "tumor_type": str, "alteration": str, "n_altered": float, "n": float}
# Well- and dedifferentiated liposarcoma is no TCGA cohort of its own, and what defines it cannot be
# left to the average tumour: two numbers of the 88 metastases in MSK-MET.
LIPOSARCOMA = (("MDM2", "amp", 81), ("CDK4", "amp", 80))
LIPOSARCOMA_N = 88
# Patients' mutations of types that the catalogue does not have, whose only other count is of lines.
MSK_TYPES = {
    "Ovarian Cancer": "ovary",
    "Prostate Cancer": "prostate",
    "Renal Cell Carcinoma": "kidney",
    "Thyroid Cancer": "thyroid",
    "Small Cell Lung Cancer": "sclc",
    "Mesothelioma": "mesothelioma",
    "Cervical Cancer": "cervix",
}
MSK_MUTATIONS = ("TP53_mut", "KRAS_mut")


def build(folder: Folder, tcga: Path) -> pd.DataFrame:
    """The table of counts, columns `COLUMNS`."""
    parts = [_tcga(pd.read_csv(tcga)), _xenografts(folder), _lines(folder), _patients(folder)]
    parts += [_liposarcoma(), _mutations(folder)]
    found = pd.concat(parts, ignore_index=True)
    share = found.groupby(["gene", "state"])[["altered", "n"]].transform("sum")
    often = found.assign(f=found["altered"] / found["n"]).groupby(["gene", "state"])["f"]
    keep = (share["altered"] / share["n"] >= RAREST) | (often.transform("max") >= 10 * RAREST)
    return found[keep].sort_values(["type", "gene", "state", "among", "cohort"], ignore_index=True)


def _long(rows: list, cohort: str | list, among: str, source: str, licence: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["type", "gene", "state", "altered", "n"])
    frame = frame.assign(cohort=cohort, among=among, source=source, licence=licence)
    return frame.astype({"altered": int, "n": int})[COLUMNS]


def _liposarcoma() -> pd.DataFrame:
    """The amplifications that define well- and dedifferentiated liposarcoma."""
    rows = [("liposarcoma", g, s, a, LIPOSARCOMA_N) for g, s, a in LIPOSARCOMA]
    return _long(rows, "MSK-MET sarcoma_lipo metastasis", "patients", "nguyen2022", "ODbL")


def _mutations(folder: Folder) -> pd.DataFrame:
    """Counts of `MSK_MUTATIONS` in patients of `MSK_TYPES`."""
    needed = {"cancer_type": str, "n_samples": float, "alteration": str, "fraction": float}
    table = folder.need("msk_met_alterations", "frequencies_by_cancer_type", needed)
    table = table[table["cancer_type"].isin(MSK_TYPES) & table["alteration"].isin(MSK_MUTATIONS)]
    rows = [
        (MSK_TYPES[kind], name.removesuffix("_mut"), "mut", round(n * fraction), n)
        for kind, n, name, fraction in table[list(needed)].itertuples(index=False)
    ]
    cohorts = [f"MSK-MET {kind}" for kind in table["cancer_type"]]
    return _long(rows, cohorts, "patients", "nguyen2022", "ODbL")


def _tcga(table: pd.DataFrame) -> pd.DataFrame:
    """Copy-number calls of TCGA: GISTIC +2 = amp, -2 = loss."""
    rows, cohorts = [], []
    for column in table.columns:
        match = re.fullmatch(r"([A-Z0-9]+)_(amp|homdel)_n", column)
        if match is None or gene(match.group(1)) is None:
            continue
        state = "amp" if match.group(2) == "amp" else "loss"
        for code, altered, n in zip(table["tcga_code"], table[column], table["n"], strict=True):
            rows.append((panel_type(code) or "other", match.group(1), state, altered, n))
            cohorts.append(f"TCGA {code}")
    return _long(rows, cohorts, "patients", "tcga_pancan", "facts")


def _xenografts(folder: Folder) -> pd.DataFrame:
    """Counts over the genotyped models of the PDX Encyclopedia."""
    table = folder.need("alteration_frequencies_models", "frequencies", MODELS)
    table = table[(table["source"] == "PDXE") & (table["tumor_type"] != "POOLED")]
    rows, cohorts = [], []
    for line in table.itertuples():
        symbol, _, state = line.alteration.partition("_")
        if state in ("mut", "loss", "amp"):  # RB1_del and CDKN2A_homdel are parts of the losses
            kind = panel_type(line.tumor_type) or "other"
            rows.append((kind, symbol, state, line.n_altered, line.n))
            cohorts.append(f"PDXE {line.tumor_type}")
    return _long(rows, cohorts, "xenografts", "gao2015", "facts")


def _lines(folder: Folder) -> pd.DataFrame:
    """Counts over the cell lines of known type."""
    calls = folder.need("nest_palbociclib", "cell_line_genotype", NEST)
    tissue = folder.need("nest_palbociclib", "cell_lines", {"cell_line_id": str, "tissue": str})
    ids = sorted(calls["cell_line_id"].unique())
    types = pd.Series(line_types(folder, ids), index=ids)
    mixed = set(tissue["cell_line_id"][tissue["tissue"].isin(MIXED_TISSUES)])
    labelled = folder.need("gdsc", "cell_lines", {"cell_line_id": str})["cell_line_id"]
    types = types[~types.index.isin(mixed - set(labelled))]
    return _count(calls.assign(type=calls["cell_line_id"].map(types)), "NeST lines", "lines")


def _patients(folder: Folder) -> pd.DataFrame:
    """Counts over patients with HR-positive breast cancer treated with a CDK4/6 inhibitor."""
    needed = {k: v for k, v in NEST.items() if k != "cell_line_id"}
    calls = folder.need("nest_palbociclib", "patient_genotype", needed)
    return _count(calls.assign(type="breast"), "NeST patients", "patients")


def _count(calls: pd.DataFrame, cohort: str, among: str) -> pd.DataFrame:
    """Counts of 0/1 calls with columns type, gene, alteration, value."""
    known = calls["type"].map(panel_type)
    calls = calls.assign(type=known, state=calls["alteration"].map(CALLS))[known.notna()]
    counts = calls.groupby(["type", "gene", "state"])["value"].agg(["sum", "count"])
    return _long(
        [(*key, altered, n) for key, (altered, n) in zip(counts.index, counts.to_numpy())],
        cohort, among, "park2024", "MIT",
    )  # fmt: skip


def main(arguments: list[str]) -> None:
    """Write the table beside the package's other data."""
    folder, tcga = arguments
    table = build(Folder.open(folder), Path(tcga))
    write_text(Path(str(FILE)), table.to_csv(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])

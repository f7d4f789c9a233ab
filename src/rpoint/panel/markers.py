"""Genotype as columns: which models carry a marker, and the marker that an arm is known by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rpoint.panel.states import UNKNOWN, copies, split

# The marker by which each class of drugs is chosen in practice; "|" means any of them.
CLASS_MARKER = {
    "MDM2": "TP53",
    "CDK4/6": "RB1",
    "PI3K": "PIK3CA",
    "MEK": "KRAS|NRAS|BRAF",
    "BRAF": "BRAF",
    "mTOR": "PTEN",
    "AKT": "PTEN",
}
DRUG_CLASS = {
    **dict.fromkeys(
        ["cgm097", "hdm201", "siremadlin", "nutlin-3", "nutlin-3a", "idasanutlin", "milademetan"]
        + ["navtemadlin", "alrizomadlin", "brigimadlin", "serdemetan", "amg 232"],
        "MDM2",
    ),
    **dict.fromkeys(
        ["lee011", "ribociclib", "palbociclib", "abemaciclib", "dalpiciclib"], "CDK4/6"
    ),
    **dict.fromkeys(["byl719", "alpelisib", "bkm120", "buparlisib", "inavolisib"], "PI3K"),
    **dict.fromkeys(["binimetinib", "trametinib", "cobimetinib", "selumetinib"], "MEK"),
    **dict.fromkeys(["encorafenib", "dabrafenib", "vemurafenib"], "BRAF"),
    **dict.fromkeys(["everolimus", "temsirolimus"], "mTOR"),
    **dict.fromkeys(["mk-2206", "capivasertib", "ipatasertib", "uprosertib", "gsk690693"], "AKT"),
}
LOST = ("mut", "vus", "loss")  # any change counts where the gene works by being there
ACTIVATED = ("mut",)  # known or likely functional mutations alone
SUPPRESSORS = frozenset(
    ["TP53", "RB1", "PTEN", "CDKN2A", "CDKN2B", "CDKN2C", "CDKN1A", "CDKN1B", "NF1", "STK11"]
    + ["TSC1", "TSC2", "FBXW7", "ATM", "FAT1", "RBL1", "RBL2"]
)
AMPLIFIED_COPIES = 5.0  # the xenograft tables' own threshold (Gao 2015)
LOST_COPIES = 0.8  # the same


def alterations(states: pd.Series) -> pd.DataFrame:
    """What each cell of one gene says, as 1 (so), 0 (not so) and NaN (not known).

    Parameters
    ----------
    states
        Canonical states (`rpoint.panel.states`).

    Returns
    -------
    pandas.DataFrame
        Columns mut, vus, loss, gain, amp; same index.

    >>> alterations(pd.Series(["wt", "mut+loss", "cn=9", "?"])).to_dict("list")["amp"]
    [0.0, 0.0, 1.0, nan]
    """
    words = {text: _words(text) for text in states.unique()}
    names = ["mut", "vus", "loss", "gain", "amp"]
    columns = {
        name: states.map({t: np.nan if w is None else float(name in w) for t, w in words.items()})
        for name in names
    }
    return pd.DataFrame(columns, index=states.index).astype(float)


def _words(state: str) -> set[str] | None:
    """The kinds of change that a canonical state names; None if it is not known."""
    if state == UNKNOWN:
        return None
    words, number = set(split(state)), copies(state)
    if number is not None:
        words |= {"amp"} if number >= AMPLIFIED_COPIES else set()
        words |= {"loss"} if number < LOST_COPIES else set()
    return words


def carries(states: pd.DataFrame, marker: str) -> pd.Series:
    """Which rows carry a marker: 1, 0, or NaN where it is not known.

    Parameters
    ----------
    states
        One column per gene.
    marker
        Genes joined by "|", each with the kinds of change that count: `TP53`, `MDM2:amp`,
        `CDKN2A:loss`, `RB1:mut+vus+loss`, `KRAS|NRAS|BRAF`.  Without kinds, any change of a
        tumour suppressor counts and the functional mutations of another gene.

    Notes
    -----
    With several genes, a row in which one is changed carries the marker; it lacks it if all known
    ones are unchanged.  A gene that the table lacks is not known in any row.
    """
    found = [_carries_one(states, part) for part in marker.split("|")]
    return pd.concat(found, axis=1).max(axis=1, skipna=True)


def _carries_one(states: pd.DataFrame, part: str) -> pd.Series:
    gene, _, kinds = part.partition(":")
    if gene not in states:
        return pd.Series(np.nan, index=states.index)
    usual = LOST if gene in SUPPRESSORS else ACTIVATED
    wanted = kinds.split("+") if kinds else list(usual)
    return alterations(states[gene])[wanted].max(axis=1)


def arm_markers(arm: str) -> tuple[str, ...]:
    """The markers of an arm's drugs, in order, none twice; empty for drugs without one.

    >>> arm_markers("LEE011+encorafenib"), arm_markers("nutlin-3a, GDSC2"), arm_markers("untreated")
    (('RB1', 'BRAF'), ('TP53',), ())
    """
    drugs = [name.strip().casefold() for name in arm.split(",")[0].split("+")]
    classes = [DRUG_CLASS[name] for name in drugs if name in DRUG_CLASS]
    return tuple(dict.fromkeys(CLASS_MARKER[kind] for kind in classes))


def genotype_group(states: pd.DataFrame, arm: str) -> pd.Series:
    """One label per row: which of the arm's markers it carries, such as `1`, `0/1` or `?`."""
    flags = [carries(states, marker) for marker in arm_markers(arm)]
    if not flags:
        return pd.Series("", index=states.index)
    text = [flag.map({1.0: "1", 0.0: "0"}).fillna(UNKNOWN) for flag in flags]
    return text[0].str.cat(text[1:], sep="/") if len(text) > 1 else text[0]


def genotype_columns(states: pd.DataFrame, genes: Sequence[str] | None = None) -> pd.DataFrame:
    """Three columns per gene (`GENE:mut`, `GENE:loss`, `GENE:amp`) of 0, 1 and NaN.

    A mutation of unknown meaning counts as a mutation, a gain of unknown size as no amplification.
    """
    columns = {}
    for gene in states.columns if genes is None else genes:
        flags = alterations(states[gene])
        columns[f"{gene}:mut"] = flags[["mut", "vus"]].max(axis=1)
        columns[f"{gene}:loss"] = flags["loss"]
        columns[f"{gene}:amp"] = flags["amp"]
    return pd.DataFrame(columns, index=states.index)

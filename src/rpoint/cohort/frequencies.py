"""How often a tumour type carries each alteration, before and after treatment.

Counts: `data/frequencies.csv`; `data/README.md` says whose, and in which order one source is
preferred to another.  Nothing is smoothed: a fraction is that of its source.

>>> row = frequency("breast", "metastasis").loc["ESR1:mut"]
>>> int(row["altered"]), int(row["n"])
(133, 746)
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

from rpoint.errors import RpointError, unknown_name

FOLDER = files("rpoint.cohort") / "data"
COLUMNS = [
    "type", "setting", "gene", "state", "altered", "n", "fraction", "cohort", "source", "licence",
    "grade",
]  # fmt: skip
PRIMARY_AND_METASTASIS = ("primary", "metastasis")
AFTER_CDK46 = "after CDK4/6i"
SETTINGS = (*PRIMARY_AND_METASTASIS, AFTER_CDK46)
#: What is drawn.  Not drawn: knock-outs, `MDM4:high`, and `TP53:null`, which is `TP53:loss`.
FEATURES: tuple[str, ...] = (
    "TP53:mut", "TP53:loss", "MDM2:amp", "MDM4:amp", "CDKN2A:loss", "CDKN2A:mut", "CDKN1B:loss",
    "RB1:loss", "RB1:mut", "CCND1:amp", "CCNE1:amp", "CCNE2:amp", "CDK4:amp", "CDK6:amp",
    "AURKA:amp", "MYC:amp", "PIK3CA:mut", "PIK3CA:amp", "AKT1:mut", "AKT1:amp", "PTEN:loss",
    "PTEN:mut", "KRAS:mut", "KRAS:amp", "NRAS:mut", "NRAS:amp", "HRAS:mut", "BRAF:mut", "NF1:mut",
    "NF1:loss", "EGFR:amp", "ERBB2:amp", "ERBB2:mut", "FGFR1:amp", "FGFR2:amp", "IGF1R:amp",
    "ESR1:mut", "ESR1:loss",
)  # fmt: skip


@cache
def counts() -> pd.DataFrame:
    """Every row of the table, columns `COLUMNS`."""
    with (FOLDER / "frequencies.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False)


def setting_of(line: int, setting: str = "auto") -> str:
    """The setting that stands for a line of therapy: primaries for the first, metastases later."""
    if setting == "auto":
        return "primary" if line <= 1 else "metastasis"
    if setting not in SETTINGS:
        raise unknown_name("setting", setting, ("auto", *SETTINGS))
    return setting


@cache
def _frequency(kind: str, setting: str) -> pd.DataFrame:
    base = "metastasis" if setting == AFTER_CDK46 else setting
    table = counts()[(counts()["type"] == kind) & (counts()["setting"] == base)]
    table = table.assign(alteration=table["gene"] + ":" + table["state"]).set_index("alteration")
    if setting != AFTER_CDK46:
        return table
    own = counts()[(counts()["type"] == kind) & (counts()["setting"] == setting)]
    if own.empty:
        raise RpointError(
            "frequencies after a CDK4/6 inhibitor are known for breast cancer alone",
            found=kind,
            allowed="breast",
        )
    own = own.assign(alteration=own["gene"] + ":" + own["state"]).set_index("alteration")
    return pd.concat([own, table[~table.index.isin(own.index)]]).reindex(table.index)


def frequency(kind: str, setting: str = "primary") -> pd.DataFrame:
    """The frequencies of one type in one setting.

    Returns
    -------
    pandas.DataFrame
        Indexed by alteration ("TP53:mut"); columns of `COLUMNS`.  n is 0 where no tumours of the
        type itself were counted (grade "inferred").
    """
    return _frequency(kind, setting).copy()


@cache
def patients_of(kind: str) -> int:
    """Patients of MSK-MET in a type, primaries and metastases."""
    with (FOLDER / "case_mix.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream).set_index("type")["patients"]
    return int(table.get(kind, 0))

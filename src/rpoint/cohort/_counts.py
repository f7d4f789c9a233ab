"""Make the tables of `data`: `python -m rpoint.cohort._counts DATA`.

Kept for whoever wants to check or renew the counts; nothing here runs when R-point is used.  DATA
is a folder of the layout of `rpoint.panel._tables` with msk_met_alterations, nest_palbociclib,
pdxe and oak_poplar.  A type's count of an alteration comes from the first of these that has it:

1. MSK-MET's table of primaries and metastases, if every subtype of the type is listed;
2. MSK-MET's table of samples (17 genes), if its cancer type is the type;
3. breast: the patients of NeST's MSK cohort (HR-positive, to be treated with a CDK4/6 inhibitor);
4. TCGA's copy numbers; 5. the mean over all types.

A subtype that MSK-MET leaves out lies below 5 % there in primaries and in metastases: 4 and 5 are
then capped.  Definitions differ (panel call, GISTIC): one alteration of one type has one source,
but for subtypes that 1 lacks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.cohort import _pairs
from rpoint.cohort.frequencies import COLUMNS, FEATURES, FOLDER, PRIMARY_AND_METASTASIS
from rpoint.cohort.types import CohortType, cohort_types
from rpoint.files import write_text
from rpoint.panel import frequencies as panel
from rpoint.panel._tables import Folder

CUT = 0.05  # MSK-MET lists an alteration of a subtype from this share on
UNLISTED = 0.025  # the most that the mean over all types may say where MSK-MET lists nothing
MSK_NAME = {"mut": "mut", "amp": "Amplification", "loss": "Deletion"}
FINE = {
    "tumor_type": str, "alteration": str, "primary_n": float, "metastasis_n": float,
    "primary_frac": float, "metastasis_frac": float,
}  # fmt: skip
# The biopsies of Wander 2020: 18 before or during response, 41 resistant to CDK4/6 inhibitors.
WANDER_N = {"sensitive": 18, "resistant": 41}
WANDER = {
    "AURKA:amp": (0, 11), "CCNE2:amp": (1, 6), "AKT1:mut": (1, 5), "ERBB2:mut": (0, 5),
    "RB1:loss": (0, 4), "KRAS:mut": (0, 2), "HRAS:mut": (0, 1), "NRAS:amp": (0, 1),
    "FGFR2:amp": (0, 3), "ESR1:loss": (0, 3), "TP53:mut": (0, 24), "ESR1:mut": (3, 14),
    "PIK3CA:mut": (8, 18), "CCND1:amp": (3, 11), "MYC:amp": (1, 8), "FGFR1:amp": (4, 4),
    "NF1:mut": (1, 4), "IGF1R:amp": (1, 4),
}  # fmt: skip
# Counts of mutations that no table above has for the type.
MORE = {("melanoma", "RB1:mut"): (12, 318, "TCGA SKCM, mutations", "tcga_skcm2015")}
ONLY_WANDER = ("CCNE2:amp", "IGF1R:amp", "ESR1:loss")  # no other table of patients has these


class Sources:
    """The tables that counts are taken from."""

    def __init__(self, folder: Folder) -> None:
        table = folder.need("msk_met_alterations", "frequencies_primary_metastasis", FINE)
        name = table["alteration"].str.replace("CCND1_FGF19", "CCND1")
        self.fine = table.assign(alteration=name).set_index(["tumor_type", "alteration"])
        self.fine = self.fine[~self.fine.index.duplicated()]
        self.sizes = table.groupby("tumor_type")[["primary_n", "metastasis_n"]].first()
        self.samples = _pairs.msk_samples(folder)
        self.nest = _pairs.nest_patients(folder)
        every = panel.counts()
        tcga = every[every["cohort"].str.startswith("TCGA ") & (every["source"] == "tcga_pancan")]
        self.tcga = tcga.drop_duplicates(["cohort", "gene", "state"]).set_index(
            ["cohort", "gene", "state"]
        )[["altered", "n"]]


def build(folder: Folder) -> pd.DataFrame:
    """The table of frequencies, columns `COLUMNS`."""
    sources = Sources(folder)
    rows = [
        (kind.id, setting, *feature.split(":"), *_one(sources, kind, setting, feature))
        for kind in cohort_types().values()
        for setting in PRIMARY_AND_METASTASIS
        for feature in FEATURES
    ]
    return pd.DataFrame([*rows, *_wander()], columns=COLUMNS)


def _wander() -> Iterator[tuple]:
    for feature, (_, resistant) in WANDER.items():
        gene, state = feature.split(":")
        n = WANDER_N["resistant"]
        yield (
            "breast", "after CDK4/6i", gene, state, resistant, n, round(resistant / n, 5),
            "Wander 2020, resistant biopsies", "wander2020", "facts", "secondary",
        )  # fmt: skip


def _one(sources: Sources, kind: CohortType, setting: str, feature: str) -> tuple:
    """altered, n, fraction, cohort, source, licence, grade of one alteration."""
    gene, state = feature.split(":")
    if feature in ONLY_WANDER and kind.id == "breast":
        x, n = WANDER[feature][0], WANDER_N["sensitive"]
        return _row(x, n, "Wander 2020, sensitive biopsies", "wander2020", "facts", "secondary")
    if feature == "ESR1:loss":  # loss of a receptor that only HR-positive breast cancer lives on
        return 0, 0, 0.0, "does not apply", "rpoint_assumption", "facts", "inferred"
    listed = _fine(sources, kind, setting, gene, state)
    if listed and all(count is not None for count in listed):
        x, n = np.sum(listed, axis=0)
        return _row(x, n, f"MSK-MET {' + '.join(kind.msk)} {setting}", "nguyen2022", "ODbL")
    if (kind.id, feature) in MORE:
        return _row(*MORE[kind.id, feature], "facts", "secondary")
    known = _samples(sources, kind, setting, feature) or _nest(sources, kind, feature)
    if known is not None:
        return known
    return _partly(sources, kind, setting, gene, state, listed)


def _row(x, n, cohort: str, source: str, licence: str, grade: str = "computed") -> tuple:
    return round(x), round(n), round(x / n, 5), cohort, source, licence, grade


def _fine(sources: Sources, kind: CohortType, setting: str, gene: str, state: str) -> list:
    """(altered, n) of each subtype, None where it is not listed."""
    found: list[tuple[float, float] | None] = []
    for subtype in kind.msk:
        key = (subtype, f"{gene}_{MSK_NAME.get(state, state)}")
        if key not in sources.fine.index:
            found.append(None)
            continue
        n = sources.sizes.loc[subtype, f"{setting}_n"]
        found.append((round(n * sources.fine.loc[key, f"{setting}_frac"]), n))
    return found


def _samples(sources: Sources, kind: CohortType, setting: str, feature: str) -> tuple | None:
    table = sources.samples
    if kind.samples is None or feature not in table:
        return None
    rows = table[(table["cancer_type"] == kind.samples) & (table["setting"] == setting)]
    cohort = f"MSK-MET samples, {kind.samples}, {setting}"
    return _row(rows[feature].sum(), len(rows), cohort, "nguyen2022", "ODbL")


def _nest(sources: Sources, kind: CohortType, feature: str) -> tuple | None:
    if kind.id != "breast" or feature not in sources.nest:
        return None
    calls = sources.nest[feature]
    return _row(calls.sum(), len(calls), "NeST patients, MSK cohort", "park2024", "MIT")


def _partly(sources: Sources, kind: CohortType, setting: str, gene: str, state: str, listed):
    """What is listed, the rest from TCGA or the mean over all types, below the cut."""
    share, cohort, source = _elsewhere(sources, kind, gene, state)
    counts: list[tuple] = list(zip(listed, kind.msk, strict=True)) or [(None, None)]
    altered = total = 0.0
    for count, subtype in counts:
        if subtype is None:
            n = float(sources.tcga.loc[(f"TCGA {kind.tcga}", gene, state), "n"]) if source else 0.0
        else:
            n = float(sources.sizes.loc[subtype, f"{setting}_n"])
        altered += count[0] if count else share * n
        total += n
    fraction = altered / total if total else share
    names = [name for count, name in counts if count]
    cohort = f"MSK-MET {' + '.join(names)} {setting}; else {cohort}" if names else cohort
    if source:
        n = sources.tcga.loc[(f"TCGA {kind.tcga}", gene, state), "n"] if not names else total
        licence, key = ("facts", "tcga_pancan") if not names else ("ODbL", "nguyen2022")
        return round(fraction * n), round(n), round(fraction, 5), cohort, key, licence, "computed"
    return 0, 0, round(fraction, 5), cohort, "rpoint_computed", "facts", "inferred"


def _elsewhere(sources: Sources, kind: CohortType, gene: str, state: str) -> tuple:
    """Share, its cohort, and whether TCGA has it."""
    key = (f"TCGA {kind.tcga}", gene, state)
    most = CUT if kind.msk else 1.0
    if key in sources.tcga.index:
        altered, n = sources.tcga.loc[key]
        share = altered / n
        text = key[0] + (f", capped at {CUT:.0%}" if share > most else "")
        return min(share, most), text, True
    table = panel.shrunk("" if kind.msk else kind.panel, None).set_index(["gene", "state"])
    share = float(table["fraction"].get((gene, state), 0.0))
    if kind.msk:
        return min(share, UNLISTED), "mean over all types, below MSK-MET's cut", False
    return share, "panel frequencies, mostly cell lines", False


def case_mix(folder: Folder) -> pd.DataFrame:
    """Patients of MSK-MET in each type: type, patients."""
    n = Sources(folder).sizes.sum(axis=1)
    rows = [(t.id, int(n.loc[list(t.msk)].sum())) for t in cohort_types().values() if t.msk]
    return pd.DataFrame(rows, columns=["type", "patients"])


def per_patient(folder: Folder) -> pd.DataFrame:
    """Patients of NeST's MSK cohort by how many of `features` they have, and each one's count.

    Used to check the joint distribution beyond the pairs that it is fitted to.
    """
    calls = _pairs.nest_patients(folder)
    number = calls.sum(axis=1).value_counts().sort_index()
    rows = [("alterations in one patient", str(k), v) for k, v in number.items()]
    rows += [("patients with", name, int(calls[name].sum())) for name in calls]
    return pd.DataFrame(rows, columns=["what", "of", "patients"])


def sizes(folder: Folder) -> pd.DataFrame:
    """Patients of OAK by baseline sum of diameters: lo_mm, hi_mm, patients."""
    needed = {"patient_id": str, "trial": str, "baseline_sld_mm": float}
    table = folder.need("oak_poplar", "clinical", needed)
    values = table["baseline_sld_mm"].dropna()
    values = values[values > 0]
    edges = np.round(np.geomspace(10.0, 320.0, 21), 1)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return pd.DataFrame({"lo_mm": edges[:-1], "hi_mm": edges[1:], "patients": counts})


def main(arguments: list[str]) -> None:
    """Write the tables beside the package's other data."""
    folder = Folder.open(arguments[0])
    target = Path(str(FOLDER))
    write_text(target / "frequencies.csv", build(folder).to_csv(index=False))
    write_text(target / "associations.csv", _pairs.build(folder).to_csv(index=False))
    write_text(target / "case_mix.csv", case_mix(folder).to_csv(index=False))
    write_text(target / "nest.csv", per_patient(folder).to_csv(index=False))
    write_text(target / "sizes.csv", sizes(folder).to_csv(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])

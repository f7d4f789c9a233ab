"""From the public tables, as collected, to the compact tables that the package ships.

`python -m rpoint.calibrate.reduce` reads the folder that the environment variable RPOINT_DATA names
and rewrites `calibrate/data/*.csv` (except `published_values.csv`, which is entered by hand).
Nothing is fitted here: rows are renamed, thinned in time, divided by their own control, and the
double entries of the sources are marked or dropped as `data/README.md` says.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from rpoint.errors import RpointError

DATA = Path(__file__).parent / "data"
E2_NM = {"E2 10 nM": 10.0, "E2 10 pM": 0.01, "E2-deprived": 0.0}
ALTERNATING = {
    "exp05_20191115": "weekly: e2_nM=10,palbociclib_nM=250 | e2_nM=0",
    "exp06_20191217": "weekly: e2_nM=10,palbociclib_nM=500 | e2_nM=10,fulvestrant_nM=500",
}
FIRST_WEEK = {"exp05_20191115": 250.0, "exp06_20191217": 500.0}  # palbociclib nM
CISPLATIN_UM = (0.0, 2.5, 5.0, 10.0)  # higher doses kill: fluorescence of survivors only
DOSES = ["palbociclib_nM", "fulvestrant_nM", "abemaciclib_nM"]


def counts(folder: Path) -> pd.DataFrame:
    """Cell counts over day 0, by experiment, arm, replicate and day; double entries marked."""
    raw = pd.read_csv(folder / "mcf7_endocrine_cdk46" / "short_term_counts.csv")
    alternating = raw["schedule"] != "constant"
    raw["e2_nM"] = raw["estrogen"].map(E2_NM)
    raw["schedule"] = raw["experiment"].map(ALTERNATING).where(alternating, "constant")
    raw[DOSES] = raw[DOSES].fillna(0.0)
    raw.loc[alternating, "palbociclib_nM"] = raw.loc[alternating, "experiment"].map(FIRST_WEEK)
    raw["treatment_label"] = raw["treatment_label"].str.strip()
    raw["double_entry"] = _double_entries(raw).astype(int)
    columns = ["experiment", "replicate", "treatment_label", "schedule", "e2_nM", *DOSES]
    return raw[[*columns, "time_d", "fold_cells", "fold_sd", "double_entry"]]


def _double_entries(raw: pd.DataFrame) -> pd.Series:
    """True where a measured fold stands elsewhere already, digit for digit.

    The week-1 wells of an alternating arm are the constant arm's (that entry is kept), and one
    value of 2019-06 was copied into a workbook of 2019-11 (the earlier entry is kept).
    """
    constant_first = raw.sort_values("schedule", key=lambda s: s != "constant", kind="stable")
    seen = constant_first["fold_cells"].round(12).duplicated(keep="first")
    return seen.reindex(raw.index) & (raw["time_d"] > 0)


def combination(folder: Path) -> pd.DataFrame:
    """Day-17 fold under fulvestrant 200 nM with palbociclib; wells fall into three groups of 3."""
    table = pd.read_csv(folder / "mcf7_endocrine_cdk46" / "combination_17d.csv")
    table = table.rename(columns={"replicate": "well"})
    table.insert(0, "e2_nM", 10.0)
    table.insert(4, "group", (table["well"] - 1) // 3 + 1)
    return table


def long_term(folder: Path) -> pd.DataFrame:
    """Fold over each month of continuous palbociclib 750 nM; cells re-plated every month."""
    table = pd.read_csv(folder / "mcf7_endocrine_cdk46" / "long_term_monthly.csv")
    table.insert(1, "palbociclib_nM", 750.0)
    return table.drop(columns="arm")


def westerns(folder: Path) -> pd.DataFrame:
    """Band over day 0 (T0), vehicle and palbociclib 750 nM, weeks 1 and 2."""
    table = pd.read_csv(folder / "mcf7_endocrine_cdk46" / "westerns_2w.csv")
    table = table[table["treatment"] != "T0"].copy()
    treated = table["treatment"].str.startswith("palbociclib")
    table["palbociclib_nM"] = treated.map({True: 750.0, False: 0.0})
    return table[["protein", "replicate", "palbociclib_nM", "time_d", "level_over_T0"]]


def resistant_lines(folder: Path) -> pd.DataFrame:
    """Cells on day 6 under palbociclib: parental line and the line kept 12 months on the drug."""
    table = pd.read_csv(folder / "mcf7_endocrine_cdk46" / "resistant_lines_dose_response.csv")
    table = table[table["drug"] == "palbociclib"].drop(columns="drug")
    return table.rename(columns={"dose_nM": "palbociclib_nM"})


def nutlin(folder: Path) -> pd.DataFrame:
    """HepG2 p53 and MDM2 reporters under nutlin-3a and cisplatin, each well over its control.

    `fold_vs_control` is the geometric mean GFP over that of the untreated well of the same reporter
    and replicate at the same hour (MDM2 replicate 3 has none: the mean of replicates 1 and 2).
    """
    raw = pd.read_csv(folder / "p53_reporter_hepg2" / "nutlin_cisplatin.csv")
    raw = raw[(raw["excluded_by_authors"] == 0) & (raw["time_h"] % 3 == 0)]
    raw = raw[raw["cisplatin_uM"].isin(CISPLATIN_UM)]
    keys = ["reporter", "replicate", "time_h"]
    untreated = raw[(raw["nutlin_uM"] == 0) & (raw["cisplatin_uM"] == 0)]
    own = untreated.set_index(keys)["gfp_integrated_gm"].rename("own")
    mean = untreated.groupby(["reporter", "time_h"])["gfp_integrated_gm"].mean().rename("mean")
    table = raw.join(own, on=keys).join(mean, on=["reporter", "time_h"])
    table["control_gfp"] = table["own"].fillna(table["mean"])
    table["own_control"] = table["own"].notna().astype(int)
    table["fold_vs_control"] = table["gfp_integrated_gm"] / table["control_gfp"]
    table = table.rename(columns={"gfp_integrated_gm": "gfp", "pi_positive_count": "dead_count"})
    columns = ["reporter", "replicate", "nutlin_uM", "cisplatin_uM", "time_h", "gfp", "control_gfp"]
    columns += ["own_control", "fold_vs_control", "cell_count", "dead_count"]
    return table[columns].sort_values(columns[:5])


def cisplatin(folder: Path) -> pd.DataFrame:
    """HepG2 p53, MDM2 and p21 reporters under cisplatin, scaled 0-1 by the authors."""
    raw = pd.read_csv(folder / "p53_reporter_hepg2" / "cisplatin_reporters.csv")
    raw = raw[(raw["series"] == "interpolated") & raw["readout"].isin(["p53", "MDM2", "p21"])]
    raw = raw[raw["cisplatin_uM"].isin(CISPLATIN_UM) & ((raw["time_h"] - 1.0) % 3 == 0)]
    table = raw.drop(columns="series").rename(
        columns={"readout": "reporter", "value": "gfp_scaled"}
    )
    return table.sort_values(["reporter", "cisplatin_uM", "replicate", "time_h"])


def oestradiol(folder: Path) -> pd.DataFrame:
    """MCF-7 GREB1, PGR and TFF1 reporters by oestradiol dose, every 6 h."""
    raw = pd.read_csv(folder / "mcf7_e2_reporters" / "reporters.csv")
    raw = raw[raw["time_h"].isin(range(6, 55, 6))]
    return raw.sort_values(["reporter", "replicate", "e2_nM", "time_h"])


TABLES = {
    "mcf7_counts": counts,
    "mcf7_combination_17d": combination,
    "mcf7_long_term": long_term,
    "mcf7_westerns": westerns,
    "mcf7_resistant_lines": resistant_lines,
    "hepg2_nutlin": nutlin,
    "hepg2_cisplatin": cisplatin,
    "mcf7_e2": oestradiol,
}


def reduce_all(folder: Path) -> dict[str, pd.DataFrame]:
    """Every shipped table, made from the public tables in `folder`."""
    return {name: make(folder).reset_index(drop=True) for name, make in TABLES.items()}


def main() -> None:
    """Rewrite the shipped tables."""
    named = os.environ.get("RPOINT_DATA")
    if not named or not Path(named).is_dir():
        raise RpointError(
            "the folder of the public tables is not known",
            where="environment variable RPOINT_DATA",
            found=named or "nothing",
            mend="set RPOINT_DATA to the folder that holds mcf7_endocrine_cdk46/ and its sisters",
        )
    for name, table in reduce_all(Path(named)).items():
        table.to_csv(DATA / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")
        print(f"{name}: {len(table)} rows")


if __name__ == "__main__":
    main()

"""The measured targets of calibration and check, one row each, with the noise of the measurement.

`load_targets()` builds them from the shipped tables (`data/`); `SPLIT.md` says which calibrate,
which check, and how the noise was estimated; `python -m rpoint.calibrate.targets` prints a summary.

Columns
-------
id, table, role (calibrate | check), kind (curve | slope | dose_response | summary | published),
experiment, curve (the points that share one between-experiment error), cell_line,
the condition: e2_nM, palbociclib_nM, fulvestrant_nM, abemaciclib_nM, nutlin_uM, cisplatin_uM and
schedule ("constant" or "weekly: <first week> | <second week>", repeated), readout, observable (the
cell model's name, empty where it has none), scale (log | linear), time_h, value, sd_replicate,
sd_between, n, saturated, source.

`slope` rows restate `curve` rows of the counts, and `summary` rows restate `dose_response` rows:
never put both of a pair into one likelihood.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.calibrate.noise import between_sd, replicate_summary
from rpoint.calibrate.reporters import cisplatin_rows, nutlin_rows, oestradiol_rows
from rpoint.errors import RpointError, unknown_name

DATA = Path(__file__).parent / "data"
CONDITION = ["e2_nM", "palbociclib_nM", "fulvestrant_nM", "abemaciclib_nM"]
COLUMNS = [
    *["id", "table", "role", "kind", "experiment", "curve", "cell_line", *CONDITION],
    *["nutlin_uM", "cisplatin_uM", "schedule", "readout", "observable", "scale", "time_h"],
    *["value", "sd_replicate", "sd_between", "n", "saturated", "source"],
]
ROLES = ("calibrate", "check")
KINDS = ("curve", "slope", "dose_response", "summary", "published")
CALIBRATING_COUNTS = ("exp01_20181107", "exp02_20190214", "exp03_20190621", "exp04_20190621")
SATURATED_FOLD = 40.0  # mean fold from which the plate's capacity (about 157-fold) bends the curve
WESTERN_OBSERVABLE = {"CyclinD1": "CycD_total", "CyclinE": "CycE_total"}
MONTH_H = 672.0  # 28 d
HE2025 = "He 2025, doi:10.1038/s41540-025-00604-z"
HELDRING2022 = "Heldring 2022, doi:10.1371/journal.pcbi.1010264"
HELDRING_E2 = "Heldring, lacdr-tox/heldring-E2S-modeling"


def read_table(name: str) -> pd.DataFrame:
    """One shipped table of measurements, as described in `data/README.md`."""
    path = DATA / f"{name}.csv"
    if not path.is_file():
        raise unknown_name(
            "table of measurements", name, sorted(p.stem for p in DATA.glob("*.csv"))
        )
    return pd.read_csv(path)


def load_targets(role: str | None = None, kind: str | None = None) -> pd.DataFrame:
    """The targets, one row each (columns: see the module).

    Parameters
    ----------
    role
        "calibrate" or "check"; both by default.
    kind
        One of `KINDS`; all by default.

    Raises
    ------
    RpointError
        If `role` or `kind` does not exist.
    """
    for what, value, allowed in (("role", role, ROLES), ("kind", kind, KINDS)):
        if value is not None and value not in allowed:
            raise unknown_name(f"{what} of targets", value, allowed)
    frame = _all_targets().copy()
    frame = frame if role is None else frame[frame["role"] == role]
    frame = frame if kind is None else frame[frame["kind"] == kind]
    return frame.reset_index(drop=True)


@lru_cache(maxsize=1)
def _all_targets() -> pd.DataFrame:
    between = counts_between_sd()
    parts = [
        _counts(between),
        _slopes(),
        _combination(between),
        _long_term(),
        _westerns(),
        _published_westerns(),
        _resistant_lines(between),
        nutlin_rows(read_table("hepg2_nutlin"), HELDRING2022),
        cisplatin_rows(read_table("hepg2_cisplatin"), HELDRING2022),
        oestradiol_rows(read_table("mcf7_e2"), HELDRING_E2),
        _published(),
    ]
    return _finish(pd.concat(parts, ignore_index=True))


def _finish(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill what is common, name every row and check that no name stands twice."""
    filled = {"schedule": "constant", "saturated": False, "observable": "", "cell_line": "MCF7"}
    frame = frame.reindex(columns=COLUMNS)
    for column, value in filled.items():
        frame[column] = frame[column].where(frame[column].notna(), value)
    doses = [c for c in [*CONDITION, "nutlin_uM", "cisplatin_uM"] if c != "e2_nM"]
    frame[doses] = frame[doses].fillna(0.0)
    mcf7 = (frame["cell_line"] == "MCF7") & (frame["kind"] != "published")
    frame.loc[mcf7, "e2_nM"] = frame.loc[mcf7, "e2_nM"].fillna(10.0)
    frame["saturated"] = frame["saturated"].astype(bool)
    frame["n"] = frame["n"].astype(int)
    hours = frame["time_h"].map(lambda h: "" if pd.isna(h) else f" {h:g} h")
    frame["id"] = frame["curve"] + " / " + frame["readout"] + hours
    twice = frame["id"][frame["id"].duplicated()]
    if len(twice):
        raise RpointError("a target's name stands twice", where="targets", found=twice.iloc[0])
    return frame


def arm_name(row: pd.Series) -> str:
    """A short name of the condition: "E2 10 nM + palbociclib 500 nM"."""
    parts = ["no E2" if row["e2_nM"] == 0 else f"E2 {row['e2_nM']:g} nM"]
    for drug in ("palbociclib", "fulvestrant", "abemaciclib"):
        dose = row.get(f"{drug}_nM", 0.0)
        parts += [f"{drug} {dose:g} nM"] if dose > 0 else []
    name = " + ".join(parts)
    return name if row.get("schedule", "constant") == "constant" else f"alternating {name}"


def segments(schedule: str) -> list[dict[str, float]]:
    """The weeks of a "weekly:" schedule, repeated in turn; an input not named is 0.

    >>> segments("weekly: e2_nM=10,palbociclib_nM=250 | e2_nM=0")
    [{'e2_nM': 10.0, 'palbociclib_nM': 250.0}, {'e2_nM': 0.0}]
    """
    if not schedule.startswith("weekly:"):
        return []
    weeks = schedule.removeprefix("weekly:").split("|")
    pairs = [[item.split("=") for item in week.strip().split(",")] for week in weeks]
    return [{name.strip(): float(dose) for name, dose in week} for week in pairs]


def _measured_counts() -> pd.DataFrame:
    table = read_table("mcf7_counts")
    table = table[(table["time_d"] > 0) & (table["double_entry"] == 0)].copy()
    table["value"] = np.log(table["fold_cells"])
    table["arm"] = table.apply(arm_name, axis=1)
    return table


COUNT_KEYS = ["experiment", "arm", *CONDITION, "schedule"]


def _count_means() -> pd.DataFrame:
    table = replicate_summary(_measured_counts(), [*COUNT_KEYS, "time_d"])
    early = table["experiment"].isin(CALIBRATING_COUNTS)
    return table.assign(role=np.where(early, "calibrate", "check"))


def counts_between_sd() -> float:
    """Between-experiment standard deviation of log fold from day 7 on (calibrating rows only)."""
    means = _count_means()
    chosen = means[(means["role"] == "calibrate") & (means["value"] < np.log(SATURATED_FOLD))]
    return between_sd(chosen[chosen["time_d"] >= 7], ["arm", "time_d"])


def _counts(between: float) -> pd.DataFrame:
    table = _count_means()
    table["sd_between"] = between * np.sqrt(np.minimum(table["time_d"] / 7.0, 1.0))
    table["saturated"] = table["value"] > np.log(SATURATED_FOLD)
    return table.assign(
        table="mcf7_counts",
        kind="curve",
        curve=table["experiment"] + " / " + table["arm"],
        readout="log_fold_cells",
        observable="net_rate",
        scale="log",
        time_h=table["time_d"] * 24.0,
        source=HE2025,
    )


def _slopes() -> pd.DataFrame:
    """Early (day 0-7) and late (day 7 to the last unsaturated day) log slopes, per day."""
    table = _measured_counts()
    table = table[table["schedule"] == "constant"]
    mean = table.groupby(["experiment", "arm", "time_d"])["fold_cells"].transform("mean")
    wide = table[mean <= SATURATED_FOLD].pivot_table(
        index=[*COUNT_KEYS, "replicate"], columns="time_d", values="value"
    )
    last = wide[[14, 21, 28]].ffill(axis=1)[28]
    days = wide[[14, 21, 28]].notna().mul([14, 21, 28]).max(axis=1)
    slopes = {"early": wide[7] / 7.0, "late": (last - wide[7]) / (days - 7.0)}
    parts = []
    for name, slope in slopes.items():
        frame = slope.rename("value").dropna().reset_index()
        means = replicate_summary(frame, COUNT_KEYS)
        old = means["experiment"].isin(CALIBRATING_COUNTS)
        means["role"] = np.where(old, "calibrate", "check")
        means["sd_between"] = between_sd(means[old], ["arm"])
        means["time_h"] = {"early": 7 * 24.0, "late": np.nan}[name]
        if name == "late":
            last_day = days[slope.dropna().index].groupby(level=["experiment", "arm"]).max()
            keys = pd.MultiIndex.from_frame(means[["experiment", "arm"]])
            means["time_h"] = last_day.reindex(keys).to_numpy() * 24.0
        parts.append(means.assign(readout=f"{name}_log_slope_per_d"))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(
        table="mcf7_counts",
        kind="slope",
        curve=frame["experiment"] + " / " + frame["arm"] + " / slope",
        observable="net_rate",
        scale="linear",
        source=HE2025,
    )


def _combination(between: float) -> pd.DataFrame:
    wells = read_table("mcf7_combination_17d")
    wells["value"] = np.log(wells["fold_cells"])
    keys = ["e2_nM", "fulvestrant_nM", "palbociclib_nM", "time_d"]
    groups = wells.groupby([*keys, "group"], as_index=False)["value"].mean()
    table = replicate_summary(groups, keys)
    table["arm"] = table.apply(arm_name, axis=1)
    return table.assign(
        table="mcf7_combination_17d",
        role="check",
        kind="curve",
        experiment="combination_17d",
        curve="combination_17d / " + table["arm"],
        readout="log_fold_cells",
        observable="net_rate",
        scale="log",
        time_h=table["time_d"] * 24.0,
        sd_between=between,
        saturated=table["value"] > np.log(SATURATED_FOLD),
        source=HE2025,
    )


def _long_term() -> pd.DataFrame:
    table = read_table("mcf7_long_term")
    table["value"] = np.log(table["fold_over_month"])
    curated = table["replicate"] == "mean"
    repeat = replicate_summary(table[~curated], ["experiment", "palbociclib_nM", "month"])
    given = table[curated].assign(n=1, sd_replicate=repeat["sd_replicate"].mean())
    frame = pd.concat([given[repeat.columns], repeat], ignore_index=True)
    between = between_sd(frame, ["month"])
    first_half = frame["experiment"].str.contains("curated") & (frame["month"] <= 6)
    return frame.assign(
        table="mcf7_long_term",
        role=np.where(first_half, "calibrate", "check"),
        kind="curve",
        curve=frame["experiment"] + " / palbociclib 750 nM",
        readout="log_fold_over_month",
        observable="net_rate",
        scale="log",
        time_h=frame["month"] * MONTH_H,
        sd_between=between,
        saturated=frame["value"] > np.log(SATURATED_FOLD),
        source=HE2025,
    )


def _westerns() -> pd.DataFrame:
    table = read_table("mcf7_westerns")
    table["value"] = np.log(table["level_over_T0"])
    keys = ["protein", "palbociclib_nM", "time_d"]
    means = replicate_summary(table, keys)
    vehicle = means[(means["palbociclib_nM"] == 0) & (means["time_d"] == 7)]["value"]
    means = means[means["palbociclib_nM"] > 0]
    return means.assign(
        table="mcf7_westerns",
        role=np.where(means["time_d"] == 7, "calibrate", "check"),
        kind="curve",
        experiment="westerns_2w",
        curve="westerns_2w / " + means["protein"] + " / palbociclib 750 nM",
        readout="log_level_over_T0",
        observable=means["protein"].map(WESTERN_OBSERVABLE),
        scale="log",
        time_h=means["time_d"] * 24.0,
        sd_between=float(np.sqrt((vehicle**2).mean())),
        source=HE2025,
    )


def _published_westerns() -> pd.DataFrame:
    table = read_table("published_westerns")
    table = table[(table["time_d"] > 14) | (table["protein"] == "Cdk6")]
    return table.assign(
        table="published_westerns",
        role="check",
        kind="curve",
        experiment="published_westerns",
        curve="published_westerns / " + table["protein"] + " / " + table["treatment"],
        readout="log_level_over_control",
        observable=table["protein"].map({"CyclinE1": "CycE_total"}),
        scale="log",
        time_h=table["time_d"] * 24.0,
        value=np.log(table["fold"]),
        sd_replicate=table["sem"] / table["fold"] * np.sqrt(3.0),
        n=3,
        sd_between=0.2,
        source=HE2025,
    )


def _resistant_lines(between: float) -> pd.DataFrame:
    table = read_table("mcf7_resistant_lines")
    untreated = table[table["palbociclib_nM"] == 0].groupby("line")["total_cells"].mean()
    table = table[table["palbociclib_nM"] > 0].copy()
    table["value"] = np.log(table["total_cells"] / table["line"].map(untreated))
    means = replicate_summary(table, ["line", "palbociclib_nM", "time_d"])
    dose = means["palbociclib_nM"].map("{:g}".format)
    return means.assign(
        table="mcf7_resistant_lines",
        role="check",
        kind="dose_response",
        experiment="resistant_lines",
        curve="resistant_lines / " + means["line"] + " / palbociclib " + dose + " nM",
        readout="log_cells_over_vehicle",
        observable="net_rate",
        scale="log",
        time_h=means["time_d"] * 24.0,
        sd_between=between * np.sqrt(6.0 / 7.0),
        source=HE2025,
    )


def _published() -> pd.DataFrame:
    table = read_table("published_values")
    return table.assign(
        table="published_values",
        kind="published",
        experiment=table["quantity"],
        curve="published / " + table["quantity"],
        cell_line="literature",
        readout="log_" + table["unit"].map({"h": "half_life_h", "nM": "ic50_nM"}),
        scale="log",
        value=np.log(table["value"]),
        sd_replicate=table["sd_log"],
        sd_between=0.0,
        n=1,
    )


if __name__ == "__main__":
    from rpoint.calibrate.targets_summary import main

    main()

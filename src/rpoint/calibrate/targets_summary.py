"""A short account of the targets in numbers: `python -m rpoint.calibrate.targets`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.calibrate.noise import sd_total
from rpoint.calibrate.targets import arm_name, counts_between_sd, load_targets, read_table


def growth(targets: pd.DataFrame) -> pd.DataFrame:
    """Log slopes per day by arm and experiment: early (day 0-7) and late (to the last open day)."""
    slopes = targets[targets["kind"] == "slope"].copy()
    slopes["arm"] = slopes.apply(arm_name, axis=1)
    slopes["what"] = slopes["readout"].str.split("_").str[0]
    slopes["shown"] = [
        f"{v:+.3f} ({s:.3f})" for v, s in zip(slopes["value"], slopes["sd_replicate"], strict=True)
    ]
    wide = slopes.pivot(index=["arm", "experiment", "role"], columns="what", values="shown")
    return wide.reset_index().rename_axis(columns=None).fillna("")


def folds(targets: pd.DataFrame) -> pd.DataFrame:
    """The other log-scale curves as folds with a 68 % range; reporters at a few hours only."""
    chosen = targets[(targets["scale"] == "log") & targets["kind"].isin(["curve", "dose_response"])]
    few = (chosen["table"] != "hepg2_nutlin") | chosen["time_h"].isin([6, 12, 24, 48])
    chosen = chosen[few & (chosen["table"] != "mcf7_counts")].copy()
    total = sd_total(chosen)
    chosen["fold"] = np.exp(chosen["value"])
    chosen["low"], chosen["high"] = np.exp(chosen["value"] - total), np.exp(chosen["value"] + total)
    columns = ["table", "role", "curve", "time_h", "fold", "low", "high", "n"]
    return chosen[columns].round(2)


def oestradiol(targets: pd.DataFrame) -> pd.DataFrame:
    """EC50 (pM) and Hill number by reporter and hour: mean over replicates and its spread."""
    rows = targets[(targets["table"] == "mcf7_e2") & (targets["kind"] == "summary")].copy()
    rows["reporter"] = rows["curve"].str.split(" / ").str[0]
    log = rows["readout"] == "log_ec50_nM"
    rows["value"] = np.where(log, 1000.0 * np.exp(rows["value"]), rows["value"])
    wide = rows.pivot(index=["reporter", "role", "time_h"], columns="readout", values="value")
    names = {"log_ec50_nM": "ec50_pM", "hill": "hill"}
    return wide.rename(columns=names).reset_index().rename_axis(columns=None).round(2)


def western_means() -> pd.DataFrame:
    """Arithmetic mean of the bands over day 0 and over the vehicle of the same day."""
    bands = read_table("mcf7_westerns")
    mean = bands.groupby(["protein", "time_d", "palbociclib_nM"])["level_over_T0"].mean().unstack()
    mean.columns = ["vehicle_over_T0", "palbociclib_over_T0"]
    mean["palbociclib_over_vehicle"] = mean["palbociclib_over_T0"] / mean["vehicle_over_T0"]
    return mean.reset_index().round(2)


def noise(targets: pd.DataFrame) -> pd.DataFrame:
    """Replicate and between-experiment standard deviation by table and readout (medians)."""
    by = ["table", "readout", "scale"]
    table = targets.groupby(by, sort=False)[["sd_replicate", "sd_between"]].median()
    return table.round(3).reset_index()


def main() -> None:
    """Print the account."""
    targets = load_targets()
    counted = targets.groupby(["table", "kind", "role"], sort=False).size().unstack(fill_value=0)
    sections = {
        "Targets": counted.reset_index(),
        "Growth, log slope per day (replicate sd)": growth(targets),
        "Westerns, mean fold under palbociclib 750 nM": western_means(),
        "Folds (68 % range of the mean, replicates and experiments)": folds(targets),
        "Oestradiol reporters": oestradiol(targets),
        "Noise": noise(targets),
    }
    for title, table in sections.items():
        print(f"\n{title}\n{table.to_string(index=False)}")
    print(f"\nBetween two experiments, log fold of cells from day 7: sd {counts_between_sd():.2f}")

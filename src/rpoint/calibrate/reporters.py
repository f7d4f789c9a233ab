"""Targets from the fluorescent reporters: p53, MDM2 and p21 in HepG2, oestradiol in MCF-7."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit

from rpoint.calibrate.noise import replicate_summary

P53_OBSERVABLE = {"TP53": "p53_total", "MDM2": "MDM2_total", "p53": "p53_total", "p21": "p21_total"}
NUTLIN_ALONE_H = [*range(3, 25, 3), 30, 36, 48, 66]
CISPLATIN_H = [12, 24, 36, 48]
CELL_COUNT_H = [24, 48, 66]
HALF_RISE_UNTIL_H = 60.0
E2_TIMES_H = (24, 48)
E2_HIGHEST_NM = 100.0  # the response falls again above
PLATEAU_NM = (10.0, 100.0)
E2_CALIBRATES = ("GREB1", "PGR")


def nutlin_rows(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Log fold over the untreated well of p53 and MDM2, and cell number, under nutlin-3a.

    Parameters
    ----------
    table
        `hepg2_nutlin`, one row per well and hour.
    source
        Written into every row.
    """
    table = table.assign(value=np.log(table["fold_vs_control"]))
    treated = table[(table["nutlin_uM"] > 0) | (table["cisplatin_uM"] > 0)]
    keys = ["reporter", "nutlin_uM", "cisplatin_uM", "time_h"]
    start = treated[treated["time_h"] == 0].groupby(keys)["value"].mean()
    alone = treated[(treated["cisplatin_uM"] == 0) & treated["time_h"].isin(NUTLIN_ALONE_H)]
    damaged = treated[(treated["cisplatin_uM"] > 0) & treated["time_h"].isin(CISPLATIN_H)]
    means = replicate_summary(pd.concat([alone, damaged]), keys)
    fitted = (means["nutlin_uM"] == 5) & (means["cisplatin_uM"] == 0) & (means["time_h"] <= 24)
    folds = means.assign(
        role=np.where(fitted, "calibrate", "check"),
        readout="log_fold_over_control",
        observable=means["reporter"].map(P53_OBSERVABLE),
        sd_between=float(np.sqrt((start**2).mean())),
    )
    frame = pd.concat([folds, _cell_number(table)], ignore_index=True)
    dose = " / nutlin-3a " + frame["nutlin_uM"].map("{:g} uM".format)
    damage = frame["cisplatin_uM"].map(lambda c: f" + cisplatin {c:g} uM" if c > 0 else "")
    cells = frame["readout"].map({"log_cells_over_control": " cells"}).fillna("")
    return frame.assign(
        table="hepg2_nutlin",
        kind="curve",
        experiment="nutlin_cisplatin_2022",
        curve=frame["reporter"] + cells + dose + damage,
        cell_line="HepG2",
        scale="log",
        source=source,
    )


def _cell_number(table: pd.DataFrame) -> pd.DataFrame:
    """Log growth since time 0 minus that of the untreated well: what the drug takes away."""
    table = table[table["cisplatin_uM"] == 0].copy()
    keys = ["reporter", "replicate", "nutlin_uM"]
    start = table[table["time_h"] == 0].set_index(keys)["cell_count"].rename("start")
    table = table.join(start, on=keys)
    table["grown"] = np.log(table["cell_count"] / table["start"])
    control = table[table["nutlin_uM"] == 0].groupby(["reporter", "time_h"])["grown"].mean()
    table = table.join(control.rename("control"), on=["reporter", "time_h"])
    table["value"] = table["grown"] - table["control"]
    table = table[(table["nutlin_uM"] > 0) & table["time_h"].isin(CELL_COUNT_H)]
    means = replicate_summary(table, ["reporter", "nutlin_uM", "cisplatin_uM", "time_h"])
    two_lines = means.groupby(["nutlin_uM", "time_h"])["value"].std()
    return means.assign(
        role="check",
        readout="log_cells_over_control",
        observable="net_rate",
        sd_between=float(np.sqrt((two_lines**2).mean())),
        saturated=means["reporter"] == "TP53",  # plated twice as dense, hardly grows untreated
    )


def cisplatin_rows(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Hour of half rise of p53 and p21, and the delay of p21 after p53, by cisplatin dose."""
    treated = table[(table["cisplatin_uM"] > 0) & table["reporter"].isin(["p53", "p21"])]
    keys = ["reporter", "cisplatin_uM", "replicate"]
    curves = treated[treated["time_h"] <= HALF_RISE_UNTIL_H].groupby(keys)
    halves = [(*key, half_rise(c["time_h"], c["gfp_scaled"])) for key, c in curves]
    frame = pd.DataFrame(halves, columns=[*keys, "value"])
    means = replicate_summary(frame, ["reporter", "cisplatin_uM"])
    p53, p21 = (
        means[means["reporter"] == r].set_index("cisplatin_uM").sort_index() for r in ("p53", "p21")
    )
    variance = p53["sd_replicate"] ** 2 / p53["n"] + p21["sd_replicate"] ** 2 / p21["n"]
    delay = pd.DataFrame({"value": p21["value"] - p53["value"], "n": p21["n"]})
    delay["sd_replicate"] = np.sqrt(variance * delay["n"])
    delay = delay.reset_index().assign(reporter="p21", readout="delay_after_p53_h")
    frame = pd.concat([means.assign(readout="half_rise_h"), delay], ignore_index=True)
    dose = frame["cisplatin_uM"].map("{:g} uM".format)
    return frame.assign(
        table="hepg2_cisplatin",
        role="check",
        kind="summary",
        experiment="cisplatin_2022",
        curve=frame["reporter"] + " / cisplatin " + dose + " / " + frame["readout"],
        cell_line="HepG2",
        observable=frame["reporter"].map(P53_OBSERVABLE),
        scale="linear",
        sd_between=1.5,  # the sampling interval, h
        source=source,
    )


def half_rise(time_h: pd.Series, level: pd.Series) -> float:
    """Hour at which a rising curve first reaches half of its rise (linear interpolation).

    >>> half_rise(pd.Series([0.0, 1.0, 2.0]), pd.Series([0.0, 1.0, 1.0]))
    0.5
    """
    time, curve = time_h.to_numpy(float), level.to_numpy(float)
    half = curve[0] + 0.5 * (curve.max() - curve[0])
    i = int(np.argmax(curve >= half))
    fraction = (half - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(time[i - 1] + fraction * (time[i] - time[i - 1]))


def oestradiol_rows(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Response over the plateau by oestradiol dose, with EC50 and Hill number of each replicate."""
    fractions = plateau_fractions(table)
    keys = ["reporter", "e2_nM", "time_h"]
    means = replicate_summary(fractions, keys)
    hills = [
        (*key, *hill_fit(rows["e2_nM"], rows["value"]))
        for key, rows in fractions.groupby(["reporter", "time_h", "replicate"])
    ]
    names = ["reporter", "time_h", "replicate", "log_ec50_nM", "hill", "rms"]
    fits = pd.DataFrame(hills, columns=names)
    points = means.assign(
        kind="dose_response",
        readout="fraction_of_plateau",
        scale="linear",
        sd_between=_lack_of_fit(means),
    )
    parts = [points]
    central = pd.DataFrame(
        [(*key, *hill_fit(g["e2_nM"], g["value"])) for key, g in means.groupby(names[:2])],
        columns=[*names[:2], *names[3:]],
    )
    for readout, scale in (("log_ec50_nM", "log"), ("hill", "linear")):
        summary = replicate_summary(fits, ["reporter", "time_h"], value=readout)
        summary["value"] = central[readout]  # of the mean curve; single replicates give the spread
        spread = summary.groupby("time_h")["value"].std().mean()
        parts.append(
            summary.assign(kind="summary", readout=readout, scale=scale, sd_between=spread)
        )
    frame = pd.concat(parts, ignore_index=True)
    dose = frame["e2_nM"].map("E2 {:g} nM".format)  # both hours of one dose share its dosing error
    return frame.assign(
        table="mcf7_e2",
        role=np.where(frame["reporter"].isin(E2_CALIBRATES), "calibrate", "check"),
        experiment="e2_reporters",
        curve=frame["reporter"] + " / " + dose.where(frame["kind"] == "dose_response", "Hill"),
        observable="ER_active",
        source=source,
    )


def plateau_fractions(table: pd.DataFrame) -> pd.DataFrame:
    """(fold - 1) over its plateau (mean of 10 and 100 nM), by reporter, replicate and hour."""
    table = table[table["time_h"].isin(E2_TIMES_H) & table["e2_nM"].between(1e-5, E2_HIGHEST_NM)]
    keys = ["reporter", "replicate", "time_h"]
    plateau = table[table["e2_nM"].isin(PLATEAU_NM)].groupby(keys)["gfp_relative"].mean()
    table = table.join(plateau.rename("plateau"), on=keys)
    return table.assign(value=(table["gfp_relative"] - 1.0) / (table["plateau"] - 1.0))


def hill_fit(dose: pd.Series, fraction: pd.Series) -> tuple[float, float, float]:
    """Log EC50 (dose in nM), Hill number and root mean square residual of x^n/(EC50^n + x^n)."""

    def curve(x: np.ndarray, log_ec50: float, hill: float) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-hill * (np.log(x) - log_ec50)))

    x, y = dose.to_numpy(float), fraction.to_numpy(float)
    found, _ = curve_fit(curve, x, y, p0=(-2.3, 1.0), bounds=((-9, 0.2), (4, 5)))
    rms = float(np.sqrt(np.sum((y - curve(x, *found)) ** 2) / (len(x) - 2)))
    return float(found[0]), float(found[1]), rms


def _lack_of_fit(means: pd.DataFrame) -> float:
    """Root mean square residual of the replicate means from their own Hill curve."""
    fits = [hill_fit(g["e2_nM"], g["value"])[2] for _, g in means.groupby(["reporter", "time_h"])]
    return float(np.sqrt(np.mean(np.square(fits))))

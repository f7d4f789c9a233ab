"""What a data folder measured, as the plain tables that predictions are judged on."""

from __future__ import annotations

import pandas as pd

from rpoint.panel.folder import Lines, Xenografts
from rpoint.panel.scores import clip_inhibition

# mRECIST of Gao 2015: everything but progression counts as control of the disease.
DISEASE_CONTROL = {"mCR": 1.0, "mPR": 1.0, "mSD": 1.0, "mPD": 0.0}
INHIBITED = 0.5  # growth inhibition above which a model counts as inhibited
UNTREATED = ("untreated", "vehicle", "control")
SCREENS_OF_ONE_KIND = ("GDSC1", "GDSC2")  # repeats of one another; NeST re-uses both
REPEATED_ARMS = ("CGM097", "HDM201")  # two inhibitors of MDM2 in the same models


def inhibitions(mice: Xenografts) -> pd.DataFrame:
    """Growth inhibition of each treated model.

    Returns
    -------
    pandas.DataFrame
        model_id, arm, measured (mean over the model's mice, clipped: `scores.clip_inhibition`),
        disease_control (mRECIST of the model's first mouse: 1, 0, NaN); the arm with most models
        first. Models without a measured inhibition are left out.
    """
    rows = mice.response[~mice.response["arm"].str.casefold().isin(UNTREATED)].copy()
    rows["measured"] = rows["growth_inhibition"]
    rows["disease_control"] = rows["mrecist"].map(DISEASE_CONTROL)
    keys = ["model_id", "arm"]
    found = rows.groupby(keys, as_index=False, sort=False).agg(
        measured=("measured", "mean"), disease_control=("disease_control", "first")
    )
    found["measured"] = clip_inhibition(found["measured"])
    found = found.dropna(subset="measured")
    size = found["arm"].map(found["arm"].value_counts())
    order = pd.DataFrame({"size": -size, "arm": found["arm"], "model_id": found["model_id"]})
    return found.loc[order.sort_values(list(order)).index].reset_index(drop=True)


def areas(lines: Lines) -> pd.DataFrame:
    """Area of each line, drug and screen.

    Returns
    -------
    pandas.DataFrame
        model_id, arm ("palbociclib, GDSC2"), measured; sorted by arm and line.
    """
    auc = lines.auc
    table = pd.DataFrame({"model_id": auc["model_id"], "arm": auc["drug"] + ", " + auc["dataset"]})
    table = table.assign(measured=auc["auc"]).dropna()
    return table.sort_values(["arm", "model_id"], ignore_index=True)


def repeats(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of arms that repeat one experiment on the same models."""
    arms = list(dict.fromkeys(table["arm"]))
    found = [REPEATED_ARMS] if set(REPEATED_ARMS) <= set(arms) else []
    first, second = SCREENS_OF_ONE_KIND
    for arm in arms:
        drug, _, screen = arm.rpartition(", ")
        if screen == first and f"{drug}, {second}" in arms:
            found.append((arm, f"{drug}, {second}"))
    return found

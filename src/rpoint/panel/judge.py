"""Judge held-out predictions of one assay: a table for each question, beside the baselines.

Baselines are trained on every measurement of the other folds and compared on exactly the rows that
the model predicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpoint.panel import baselines as plain
from rpoint.panel.curves import arm_mean_gaussian
from rpoint.panel.densities import crps_draws, pit, pit_summary, pit_table
from rpoint.panel.effects import Contrast, marker_effects
from rpoint.panel.heldout import HeldOut
from rpoint.panel.markers import arm_markers, carries
from rpoint.panel.measured import INHIBITED, repeats
from rpoint.panel.noun import Panel
from rpoint.panel.scores import (
    by_arm,
    ceiling,
    centred_ranks,
    interval_score,
    roc_auc,
    spearman,
    spearman_gain,
)

OURS = "R-point"
POOLED = "pooled"
LEVELS = {50: ("lo50", "hi50"), 90: ("lo90", "hi90")}
KEYS = ["model_id", "arm"]
ROUNDS = 1000


@dataclass(frozen=True, eq=False)
class Judged:
    """The measurements of one assay with every predictor's held-out prediction.

    Attributes
    ----------
    rows
        predictor, model_id, arm, fold, measured, predicted, lo50, hi50, lo90, hi90, score (what
        ranks: the predicted value unless the predictor has a better one), marker (of the drug:
        altered, intact, not known), and disease_control for xenografts.
    draws
        (rows of R-point, D) predictive draws, in the order of its rows.
    states
        Canonical states indexed by model_id.
    """

    rows: pd.DataFrame
    draws: NDArray[np.floating]
    states: pd.DataFrame

    @property
    def ours(self) -> pd.DataFrame:
        """R-point's rows with an index 0 ... n - 1."""
        return self.rows[self.rows["predictor"] == OURS].reset_index(drop=True)


def judged(measured: pd.DataFrame, held: HeldOut, panel: Panel) -> Judged:
    """Put measurements, held-out predictions and baselines side by side.

    Parameters
    ----------
    measured
        model_id, arm, measured, fold; one row per model and arm.
    held
        The model's predictions of them.
    panel
        Genotype and type of the models.
    """
    states = panel.states.set_axis(list(panel.ids))
    ours, draws = held.joined(measured, KEYS)
    others = plain.baselines(measured, states, panel.types)
    others = others.merge(ours[KEYS], on=KEYS, how="inner")
    rows = pd.concat([ours.assign(predictor=OURS), others], ignore_index=True)
    if "score" in rows:
        rows["score"] = rows["score"].fillna(rows["predicted"])
    else:
        rows["score"] = rows["predicted"]
    rows["marker"] = _marker_text(rows, states)
    return Judged(rows.drop(columns="status"), draws, states)


def _marker_text(rows: pd.DataFrame, states: pd.DataFrame) -> pd.Series:
    """Whether the model carries the first marker of the arm: altered, intact, not known."""
    found = pd.Series("not known", index=rows.index)
    for arm, part in rows.groupby("arm", sort=False):
        for marker in arm_markers(str(arm))[:1]:
            flag = carries(states, marker).reindex(part["model_id"]).to_numpy()
            words = np.where(flag == 1, "altered", np.where(flag == 0, "intact", "not known"))
            found.loc[part.index] = words
    return found


def correlations(judged: Judged) -> pd.DataFrame:
    """predictor, and the columns of `scores.by_arm`."""
    parts = [
        by_arm(part, predicted="score").assign(predictor=name)
        for name, part in judged.rows.groupby("predictor", sort=False)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[["predictor", *[c for c in table if c != "predictor"]]]


def gains(judged: Judged, *, seed: int = 1) -> pd.DataFrame:
    """Spearman of the model minus that of each baseline on the same rows, ranks within folds.

    Returns
    -------
    pandas.DataFrame
        arm, baseline, n, gain, lo, hi (95 %, bootstrap over models).
    """
    wide = judged.rows.pivot(index=[*KEYS, "fold", "measured"], columns="predictor")["score"]
    wide = wide.reset_index()
    rows = []
    groups = [*wide.groupby("arm", sort=False), (POOLED, wide)]
    for arm, part in groups:
        for baseline in [n for n in judged.rows["predictor"].unique() if n != OURS]:
            measured, ours = centred_ranks(part["measured"], part[OURS], part["fold"])
            _, other = centred_ranks(part["measured"], part[baseline], part["fold"])
            found = spearman_gain(
                measured, ours, other, clusters=part["model_id"], rounds=ROUNDS, seed=seed
            )
            row = {"arm": arm, "baseline": baseline, "n": found.n, "gain": found.value}
            rows.append({**row, "lo": found.lo, "hi": found.hi})
    return pd.DataFrame(rows)


def responses(judged: Judged) -> pd.DataFrame:
    """ROC-AUC of response.

    Returns
    -------
    pandas.DataFrame
        predictor, arm, response ("disease control" of mRECIST, or inhibition above one half), n,
        responders, auc, lo, hi.
    """
    rows = []
    for name, own in judged.rows.groupby("predictor", sort=False):
        for arm, part in [*own.groupby("arm", sort=False), (POOLED, own)]:
            inhibited = (part["measured"] > INHIBITED).astype(float)
            kinds = {f"inhibition > {INHIBITED:g}": inhibited}
            if "disease_control" in part:
                kinds = {"disease control (mRECIST)": part["disease_control"], **kinds}
            for response, truth in kinds.items():
                found = roc_auc(part["score"], truth)
                row = {"predictor": name, "arm": arm, "response": response, "n": found.n}
                row |= {"responders": int(np.nansum(truth)), "auc": found.value}
                rows.append({**row, "lo": found.lo, "hi": found.hi})
    return pd.DataFrame(rows)


def coverages(judged: Judged) -> pd.DataFrame:
    """predictor, arm, level, n, coverage, coverage_lo, coverage_hi, width."""
    rows = []
    for name, own in judged.rows.groupby("predictor", sort=False):
        for arm, part in [*own.groupby("arm", sort=False), (POOLED, own)]:
            for level, (lo, hi) in LEVELS.items():
                found = interval_score(part["measured"], part[lo], part[hi])
                rows.append({"predictor": name, "arm": arm, "level": level, **found})
    return pd.DataFrame(rows)


def transforms(judged: Judged) -> tuple[pd.DataFrame, pd.DataFrame]:
    """PIT of the model: its histogram, and its summary by arm and pooled."""
    ours = judged.ours
    values = pit(judged.draws, ours["measured"])
    rows = [
        {"arm": arm, **pit_summary(values[part.index])}
        for arm, part in [*ours.groupby("arm", sort=False), (POOLED, ours)]
    ]
    return pit_table(values), pd.DataFrame(rows)


def effects(judged: Judged, contrasts: Sequence[Contrast], *, seed: int = 1) -> pd.DataFrame:
    """`effects.marker_effects` of the model's rows."""
    return marker_effects(judged.ours, judged.states, contrasts, judged.draws, seed=seed)


def reproducibility(measured: pd.DataFrame) -> pd.DataFrame:
    """How well repeats of one experiment agree.

    Returns
    -------
    pandas.DataFrame
        first, second, n, spearman, lo, hi, ceiling (its square root: `scores.ceiling`).
    """
    wide = measured.pivot(index="model_id", columns="arm", values="measured")
    rows = []
    for first, second in repeats(measured):
        found = spearman(wide[first], wide[second])
        row = {"first": first, "second": second, "n": found.n, "spearman": found.value}
        rows.append({**row, "lo": found.lo, "hi": found.hi, "ceiling": ceiling(found.value)})
    names = ["first", "second", "n", "spearman", "lo", "hi", "ceiling"]
    return pd.DataFrame(rows, columns=names)


def curve_scores(curves: pd.DataFrame, held: HeldOut, *, seed: int = 1) -> pd.DataFrame:
    """Log density and CRPS of volume curves, beside the Gaussian about the arm's mean.

    Parameters
    ----------
    curves
        As of `curves.measured_curves`, with fold.
    held
        Predictions with `day`.

    Returns
    -------
    pandas.DataFrame
        arm, mice, points, log_density, log_density_mean_curve, gain, gain_lo, gain_hi (90 %,
        bootstrap over models), crps, crps_mean_curve; `pooled` last.
    """
    plain_rows = arm_mean_gaussian(curves).rename(
        columns={"log_density": "log_density_mean_curve", "crps": "crps_mean_curve"}
    )
    rows, draws = held.joined(plain_rows, [*KEYS, "day"])
    rows["log_density"] = held.log_density(plain_rows, [*KEYS, "day"], "log_ratio")
    rows["crps"] = crps_draws(draws, rows["log_ratio"])
    rows = rows[np.isfinite(rows["log_density_mean_curve"])]
    rng = np.random.default_rng(seed)
    groups: list[tuple[object, pd.DataFrame]] = list(rows.groupby("arm", sort=False))
    found = [_curve_row(arm, part, rng) for arm, part in [*groups, (POOLED, rows)] if len(part)]
    return pd.DataFrame(found)


def _curve_row(arm: object, part: pd.DataFrame, rng: np.random.Generator) -> Mapping[str, object]:
    names = ["log_density", "log_density_mean_curve", "crps", "crps_mean_curve"]
    row: dict[str, object] = {"arm": arm, "mice": part["mouse_id"].nunique(), "points": len(part)}
    row |= part[names].mean().to_dict()
    gain = part["log_density"] - part["log_density_mean_curve"]
    sums = gain.groupby(part["model_id"]).agg(["sum", "count"]).to_numpy(float)
    chosen = rng.integers(0, len(sums), (ROUNDS, len(sums)))
    sampled = sums[chosen, 0].sum(axis=1) / sums[chosen, 1].sum(axis=1)
    row["gain"] = float(gain.mean())
    row["gain_lo"], row["gain_hi"] = (float(q) for q in np.quantile(sampled, [0.05, 0.95]))
    return row

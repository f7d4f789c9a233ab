"""How much a marker shifts a response: measured beside predicted, in the arm's standard deviation.

A difference is the median of the models that carry the marker minus that of those that do not, both
sides on the same models.  Negative controls are markers that are often believed in and
that the data do not bear out; a prediction must not make them strong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpoint.panel.markers import carries
from rpoint.panel.scores import superiority

Floats = NDArray[np.float64]

CONTROL_LIMIT = 0.2  # standard deviations: a predicted control effect must stay below
ROUNDS = 1000  # bootstrap samples of a measured difference
MIN_GROUP = 2


@dataclass(frozen=True)
class Contrast:
    """One comparison.

    Attributes
    ----------
    arm
        As in the table of responses.
    marker
        In the grammar of `markers.carries`: "TP53", "MDM2:amp+gain", "KRAS|NRAS|BRAF".
    within
        A marker that the compared models must lack, such as "TP53"; "" for all models.
    control
        A negative control.
    """

    arm: str
    marker: str
    within: str = ""
    control: bool = False

    @property
    def label(self) -> str:
        """For tables and figures."""
        text = self.marker.replace("|", " or ").replace(":mut+vus+loss", "")
        text = text.replace(":mut+loss", " (known)").replace(":amp+gain", " gain")
        text = text.replace(":amp", " amplified").replace(":loss", " lost")
        return f"{text}, {self.within} intact" if self.within else text


def _each(arms: Sequence[str], marker: str, within: str = "", control: bool = False):
    return tuple(Contrast(arm, marker, within, control) for arm in arms)


MDM2_ARMS = ("CGM097", "HDM201")
XENOGRAFT_CONTRASTS: tuple[Contrast, ...] = (
    *_each(MDM2_ARMS, "TP53"),
    *_each(MDM2_ARMS, "TP53:mut+loss"),
    *_each(MDM2_ARMS, "MDM2:amp", within="TP53"),
    Contrast("LEE011", "RB1"),
    Contrast("LEE011", "TP53"),
    Contrast("LEE011", "CCNE1:amp"),
    Contrast("LEE011", "CCND1:amp"),
    Contrast("LEE011", "CDKN2A", control=True),
    Contrast("BYL719", "PIK3CA"),
    Contrast("BKM120", "PIK3CA"),
    Contrast("binimetinib", "KRAS|NRAS|BRAF"),
    Contrast("encorafenib", "BRAF"),
    Contrast("LEE011+everolimus", "RB1"),
    Contrast("LEE011+encorafenib", "BRAF"),
    Contrast("LEE011+binimetinib", "KRAS|NRAS|BRAF"),
)
NUTLIN = ("nutlin-3a, GDSC1", "nutlin-3a, GDSC2")
PALBOCICLIB = ("palbociclib, GDSC1", "palbociclib, GDSC2", "palbociclib, NeST")
LINE_CONTRASTS: tuple[Contrast, ...] = (
    *_each(NUTLIN, "TP53"),
    *_each(NUTLIN, "RB1", within="TP53"),
    *_each(NUTLIN, "MDM2:amp+gain", within="TP53", control=True),
    *_each(PALBOCICLIB, "RB1"),
    *_each(PALBOCICLIB, "CDKN2A:loss"),
    *_each(PALBOCICLIB, "CCNE1:amp"),
    *_each(PALBOCICLIB, "TP53"),
    *_each(PALBOCICLIB, "CCND1:amp+gain", control=True),
    *_each(PALBOCICLIB, "MDM2:amp+gain", control=True),
    Contrast("serdemetan, GDSC2", "TP53"),
    Contrast("ribociclib, GDSC2", "RB1"),
    Contrast("alpelisib, GDSC2", "PIK3CA"),
    Contrast("trametinib, GDSC2", "BRAF"),
    Contrast("mk-2206, GDSC2", "PTEN"),
    Contrast("alisertib, GDSC1", "RB1"),
)


def marker_effects(
    table: pd.DataFrame,
    states: pd.DataFrame,
    contrasts: Sequence[Contrast],
    draws: NDArray[np.floating] | None = None,
    *,
    seed: int = 1,
) -> pd.DataFrame:
    """Measured and predicted size of every contrast.

    Parameters
    ----------
    table
        model_id, arm, measured, predicted; one row per model and arm.
    states
        Canonical states indexed by model_id.
    contrasts
        Those whose arm is absent, or of which a group has fewer than `MIN_GROUP` models, are left
        out.
    draws
        (rows of `table`, D) predictive draws.
    seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        arm, marker, control, n_altered, n_reference, sd (of the arm, measured); `measured` with
        `measured_lo`, `measured_hi` (90 %, bootstrap over models) and `predicted`, in units of
        `sd`; with draws `predicted_lo` and `predicted_hi`, the 90 % predictive interval of the
        measured difference for tumours drawn independently (doubt that is shared by all tumours is
        in each one's distribution, not in common); `p_measured`, `p_predicted`: P(altered >
        reference).
    """
    rng = np.random.default_rng(seed)
    rows = []
    for contrast in contrasts:
        part = table[table["arm"] == contrast.arm]
        flag = _flag(states, contrast).reindex(part["model_id"]).to_numpy(float)
        altered, reference = np.flatnonzero(flag == 1), np.flatnonzero(flag == 0)
        if min(len(altered), len(reference)) >= MIN_GROUP:
            own = None if draws is None else draws[table.index.get_indexer(part.index)]
            rows.append(_effect(contrast, part, altered, reference, own, rng))
    return pd.DataFrame(rows)


def _flag(states: pd.DataFrame, contrast: Contrast) -> pd.Series:
    flag = carries(states, contrast.marker)
    if contrast.within:
        flag = flag.where(carries(states, contrast.within) == 0)
    return flag


def _effect(contrast, part, altered, reference, draws, rng) -> dict[str, object]:
    measured, predicted = part["measured"].to_numpy(float), part["predicted"].to_numpy(float)
    sd = float(np.std(measured, ddof=1))
    sampled = _resampled(measured[altered], rng) - _resampled(measured[reference], rng)
    row: dict[str, object] = {
        "arm": contrast.arm,
        "marker": contrast.label,
        "control": contrast.control,
        "n_altered": len(altered),
        "n_reference": len(reference),
        "sd": sd,
        "measured": _difference(measured, altered, reference) / sd,
    }
    row["measured_lo"], row["measured_hi"] = np.quantile(sampled, [0.05, 0.95]) / sd
    row["predicted"] = _difference(predicted, altered, reference) / sd
    if draws is not None:
        shifts = _drawn(draws[altered], rng) - _drawn(draws[reference], rng)
        row["predicted_lo"], row["predicted_hi"] = np.quantile(shifts, [0.05, 0.95]) / sd
    row["p_measured"] = superiority(measured[altered], measured[reference]).value
    row["p_predicted"] = superiority(predicted[altered], predicted[reference]).value
    return row


def _drawn(draws: NDArray[np.floating], rng: np.random.Generator) -> Floats:
    """Medians of groups of tumours drawn one by one from their predicted distributions.

    A column of draws may share its random numbers over all models (so that treatments are compared
    in the same tumour); tumours differ independently, hence each row is shuffled by itself.
    """
    return np.median(rng.permuted(draws, axis=1), axis=0)


def _difference(values: Floats, altered: NDArray, reference: NDArray) -> float:
    return float(np.median(values[altered]) - np.median(values[reference]))


def _resampled(values: Floats, rng: np.random.Generator) -> Floats:
    """Medians of bootstrap samples."""
    return np.median(values[rng.integers(0, len(values), (ROUNDS, len(values)))], axis=1)


def controls_held(effects: pd.DataFrame) -> pd.DataFrame:
    """The negative controls with `held`: whether the predicted size is below `CONTROL_LIMIT`."""
    if effects.empty:
        return effects.assign(held=pd.Series(dtype=bool))
    found = effects[effects["control"]].reset_index(drop=True)
    return found.assign(held=found["predicted"].abs() < CONTROL_LIMIT)

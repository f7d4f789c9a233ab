"""Predictions of a panel as tables: medians, intervals, scores, volumes, a status a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import t as student

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.panel.arms import Arm
from rpoint.panel.likelihood import DEGREES
from rpoint.panel.noun import OK, Panel
from rpoint.tumour.facts import facts

LEVEL = 0.9
#: Points of the error of a measurement for one draw; all draws together have its distribution.
NOISE_POINTS = 20
CHUNK = 2000  # models whose distributions are held in memory at once
#: A prediction rests on at least this share of its draws.
ENOUGH = 0.5
#: Below this share of draws that came through, the status says so.
REMARKED = 0.8


def _levels(draws: int, key: int) -> np.ndarray:
    """(J, K) probabilities: K strata in every draw, and J K of them together, tails included."""
    order = np.random.Generator(np.random.Philox(key=key)).permutation(draws)
    return (np.arange(NOISE_POINTS) + (order[:, None] + 0.5) / draws) / NOISE_POINTS


def noise_points(draws: int) -> np.ndarray:
    """(J, K) points of the Student error of a measurement."""
    return student.ppf(_levels(draws, 13), DEGREES)


@dataclass(frozen=True, eq=False, repr=False)
class _Drawn:
    """Draws of n distinct models under A treatments, and the panel that they belong to."""

    panel: Panel
    names: tuple[str, ...]
    draws: np.ndarray  # (m, A, J) without the error of measurement; NaN: the draw failed
    scale: np.ndarray  # (J,) scale of that error
    where: np.ndarray  # (n,) row of `draws` of every model

    @cached_property
    def usable(self) -> np.ndarray:
        """(m, A) whether enough draws came through."""
        return np.isfinite(self.draws).mean(axis=2) >= ENOUGH

    def means(self) -> np.ndarray:
        """(m, A) means of the draws."""
        with np.errstate(invalid="ignore"):
            return _where_usable(self.usable, np.nanmean(self._safe(), axis=2))

    def quantiles(self, levels: Sequence[float]) -> np.ndarray:
        """(L, m, A) quantiles of what would be measured."""
        found = np.empty((len(levels), *self.usable.shape))
        for first in range(0, len(self.draws), CHUNK):
            part = slice(first, first + CHUNK)
            cloud = self._cloud(self._safe()[part])
            found[:, part] = np.nanquantile(cloud, levels, axis=-1)
        return _where_usable(self.usable, found)

    def _safe(self) -> np.ndarray:
        """The draws, with zeros where too few came through (masked later)."""
        return np.where(self.usable[..., None], self.draws, 0.0)

    def _cloud(self, draws: np.ndarray) -> np.ndarray:
        """(m, A, J K) draws with the error's points added."""
        cloud = draws[..., None] + self.scale[:, None] * noise_points(len(self.scale))
        return cloud.reshape(*draws.shape[:2], -1)

    def measured(self) -> np.ndarray:
        """(n, A, J K) draws of what would be measured, for every model of the panel."""
        cloud = self._cloud(self._safe())
        return _where_usable(self.usable[..., None], cloud)[self.where]

    def status(self) -> np.ndarray:
        """(n, A) remarks of the panel, and draws in which the untreated cells do not grow."""
        share = np.isfinite(self.draws).mean(axis=2)
        words = np.full(share.shape, "", object)
        few = share < REMARKED
        words[few] = [f"untreated cells grow in {100 * s:.0f} % of the draws" for s in share[few]]
        words[~self.usable] = "no prediction: untreated cells grow in too few draws"
        mine = words[self.where]
        told = np.array(self.panel.status, object)[:, None]
        both = np.where(told == OK, mine, np.where(mine == "", told, told + "; " + mine))
        return np.where(both == "", OK, both)

    def _frame(self, value: str, column: str) -> pd.DataFrame:
        half = 0.5 * (1.0 - LEVEL)
        low, middle, high = (
            q[self.where].ravel() for q in self.quantiles([half, 0.5, 1.0 - half])
        )
        count = len(self.names)
        return pd.DataFrame(
            {
                "model_id": np.repeat(np.array(self.panel.ids, object), count),
                column: np.tile(np.array(self.names, object), len(self.where)),
                value: middle,
                "lo90": low,
                "hi90": high,
                "score": self.means()[self.where].ravel(),
                "status": self.status().ravel(),
            }
        )


def _where_usable(usable: np.ndarray, table: np.ndarray) -> np.ndarray:
    return np.where(usable, table, np.nan)


class Inhibitions:
    """Growth inhibition of xenografts: 1 - treated over untreated log slope to day 21.

    Attributes
    ----------
    panel
        The models.
    arms, plans
        Names of the arms, and what is given in them.
    drawn
        Draws of the distinct models.
    hidden
        (J,) standard normals: how fast the draw's tumour grows among its type.
    """

    def __init__(self, *, panel: Panel, arms: tuple[str, ...], plans: tuple[Arm, ...], inhibition,
                 scale, hidden, where, seed: int) -> None:  # fmt: skip
        self.panel, self.arms, self.plans, self.seed = panel, arms, plans, seed
        self.drawn = _Drawn(panel, arms, inhibition, scale, where)
        self.hidden = hidden

    def to_frame(self) -> pd.DataFrame:
        """model_id, arm, growth_inhibition (median), lo90, hi90, score (mean), status.

        One row a model and arm, in the order of the panel.  The interval is that of one measured
        xenograft: one treated against one control mouse.  The score ranks: it is the mean without
        the error of measurement.
        """
        return self.drawn._frame("growth_inhibition", "arm")

    def curves(self, days: Sequence[float], growth: pd.DataFrame | None = None) -> pd.DataFrame:
        """ln(V/V0) of one treated mouse at some days.

        Parameters
        ----------
        days
            After the first dose, d.
        growth
            model_id, rate (1/d) and its sd where the untreated growth of a model was measured; the
            growth of its type, with the spread between models, otherwise.

        Returns
        -------
        pandas.DataFrame
            model_id, arm, day, log_ratio_p05, log_ratio_p50, log_ratio_p95, status.
        """
        wanted = np.array(sorted({float(day) for day in days}))
        if not len(wanted) or wanted[0] <= 0:
            raise RpointError("curves need days after the first dose", where="--days", found=days)
        found = np.quantile(self.ratios(wanted, growth), [0.05, 0.5, 0.95], axis=-1)
        count = len(self.arms) * len(wanted)
        names = np.repeat(np.array(self.arms, object), len(wanted))
        return pd.DataFrame(
            {
                "model_id": np.repeat(np.array(self.panel.ids, object), count),
                "arm": np.tile(names, len(self.panel)),
                "day": np.tile(wanted, len(self.panel) * len(self.arms)),
                "log_ratio_p05": found[0].ravel(),
                "log_ratio_p50": found[1].ravel(),
                "log_ratio_p95": found[2].ravel(),
                "status": np.repeat(self.drawn.status().ravel(), len(wanted)),
            }
        )

    def ratios(
        self, days: np.ndarray, growth: pd.DataFrame | None = None, *, on_study: bool = False
    ) -> np.ndarray:
        """(n, A, days, J K) draws of the measured ln(V/V0).

        With `on_study` those of mice that are still measured: large tumours are taken off.
        """
        sizes = self.sizes(days, growth, on_study=on_study)
        return sizes + reading_sd() * self._readings()

    def sizes(
        self, days: np.ndarray, growth: pd.DataFrame | None = None, *, on_study: bool = False
    ) -> np.ndarray:
        """(n, A, days, J K) draws of ln(V/V0) before the errors that do not grow with time.

        What is measured is normal about them, with `reading_sd`: together they are the predicted
        distribution as a mixture.
        """
        rate = self._rates(growth)[:, None, :]  # (n, 1, J)
        kept = 1.0 - self.drawn.draws[self.drawn.where]
        error = noise_points(len(self.hidden))
        slope = rate * kept
        # the error of a growth inhibition is that of two slopes; one mouse has one of them
        own = rate * (self.drawn.scale / np.sqrt(2.0))
        slopes = slope[..., None] + own[..., None] * error
        found = slopes[..., None, :, :] * days[:, None, None]
        self._regress(found, days)
        flat = found.reshape(*found.shape[:3], -1)
        return _still_measured(flat) if on_study else flat

    def _readings(self) -> np.ndarray:
        """(J K,) standard normal points in an order of no meaning."""
        count = len(self.hidden) * NOISE_POINTS
        order = np.random.Generator(np.random.Philox(key=11)).permutation(count)
        return ndtri((order + 0.5) / count)

    def _regress(self, found: np.ndarray, days: np.ndarray) -> None:
        """Let the documented share of the draws regress completely, by day 21."""
        share = facts()["complete_regression_share"].value
        count = max(1, round(share * len(self.hidden)))
        depth = np.linspace(-0.3, -3.0, NOISE_POINTS)  # from a quarter off to 5 % of the volume
        found[..., -count:, :] = depth * np.minimum(days / 21.0, 1.0)[:, None, None]

    def _rates(self, growth: pd.DataFrame | None) -> np.ndarray:
        """(n, J) untreated growth rates, 1/d."""
        median, spread = _growth_of_types(self.panel.types)
        if growth is not None:
            told = growth.drop_duplicates("model_id").set_index("model_id")
            known = told.reindex(self.panel.ids)
            rate = known["rate"].to_numpy(float)
            good = np.isfinite(rate) & (rate > 0)
            share = np.clip(known["sd"].to_numpy(float) / np.where(good, rate, 1.0), 0.02, 2.0)
            median = np.where(good, rate, median)
            spread = np.where(good, share, spread)
        return median[:, None] * np.exp(spread[:, None] * self.hidden[None, :])

    def __repr__(self) -> str:
        return f"<Inhibitions of {len(self.panel)} models in {len(self.arms)} arms>"


def reading_sd() -> float:
    """SD of the errors of ln(V/V0) that do not grow with time: two readings, the first week."""
    caliper = facts()["caliper_sd_log"].value * np.sqrt(2.0)
    return float(np.hypot(caliper, facts()["early_sd_log"].value))


def _still_measured(flat: np.ndarray) -> np.ndarray:
    """Draws given that the tumour is below the size at which mice are taken off, as many."""
    start = 240.0  # mm3, the usual start (catalogue, pdx_start_volume)
    limit = np.log(facts()["off_study_volume"].value / start)
    ordered = np.sort(flat, axis=-1)
    below = np.maximum((ordered <= limit).sum(axis=-1, keepdims=True), 1)
    place = (np.arange(flat.shape[-1]) + 0.5) / flat.shape[-1] * below
    return np.take_along_axis(ordered, place.astype(int), axis=-1)


#: Untreated growth of a type that the catalogue does not give: that of all xenografts, 1/d.
POOLED_RATE = 0.054


def _growth_of_types(kinds: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Median growth rate (1/d) and SD of its log between models, of every model's type."""
    from rpoint.panel.types import base_tumour

    spread = float(np.sqrt(np.log1p(facts()["growth_cv_patients"].value ** 2)))
    rates = {}
    for kind in dict.fromkeys(kinds):
        base = base_tumour(kind) if kind else None
        known = () if base is None else catalog.tumour(base).growth
        found = [g.value.to("1/d") for g in known if g.measure == "pdx_growth_rate"]
        rates[kind] = found[0] if found else POOLED_RATE
    return np.array([rates[kind] for kind in kinds]), np.full(len(kinds), spread)


class Areas:
    """Areas under viability curves of lines; 1 = no effect.

    Attributes
    ----------
    panel, drugs
        Lines, and the drugs as they were named.
    drawn
        Draws of the distinct lines.
    """

    def __init__(self, *, panel: Panel, drugs: tuple[str, ...], area, scale, where, seed) -> None:
        self.panel, self.drugs, self.seed = panel, drugs, seed
        self.drawn = _Drawn(panel, drugs, area, scale, where)

    def to_frame(self) -> pd.DataFrame:
        """model_id, drug, auc (median), lo90, hi90, status, in the order of the panel."""
        table = self.drawn._frame("auc", "drug")
        return table.drop(columns="score")

    def scores(self) -> np.ndarray:
        """(n, drugs) mean areas without the error of measurement: they rank."""
        return self.drawn.means()[self.drawn.where]

    def __repr__(self) -> str:
        return f"<Areas of {len(self.panel)} lines for {len(self.drugs)} drugs>"

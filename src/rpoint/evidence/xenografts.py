"""Xenografts over the whole ensemble: rates of treated cells, pools of mice, tests at the endpoint.

Every parameter set is one tumour; its mice differ in growth rate and start volume and are measured
with calipers.  The course of the rates is that of a typical mouse: mouse-to-mouse differences in
clearance (CV 15 %) are left out, so that one run of the cell model serves all mice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as t_distribution

from rpoint.biology import contexts
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab
from rpoint.pharmacology.regimen import parse
from rpoint.streams import lognormal_factors, normals, stream
from rpoint.tumour.facts import fact
from rpoint.tumour.growth import in_vivo_scale
from rpoint.tumour.lanes import run_courses
from rpoint.tumour.noun import tumour
from rpoint.tumour.simulate import in_host
from rpoint.tumour.sizes import MIN_NET_RATE, host_law
from rpoint.tumour.subjects import Subjects

STEP_H = 4.0  # output grid; drugs of mice come and go within a day
POOL = 64  # mice of each arm from which replicates are drawn
REPLICATES = 200
NODES = 3
VEHICLE = "vehicle"


def mcf7_in_mouse(**handles: float) -> dict[str, float]:
    """Handles of an MCF-7 cell in a mouse, with the oestradiol of a tumour instead of a dish's."""
    own = {name: level for name, level in contexts()["MCF7"].items() if name != "in_E2"}
    return in_host({**own, **handles})


@dataclass(frozen=True)
class Grafts:
    """Rates in the tumour of every arm and cell line, over the ensemble.

    Attributes
    ----------
    times_h
        (T,) h.
    arms, lines
        Names, A and C of them.
    division, death
        (sets, A, C, T) rates of a typical mouse's tumour, 1/h; NaN where untreated cells do not
        grow or the engine failed.
    start_mm3
        Mean volume when treatment starts.
    """

    times_h: np.ndarray
    arms: tuple[str, ...]
    lines: tuple[str, ...]
    division: np.ndarray
    death: np.ndarray
    start_mm3: float

    def fold(self, arm: str, line: str) -> np.ndarray:
        """Endpoint volume of the typical mouse over its start, no measurement error, (sets,)."""
        growth = np.ones((1, 1))
        return self._end(arm, line, growth, self.start_mm3 * growth)[:, 0] / self.start_mm3

    def course(self, arm: str, line: str) -> np.ndarray:
        """ln(volume over start) of the typical mouse without the brake of size, (sets, T)."""
        net = self.division[self._at(arm, line)] - self.death[self._at(arm, line)]
        steps = 0.5 * (net[:, 1:] + net[:, :-1]) * np.diff(self.times_h)
        return np.concatenate([np.zeros((len(net), 1)), np.cumsum(steps, axis=1)], axis=1)

    def _at(self, arm: str, line: str) -> tuple[slice, int, int]:
        return slice(None), self.arms.index(arm), self.lines.index(line)

    def mice(self, arm: str, line: str, seed: int, mice: int = POOL) -> np.ndarray:
        """Endpoint volumes of a pool of mice as calipers read them, mm3, (sets, mice).

        The mice of two arms are different mice; those of two parameter sets are the same.
        """
        tag = f"{arm}|{line}"
        growth = lognormal_factors(seed, f"growth {tag}", mice, fact("growth_cv_within_model"))
        start = lognormal_factors(seed, f"start {tag}", mice, fact("start_volume_cv"))
        read = np.exp(fact("caliper_sd_log") * normals(seed, f"calipers {tag}", mice, 1))
        ends = self._end(arm, line, growth.T, self.start_mm3 * start.T)
        return ends * read.T

    def _end(self, arm: str, line: str, growth: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Endpoint volumes under the logistic brake, (sets, mice); growth and start (1, mice)."""
        law = host_law("mouse")
        born, dead = self.division[self._at(arm, line)], self.death[self._at(arm, line)]
        size = np.broadcast_to(start, (len(born), start.shape[1])).copy()
        for k, step in enumerate(np.diff(self.times_h)):
            births = 0.5 * step * (born[:, k] + born[:, k + 1])[:, None] * growth
            deaths = 0.5 * step * (dead[:, k] + dead[:, k + 1])[:, None] * growth
            guess = size * np.exp(births * law.brake(size) - deaths)
            size = size * np.exp(births * 0.5 * (law.brake(size) + law.brake(guess)) - deaths)
        return size


def graft(
    lab: Lab,
    lines: Mapping[str, Mapping[str, float]],
    arms: Mapping[str, str],
    *,
    weeks: float,
    start_mm3: float,
    kind: str = "breast",
    sets: np.ndarray | None = None,
) -> Grafts:
    """Run every line under every arm in a typical mouse, over the ensemble or some of its sets.

    Parameters
    ----------
    lines
        Name to the handles of its cells.
    arms
        Name to regimen of a mouse, as text.
    weeks
        Length of treatment.
    start_mm3
        Mean start volume.
    kind
        Tumour type whose growth in mice is taken.
    sets
        Rows of the ensemble; default: all, in order.
    """
    rows = np.arange(lab.sets) if sets is None else np.asarray(sets)
    times = np.arange(0.0, weeks * 168.0 + STEP_H / 2, STEP_H)
    doubling, loss = tumour(kind).growth("mouse")
    courses = run_courses(
        _typical(rows, len(lines), start_mm3, doubling, loss),
        [dict(handles) for handles in lines.values()],
        {name: parse(text) for name, text in arms.items()},
        times,
        lab.ensemble,
        nodes=NODES,
        threads=lab.jobs,
    )
    born, dead = courses.untreated_division, courses.untreated_death
    grows = (born - dead) > MIN_NET_RATE
    scale, extra = in_vivo_scale(
        doubling, np.where(grows, born, 1.0), np.where(grows, dead, 0.0), loss
    )
    good = grows[:, None, :] & (courses.status == 0)
    own, more = (np.where(good, x[:, None, :], np.nan)[..., None] for x in (scale, extra))
    division = courses.division * own
    death = courses.death * own + more
    return Grafts(times, tuple(arms), tuple(lines), division, death, start_mm3)


def in_tumour(
    lab: Lab, setup: Setup, untreated: Setup, kind: str = "breast"
) -> tuple[np.ndarray, np.ndarray]:
    """Division and death of declared cells at the pace of a tumour in a mouse, 1/h, (sets, T).

    Parameters
    ----------
    setup
        Whose course; its drugs are held at a constant exposure.
    untreated
        The same cell without drugs, which sets the pace.

    Returns
    -------
    tuple of ndarray
        NaN where untreated cells do not grow.
    """
    names = ("division_rate", "death_rate")
    born, dead = (lab.cells.at(name, untreated, 0.0) for name in names)
    grows = (born - dead) > MIN_NET_RATE
    doubling, loss = tumour(kind).growth("mouse")
    scale, extra = in_vivo_scale(
        doubling, np.where(grows, born, 1.0), np.where(grows, dead, 0.0), loss
    )
    scale, extra = (np.where(grows, x, np.nan)[:, None] for x in (scale, extra))
    division, death = (lab.cells.course(name, setup) * scale for name in names)
    return division, death + extra


def held(
    lab: Lab,
    line: str,
    cells: Mapping[str, Setup],
    *,
    weeks: float,
    start_mm3: float,
    kind: str = "breast",
) -> Grafts:
    """The xenografts of one line with every drug held at its clinical exposure.

    Parameters
    ----------
    cells
        Arm to declared setup, the vehicle among them; the last recorded rate goes on to the end.
    """
    both = {arm: in_tumour(lab, setup, cells[VEHICLE], kind) for arm, setup in cells.items()}
    days = np.asarray(lab.cells.days[cells[VEHICLE]])
    times = np.append(24.0 * days, max(weeks * 168.0, 24.0 * days[-1] + 1.0))
    division, death = (
        np.stack([np.column_stack([x[k], x[k][:, -1]]) for x in both.values()], axis=1)[:, :, None]
        for k in (0, 1)
    )
    return Grafts(times, tuple(cells), (line,), division, death, start_mm3)


def _typical(rows: np.ndarray, lines: int, start: float, doubling: float, loss: float) -> Subjects:
    """One typical mouse per parameter set."""
    one = np.ones((len(rows), 1))
    return Subjects(
        host="mouse",
        sets=rows,
        doubling_time_d=doubling * one,
        cell_loss=loss,
        start_mm3=start * one,
        mix=np.full((len(rows), 1, lines), 1.0 / lines),
        weight_kg=fact("body_weight_mouse"),
    )


def power(
    treated: np.ndarray, control: np.ndarray, n: Sequence[int], seed: int, alpha: float = 0.05
) -> np.ndarray:
    """Share of replicated experiments in which treated mice end smaller with p < alpha, (sets,).

    Parameters
    ----------
    treated, control
        Endpoint volumes of the pools, (sets, mice).
    n
        Mice drawn for the treated and for the control arm; two-tailed t-test on volumes.

    Returns
    -------
    ndarray
        NaN where a volume is unknown.
    """
    rng = stream(seed, "replicates", 0)
    few, other = (
        pool[:, rng.permuted(np.tile(np.arange(pool.shape[1]), (REPLICATES, 1)), axis=1)[:, :size]]
        for pool, size in zip((treated, control), n, strict=True)
    )
    below = student_t(few, other) < -t_distribution.ppf(1 - alpha / 2, sum(n) - 2)
    known = np.isfinite(treated).all(axis=1) & np.isfinite(control).all(axis=1)
    return np.where(known, below.mean(axis=1), np.nan)


def student_t(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Student's t (equal variances) of two groups along the last axis."""
    n, m = one.shape[-1], other.shape[-1]
    squares = (n - 1) * one.var(axis=-1, ddof=1) + (m - 1) * other.var(axis=-1, ddof=1)
    error = np.sqrt(squares / (n + m - 2) * (1 / n + 1 / m))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (one.mean(axis=-1) - other.mean(axis=-1)) / error

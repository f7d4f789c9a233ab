"""T cells in a tumour: priming, effectors, PD-L1, interferon-gamma; time in days.

    P' = r_P (floor + (1 - floor) k^2/(k^2 + k_half^2) - P)      priming by released antigen
    T' = r_T (fitness P - T)                                      effector cells in the tumour
    I' = r_I (A T B - I)                                          interferon-gamma
    L' = r_L (1 + induction I/(I + I_half) - L)                   PD-L1

    B = 1/(1 + brake L (1 - occupancy))        what the brake PD-1/PD-L1 leaves of killing
    k = kill A T B                             killing rate of tumour cells, 1/d

A is the antigenicity of the tumour; under treatment it is lost at the escape rate of the patient,
A(t) = A exp(-escape t).  Antigen release by killing feeds priming (Kosinsky 2018), which makes some
patients respond and others not.  The amount of antigen does not depend on the size of the tumour:
presentation saturates at some 1e5 cells (Tsur 2019), a thousandth of a visible tumour.

An untreated tumour has its T cells, too: it starts in their steady state without antibody, and what
they kill there is part of how fast the tumour grows.  Only killing beyond that is extra.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SUBSTEPS = 4  # Runge-Kutta steps a day: the fastest rate is 4 a day
AT_ONCE = 2048  # patients whose states fit into the cache of a core
STEADY_STEPS = 600  # half-steps to the untreated steady state; its slowest approach needs some 100
PROTEINS = ("priming", "effector", "ifn", "pdl1")


@dataclass(frozen=True)
class Immunity:
    """What differs between patients.

    Attributes
    ----------
    antigenicity
        (n,) how well T cells see the tumour; 1 = the killing rate `kill_per_effector`.
    fitness
        (n,) or (n, T) of T cells; 1 = typical.
    escape_per_d
        (n,) rate at which antigenicity is lost under treatment, 1/d.
    """

    antigenicity: np.ndarray
    fitness: np.ndarray
    escape_per_d: np.ndarray

    def __len__(self) -> int:
        return len(self.antigenicity)


@dataclass(frozen=True)
class TCourse:
    """Daily states; killing is a rate per day.

    Attributes
    ----------
    kill_per_d
        (n, T) killing rate of tumour cells.
    untreated_kill_per_d
        (n,) that of the steady state without antibody.
    states
        "priming", "effector", "ifn", "pdl1": (n, T).
    """

    kill_per_d: np.ndarray
    untreated_kill_per_d: np.ndarray
    states: Mapping[str, np.ndarray]

    @property
    def extra_per_d(self) -> np.ndarray:
        """(n, T) killing beyond that of the untreated tumour, 1/d; negative after escape."""
        return self.kill_per_d - self.untreated_kill_per_d[:, None]


def targets(
    state: np.ndarray, antigen: np.ndarray, fitness: np.ndarray, free: np.ndarray, p: Mapping
) -> np.ndarray:
    """The levels that the states (4, n) go to while the others stay: x' = rate (target - x).

    Parameters
    ----------
    state
        (4, n) priming, effector, ifn, pdl1.
    antigen, fitness, free
        (n,) antigenicity now, fitness of T cells, share of the axis that is not blocked.
    p
        Values of the facts of `tcells.yaml`.
    """
    primed, effector, ifn, pdl1 = state
    found = np.empty_like(state)
    output = antigen * effector / (1.0 + p["brake_strength"] * pdl1 * free)
    squared = (p["kill_per_effector"] * output) ** 2
    floor = p["priming_floor"]
    found[0] = floor + (1.0 - floor) * squared / (squared + p["priming_half_kill"] ** 2)
    found[1] = fitness * primed
    found[2] = output
    found[3] = 1.0 + p["pdl1_induction"] * ifn / (ifn + p["ifn_half"])
    return found


def turnover(p: Mapping) -> np.ndarray:
    """(4, 1) rates of the states, 1/d."""
    names = ("priming_rate", "effector_rate", "ifn_rate", "pdl1_rate")
    return np.array([[p[name]] for name in names])


def killing(state: np.ndarray, antigen: np.ndarray, free: np.ndarray, p: Mapping) -> np.ndarray:
    """Killing rate of tumour cells, 1/d."""
    brake = 1.0 + p["brake_strength"] * state[3] * free
    return p["kill_per_effector"] * antigen * state[1] / brake


def steady_state(antigen: np.ndarray, fitness: np.ndarray, free: float, p: Mapping) -> np.ndarray:
    """The state that unprimed T cells settle into at a constant block, (4, n).

    Each state goes half the way to its level under the others, from an unprimed start: the end is
    the steady state that is reached from below, so that a response does not start by itself.
    """
    n, floor = len(antigen), p["priming_floor"]
    state = np.stack([np.full(n, floor), floor * fitness, np.zeros(n), np.ones(n)])
    blocked = np.full(n, free)
    for _ in range(STEADY_STEPS):
        state = 0.5 * (state + targets(state, antigen, fitness, blocked, p))
    return state


def run_tcells(occupied: np.ndarray, immunity: Immunity, p: Mapping[str, float]) -> TCourse:
    """The daily course of T cells under an antibody.

    Parameters
    ----------
    occupied
        (n, T) share of the axis that is blocked at the start of every day; linear in between.
    immunity
        The patients.
    p
        Values of the facts (`rpoint.immune.facts.values()`).

    Returns
    -------
    TCourse

    Notes
    -----
    Classical Runge-Kutta, `SUBSTEPS` steps a day, many patients at once.  A patient's numbers do
    not depend on the others.
    """
    n, days = occupied.shape
    fitness = np.asarray(immunity.fitness, float)
    fit = np.broadcast_to(fitness[:, None] if fitness.ndim == 1 else fitness, (n, days))
    course, kill, untreated = np.empty((4, n, days)), np.empty((n, days)), np.empty(n)
    for first in range(0, n, AT_ONCE):
        part = slice(first, first + AT_ONCE)
        own = Immunity(immunity.antigenicity[part], fit[part], immunity.escape_per_d[part])
        states, kills, untreated[part] = _block(1.0 - occupied[part], own, p)
        course[:, part], kill[part] = states.transpose(1, 2, 0), kills.T
    return TCourse(kill, untreated, dict(zip(PROTEINS, course, strict=True)))


def _block(
    free: np.ndarray, own: Immunity, p: Mapping
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States (T, 4, n), killing rates (T, n) and untreated ones (n,) of some patients."""
    rate, step = turnover(p), 1.0 / SUBSTEPS

    def slope(x, antigen, fitness, free):
        return rate * (targets(x, antigen, fitness, free, p) - x)

    free, fit = np.ascontiguousarray(free.T), np.ascontiguousarray(own.fitness.T)
    antigen, days = np.array(own.antigenicity, float), len(free)
    state = steady_state(antigen, fit[0], 1.0, p)
    untreated = killing(state, antigen, np.ones(len(own)), p)
    decay = np.exp(-0.5 * step * own.escape_per_d)
    course, kill = np.empty((days, *state.shape)), np.empty_like(free)
    for day in range(days):
        course[day], kill[day] = state, killing(state, antigen, free[day], p)
        if day + 1 == days:
            break
        change, here = (free[day + 1] - free[day]) * (0.5 * step), free[day]
        for _ in range(SUBSTEPS):
            half, middle = antigen * decay, here + change
            late, there = half * decay, middle + change
            one = slope(state, antigen, fit[day], here)
            two = slope(state + 0.5 * step * one, half, fit[day], middle)
            three = slope(state + 0.5 * step * two, half, fit[day], middle)
            four = slope(state + step * three, late, fit[day], there)
            state = state + step / 6.0 * (one + 2.0 * (two + three) + four)
            here, antigen = there, late
    return course, kill, untreated

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


def rates(
    state: np.ndarray, antigen: np.ndarray, fitness: np.ndarray, free: np.ndarray, p: Mapping
) -> np.ndarray:
    """Time derivatives of the states (4, n), 1/d.

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
    output = antigen * effector / (1.0 + p["brake_strength"] * pdl1 * free)
    squared = (p["kill_per_effector"] * output) ** 2
    floor = p["priming_floor"]
    priming = floor + (1.0 - floor) * squared / (squared + p["priming_half_kill"] ** 2)
    raised = 1.0 + p["pdl1_induction"] * ifn / (ifn + p["ifn_half"])
    return np.stack(
        [
            p["priming_rate"] * (priming - primed),
            p["effector_rate"] * (fitness * primed - effector),
            p["ifn_rate"] * (output - ifn),
            p["pdl1_rate"] * (raised - pdl1),
        ]
    )


def killing(state: np.ndarray, antigen: np.ndarray, free: np.ndarray, p: Mapping) -> np.ndarray:
    """Killing rate of tumour cells, 1/d."""
    brake = 1.0 + p["brake_strength"] * state[3] * free
    return p["kill_per_effector"] * antigen * state[1] / brake


def steady_state(antigen: np.ndarray, fitness: np.ndarray, free: float, p: Mapping) -> np.ndarray:
    """The state that unprimed T cells settle into at a constant block, (4, n).

    The equations are monotone in priming apart from the slow-acting PD-L1, so that going from
    state to state (each state at its level under the others, half a step at a time) from below
    ends at the lowest steady state: a response does not start by itself.
    """
    n, floor = len(antigen), p["priming_floor"]
    state = np.stack([np.full(n, floor), floor * fitness, np.zeros(n), np.ones(n)])
    scale = np.array([p["priming_rate"], p["effector_rate"], p["ifn_rate"], p["pdl1_rate"]])
    blocked = np.full(n, free)
    for _ in range(600):
        state = state + 0.5 * rates(state, antigen, fitness, blocked, p) / scale[:, None]
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
    Classical Runge-Kutta, `SUBSTEPS` steps a day, all patients at once.  A patient's numbers do not
    depend on the others.
    """
    n, days = occupied.shape
    fitness = np.asarray(immunity.fitness, float)
    fit = np.broadcast_to(fitness[:, None] if fitness.ndim == 1 else fitness, (n, days))
    state = steady_state(immunity.antigenicity, fit[:, 0], 1.0, p)
    untreated = killing(state, immunity.antigenicity, np.ones(n), p)
    course, kill = np.empty((4, n, days)), np.empty((n, days))
    step = 1.0 / SUBSTEPS
    decay = np.exp(-0.5 * step * immunity.escape_per_d)
    antigen = np.array(immunity.antigenicity, float)
    for day in range(days):
        course[:, :, day] = state
        kill[:, day] = killing(state, antigen, 1.0 - occupied[:, day], p)
        if day + 1 == days:
            break
        free, free_next = 1.0 - occupied[:, day], 1.0 - occupied[:, day + 1]
        for k in range(SUBSTEPS):
            here, half, there = (
                free + (free_next - free) * (k + part) * step for part in (0.0, 0.5, 1.0)
            )
            mid, late = antigen * decay, antigen * decay * decay
            state = _runge_kutta(state, (antigen, mid, late), fit[:, day], (here, half, there), p)
            antigen = late
    return TCourse(kill, untreated, dict(zip(PROTEINS, course, strict=True)))


def _runge_kutta(state, antigen, fitness, free, p) -> np.ndarray:
    """One step of 1/SUBSTEPS d; antigen and free at its start, middle and end."""
    h = 1.0 / SUBSTEPS
    a = rates(state, antigen[0], fitness, free[0], p)
    b = rates(state + 0.5 * h * a, antigen[1], fitness, free[1], p)
    c = rates(state + 0.5 * h * b, antigen[1], fitness, free[1], p)
    d = rates(state + h * c, antigen[2], fitness, free[2], p)
    return state + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)

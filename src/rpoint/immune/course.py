"""What an antibody against PD-1 or PD-L1 does to the tumours of patients: killing, interferon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rpoint.errors import RpointError
from rpoint.immune.antibody import AXIS, Factors, Shares, axis_antibodies, draw_factors, occupancy
from rpoint.immune.facts import factor_of_type, values
from rpoint.immune.tcells import Immunity, run_tcells
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.streams import lognormal_factors, normals

HOURS = 24.0


@dataclass(frozen=True)
class Switches:
    """Hypotheses on MDM2 and checkpoint inhibitors; all off by default.

    Attributes
    ----------
    IFNG_TO_MDM2
        Interferon-gamma raises MDM2 transcription, times the copies of the gene, in tumour cells.
    TCELL_MDM2
        The opposite direction: MDM2 in CD8 T cells supports their function.
    NATURAL_HISTORY
        Tumours with many copies grow faster, treated or not, for whatever reason.
    """

    IFNG_TO_MDM2: bool = False
    TCELL_MDM2: bool = False
    NATURAL_HISTORY: bool = False


@dataclass(frozen=True)
class ImmuneCourse:
    """Daily course of n patients, day 0 = first dose.

    Attributes
    ----------
    kill_per_h
        (n, T) extra death rate of tumour cells, 1/h, beyond what T cells kill in the untreated
        tumour.  It is measured in tumours, so it adds to a lesion's death rate AFTER the in-vivo
        scale; if `immune_course` got an `in_vivo_scale`, it is divided by it and adds before.
    occupancy
        (n, T) share of PD-1/PD-L1 in the tumour that is blocked.
    ifn
        (n, T) value for the cell model's input in_IFN, 0 to 1; 0 unless IFNG_TO_MDM2 is on.
    mdm2_ifn
        Value for the cell model's parameter MDM2_IFN, nM; 0 unless IFNG_TO_MDM2 is on.
    growth_factor
        (n,) factor on the growth rate of the tumour; 1 unless NATURAL_HISTORY is on.
    states
        The T-cell model's states, (n, T) each.
    status
        (n,) 0 good, 1 if a number is not finite (then the kill is NaN).
    """

    kill_per_h: np.ndarray
    occupancy: np.ndarray
    ifn: np.ndarray
    mdm2_ifn: float
    growth_factor: np.ndarray
    states: Mapping[str, np.ndarray]
    immunity: Immunity
    status: np.ndarray

    def __len__(self) -> int:
        return len(self.kill_per_h)

    def __repr__(self) -> str:
        n, days = self.kill_per_h.shape
        return f"ImmuneCourse({n} patients, {days} days, {int((self.status != 0).sum())} failed)"


def draw_immunity(
    index: np.ndarray, seed: int, p: Mapping[str, float], tumour: str | np.ndarray | None = None
) -> Immunity:
    """Antigenicity, fitness and escape of the patients with these numbers."""
    factor = factor_of_type("antigenicity_factor", tumour, len(index), p)
    z = normals(seed, "antigenicity", index)[:, 0]
    return Immunity(
        antigenicity=factor * p["antigenicity_median"] * np.exp(p["antigenicity_sd_log"] * z),
        fitness=lognormal_factors(seed, "fitness of T cells", index, p["fitness_cv"])[:, 0],
        escape_per_d=p["escape_rate"]
        * lognormal_factors(seed, "immune escape", index, p["escape_cv"])[:, 0],
    )


def immune_course(
    regimen: Regimen | str,
    days: int,
    n: int,
    index: np.ndarray | None = None,
    seed: int = 1,
    pk: Factors | None = None,
    *,
    facts: Mapping[str, float] | None = None,
    switches: Switches | None = None,
    mdm2_copies: np.ndarray | float = 2.0,
    tcell_mdm2: np.ndarray | float = 1.0,
    tumour: str | np.ndarray | None = None,
    taken: Shares | None = None,
    stop_day: np.ndarray | None = None,
    in_vivo_scale: np.ndarray | None = None,
) -> ImmuneCourse:
    """Run the T cells of n patients under a regimen with an antibody.

    Parameters
    ----------
    regimen
        Text or object; its antibodies against PD-1 or PD-L1 act, other drugs do not matter here.
    days
        T; days 0 to T - 1.
    n
        Patients.
    index
        (n,) global numbers of the patients; 0 ... n - 1 when left out.
    seed
        Seed of the run: a patient's immunity depends on seed and number alone.
    pk
        {drug: {parameter: (n,) factor}}; drawn from the same streams as elsewhere when left out.
    facts
        Replacements of values of this room's facts, by name.
    switches
        Hypotheses; all off when left out.
    mdm2_copies
        (n,) copies of MDM2 in the tumour; 2 is normal.
    tcell_mdm2
        (n,) or (n, T) MDM2 in CD8 T cells over normal (an MDM2 antagonist raises it); acts only
        with TCELL_MDM2.  Copies in the tumour do not change it.
    tumour
        Type, or (n,) types: antigenicity where a fact gives one, else that of non-small-cell lung
        cancer.
    taken
        {drug: (n, K) share of each ordered dose that was taken}.
    stop_day
        (n,) no dose on or after this day; NaN: never stopped.
    in_vivo_scale
        (n,) if given, `kill_per_h` is divided by it (see `ImmuneCourse`).

    Raises
    ------
    RpointError
        If the regimen has no such antibody, or an argument has the wrong shape.

    Examples
    --------
    >>> course = immune_course("atezolizumab 1200 mg iv q21d", days=85, n=4)
    >>> course.kill_per_h.shape, bool((course.ifn == 0).all())
    ((4, 85), True)
    """
    regimen = regimen if isinstance(regimen, Regimen) else parse(regimen)
    drugs = axis_antibodies(regimen)
    if not drugs:
        raise RpointError(
            "the regimen has no antibody against PD-1 or PD-L1",
            found=str(regimen),
            allowed=f"a drug of the catalogue with the target {' or '.join(AXIS)}",
        )
    index, switches = _checked(days, n, index), switches or Switches()
    p = values(dict(facts or {}))
    copies = _per_patient("mdm2_copies", mdm2_copies, n)
    drawn = pk if pk is not None else draw_factors(drugs, index, seed)
    factors = {drug: drawn.get(drug, {}) for drug in drugs}
    shares = _shares(regimen, drugs, days, taken, stop_day)
    occupied = occupancy(regimen, days, factors, n, p["tumour_penetration"], shares)
    immunity = draw_immunity(index, seed, p, tumour)
    if switches.TCELL_MDM2:
        immunity = _with_mdm2(immunity, tcell_mdm2, n, days, p)
    found = run_tcells(occupied, immunity, p)
    scale = 1.0 if in_vivo_scale is None else _per_patient("in_vivo_scale", in_vivo_scale, n)
    kill = found.extra_per_d / (HOURS * np.broadcast_to(scale, (n,))[:, None])
    return ImmuneCourse(
        kill_per_h=kill,
        occupancy=occupied,
        **_hypotheses(switches, found.states["ifn"], copies, p),
        states=found.states,
        immunity=immunity,
        status=np.where(np.isfinite(kill).all(axis=1), 0, 1),
    )


def _hypotheses(switches: Switches, ifn: np.ndarray, copies: np.ndarray, p: Mapping) -> dict:
    """What the switches hand on to cells and tumours; nothing where they are off."""
    on = switches.IFNG_TO_MDM2
    natural = switches.NATURAL_HISTORY
    return {
        "ifn": ifn / (ifn + p["ifn_half"]) if on else np.zeros_like(ifn),
        "mdm2_ifn": p["mdm2_ifn_max"] if on else 0.0,
        "growth_factor": growth_factor(copies, p) if natural else np.ones(len(ifn)),
    }


def growth_factor(copies: np.ndarray, p: Mapping[str, float] | None = None) -> np.ndarray:
    """NATURAL_HISTORY: factor on the growth rate, (copies/2)^exponent; below two copies 1."""
    p = values() if p is None else p
    return np.maximum(np.asarray(copies, float) / 2.0, 1.0) ** p["natural_history_exponent"]


def _with_mdm2(immunity: Immunity, level, n: int, days: int, p: Mapping) -> Immunity:
    """The patients with T cells whose fitness follows the MDM2 that they have."""
    level = np.asarray(level, float)
    if level.shape not in ((), (n,), (n, days)) or not (level > 0).all():
        raise RpointError(
            "tcell_mdm2 is one positive number, one a patient, or one a patient and day",
            found=f"shape {level.shape}",
        )
    level = level[:, None] if level.ndim == 1 else level
    fitness = immunity.fitness[:, None] * level ** p["tcell_mdm2_exponent"]
    fitness = np.broadcast_to(fitness, (n, days))
    return Immunity(immunity.antigenicity, fitness, immunity.escape_per_d)


def _checked(days: int, n: int, index: np.ndarray | None) -> np.ndarray:
    if days < 1 or n < 1:
        raise RpointError("days and n are whole numbers of 1 or more", found=f"{days}, {n}")
    found = np.arange(n) if index is None else np.asarray(index, int)
    if found.shape != (n,):
        raise RpointError("index has one number a patient", found=f"shape {found.shape}, n = {n}")
    return found


def _per_patient(name: str, value, n: int) -> np.ndarray:
    found = np.asarray(value, float)
    if found.shape not in ((), (n,)) or not (found > 0).all():
        raise RpointError(f"{name} is one positive number, or one a patient", found=found.shape)
    return np.broadcast_to(found, (n,))


def _shares(
    regimen: Regimen,
    drugs: tuple[str, ...],
    days: int,
    taken: Shares | None,
    stop_day: np.ndarray | None,
) -> dict[str, np.ndarray]:
    """Share of every ordered dose that every patient takes, {drug: (n, K)}."""
    from rpoint.immune.antibody import doses_of

    found: dict[str, np.ndarray] = {}
    for drug in drugs:
        share = None if taken is None else taken.get(drug)
        if stop_day is not None:
            times = doses_of(regimen, drug, days)[0]
            stop = np.where(np.isnan(stop_day), np.inf, stop_day)
            before = (times[None] < stop[:, None]).astype(float)
            share = before if share is None else share * before
        if share is not None:
            found[drug] = np.asarray(share, float)
    return found

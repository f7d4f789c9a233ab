"""Concentration of an antibody in many patients at once, and how much of PD-1/PD-L1 it blocks.

Two compartments, intravenous, a clearance that may fall with the time on the drug (the catalogue's
CL_emax, CL_t50, CL_hill).  Between two points in time the clearance is held at that of the middle
and the linear system is solved exactly, for all patients together.  An infusion is taken as a bolus
at its middle: half an hour against a half-life of weeks.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.pharmacology.pk import NM_MG_PER_L, DrugModel, drug_model
from rpoint.pharmacology.regimen import Regimen
from rpoint.streams import lognormal_factors

AXIS = ("PD-1", "PD-L1")
WEIGHT_KG = 70.0
STRUCTURE = "iv_2cmt"
HOURS = 24.0

Factors = Mapping[str, Mapping[str, np.ndarray]]
Shares = Mapping[str, np.ndarray]  # drug to (n, K) shares of its ordered doses


def axis_antibodies(regimen: Regimen) -> tuple[str, ...]:
    """The drugs of a regimen that block PD-1 or PD-L1."""
    return tuple(d for d in regimen.drugs if blocking_kd_nM(d) is not None)


def blocking_kd_nM(drug: str) -> float | None:
    """Kd (nM) with which a drug binds PD-1 or PD-L1; None for other drugs."""
    for target in catalog.drug(drug).targets:
        if target.target in AXIS:
            return target.value.to("nM")
    return None


def draw_factors(drugs: tuple[str, ...], index: np.ndarray, seed: int) -> Factors:
    """Log-normal factors on the pharmacokinetics of antibodies, {drug: {parameter: (n,)}}.

    The streams are those of `rpoint.tumour.subjects`: a patient is the same patient there.
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    for drug in drugs:
        kinetics = catalog.drug(drug).pk_human
        spread = {} if kinetics is None else kinetics.variability()
        found[drug] = {
            name: lognormal_factors(seed, f"pk {drug} {name}", index, cv)[:, 0]
            for name, cv in spread.items()
        }
    return found


def doses_of(regimen: Regimen, drug: str, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Times (d) and amounts (mg) of the doses of one drug before the end of `days`."""
    table = regimen.only(drug).segments(days / 7.0, WEIGHT_KG)
    table = table[(table["drug"] == drug) & table["amount_mg"].notna()]
    middle = table["time_h"].to_numpy(float) + 0.5 * table["duration_h"].to_numpy(float)
    return middle / HOURS, table["amount_mg"].to_numpy(float)


def concentration_nM(
    drug: str,
    times_d: np.ndarray,
    mg: np.ndarray,
    days: int,
    factors: Mapping[str, np.ndarray],
    n: int,
) -> np.ndarray:
    """Plasma concentration at the start of every day.

    Parameters
    ----------
    drug
        Catalogue name of an antibody.
    times_d
        (K,) ascending times of the doses, d.
    mg
        (K,) amounts, or (n, K) amounts by patient; 0 for a dose not taken.
    days
        T: days 0 ... T - 1 are returned.
    factors
        Parameter to (n,) factor on the catalogue's typical value.
    n
        Patients.

    Returns
    -------
    ndarray
        (n, T) nM; a dose at the start of a day counts for that day.

    Raises
    ------
    RpointError
        If the drug's kinetics are not those of an antibody.
    """
    model = drug_model(drug)
    if model.structure != STRUCTURE:
        raise RpointError(
            f"{drug} has no two-compartment intravenous kinetics",
            found=model.structure,
            allowed=STRUCTURE,
        )
    system = _System(model, factors, n)
    doses = np.broadcast_to(np.asarray(mg, float), (n, len(times_d)))
    found = np.empty((days, n))
    x, now, k = np.zeros((2, n)), 0.0, 0
    start = np.full(n, np.inf)  # day of the first dose taken: the clock of the clearance
    for day in range(days):
        while k < len(times_d) and times_d[k] <= day:
            x, now = system.step(x, now, float(times_d[k]), start), float(times_d[k])
            start = np.minimum(start, np.where(doses[:, k] > 0, now, np.inf))
            x[0] = x[0] + doses[:, k]
            k += 1
        x, now = system.step(x, now, float(day), start), float(day)
        found[day] = x[0]
    nM = found * (NM_MG_PER_L * model.fu / model.molecular_weight) / system.volume
    return np.ascontiguousarray(nM.T)


class _System:
    """Central and peripheral amounts (mg) of n patients, rates in 1/d."""

    def __init__(self, model: DrugModel, factors: Mapping[str, np.ndarray], n: int) -> None:
        p = {name: value * np.ones(n) for name, value in model.kinetic.items()}
        for name, factor in factors.items():
            if name in p:
                p[name] = p[name] * factor
        self.volume = p["V_F"]
        self.clearance = HOURS * p["CL_F"] / p["V_F"]
        self.out, self.back = HOURS * p["Q_F"] / p["V_F"], HOURS * p["Q_F"] / p["Vp_F"]
        self.varying = None
        if model.time_varying:
            self.varying = p["CL_emax"], p["CL_t50"] / HOURS, p["CL_hill"]

    def step(self, x: np.ndarray, now: float, then: float, start: np.ndarray) -> np.ndarray:
        """The amounts (2, n) at `then`."""
        if then <= now:
            return x
        loss = self.clearance
        if self.varying is not None:
            emax, half, hill = self.varying
            clock = np.maximum(0.5 * (now + then) - start, 1e-9)  # start is inf before a dose
            loss = loss * np.exp(emax / (1.0 + (half / clock) ** hill))
        total = loss + self.out + self.back
        root = np.sqrt(total**2 - 4.0 * loss * self.back)
        fast, slow = -0.5 * (total + root), -0.5 * (total - root)
        up, down = np.exp(fast * (then - now)), np.exp(slow * (then - now))
        even = (down * fast - up * slow) / (fast - slow)  # exp(A t) = even I + odd A
        odd = (up - down) / (fast - slow)
        central = (even - odd * (loss + self.out)) * x[0] + odd * self.back * x[1]
        return np.stack([central, odd * self.out * x[0] + (even - odd * self.back) * x[1]])


def occupancy(
    regimen: Regimen, days: int, factors: Factors, n: int, penetration: float, taken: Shares
) -> np.ndarray:
    """Share of the axis that is blocked in the tumour at the start of every day, (n, T).

    Two antibodies block independently: 1 - product of what each leaves free.

    Parameters
    ----------
    penetration
        Concentration in the tumour over plasma.
    taken
        Drug to (n, K) shares of its ordered doses that were taken; absent: all.
    """
    free = np.ones((n, days))
    for drug in axis_antibodies(regimen):
        kd = blocking_kd_nM(drug)
        assert kd is not None
        times, mg = doses_of(regimen, drug, days)
        given = mg * taken[drug] if drug in taken else mg
        level = penetration * concentration_nM(drug, times, given, days, factors[drug], n)
        free = free * kd / (kd + level)
    return 1.0 - free

"""An OAK-like trial: atezolizumab against docetaxel, non-small-cell lung cancer, second line.

Scans every six weeks to week 36, then every nine.  Patients are followed for death after they have
left treatment; what happens to them then is a share of their growth (`lung_later_growth`) and the T
cells that are there.  Nothing that differs between the arms is put in but the two kills: docetaxel
acts at once and fades, the antibody acts through T cells, where there are any.

Not modelled: deaths of toxicity, non-measurable disease at baseline, subgroups by PD-L1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints.hyperprogression import Hyperprogression, hyperprogression
from rpoint.errors import RpointError
from rpoint.immune import lung
from rpoint.immune.facts import values
from rpoint.immune.visits import DAYS_PER_MONTH, Scans, read_scans
from rpoint.stats.cox import Cox, cox
from rpoint.streams import normals, uniforms
from rpoint.tumour.facts import fact

PRE_SCAN_D = 42
FOLLOW_UP_D = (575, 825)  # months 19 to 27: the middle of the censored follow-up of OAK
AT_ONCE = 500  # patients computed together
RESPONSE, MONTHS = -0.30, ("pfs", "os")
# Nothing is known of new lesions but that there are some: definitions that need more are not
# evaluable.
SIZES = ["patient", "arm", "day", "sum_mm"]


@dataclass(frozen=True)
class OakTrial:
    """What a trial of this design saw.

    Attributes
    ----------
    patients
        One row a patient: patient, arm, baseline_mm, pfs_d, pfs, os_d, os (1 = event), response
        (best, unconfirmed), pd_d (NaN: none seen), ttf_d, first_change_pct.
    sizes
        patient, arm, day, sum_mm: measured sums, day -42 before treatment, to the scan of
        progression or the end of follow-up.
    seed
        Seed.
    """

    patients: pd.DataFrame
    sizes: pd.DataFrame
    seed: int

    def arm(self, name: str) -> pd.DataFrame:
        """The patients of one arm."""
        return self.patients[self.patients["arm"] == name]

    def hazard_ratio(self, endpoint: str = "os") -> Cox:
        """Cox's model of atezolizumab against docetaxel for "pfs" or "os"."""
        if endpoint not in MONTHS:
            raise RpointError("unknown endpoint", found=endpoint, allowed=", ".join(MONTHS))
        antibody = (self.patients["arm"] == lung.ANTIBODY).astype(float)
        return cox(
            self.patients[f"{endpoint}_d"],
            self.patients[endpoint],
            pd.DataFrame({lung.ANTIBODY: antibody}),
        )

    def hyperprogression(self, arm: str, pre_scan: bool = True) -> Hyperprogression:
        """Verdicts of one arm under every definition; without the scan before baseline if asked."""
        return hyperprogression(self.hyperprogression_table(arm, pre_scan))

    def hyperprogression_table(self, arm: str, pre_scan: bool = True) -> pd.DataFrame:
        """One row a patient who has a first scan, as `rpoint.endpoints.hyperprogression` asks."""
        one = self.arm(arm)
        one = one[one["first_mm"].notna()]
        table = pd.DataFrame(
            {
                "patient": one["patient"],
                "s_base": one["baseline_mm"],
                "day_base": 0,
                "s_first": one["first_mm"],
                "day_first": one["first_d"],
                "first_response": one["first_response"],
                "new_lesion": one["new_at_first"],
                "ttf_days": one["ttf_d"],
                "ttf_event": one["ttf"],
                "pd_day": one["pd_d"],
                "death_day": one["os_d"].where(one["os"] == 1),
                "death_from_pd": (one["pd_d"].notna() & (one["os"] == 1)).astype(int),
                "last_contact_day": one["os_d"],
            }
        ).reset_index(drop=True)
        if pre_scan:
            table["s_pre"], table["day_pre"] = one["pre_mm"].to_numpy(), -PRE_SCAN_D
        return table


def oak_like(
    n: int = 425,
    *,
    control: int | None = None,
    seed: int = 1,
    first: int = 0,
    paired: bool = False,
    facts: Mapping[str, float] | None = None,
    regimen: str = lung.ATEZOLIZUMAB,
) -> OakTrial:
    """Run the trial once.

    Parameters
    ----------
    n
        Patients on the antibody.
    control
        Patients on docetaxel; as many when left out.
    seed, first
        Seed, and global number of the first patient: replicates take other numbers.
    paired
        The same patients in both arms (what each would have had on the other drug) instead of
        different ones.
    facts
        Replacements of values of this room's facts, by name.
    regimen
        Of the antibody arm.

    Returns
    -------
    OakTrial
    """
    control = n if control is None else control
    if min(n, control) < 1 or first < 0:
        raise RpointError("a trial has one patient or more in each arm", found=f"{n}, {control}")
    p = values(dict(facts or {}))
    numbers = {
        lung.ANTIBODY: first + np.arange(n),
        lung.DOCETAXEL: first + (0 if paired else n) + np.arange(control),
    }
    parts = [
        _patients(arm, index[k : k + AT_ONCE], seed, p, regimen)
        for arm, index in numbers.items()
        for k in range(0, len(index), AT_ONCE)
    ]
    tables = [pd.concat(kind, ignore_index=True) for kind in zip(*parts, strict=True)]
    return OakTrial(tables[0], tables[1], seed)


def _patients(arm: str, index: np.ndarray, seed: int, p: Mapping[str, float], regimen: str):
    """Tables of patients and sizes of one arm."""
    patients = lung.draw_lung(index, seed)
    days = FOLLOW_UP_D[1] + 1
    antibody = arm == lung.ANTIBODY

    own = _kill(arm, patients, days, p, regimen)
    on_drug = lung.sum_course(patients, own, p)
    scans = read_scans(on_drug, patients, p)
    stop = np.minimum(scans.progression, scans.leave)
    stop = np.where(np.isfinite(stop), stop, np.nan)
    later = lung.antibody_kill(patients, days, p, regimen, stop) if antibody else None
    after = lung.sum_course(patients, own, p, stop, later)
    death = lung.death_day(after, patients, p)
    cut = FOLLOW_UP_D[0] + np.diff(FOLLOW_UP_D) * uniforms(seed, "lung follow-up", index)[:, 0]
    pre = _scan_before(patients, p, seed, index)
    return _tables(arm, index, scans, death, cut, pre)


def _kill(arm: str, patients: lung.Patients, days: int, p, regimen: str) -> np.ndarray:
    """Kill of the drug of an arm, (n, T) 1/d."""
    if arm == lung.ANTIBODY:
        return lung.antibody_kill(patients, days, p, regimen)
    return lung.docetaxel_kill(patients, days, p)


def _scan_before(patients: lung.Patients, p, seed: int, index: np.ndarray) -> np.ndarray:
    """Measured sum six weeks before baseline: the tumour has grown as it does untreated."""
    growth = patients.growth_per_d(p) * PRE_SCAN_D / lung.PER_AXIS
    error = fact("scan_sd_log") / np.sqrt(patients.lesions)
    z = normals(seed, "lung scan before", index)[:, 0]
    return np.maximum(np.round(patients.baseline_mm(p) * np.exp(error * z - growth)), 1.0)


def _tables(
    arm: str,
    index: np.ndarray,
    scans: Scans,
    death: np.ndarray,
    cut: np.ndarray,
    pre: np.ndarray,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is known of the patients when follow-up ends."""
    out = np.minimum(scans.leave, cut)
    pfs = np.minimum(scans.progression, death)
    seen = np.where(scans.progression <= np.minimum(death, out), scans.progression, np.nan)
    last = np.minimum(np.minimum(pfs, out), cut)
    there = scans.day[None] <= last[:, None]
    read = np.where(there, scans.read_mm, np.nan)
    change = read / read[:, :1] - 1.0
    first = np.where(there[:, 1], read[:, 1], np.nan)
    names = np.char.add(f"{arm}-", index.astype(str))
    table = pd.DataFrame(
        {
            "patient": names,
            "arm": arm,
            "baseline_mm": read[:, 0],
            "pre_mm": pre,
            "first_d": float(scans.day[1]),
            "first_mm": first,
            "first_change_pct": 100.0 * change[:, 1],
            "first_response": _first_response(scans, change[:, 1]),
            "new_at_first": (scans.spread == scans.day[1]).astype(int),
            "response": _best(change, seen, scans.day),
            "pd_d": seen,
            "pfs_d": np.minimum(pfs, out),
            "pfs": (pfs <= out).astype(int),
            "os_d": np.minimum(death, cut),
            "os": (death <= cut).astype(int),
            "ttf_d": last,
            "ttf": (np.minimum(pfs, scans.leave) <= cut).astype(int),
        }
    )
    return table, _size_table(arm, names, scans.day, read, pre)


def _size_table(
    arm: str, names: np.ndarray, day: np.ndarray, read: np.ndarray, pre: np.ndarray
) -> pd.DataFrame:
    """Measured sums, one row a scan; the scans before baseline come first."""
    row, visit = np.nonzero(np.isfinite(read))
    sizes = pd.DataFrame(
        {"patient": names[row], "arm": arm, "day": day[visit], "sum_mm": read[row, visit]}
    )
    before = pd.DataFrame({"patient": names, "arm": arm, "day": -PRE_SCAN_D, "sum_mm": pre})
    return pd.concat([before, sizes], ignore_index=True)[SIZES]


def _first_response(scans: Scans, change: np.ndarray) -> np.ndarray:
    """RECIST response at the first scan on treatment; ND where there was none."""
    answer = np.where(change <= RESPONSE, "PR", "SD")
    answer = np.where(scans.progression == scans.day[1], "PD", answer)
    return np.where(np.isfinite(change), answer, "ND")


def _best(change: np.ndarray, progression: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Best response, unconfirmed: PR before progression, else SD after six weeks, else PD or NE."""
    before = day[None] < np.where(np.isnan(progression), np.inf, progression)[:, None]
    assessed = np.isfinite(change) & before & (day > 0)[None]
    with np.errstate(invalid="ignore"):
        responded = (assessed & (change <= RESPONSE)).any(axis=1)
    worst = np.where(np.isfinite(progression), "PD", "NE")
    return np.where(responded, "PR", np.where(assessed.any(axis=1), "SD", worst))


def months(days: pd.Series) -> pd.Series:
    """Days as months of 30.4375 days."""
    return days / DAYS_PER_MONTH

"""Scans: when they take place, what a reader sees, and what RECIST makes of it.

A reader's errors, the appearance of new lesions and the judgement of non-target disease belong to
the scan; the judgement of the visit is that of `rpoint.endpoints`, the same as for measured sizes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpoint.endpoints.recist import Recist, recist
from rpoint.endpoints.sizes import read_sizes
from rpoint.streams import normals, stream, uniforms
from rpoint.trial.doses import CYCLE_D
from rpoint.trial.facts import fact
from rpoint.tumour.facts import fact as tumour_fact
from rpoint.tumour.measure import diameter_mm
from rpoint.tumour.subjects import MAX_LESIONS

TOO_SMALL_MM = 5.0  # RECIST 1.1: what is too small to measure counts 5 mm
LARGEST_MM = 450.0
NEWEST = 12  # new lesions of one patient that are followed by number
LN2 = float(np.log(2.0))
PRESENT, ABSENT, PROGRESSION = "present", "absent", "progression"


@dataclass
class Scans:
    """All scans of some patients, in the order of visits; column 0 is the baseline.

    Attributes
    ----------
    nominal
        (K,) nominal days, the baseline's is 0.
    day
        (n, K) day of each scan.
    true_mm, read_mm
        (n, K, L) diameters of the target lesions, true and as read; NaN where not scanned.
    nontarget
        (n, K) word for non-target disease, "" where there is none.
    new
        (n, K) new lesions seen so far.
    """

    nominal: np.ndarray
    day: np.ndarray
    true_mm: np.ndarray
    read_mm: np.ndarray
    nontarget: np.ndarray
    new: np.ndarray
    organs: np.ndarray
    there: np.ndarray
    nadir_nontarget: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def count(self) -> int:
        """Number of nominal visits, the baseline included."""
        return len(self.nominal)


def plan_scans(patients, nominal_days, jitter_days: float, seed: int) -> Scans:
    """Days of all scans; nothing is seen yet."""
    n, visits = len(patients), len(nominal_days) + 1
    shift = (2.0 * uniforms(seed, "scan days", patients.index, max(1, visits - 1)) - 1.0)[
        :, : visits - 1
    ]
    day = np.round(np.asarray(nominal_days)[None] + jitter_days * shift)
    day = np.maximum.accumulate(np.maximum(day, 1.0), axis=1) if visits > 1 else day
    there = patients.start_mm3[:, :MAX_LESIONS] > 0
    shape = (n, visits, MAX_LESIONS)
    return Scans(
        nominal=np.concatenate([[0.0], nominal_days]),
        day=np.concatenate([patients.baseline_day[:, None], day], axis=1),
        true_mm=np.full(shape, np.nan),
        read_mm=np.full(shape, np.nan),
        nontarget=np.full((n, visits), "", object),
        new=np.zeros((n, visits), np.int64),
        organs=patients.organs,
        there=there,
        nadir_nontarget=np.full(n, np.inf),
    )


def take_scan(
    scans: Scans,
    visit: int,
    rows: np.ndarray,
    patients,
    volume: np.ndarray,
    seed: int,
    *,
    sd_log: float | None = None,
    new_lesions: bool = True,
    non_target: bool = True,
) -> None:
    """Scan some patients.

    Parameters
    ----------
    scans
        Receives what is seen.
    visit
        Number of the visit, 0 for the baseline.
    rows
        Positions of the patients.
    volume
        (n, B, D) volumes up to the day of the scan, mm3.
    sd_log
        SD of a reading on the log scale; the documented one when left out.
    """
    if not len(rows):
        return
    day = scans.day[rows, visit].astype(int)
    before = np.minimum(day, 0)
    now = volume[rows, :, np.maximum(day, 0)].astype(float)
    now = now * np.exp(LN2 * before[:, None] / np.nan_to_num(patients.doubling_d[rows], nan=1.0))
    true = diameter_mm(now[:, :MAX_LESIONS])
    sd = tumour_fact("scan_sd_log") if sd_log is None else sd_log
    error = normals(seed, f"scan {visit}", patients.index[rows], MAX_LESIONS)
    seen = np.minimum(np.round(true * np.exp(sd * error)), LARGEST_MM)
    seen = np.where(seen < fact("absent_below_mm"), 0.0, np.maximum(seen, TOO_SMALL_MM))
    if visit == 0:
        seen = np.maximum(seen, 10.0)  # what measures less is no target
    there = scans.there[rows]
    scans.true_mm[rows, visit] = np.where(there, true, np.nan)
    scans.read_mm[rows, visit] = np.where(there, seen, np.nan)
    if non_target:
        _read_nontarget(scans, visit, rows, now[:, MAX_LESIONS])
    if new_lesions and visit > 0:
        scans.new[rows, visit] = _new_lesions(scans, visit, rows, patients, volume, seed)


def _read_nontarget(scans: Scans, visit: int, rows: np.ndarray, now: np.ndarray) -> None:
    has = now > 0 if visit == 0 else scans.nontarget[rows, 0] != ""
    nadir = scans.nadir_nontarget[rows]
    word = np.full(len(rows), PRESENT, object)
    word[diameter_mm(now) < fact("absent_below_mm")] = ABSENT
    if visit > 0:
        word[now >= fact("nontarget_progression_fold") * nadir] = PROGRESSION
    else:
        word[:] = PRESENT
    scans.nontarget[rows, visit] = np.where(has, word, "")
    scans.nadir_nontarget[rows] = np.minimum(nadir, np.where(has, now, np.inf))


def e_folds_grown(volume: np.ndarray) -> np.ndarray:
    """E-folds by which a tumour has grown up to every day, shrinkage counting nothing.

    Growth is that over the last cycle: what a pause between doses lets grow and the next dose takes
    away again is none, and makes no metastasis visible.  After a response it counts three weeks
    late.

    Parameters
    ----------
    volume
        (n, D) mm3, day by day.

    Returns
    -------
    numpy.ndarray
        (n, D).
    """
    n, days = volume.shape
    with np.errstate(divide="ignore"):
        log = np.log(volume)
    ago = np.maximum(np.arange(1, days) - CYCLE_D, 0)
    length = np.arange(1, days) - ago
    with np.errstate(invalid="ignore"):
        growth = (log[:, 1:] - log[:, ago]) / length
    growth = np.where(np.isfinite(growth), np.maximum(growth, 0.0), 0.0)
    return np.concatenate([np.zeros((n, 1)), np.cumsum(growth, axis=1)], axis=1)


def _new_lesions(scans, visit, rows, patients, volume, seed) -> np.ndarray:
    """(rows,) number of new lesions seen up to this visit.

    The expected number is the rate times the e-folds by which the whole tumour has grown; the
    lesions appear at the points of a unit Poisson process of the patient.
    """
    last = int(scans.day[rows, visit].max())
    grown = e_folds_grown(volume[rows, :, : last + 1].astype(float).sum(axis=1))
    expected = (
        patients.new_lesion_rate[rows]
        * np.take_along_axis(grown, scans.day[rows, visit].astype(int)[:, None], axis=1)[:, 0]
    )
    points = np.array(
        [
            stream(seed, "new lesions", i).standard_exponential(NEWEST).cumsum()
            for i in patients.index[rows].tolist()
        ]
    )
    return (points <= expected[:, None]).sum(axis=1)


def lesion_table(scans: Scans, rows: np.ndarray, upto: np.ndarray) -> pd.DataFrame:
    """Lesions as `read_sizes` takes them, of some patients, each up to a number of visits.

    Parameters
    ----------
    scans
        What was seen.
    rows
        Positions of the patients.
    upto
        (rows,) number of visits that count, the baseline included.
    """
    visits = int(upto.max()) if len(upto) else 0
    seen = np.arange(visits)[None] < upto[:, None]
    taken = seen & np.isfinite(scans.read_mm[rows, :visits]).any(axis=2)
    day = scans.day[rows, :visits]
    parts = []
    r, k, lesion = np.nonzero(taken[:, :, None] & scans.there[rows][:, None, :])
    size = scans.read_mm[rows[r], k, lesion]
    parts.append(
        _part(
            rows[r], day[r, k], np.char.add("T", (lesion + 1).astype(str)),
            scans.organs[rows[r], lesion], 1, 0, size,
            np.where(size == 0, ABSENT, "measured"), scans.true_mm[rows[r], k, lesion], k,
        )
    )  # fmt: skip
    r, k = np.nonzero(taken & (scans.nontarget[rows, :visits] != ""))
    parts.append(
        _part(
            rows[r], day[r, k], "NT1", "other", 0, 0, np.nan,
            scans.nontarget[rows[r], k], np.nan, k,
        )
    )  # fmt: skip
    counted = np.where(taken, scans.new[rows, :visits], 0)
    r, k, j = np.nonzero(counted[:, :, None] > np.arange(NEWEST)[None, None])
    parts.append(
        _part(
            rows[r], day[r, k], np.char.add("N", (j + 1).astype(str)), "other", 0, 1, np.nan,
            PRESENT, np.nan, k,
        )
    )  # fmt: skip
    return pd.concat([p for p in parts if len(p)], ignore_index=True)


def _part(patient, day, lesion, organ, target, new, diameter, status, true, visit) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": patient,
            "day": day,
            "lesion": lesion,
            "organ": organ,
            "target": target,
            "new": new,
            "diameter_mm": diameter,
            "status": status,
            "true_mm": true,
            "visit_number": visit,
        }
    )


def judge(table: pd.DataFrame, patients: pd.DataFrame | None = None, *, confirm_weeks=4) -> Recist:
    """RECIST 1.1 on a table of lesions."""
    sizes = read_sizes(
        table.drop(columns=["true_mm", "visit_number"]), patients=patients, check_plausibility=False
    )
    return recist(sizes, confirm_days=28.0 if confirm_weeks is None else 7.0 * confirm_weeks)

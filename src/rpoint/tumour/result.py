"""`Simulation`: what happened to every patient in every arm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from rpoint import catalog
from rpoint.errors import RpointError, unknown_name
from rpoint.pharmacology.regimen import Regimen
from rpoint.tumour.facts import facts
from rpoint.tumour.lanes import Courses
from rpoint.tumour.measure import diameter_mm, scans
from rpoint.tumour.noun import Tumour
from rpoint.tumour.sizes import sum_of_diameters
from rpoint.tumour.subjects import Subjects

RESPONSE_PCT, PROGRESSION_PCT, PROGRESSION_MM = -30.0, 20.0, 5.0  # RECIST 1.1
OURS = {"design_prior", "rpoint_assumption", "rpoint_computed", "general_knowledge"}
FACTS_USED = (
    "growth_cv_patients", "growth_cv_lesions", "lesion_diameter_mm", "lesion_diameter_cv",
    "clone_mix_cv_lesions", "capacity_patient", "scan_sd_log",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Simulation:
    """Patients with one tumour under several regimens.

    Attributes
    ----------
    tumour, arms, subjects
        What, which regimens, who.
    courses
        Rates and nodes of their cells.
    volumes
        (n, A, L, C, T) volume of every clone of every lesion, mm3.
    sets_left_out
        Parameter sets of the ensemble in which the untreated tumour does not grow.
    progressed
        Arm with phases "at progression" to the days on which each patient's phases began.

    Notes
    -----
    Not modelled here: new lesions, drop-out, dose holds, non-target disease.  They belong to the
    virtual trial.
    """

    tumour: Tumour
    arms: dict[str, Regimen]
    subjects: Subjects
    courses: Courses
    volumes: np.ndarray
    seed: int
    visit_weeks: float
    sets_left_out: int
    ensemble: Any
    jobs: int | None = None
    progressed: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)

    # -- tables -------------------------------------------------------------------------------
    @property
    def days(self) -> np.ndarray:
        """(T,) d."""
        return self.courses.times_h / 24.0

    @property
    def sld(self) -> np.ndarray:
        """(n, A, T) true sum of the lesions' diameters, mm."""
        return sum_of_diameters(self.volumes)

    @property
    def change(self) -> np.ndarray:
        """(n, A, T) true change of that sum from the start, %."""
        sld = self.sld
        return 100.0 * (sld / sld[..., :1] - 1.0)

    def arm(self, name: str) -> int:
        """Index of an arm; an unknown name is refused."""
        if name not in self.arms:
            raise unknown_name("arm", name, self.arms)
        return list(self.arms).index(name)

    def to_frame(self, every_days: float = 7.0) -> pd.DataFrame:
        """Tidy sizes: arm, patient, day, sld_mm, change_pct, volume_mm3 (all lesions, true).

        Parameters
        ----------
        every_days
            Spacing of the rows, d.
        """
        pick = np.unique(np.searchsorted(self.days, np.arange(0, self.days[-1] + 1e-9, every_days)))
        n = len(self.subjects)
        shape = (n, len(self.arms), len(pick))
        patient, arm, when = np.indices(shape)
        return pd.DataFrame(
            {
                "arm": np.array(list(self.arms))[arm.ravel()],
                "patient": patient.ravel(),
                "day": self.days[pick][when.ravel()],
                "sld_mm": self.sld[..., pick].ravel(),
                "change_pct": self.change[..., pick].ravel(),
                "volume_mm3": self.volumes.sum(axis=(2, 3))[..., pick].ravel(),
            }
        )

    def visits(self) -> pd.DataFrame:
        """Measured lesions at every scan: arm, patient, lesion, organ, day, diameter_mm.

        A patient has the same reading errors in every arm.
        """
        when = np.arange(0.0, self.days[-1] + 1e-9, 7.0 * self.visit_weeks)
        pick = np.searchsorted(self.days, when)
        rows = []
        for a, name in enumerate(self.arms):
            true = diameter_mm(self.volumes[:, a].sum(axis=2)[..., pick])
            seen = scans(true, self.seed)
            patient, lesion, visit = np.nonzero(
                np.broadcast_to((self.subjects.start_mm3 > 0)[..., None], true.shape)
            )
            rows.append(
                pd.DataFrame(
                    {
                        "arm": name,
                        "patient": patient,
                        "lesion": lesion,
                        "organ": np.asarray(self.subjects.organs)[patient, lesion],
                        "day": when[visit],
                        "diameter_mm": seen[patient, lesion, visit],
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def scan_sums(self, arm: str | None = None) -> pd.DataFrame:
        """Measured sums of diameters, mm: rows (arm, patient), or of one arm; columns days."""
        sums = self.visits().groupby(["arm", "patient", "day"], sort=False)["diameter_mm"].sum()
        wide = sums.unstack("day")
        return wide if arm is None else wide.loc[list(self.arms)[self.arm(arm)]]

    def best_change(self) -> pd.DataFrame:
        """Best measured change of the sum of diameters after the start, %, per arm and patient."""
        wide = self.scan_sums()
        change = 100.0 * (wide.div(wide[0.0], axis=0) - 1.0)
        if change.shape[1] < 2:
            raise RpointError(
                "no scan after the start",
                found=f"{self.days[-1] / 7:g} weeks, scans every {self.visit_weeks:g}",
                mend="simulate longer or scan more often",
            )
        best = change.drop(columns=0.0).min(axis=1).rename("best_change_pct")
        return best.reset_index()

    def growth_over_untreated(self) -> np.ndarray:
        """(n, A) mean net rate of the tumour's cells over that of the untreated, main clone first.

        The mean over the whole treatment, of the clone that is the most frequent at the start.
        """
        lead = int(np.argmax(self.tumour.fractions))
        net = (self.courses.division - self.courses.death)[:, :, lead]
        mean = np.trapezoid(net, self.courses.times_h, axis=-1) / self.courses.times_h[-1]
        untreated = self.courses.untreated_division - self.courses.untreated_death
        return mean / untreated[:, lead, None]

    def progression_day(self) -> np.ndarray:
        """(n, A) first day on which the true sum is 20 % and 5 mm above its nadir; inf if never."""
        sld = self.sld
        nadir = np.minimum.accumulate(sld, axis=-1)
        over = (sld >= (1 + PROGRESSION_PCT / 100) * nadir) & (sld >= nadir + PROGRESSION_MM)
        first = np.where(over.any(axis=-1), self.days[over.argmax(axis=-1)], np.inf)
        return first

    def summary(self) -> pd.DataFrame:
        """One row per arm: growth over untreated, best change, share of responses, progression.

        Medians with the 5th and 95th percentile over patients; the share of responses counts
        patients whose best measured sum is 30 % or more below the start (not confirmed).
        """
        best = self.best_change() if self.days[-1] >= 7 * self.visit_weeks else None
        growth, progression = self.growth_over_untreated(), self.progression_day()
        end = self.change[..., -1]
        rows = []
        for a, name in enumerate(self.arms):
            lo, mid, hi = _band(growth[:, a])
            row = {
                "arm": name,
                "regimen": str(self.arms[name]),
                "patients": int(np.isfinite(end[:, a]).sum()),
                "growth_over_untreated": mid,
                "growth_lo": lo,
                "growth_hi": hi,
                "change_at_end_pct": float(np.nanmedian(end[:, a])),
                "median_progression_weeks": float(np.median(progression[:, a])) / 7.0,
            }
            if best is not None:
                changes = best.loc[best["arm"] == name, "best_change_pct"].dropna()
                lo, mid, hi = _band(changes)
                row |= {"best_change_pct": mid, "best_lo": lo, "best_hi": hi}
                row["response_pct"] = 100.0 * float((changes <= RESPONSE_PCT).mean())
            rows.append(row)
        return pd.DataFrame(rows)

    # -- questions ----------------------------------------------------------------------------
    def why(self, arm: str, against: str | None = None, **options: Any) -> Any:
        """Which node carries the difference between two arms, found by intervention.

        See `rpoint.tumour.why.explain` for the options.
        """
        from rpoint.tumour.why import explain

        against = self.rival(arm) if against is None else against
        self.arm(arm), self.arm(against)
        options = {"threads": self.jobs, "sources": self.sources(), **options}
        return explain(self.tumour, self.arms, arm, against, self.ensemble, **options)

    def rival(self, arm: str) -> str:
        """The arm to compare with: the best that gives some of its drugs, else the untreated."""
        self.arm(arm)
        drugs, growth = (
            set(self.arms[arm].drugs),
            np.nanmedian(self.growth_over_untreated(), axis=0),
        )
        parts = [name for name, plan in self.arms.items() if set(plan.drugs) < drugs]
        parts = [name for name in parts if self.arms[name].drugs] or parts
        if not parts:
            others = ", ".join(name for name in self.arms if name != arm)
            raise RpointError(f"no arm to compare {arm!r} with", mend=f"name one of: {others}")
        return min(parts, key=lambda name: growth[self.arm(name)])

    @property
    def plot(self) -> Any:
        """Figures: `.size()`, `.nodes()`."""
        from rpoint.tumour.figures import Plots

        return Plots(self)

    def sources(self) -> tuple[str, ...]:
        """Keys of the sources that this simulation rests on."""
        used = [*self.tumour.sources(self.subjects.host), *drug_sources(self.drugs())]
        used += [facts()[name].source for name in FACTS_USED] + list(model_sources())
        return tuple(dict.fromkeys(used))

    def drugs(self) -> tuple[str, ...]:
        """Drugs of any arm, each once."""
        return tuple(dict.fromkeys(d for plan in self.arms.values() for d in plan.drugs))

    def cite(self) -> list[str]:
        """Exactly the sources that this result used, as text; assumptions of ours are left out."""
        return cited(self.sources())

    def to_dict(self) -> dict:
        """Inputs and summary as plain data."""
        return {
            "tumour": self.tumour.to_dict(),
            "arms": {name: str(plan) for name, plan in self.arms.items()},
            "patients": len(self.subjects),
            "weeks": float(self.days[-1] / 7),
            "seed": self.seed,
            "failed": self.courses.failed,
            "sets_left_out": self.sets_left_out,
            "summary": self.summary().to_dict(orient="records"),
        }

    def __repr__(self) -> str:
        return (
            f"<Simulation {self.tumour!r}: {len(self.subjects)} patients, {len(self.arms)} arms, "
            f"{self.days[-1] / 7:g} weeks, seed {self.seed}>"
        )


def drug_sources(drugs: Iterable[str]) -> tuple[str, ...]:
    """Keys of the sources of what drugs do in the model: potency, binding in plasma, kinetics."""
    used: list[str] = []
    for drug in drugs:
        entry = catalog.drug(drug)
        for part in (entry.drives, entry.pk_human, entry.fu_human, entry.molecular_weight):
            used += catalog.sources_of(part)
    return tuple(dict.fromkeys(used))


def model_sources() -> tuple[str, ...]:
    """Keys of the sources of the cell model's parameters."""
    from rpoint.biology import parameters

    return tuple(dict.fromkeys(parameter.source for parameter in parameters().values()))


def first_progression(days: np.ndarray, sums: np.ndarray) -> float | None:
    """First day on which a sum is 20 % and 5 mm above the least before it; None if never."""
    nadir = np.minimum.accumulate(sums)
    over = (sums >= (1 + PROGRESSION_PCT / 100) * nadir) & (sums >= nadir + PROGRESSION_MM)
    return float(days[over.argmax()]) if over.any() else None


@cache
def _own_sources() -> dict[str, str]:
    text = (files("rpoint.tumour") / "sources.yaml").read_text(encoding="utf-8")
    return dict(YAML(typ="safe", pure=True).load(text))


def cited(keys: Iterable[str]) -> list[str]:
    """Texts of the sources, each once; our own assumptions are no sources."""
    known = {key.casefold(): key for key in catalog.names("sources")}
    texts = []
    for key in (key.casefold() for key in keys):
        if key in OURS:
            continue
        texts.append(catalog.source(known[key]).text() if key in known else _own_sources()[key])
    return list(dict.fromkeys(texts))


def _band(values: Any) -> tuple[float, float, float]:
    low, middle, high = np.nanpercentile(np.asarray(values, float), [5, 50, 95])
    return float(low), float(middle), float(high)

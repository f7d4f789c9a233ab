"""`counts` and `schedules`: blood counts of a group of patients under regimens, for a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.blood.course import BloodCourse, Rules, run_blood
from rpoint.blood.figures import schedule_figure
from rpoint.blood.outcomes import course_table, incidence_table
from rpoint.blood.parameters import Parameters, fact, facts
from rpoint.blood.people import BloodPatients
from rpoint.blood.rules import rule_sets
from rpoint.blood.sources import cited
from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.plots import Figure
from rpoint.streams import lognormal_factors

NAMED = "named"


@dataclass(frozen=True)
class BloodRun:
    """Blood counts of one or several arms; the same patients in each.

    Attributes
    ----------
    arms
        Name to course.
    regimens
        Name to the regimen's text.
    """

    arms: Mapping[str, BloodCourse]
    regimens: Mapping[str, str]

    def summary(self, *, measured: bool = True) -> pd.DataFrame:
        """Percent of patients with each event of grade 3 or worse and 4, and with dose changes.

        Parameters
        ----------
        measured
            Of the readings on the check days; False: of the true daily counts.
        """
        frames = []
        for arm, course in self.arms.items():
            table = incidence_table(course, measured=measured)
            frames.append(table.assign(arm=arm))
        whole = pd.concat(frames, ignore_index=True)
        return whole[["arm", *[c for c in whole.columns if c != "arm"]]]

    def nadirs(self) -> pd.DataFrame:
        """Median lowest true count, its 5th and 95th percentile, and its median day (from 1)."""
        rows = []
        for arm, course in self.arms.items():
            for analyte, values in course.counts.items():
                lowest = values.min(axis=1)
                lo, mid, hi = np.percentile(lowest, [5, 50, 95])
                day = float(np.median(values.argmin(axis=1))) + 1.0
                rows.append((arm, analyte, mid, lo, hi, day))
        names = ["arm", "analyte", "median", "lo", "hi", "day"]
        return pd.DataFrame(rows, columns=names)

    def to_frame(self) -> pd.DataFrame:
        """Percentiles of the true counts by arm, analyte and day."""
        return pd.concat(
            [course_table(course, arm) for arm, course in self.arms.items()], ignore_index=True
        )

    def plot(self, title: str = "Blood counts") -> Figure:
        """Course of the counts in every arm: median, half and nine tenths of the patients."""
        return schedule_figure(self.to_frame(), title, self.cite())

    def cite(self) -> list[str]:
        """The sources of the facts about blood."""
        return cited(sorted({one.source for one in facts().values()}))

    def __repr__(self) -> str:
        n, days = next(iter(next(iter(self.arms.values())).counts.values())).shape
        return f"BloodRun({len(self.arms)} arm(s), {n} patients, {days} days)"


def counts(
    regimen: Regimen | str,
    patients: int = 200,
    weeks: float = 12,
    rules: Rules | str = None,
    seed: int = 1,
    *,
    tumour: str = "",
    parameters: Parameters | None = None,
) -> BloodRun:
    """Blood counts under one regimen.

    Parameters
    ----------
    regimen
        As in `rpoint.regimen`.
    patients
        How many; patients differ in clearance, baseline, maturation and sensitivity.
    weeks
        Length.
    rules
        None: doses as ordered.  "named": every drug that has a named rule set follows it.  Or drug
        to rule set.
    seed
        A seed's patients are the same under every regimen.
    tumour
        Tumour type; "breast" has the lower neutrophil counts of the palbociclib model.
    parameters
        Population parameters (`central()` by default, or `draw_parameters`).
    """
    return schedules(
        {"treated": regimen}, patients, weeks, rules, seed, tumour=tumour, parameters=parameters
    )


def schedules(
    arms: Mapping[str, Regimen | str],
    patients: int = 200,
    weeks: float = 12,
    rules: Rules | str = None,
    seed: int = 1,
    *,
    tumour: str = "",
    parameters: Parameters | None = None,
) -> BloodRun:
    """Blood counts of the same patients under several regimens; arguments as for `counts`."""
    if not arms:
        raise RpointError("at least one arm is needed", where="arms")
    days = round(7 * weeks)
    read = {name: parse(r) if isinstance(r, str) else r for name, r in arms.items()}
    drugs = dict.fromkeys(drug for regimen in read.values() for drug in regimen.drugs)
    group = draw_patients(patients, tuple(drugs), seed, tumour)
    courses = {
        name: run_blood(
            regimen,
            days=days,
            patients=group,
            rules=_rules(regimen, rules),
            seed=seed,
            parameters=parameters,
        )
        for name, regimen in read.items()
    }
    return BloodRun(courses, {name: str(regimen) for name, regimen in read.items()})


def draw_patients(n: int, drugs: tuple[str, ...], seed: int, tumour: str = "") -> BloodPatients:
    """Patients whose pharmacokinetics vary as the catalogue says."""
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise RpointError("the number of patients must be 1 or more", where="patients", found=n)
    if tumour:
        tumour = catalog.tumour(tumour).id
    pk: dict[str, dict[str, Any]] = {}
    for drug in drugs:
        kinetics = catalog.drug(drug).pk_human
        spread = {} if kinetics is None else dict(kinetics.variability())
        spread.setdefault("CL_F", fact("pk_cv_unknown"))
        pk[drug] = {
            name: lognormal_factors(seed, f"pk {drug} {name}", n, cv)[:, 0]
            for name, cv in spread.items()
        }
    return BloodPatients(int(n), pk, tumour)


def _rules(regimen: Regimen, rules: Rules | str) -> Rules:
    """The rules of those drugs that the regimen gives."""
    if rules is None:
        return None
    if isinstance(rules, str):
        if rules != NAMED:
            raise RpointError(
                "rules are None, 'named', or a mapping of drugs to rule sets",
                where="rules",
                found=rules,
                mend="for one drug: rules={'milademetan': 'milademetan'}",
            )
        return {drug: drug for drug in regimen.drugs if drug in rule_sets()}
    return {drug: what for drug, what in rules.items() if drug in regimen.drugs}

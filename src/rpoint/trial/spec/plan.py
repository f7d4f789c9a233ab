"""What a trial file orders, before anything runs: doses, scans, blood counts, dose rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rpoint.pharmacology.regimen import Regimen
from rpoint.trial.spec import MONTH_D, Arm, Trial
from rpoint.trial.spec.rules import rules_in_words

WEIGHT_KG = 70.0  # for doses per kg in the printed schedule


@dataclass(frozen=True)
class DrugPlan:
    """Doses of one drug within the first cycles.

    Attributes
    ----------
    drug, route
        What, and how.
    days
        Days with this dose, from 1, as text: "1-21, 29-49".
    dose
        Dose of such a day, as text: "125 mg", "2 x 400 mg".
    """

    drug: str
    route: str
    days: str
    dose: str


@dataclass(frozen=True)
class ArmPlan:
    """What one arm gets.

    Attributes
    ----------
    arm, patients, regimen
        Name, size, and the regimen in canonical form.
    doses
        Doses of the first two cycles.
    rules
        Dose rules in words, a sentence each.
    after
        What follows at progression, in words; empty if nothing does.
    """

    arm: str
    patients: int
    regimen: str
    doses: tuple[DrugPlan, ...]
    rules: tuple[str, ...]
    after: str = ""


@dataclass(frozen=True)
class Plan:
    """The schedule of a trial.

    Attributes
    ----------
    arms
        One for each arm.
    shown_days
        Days that `doses` and `blood_days` cover: two cycles.
    scan_days
        Nominal days of all scans after the baseline, within the longest treatment.
    blood_days
        Days of the first two cycles on which blood is counted, from 1.
    follow_up_months
        Longest time that a patient can be followed, months.
    """

    arms: tuple[ArmPlan, ...]
    shown_days: int
    scan_days: tuple[float, ...]
    blood_days: tuple[int, ...]
    follow_up_months: float

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain values."""
        return asdict(self)


def plan(trial: Trial) -> Plan:
    """The schedule of a trial as its file orders it; nothing is simulated."""
    shown = 2 * trial.visits.cycle_days
    months = follow_up_months(trial)
    first = sorted({day + 1 + k for day in trial.visits.blood_days for k in (0, shown // 2)})
    return Plan(
        arms=tuple(_arm(name, arm, shown) for name, arm in trial.arms.items()),
        shown_days=shown,
        scan_days=trial.visits.scan_days(months * MONTH_D / 7),
        blood_days=tuple(first),
        follow_up_months=months,
    )


def follow_up_months(trial: Trial) -> float:
    """The longest time that treatment and follow-up of one patient can last, months."""
    cut = trial.cutoff
    if cut.months_after_first_entry is not None:
        return min(cut.months_after_first_entry, trial.treatment.max_months)
    if cut.months_after_last_entry is not None:
        longest = trial.enrolment.months + cut.months_after_last_entry
        return min(longest, trial.treatment.max_months)
    return trial.treatment.max_months


def _arm(name: str, arm: Arm, days: int) -> ArmPlan:
    regimen = arm.parsed
    after = ""
    if arm.next is not None:
        after = f"at progression: {arm.next.regimen}"
    if arm.crossover is not None:
        after = f"at progression: as {arm.crossover}"
    if regimen is None:
        assert arm.observed_control is not None  # an arm has one or the other
        control = arm.observed_control
        text = f"{control.drug or 'comparator'}: published median {control.pfs_median_months:g} mo"
        return ArmPlan(name, arm.patients, text, (), (), after)
    rules = tuple(rules_in_words(arm.rules)) if arm.rules else ("none: doses never change",)
    return ArmPlan(name, arm.patients, str(regimen), tuple(_doses(regimen, days)), rules, after)


def _doses(regimen: Regimen, days: int) -> Iterable[DrugPlan]:
    """One row for each drug, route and daily dose."""
    table = regimen.segments(days / 7, WEIGHT_KG).dropna(subset="amount_mg")
    daily: dict[tuple[str, str, str], list[int]] = {}
    table = table.assign(day=(table["time_h"] // 24).astype(int) + 1)
    for (drug, route, day), doses in table.groupby(["drug", "route", "day"], sort=False):
        amounts = doses["amount_mg"].tolist()
        same = len(set(amounts)) == 1
        count = f"{len(amounts)} x " if same and len(amounts) > 1 else ""
        dose = count + " + ".join(f"{mg:g}" for mg in (amounts[:1] if same else amounts)) + " mg"
        daily.setdefault((str(drug), str(route), dose), []).append(int(day))
    for (drug, route, dose), on in daily.items():
        yield DrugPlan(drug, route, day_ranges(on), dose)


def day_ranges(days: Iterable[int]) -> str:
    """Ascending days as text.

    >>> day_ranges([1, 2, 3, 15, 16, 17, 29])
    '1-3, 15-17, 29'
    """
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][1] + 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)

"""`run_blood`: counts, doses really taken and adverse events of a group of patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rpoint.blood.loop import Block, Part, Plan
from rpoint.blood.nominal import Nominal, Taken, nominal
from rpoint.blood.parameters import Parameters, central
from rpoint.blood.people import ANALYTES, UNITS, BloodPatients
from rpoint.blood.rules import Checks, DoseRules, dose_rules
from rpoint.errors import RpointError, unknown_name
from rpoint.pharmacology.pk import drug_model
from rpoint.pharmacology.regimen import Regimen, parse

BLOCK = 4096  # patients computed together; results do not depend on it
LOWER_LIMITS = {"neutrophils": 1.8, "platelets": 150.0, "haemoglobin": 12.0, "leukocytes": 4.0}
Rules = Mapping[str, "DoseRules | str | Mapping[str, Any] | None"] | None


@dataclass(frozen=True)
class BloodCourse:
    """What n patients went through.

    Attributes
    ----------
    doses
        Drug to the nominal doses.
    taken
        Drug to the doses really taken.
    counts
        Analyte to (n, days) true counts at the start of every day.
    measured
        patient, row, day, analyte, value, unit, grade: the readings that the rules saw.
    events
        patient, row, day, drug, action (hold, resume, reduce, discontinue), reason, level.
    other
        patient, row, day, drug, term, grade, duration_d: first events of grade 3 or worse that are
        no counts.
    stop_day
        (n,) day on which the last drug that has rules was stopped for toxicity; NaN: never.
    index
        (n,) global numbers of the patients; `patient` in the tables, `row` being 0 to n - 1.
    """

    doses: Mapping[str, Nominal]
    taken: Mapping[str, Taken]
    counts: Mapping[str, np.ndarray]
    measured: pd.DataFrame
    events: pd.DataFrame
    other: pd.DataFrame
    stop_day: np.ndarray
    index: np.ndarray

    def __repr__(self) -> str:
        n, days = next(iter(self.counts.values())).shape
        return f"BloodCourse({n} patients, {days} days, {', '.join(self.doses) or 'no drug'})"


def run_blood(
    regimen: Regimen | str | Mapping[str, Nominal],
    *,
    days: int,
    patients: BloodPatients,
    rules: Rules = None,
    checks: Checks | None = None,
    seed: int = 0,
    index: np.ndarray | None = None,
    parameters: Parameters | None = None,
    start: Mapping[str, np.ndarray] | None = None,
    lower_limits: Mapping[str, float] | None = None,
) -> BloodCourse:
    """Blood counts under a regimen, and the doses that the dose rules leave of it.

    Parameters
    ----------
    regimen
        A regimen, its text, or its nominal doses.
    days
        Length of the course, d; treatment goes on to its end unless the rules stop it.
    patients
        Who.
    rules
        Drug to dose rules: a named set, a mapping as in a file, or `DoseRules`.  A drug that is not
        named is taken as ordered; None: all are.
    checks
        Days of measurements in place of those of the rule sets.
    seed, index
        Keys of the random streams: a patient with a number is the same patient in every run.
    parameters
        Population parameters; the central values by default (see `draw_parameters`).  Patients of
        several draws are computed together with `Parameters.of_patients`.
    start
        Analyte to (n,) counts at the start, for a later line of treatment; circulating cells are
        set to them, the marrow is taken to be at rest.
    lower_limits
        Lower limits of normal, for grade 1.

    Raises
    ------
    RpointError
        Rules for a drug that the regimen does not give; anything in the rules or regimen that
        cannot be read.
    """
    plan = _plan(regimen, days, patients, rules, checks, seed, parameters, lower_limits)
    index = np.arange(patients.n) if index is None else np.asarray(index, dtype=np.int64)
    if index.shape != (patients.n,):
        raise RpointError("one number a patient", where="index", found=index.shape)
    began = _start(start, patients.n)
    parts = []
    for low in range(0, patients.n, BLOCK):
        rows = slice(low, min(low + BLOCK, patients.n))
        own = None if began is None else began[:, rows]
        block = replace(plan, p=plan.p.part(rows))
        parts.append((low, Block(block, patients.part(rows), index[rows], own).run()))
    return _course(plan, parts, index)


def _plan(regimen, days, patients, rules, checks, seed, parameters, limits) -> Plan:
    if not isinstance(days, int | np.integer) or days < 1:
        raise RpointError("the length of a course is a whole number of days", found=days)
    if isinstance(regimen, str):
        regimen = parse(regimen)
    if isinstance(regimen, Regimen):
        doses = nominal(regimen, int(days), weight_kg=patients.weight_kg)
        drugs = regimen.drugs
    else:
        doses = dict(regimen)
        drugs = tuple(doses)
    found = {}
    for drug, what in (rules or {}).items():
        if drug not in drugs:
            raise unknown_name("drug of the regimen", drug, drugs, where="rules")
        if what is not None and drug in doses:
            found[drug] = dose_rules(what, f"rules > {drug}")
    return Plan(
        doses=doses,
        models={drug: drug_model(drug) for drug in doses},
        rules=found,
        checks={drug: checks or one.checks for drug, one in found.items()},
        calendar=checks or Checks(),
        days=int(days),
        p=central() if parameters is None else parameters,
        limits={**LOWER_LIMITS, **(limits or {})},
        seed=seed,
    )


def _start(start: Mapping[str, np.ndarray] | None, n: int) -> np.ndarray | None:
    if start is None:
        return None
    for name in start:
        if name not in ANALYTES:
            raise unknown_name("count", name, ANALYTES, where="start")
    rows = [np.broadcast_to(np.asarray(start.get(a, np.nan), float), (n,)) for a in ANALYTES]
    found = np.array(rows)
    if (found <= 0).any():
        raise RpointError("counts at the start are above 0", where="start", found=np.nanmin(found))
    return found


def _course(plan: Plan, parts: list[tuple[int, Part]], index: np.ndarray) -> BloodCourse:
    counts = np.concatenate([part.counts for _, part in parts], axis=1)
    taken = {
        drug: Taken(
            drug,
            np.concatenate([part.time_h[drug] for _, part in parts]),
            np.concatenate([part.mg[drug] for _, part in parts]),
        )
        for drug in plan.doses
    }
    return BloodCourse(
        doses=plan.doses,
        taken=taken,
        counts={name: counts[i] for i, name in enumerate(ANALYTES)},
        measured=_measured(parts, index),
        events=_events(parts, index),
        other=_other(parts, index),
        stop_day=np.concatenate([part.stop_day for _, part in parts]),
        index=index,
    )


def _measured(parts: list[tuple[int, Part]], index: np.ndarray) -> pd.DataFrame:
    rows, days, values, grades = [], [], [], []
    for low, part in parts:
        for own, day, readings, grade in part.measured:
            rows.append(own + low)
            days.append(np.full(len(own), day))
            values.append(readings)
            grades.append(grade)
    row = np.concatenate(rows) if rows else np.empty(0, int)
    day = np.concatenate(days) if days else np.empty(0, int)
    value = np.concatenate(values, axis=1) if values else np.empty((4, 0))
    worst = np.concatenate(grades, axis=1) if grades else np.empty((4, 0), int)
    kinds = pd.CategoricalDtype(list(ANALYTES))
    size, k = len(row), len(ANALYTES)
    table = pd.DataFrame(
        {
            "patient": np.repeat(index[row], k),
            "row": np.repeat(row, k),
            "day": np.repeat(day, k),
            "analyte": pd.Categorical.from_codes(np.tile(np.arange(k), size), dtype=kinds),
            "value": value.T.ravel(),
            "unit": pd.Categorical(np.tile([UNITS[a] for a in ANALYTES], size)),
            "grade": worst.T.ravel().astype(int),
        }
    )
    order = np.lexsort((np.arange(len(table)), table["day"], table["row"]))
    return table.take(order).reset_index(drop=True)


def _events(parts: list[tuple[int, Part]], index: np.ndarray) -> pd.DataFrame:
    kinds = {"day": int, "drug": object, "action": object, "reason": object, "level": int}
    entries = [(low, entry) for low, part in parts for entry in part.log.entries]
    return _table(entries, index, kinds)


def _other(parts: list[tuple[int, Part]], index: np.ndarray) -> pd.DataFrame:
    kinds = {"day": int, "drug": object, "term": object, "grade": int, "duration_d": int}
    return _table([(low, entry) for low, part in parts for entry in part.other], index, kinds)


def _table(
    entries: list[tuple[int, tuple]], index: np.ndarray, kinds: Mapping[str, type]
) -> pd.DataFrame:
    """Entries (first row of the block, (rows, value or values, ...)) as one table by patient."""
    sizes = [len(entry[0]) for _, entry in entries]
    row = _joined([entry[0] + low for low, entry in entries], int)
    columns = {
        name: _joined(
            [
                np.broadcast_to(np.asarray(entry[k], dtype=kind), (size,))
                for (_, entry), size in zip(entries, sizes, strict=True)
            ],
            kind,
        )
        for k, (name, kind) in enumerate(kinds.items(), start=1)
    }
    order = np.lexsort((columns["day"], row))
    table = {"patient": index[row], "row": row, **columns}
    return pd.DataFrame({name: values[order] for name, values in table.items()})


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts).astype(kind) if parts else np.empty(0, kind)

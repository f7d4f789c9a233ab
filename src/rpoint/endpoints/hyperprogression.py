"""Hyperprogression under every published definition, each with its own denominator.

The table has one row a patient; days are counted from the first dose.  Needed: `s_base`,
`day_base`, `s_first`, `day_first` (target sums, baseline and first scan on treatment).  The others
widen what can be judged: `s_pre`, `day_pre` (scan before baseline), `ttf_days`, `ttf_event`,
`first_response`, `new_lesion`, `new_in_involved_organ`, `new_organ`, `organs_with_new`,
`ecog_worsening`, `pd_day`, `death_day`, `death_from_pd`, `last_contact_day`, `irecist`.
`hyperprogression_columns()` explains each.  New lesions are never part of a sum.

A verdict is yes, no or not evaluable.  Not evaluable are: a definition that compares growth before
treatment without a scan before baseline, or with growth there that was not above 0 (a ratio to it
is undefined) unless another criterion already says no; and a rule whose facts are missing.  Those
patients are left out of that definition's denominator, and counted.

>>> import pandas as pd
>>> patient = pd.DataFrame({"patient": ["A"], "s_pre": 40, "day_pre": -60, "s_base": 44,
...     "day_base": 0, "s_first": 75, "day_first": 49, "ttf_days": 50, "first_response": ["PD"]})
>>> result = hyperprogression(patient)
>>> bool(result.verdicts.loc[0, "kato"]), str(result.verdicts.loc[0, "lo_russo"])
(True, '<NA>')
>>> result.reasons.loc[0, "lo_russo"]
'missing: new_in_involved_organ, new_organ, ecog_worsening'

Indices: tgr_pre, tgr_post, delta_tgr (% per month), tgr_ratio, tgk_pre, tgk_post (mm per month),
tgk_ratio, pace_pre, pace_post, pace_ratio, burden_change_pct, increase_mm, ttf_months,
first_scan_weeks, and the yes/no facts pd_at_first, pd_within_8_weeks, new_organ,
death_from_pd_within_12_weeks.  Months are 30.4375 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.endpoints._hp_build import from_sizes
from rpoint.endpoints._hp_definitions import FROM_PRE, RATIOS, Definition, choose
from rpoint.endpoints._hp_definitions import definitions as all_definitions
from rpoint.endpoints._hp_indices import flags as find_flags
from rpoint.endpoints._hp_indices import indices
from rpoint.endpoints._hp_patients import COLUMNS, read_patients
from rpoint.endpoints._hp_rules import AT_LEAST, All, AtLeast, Is, judge, leaves, optimistic
from rpoint.endpoints.sizes import Sizes
from rpoint.errors import RpointError, unknown_name
from rpoint.stats import agreement
from rpoint.stats.proportions import limits, proportion

__all__ = [
    "All",
    "AtLeast",
    "Definition",
    "Hyperprogression",
    "Is",
    "all_definitions",
    "from_sizes",
    "hyperprogression",
    "hyperprogression_columns",
]

NO_PRE = "no scan before baseline"
NOT_GROWING = "ratio undefined: the sum did not grow before baseline"
OVERLAY = {
    "ICPD": "confirmed",
    "IUPD": "not_confirmed",
    "ISD": "pseudoprogression",
    "IPR": "pseudoprogression",
    "ICR": "pseudoprogression",
}
NO_STATE = "not_assessed"


@dataclass(frozen=True)
class Hyperprogression:
    """Verdicts of a cohort.

    Attributes
    ----------
    definitions
        As judged, in order.
    verdicts
        patient, and True, False or missing (not evaluable) under each definition's key.
    reasons
        patient, and under each key why a verdict is missing (else "").
    indices
        patient and every index.
    flags
        patient, and what a reader must know (see `_hp_indices.flags`).
    states
        iRECIST state after the first progression, or None, for each patient.
    options
        pace, matos, kas_needs_pd, level, method.
    """

    definitions: tuple[Definition, ...]
    verdicts: pd.DataFrame
    reasons: pd.DataFrame
    indices: pd.DataFrame
    flags: pd.DataFrame
    states: np.ndarray
    options: dict[str, Any]

    @property
    def keys(self) -> list[str]:
        """Keys of the definitions, in order."""
        return [one.key for one in self.definitions]

    def answers(self) -> np.ndarray:
        """1 yes, 0 no, NaN not evaluable; shape (patients, definitions)."""
        return self.verdicts[self.keys].to_numpy(float, na_value=np.nan)

    def rates(self) -> pd.DataFrame:
        """One row a definition: the rate with its interval, on the definition's own denominator.

        Returns
        -------
        pandas.DataFrame
            definition, name, yes, evaluable, percent, lo, hi (%), text, patients, no_pre_scan,
            undefined_ratio, missing_facts (the last three add up to patients - evaluable), lowest,
            highest (%, of all patients, if everybody not evaluable were a no, or a yes), rule,
            grade.  No rate is given where a fact is missing for everybody without which nobody can
            be a yes: a single false criterion still makes a "no", and the rate would be 0.
        """
        answers, rows = self.answers(), []
        for column, one in enumerate(self.definitions):
            own = answers[:, column]
            why = self.reasons[one.key]
            row: dict[str, Any] = {"definition": one.key, "name": one.name}
            yes, judged = int((own == 1).sum()), int((~np.isnan(own)).sum())
            row |= self._rate(yes, judged, self._never_known(one) if judged else "")
            row |= {
                "lowest": 100 * yes / max(1, len(own)),
                "highest": 100 * (yes + len(own) - judged) / max(1, len(own)),
                "patients": len(own),
                "no_pre_scan": int((why == NO_PRE).sum()),
                "undefined_ratio": int((why == NOT_GROWING).sum()),
                "missing_facts": int((~why.isin(("", NO_PRE, NOT_GROWING))).sum()),
                "rule": one.text(),
                "grade": one.grade,
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def _never_known(self, one: Definition) -> str:
        """The facts missing for everybody, if nobody can be a yes without them."""
        known = {name: ~np.isnan(self.indices[name].to_numpy(float)) for name in one.indices}
        best = {name: np.array([1.0 if own.any() else np.nan]) for name, own in known.items()}
        if judge(optimistic(one.rule), best)[0] == 1:
            return ""
        return ", ".join(name for name, own in known.items() if not own.any())

    def _rate(self, yes: int, evaluable: int, lacking: str) -> dict[str, Any]:
        row: dict[str, Any] = {"yes": yes, "evaluable": evaluable}
        if evaluable == 0 or lacking:
            nan, text = float("nan"), "nobody is evaluable"
            if lacking:
                text = f"nobody can be a yes: {lacking} missing for all"
            return row | {"percent": nan, "lo": nan, "hi": nan, "text": text}
        found = proportion(yes, evaluable, self.options["level"], self.options["method"])
        return row | {
            "percent": found.percent, "lo": found.lo, "hi": found.hi, "text": found.text()
        }  # fmt: skip

    def agreement(self) -> pd.DataFrame:
        """Jaccard and kappa of every two definitions, on the patients evaluable for both.

        See `rpoint.stats.agreement.pairwise` for the columns.
        """
        return agreement.pairwise(self.answers(), self.keys)

    def matrix(self, value: str = "jaccard") -> pd.DataFrame:
        """A column of `agreement` as a symmetric table of definitions."""
        if value not in agreement.COLUMNS[2:]:
            raise unknown_name("measure of agreement", value, agreement.COLUMNS[2:])
        return agreement.square(self.agreement(), self.keys, value)

    def overlay(self) -> pd.DataFrame:
        """How many "yes" of each definition iRECIST confirms, and how many it takes back.

        Returns
        -------
        pandas.DataFrame
            definition, name, yes, confirmed (iCPD), pseudoprogression (iSD, iPR or iCR after the
            first progression), not_confirmed (iUPD), not_assessed.
        """
        states = np.array([OVERLAY.get(state, NO_STATE) for state in self.states], dtype=object)
        kinds = [*dict.fromkeys(OVERLAY.values()), NO_STATE]
        rows = []
        for column, one in enumerate(self.definitions):
            yes = self.answers()[:, column] == 1
            counted = {kind: int((yes & (states == kind)).sum()) for kind in kinds}
            rows.append({"definition": one.key, "name": one.name, "yes": int(yes.sum()), **counted})
        return pd.DataFrame(rows)

    def growth(self) -> pd.DataFrame:
        """What the scatter of growth draws: patient, tgr_pre, tgr_post, met, judged.

        `met` counts the definitions that say yes, `judged` those that could be judged.
        """
        answers = self.answers()
        table = self.indices[["patient", "tgr_pre", "tgr_post"]].copy()
        table["met"], table["judged"] = (answers == 1).sum(1), (~np.isnan(answers)).sum(1)
        return table

    def why(self, patient: str) -> pd.DataFrame:
        """The audit of one patient: every comparison of every definition with its number.

        Returns
        -------
        pandas.DataFrame
            definition, verdict ("yes", "no" or "not evaluable"), criterion, value, holds ("yes",
            "no", "unknown"), reason.
        """
        names = self.verdicts["patient"].tolist()
        if str(patient) not in names:
            raise unknown_name("patient", patient, names[:1000])
        at = names.index(str(patient))
        values = {name: self.indices[name].to_numpy(float)[[at]] for name in self._numbers()}
        values["ttf_months" + AT_LEAST] = self.flags["still_on_treatment"].to_numpy()[[at]]
        words = {1.0: "yes", 0.0: "no"}
        rows = []
        for column, one in enumerate(self.definitions):
            verdict = words.get(self.answers()[at, column], "not evaluable")
            for leaf in leaves(one.rule):
                rows.append(
                    {"definition": one.key, "verdict": verdict, "criterion": leaf.text(),
                     "value": float(values[leaf.index][0]),
                     "holds": words.get(judge(leaf, values)[0], "unknown"),
                     "reason": self.reasons[one.key].iloc[at]}
                )  # fmt: skip
        return pd.DataFrame(rows)

    def _numbers(self) -> list[str]:
        return [name for name in self.indices if name != "patient"]

    def summary(self) -> pd.DataFrame:
        """The short table: name, rate with interval, patients not evaluable."""
        rates = self.rates()
        left_out = rates["patients"] - rates["evaluable"]
        return pd.DataFrame(
            {"definition": rates["name"], "rate": rates["text"], "not evaluable": left_out}
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a patient: verdicts, indices and flags."""
        parts = [self.verdicts, self.indices, self.flags]
        return parts[0].join([part.drop(columns="patient") for part in parts[1:]])

    def to_dict(self) -> dict[str, Any]:
        """Plain data: rates, agreement, overlay, options and one record a patient."""
        patients = self.to_frame().astype(object)
        return {
            "rates": self.rates().to_dict("records"),
            "agreement": self.agreement().to_dict("records"),
            "overlay": self.overlay().to_dict("records"),
            "options": dict(self.options),
            "patients": patients.where(patients.notna(), None).to_dict("records"),
        }

    def __len__(self) -> int:
        return len(self.verdicts)

    def __repr__(self) -> str:
        return f"Hyperprogression({len(self)} patients, {len(self.definitions)} definitions)"


def hyperprogression(
    table: pd.DataFrame | Sizes,
    *,
    definitions: Any = None,
    pace: str = "relative",
    matos: str = "increase",
    kas_needs_pd: bool = False,
    unit: str = "mm",
    level: float = 0.95,
    method: str = "clopper-pearson",
) -> Hyperprogression:
    """Judge patients under definitions of hyperprogression.

    Parameters
    ----------
    table
        One row a patient; columns in the module's docstring.  `Sizes`, as `read_sizes` gives them,
        are judged by iRECIST first (see `from_sizes`).
    definitions
        Keys ("kato"), names ("Kato 2017") or `Definition` objects of your own; default: all.
    pace
        Pace of growth: "relative" (change of the sum relative to its start, per month), "tgk",
        "tgr" or "log".  The formula of Kato 2017 was not seen.
    matos
        Wording of the rule of Matos 2020: "increase" or "review".
    kas_needs_pd
        Whether the rule of Kas 2020 also asks for RECIST progression at the first evaluation.
    unit
        Of the sums: "mm" or "cm".
    level, method
        Of the intervals of rates; see `rpoint.stats.proportions`.

    Returns
    -------
    Hyperprogression

    Raises
    ------
    RpointError
        With every problem of the table, or for an unknown option.
    """
    known = all_definitions(matos=matos, kas_needs_pd=kas_needs_pd)
    chosen = choose(definitions, known)
    limits(0, 1, level=level, method=method)  # type: ignore[arg-type]  # refuses a wrong option
    if isinstance(table, Sizes):
        table = _of_sizes(table, unit)
    patients = read_patients(table, unit=unit)
    found = indices(patients, pace=pace)
    flags = find_flags(patients, found)
    verdicts, reasons = {}, {}
    for one in chosen:
        verdicts[one.key], reasons[one.key] = _judge(one, found, flags)
    names = patients[["patient"]]
    numbers = {name: values for name, values in found.items() if not name.endswith(AT_LEAST)}
    return Hyperprogression(
        chosen,
        names.join(pd.DataFrame(verdicts, index=names.index)),
        names.join(pd.DataFrame(reasons, index=names.index)),
        names.join(pd.DataFrame(numbers, index=names.index)),
        names.join(flags),
        patients["irecist"].to_numpy(),
        {"pace": pace, "matos": matos, "kas_needs_pd": kas_needs_pd, "level": level,
         "method": method},
    )  # fmt: skip


def _of_sizes(sizes: Sizes, unit: str) -> pd.DataFrame:
    """The table of patients of tumour sizes, with their iRECIST states."""
    from rpoint.endpoints.irecist import irecist

    if unit != "mm":
        raise RpointError("sizes are in mm once they are read", where="unit", found=unit)
    return from_sizes(sizes, irecist(sizes).visits)


def _judge(
    one: Definition, found: dict[str, np.ndarray], flags: pd.DataFrame
) -> tuple[pd.arrays.BooleanArray, np.ndarray]:
    """Verdicts of one definition and the reasons of those that are missing."""
    answer = judge(one.rule, found)
    no_pre = flags["no_pre_scan"].to_numpy()
    if one.needs_pre_scan:
        answer = np.where(no_pre, np.nan, answer)
    unknown = np.isnan(answer)
    reasons = np.full(len(answer), "", dtype=object)
    reasons[unknown] = _reasons(one, found, flags, unknown)
    yes = pd.array(np.where(unknown, 0, answer).astype(bool), dtype="boolean")
    yes[unknown] = pd.NA
    return yes, reasons


def _reasons(
    one: Definition, found: dict[str, np.ndarray], flags: pd.DataFrame, unknown: np.ndarray
) -> np.ndarray:
    """Why verdicts are missing: the scan, the ratio, else the facts that are not there."""
    own = {name: values[unknown] for name, values in found.items()}
    marks = flags[unknown]
    absent = {name: np.zeros(len(marks), bool) for name in one.indices}
    for leaf in leaves(one.rule):
        absent[leaf.index] |= np.isnan(judge(leaf, own))
    words = _missing(absent, marks["still_on_treatment"].to_numpy())
    if one.needs_pre_scan:
        facts = [gone for name, gone in absent.items() if name not in FROM_PRE]
        other = np.any(facts, axis=0) if facts else np.zeros(len(marks), bool)
        undefined = marks["not_growing_before"].to_numpy() & ~other
        words[undefined & bool(RATIOS.intersection(one.indices))] = NOT_GROWING
        words[marks["no_pre_scan"].to_numpy()] = NO_PRE
    return words


def _missing(absent: dict[str, np.ndarray], treated: np.ndarray) -> np.ndarray:
    """The names of what is missing, for each patient; each pattern is worded once."""
    names = list(absent)
    pattern = np.column_stack([*absent.values(), treated])
    kinds, which = np.unique(pattern, axis=0, return_inverse=True)
    words = []
    for *gone, running in kinds:
        listed = [name for name, missing in zip(names, gone, strict=True) if missing]
        if running and "ttf_months" in listed:
            listed[listed.index("ttf_months")] = "ttf_months (still on treatment)"
        words.append("missing: " + ", ".join(listed))
    return np.array(words, dtype=object)[which.ravel()] if words else np.array([], dtype=object)


def hyperprogression_columns() -> pd.DataFrame:
    """The columns of the table of patients: column, meaning."""
    return pd.DataFrame({"column": list(COLUMNS), "meaning": list(COLUMNS.values())})

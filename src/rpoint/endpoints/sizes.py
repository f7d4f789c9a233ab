"""`read_sizes`: anybody's table of tumour sizes, checked and tidy.

Three kinds of table are read, as CSV, Parquet or DataFrame:

lesions
    One row for each lesion and scan; at least patient, day, lesion, target, new, diameter_mm.
    Optional: organ, node (1: short axis), status (measured, too small, not evaluable, absent; for
    non-target and new lesions also present, increased, progression, equivocal), nontarget (the same
    words, for non-target lesions), method, visit (rows of one visit that were scanned on several
    days), arm.
sums
    One row for each scan; at least patient, day, sum_mm.  Optional: new (0/1), nontarget (CR,
    NON-CR/NON-PD, NE, PD), status, arm.
CDISC TR, alone or with TU
    USUBJID, TRDY or TRDTC, TRLNKID, TRTESTCD, TRSTRESN, TRSTRESU, TRSTRESC, TRSTAT, VISIT,
    TRMETHOD; TUORRES (or TRGRPID) and TULOC in the same table or in `tumours`.

Days count from the first dose (day 0) unless the patients table gives `first_dose_day`; dates need
`first_dose_date` (RFSTDTC) there.  Nothing is repaired: what is wrong is refused with its rows, and
what is odd is a warning in `Sizes.problems`.

Not supported: bidimensional measures, tumour markers, lesions that split or merge (keep one name
for the sum of the parts).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints import _lesions, _sums
from rpoint.endpoints._cdisc import one_row_a_lesion, with_tumours
from rpoint.endpoints._checks import Layout, check_lesions, layout
from rpoint.endpoints._columns import SIZES
from rpoint.endpoints._patients import COLUMNS, DAYS, ECOG, PatientRows, read_patients
from rpoint.endpoints._plausible import plausible
from rpoint.endpoints._problems import Problem, frame, refuse
from rpoint.endpoints._read import Table, load
from rpoint.endpoints._targets import target_sums
from rpoint.errors import RpointError, unknown_name

BLANKS = ("error", "not evaluable")


@dataclass(frozen=True, eq=False, repr=False)
class Sizes:
    """Tumour sizes of patients over time.

    Attributes
    ----------
    lesions
        patient, day, lesion, organ, target, new, node (0/1), diameter_mm, status, row; sorted by
        patient, day, lesion.  None if the table held sums.
    sums
        patient, day, sum_mm (of the targets of the baseline; NaN where one is not evaluable), and
        for a table of sums new and nontarget.  Scans before the baseline are kept.
    patients
        patient, arm, first_dose_day (0 unless given), stop_day, death_day, new_therapy_day,
        last_contact_day, ecog_baseline, ecog_2_months (worst of the first two months), and further
        columns of the patients table.  Patients without a scan are in it.
    problems
        Warnings of the checker; with `exclude_faulty` also the errors.
    excluded
        Patients left out for an error, by name.
    source
        Name of the file.
    """

    lesions: pd.DataFrame | None
    sums: pd.DataFrame
    patients: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    excluded: tuple[str, ...] = ()
    source: str = "the table"
    row_word: str = "row"
    _layout: Layout | None = None

    def to_frame(self) -> pd.DataFrame:
        """A copy of the lesions, or of the sums."""
        return (self.sums if self.lesions is None else self.lesions).copy()

    def check(self) -> pd.DataFrame:
        """The checker's findings, one line for each row that has one.

        Returns
        -------
        pandas.DataFrame
            severity, code, row, patients, what, found, mend.
        """
        return frame(self.problems)

    def summary(self) -> pd.Series:
        """How many patients, scans and lesions there are."""
        scanned = self.sums["patient"].nunique()
        counts = {
            "patients": len(self.patients),
            "with scans": scanned,
            "scans": len(self.sums),
            "lesions": 0 if self.lesions is None else _count_lesions(self.lesions),
            "warnings": sum(p.severity == "warning" for p in self.problems),
            "excluded": len(self.excluded),
        }
        return pd.Series(counts, name=self.source)

    def __repr__(self) -> str:
        kind = "sums" if self.lesions is None else "lesions"
        return (
            f"<Sizes: {len(self.sums)} scans of {self.sums['patient'].nunique()} patients "
            f"({kind}), {len(self.problems)} findings>"
        )


def _count_lesions(lesions: pd.DataFrame) -> int:
    return len(lesions[["patient", "lesion"]].drop_duplicates())


def read_sizes(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    unit: str | None = None,
    columns: Mapping[str, str] | None = None,
    patients: str | os.PathLike[str] | pd.DataFrame | None = None,
    patient_columns: Mapping[str, str] | None = None,
    tumours: str | os.PathLike[str] | pd.DataFrame | None = None,
    blanks: str = "error",
    exclude_faulty: bool = False,
    check_plausibility: bool = True,
) -> Sizes:
    """Read a table of tumour sizes, check it, and make it tidy.

    Parameters
    ----------
    source
        A CSV or Parquet file, or a DataFrame; see the module for the columns.
    unit
        "mm" or "cm"; left out if the column's name (diameter_mm) or a column `unit` says it.
    columns
        Our name to your column, for names that are not recognised: {"patient": "subj"}.
    patients
        Table with one row a patient: patient, first_dose_day, stop_day, death_day,
        new_therapy_day, last_contact_day, ecog_baseline, ecog_2_months, arm, or dates of the same
        names (first_dose_date, ...).
    patient_columns
        As `columns`, for the patients table.
    tumours
        CDISC TU, joined by patient and lesion.
    blanks
        "error", or "not evaluable": what a blank size without a status means.
    exclude_faulty
        Leave out, as a whole, the patients who have an error, instead of refusing the table; they
        are in `excluded`, their errors in `problems`.
    check_plausibility
        False: take sizes that jump as they are, for sizes that no hand has written down.

    Returns
    -------
    Sizes

    Raises
    ------
    RpointError
        With every problem of the table and its rows.
    """
    if blanks not in BLANKS:
        raise unknown_name("meaning of a blank", blanks, BLANKS, where="blanks")
    people = read_patients(patients, patient_columns)
    table = with_tumours(load(source, SIZES, columns), tumours)
    sums_only = "sum" in table.found and "diameter" not in table.found
    _need_columns(table, sums_only)
    if not sums_only and "test" in table.found:
        table = one_row_a_lesion(table)
    tidy, problems = _tidy(table, people, unit, blanks, sums_only)
    problems = [*_header_warnings(table), *_of_patients(people), *problems]
    start = _starts(tidy, people)
    problems += _between_rows(tidy, start, people, sums_only, check_plausibility)
    excluded: tuple[str, ...] = ()
    if exclude_faulty:
        tidy, people, excluded = _without_faulty(tidy, people, problems, table)
        start = _starts(tidy, people)
    else:
        mend = "mend the rows, or leave their patients out: exclude_faulty=True (--exclude-faulty)"
        refuse(problems, where=table.where, unit=table.row_word, mend=mend)
    return _sizes(table, tidy, people, start, problems, excluded, sums_only)


def _need_columns(table: Table, sums_only: bool) -> None:
    missing = (_sums if sums_only else _lesions).missing_columns(table)
    if not missing:
        return
    near = [f"{own} (did you mean {name}?)" for own, name in table.found.misspelt.items()]
    raise RpointError(
        f"the table lacks {'a column' if len(missing) == 1 else 'columns'}: {', '.join(missing)}",
        where=table.where,
        found=", ".join([*table.found.columns.values(), *table.found.ignored]),
        allowed="patient,day,lesion,target,new,diameter_mm for lesions; patient,day,sum_mm for "
        "sums; CDISC TR names",
        nearest=", ".join(near) or None,
        mend="rename the columns, or map them: columns={...} (--column OURS=YOURS)",
    )


def _tidy(
    table: Table, people: PatientRows, unit: str | None, blanks: str, sums_only: bool
) -> tuple[pd.DataFrame, list[Problem]]:
    if sums_only:
        return _sums.sum_rows(table, people, unit, blanks)
    made = _lesions.lesion_rows(table, people, unit, blanks)
    return made.frame, made.problems


def _header_warnings(table: Table) -> list[Problem]:
    return [
        Problem("column-ignored", "warning", f"column {own!r} is not read", f"did you mean {name}?")
        for own, name in table.found.misspelt.items()
    ]


def _of_patients(people: PatientRows) -> list[Problem]:
    """The patients table's problems, with its name in front of each."""
    return [
        Problem(
            p.code, p.severity, f"{people.where}: {p.what}", p.mend, p.rows, p.patients, p.found
        )  # fmt: skip
        for p in people.problems
    ]


def _starts(tidy: pd.DataFrame, people: PatientRows) -> np.ndarray:
    """(P,) first dose of the patients of a tidy table, 0 where nothing else is said."""
    names = tidy["patient"].cat.categories
    if people.frame is None:
        return np.zeros(len(names))
    known = people.frame.drop_duplicates("patient").set_index("patient")["first_dose_day"]
    known.index = known.index.astype(object)
    return known.reindex(names).fillna(0.0).to_numpy(dtype=float)


def _between_rows(
    tidy: pd.DataFrame, start: np.ndarray, people: PatientRows, sums_only: bool, careful: bool
) -> list[Problem]:
    # Visits cannot be made of rows without a day, which are errors already.
    undated = tidy.loc[tidy["day"].isna(), "patient"].unique()
    tidy = tidy[~tidy["patient"].isin(undated)].reset_index(drop=True)
    if not len(tidy):
        return []
    if sums_only:
        return _sums.check_sums(tidy, start, people)
    at = layout(tidy, start)
    odd = plausible(tidy, at, people) if careful else []
    return [*check_lesions(tidy, at), *odd]


def _without_faulty(
    tidy: pd.DataFrame, people: PatientRows, problems: list[Problem], table: Table
) -> tuple[pd.DataFrame, PatientRows, tuple[str, ...]]:
    faulty = {name for p in problems if p.severity == "error" for name in p.patients}
    whole = [p for p in problems if p.severity == "error" and (not p.patients or "" in p.patients)]
    refuse(whole, where=table.where, unit=table.row_word)
    kept = tidy[~tidy["patient"].isin(faulty)].reset_index(drop=True)
    if not len(kept):
        refuse(problems, where=table.where, unit=table.row_word, mend="no patient is left without")
    kept["patient"] = kept["patient"].cat.remove_unused_categories()
    if people.frame is not None:
        frame = people.frame[~people.frame["patient"].isin(faulty)].reset_index(drop=True)
        people = PatientRows(frame, people.origin, people.problems, people.where, people.row_word)
    return kept, people, tuple(sorted(faulty))


def _sizes(
    table: Table,
    tidy: pd.DataFrame,
    people: PatientRows,
    start: np.ndarray,
    problems: list[Problem],
    excluded: tuple[str, ...],
    sums_only: bool,
) -> Sizes:
    at = None
    if sums_only:
        sums, lesions = tidy, None
    else:
        lesions, at = tidy, layout(tidy, start)
        sums = target_sums(tidy, at)
    patients = _patient_frame(table, tidy, people)
    return Sizes(
        lesions, sums, patients, tuple(problems), excluded, table.where, table.row_word, at
    )


def _patient_frame(table: Table, tidy: pd.DataFrame, people: PatientRows) -> pd.DataFrame:
    if people.frame is not None:
        frame = people.frame.copy()
        frame["patient"] = frame["patient"].astype(object)
    else:
        names = np.asarray(tidy["patient"].cat.categories, dtype=object)
        frame = pd.DataFrame({"patient": names, "first_dose_day": 0.0})
        for name in (*DAYS, *ECOG):
            frame[name] = np.nan
    if "arm" in table.frame and "arm" not in frame:
        arms = pd.Series(table.frame["arm"].astype("string").fillna("").to_numpy(dtype=object))
        own = arms.groupby(np.asarray(_names(table), dtype=object)).first()
        frame["arm"] = own.reindex(frame["patient"]).fillna("").to_numpy()
    first = [name for name in COLUMNS if name in frame]
    return frame[[*first, *(name for name in frame if name not in first)]]


def _names(table: Table) -> pd.Categorical:
    from rpoint.endpoints._values import identifiers

    return identifiers(table.frame["patient"])[0]

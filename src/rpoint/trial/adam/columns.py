"""What stands in the tables of a virtual trial: columns, labels, units, types.

Names follow CDISC's ADaM (ADaMIG 1.3 and its structures for time to event, occurrences and basic
data), so that software for clinical trials reads the tables.  They are no submission data.  What a
simulation knows and a trial does not has a name of its own (REPL, PATIDX, TRUEVAL, SIMSTAT ...).

Days are CDISC study days: the first dose is day 1 and there is no day 0.  "Trial days" count from
the day on which the trial opens (day 0); no table holds a calendar date.  Toxicity grades are
numbers here, text in ADaM.  `rpoint.trial.adam.check.check_table` holds a table against these
columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "flag", "integer", "number"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        ADaM's name where it has one; at most eight letters.
    label
        What it holds.
    kind
        text, flag ("Y" or "N"), integer or number.
    unit
        Of its values; empty for none.
    needed
        Whether every table has it.
    filled
        Whether no cell may be empty.
    values
        The allowed values; empty for any.
    """

    name: str
    label: str
    kind: Kind
    unit: str = ""
    needed: bool = True
    filled: bool = True
    values: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """As one line of the data dictionary."""
        line: dict[str, object] = {"column": self.name, "label": self.label, "unit": self.unit}
        line |= {"type": self.kind, "empty_cells": not self.filled}
        return line | ({"values": list(self.values)} if self.values else {})


@dataclass(frozen=True)
class Dictionary:
    """One table: its name, what a row is, and its columns in their order."""

    name: str
    label: str
    row: str
    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(column.name for column in self.columns)


DAY = "study day"
TRIAL_DAY = "trial day"
RESPONSES = ("CR", "PR", "SD", "PD", "NON-CR/NON-PD", "NE", "NED")


def _text(name: str, label: str, *values: str, needed: bool = True, filled: bool = True) -> Column:
    return Column(name, label, "text", "", needed, filled, values)


def _flag(name: str, label: str, needed: bool = True, filled: bool = True) -> Column:
    return Column(name, label, "flag", "", needed, filled, ("Y", "N"))


def _int(name: str, label: str, unit: str = "", needed: bool = True, filled: bool = True) -> Column:
    return Column(name, label, "integer", unit, needed, filled)


def _num(name: str, label: str, unit: str = "", needed: bool = True, filled: bool = True) -> Column:
    return Column(name, label, "number", unit, needed, filled)


def _maybe_int(name: str, label: str, unit: str = "") -> Column:
    """May be absent; may have empty cells."""
    return _int(name, label, unit, needed=False, filled=False)


def _maybe_num(name: str, label: str, unit: str = "") -> Column:
    return _num(name, label, unit, needed=False, filled=False)


def _maybe_text(name: str, label: str, *values: str) -> Column:
    return _text(name, label, *values, needed=False, filled=False)


KEYS = (
    _text("STUDYID", "Study Identifier"),
    _text("USUBJID", "Unique Subject Identifier: study, replicate, number within it"),
    _int("REPL", "Replicate of the trial, from 0"),
    _int("PATIDX", "Patient's number over all replicates, from 0: keys the random numbers"),
    _text("TRT01P", "Planned Treatment: the arm"),
)
_VISIT = (
    _text("AVISIT", "Analysis Visit"),
    _num("AVISITN", "Analysis Visit (N): weeks of the schedule, 0 for baseline", "week"),
    _int("ADY", "Analysis Relative Day: when it took place", DAY),
    _maybe_int("ADT", "Analysis Date", TRIAL_DAY),
)

ADSL = Dictionary("adsl", "Subject-Level Analysis", "one row for each patient", (
    *KEYS,
    _text("TRT01A", "Actual Treatment", filled=False),
    _flag("SAFFL", "Safety Population Flag: took one dose or more"),
    _flag("EFFFL", "Efficacy Population Flag: the analysis set of the trial file"),
    _flag("ITTFL", "Intent-to-Treat Population Flag", needed=False),
    _text("SIMSTAT", "Status of the simulation: ok, or why this patient has no course"),
    _maybe_int("DRAW", "Number of the parameter draw of this replicate, from 0"),
    _int("ENRLDT", "Date of Enrolment", TRIAL_DAY),
    _int("TRTSDT", "Date of First Exposure to Treatment", TRIAL_DAY, filled=False),
    _int("TRTEDY", "Relative Day of Last Exposure to Treatment", DAY, filled=False),
    _text("DCTREAS", "Reason for Discontinuation of Treatment; empty while on treatment",
          filled=False),
    _int("EOSDY", "Relative Day of End of Study: death, drop-out or last contact", DAY),
    _text("DCSREAS", "Reason for Discontinuation from Study; empty while in study",
          filled=False),
    _flag("DTHFL", "Subject Death Flag"),
    _int("DTHADY", "Relative Day of Death", DAY, filled=False),
    _text("TUMTYPE", "Tumour type"),
    _int("LINE", "Line of therapy, 1 = first for advanced disease"),
    _text("ALTER", "Genomic alterations, separated by semicolons; empty for none",
          filled=False),
    _maybe_text("CNGENE", "Gene whose copies decide on eligibility"),
    _maybe_num("CNTRUE", "True copies of this gene", "copies per cell"),
    _maybe_num("CNLOCAL", "Copies by the local assay", "copies per cell"),
    _maybe_num("CNCENTR", "Copies by the central assay", "copies per cell"),
    _num("SLDBL", "Baseline sum of diameters of target lesions, as read", "mm", filled=False),
    _int("NTLBL", "Number of target lesions at baseline"),
    # These four are empty in an arm that is drawn from a published curve: nobody has tumours there.
    _flag("VISCFL", "Visceral disease", needed=False, filled=False),
    _flag("PRIORFL", "Treated before with the trial's earlier regimen", needed=False, filled=False),
    _flag("MEASFL", "Measurable disease", needed=False, filled=False),
    _flag("DREDFL", "Dose reduced at least once", needed=False, filled=False),
    _maybe_num("EXPOSURE", "Average exposure to the first drug over that of a typical patient"),
    _maybe_num("PAKTBL", "Phospho-AKT of the tumour before treatment, share of its maximum"),
    _maybe_int("ECOGBL", "Baseline ECOG performance status"),
    _maybe_num("DBTIME", "Doubling time of the untreated tumour", "day"),
    _maybe_int("NSCREEN", "Patients screened to find this one"),
    _maybe_num("WEIGHT", "Weight of the patient in the population"),
    _maybe_text("NEXTTRT", "Treatment of the next line; empty for none"),
    _maybe_int("NEXTDY", "Relative Day of the start of the next line", DAY),
))  # fmt: skip

ADTR = Dictionary("adtr", "Tumour Results", "one row for each visit and lesion, and sum", (
    *KEYS,
    _text("PARAMCD", "Parameter Code", "LDIAM", "SAXIS", "SUMDIAM", "TUMSTATE"),
    _text("TRLNKID", "Lesion; empty for a sum", filled=False),
    _text("TRGRPID", "Group of the lesion", "TARGET", "NON-TARGET", "NEW"),
    _maybe_text("TRLOC", "Location of the lesion"),
    *_VISIT,
    _num("AVAL", "Analysis Value: diameter as read", "mm", filled=False),
    _text("AVALC", "Analysis Value (C): state of a lesion that is not measured", needed=False,
          filled=False),
    _maybe_num("BASE", "Baseline Value", "mm"),
    _maybe_num("PCHG", "Percent Change from Baseline", "%"),
    _maybe_num("TRUEVAL", "Diameter without reading error", "mm"),
))  # fmt: skip

ADRS = Dictionary("adrs", "Tumour Response", "one row for each visit, and best responses", (
    *KEYS,
    _text("PARAMCD", "Parameter Code: response at a visit, best response unconfirmed, confirmed",
          "OVRLRESP", "BESTRSP", "CBESTRSP"),
    _maybe_text("PARCAT1", "Parameter Category 1: the criteria"),
    _text("AVISIT", "Analysis Visit; empty for best responses", filled=False),
    _num("AVISITN", "Analysis Visit (N); empty for best responses", "week", filled=False),
    _int("ADY", "Analysis Relative Day: the scan, or the scan that gave the best response", DAY,
         filled=False),
    _maybe_int("ADT", "Analysis Date", TRIAL_DAY),
    _text("AVALC", "Analysis Value (C): the response", *RESPONSES),
    _maybe_num("PCHG", "Percent change of the sum from baseline; for best responses the best",
               "%"),
))  # fmt: skip

ADTTE = Dictionary("adtte", "Time-to-Event Analysis", "one row for each patient and endpoint", (
    *KEYS,
    _text("PARAMCD", "Parameter Code: progression-free and overall survival, duration of response, "
          "time to progression, time to discontinuation", "PFS", "OS", "DOR", "TTP", "TTD"),
    _text("PARAM", "Parameter", needed=False),
    _num("AVAL", "Analysis Value: the time", "day"),
    _text("AVALU", "Analysis Value Unit", "DAYS"),
    Column("CNSR", "Censor: 0 event, 1 censored", "integer", "", values=("0", "1")),
    _text("EVNTDESC", "Event or Censoring Description"),
    _int("STARTDY", "Relative Day of the Origin of the time", DAY),
    _int("ADY", "Analysis Relative Day: the event or the censoring", DAY),
    _maybe_int("STARTDT", "Time-to-Event Origin Date", TRIAL_DAY),
    _maybe_int("ADT", "Analysis Date", TRIAL_DAY),
))  # fmt: skip

ADAE = Dictionary("adae", "Adverse Events Analysis", "one row for each event", (
    *KEYS,
    _text("AETERM", "Reported Term for the Adverse Event (CTCAE v5.0)"),
    _int("ATOXGR", "Analysis Toxicity Grade: the worst of the event (CTCAE v5.0)"),
    _int("ASTDY", "Analysis Start Relative Day", DAY),
    _int("AENDY", "Analysis End Relative Day; empty if it goes on", DAY, filled=False),
    _int("ADURN", "Analysis Duration; empty if it goes on", "day", filled=False),
    _num("SEVDURN", "Days at grade 3 or worse; empty for milder events", "day", filled=False),
    _maybe_text("AECAT", "Category: blood count, or other"),
    _maybe_text("AEREL", "Drug that it is attributed to"),
    _maybe_text("AEACN", "Action Taken with Study Treatment"),
    _flag("TRTEMFL", "Treatment Emergent Flag", needed=False),
))  # fmt: skip

ADEX = Dictionary("adex", "Exposure Analysis", "one row for each interval of one daily dose", (
    *KEYS,
    _text("EXTRT", "Name of Treatment: the drug"),
    _num("EXDOSE", "Dose taken on each day of the interval; 0 while held"),
    _text("EXDOSU", "Dose Units"),
    _maybe_num("EXPDOSE", "Planned dose on these days, in the same unit"),
    _int("ASTDY", "Analysis Start Relative Day", DAY),
    _int("AENDY", "Analysis End Relative Day", DAY),
    _text("EXADJ", "Reason for Dose Adjustment; empty for a dose as planned", filled=False),
))  # fmt: skip

ADLB = Dictionary("adlb", "Laboratory Analysis", "one row for each sample and analyte", (
    *KEYS,
    _text("PARAMCD", "Parameter Code: neutrophils, platelets, haemoglobin, leukocytes", "NEUT",
          "PLAT", "HGB", "WBC"),
    _maybe_text("AVISIT", "Analysis Visit"),
    _int("ADY", "Analysis Relative Day", DAY),
    _num("AVAL", "Analysis Value, in the unit of AVALU"),
    _text("AVALU", "Analysis Value Unit", "10^9/L", "g/dL"),
    _int("ATOXGRL", "Analysis Toxicity Grade Low (CTCAE v5.0), 0 for none"),
    _maybe_num("BASE", "Baseline Value, in the unit of AVALU"),
))  # fmt: skip

TABLES: dict[str, Dictionary] = {
    table.name: table for table in (ADSL, ADTR, ADRS, ADTTE, ADAE, ADEX, ADLB)
}

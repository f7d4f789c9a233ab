"""Which column holds what: our names, the names of other people's tables, CDISC TU, TR and RS.

A name is recognised in any letter case, with or without `_`, `-`, spaces and dots.  A unit at its
end (`diameter_cm`, `sum_mm`, `time_weeks`) is read as the unit of the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rpoint.errors import RpointError, nearest_name, unknown_name

# Canonical name -> other names.  The first of a row that a table holds is taken.
SIZES: dict[str, tuple[str, ...]] = {
    "patient": (
        "patient", "patient_id", "usubjid", "subject", "subject_id", "subjid", "mouse", "mouse_id",
        "id",
    ),
    "day": ("day", "days", "study_day", "visit_day", "scan_day", "time_d", "time_days", "ady"),
    "study_day": ("trdy", "rsdy"),  # CDISC: day 1 is the first dose, there is no day 0
    "weeks": ("weeks", "week", "time_weeks", "time_w"),
    "date": ("date", "scan_date", "visit_date", "trdtc", "adt"),
    "visit": ("visitnum", "visit", "timepoint", "time_point"),
    "lesion": ("lesion", "lesion_id", "lesion_no", "trlnkid", "tulnkid", "lnkid"),
    "organ": ("organ", "site", "location", "tuloc"),
    "target": ("target", "is_target", "target_lesion"),
    "new": ("new", "is_new", "new_lesion", "new_lesions"),
    "kind": ("kind", "lesion_type", "tuorres", "tustresc", "trgrpid"),
    "node": ("node", "is_node", "lymph_node", "nodal"),
    "diameter": (
        "diameter", "diam", "size", "longest_diameter", "trstresn", "measurement", "length",
    ),
    "sum": ("sum", "sld", "sod", "sum_of_diameters", "sum_diameters", "sumdiam", "target_sum"),
    "volume": ("volume", "tumour_volume", "tumor_volume"),
    "status": ("status", "state", "lesion_status"),
    "nontarget": ("nontarget", "non_target", "nontarget_response", "ntrgresp", "assessment"),
    "method": ("method", "modality", "trmethod"),
    "unit": ("unit", "units", "trstresu", "trorresu"),
    "test": ("trtestcd", "test"),
    "result": ("trstresc", "trorres"),
    "done": ("trstat",),
    "arm": ("arm", "treatment", "actarm", "trt01a", "cohort", "study_arm", "study"),
}  # fmt: skip

PATIENTS: dict[str, tuple[str, ...]] = {
    "patient": SIZES["patient"],
    "arm": SIZES["arm"],
    "first_dose_day": ("first_dose_day", "first_dose", "start_day"),
    "first_dose_date": ("first_dose_date", "rfstdtc", "trtsdt", "rfxstdtc", "trtsdtm"),
    "stop_day": ("stop_day", "discontinuation_day", "treatment_stop_day", "end_of_treatment_day"),
    "stop_date": ("stop_date", "trtedt", "rfxendtc", "discontinuation_date"),
    "death_day": ("death_day", "dthdy"),
    "death_date": ("death_date", "dthdtc", "dthdt"),
    "new_therapy_day": ("new_therapy_day", "new_treatment_day", "subsequent_therapy_day"),
    "new_therapy_date": ("new_therapy_date", "subsequent_therapy_date", "newtrtdt"),
    "last_contact_day": ("last_contact_day", "last_known_alive_day", "lstalvdy"),
    "last_contact_date": ("last_contact_date", "lstalvdt", "last_known_alive_date"),
    "ecog_baseline": ("ecog_baseline", "ecog", "baseline_ecog", "ecogbl"),
    "ecog_2_months": ("ecog_2_months", "ecog_worst_2_months", "ecog_8_weeks", "ecog_worst"),
}

MM_PER = {"mm": 1.0, "cm": 10.0}
_SUFFIX = re.compile(r"^(?P<stem>.+?)_?(?P<unit>mm3|mm|cm)$")


@dataclass(frozen=True)
class Found:
    """What a table's header says.

    Attributes
    ----------
    columns
        Canonical name to the table's own name.
    unit
        Unit named by the column of the size ("mm", "cm", "mm3"), else None.
    ignored
        The table's columns that nothing is read from.
    misspelt
        Ignored column to the name that it is probably meant to be.
    """

    columns: dict[str, str]
    unit: str | None
    ignored: tuple[str, ...]
    misspelt: dict[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.columns


def recognise(
    header: Iterable[object],
    known: Mapping[str, tuple[str, ...]],
    given: Mapping[str, str] | None = None,
    *,
    where: str,
) -> Found:
    """Find the columns of a table.

    Parameters
    ----------
    header
        The table's column names.
    known
        `SIZES` or `PATIENTS`.
    given
        The user's own mapping, canonical name to column: it goes before what is recognised.

    Raises
    ------
    RpointError
        For two columns of one name, or a mapping to or from a name that does not exist.
    """
    names = [str(name) for name in header]
    _refuse_repeated(names, where)
    columns = _given(names, known, given or {}, where)
    stems = {name: _stem(name) for name in names if name not in columns.values()}
    for canonical, others in known.items():
        if canonical not in columns:
            hit = _first(others, stems)
            if hit is not None:
                columns[canonical] = hit
                stems.pop(hit)
    size = next((c for c in ("diameter", "sum", "volume") if c in columns), None)
    unit = _stem(columns[size])[1] if size else None
    ignored = tuple(name for name in names if name not in columns.values())
    return Found(columns, unit, ignored, _misspelt(ignored, known, columns))


def _refuse_repeated(names: list[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RpointError(
                "two columns have the same name", where=where, found=name, mend="rename one"
            )
        seen.add(name)


def _given(
    names: list[str], known: Mapping[str, tuple[str, ...]], given: Mapping[str, str], where: str
) -> dict[str, str]:
    for canonical, column in given.items():
        if canonical not in known:
            raise unknown_name("kind of column", canonical, known, where=where)
        if column not in names:
            raise unknown_name("column", column, names, where=where)
    return dict(given)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _stem(name: str) -> tuple[str, str | None]:
    """A column's name without its unit, and the unit."""
    text = re.sub(r"[\s.()\[\]-]+", "_", name.strip().casefold()).strip("_")
    match = _SUFFIX.match(text)
    if match and len(match["stem"]) > 1:
        return match["stem"], match["unit"]
    return text, None


def _first(others: tuple[str, ...], stems: dict[str, tuple[str, str | None]]) -> str | None:
    for other in others:
        for name, (stem, _) in stems.items():
            if _plain(other) in (_plain(name), _plain(stem)):
                return name
    return None


def _misspelt(
    ignored: tuple[str, ...], known: Mapping[str, tuple[str, ...]], columns: dict[str, str]
) -> dict[str, str]:
    """Ignored columns that look like a name which the table lacks."""
    lacking = [name for name in known if name not in columns and len(name) > 3]
    words = {_plain(word) for others in known.values() for word in others}
    found = {}
    for name in ignored:
        if _plain(_stem(name)[0]) in words or _plain(name) in words:
            continue  # a name that we know, beside another of the same meaning
        near = nearest_name(_stem(name)[0], lacking)
        if near is not None and abs(len(near) - len(_stem(name)[0])) < 3:
            found[name] = near
    return found

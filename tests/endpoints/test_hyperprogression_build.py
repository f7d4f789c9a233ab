"""From lesion tables to hyperprogression: scans, times, new lesions, iRECIST states."""

import numpy as np
import pandas as pd
import pytest

from rpoint.endpoints.hyperprogression import from_sizes, hyperprogression
from rpoint.endpoints.irecist import irecist
from rpoint.endpoints.recist import recist
from rpoint.endpoints.sizes import read_sizes
from rpoint.errors import RpointError

# Patient A: the "accelerating" example; B: no scan before baseline, dies; C: taken back by iRECIST.
LESIONS = [
    # patient, day, lesion, organ, target, new, diameter
    ("A", -60, "1", "lung", 1, 0, 40), ("A", 0, "1", "lung", 1, 0, 44),
    ("A", 49, "1", "lung", 1, 0, 75), ("A", 49, "2", "liver", 0, 1, 12),
    ("A", 49, "3", "lung", 0, 1, 11),
    ("B", 0, "1", "lung", 1, 0, 30), ("B", 40, "1", "lung", 1, 0, 47),
    ("C", 0, "1", "skin", 1, 0, 50), ("C", 42, "1", "skin", 1, 0, 80),
    ("C", 84, "1", "skin", 1, 0, 20),
]  # fmt: skip
PEOPLE = pd.DataFrame(
    {"patient": ["A", "B", "C"], "stop_day": [50, np.nan, np.nan],
     "death_day": [np.nan, 41, np.nan], "last_contact_day": [120, np.nan, 300],
     "ecog_baseline": [0, 1, 1], "ecog_2_months": [1, 3, 1]}
)  # fmt: skip


def sizes(shift: float = 0.0):
    columns = ["patient", "day", "lesion", "organ", "target", "new", "diameter_mm"]
    table = pd.DataFrame(LESIONS, columns=columns)
    people = PEOPLE.copy()
    if shift:
        table["day"] += shift
        people["first_dose_day"] = shift
        for name in ("stop_day", "death_day", "last_contact_day"):
            people[name] += shift
    return read_sizes(table, patients=people)


@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_the_table_of_patients(shift):
    table = from_sizes(sizes(shift)).set_index("patient")
    a, b, c = (table.loc[name] for name in "ABC")
    assert a[["s_pre", "day_pre", "s_base", "day_base", "s_first", "day_first"]].tolist() == [
        40, -60, 44, 0, 75, 49
    ]  # fmt: skip
    assert a[["ttf_days", "ttf_event", "ecog_worsening"]].tolist() == [50, 1, 1]
    assert a[["new_in_involved_organ", "new_organ", "organs_with_new"]].tolist() == [1, 1, 2]
    assert a["first_response"] == "PD" and a["pd_day"] == 49 and a["new_lesion"] == 1
    assert b[["ttf_days", "ttf_event", "death_day"]].tolist() == [41, 1, 41]
    assert np.isnan(b["s_pre"]) and b["organs_with_new"] == 0 and b["ecog_worsening"] == 2
    assert c[["ttf_days", "ttf_event"]].tolist() == [300, 0] and c["pd_day"] == 42


def test_verdicts_from_lesions_are_those_of_the_worked_patient():
    result = hyperprogression(from_sizes(sizes()))
    row = result.verdicts.set_index("patient").loc["A"]
    keys = ["champiat", "saada_bouzid", "kato", "nanchang", "ferrara", "lo_russo", "kas", "kim"]
    assert row[keys].tolist() == [True] * len(keys)
    assert not bool(row["fast_progression"])  # its first scan is at day 49
    dead = result.verdicts.set_index("patient").loc["B"]
    assert bool(dead["early_death"]) and pd.isna(dead["kato"])


def test_irecist_marks_pseudoprogression():
    whole = sizes()
    table = from_sizes(whole, irecist(whole).visits).set_index("patient")
    assert table["irecist"].to_dict() == {"A": "iUPD", "B": "iUPD", "C": "iPR"}
    overlay = hyperprogression(table.reset_index(), definitions="fast_progression").overlay()
    assert overlay.loc[0, ["yes", "pseudoprogression", "not_confirmed"]].tolist() == [2, 1, 1]


def test_sizes_are_judged_as_they_are():
    direct = hyperprogression(sizes())
    assert direct.states.tolist() == ["IUPD", "IUPD", "IPR"]
    assert direct.verdicts.equals(hyperprogression(from_sizes(sizes())).verdicts)
    with pytest.raises(RpointError, match="mm once they are read"):
        hyperprogression(sizes(), unit="cm")


def test_a_table_of_sums_knows_no_organs():
    sums = pd.DataFrame(
        {"patient": ["A"] * 3, "day": [-60, 0, 49], "sum_mm": [40.0, 44.0, 75.0]}
    )
    table = from_sizes(read_sizes(sums))
    assert table.loc[0, "s_pre"] == 40 and np.isnan(table.loc[0, "new_organ"])
    assert "ttf_days" not in table  # nobody has a stop day
    result = hyperprogression(table)
    assert bool(result.verdicts.loc[0, "champiat"]) and pd.isna(result.verdicts.loc[0, "kato"])


def test_unnamed_organs_leave_the_place_of_a_new_lesion_unknown():
    columns = ["patient", "day", "lesion", "target", "new", "diameter_mm"]
    table = pd.DataFrame(
        [("A", 0, "1", 1, 0, 40), ("A", 49, "1", 1, 0, 44), ("A", 49, "2", 0, 1, 12),
         ("B", 0, "1", 1, 0, 40), ("B", 49, "1", 1, 0, 44)], columns=columns
    )  # fmt: skip
    found = from_sizes(read_sizes(table)).set_index("patient")
    assert np.isnan(found.loc["A", "new_organ"]) and found.loc["B", "new_organ"] == 0


def test_a_first_scan_whose_targets_cannot_be_measured():
    columns = ["patient", "day", "lesion", "target", "new", "diameter_mm", "status"]
    table = pd.DataFrame(
        [("A", 0, "1", 1, 0, 40, "measured"), ("A", 42, "1", 1, 0, None, "not evaluable"),
         ("A", 42, "2", 0, 1, 12, "measured"),
         ("B", 0, "1", 1, 0, 40, "measured"), ("B", 42, "1", 1, 0, None, "not evaluable"),
         ("B", 84, "1", 1, 0, 60, "measured")], columns=columns
    )  # fmt: skip
    found = from_sizes(read_sizes(table)).set_index("patient")
    assert found.loc["A", "day_first"] == 42 and np.isnan(found.loc["A", "s_first"])
    assert found.loc["A", "first_response"] == "PD"  # by the new lesion
    assert found.loc["B", "day_first"] == 84  # the first that is evaluable
    result = hyperprogression(found.reset_index())
    assert pd.isna(result.verdicts.loc[0, "fast_progression"])


def test_visits_that_are_not_judged_are_refused():
    whole = sizes()
    with pytest.raises(RpointError, match="at_visit"):
        from_sizes(whole, recist(whole).visits.drop(columns="at_visit"))

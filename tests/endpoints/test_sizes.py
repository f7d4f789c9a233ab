"""Reading tables of sizes: names, units, CDISC, dates, visits, patients."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rpoint as rp
from rpoint.errors import RpointError

LEAST = """patient,day,lesion,target,new,diameter_mm
A,0,1,1,0,50
A,0,2,1,0,30
A,42,1,1,0,35
A,42,2,1,0,20
A,84,1,1,0,33
A,84,2,1,0,21
A,84,3,0,1,12
B,-3,1,1,0,25
B,44,1,1,0,26
"""


def frame(text=LEAST):
    return pd.read_csv(io.StringIO(text))


def verdicts(sizes):
    best = rp.recist(sizes).best_overall_response()
    return best.table[["patient", "bor_any", "bor_confirmed"]].astype(str).to_numpy().tolist()


def test_the_least_table(tmp_path):
    path = tmp_path / "sizes.csv"
    path.write_text(LEAST, encoding="utf-8")
    sizes = rp.read_sizes(path)
    assert sizes.check().empty
    assert list(sizes.sums["sum_mm"]) == [80, 55, 54, 25, 26]
    assert list(sizes.patients["first_dose_day"]) == [0, 0]
    assert verdicts(sizes) == [["A", "PR", "SD"], ["B", "SD", "SD"]]
    assert sizes.summary()["lesions"] == 4
    assert "5 scans of 2 patients (lesions)" in repr(sizes)


def test_csv_parquet_and_frames_are_one(tmp_path):
    table = frame()
    table.to_csv(tmp_path / "s.csv", index=False)
    table.to_parquet(tmp_path / "s.parquet")
    expected = rp.read_sizes(table).lesions.drop(columns="row")
    for name in ("s.csv", "s.parquet"):
        found = rp.read_sizes(tmp_path / name).lesions.drop(columns="row")
        pd.testing.assert_frame_equal(found, expected, check_categorical=False)


def test_a_byte_order_mark_spaces_and_blank_words_are_read(tmp_path):
    path = tmp_path / "s.csv"
    text = "\ufeffPatient ID, Day,SUM (mm),status\n001,0,50,\n001,42,.,NE\n002,0,40,\n002,40,41,\n"
    path.write_text(text, encoding="utf-8")
    sizes = rp.read_sizes(path)
    assert list(sizes.sums["patient"].unique()) == ["001", "002"]  # the zeros stay
    assert np.isnan(sizes.sums["sum_mm"].iloc[1])


@pytest.mark.parametrize(
    "names",
    [
        ["USUBJID", "day", "Lesion ID", "Is Target", "New-Lesion", "Longest Diameter (mm)"],
        ["subject_id", "TIME_D", "lesion_no", "target_lesion", "is_new", "size_mm"],
        ["mouse", "ADY", "LNKID", "target", "new", "diam_mm"],
    ],
)
def test_other_peoples_names_are_recognised(names):
    table = frame().set_axis(names, axis=1)
    assert verdicts(rp.read_sizes(table)) == verdicts(rp.read_sizes(frame()))


def test_columns_can_be_mapped():
    table = frame().rename(columns={"patient": "who", "diameter_mm": "x"})
    sizes = rp.read_sizes(table, columns={"patient": "who", "diameter": "x"}, unit="mm")
    assert verdicts(sizes) == verdicts(rp.read_sizes(frame()))
    with pytest.raises(RpointError, match="unknown column 'whom'"):
        rp.read_sizes(table, columns={"patient": "whom"})
    with pytest.raises(RpointError, match="unknown kind of column 'pat'"):
        rp.read_sizes(table, columns={"pat": "who"})


def test_flags_and_kinds_in_words():
    table = frame()
    kinds = np.where(table["new"] == 1, "NEW", np.where(table["target"] == 1, "TARGET", "x"))
    by_kind = table.drop(columns=["target", "new"]).assign(TUORRES=kinds)
    words = table.assign(target=table["target"].map({1: "Y", 0: "N"}),
                         new=table["new"].map({1: True, 0: False}))  # fmt: skip
    for one in (by_kind, words):
        assert verdicts(rp.read_sizes(one)) == verdicts(rp.read_sizes(table))


def centimetres(table):
    return table.assign(diameter_mm=table["diameter_mm"] / 10)


def test_units_stated_in_any_way_change_nothing():
    expected = rp.recist(rp.read_sizes(frame())).visits
    cm = centimetres(frame())
    plain = cm.rename(columns={"diameter_mm": "diameter"})
    for sizes in (
        rp.read_sizes(cm.rename(columns={"diameter_mm": "diameter_cm"})),
        rp.read_sizes(plain, unit="cm"),
        rp.read_sizes(plain.assign(unit="cm")),
    ):
        pd.testing.assert_frame_equal(rp.recist(sizes).visits, expected, rtol=1e-12)
    mixed = frame().rename(columns={"diameter_mm": "diameter"}).assign(unit="mm")
    mixed["diameter"] = mixed["diameter"].astype(float)
    mixed.loc[2, ["diameter", "unit"]] = [3.5, "cm"]
    found = rp.recist(rp.read_sizes(mixed)).visits
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_weeks_and_study_days_become_days():
    table = frame("patient,weeks,sum_mm\nA,0,50\nA,8.119,40\n")
    assert list(rp.read_sizes(table).sums["day"]) == [0, 57]
    table = frame("USUBJID,TRDY,sum_mm\nA,-3,50\nA,1,52\nA,43,40\n")
    assert list(rp.read_sizes(table).sums["day"]) == [-3, 0, 42]


def test_dates_count_from_the_first_dose():
    table = frame("patient,scan_date,sum_mm\nA,2023-12-30,50\nA,2024-02-29T10:15,40\n")
    people = pd.DataFrame({"patient": ["A"], "RFSTDTC": ["2024-01-01"],
                           "death_date": ["2024-03-01"]})  # fmt: skip
    sizes = rp.read_sizes(table, patients=people)
    assert list(sizes.sums["day"]) == [-2, 59]
    assert sizes.patients.loc[0, "death_day"] == 60
    with pytest.raises(RpointError, match="dates cannot be counted"):
        rp.read_sizes(table)


def test_scans_of_one_visit_are_one_time_point():
    table = frame(
        "patient,day,visit,lesion,target,new,diameter_mm\n"
        "A,-9,BL,1,1,0,50\nA,-4,BL,2,1,0,30\nA,42,W6,1,1,0,30\nA,45,W6,2,1,0,20\n"
    )
    sums = rp.read_sizes(table).sums
    assert list(sums["day"]) == [-9, 42] and list(sums["sum_mm"]) == [80, 50]
    with pytest.raises(RpointError, match="not at the baseline visit"):
        rp.read_sizes(table.drop(columns="visit"))


TR = """USUBJID,TRLNKID,TRTESTCD,TRSTRESN,TRSTRESC,TRSTRESU,TRSTAT,TRDY,VISITNUM
A,T01,LDIAM,50,50,mm,,-5,0
A,T02,SAXIS,18,18,mm,,-5,0
A,T02,LDIAM,25,25,mm,,-5,0
A,NT01,TUMSTATE,,PRESENT,,,-5,0
A,TS,SUMDIAM,68,68,mm,,-5,0
A,T01,LDIAM,30,30,mm,,43,1
A,T02,SAXIS,9,9,mm,,43,1
A,T02,LDIAM,15,15,mm,,43,1
A,NT01,TUMSTATE,,ABSENT,,,43,1
A,T01,LDIAM,,TOO SMALL TO MEASURE,,,85,2
A,T02,SAXIS,,,,NOT DONE,85,2
A,NT01,TUMSTATE,,UNEQUIVOCAL PROGRESSION,,,85,2
A,N01,LDIAM,14,14,mm,,85,2
"""
TU = """USUBJID,TULNKID,TUORRES,TULOC
A,T01,TARGET,LIVER
A,T02,TARGET,LYMPH NODE
A,NT01,NON-TARGET,LUNG
A,N01,NEW,BONE
"""


def test_cdisc_tr_and_tu():
    tr = frame(TR)
    sizes = rp.read_sizes(tr[tr["TRLNKID"] != "TS"], tumours=frame(TU))
    visits = rp.recist(sizes).visits
    assert list(visits["day"]) == [-5, 42, 84]
    assert list(visits["sum_mm"].fillna(-1)) == [68, 39, -1]  # the short axis of the node
    assert list(visits["nontarget"]) == ["NON-CR/NON-PD", "CR", "PD"]
    assert list(visits["new"]) == [0, 0, 1]
    assert list(visits["overall"]) == ["", "PR", "PD"]
    assert set(sizes.lesions["organ"]) == {"liver", "lymph node", "lung", "bone"}


def test_rows_of_other_tests_are_left_out():
    merged = frame(TR).merge(frame(TU).rename(columns={"TULNKID": "TRLNKID"}), how="left")
    sizes = rp.read_sizes(merged)
    assert "TS" not in set(sizes.lesions["lesion"])


def test_a_lymph_node_is_read_as_a_node_and_said_to_be():
    table = frame().assign(organ=["Lymph node", "liver"] * 4 + ["lung"])
    sizes = rp.read_sizes(table.iloc[:6])
    assert list(sizes.lesions["node"])[:2] == [1, 0]
    assert "node-by-organ" in set(sizes.check()["code"])


def test_patients_without_a_scan_are_kept_and_extra_columns_too():
    people = pd.DataFrame({"patient": ["A", "B", "C"], "arm": ["x", "x", "y"], "ecog": [0, 1, 2],
                           "site_no": [7, 7, 8]})  # fmt: skip
    sizes = rp.read_sizes(frame(), patients=people)
    assert list(sizes.patients["patient"]) == ["A", "B", "C"]
    assert list(sizes.patients["ecog_baseline"]) == [0, 1, 2]
    assert list(sizes.patients["site_no"]) == [7, 7, 8]
    best = rp.recist(sizes).best_overall_response()
    assert list(best.table["scans"]) == [2, 1, 0]
    rates = best.orr_by("arm", of="all")
    assert rates[["arm", "response", "x", "n"]].to_numpy().tolist() == [
        ["x", "any", 1, 2], ["x", "confirmed", 0, 2], ["y", "any", 0, 1], ["y", "confirmed", 0, 1],
    ]  # fmt: skip


def test_a_first_dose_day_moves_the_baseline():
    people = pd.DataFrame({"patient": ["A", "B"], "first_dose_day": [42, 0]})
    table = frame().query("lesion != 3")
    visits = rp.recist(rp.read_sizes(table, patients=people)).visits
    assert list(visits["phase"])[:3] == ["before", "baseline", "treatment"]


def test_a_blank_needs_a_meaning():
    table = frame()
    table.loc[3, "diameter_mm"] = None
    with pytest.raises(RpointError, match="diameter is blank"):
        rp.read_sizes(table)
    sizes = rp.read_sizes(table, blanks="not evaluable")
    assert np.isnan(sizes.sums["sum_mm"].iloc[1])
    with pytest.raises(RpointError, match="unknown meaning of a blank"):
        rp.read_sizes(table, blanks="zero")


def test_faulty_patients_can_be_left_out_and_are_named():
    table = frame()
    table.loc[8, "diameter_mm"] = -1
    sizes = rp.read_sizes(table, exclude_faulty=True)
    assert sizes.excluded == ("B",)
    assert list(sizes.patients["patient"]) == ["A"]
    found = sizes.check()
    assert found.loc[0, ["severity", "code", "row", "patients"]].tolist() == [
        "error", "diameter-negative", 8, "B",
    ]  # fmt: skip


def test_a_patient_without_a_day_does_not_hide_the_faults_of_others():
    table = frame(
        "patient,day,sum_mm\nA,0,50\nA,,40\nB,0,30\nB,42,29\nB,42,28\nC,0,20\nC,42,20\n"
    )
    with pytest.raises(RpointError) as caught:
        rp.read_sizes(table)
    found = {p.code: p.rows for p in caught.value.problems if p.severity == "error"}
    assert found == {"day-missing": (1,), "visit-twice": (3, 4)}
    sizes = rp.read_sizes(table, exclude_faulty=True)
    assert sizes.excluded == ("A", "B")
    assert str(rp.recist(sizes).best_overall_response().table.loc[0, "bor_any"]) == "SD"


def test_every_problem_is_told_at_once_with_its_rows(tmp_path):
    lines = LEAST.splitlines()
    lines[3] = "A,42,1,1,0,-35"
    lines[5] = "A,x,1,1,0,33"
    lines[8] = "B,3,1,1,0,25"
    lines[9] = "B,44,1,2,0,2y"
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RpointError) as caught:
        rp.read_sizes(path)
    told = {p.code: p.rows for p in caught.value.problems if p.severity == "error"}
    assert told["diameter-negative"] == (4,)
    assert told["day-not-a-number"] == (6,)
    assert told["target-unknown"] == (10,)
    assert told["diameter-not-a-number"] == (10,)
    assert "line 4" in str(caught.value) and "bad.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.assign(diameter_mm=t["diameter_mm"].where(t.index != 0, 9)), "target-small"),
        (lambda t: t.assign(day=t["day"].where(t.index != 7, -40)), "old-baseline"),
        (lambda t: t.assign(node=(t["lesion"] == 1).astype(int)),
         "node-target-small"),
        (lambda t: t.iloc[:8], "no-follow-up"),
        (lambda t: t.assign(organ=["liver", "lung"] * 4 + ["bone"]), "organ-changes"),
        (lambda t: t.rename(columns={"lesion": "lesion_no"}).assign(metod="CT"), "column-ignored"),
    ],
)  # fmt: skip
def test_what_is_odd_is_a_warning_and_the_table_is_used(change, code):
    table = frame()
    table.loc[[0, 2, 4], "diameter_mm"] = [14, 14, 14]
    sizes = rp.read_sizes(change(table))
    assert code in set(sizes.check()["code"])
    assert set(sizes.check()["severity"]) == {"warning"}


def test_more_targets_than_recist_allows_is_a_warning():
    rows = [("A", d, k, 1, 0, 20, "liver") for d in (0, 42) for k in range(6)]
    names = ["patient", "day", "lesion", "target", "new", "diameter_mm", "organ"]
    found = set(rp.read_sizes(pd.DataFrame(rows, columns=names)).check()["code"])
    assert {"many-targets", "many-in-organ"} <= found


# ----------------------------------------------------------------------------- properties

COHORT = st.lists(
    st.tuples(
        st.lists(st.lists(st.integers(10, 60), min_size=2, max_size=2), min_size=2, max_size=5),
        st.integers(-1, 4),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def cohort(draws):
    rows = []
    for p, (visits, new) in enumerate(draws):
        for k, (one, two) in enumerate(visits):
            rows += [(f"P{p}", 42 * k, "a", 1, 0, one), (f"P{p}", 42 * k, "b", 1, 0, two)]
            if 0 < new <= k:
                rows.append((f"P{p}", 42 * k, "z", 0, 1, 12))
    names = ["patient", "day", "lesion", "target", "new", "diameter_mm"]
    return pd.DataFrame(rows, columns=names)


@settings(max_examples=10)
@given(COHORT, st.integers(0, 1000))
def test_order_of_rows_and_unit_change_nothing(draws, seed):
    table = cohort(draws)
    expected = rp.recist(table).best_overall_response().table
    mixed = table.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(rp.recist(mixed).best_overall_response().table, expected)
    cm = mixed.assign(diameter_mm=mixed["diameter_mm"] / 10)
    cm = cm.rename(columns={"diameter_mm": "diameter_cm"})
    found = rp.recist(cm).best_overall_response().table
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


@settings(max_examples=10)
@given(COHORT, st.data())
def test_a_new_lesion_never_improves_a_best_response(draws, data):
    table = cohort(draws)
    later = table[table["day"] > 0][["patient", "day"]].drop_duplicates()
    at = later.iloc[data.draw(st.integers(0, len(later) - 1))]
    more = pd.DataFrame([(at["patient"], at["day"], "y", 0, 1, 11)], columns=table.columns)
    order = ["CR", "PR", "SD", "NON-CR/NON-PD", "NE", "PD"]
    before = rp.recist(table).best_overall_response().table
    after = rp.recist(pd.concat([table, more])).best_overall_response().table
    for name in ("bor_any", "bor_confirmed"):
        for old, new in zip(before[name].astype(str), after[name].astype(str)):
            assert order.index(new) >= order.index(old)


@settings(max_examples=10)
@given(COHORT)
def test_a_table_of_sums_gives_what_its_lesions_give(draws):
    table = cohort([(visits, -1) for visits, _ in draws])
    sizes = rp.read_sizes(table)
    alone = rp.read_sizes(sizes.sums)
    first = rp.recist(sizes).visits.drop(columns=["nontarget"])
    pd.testing.assert_frame_equal(rp.recist(alone).visits.drop(columns=["nontarget"]), first)

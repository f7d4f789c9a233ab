"""Hyperprogression: boundaries, what is undefined, invariances, agreement, bad tables."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.endpoints import hyperprogression as module
from rpoint.endpoints._hp_definitions import KEYS, Definition, definitions
from rpoint.endpoints._hp_rules import All, AtLeast, Is, judge
from rpoint.endpoints.hyperprogression import hyperprogression, hyperprogression_columns
from rpoint.errors import RpointError
from rpoint.files import to_json

MONTH = 30.4375


def patient(**changes) -> pd.DataFrame:
    """One patient with every fact known, who is nobody's hyperprogressor."""
    row = {
        "patient": "A", "s_pre": 95.0, "day_pre": -56, "s_base": 100.0, "day_base": 0,
        "s_first": 105.0, "day_first": 56, "ttf_days": 120, "first_response": "SD",
        "new_lesion": 0, "new_in_involved_organ": 0, "new_organ": 0, "organs_with_new": 0,
        "ecog_worsening": 0, "pd_day": np.nan, "death_day": np.nan, "last_contact_day": 200,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def verdict(key: str, *, options: dict | None = None, **changes):
    found = hyperprogression(patient(**changes), **(options or {})).verdicts.loc[0, key]
    return None if pd.isna(found) else bool(found)


def test_a_stable_patient_is_evaluable_and_no_everywhere():
    result = hyperprogression(patient())
    assert result.answers().tolist() == [[0.0] * len(KEYS)]
    assert (result.rates()["evaluable"] == 1).all()


# ---- boundaries, as printed

JUST = 1e-6
EDGES = [
    ("nanchang", {"ttf_days": 50, "s_first": 150}, False),
    ("nanchang", {"ttf_days": 50, "s_first": 150 + JUST}, True),
    ("nanchang", {"ttf_days": 2 * MONTH, "s_first": 160}, False),
    ("nanchang", {"ttf_days": 2 * MONTH - 1e-3, "s_first": 160}, True),
    ("fast_progression", {"s_first": 150, "day_first": 42}, True),
    ("fast_progression", {"s_first": 150 - JUST, "day_first": 42}, False),
    ("fast_progression", {"s_first": 150, "day_first": 43}, False),
    ("lo_russo", {"s_first": 150, "ttf_days": 50, "ecog_worsening": 2}, True),
    ("lo_russo", {"s_first": 150, "ttf_days": 50, "ecog_worsening": 1}, False),
    ("lo_russo", {"new_in_involved_organ": 2, "new_organ": 1, "ecog_worsening": 2}, True),
    ("lo_russo", {"new_in_involved_organ": 1, "new_organ": 1, "ecog_worsening": 2}, False),
    ("saada_bouzid", {"s_pre": 95, "s_first": 110}, True),  # 10 mm after 5 mm: ratio 2
    ("saada_bouzid", {"s_pre": 95, "s_first": 110 - JUST}, False),
    ("matos", {"s_first": 140, "pd_day": 56, "first_response": "PD"}, True),
    ("matos", {"s_first": 140, "day_first": 57, "pd_day": 57, "first_response": "PD"}, False),
    ("matos", {"s_base": 22.5, "s_first": 32.5, "pd_day": 56, "first_response": "PD"}, True),
    ("matos", {"s_base": 22.5, "s_first": 32.4, "pd_day": 56, "first_response": "PD"}, False),
    ("matos", {"s_first": 120, "pd_day": 56, "organs_with_new": 2, "first_response": "PD"}, True),
    ("matos", {"s_first": 120, "pd_day": 56, "organs_with_new": 1, "first_response": "PD"}, False),
    ("early_death", {"death_day": 84, "pd_day": 56, "first_response": "PD"}, True),
    ("early_death", {"death_day": 85, "pd_day": 56, "first_response": "PD"}, False),
    ("early_death", {"death_day": 84, "last_contact_day": 84}, False),  # no progression seen
    ("early_death", {"death_day": 70, "last_contact_day": 70, "death_from_pd": 1}, True),
    ("early_death", {"last_contact_day": 83}, None),  # alive, not followed for 12 weeks
    ("early_death", {"last_contact_day": 84}, False),
    ("kim", {"s_first": 111, "ttf_days": 2 * MONTH}, False),
    ("kim", {"s_first": 111, "ttf_days": 60}, True),
    ("champiat", {"s_first": 130, "first_response": "PD", "pd_day": 56}, True),
    ("champiat", {"s_first": 130, "first_response": "SD"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("key", "changes", "expected"), EDGES)
def test_edges(key, changes, expected):
    changes = {"last_contact_day": min(200, changes.get("death_day", 200))} | changes
    assert verdict(key, **changes) is expected


def test_pace_is_strict_and_its_convention_an_option():
    # +5 mm of 100 in 56 days, then +x % of 105 in 56 days.
    common = {"s_pre": 100, "s_base": 110, "ttf_days": 50}
    assert verdict("kato", s_first=110 * 1.6, **common) is True
    twice = {"s_pre": 80, "s_base": 100, "s_first": 150 + JUST, "ttf_days": 50}  # 25 %, then 50 %
    assert verdict("kato", **twice | {"s_first": 150.0}) is False
    assert verdict("kato", **twice) is True
    flat = twice | {"s_first": 155.0}
    found = {p: verdict("kato", options={"pace": p}, **flat) for p in ("relative", "tgk", "log")}
    assert found == {"relative": True, "tgk": True, "log": False}


def test_the_wording_of_matos_and_kas_is_an_option():
    changes = {"s_first": 105, "new_organ": 1, "ttf_days": 60}
    assert verdict("matos", **changes) is False
    assert verdict("matos", options={"matos": "review"}, **changes) is True
    fast = {"s_first": 160, "first_response": "SD"}
    assert verdict("kas", **fast) is True
    assert verdict("kas", options={"kas_needs_pd": True}, **fast) is False


# ---- what is undefined or missing


@pytest.mark.parametrize("pre", [100.0, 120.0])
def test_a_ratio_to_no_growth_is_missing_and_never_counted(pre):
    changes = {"s_pre": pre, "s_first": 200.0, "ttf_days": 40, "first_response": "PD", "pd_day": 56}
    result = hyperprogression(patient(**changes))
    row = result.indices.iloc[0]
    assert np.isnan(row[["tgr_ratio", "tgk_ratio", "pace_ratio"]].astype(float)).all()
    assert np.isfinite(row["delta_tgr"])
    for key in ("champiat", "saada_bouzid", "kato", "kanjanapan", "kim"):
        assert pd.isna(result.verdicts.loc[0, key])
        assert "did not grow" in result.reasons.loc[0, key]
    assert bool(result.verdicts.loc[0, "kas"]) and bool(result.verdicts.loc[0, "ferrara"])
    assert result.flags.loc[0, "not_growing_before"]


def test_a_false_criterion_beside_an_undefined_ratio_is_a_no_if_there_is_a_scan():
    assert verdict("kato", s_pre=120, s_first=200, ttf_days=120) is False
    no_scan = {"s_pre": np.nan, "day_pre": np.nan, "s_first": 200, "ttf_days": 120}
    assert verdict("kato", **no_scan) is None


def test_a_tumour_that_vanishes_or_comes_from_nothing_gives_no_infinity():
    gone = hyperprogression(patient(s_first=0.0, first_response="CR"))
    assert gone.indices.loc[0, "tgr_post"] == -100
    nothing = hyperprogression(patient(s_base=0.0, s_first=30.0, s_pre=0.0))
    numbers = nothing.indices.drop(columns="patient").to_numpy(float)
    assert not np.isinf(numbers).any() and nothing.flags.loc[0, "no_burden_at_baseline"]
    assert np.isnan(nothing.indices.loc[0, "burden_change_pct"])
    huge = hyperprogression(patient(s_base=1e-3, s_first=1e3, day_first=1, s_pre=9e-4))
    assert not np.isinf(huge.indices.drop(columns="patient").to_numpy(float)).any()


def test_a_treatment_that_still_runs_counts_only_once_two_months_have_passed():
    running = {"s_first": 160, "ttf_event": 0}
    assert verdict("nanchang", ttf_days=61, **running) is False
    assert verdict("nanchang", ttf_days=60, **running) is None
    result = hyperprogression(patient(ttf_days=60, **running))
    assert result.reasons.loc[0, "nanchang"] == "missing: ttf_months (still on treatment)"
    assert "unknown" in set(result.why("A").query("definition == 'nanchang'")["holds"])


def test_forty_times_the_size_within_two_months_is_implausible():
    marked = lambda **c: bool(hyperprogression(patient(**c)).flags["implausible_growth"].iloc[0])  # noqa: E731
    assert marked(s_base=10, s_first=400, day_first=55)
    assert not marked(s_base=10, s_first=400, day_first=200)
    assert not marked(s_base=100, s_first=358, day_first=55)  # the largest of Kato 2017


def test_without_a_recist_report_progression_is_read_from_the_sums_and_said_so():
    bare = patient(s_first=120).drop(columns=["first_response", "new_lesion", "pd_day"])
    result = hyperprogression(bare)
    assert result.indices.loc[0, "pd_at_first"] == 1 and result.flags.loc[0, "response_from_sums"]
    small = hyperprogression(bare.assign(s_base=20.0, s_pre=19.0, s_first=24.9))
    assert small.indices.loc[0, "pd_at_first"] == 0  # + 24.5 %, but 4.9 mm
    new = hyperprogression(bare.assign(s_first=100.0, new_lesion=1))
    assert new.indices.loc[0, "pd_at_first"] == 1
    ne = hyperprogression(bare.assign(first_response="NE"))
    assert np.isnan(ne.indices.loc[0, "pd_at_first"])


# ---- three-valued logic


@given(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=3, max_size=3))
def test_rules_are_decided_exactly_when_every_completion_agrees(values):
    known = {f"x{i}": np.array([v]) for i, v in enumerate(values)}
    parts = [Is(f"x{i}", "is", 1) for i in range(3)]
    options = [[v] if v == v else [0.0, 1.0] for v in values]
    every = [(a, b, c) for a in options[0] for b in options[1] for c in options[2]]
    for rule, truth in [
        (All(*parts), lambda t: all(t)),
        (AtLeast(1, *parts), lambda t: any(t)),
        (AtLeast(2, *parts), lambda t: sum(t) >= 2),
    ]:
        outcomes = {truth(t) for t in every}
        expected = float(outcomes.pop()) if len(outcomes) == 1 else np.nan
        assert judge(rule, known)[0] == pytest.approx(expected, nan_ok=True)


# ---- properties

SIZE = st.floats(5, 300)


@st.composite
def cohorts(draw, most=6):
    rows = []
    for number in range(draw(st.integers(1, most))):
        pre = draw(st.one_of(st.none(), SIZE))
        base, first = draw(SIZE), draw(st.floats(0, 400))
        day = draw(st.integers(20, 90))
        pd_first = draw(st.booleans())
        rows.append(
            {"patient": f"P{number}", "s_pre": pre, "day_pre": None if pre is None else -56,
             "s_base": base, "day_base": 0, "s_first": first, "day_first": day,
             "ttf_days": draw(st.one_of(st.none(), st.integers(1, 300))),
             "first_response": "PD" if pd_first else "SD",
             "pd_day": day if pd_first else None,
             "new_in_involved_organ": draw(st.one_of(st.none(), st.integers(0, 4))),
             "new_organ": draw(st.sampled_from([0, 1, None])),
             "organs_with_new": draw(st.integers(0, 3)),
             "ecog_worsening": draw(st.integers(-1, 3)),
             "death_day": draw(st.one_of(st.none(), st.integers(day, 400)))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def answers(table, **options):
    return hyperprogression(table, **options).answers()


@settings(max_examples=8)
@given(cohorts())
def test_the_unit_stated_does_not_matter(table):
    small = table.copy()
    for column in ("s_pre", "s_base", "s_first"):
        small[column] = pd.to_numeric(small[column]) / 10
    numbers = lambda t, **o: hyperprogression(t, **o).indices.drop(columns="patient")  # noqa: E731
    assert numbers(small, unit="cm").to_numpy(float) == pytest.approx(
        numbers(table).to_numpy(float), rel=1e-6, abs=1e-6, nan_ok=True
    )


@settings(max_examples=8)
@given(cohorts(), st.floats(0.5, 2))
def test_only_rules_with_millimetres_depend_on_the_scale(table, factor):
    # Away from the edges: a sum on an edge may fall to either side of it when scaled.
    scaled = table.copy()
    for column in ("s_pre", "s_base", "s_first"):
        scaled[column] = pd.to_numeric(scaled[column]) * factor
    free = [key for key in KEYS if key != "matos"]
    one, other = (hyperprogression(t, definitions=free) for t in (table, scaled))
    numbers = one.indices.drop(columns=["patient", "increase_mm", "tgk_pre", "tgk_post"])
    edges = {"tgr_ratio": 2, "tgk_ratio": 2, "pace_ratio": 2, "delta_tgr": 50,
             "burden_change_pct": 50}  # fmt: skip
    near = np.zeros(len(table), bool)
    for name, edge in (*edges.items(), ("delta_tgr", 100)):
        near |= np.abs(numbers[name].to_numpy(float) - edge) < 1e-6
    assert np.array_equal(one.answers()[~near], other.answers()[~near], equal_nan=True)


@settings(max_examples=8)
@given(cohorts(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_rest_of_the_cohort_do_not_matter(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    whole = answers(table)
    assert np.array_equal(answers(table.iloc[order]), whole[order], equal_nan=True)
    assert np.array_equal(answers(table.iloc[[order[0]]])[0], whole[order[0]], equal_nan=True)


@settings(max_examples=8)
@given(cohorts())
def test_without_a_scan_before_baseline_nothing_that_needs_one_is_decided(table):
    table = table.assign(s_pre=np.nan, day_pre=np.nan)
    result = hyperprogression(table)
    for one in result.definitions:
        if one.needs_pre_scan:
            assert result.verdicts[one.key].isna().all()
            assert (result.reasons[one.key] == "no scan before baseline").all()
    assert {one.key for one in result.definitions if one.needs_pre_scan} == {
        "champiat", "saada_bouzid", "kato", "ferrara", "kas", "kanjanapan", "kim"
    }  # fmt: skip


@settings(max_examples=8)
@given(cohorts())
def test_kato_implies_nanchang_and_kas_with_progression_implies_ferrara(table):
    found = hyperprogression(table).verdicts
    assert not (found["kato"].eq(True) & ~found["nanchang"].eq(True)).any()
    strict = hyperprogression(table, kas_needs_pd=True).verdicts
    assert not (strict["kas"].eq(True) & ~strict["ferrara"].eq(True)).any()


@settings(max_examples=8)
@given(cohorts())
def test_every_missing_verdict_has_a_reason_and_every_other_none(table):
    result = hyperprogression(table)
    for key in KEYS:
        assert (result.verdicts[key].isna() == (result.reasons[key] != "")).all()


# ---- cohort output


def test_rates_agreement_and_matrix_by_hand():
    yes, no = {"s_first": 160.0, "ttf_days": 50}, {}
    table = pd.concat(
        [
            patient(patient="a", **yes),  # Kato yes, Nanchang yes
            patient(patient="b", s_pre=60.0, **yes),  # grew as fast before: Kato no, Nanchang yes
            patient(patient="c", s_pre=np.nan, day_pre=np.nan, **yes),  # Kato not evaluable
            patient(patient="d", **no), patient(patient="e", **no),
        ]
    )  # fmt: skip
    result = hyperprogression(table, definitions=["kato", "Nanchang 2019"])
    rates = result.rates().set_index("definition")
    assert rates.loc["kato", ["yes", "evaluable"]].tolist() == [1, 4]
    assert rates.loc["nanchang", ["yes", "evaluable"]].tolist() == [3, 5]
    (pair,) = result.agreement().to_dict("records")
    assert pair["n"] == 4 and pair["both"] == 1 and pair["only_b"] == 1 and pair["neither"] == 2
    assert pair["jaccard"] == 0.5 and pair["kappa"] == pytest.approx(0.5)
    square = result.matrix("kappa")
    assert square.loc["kato", "nanchang"] == square.loc["nanchang", "kato"] == pytest.approx(0.5)
    assert np.isnan(square.loc["kato", "kato"])


def test_a_rate_is_not_0_because_a_fact_is_missing_for_everybody():
    table = pd.concat([patient(patient="a", s_first=160.0), patient(patient="b")])
    table = table.assign(ttf_days=np.nan)
    rates = hyperprogression(table).rates().set_index("definition")
    assert rates.loc["nanchang", ["yes", "evaluable"]].tolist() == [0, 1]  # b did not grow
    assert np.isnan(rates.loc["nanchang", "percent"])
    assert rates.loc["nanchang", "text"] == "nobody can be a yes: ttf_months missing for all"
    assert rates.loc["nanchang", ["lowest", "highest"]].tolist() == [0, 50]
    assert rates.loc["lo_russo", "text"].startswith("0/2")  # three of the other four would do
    assert rates.loc["kas", "text"].startswith("1/2")


def test_without_recorded_deaths_nobody_has_survived():
    table = patient().drop(columns="death_day")
    assert pd.isna(hyperprogression(table).verdicts.loc[0, "early_death"])
    assert verdict("early_death") is False


def test_irecist_takes_back_a_verdict_without_changing_it():
    states = ["iCPD", "iUPD", "iPR", "iSD", None]
    table = pd.concat(
        [patient(patient=f"p{i}", s_first=160.0, ttf_days=50, irecist=s)
         for i, s in enumerate(states)]
    )  # fmt: skip
    row = hyperprogression(table, definitions="nanchang").overlay().iloc[0]
    assert row["yes"] == 5 and row["confirmed"] == 1 and row["pseudoprogression"] == 2
    assert row["not_confirmed"] == 1 and row["not_assessed"] == 1


def test_results_are_plain_data_and_tables():
    result = hyperprogression(patient())
    assert json.loads(to_json(result.to_dict()))["rates"][0]["definition"] == "champiat"
    assert len(result.to_frame()) == 1 and "flags" not in result.to_frame()
    assert list(result.summary()["definition"])[:2] == ["Champiat 2017", "Saâda-Bouzid 2017"]
    assert "1 patients" in repr(result)
    assert set(module.COLUMNS) == set(hyperprogression_columns()["column"])


def test_a_definition_of_ones_own():
    own = Definition("double", "doubled", Is("burden_change_pct", ">=", 100), "own", "inferred")
    result = hyperprogression(patient(s_first=200), definitions=["nanchang", own])
    assert result.keys == ["nanchang", "double"] and bool(result.verdicts.loc[0, "double"])


def test_rules_read_as_text():
    texts = {one.key: one.text() for one in definitions()}
    assert texts["nanchang"] == "ttf_months < 2 and burden_change_pct > 50"
    assert texts["lo_russo"].startswith("at least 3 of 5: ttf_months < 2;")
    assert " or " in texts["kim"]


# ---- bad tables


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"s_base": -1}, "s_base is negative"),
        ({"s_base": "x"}, "s_base is not a number"),
        ({"s_first": np.inf}, "s_first is infinite"),
        ({"day_pre": 5}, "not before it"),
        ({"day_first": -3}, "not after"),
        ({"day_pre": np.nan}, "s_pre has no day_pre"),
        ({"first_response": "progress"}, "none of CR"),
        ({"new_organ": 2}, "not 0 or 1"),
        ({"organs_with_new": 0.5}, "no whole number"),
        ({"death_day": 30, "last_contact_day": 20}, "day_first is after death"),
        ({"irecist": "PD"}, "irecist is none of"),
        ({"first_response": "PD"}, "pd_day is missing"),
        ({"patient": None}, "no name"),
    ],
)
def test_a_bad_table_is_refused_with_the_row(changes, says):
    table = pd.concat([patient(patient="ok"), patient(**changes)])
    with pytest.raises(RpointError) as caught:
        hyperprogression(table)
    assert says in str(caught.value) and "row 2" in str(caught.value)


def test_every_problem_is_listed_at_once():
    table = pd.concat([patient(s_base=-1), patient(s_first="?"), patient(new_organ=7)])
    with pytest.raises(RpointError) as caught:
        hyperprogression(table)
    text = str(caught.value)
    assert all(word in text for word in ("negative", "not a number", "not 0 or 1", "more than one"))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: hyperprogression([1]), "one row a patient"),
        (lambda: hyperprogression(patient().rename(columns={"s_base": "s_bas"})), "nearest: s_bas"),
        (lambda: hyperprogression(patient().drop(columns="day_pre")), "its sum and its day"),
        (lambda: hyperprogression(patient(), definitions="katoo"), "nearest: kato"),
        (lambda: hyperprogression(patient(), definitions=[]), "at least one"),
        (lambda: hyperprogression(patient(), pace="fast"), "convention of pace"),
        (lambda: hyperprogression(patient(), matos="x"), "wording"),
        (lambda: hyperprogression(patient(), unit="inch"), "unit"),
        (lambda: hyperprogression(patient(), method="x"), "method"),
        (lambda: hyperprogression(patient()).why("B"), "unknown patient"),
        (lambda: hyperprogression(patient()).matrix("x"), "measure"),
    ],
)
def test_wrong_calls_are_the_users_error(call, says):
    with pytest.raises(RpointError, match=says):
        call()


def test_an_empty_table_has_nobody_evaluable():
    result = hyperprogression(patient().iloc[:0])
    assert (result.rates()["evaluable"] == 0).all() and len(result.agreement()) == 66


def test_very_many_patients_take_seconds():
    table = pd.concat([patient()] * 1000, ignore_index=True)
    table = pd.concat([table] * 40, ignore_index=True)
    table["patient"] = np.arange(len(table))
    table["s_pre"] = np.where(np.arange(len(table)) % 3, table["s_pre"], 120.0)
    start = time.process_time()
    hyperprogression(table).rates()
    assert time.process_time() - start < 6

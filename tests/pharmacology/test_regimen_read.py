"""Good texts: canonical form, number of doses, times, amounts."""

from __future__ import annotations

import math

import pytest

from rpoint.pharmacology.regimen import RegimenError, parse

D = 24.0
P = "palbociclib 125 mg"
F = "fulvestrant 500 mg"

# text, canonical text, weeks, number of rows, first times (h), total mg
CASES = [
    (f"{P} qd 21/28", f"{P} po qd 21/28", 8, 42, (0, 24, 48), 42 * 125),
    (f"{P} qd", f"{P} po qd", 2, 14, (0, 24), 1750),
    ("palbociclib 125mg QD 21/28", f"{P} po qd 21/28", 4, 21, (0,), 2625),
    ("PALBOCICLIB 125 MG po QD", f"{P} po qd", 1, 7, (0,), 875),
    ("Ibrance 125 mg qd", f"{P} po qd", 1, 7, (0,), 875),
    ("PD-0332991 125 mg qd", f"{P} po qd", 1, 7, (0,), 875),
    ("palbociclib 0.125 g qd", "palbociclib 0.125 g po qd", 1, 7, (0,), 875),
    ("palbociclib 125000 ug qd", "palbociclib 125000 ug po qd", 1, 7, (0,), 875),
    ("palbociclib 125000 µg qd", "palbociclib 125000 ug po qd", 1, 7, (0,), 875),
    ("palbociclib 125000 \u03bcg qd", "palbociclib 125000 ug po qd", 1, 7, (0,), 875),
    ("palbociclib 125000 mcg qd", "palbociclib 125000 ug po qd", 1, 7, (0,), 875),
    ("palbociclib 1.25e2 mg qd", f"{P} po qd", 1, 7, (0,), 875),
    ("palbociclib .5 mg qd", "palbociclib 0.5 mg po qd", 1, 7, (0,), 3.5),
    (f"{P} orally daily", f"{P} po qd", 1, 7, (0,), 875),
    (f"{P} once daily", f"{P} po qd", 1, 7, (0,), 875),
    (f"{P} od", f"{P} po qd", 1, 7, (0,), 875),
    (f"{P} bid", f"{P} po bid", 1, 14, (0, 12, 24), 1750),
    (f"{P} twice daily", f"{P} po bid", 1, 14, (0, 12), 1750),
    (f"{P} bd", f"{P} po bid", 1, 14, (0, 12), 1750),
    (f"{P} tid", f"{P} po tid", 1, 21, (0, 8, 16, 24), 2625),
    (f"{P} qid", f"{P} po qid", 1, 28, (0, 6, 12), 3500),
    (f"{P} qod", f"{P} po qod", 1, 4, (0, 48, 96, 144), 500),
    (f"{P} qw", f"{P} po qw", 4, 4, (0, 168), 500),
    (f"{P} weekly", f"{P} po qw", 4, 4, (0, 168), 500),
    (f"{P} q2w", f"{P} po q2w", 8, 4, (0, 336), 500),
    (f"{P} q3w", f"{P} po q3w", 9, 3, (0, 504), 375),
    (f"{P} q4w", f"{P} po q4w", 8, 2, (0, 672), 250),
    (f"{P} q28d", f"{P} po q4w", 8, 2, (0, 672), 250),
    (f"{P} q3d", f"{P} po q3d", 1, 3, (0, 72, 144), 375),
    (f"{P} q24h", f"{P} po qd", 1, 7, (0, 24), 875),
    (f"{P} q36h", f"{P} po q36h", 1, 5, (0, 36, 72), 625),
    (f"{P} q4h", f"{P} po q4h", 1, 42, (0, 4), 5250),
    (f"{P} once", f"{P} po d1", 4, 1, (0,), 125),
    (f"{P} once d8", f"{P} po d8", 4, 1, (168,), 125),
    (f"{P} qd 4 on/3 off", f"{P} po qd 4/7", 1, 4, (0, 24, 48, 72), 500),
    (f"{P} qd 4 on 3 off", f"{P} po qd 4/7", 1, 4, (0,), 500),
    (f"{P} qd 4 days on / 3 days off", f"{P} po qd 4/7", 2, 8, (0,), 1000),
    (f"{P} qd 5/7", f"{P} po qd 5/7", 2, 10, (0,), 1250),
    (f"{P} qd 28/28", f"{P} po qd 28/28", 4, 28, (0,), 3500),
    (f"{P} qod 21/28", f"{P} po qod 21/28", 8, 22, (0, 48), 2750),
    (f"{P} qd mon-fri", f"{P} po qd mon-fri", 2, 10, (0, 24, 48, 72, 96, 168), 1250),
    (f"{P} mon,wed,fri", f"{P} po mon,wed,fri", 1, 3, (0, 48, 96), 375),
    (f"{P} qd Monday-Wednesday", f"{P} po qd mon-wed", 1, 3, (0, 24, 48), 375),
    (f"{P} sat-sun", f"{P} po sat-sun", 1, 2, (120, 144), 250),
    (
        "milademetan 260 mg qd d1-3,15-17/28",
        "milademetan 260 mg po qd d1-3,15-17/28",
        4,
        6,
        (0, 24, 48, 336, 360, 384),
        1560,
    ),
    (
        "milademetan 260 mg qd d1\u20133, 15\u201317 / 28",
        "milademetan 260 mg po qd d1-3,15-17/28",
        8,
        12,
        (0, 24, 48, 336),
        3120,
    ),
    ("milademetan 260 mg bid d1-2/28", "milademetan 260 mg po bid d1-2/28", 4, 4, (0, 12), 1040),
    ("milademetan 260 mg days 1-5", "milademetan 260 mg po d1-5", 4, 5, (0,), 1300),
    (
        f"{F} im d1,15,29 then q28d",
        f"{F} im d1,15,29 then q28d",
        12,
        4,
        (0, 14 * D, 28 * D, 56 * D),
        2000,
    ),
    (f"{F} d1,15 then q4w", f"{F} im d1,15 then q28d", 8, 3, (0, 14 * D, 42 * D), 1500),
    (
        "fulvestrant 250 mg q4w load 500 mg d1",
        "fulvestrant 250 mg im q4w load 500 mg d1",
        8,
        2,
        (0, 672),
        750,
    ),
    (
        "fulvestrant 250 mg q4w load 500 mg d1,15",
        "fulvestrant 250 mg im q4w load 500 mg d1,15",
        8,
        3,
        (0, 336, 672),
        1250,
    ),
    (
        "abemaciclib 150 mg bid load 400 mg d1",
        "abemaciclib 150 mg po bid load 400 mg d1",
        1,
        13,
        (0, 24, 36),
        400 + 12 * 150,
    ),
    (f"{P} qd delay 14d", f"{P} po qd from d15", 4, 14, (336, 360), 1750),
    (f"{P} qd delay 2w", f"{P} po qd from d15", 4, 14, (336,), 1750),
    (f"{P} qd from d8", f"{P} po qd from d8", 2, 7, (168,), 875),
    (f"{P} qd from d1", f"{P} po qd", 1, 7, (0,), 875),
    (f"{P} qd 21/28 from day 8", f"{P} po qd 21/28 from d8", 4, 21, (168,), 2625),
    (f"{P} qd until d3", f"{P} po qd until d3", 4, 3, (0,), 375),
    (f"{P} qd for 2w", f"{P} po qd until d14", 4, 14, (0,), 1750),
    (f"{P} qd from d8 for 7 days", f"{P} po qd from d8 until d14", 4, 7, (168,), 875),
    (f"{P} qd hold d3-5", f"{P} po qd hold d3-5", 1, 4, (0, 24, 120), 500),
    (f"{P} qd hold d2,4-5", f"{P} po qd hold d2,4-5", 1, 4, (0, 48, 120), 500),
    (f"{P} qd then 100 mg from d3", f"{P} po qd then 100 mg from d3", 1, 7, (0,), 750),
    (
        f"{P} qd then 100 mg from d3 then 75 mg from d6 until d7",
        f"{P} po qd until d7 then 100 mg from d3 then 75 mg from d6",
        2,
        7,
        (0,),
        250 + 300 + 150,
    ),
    ("pembrolizumab 200 mg q3w", "pembrolizumab 200 mg iv q3w", 6, 2, (0, 504), 400),
    (
        "pembrolizumab 200 mg over 30 min q3w",
        "pembrolizumab 200 mg iv over 0.5h q3w",
        6,
        2,
        (0, 504),
        400,
    ),
    (f"{P} qd + {F} im q28d", f"{P} po qd + {F} im q4w", 1, 8, (0, 0, 24), 875 + 500),
    (f"{P} qd\n + {F} im q28d", f"{P} po qd + {F} im q4w", 1, 8, (0, 0, 24), 875 + 500),
    (f"{P}\u00a0qd", f"{P} po qd", 1, 7, (0,), 875),
    (
        "abemaciclib 200 mg bid until d7 + abemaciclib 150 mg bid from d8",
        "abemaciclib 200 mg po bid until d7 + abemaciclib 150 mg po bid from d8",
        2,
        28,
        (0, 12),
        14 * 200 + 14 * 150,
    ),
    (
        "abemaciclib 200 mg bid then abemaciclib 150 mg bid from d8",
        "abemaciclib 200 mg po bid then from d8 abemaciclib 150 mg po bid",
        2,
        28,
        (0, 12),
        14 * 200 + 14 * 150,
    ),
    (
        f"{P} qd then abemaciclib 50 mg qd + {F} im q28d from d8",
        f"{P} po qd then from d8 abemaciclib 50 mg po qd + {F} im q4w",
        2,
        15,
        (0,),
        875 + 350 + 500,
    ),
    (f"{P} qd then vehicle from d8", f"{P} po qd then from d8 vehicle", 2, 7, (0,), 875),
    (f"{P} qd then stop from d8", f"{P} po qd then from d8 vehicle", 2, 7, (0,), 875),
    (f"vehicle then from d8 {P} qd", f"vehicle then from d8 {P} po qd", 2, 7, (168,), 875),
    (
        f"{P} d1 + palbociclib 75 mg d3",
        f"{P} po d1 + palbociclib 75 mg po d3",
        1,
        2,
        (0, 48),
        200,
    ),
    ("vehicle", "vehicle", 2, 0, (), 0),
    ("Placebo", "vehicle", 2, 0, (), 0),
    (
        f"{P} qd then abemaciclib 100 mg qd at progression",
        f"{P} po qd then abemaciclib 100 mg po qd at progression",
        1,
        7,
        (0,),
        875,
    ),
]


@pytest.mark.parametrize("text,canonical,weeks,count,times,total", CASES, ids=lambda v: str(v)[:60])
def test_good_text(names, text, canonical, weeks, count, times, total):
    regimen = parse(text, names)
    assert str(regimen) == canonical
    assert parse(canonical, names) == regimen
    table = regimen.segments(weeks)
    assert len(table) == count
    assert tuple(table["time_h"][: len(times)]) == tuple(float(t) for t in times)
    assert table["time_h"].is_monotonic_increasing
    assert math.isclose(table["amount_mg"].sum(), total, rel_tol=1e-12)
    assert math.isclose(sum(regimen.ordered_mg(weeks).values()), total, rel_tol=1e-12)


def test_the_table_is_large_enough():
    assert len(CASES) >= 60
    assert len({case[0] for case in CASES}) == len(CASES)


# text, canonical, weeks, rows (time, nM, duration)
EXPOSURES = [
    ("palbociclib 750 nM", "palbociclib 750 nM", 1, [(0, 750, 168)]),
    ("palbociclib 0.75 µM", "palbociclib 0.75 uM", 1, [(0, 750, 168)]),
    ("palbociclib 750 nm until d2", "palbociclib 750 nM until d2", 1, [(0, 750, 48)]),
    ("palbociclib 750 nM from d2", "palbociclib 750 nM from d2", 1, [(24, 750, 144)]),
    ("nutlin-3a 5 uM", "nutlin-3a 5 uM", 1, [(0, 5000, 168)]),
    ("nutlin3a 5 uM d1-2", "nutlin-3a 5 uM d1-2", 1, [(0, 5000, 48)]),
    ("palbociclib 1 uM 3/7", "palbociclib 1 uM 3/7", 2, [(0, 1000, 72), (168, 1000, 72)]),
    ("palbociclib 1 uM 7/7", "palbociclib 1 uM 7/7", 2, [(0, 1000, 336)]),
    (
        "palbociclib 100 nM then 500 nM from d3",
        "palbociclib 100 nM then 500 nM from d3",
        1,
        [(0, 100, 48), (48, 500, 120)],
    ),
    (
        "palbociclib 100 nM hold d3-4",
        "palbociclib 100 nM hold d3-4",
        1,
        [(0, 100, 48), (96, 100, 72)],
    ),
]


@pytest.mark.parametrize("text,canonical,weeks,rows", EXPOSURES, ids=lambda v: str(v)[:40])
def test_constant_concentration(names, text, canonical, weeks, rows):
    regimen = parse(text, names)
    assert str(regimen) == canonical
    assert parse(canonical, names) == regimen
    table = regimen.segments(weeks)
    found = table[["time_h", "conc_nM", "duration_h"]].to_numpy().tolist()
    assert found == [list(map(float, row)) for row in rows]
    assert table["amount_mg"].isna().all()
    assert (table["route"] == "medium").all()


def test_weight_turns_mg_per_kg_into_mg(names):
    regimen = parse("palbociclib 100 mg/kg qd", names)
    assert regimen.needs_weight
    assert regimen.segments(1, weight_kg=0.02)["amount_mg"].tolist() == [2.0] * 7
    with pytest.raises(RegimenError, match="body weight"):
        regimen.segments(1)
    with pytest.raises(RegimenError, match="cannot be"):
        regimen.segments(1, weight_kg=float("nan"))


def test_progression_starts_the_next_phase_on_its_day(names):
    regimen = parse(
        f"{P} qd + {F} im d1,15,29 then q28d"
        " then capivasertib 400 mg bid 4/7 + continue fulvestrant at progression",
        names,
    )
    assert "capivasertib" not in set(regimen.segments(12)["drug"])
    table = regimen.segments(12, progression_days=[43])
    start = 42 * D
    assert table.loc[table["drug"] == "palbociclib", "time_h"].max() < start
    assert table.loc[table["drug"] == "capivasertib", "time_h"].min() == start
    fulvestrant = table.loc[table["drug"] == "fulvestrant", "time_h"].tolist()
    assert fulvestrant == [0.0, 14 * D, 28 * D, 56 * D]  # unchanged by the switch


def test_a_drug_given_again_in_a_new_phase_starts_anew(names):
    text = f"{F} im d1,15,29 then q28d then from d57 capivasertib 400 mg bid + {F} im d1,15"
    table = parse(text, names).segments(16)
    fulvestrant = table.loc[table["drug"] == "fulvestrant", "time_h"].tolist()
    assert fulvestrant == [0.0, 14 * D, 28 * D, 56 * D, 70 * D]


def test_days_of_a_phase_from_a_day_count_from_the_start_of_the_treatment(names):
    text = f"vehicle then from d15 {P} qd until d20 hold d17"
    table = parse(text, names).segments(4)
    assert table["time_h"].tolist() == [d * D for d in (14, 15, 17, 18, 19)]


def test_for_counts_from_the_start_of_its_phase(names):
    regimen = parse(f"vehicle then from d15 {P} qd for 7d", names)
    assert str(regimen) == f"vehicle then from d15 {P} po qd until d21"


def test_nothing_at_the_very_end_of_the_time_asked_for(names):
    assert parse(f"{P} qw", names).segments(1)["time_h"].tolist() == [0.0]


def test_parts_of_a_week(names):
    assert len(parse(f"{P} qd", names).segments(0.5)) == 4  # days 1 to 4 begin before 84 h


@pytest.mark.parametrize("weeks", [0, -1, float("nan"), float("inf"), 1e9])
def test_weeks_that_cannot_be(names, weeks):
    with pytest.raises(RegimenError, match="weeks cannot be"):
        parse(f"{P} qd", names).segments(weeks)


def test_a_regimen_is_a_value(names):
    regimen = parse(f"{P} qd 21/28 + {F} im q28d", names)
    assert regimen.drugs == ("palbociclib", "fulvestrant")
    assert hash(regimen) == hash(parse(str(regimen), names))
    with pytest.raises(AttributeError):
        regimen.phases = ()  # type: ignore[misc]
    lower = regimen.with_dose_factor(0.8, "palbociclib")
    assert str(lower).startswith("palbociclib 100 mg po qd 21/28 + fulvestrant 500 mg")
    assert regimen.without("fulvestrant") == parse(f"{P} qd 21/28", names)
    assert parse(f"{P} qd 21/28", names) + parse(f"{F} im q28d", names) == regimen
    assert repr(regimen).startswith("Regimen('palbociclib 125 mg po qd 21/28")


def test_a_regimen_as_a_table(names):
    regimen = parse(f"{P} qd 21/28 + {F} d1,15 then from d57 continue fulvestrant", names)
    frame = regimen.to_frame()
    assert frame["drug"].tolist() == ["palbociclib", "fulvestrant", "fulvestrant"]
    assert frame["phase"].tolist() == [1, 1, 2]
    assert frame["days"].tolist()[:2] == ["21/28", "d1,15"]
    assert regimen.to_dict()["regimen"] == str(regimen)
    assert regimen.only("fulvestrant").drugs == ("fulvestrant",)
    assert len(parse("vehicle", names).to_frame()) == 0

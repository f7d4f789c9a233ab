"""Whatever regimen is built: it prints, reads back equal, and gives the doses that it orders."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from rpoint.pharmacology._parts import runs
from rpoint.pharmacology.names import NameBook
from rpoint.pharmacology.regimen import (
    PROGRESSION,
    Component,
    Continued,
    Cycle,
    Days,
    Dose,
    Load,
    Phase,
    Regimen,
    RegimenError,
    Step,
    Weekdays,
    parse,
)

DRUGS = ("palbociclib", "fulvestrant", "nutlin-3a", "a1")
NAMES = NameBook.of(DRUGS)

amounts = st.floats(0.01, 2_000.0) | st.integers(1, 2_000).map(float)
doses = st.builds(Dose, amounts, st.sampled_from(["mg", "ug", "mg/kg"]))
levels = st.builds(Dose, amounts, st.sampled_from(["nM", "pM"]))
days = st.integers(1, 120)
day_sets = st.sets(st.integers(1, 40), min_size=1, max_size=8).map(lambda s: tuple(sorted(s)))
patterns = st.one_of(
    st.none(),
    st.tuples(st.integers(1, 30), st.integers(0, 30)).map(lambda p: Cycle(p[0], p[0] + p[1])),
    st.tuples(day_sets, st.integers(0, 10)).map(lambda p: Days(p[0], p[0][-1] + p[1])),
    st.builds(Days, day_sets),
    st.tuples(day_sets, st.integers(1, 40)).map(lambda p: Days(p[0], None, p[1])),
    st.sets(st.integers(0, 6), min_size=1).map(lambda s: Weekdays(tuple(sorted(s)))),
)
holds = st.lists(st.tuples(days, st.integers(0, 9)), max_size=3).map(
    lambda found: tuple(runs(sorted({d for a, n in found for d in range(a, a + n + 1)})))
)


@st.composite
def components(draw, drug: str | None = None) -> Component:
    constant = draw(st.booleans())
    make = levels if constant else doses
    pattern = draw(patterns)
    start = draw(st.none() | days)
    first = start or 1
    until = draw(st.none() | st.integers(first, first + 100))
    steps = sorted(draw(st.sets(st.integers(first + 1, first + 60), max_size=3)))
    steps = [day for day in steps if until is None or day <= until]
    load = None if constant else draw(st.none() | st.builds(Load, doses, day_sets))
    route = None if constant else draw(st.sampled_from(["po", "iv", "im", "sc", "ip"]))
    return Component(
        drug=drug or draw(st.sampled_from(DRUGS)),
        dose=draw(make),
        route=route,
        over_h=draw(st.none() | st.floats(0.1, 4.0)) if route == "iv" else None,
        interval_h=None if constant else draw(intervals(pattern, route)),
        pattern=pattern,
        load=load,
        start_day=start,
        until_day=until,
        holds=draw(holds),
        steps=tuple(Step(day, draw(make)) for day in steps),
    )


def intervals(pattern, route):
    """Intervals that go with a pattern and a route."""
    daily = [24] if route == "im" else [4, 6, 8, 12, 24]
    if isinstance(pattern, Days | Weekdays):
        return st.none() | st.sampled_from(daily)
    if isinstance(pattern, Cycle):
        return st.sampled_from([h for h in (*daily, 48, 168) if h <= 24 * pattern.on])
    return st.sampled_from([*daily, 36, 48, 168, 504])


@st.composite
def regimens(draw) -> Regimen:
    phases: list[Phase] = []
    last = 0
    for index in range(draw(st.integers(1, 3))):
        known = phases and phases[-1].start == PROGRESSION
        start: int | str = 1
        if index:
            start = PROGRESSION if known or draw(st.booleans()) else last + draw(st.integers(1, 9))
        names = draw(st.lists(st.sampled_from(DRUGS), unique=True, max_size=3))
        items: list[Component | Continued] = []
        for name in names:
            before = {c.drug for c in phases[-1].components} if phases else set()
            if name in before and draw(st.booleans()):
                items.append(Continued(name))
            else:
                items.append(draw(components(name)))
        last = start if isinstance(start, int) else 1
        items = [_not_before(c, last) for c in items]
        phases.append(Phase(tuple(items), start))
    return Regimen(tuple(phases))


def _not_before(item: Component | Continued, first: int) -> Component | Continued:
    """The same with its days not before the phase's first."""
    if isinstance(item, Continued) or first == 1:
        return item
    shift = first - 1
    return replace(
        item,
        start_day=item.start_day and item.start_day + shift,
        until_day=item.until_day and item.until_day + shift,
        steps=tuple(Step(step.day + shift, step.dose) for step in item.steps),
    )


@given(regimens())
def test_what_is_printed_reads_back_equal(regimen):
    text = str(regimen)
    assert parse(text, NAMES) == regimen
    assert str(parse(text, NAMES)) == text
    assert parse(text.upper(), NAMES) == regimen


@given(regimens(), st.integers(1, 10))
def test_doses_are_inside_the_time_and_add_up(regimen, weeks):
    progression = [30, 60, 90]
    table = regimen.segments(weeks, weight_kg=0.02, progression_days=progression)
    assert table["time_h"].between(0, weeks * 168, inclusive="left").all()
    assert table["time_h"].is_monotonic_increasing
    assert (table["amount_mg"].dropna() > 0).all()
    conc = table["conc_nM"].notna()
    assert (conc ^ table["amount_mg"].notna()).all()
    assert (table.loc[conc, "time_h"] + table.loc[conc, "duration_h"] <= weeks * 168).all()
    shorter = regimen.segments(weeks - 0.5, weight_kg=0.02, progression_days=progression)
    assert len(shorter) <= len(table)


@given(components(), st.integers(1, 8))
def test_amounts_equal_a_walk_from_day_to_day(component, weeks):
    assume(not component.dose.is_concentration)
    assume((component.interval_h or 24) <= 24)
    regimen = Regimen.of(component)
    expected = math.fsum(
        mg for day in range(1, weeks * 7 + 1) for mg in _doses_of(regimen.components[0], day)
    )
    found = regimen.segments(weeks, weight_kg=0.02)["amount_mg"].sum()
    assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)


def _doses_of(c: Component, day: int) -> list[float]:
    """The amounts of one day, by the words of the grammar and nothing else."""
    start = c.start_day or 1
    own = day - start + 1
    if own < 1 or (c.until_day is not None and day > c.until_day):
        return []
    if any(a <= day <= b for a, b in c.holds):
        return []
    if c.load is not None and own in c.load.days:
        return [c.load.dose.mg(0.02)]
    times = 1 if c.interval_h is None else 24 // c.interval_h
    return [c.dose_on(day).mg(0.02)] * times if _given(c, day, own) else []


def _given(c: Component, day: int, own: int) -> bool:
    p = c.pattern
    if p is None:
        return True
    if isinstance(p, Cycle):
        return (own - 1) % p.length < p.on
    if isinstance(p, Weekdays):
        return (day - 1) % 7 in p.days
    if p.cycle is not None:
        return (own - 1) % p.cycle + 1 in p.days
    last = p.days[-1]
    again = p.then_every is not None and own > last and (own - last) % p.then_every == 0
    return own in p.days or again


@given(st.text(max_size=60) | st.text(alphabet="palbociclib 125mgqd+/-,.then()d", max_size=60))
def test_any_text_gives_a_regimen_or_a_regimen_error(text):
    try:
        regimen = parse(text, NAMES)
    except RegimenError as error:
        assert str(error)
    else:
        assert parse(str(regimen), NAMES) == regimen


words = st.lists(
    st.sampled_from(
        "palbociclib fulvestrant 125 mg nM qd bid im po d1,15 then q28d 21/28 + from until hold d8"
        " load at progression continue vehicle mon-fri 4 on/3 off delay 14d over 1h once".split()
    ),
    max_size=14,
).map(" ".join)


@given(words)
def test_words_in_any_order(text):
    try:
        regimen = parse(text, NAMES)
    except RegimenError as error:
        assert str(error)
    else:
        assert parse(str(regimen), NAMES) == regimen

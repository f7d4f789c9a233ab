"""The likelihood of panel measurements: exact gradient, limits, recovery of what was put in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from rpoint.panel.arms import axis_of, line_arm, xenograft_arm
from rpoint.panel.calibration import first_exposures, maximise, posterior
from rpoint.panel.coefficients import prior
from rpoint.panel.likelihood import DEGREES, LN_DISH, Objective, Tables, with_ones
from rpoint.panel.observations import Group
from rpoint.panel.read import read_panel
from rpoint.panel.response import GRID
from rpoint.panel.traits import traits

RIBOCICLIB, NUTLIN = axis_of("ribociclib"), axis_of("nutlin-3a")
SETS = 2


def hill(ec50: float, floor: float) -> np.ndarray:
    """A curve on the grid: 1 at no dose, `floor` at a high one."""
    return floor + (1 - floor) / (1 + (GRID / ec50) ** 1.5)


def toy_tables(count: int, assay: str = "xenograft") -> Tables:
    """Curves of `count` models: half of them without working p53."""
    names = [f"m{k}" for k in range(count)]
    frame = pd.DataFrame(
        {
            "model_id": names,
            "tumour_type": ["breast", "melanoma"] * (count // 2),
            "TP53": ["wt", "wt", "mut", "vus"] * (count // 4),
            "RB1": ["wt", "loss"] * (count // 2),
        }
    )
    found = traits(read_panel(frame), SETS)
    curves = np.ones((count, SETS, 4, len(GRID)))
    curves[:, :, 0] = curves[:, :, 1] = hill(30.0, -0.2)  # RB works
    mdm2 = np.ones_like(curves)
    mdm2[:, :, 0] = mdm2[:, :, 2] = hill(20.0, 0.1)  # p53 works
    slope = 0.1 * np.linspace(0, 1, len(GRID) + 1) * np.ones((count, 1, 4, 1))
    axes = {RIBOCICLIB: with_ones(curves), NUTLIN: with_ones(mdm2)}
    return Tables(
        found,
        axes,
        np.ones((count, SETS, 4), bool),
        {RIBOCICLIB: {"copies:g_CCND1": slope}},
        {"copies:g_CCND1": prior("copies:g_CCND1").mean},
    )


def groups_of(tables: Tables, rng: np.random.Generator) -> list[Group]:
    rows = np.arange(len(tables.traits))
    mice = [
        Group("xenograft", xenograft_arm(name), "xenograft", rows, rng.normal(0.4, 0.5, len(rows)))
        for name in ("LEE011", "CGM097")
    ]
    lines = Group("line", line_arm("nutlin-3a"), "GDSC1", rows, rng.uniform(0.5, 1.0, len(rows)))
    return [*mice, lines]


def test_gradient_is_that_of_the_value() -> None:
    tables = toy_tables(16)
    both = {"xenograft": tables, "line": tables}
    objective = Objective(groups_of(tables, np.random.default_rng(1)), both)
    z = np.random.default_rng(2).normal(0, 0.7, len(objective.names))
    _, gradient = objective(z)
    for k in range(len(z)):
        step = np.zeros(len(z))
        step[k] = 1e-5
        numeric = (objective(z + step)[0] - objective(z - step)[0]) / 2e-5
        assert gradient[k] == pytest.approx(numeric, rel=2e-4, abs=2e-5), objective.names[k]


def test_scores_add_up_to_the_gradient() -> None:
    tables = toy_tables(8)
    both = {"xenograft": tables, "line": tables}
    objective = Objective(groups_of(tables, np.random.default_rng(3)), both)
    z = np.full(len(objective.names), 0.3)
    scores = objective.scores(objective.values(z))
    _, gradient = objective(z)
    summed = z - objective.sd * scores.sum(axis=0)
    np.testing.assert_allclose(summed, gradient, rtol=1e-9, atol=1e-9)


def test_without_effect_and_spread_it_is_a_student_density() -> None:
    tables = toy_tables(4)
    flat = {axis: np.ones_like(table) for axis, table in tables.curves.items()}
    tables = Tables(tables.traits, flat, tables.grows)
    value = np.array([0.0, 0.3, -0.5, 2.0])
    group = Group("xenograft", xenograft_arm("LEE011"), "xenograft", np.arange(4), value)
    objective = Objective([group], {"xenograft": tables})
    x = objective.values(np.zeros(len(objective.names)))
    scale = np.exp(x["noise:xenograft"])
    expected = student.logpdf(value / scale, DEGREES) - np.log(scale)
    np.testing.assert_allclose(objective.group(group, x)[0], expected, rtol=1e-10)


def test_an_area_without_effect_is_the_reference() -> None:
    tables = toy_tables(4)
    flat = {axis: np.ones_like(table) for axis, table in tables.curves.items()}
    tables = Tables(tables.traits, flat, tables.grows)
    group = Group("line", line_arm("nutlin-3a"), "GDSC1", np.arange(4), np.ones(4))
    objective = Objective([group], {"line": tables})
    x = objective.values(np.zeros(len(objective.names)))
    low = objective.group(group, {**x, "reference:GDSC1": -0.5})[0]
    assert (objective.group(group, x)[0] > low).all()
    assert len(LN_DISH) == 6


def test_exposure_and_switches_are_recovered() -> None:
    """Values drawn from the model itself give back the exposure that made them."""
    tables = toy_tables(240)
    rng = np.random.default_rng(5)
    rows = np.arange(240)
    arm = xenograft_arm("LEE011")
    base = np.log(arm.parts[0].exposure)
    works = (tables.traits.calls["RB1"][:, 0] == 0) | (rng.random(240) < 0.27)
    dose = base - 1.5 + rng.normal(0, 0.8, 240)
    effect = np.interp(dose, np.log(GRID), 1 - hill(30.0, -0.2))
    value = np.where(works, effect, 0.0) + 0.1 * student.rvs(4, size=240, random_state=rng)
    group = Group("xenograft", arm, "xenograft", rows, value)
    first = first_exposures([group], {"xenograft": tables}, {})
    best, _, objective = maximise([group], {"xenograft": tables}, first)
    assert best["exposure:ribociclib"] == pytest.approx(-1.5, abs=0.4)
    assert np.exp(best["noise:xenograft"]) == pytest.approx(0.1, rel=0.4)
    draws = posterior(objective, best, seed=1)
    assert draws.means()["exposure:ribociclib"] == pytest.approx(best["exposure:ribociclib"])
    column = draws.names.index("exposure:ribociclib")
    assert 0.02 < draws.draws[:, column].std() < 0.8


def test_cells_that_do_not_grow_have_no_weight() -> None:
    tables = toy_tables(8)
    grows = tables.grows.copy()
    grows[:, 1] = False
    odd = {axis: table.copy() for axis, table in tables.curves.items()}
    for table in odd.values():
        table[:, 1] = 50.0
    group = groups_of(tables, np.random.default_rng(7))[0]
    both = [
        Objective([group], {"xenograft": Tables(tables.traits, curves, grows)})
        for curves in (tables.curves, odd)
    ]
    zero = np.zeros(len(both[0].names))
    assert both[0](zero)[0] == pytest.approx(both[1](zero)[0], rel=1e-12)

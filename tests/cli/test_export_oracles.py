"""The exported SBML gives the same curves in our engine, in libRoadRunner and in COPASI."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.cli.app import run
from rpoint.engine import compile_model

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

DOSE_MG = 125.0
HOURS = np.linspace(0.0, 168.0, 43)
WATCHED = ["CycD_total", "free_CIP", "RB_phospho", "p53_total", "net_rate"]
# Each engine runs at a relative tolerance of 1e-10; what is left is their own error control.
AGREEMENT = 1e-6


@pytest.fixture(scope="module", params=["cell", "patient"])
def case(request, tmp_path_factory):
    """The exported file, the names to watch, and what is set at time zero."""
    folder = tmp_path_factory.mktemp("export")
    if request.param == "cell":
        assert run(["model", "export", "--out", str(folder)]) == 0
        return folder / "rpoint-cell.xml", WATCHED, {"c_CDK4": 30.0, "c_CDK6": 30.0}, {}
    assert run(["model", "export", "--drug", "palbociclib", "--out", str(folder)]) == 0
    file = folder / "rpoint-cell-palbociclib.xml"
    return file, [*WATCHED, "palbociclib_Cu"], {}, {"palbociclib_gut": DOSE_MG}


@pytest.fixture(scope="module")
def ours(case):
    file, watched, parameters, initial = case
    model = compile_model(file, observables=watched)
    result = model.solve(parameters, HOURS, initial=initial or None, rtol=1e-10, atol=1e-12)
    assert result.ok.all()
    return result.values[0]


def test_libroadrunner_agrees(case, ours):
    import roadrunner

    file, watched, parameters, initial = case
    engine = roadrunner.RoadRunner(str(file))
    engine.integrator.setValue("relative_tolerance", 1e-10)
    engine.integrator.setValue("absolute_tolerance", 1e-12)
    for name, value in {**parameters, **initial}.items():
        engine[name] = value
    engine.timeCourseSelections = watched
    found = np.asarray(engine.simulate(times=HOURS.tolist()))
    assert worst(ours, found) < AGREEMENT


def test_copasi_agrees(case, ours):
    import basico

    file, watched, parameters, initial = case
    model = basico.load_model(str(file))
    try:
        for name, value in parameters.items():
            basico.set_parameters(name, exact=True, initial_value=value, model=model)
        for name, value in initial.items():
            basico.set_species(name, exact=True, initial_concentration=value, model=model)
        course = basico.run_time_course_with_output(
            [f"Values[{name}]" for name in watched],
            values=HOURS.tolist(),
            r_tol=1e-10,
            a_tol=1e-12,
            max_steps=1_000_000,
            model=model,
        )
    finally:
        basico.remove_datamodel(model)
    assert course.shape == ours.shape
    assert worst(ours, course.to_numpy()) < AGREEMENT


def worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference of a curve, over the largest value of that curve."""
    return float(np.max(np.abs(ours - theirs) / np.max(np.abs(ours), axis=0)))

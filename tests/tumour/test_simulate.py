import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.tumour.noun import tumour
from rpoint.tumour.simulate import simulate

ARMS = {
    "CDK4/6i": "palbociclib 125 mg qd 21/28",
    "both": "palbociclib 125 mg qd 21/28 + milademetan 260 mg qd d1-3,15-17/28",
}
MIXED = tumour("melanoma").with_clones({"TP53-mut": 0.02})


@pytest.fixture(scope="module")
def run(small_ensemble):
    return simulate(MIXED, ARMS, weeks=12, patients=12, seed=4, ensemble=small_ensemble)


def test_there_is_an_untreated_arm_and_it_grows_at_the_doubling_time(run):
    assert list(run.arms) == ["untreated", "CDK4/6i", "both"]
    assert run.courses.failed == 0
    there = run.subjects.start_mm3 > 0
    volumes = run.volumes[:, 0].sum(axis=2)[there]
    doublings = np.log2(volumes[:, 14] / volumes[:, 0])
    expected = run.days[14] / run.subjects.doubling_time_d[there]
    small = volumes[:, 14] < 3e4  # the brake of size does not tell yet
    assert small.sum() > 10
    assert np.allclose(doublings[small], expected[small], rtol=0.08)


def test_the_number_of_patients_and_of_threads_changes_nobody(run, small_ensemble):
    few = simulate(MIXED, ARMS, weeks=12, patients=3, seed=4, ensemble=small_ensemble, jobs=1)
    assert (few.volumes == run.volumes[:3]).all()


def test_a_patient_is_the_same_in_every_arm(run, small_ensemble):
    alone = simulate(
        MIXED, {"b": ARMS["both"]}, weeks=12, patients=12, seed=4, ensemble=small_ensemble
    )
    # other arms add nothing to this arm: the model then has the same two drugs
    assert np.allclose(alone.volumes[:, 1], run.volumes[:, 2], rtol=1e-12)


def test_the_antagonist_slows_the_wild_type_and_not_the_p53_null_clone(run):
    net = (run.courses.division - run.courses.death).mean(axis=-1)
    added = net[:, 2] / net[:, 1]
    assert (added[:, 0] < 0.95).all()
    assert np.allclose(added[:, 1], 1.0, atol=0.02)


def test_tables(run):
    frame = run.to_frame()
    assert len(frame) == 12 * 3 * 13
    start = frame[frame["day"] == 0]
    assert (start["change_pct"] == 0).all()
    visits = run.visits()
    assert set(visits["day"]) == {0.0, 56.0}
    wide = visits.pivot(index=["patient", "lesion"], columns=["arm", "day"], values="diameter_mm")
    assert (wide["untreated", 0.0] == wide["both", 0.0]).all()
    summary = run.summary().set_index("arm")
    assert summary.loc["untreated", "growth_over_untreated"] == pytest.approx(1.0)
    assert (
        summary.loc["both", "growth_over_untreated"]
        < summary.loc["CDK4/6i", "growth_over_untreated"]
    )
    assert summary.loc["both", "regimen"].startswith("palbociclib 125 mg po qd 21/28 +")
    assert run.to_dict()["patients"] == 12


def test_progression_is_judged_against_the_nadir(run):
    day = run.progression_day()
    sld = run.sld
    for i, a in np.argwhere(np.isfinite(day)):
        k = int(np.searchsorted(run.days, day[i, a]))
        nadir = sld[i, a, : k + 1].min()
        assert sld[i, a, k] >= 1.2 * nadir - 1e-9 and sld[i, a, k] - nadir >= 5 - 1e-9


def test_the_sources_are_those_of_the_drugs_used(run, small_ensemble):
    assert any("alboci" in text for text in run.cite())
    assert not any("apivasertib" in text for text in run.cite())


def test_figures(run, tmp_path):
    for figure, kind in ((run.plot.size(), "svg"), (run.plot.nodes(), "json"), (run.plot(), "png")):
        assert figure.save(tmp_path / f"figure.{kind}").stat().st_size > 1000


def test_rival_is_the_best_part(run):
    assert run.rival("both") == "CDK4/6i"
    assert run.rival("CDK4/6i") == "untreated"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"arms": {}}, "no arm"),
        ({"arms": {"x": "palbocicilb 125 mg qd"}}, "palbociclib"),
        ({"arms": {" ": "palbociclib 125 mg qd"}}, "no name"),
        ({"weeks": -1}, "520 weeks"),
        ({"weeks": float("nan")}, "520 weeks"),
        ({"patients": 0}, "whole number"),
        ({"arms": {"untreated": "palbociclib 125 mg qd"}}, "gives drugs"),
    ],
)
def test_wrong_input_is_one_clear_error(change, match, small_ensemble):
    given = {"arms": ARMS, "weeks": 4, "patients": 2, "ensemble": small_ensemble, **change}
    with pytest.raises(RpointError, match=match):
        simulate(MIXED, given.pop("arms"), **given)


def test_a_phase_at_progression_begins_at_the_scan_that_shows_it(small_ensemble):
    first = "palbociclib 125 mg qd 21/28"
    arms = {"stay": first, "switch": f"{first} then milademetan 260 mg qd at progression"}
    run = simulate(tumour("melanoma"), arms, weeks=24, patients=8, seed=4, ensemble=small_ensemble)
    begun = run.progressed["switch"]
    assert any(begun) and not all(len(days) > 1 for days in begun)
    for i, days in enumerate(begun):
        assert all((day - 1) % 56 == 0 for day in days)
        until = (days[0] - 1) * 2 if days else len(run.days) - 1  # the grid has two points a day
        assert np.allclose(run.sld[i, 1, : until + 1], run.sld[i, 2, : until + 1], rtol=1e-6)
        if days and days[0] < 150:
            assert run.sld[i, 2, -1] < run.sld[i, 1, -1]

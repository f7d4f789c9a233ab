import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.tumour.pdx import PdxStudy, pdx

ARMS = {
    "CDK4/6i": "palbociclib 100 mg/kg po qd",
    "both": "palbociclib 100 mg/kg po qd + milademetan 100 mg/kg po qd",
}
MODEL = pdx("M1", "melanoma", "CCND1:amp", doubling_time_d=10.0, start_mm3=150.0)


@pytest.fixture(scope="module")
def result(small_ensemble):
    study = PdxStudy((MODEL,), ARMS, n={"vehicle": 8, "CDK4/6i": 7, "both": 6}, weeks=3)
    return study.run(small_ensemble, seed=2)


def test_a_model_prints_what_it_is():
    assert repr(MODEL) == (
        "<Pdx M1: <Tumour melanoma; CCND1:amp; doubles in 10 d>, doubles in 10.0 d, 150 mm3>"
    )
    assert pdx("B", "breast").start > 100


def test_every_mouse_has_one_arm_and_the_asked_numbers(result):
    mice = result.volumes.groupby("arm")["mouse"].nunique()
    assert mice.to_dict() == {"vehicle": 8, "CDK4/6i": 7, "both": 6}
    assert (result.volumes.groupby("mouse")["arm"].nunique() == 1).all()
    assert set(result.volumes["day"]) == set(np.arange(0, 21.1, 3.5))


def test_the_vehicle_doubles_as_the_model_says(result):
    control = result.volumes[result.volumes["arm"] == "vehicle"]
    wide = control.pivot(index="mouse", columns="day", values="true_volume_mm3")
    assert np.log2(wide[10.5] / wide[0.0]).median() == pytest.approx(1.05, rel=0.3)


def test_summary_test_and_anova(result):
    table = result.summary().set_index("arm")
    assert table.loc["vehicle", "tgi_pct"] == pytest.approx(0)
    assert table.loc["vehicle", "t_over_c_pct"] == pytest.approx(100)
    assert table.loc["both", "tgi_pct"] > table.loc["CDK4/6i", "tgi_pct"]
    assert 0 <= result.test("both", "vehicle") <= 1 and 0 <= result.anova() <= 1
    assert set(result.response()["mrecist"]) <= {"mCR", "mPR", "mSD", "mPD"}


def test_paired_mice_without_limit_are_the_same_in_every_arm(small_ensemble):
    study = PdxStudy((MODEL,), ARMS, n=3, weeks=1, paired=True, limit_mm3=None)
    start = study.run(small_ensemble).volumes.query("day == 0")
    wide = start.pivot(index="mouse", columns="arm", values="volume_mm3")
    assert np.allclose(wide.sub(wide["vehicle"], axis=0), 0)


def test_a_mouse_leaves_after_its_first_visit_above_the_limit(small_ensemble):
    study = PdxStudy((MODEL,), ARMS, n=4, weeks=3, limit_mm3=250.0)
    for _, mouse in study.run(small_ensemble).volumes.groupby("mouse"):
        assert (mouse["volume_mm3"].iloc[:-1] <= 250.0).all()


def test_results_draw_and_wrong_names_are_refused(result, tmp_path):
    assert result.plot().save(tmp_path / "mice.svg").stat().st_size > 1000
    with pytest.raises(RpointError, match="both"):
        result.test("bth", "vehicle")
    with pytest.raises(RpointError, match="M1"):
        result.plot("M2")
    with pytest.raises(RpointError, match="different names"):
        PdxStudy((MODEL, MODEL), ARMS)
    with pytest.raises(RpointError, match="whole number"):
        PdxStudy((MODEL,), ARMS, n=0)

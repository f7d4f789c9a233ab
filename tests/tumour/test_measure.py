import numpy as np
import pandas as pd
import pytest

from rpoint.tumour.facts import fact, facts
from rpoint.tumour.measure import (
    calipers,
    diameter_mm,
    log_slope,
    mrecist,
    response_table,
    scans,
    tumour_growth_inhibition,
    volume_mm3,
)

DAYS = np.array([0.0, 5, 10, 15, 20])


@pytest.mark.parametrize(
    ("volumes", "best", "average", "name"),
    [  # worked by hand from the thresholds of Gao 2015
        ((200, 60, 10, 4, 0), -100.0, -72.6, "mCR"),
        ((200, 180, 120, 80, 60), -70.0, -36.0, "mPR"),
        ((200, 210, 220, 240, 260), 10.0, 5.0, "mSD"),
        ((200, 260, 320, 400, 500), 60.0, 30.0, "mPD"),
        ((200, 300, 260, 180, 90), -55.0, 3.0, "mSD"),
    ],
)
def test_mouse_response_classes(volumes, best, average, name):
    found = mrecist(DAYS, np.array(volumes, float))
    assert found["best_response_pct"] == pytest.approx(best, abs=0.005)
    assert found["best_avg_response_pct"] == pytest.approx(average, abs=0.005)
    assert found["mrecist"] == name


def test_growth_inhibition_is_one_minus_the_ratio_of_slopes():
    rows = [
        {"model": "m", "arm": arm, "mouse": 0, "day": day, "volume_mm3": 200 * np.exp(rate * day)}
        for arm, rate in (("vehicle", 0.06), ("drug", 0.015))
        for day in (0.0, 7.0, 14.0, 21.0, 28.0)
    ]
    table = response_table(pd.DataFrame(rows)).set_index("arm")
    assert table.loc["drug", "growth_inhibition_frac"] == pytest.approx(0.75)
    assert table.loc["vehicle", "growth_inhibition_frac"] == pytest.approx(0.0)


def test_growth_inhibition_of_means():
    # V0 200, treated 400, control 1000: 1 - 200/800
    assert tumour_growth_inhibition(np.array([1000.0]), np.array([400.0]), 200.0) == 75.0


def test_slope_needs_three_points_before_day_21():
    assert np.isnan(log_slope(np.array([0.0, 30, 40]), np.ones(3)))


def test_errors_have_their_documented_size_and_belong_to_the_mouse():
    true = np.full((3000, 4), 500.0)
    seen = calipers(true, seed=4)
    assert np.log(seen / true).std() == pytest.approx(fact("caliper_sd_log"), rel=0.03)
    assert (calipers(true[:5], seed=4) == seen[:5]).all()
    read = scans(np.full((2000, 2, 3), 40.0), seed=4)
    assert (read == np.round(read)).all()
    assert np.log(read / 40).std() == pytest.approx(fact("scan_sd_log"), rel=0.05)


def test_spheres():
    assert diameter_mm(volume_mm3(np.array([10.0, 30.0]))) == pytest.approx([10.0, 30.0])
    # -30 % in diameter is -66 % in volume, +20 % is +73 %
    assert volume_mm3(0.7) / volume_mm3(1.0) == pytest.approx(0.343)
    assert volume_mm3(1.2) / volume_mm3(1.0) == pytest.approx(1.728)


def test_every_fact_has_a_source_and_lies_in_its_range():
    for one in facts().values():
        assert one.source and one.note
        assert one.range[0] <= one.value <= one.range[1]
        assert one.grade in ("read", "secondary", "computed", "inferred")


def test_every_source_of_facts_and_model_can_be_cited():
    from rpoint.tumour.result import cited, model_sources

    texts = cited([one.source for one in facts().values()])
    assert len(texts) >= 4 and all(text.endswith(".") for text in texts)
    assert cited(model_sources())

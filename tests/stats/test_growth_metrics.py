"""TGI, T/C, log cell kill, growth rates, GR, Stein's models: formulas and recovery."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit, minimize_scalar

import rpoint
from rpoint.errors import RpointError
from rpoint.stats import growth_metrics as gm
from rpoint.stats.gr_curve import FLAT
from rpoint.stats.hill import FEW, OK
from rpoint.stats.stein import NO_START, NOT_FIT

DAYS = np.arange(0, 200, 20.0)
DOSES = np.geomspace(0.01, 100, 9)


def gr_true(dose, inf, gec50, h):
    return inf + (1 - inf) / (1 + (dose / gec50) ** h)


def test_the_module_is_public():
    assert rpoint.growth_metrics is gm


def test_volumes_formulas():
    # definitions, section 10: V0 200, T 400, C 1000
    assert gm.tumour_growth_inhibition(1000, 400, 200) == pytest.approx(0.75, abs=1e-12)
    assert gm.treated_over_control(1000, 400) == pytest.approx(0.4, abs=1e-12)
    assert gm.tumour_growth_inhibition(1000, 400, 200, 300) == pytest.approx(1 - 100 / 800)
    assert np.isnan(gm.tumour_growth_inhibition(150, 400, 200))
    assert np.isnan(gm.treated_over_control(0, 400))


@given(st.floats(1, 1e4), st.floats(1.01, 50), st.floats(0.01, 100), st.floats(1e-3, 1e3))
def test_volume_ratios_do_not_depend_on_the_unit(start, growth, treated, unit):
    control = start * growth
    one = gm.tumour_growth_inhibition(control, treated, start)
    two = gm.tumour_growth_inhibition(unit * control, unit * treated, unit * start)
    assert two == pytest.approx(float(one), rel=1e-6, abs=1e-6)


def test_log_cell_kill_counts_powers_of_ten():
    # a kill to 1 % is regrown in log2(100) doublings: 2 powers of ten, if treatment takes no time
    doubling = 4.0
    kill = gm.log_cell_kill(20 + doubling * np.log2(100), 20, doubling, 0)
    assert (kill.gross, kill.net) == pytest.approx((2.0, 2.0))
    assert gm.log_cell_kill(30, 20, doubling, 10).net == 0.0
    with pytest.raises(RpointError, match="doubling time"):
        gm.log_cell_kill(30, 20, 0, 10)


def test_gr_values():
    # Hafner 2016 formula; definitions, section 10
    found = gm.gr_value([2000, 500, 1000, 8000], 1000, 8000)
    assert found == pytest.approx([0.259921, -0.206299, 0.0, 1.0], abs=1e-6)
    assert gm.gr_value(0, 1000, 8000) == -1.0
    assert np.isnan(gm.gr_value(500, 1000, 1000))
    with pytest.raises(RpointError, match="GR needs counts"):
        gm.gr_value(500, 0, 1000)


@given(st.floats(0.3, 4.0), st.floats(0.0, 1.0), st.floats(1.0, 6.0))
def test_gr_does_not_depend_on_how_fast_or_how_long_cells_grow(rate, share, days):
    """A drug that leaves a share of the growth rate has one GR: 2^share - 1."""
    start = 1000.0
    found = gm.gr_value(start * 2 ** (share * rate * days), start, start * 2 ** (rate * days))
    assert found == pytest.approx(2**share - 1, abs=1e-9)


def test_a_gr_curve_gives_back_its_parameters():
    found = gm.gr_curve(DOSES, gr_true(DOSES, -0.3, 0.8, 1.4), unit="uM")
    assert found.status == OK
    assert (found.gr_inf, found.gec50, found.h) == pytest.approx((-0.3, 0.8, 1.4), rel=1e-5)
    assert gr_true(found.gr50, -0.3, 0.8, 1.4) == pytest.approx(0.5, abs=1e-6)
    assert found.gr_max == pytest.approx(gr_true(100, -0.3, 0.8, 1.4))
    assert found.value(found.gr50) == pytest.approx(0.5)


def test_the_area_over_a_gr_curve_is_its_integral():
    """Against the closed form of the Hill curve's area, on a grid fine enough for a trapezoid."""
    fine = np.geomspace(0.01, 100, 400)
    found = gm.gr_curve(fine, gr_true(fine, -0.3, 0.8, 1.4)).gr_aoc
    top = np.log10((1 + (100 / 0.8) ** 1.4) / (1 + (0.01 / 0.8) ** 1.4))
    assert found == pytest.approx(1.3 / 1.4 * top / 4, rel=1e-4)


def test_what_a_gr_curve_cannot_say_is_a_status():
    rng = np.random.default_rng(1)
    flat = gm.gr_curve(np.repeat(DOSES, 2), rng.normal(0.95, 0.05, 18))
    assert flat.status == FLAT and flat.gr50 is None and flat.gr50_reason == "flat above 0.5"
    weak = gm.gr_curve(DOSES, gr_true(DOSES, 0.6, 0.8, 1.4))
    assert weak.gr50 is None and "GRinf" in weak.gr50_reason and weak.status == OK
    short = gm.gr_curve([0, 1, 10], [1, 0.5, 0.1])
    assert short.status == FEW and np.isnan(short.gr_aoc)
    exact = gm.gr_curve([1, 3, 10], [0.9, 0.5, 0.1])
    assert exact.status == FEW and exact.gr_aoc > 0
    assert gm.gr_curve(DOSES, np.full(9, 1.0)).status == FLAT


def test_area_of_a_dose_response():
    assert gm.dose_auc([1, 10, 100], [0, 0.5, 1]) == 0.5
    assert gm.dose_auc([1, 1, 10], [0, 1, 0.5]) == 0.5
    assert np.isnan(gm.dose_auc([1, 1], [0.2, 0.4]))
    with pytest.raises(RpointError, match="log dose"):
        gm.dose_auc([0, 1], [0, 1])


def test_stein_formulas():
    # definitions, section 10: d .03, g .005, t 60, phi .8
    assert gm.stein_gd(60, 0.03, 0.005) == pytest.approx(0.515158, abs=1e-5)
    assert gm.stein_gd_phi(60, 0.03, 0.005, 0.8) == pytest.approx(0.402211, abs=1e-5)
    assert gm.stein_nadir_day(0.03, 0.005) == pytest.approx(51.1931, abs=1e-4)


@given(st.floats(0.002, 0.2), st.floats(0.001, 0.05), st.floats(0.05, 0.95))
def test_the_nadir_is_where_the_curve_is_lowest(d, g, phi):
    for shape, day in (
        (lambda t: gm.stein_gd(t, d, g), gm.stein_nadir_day(d, g)),
        (lambda t: gm.stein_gd_phi(t, d, g, phi), gm.stein_nadir_day(d, g, phi)),
    ):
        lowest = minimize_scalar(shape, bounds=(0, 4000), method="bounded").fun
        assert float(shape(day)) <= lowest + 1e-9


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("gd", gm.stein_gd(DAYS, 0.03, 0.005)),
        ("gd_phi", gm.stein_gd_phi(DAYS, 0.03, 0.005, 0.8)),
        ("gx", np.exp(0.012 * DAYS)),
        ("dx", np.exp(-0.02 * DAYS)),
    ],
)
def test_a_stein_curve_gives_back_its_model_and_rates(model, values):
    found = gm.fit_stein(DAYS + 7, 80 * values)
    assert found.model == model and found.status == OK and found.visits == 9
    truth = {"gd": (0.03, 0.005), "gd_phi": (0.03, 0.005), "gx": (np.nan, 0.012),
             "dx": (0.02, np.nan)}[model]  # fmt: skip
    assert (found.d, found.g) == pytest.approx(truth, rel=1e-4, nan_ok=True)
    assert found.size(DAYS) == pytest.approx(values, rel=1e-4)


def test_stein_rates_and_errors_agree_with_scipy():
    rng = np.random.default_rng(3)
    size = 100 * gm.stein_gd(DAYS, 0.03, 0.005) * rng.normal(1, 0.02, len(DAYS))
    time, relative = DAYS[1:], size[1:] / size[0]
    found = gm.fit_stein(DAYS, size)
    aic = {}
    for name, shape, start in (
        ("gd", gm.stein_gd, [0.02, 0.004]), ("gd_phi", gm.stein_gd_phi, [0.02, 0.004, 0.7]),
    ):  # fmt: skip
        best, spread = curve_fit(shape, time, relative, p0=start)
        squares = float(((relative - shape(time, *best)) ** 2).sum())
        # R's logLik of a normal model of the fitted variance
        aic[name] = 9 * (np.log(2 * np.pi * squares / 9) + 1) + 2 * len(best)
        if name == found.model:
            errors = np.sqrt(np.diag(spread))
            assert (found.d, found.g) == pytest.approx(tuple(best[:2]), rel=1e-3)
            assert (found.d_se, found.g_se) == pytest.approx(tuple(errors[:2]), rel=1e-2)
    assert found.model == min(aic, key=aic.get)
    assert found.aic == pytest.approx(aic[found.model], rel=1e-6)


def test_what_stein_cannot_fit_is_a_status():
    assert gm.fit_stein([0, 30], [50, 40]).status == "too few visits"
    assert gm.fit_stein(DAYS, np.r_[0.0, np.ones(9)]).status == NO_START
    noise = np.r_[100.0, 100 + 3 * (-1.0) ** np.arange(9)]  # about its start, no trend
    assert gm.fit_stein(DAYS, noise).status == NOT_FIT
    with pytest.raises(RpointError, match="below 0"):
        gm.fit_stein(DAYS, -np.ones(10))
    with pytest.raises(RpointError, match="differ in number"):
        gm.fit_stein(DAYS, np.ones(3))
    assert np.isnan(gm.fit_stein([0, 1], [1, 1]).size(DAYS)).all()


def test_a_table_of_patients_is_fitted_as_one_by_one():
    rows = []
    truth = {"b": (0.03, 0.004, 9), "a": (0.01, 0.01, 6), "c": (0, 0, 2)}
    for name, (d, g, visits) in truth.items():
        day = DAYS[:visits]
        rows.append(pd.DataFrame({"patient": name, "day": day, "sum_mm": gm.stein_gd(day, d, g)}))
    table = pd.concat(rows).sample(frac=1, random_state=1)
    found = gm.fit_stein_table(table)
    assert found["patient"].tolist() == ["a", "b", "c"]
    assert found["status"].tolist()[2] == "too few visits"
    for row in found.itertuples():
        one = table[table["patient"] == row.patient]
        alone = gm.fit_stein(one["day"], one["sum_mm"])
        assert row.model == alone.model
        assert (row.d, row.g) == pytest.approx((alone.d, alone.g), rel=1e-6, nan_ok=True)
    with pytest.raises(RpointError, match="no column sum_mm"):
        gm.fit_stein_table(table.drop(columns="sum_mm"))


def volumes():
    rows = [
        (model, arm, f"{model}{arm}", day, 200 * np.exp(rate * day))
        for model, control in (("m1", 0.06), ("m2", -0.01), ("m3", None))
        for arm, rate in (("untreated", control), ("drug", 0.015))
        if rate is not None
        for day in (0.0, 7.0, 14.0, 21.0, 28.0)
    ]
    return pd.DataFrame(rows, columns=["model", "arm", "mouse", "day", "volume_mm3"])


def test_growth_rates_are_compared_within_a_model():
    found = gm.growth_inhibition_table(volumes()).set_index(["model", "arm"])
    assert found.loc[("m1", "drug"), "growth_inhibition"] == pytest.approx(0.75)
    assert found.loc[("m1", "untreated"), "growth_inhibition"] == pytest.approx(0.0)
    assert found.loc[("m2", "drug"), "status"] == "the control does not grow"
    assert np.isnan(found.loc[("m2", "drug"), "growth_inhibition"])
    assert found.loc[("m3", "drug"), "status"] == "no control"
    short = gm.growth_inhibition_table(volumes(), last_day=8.0)
    assert set(short["status"]) == {"too few volumes"}
    with pytest.raises(RpointError, match="control arm"):
        gm.growth_inhibition_table(volumes(), control="vehicle")


def test_a_growth_rate_needs_three_volumes_above_zero():
    assert np.isnan(gm.log_slope([0, 7, 14], [200, 0, 100]))
    assert np.isnan(gm.log_slope([7, 7, 7], [200, 210, 190]))
    assert gm.log_slope([0, 7, 14, 30], [200, 0, 100, 1e6], 40) > 0


# Medians over mice, data checks of the xenograft tables; classes by the mRECIST of Gao 2015.
ARMS = {
    "LEE011": (0.0252, 0.492, {"mCR": 5, "mPR": 7, "mSD": 81, "mPD": 74}),
    "CGM097": (0.0447, 0.173, {"mCR": 2, "mPR": 2, "mSD": 29, "mPD": 61}),
    "HDM201": (0.0365, 0.250, {"mCR": 3, "mSD": 46, "mPD": 80}),
    "LEE011+everolimus": (2.2e-4, 1.01, {"mCR": 2, "mPR": 11, "mSD": 42, "mPD": 9}),
    "BYL719+LEE011": (-0.0117, 1.21, {"mPR": 6, "mSD": 12, "mPD": 4}),
    "LEE011+encorafenib": (-5.6e-4, 1.01, {"mCR": 5, "mPR": 5, "mSD": 12, "mPD": 4}),
    "LEE011+binimetinib": (-0.0127, 1.22, {"mCR": 2, "mPR": 9, "mSD": 5, "mPD": 1}),
}


@pytest.mark.data
def test_xenograft_arms_have_their_known_medians_and_classes(data_folder):
    from rpoint.endpoints.mrecist import mrecist

    table = pd.read_csv(data_folder / "pdxe" / "volumes.csv").sort_values("time_d", kind="stable")
    # its README: mice whose volume jumps from above 200 mm3 to 0 are to be left out
    table = table[table["suspect_zero"] == 0]
    found = gm.growth_inhibition_table(table, group="pdx_model", mouse="mouse_id", day="time_d")
    for arm, (rate, inhibition, classes) in ARMS.items():
        mine = found[found["arm"] == arm]
        assert mine["growth_rate_per_d"].median() == pytest.approx(rate, rel=0.02, abs=5e-5)
        assert mine["growth_inhibition"].median() == pytest.approx(inhibition, abs=0.006)
        mice = table[table["arm"] == arm].groupby("mouse_id")
        seen = [mrecist(m["time_d"].to_numpy(), m["volume_mm3"].to_numpy()) for _, m in mice]
        counts = pd.Series([s["mrecist"] for s in seen]).value_counts().to_dict()
        counts.pop("", None)
        assert counts == classes

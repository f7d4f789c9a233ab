"""Meta-analysis against metafor 3.8-1 and printed tables; heterogeneity, influence, refusals."""

from __future__ import annotations

import doctest
import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from rpoint.errors import RpointError
from rpoint.stats import effects, meta
from rpoint.stats._maximise import derivatives
from rpoint.stats.glmm import fit_glmm, prepare
from rpoint.stats.meta import meta_effects, meta_proportions, meta_two_groups
from rpoint.stats.meta_influence import leave_one_out, subgroups
from rpoint.stats.random_effects import fit_mixed

_spec = importlib.util.spec_from_file_location(
    "published", Path(__file__).with_name("published.py")
)
data = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(data)

# metafor 3.8-1: b, se, tau2, I2 of the log risk ratio of BCG.  Its Paule–Mandel root is found to
# about 3e-5 in tau2; the others are converged.
BCG_R = {
    "REML": (-0.7145323484, 0.1797815318, 0.313243326, 92.22138607, 1e-6),
    "DL": (-0.7141172221, 0.1787420895, 0.3087602629, 92.11734685, 1e-8),
    "FE": (-0.4302851637, 0.04049875171, 0.0, 92.11734685, 1e-8),
    "ML": (-0.7111991392, 0.171896817, 0.280028171, 91.37828474, 1e-6),
    "PM": (-0.7149704056, 0.1808979841, 0.3180937119, 92.33090029, 3e-5),
}


@pytest.fixture(scope="module")
def bcg():
    a, n1, c, n2, _, _ = data.BCG.T
    return effects.log_risk_ratio(a, n1, c, n2)


@pytest.mark.parametrize("method", BCG_R)
def test_bcg_is_that_of_metafor(bcg, method):
    b, se, tau2, i2, tolerance = BCG_R[method]
    fit = fit_mixed(*bcg, method=method)
    assert fit.coef[0] == pytest.approx(b, abs=tolerance)
    assert fit.se[0] == pytest.approx(se, abs=tolerance)
    assert fit.tau2 == pytest.approx(tau2, abs=tolerance)
    assert fit.i2 == pytest.approx(i2, abs=100 * tolerance)
    assert fit.q == pytest.approx(152.2330081, abs=1e-7)
    assert fit.q_p == pytest.approx(1.996764591e-26, rel=1e-7)


def test_paule_mandel_solves_its_equation_where_metafor_stops_early(bcg):
    y, v = bcg

    def generalised_q(tau2):
        w = 1 / (v + tau2)
        return w @ (y - w @ y / w.sum()) ** 2

    assert generalised_q(fit_mixed(y, v, method="PM").tau2) == pytest.approx(12, abs=1e-10)
    assert abs(generalised_q(BCG_R["PM"][2]) - 12) > 1e-5


def test_bcg_hartung_knapp_and_the_q_profile(bcg):
    found = meta_effects(*bcg, test="hk", log=True)
    assert found.se == pytest.approx(0.1807917455, abs=1e-6)
    limits = np.log([found.lo, found.hi])
    assert limits == pytest.approx((-1.108443723, -0.3206209737), abs=1e-6)
    # Viechtbauer 2007, Stat Med 26:37: the Q profile of these data.
    assert (found.tau2_lo, found.tau2_hi) == pytest.approx((0.1197, 1.1115), abs=1e-4)


def test_bcg_meta_regression_on_latitude_and_year(bcg):
    design = np.column_stack([np.ones(13), data.BCG[:, 4], data.BCG[:, 5]])
    fit = fit_mixed(*bcg, design)
    # metafor stops Fisher scoring at a change of 1e-5 in tau2, which moves the intercept, at the
    # year 0, by 2e-4; ours is at the root of the score.
    assert fit.tau2 == pytest.approx(0.1107873515, abs=5e-6)
    assert fit.coef[1:] == pytest.approx((-0.028011275213, 0.001907556596), abs=1e-6)
    assert fit.se[1:] == pytest.approx((0.01023404095, 0.01468381582), abs=1e-6)
    y, v = bcg

    def restricted(tau2):
        w = 1 / (v + tau2)
        gram = design.T @ (w[:, None] * design)
        rest = y - design @ np.linalg.solve(gram, design.T @ (w * y))
        return -np.log(v + tau2).sum() - np.linalg.slogdet(gram)[1] - w @ rest**2

    assert restricted(fit.tau2) >= max(restricted(fit.tau2 + h) for h in (-1e-5, 1e-5))


@pytest.mark.parametrize(
    ("options", "expected"),
    [  # metafor 3.8-1: pooled, interval, prediction interval, tau2
        ({"method": "DL"}, (0.134012, 0.083994, 0.207083, 0.041466, 0.356328, 0.351617)),
        ({"method": "REML"}, (0.132854, 0.074858, 0.22486, 0.030082, 0.430791, 0.558104)),
        (
            {"method": "REML", "test": "hk"},
            (0.132854, 0.060516, 0.267078, 0.018293, 0.557458, 0.558104),
        ),
        ({}, (0.129725, 0.076524, 0.211444, None, None, 0.462751)),
        (
            {"method": "DL", "transform": "freeman-tukey"},
            (0.134695, 0.078585, 0.202484, None, None, 0.010487),
        ),
        (
            {"method": "DL", "transform": "arcsine"},
            (0.135424, 0.079755, 0.203019, None, None, 0.010776),
        ),
    ],
    ids=["DL", "REML", "HK", "GLMM", "FT", "arcsine"],
)
def test_six_cohorts_are_those_of_metafor(options, expected):
    found = meta_proportions(data.SIX_X, data.SIX_N, **options)
    got = (found.estimate, found.lo, found.hi, found.pi_lo, found.pi_hi, found.tau2)
    for value, wanted in zip(got, expected, strict=True):
        if wanted is not None:
            # The reference is printed to six decimals; glmer stops 5e-6 short in tau2.
            assert value == pytest.approx(wanted, abs=5e-6 if not options else 1.5e-6)
    assert found.pi_lo <= found.lo < found.estimate < found.hi <= found.pi_hi


def test_freeman_tukey_values_and_way_back():
    for x, n, y, v in [
        (0, 10, 0.1531387, 0.02380952),
        (1, 10, 0.3733940, 0.02380952),
        (12, 20, 0.8813361, 0.01219512),
        (38, 40, 1.3224900, 0.00617284),
        (40, 40, 1.4923885, 0.00617284),
    ]:
        found = effects.freeman_tukey(x, n)
        assert (float(found[0]), float(found[1])) == pytest.approx((y, v), abs=5e-8)
        assert float(effects.inverse_freeman_tukey(found[0], n)) == pytest.approx(x / n, abs=1e-12)


def test_freeman_tukey_carries_its_warning_and_the_others_do_not():
    assert any("Freeman" in n for n in meta_proportions(
        data.SIX_X, data.SIX_N, method="DL", transform="freeman-tukey").notes)  # fmt: skip
    assert meta_proportions(data.SIX_X, data.SIX_N).notes == ()


class TestPritz:
    """14 studies, two of them without failure; R 4.2.2 with metafor 3.8-1 (lme4 1.1-31)."""

    found = meta_proportions(data.PRITZ_X, data.PRITZ_N)

    def test_glmm(self):
        f = self.found
        # glmer stops where the log-likelihood is 2e-10 below the maximum: 4e-6 in the logit.
        assert f.b == pytest.approx(1.376604389, abs=5e-6)
        assert f.se == pytest.approx(0.2883871878, abs=2e-6)
        assert f.tau2 == pytest.approx(0.5893309018, abs=6e-6)
        assert (f.estimate, f.lo, f.hi) == pytest.approx(
            (0.7984450965, 0.69240262, 0.8745533676), abs=1e-6
        )
        assert (f.pi_lo, f.pi_hi) == pytest.approx((0.4425835714, 0.9518410958), abs=1e-6)
        assert f.i2 == pytest.approx(67.78973681, abs=3e-4)
        assert f.q == pytest.approx(25.09790891, abs=1e-6)
        assert f.lrt == pytest.approx(42.23239803, abs=1e-7)

    def test_our_maximum_is_no_lower_than_glmers_and_flat(self):
        likelihood = prepare(data.PRITZ_X, data.PRITZ_N)
        ours = np.array([self.found.b, np.sqrt(self.found.tau2)])
        theirs = np.array([1.376604389, np.sqrt(0.5893309018)])
        assert likelihood(ours[None])[0] >= likelihood(theirs[None])[0]
        assert np.abs(derivatives(likelihood, ours)[0]).max() < 1e-9
        assert np.abs(derivatives(likelihood, theirs)[0]).max() > 1e-6

    def test_corrected_logit_and_freeman_tukey(self):
        plo = meta_proportions(data.PRITZ_X, data.PRITZ_N, method="REML")
        assert (plo.b, plo.se, plo.tau2) == pytest.approx(
            (1.138909137, 0.2414779114, 0.3645878465), abs=1e-6
        )
        assert any("½" in note for note in plo.notes)
        pft = meta_proportions(data.PRITZ_X, data.PRITZ_N, method="REML", transform="freeman-tukey")
        assert (pft.estimate, pft.lo, pft.hi) == pytest.approx(
            (0.8028998842, 0.7022056632, 0.8893467595), abs=1e-6
        )
        assert (pft.tau2, pft.q) == pytest.approx((0.02576109703, 40.56638151), abs=1e-6)


@pytest.mark.parametrize(
    ("x", "n", "glmm", "normal"),
    [  # Stijnen 2010, Table II: logit, se, tau2, pooled, limits; of the GLMM and of REML
        (data.NIEL_C, data.NIEL_N2, (-3.4964, 0.2570, 0.8124, 0.0294, 0.0180, 0.0478),
         (-3.3018, 0.2378, 0.6629, 0.0355, 0.0226, 0.0554)),
        (data.NIEL_A, data.NIEL_N1, (-4.8121, 0.3555, 0.8265, 0.0081, 0.0040, 0.0161),
         (-4.2604, 0.2589, 0.3928, 0.0139, 0.0084, 0.0229)),
    ],
    ids=["standard", "coated"],
)  # fmt: skip
def test_stijnen_table_ii(x, n, glmm, normal):
    for expected, options in ((glmm, {}), (normal, {"method": "REML"})):
        f = meta_proportions(x, n, **options)
        got = (f.b, f.se, f.tau2, f.estimate, f.lo, f.hi)
        assert got == pytest.approx(expected, abs=6e-5)


def test_cbpp_is_that_of_lme4_and_of_mixedmodels(conformance):
    """Herds with several rows; lme4 1.1-31 and, for Laplace, MixedModels.jl's test/pirls.jl."""
    import pandas as pd

    d = pd.read_csv(conformance / "cbpp.csv")
    design = np.column_stack([np.ones(len(d)), *(d["period"] == k for k in (2, 3, 4))])
    nine = fit_glmm(d["incidence"], d["size"], design, cluster=d["herd"], points=9)
    assert nine.coef == pytest.approx(
        (-1.3992194439, -0.9914086574, -1.1278128371, -1.5794877736), abs=2e-5
    )
    assert np.sqrt(nine.tau2) == pytest.approx(0.64751786, abs=1e-6)
    laplace = fit_glmm(d["incidence"], d["size"], design, cluster=d["herd"], points=1)
    # lme4 stops at −92.02656639, 3e-4 below the maximum that MixedModels.jl finds.
    assert laplace.loglik == pytest.approx(-92.02628186555876, abs=1e-8)


@pytest.mark.parametrize(("b", "tau"), [(-2.0, 0.1), (-2.0, 1.5), (1.0, 3.0)])
def test_the_quadrature_is_the_integral(b, tau):
    x, n = np.array([3, 0, 20]), np.array([30, 12, 20])
    found = prepare(x, n, points=31)(np.array([[b, tau]]))[0]
    exact = sum(
        np.log(
            integrate.quad(
                lambda z, a=a, m=m: stats.binom.pmf(a, m, special.expit(b + tau * z))
                * stats.norm.pdf(z), -12, 12, epsabs=1e-14, limit=200,
            )[0]
        )
        for a, m in zip(x, n, strict=True)
    )  # fmt: skip
    assert found == pytest.approx(exact, abs=1e-5)
    assert prepare(x, n, points=1)(np.array([[b, tau]]))[0] != pytest.approx(exact, abs=1e-5)


def test_equal_studies_have_no_variance_and_the_pooled_proportion():
    found = meta_proportions([5, 5, 5, 5, 5], [50] * 5)
    assert found.tau2 == 0 and found.estimate == pytest.approx(0.1, abs=1e-9)
    assert found.pi_lo == pytest.approx(found.lo)


studies = st.lists(
    st.integers(20, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))),
    min_size=3, max_size=8,
)  # fmt: skip


@settings(max_examples=12)
@given(studies, st.sampled_from(["GLMM", "REML", "DL"]))
def test_order_does_not_matter_and_complements_mirror(rows, method):
    x, n = map(np.array, zip(*rows, strict=True))
    found = meta_proportions(x, n, method=method)
    back = meta_proportions(x[::-1], n[::-1], method=method)
    other = meta_proportions(n - x, n, method=method)
    assert back.estimate == pytest.approx(found.estimate, abs=1e-7)
    assert other.estimate == pytest.approx(1 - found.estimate, abs=1e-7)
    assert other.lo == pytest.approx(1 - found.hi, abs=1e-6)
    assert found.pi_lo <= found.lo <= found.estimate <= found.hi <= found.pi_hi
    assert min(x / n) - 1e-6 <= found.estimate <= max(x / n) + 1e-6


def test_two_group_measures_agree_with_their_definitions():
    a, n1, c, n2, _, _ = data.BCG.T
    ratio = meta_two_groups(a, n1, c, n2, measure="risk ratio")
    assert ratio.estimate == pytest.approx(np.exp(-0.7145323484), abs=1e-6)
    assert ratio.transform == "log" and "risk ratio" in ratio.summary()
    swapped = meta_two_groups(c, n2, a, n1, measure="odds ratio")
    plain = meta_two_groups(a, n1, c, n2, measure="odds ratio")
    assert swapped.estimate == pytest.approx(1 / plain.estimate, rel=1e-9)
    gap = meta_two_groups(a, n1, c, n2, measure="risk difference")
    assert gap.lo < gap.estimate < gap.hi < 0.01


def test_a_published_ratio_gives_its_interval_back():
    y, v = effects.from_interval([0.5], [0.25], [1.0])
    half = stats.norm.ppf(0.975) * np.sqrt(v)
    assert np.exp([y - half, y + half]).ravel() == pytest.approx([0.25, 1.0])


def test_leave_one_out_is_the_analysis_without_the_study():
    found = meta_proportions(data.SIX_X, data.SIX_N, study=list("ABCDEF"))
    table = leave_one_out(found).set_index("study")
    by_hand = meta_proportions(data.SIX_X[1:], data.SIX_N[1:])
    assert table.loc["A", "estimate"] == pytest.approx(by_hand.estimate, abs=1e-12)
    assert table.loc["A", "shift"] == pytest.approx(by_hand.estimate - found.estimate, abs=1e-12)
    assert (table["status"] == "ok").all() and len(table) == 6


def test_leave_one_out_says_why_a_row_has_no_number():
    table = leave_one_out(meta_proportions([0, 0, 3], [20, 20, 20]))
    assert table["status"].tolist()[2] != "ok" and np.isnan(table["estimate"].iloc[2])


def test_subgroups_pool_apart_and_test_between():
    found = meta_proportions([1, 2, 2, 20, 22, 25, 3], [50] * 7)
    groups = subgroups(found, list("aaabbbc"))
    assert list(groups.groups) == ["a", "b"] and groups.single == ("c",)
    assert groups.groups["a"].estimate == pytest.approx(
        meta_proportions([1, 2, 2], [50] * 3).estimate, abs=1e-12
    )
    assert groups.p < 1e-6 and "between groups" in groups.summary()


def test_a_result_can_be_pickled_and_made_again():
    found = meta_proportions(data.SIX_X, data.SIX_N)
    again = pickle.loads(pickle.dumps(found))
    assert leave_one_out(again).equals(leave_one_out(found))
    frame = found.to_frame()
    assert frame["row"].tolist()[-2:] == ["pooled", "prediction"] and frame["x"].iloc[-2] == 152
    assert found.to_dict()["k"] == 6 and "again" not in found.to_dict()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: meta_proportions([1], [10]), "at least two studies"),
        (lambda: meta_proportions([0, 0], [10, 10]), "no event in any study"),
        (lambda: meta_proportions([10, 10], [10, 10]), "only events"),
        (lambda: meta_proportions([1, 11], [10, 10]), "entry 2: x = 11"),
        (lambda: meta_proportions([1, 2], [9, 9], study=["A", "A"]), "there twice"),
        (lambda: meta_proportions([1, 2], [9, 9], study=["A"]), "study names"),
        (lambda: meta_proportions([1, 2], [9, 9], method="REMEL"), "nearest: REML"),
        (lambda: meta_proportions([1, 2], [9, 9], test="hk"), "Hartung"),
        (lambda: meta_proportions([1, 2], [9, 9], transform="logits"), "nearest: logit"),
        (lambda: meta_effects([1, 2], [0.1, 0.0]), "entry 2"),
        (lambda: meta_effects([1, np.nan], [0.1, 0.1]), "entry 2"),
        (lambda: meta_two_groups(1, 9, 2, 9, measure="odd ratio"), "nearest: odds ratio"),
        (lambda: effects.from_interval([2.0], [0.5], [1.0]), "does not fit"),
        (lambda: leave_one_out(meta_proportions([1, 2], [9, 9])), "at least three"),
        (lambda: subgroups(meta_proportions([1, 2, 3], [9] * 3), "ab"), "as many groups"),
    ],
)
def test_what_is_refused(call, says):
    with pytest.raises(RpointError, match=says):
        call()


def test_doctests():
    assert doctest.testmod(meta).failed == 0
    assert doctest.testmod(effects).failed == 0

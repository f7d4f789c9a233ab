"""Predictions of a panel: what must not matter, what must, and what a row that fails says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from rpoint.errors import RpointError
from rpoint.panel.arms import line_arm, xenograft_arm
from rpoint.panel.coefficients import Coefficients, prior, prior_only
from rpoint.panel.gains import gains
from rpoint.panel.observations import switch_evidence
from rpoint.panel.predict import Draws, predict_lines, predict_xenografts
from rpoint.panel.prediction import noise_points, reading_sd
from rpoint.panel.read import read_panel
from rpoint.panel.traits import traits
from rpoint.tumour.simulate import shipped as ensemble

DRAWS = 12
ARMS = ["CGM097", "LEE011"]


def panel(**columns):
    table = {
        "model_id": ["a", "b", "c", "d"],
        "tumour_type": ["melanoma", "melanoma", "colorectal", "breast"],
        "TP53": ["wt", "mut", "wt", "?"],
        "RB1": ["wt", "wt", "loss", "wt"],
        "CDKN2A": ["loss", "wt", "wt", "?"],
        "BRAF": ["mut", "wt", "wt", "wt"],
    }
    return pd.DataFrame({**table, **columns})


def known() -> Coefficients:
    """Switches that are told exactly, everything else from its prior."""
    calls = ("TP53:wt", "TP53:mut", "RB1:wt", "RB1:loss")
    evidence = ("TP53:targets", "RB1:message")
    names = (*calls, *(f"{call} in lines" for call in calls), *evidence)
    row = np.array([20.0, -20.0, 20.0, -20.0] * 2 + [0.0, 0.0])
    return Coefficients(names, np.tile(row, (4, 1)))


def run(table, arms=ARMS, **options):
    options = {"draws": DRAWS, "coefficients": known(), "seed": 3, **options}
    return predict_xenografts(read_panel(table), arms, **options)


@pytest.fixture(scope="module")
def made():
    return run(panel())


def test_columns_and_order_are_those_promised(made) -> None:
    frame = made.to_frame()
    promised = "model_id arm growth_inhibition lo90 hi90 score status"
    assert list(frame) == promised.split()
    assert list(frame["model_id"]) == [m for m in "abcd" for _ in ARMS]
    assert list(frame["arm"]) == ARMS * 4
    assert (frame["lo90"] < frame["growth_inhibition"]).all()
    assert (frame["growth_inhibition"] < frame["hi90"]).all()
    assert set(frame["status"]) == {"ok"}


def test_an_mdm2_antagonist_needs_p53_and_a_cdk46_inhibitor_needs_rb(made) -> None:
    draws = made.drawn.draws[made.drawn.where]
    np.testing.assert_allclose(draws[1, 0], 0.0, atol=2e-3)  # TP53 mutated, CGM097
    assert np.nanmean(draws[0, 0]) > 0.05  # TP53 wild type
    assert np.nanmean(draws[2, 1]) < 0.5 * np.nanmean(draws[0, 1])  # RB1 lost against intact


def test_rows_do_not_know_of_one_another(made) -> None:
    table = panel()
    back = run(table.iloc[::-1].reset_index(drop=True)).to_frame()
    both = made.to_frame().merge(back, on=["model_id", "arm"], suffixes=("", "_back"))
    np.testing.assert_array_equal(both["score"], both["score_back"])
    alone = run(table.iloc[[2]].reset_index(drop=True)).to_frame()
    want = made.to_frame().query("model_id == 'c'")["score"].to_numpy()
    np.testing.assert_array_equal(alone["score"].to_numpy(), want)


def test_like_models_are_alike_and_run_once() -> None:
    table = panel()
    twice = pd.concat([table, table.assign(model_id=["e", "f", "g", "h"])], ignore_index=True)
    made = run(twice)
    assert len(made.drawn.draws) == 4
    score = made.to_frame()["score"].to_numpy()
    np.testing.assert_array_equal(score[:8], score[8:])


def test_threads_and_repeats_give_the_same_bits(made) -> None:
    again = run(panel(), jobs=1)
    np.testing.assert_array_equal(made.drawn.draws, again.drawn.draws)
    other = run(panel(), seed=4)
    assert not np.array_equal(made.drawn.draws, other.drawn.draws)


def test_expression_moves_a_model_relative_to_its_panel() -> None:
    """A p53 that makes its targets is likelier to work."""
    n = 12
    table = pd.DataFrame(
        {
            "model_id": [f"m{k}" for k in range(n)],
            "tumour_type": "colorectal",
            "TP53": "vus",
            "expr:MDM2": np.linspace(2, 8, n),
            "expr:CDKN1A": np.linspace(3, 9, n),
        }
    )
    made = run(table, ["CGM097"], coefficients=prior_only(4))
    score = made.to_frame()["score"].to_numpy()
    assert score[-3:].mean() > score[:3].mean()


def test_unknown_type_and_no_gene_are_a_status() -> None:
    table = panel(tumour_type=["melanoma", "xyzzy", "colorectal", "breast"])
    table.loc[3, ["TP53", "RB1", "CDKN2A", "BRAF"]] = "?"
    frame = run(table).to_frame()
    told = frame.drop_duplicates("model_id").set_index("model_id")["status"]
    assert "unknown tumour type" in told["b"] and "no usable gene" in told["d"]
    assert told["a"] == "ok" and frame["growth_inhibition"].notna().all()


def test_curves_start_at_nothing_and_follow_the_growth(made) -> None:
    curves = made.curves([7, 14, 21])
    assert len(curves) == 4 * 2 * 3
    assert (curves["log_ratio_p05"] < curves["log_ratio_p95"]).all()
    none = curves.query("model_id == 'b' and arm == 'CGM097'")["log_ratio_p50"].to_numpy()
    assert none[2] == pytest.approx(3 * none[0], rel=0.25)  # untreated growth is exponential
    told = pd.DataFrame({"model_id": ["b"], "rate": [0.2], "sd": [0.01]})
    faster = made.curves([21], told).query("model_id == 'b' and arm == 'CGM097'")
    assert faster["log_ratio_p50"].item() == pytest.approx(0.2 * 21, rel=0.1)


def test_areas_fall_with_the_dose_range_and_stay_in_bounds() -> None:
    table = read_panel(panel())
    low = predict_lines(table, ["nutlin-3a"], concentration_nM=(0.01, 1.0), draws=DRAWS,
                        coefficients=known())  # fmt: skip
    high = predict_lines(table, ["nutlin-3a"], concentration_nM=(100.0, 1e6), draws=DRAWS,
                         coefficients=known())  # fmt: skip
    assert list(low.to_frame()) == ["model_id", "drug", "auc", "lo90", "hi90", "status"]
    assert low.scores()[0, 0] > high.scores()[0, 0]
    assert high.scores()[1, 0] == pytest.approx(low.scores()[1, 0], abs=1e-3)  # TP53 mutated


def test_a_drug_without_data_is_drawn_among_the_learnt_ones() -> None:
    names = tuple(f"dish:{letter}" for letter in "abcdef")
    values = np.array([-3.0, -2.0, 0.0, 0.0, 2.0, 3.0])
    learnt = Coefficients(names, np.tile(values, (400, 1)))
    draws = Draws(400, 1, learnt, 4)
    assert (draws.of_drug("dish", "c") == 0.0).all()
    spread = draws.of_drug("dish", "zzz")
    expected = student.ppf([0.05, 0.5, 0.95], 5) * values.std(ddof=1) * np.sqrt(7 / 6)
    np.testing.assert_allclose(np.quantile(spread, [0.05, 0.5, 0.95]), expected, atol=0.1)
    few = Draws(400, 1, Coefficients(names[:3], learnt.draws[:, :3]), 4)
    assert few.of_drug("dish", "zzz").std() == pytest.approx(prior("dish:zzz").sd, rel=0.02)


def test_a_drug_without_data_may_act_beside_its_target() -> None:
    own = known().joined("dish:nutlin-3a", np.zeros(4))
    one = predict_lines(read_panel(panel()), ["nutlin-3a"], draws=DRAWS, coefficients=own)
    other = predict_lines(read_panel(panel()), ["nutlin-3a"], draws=DRAWS, coefficients=known())
    low = [made.to_frame().loc[1, "hi90"] for made in (one, other)]  # TP53 mutated: no effect
    assert low[1] < low[0]


def test_points_of_the_error_have_its_distribution_over_all_draws() -> None:
    points = noise_points(16)
    np.testing.assert_allclose(
        np.sort(points.ravel()), student.ppf((np.arange(320) + 0.5) / 320, 4), rtol=1e-9
    )
    assert (np.diff(points, axis=1) > 0).all() and points.shape == (16, 20)


def test_readings_are_normal_about_the_sizes(made) -> None:
    days = np.array([7.0, 21.0])
    error = made.ratios(days, on_study=True) - made.sizes(days, on_study=True)
    assert error.mean() == pytest.approx(0.0, abs=1e-9)
    assert error.std() == pytest.approx(reading_sd(), rel=0.02)


def test_a_tumour_that_keeps_p16_has_lost_rb_more_often() -> None:
    silent = known().joined("RB1:p16 lost", np.full(4, 9.0))
    column = silent.names.index("RB1:wt")
    silent.draws[:, column] = -3.0
    table = panel(CDKN2A=["loss", "wt", "wt", "wt"], TP53="wt", BRAF="wt")
    found = run(table, ["LEE011"], coefficients=silent)
    score = found.to_frame().set_index("model_id")["score"]
    assert score["a"] > score["b"] + 0.1


def test_p53_works_more_often_where_mdm2_is_amplified() -> None:
    unsure = known().joined("TP53:MDM2 amplified", np.full(4, 2.0))
    unsure.draws[:, unsure.names.index("TP53:wt")] = -1.0
    still = unsure.joined("copies:g_MDM2", np.full(4, -50.0))  # the copies make no more MDM2
    table = panel(MDM2=["amp", "wt", "cn=4", "wt"], TP53="wt", tumour_type="melanoma", BRAF="wt",
                  RB1="wt", CDKN2A="wt")  # fmt: skip
    score = run(table, ["CGM097"], coefficients=still).to_frame().set_index("model_id")["score"]
    assert score["a"] > score["b"] + 0.05
    assert score["c"] == score["b"]


def test_the_message_of_an_amplified_mdm2_does_not_speak_for_p53() -> None:
    level = {"expr:MDM2": np.arange(10.0), "expr:CDKN1A": np.zeros(10)}
    table = pd.DataFrame({"model_id": [str(i) for i in range(10)], "tumour_type": "breast",
                          "MDM2": ["amp"] + ["wt"] * 9, **level})  # fmt: skip
    table.loc[0, "expr:MDM2"] = 9.0
    found = switch_evidence(traits(read_panel(table)))["TP53:targets"]
    assert found[0] == 0.0 and found[9] > 0.5


def test_gain_is_over_the_better_part_and_needs_both_genes() -> None:
    found = gains(read_panel(panel()), ["LEE011", "HDM201"], draws=DRAWS, coefficients=known())
    table = found.to_frame()
    assert list(table["gain"]) == sorted(table["gain"], reverse=True)
    row = table.set_index("model_id")
    assert row.loc["b", "gain"] == pytest.approx(0.0, abs=5e-3)  # no p53: nothing is added
    assert (table["label"].str.contains("prediction")).all()
    groups = found.by_group()
    assert groups["models"].sum() == 4
    plan = found.experiment()
    assert plan["models_per_group"] > 0 and "refuted" in plan["decides"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ribocicilb", "unknown drug"),
        ("pembrolizumab", "acts on no target"),
        ("nutlin-3a 5", "missing|unit|dose"),
        ("", "drug|regimen|empty"),
    ],
)
def test_an_arm_that_cannot_be_predicted_is_refused(text: str, words: str) -> None:
    with pytest.raises(RpointError, match=words):
        xenograft_arm(text)


def test_arms_and_options_are_checked() -> None:
    table = read_panel(panel())
    with pytest.raises(RpointError, match="different names"):
        predict_xenografts(table, ["LEE011", "LEE011"])
    with pytest.raises(RpointError, match="few draws"):
        predict_xenografts(table, ["LEE011"], draws=2)
    with pytest.raises(RpointError, match="ascend"):
        predict_lines(table, ["nutlin-3a"], concentration_nM=(10.0, 1.0))
    with pytest.raises(RpointError, match="unknown drug"):
        line_arm("nutlin-4")


def test_combination_of_names_takes_the_catalogues_doses() -> None:
    arm = xenograft_arm("LEE011+everolimus")
    assert arm.assumed and [part.target for part in arm.parts] == ["CDK4/6", "mTOR"]
    told = xenograft_arm("both=ribociclib 75 mg/kg qd + everolimus 10 mg/kg qd")
    assert told.name == "both" and not told.assumed
    assert [p.exposure for p in told.parts] == pytest.approx([p.exposure for p in arm.parts])


def test_the_shipped_ensemble_is_used_by_default() -> None:
    made = run(panel(), ensemble=ensemble())
    np.testing.assert_array_equal(made.drawn.draws, run(panel()).drawn.draws)

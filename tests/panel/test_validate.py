"""A validation end to end on a small folder, with a predictor whose quality is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.panel import judge
from rpoint.panel.baselines import GENOTYPE_MEDIAN, RIDGE
from rpoint.panel.criteria import criteria
from rpoint.panel.heldout import HeldOut
from rpoint.panel.measured import inhibitions, repeats
from rpoint.panel.validate import validate

ARMS = ("CGM097", "HDM201", "LEE011")


@pytest.fixture(scope="module")
def folder(small_folder):
    return small_folder


@pytest.fixture(scope="module")
def oracle(knowing):
    return knowing


@pytest.fixture(scope="module")
def found(folder, oracle):
    return validate(folder, predictor=oracle)


def test_a_good_predictor_comes_out_above_the_baselines(found):
    table = found.tables["xenografts_spearman"].set_index(["predictor", "arm"])
    assert table.loc[("R-point", "CGM097"), "spearman"] > 0.8
    gain = found.tables["xenografts_gain"]
    over = gain[(gain["arm"] == "LEE011") & (gain["baseline"] == GENOTYPE_MEDIAN)].iloc[0]
    assert over["gain"] > over["lo"] > 0
    assert found.criteria["met"].all()
    assert found.notes[-1] == "knows the answer"


def test_calibrated_draws_cover_and_narrow_ones_do_not(folder, found, oracle):
    def narrow(*given, **options):
        held = oracle(*given, **options)
        centre = held["xenografts"].table["predicted"].to_numpy()[:, None]
        draws = centre + 0.1 * (held["xenografts"].draws - centre)
        return {"xenografts": HeldOut(held["xenografts"].table, draws)}

    def pooled(result):
        table = result.tables["xenografts_coverage"].set_index(["predictor", "arm", "level"])
        return table.loc[("R-point", "pooled", 90), "coverage"]

    assert 0.8 < pooled(found) < 0.97
    poor = validate(folder, predictor=narrow)
    assert pooled(poor) < 0.3
    rows = poor.criteria.set_index("criterion")
    assert not rows.loc["xenografts: measurements inside the 90 % intervals", "met"]
    assert "curves" not in poor.tables and "lines_spearman" not in poor.tables


def test_a_predictor_of_noise_misses_the_demands(folder, oracle):
    def noise(*given, **options):
        rng = np.random.default_rng(4)
        made = {}
        for name, held in oracle(*given, **options).items():
            table = held.table.assign(predicted=rng.permutation(held.table["predicted"]))
            made[name] = HeldOut(table, held.draws[rng.permutation(len(held))])
        return made

    poor = validate(folder, predictor=noise)
    above = poor.criteria[poor.criteria["criterion"].str.contains("genotype")]
    assert not above["met"].any()
    curves = poor.tables["curves"].set_index("arm")
    assert curves.loc["pooled", "gain"] < 0 < found_gain(poor, "crps")


def found_gain(result, score):
    table = result.tables["curves"].set_index("arm").loc["pooled"]
    return table[score] - table[f"{score}_mean_curve"]


def test_curves_that_are_known_beat_the_mean_of_the_arm(found):
    table = found.tables["curves"].set_index("arm")
    assert (table["gain"] > 0).all() and found_gain(found, "crps") < 0
    assert table.loc["pooled", "mice"] == 160 and table.loc["pooled", "points"] == 480


def test_repeats_set_the_ceiling(found):
    mice = found.tables["xenografts_repeats"].iloc[0]
    assert (mice["first"], mice["second"], mice["n"]) == ("CGM097", "HDM201", 40)
    assert mice["ceiling"] == pytest.approx(np.sqrt(mice["spearman"]))
    assert len(found.tables["lines_repeats"]) == 1
    assert repeats(pd.DataFrame({"arm": ["LEE011"]})) == []


def test_every_figure_draws_and_every_table_has_rows(found):
    wanted = {f"{a}_{f}" for a in ("xenografts", "lines") for f in ("agreement", "predictors")}
    assert wanted | {"curves", "xenografts_calibration", "xenografts_markers"} <= set(found.figures)
    for figure in found.figures.values():
        assert figure.svg().startswith("<svg") and len(figure.table) and figure.caption
    assert all(len(table) for table in found.tables.values())


def test_the_summary_has_one_row_an_arm(found):
    table = found.summary()
    arms = [*ARMS, "pooled", "nutlin-3a, GDSC1", "nutlin-3a, GDSC2", "pooled"]
    assert sorted(table["arm"]) == sorted(arms)
    assert {"R-point", GENOTYPE_MEDIAN, RIDGE} <= set(table)
    plain = found.to_dict()
    assert plain["fit"] == "crossval" and "xenografts_predictions" not in plain["tables"]
    assert "criteria met" in repr(found)


def test_the_same_seed_gives_the_same_tables(folder, found, oracle):
    again = validate(folder, predictor=oracle)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])


def test_the_score_ranks_where_a_predictor_has_one(folder, oracle):
    """A predictor whose values are all equal but whose score is right ranks by the score."""

    def scored(*given, **options):
        held = oracle(*given, **options)["xenografts"]
        table = held.table.assign(score=held.table["predicted"], predicted=0.5)
        return {"xenografts": HeldOut(table, held.draws)}

    table = validate(folder, predictor=scored).tables["xenografts_spearman"]
    own = table[(table["predictor"] == "R-point") & (table["arm"] == "CGM097")]
    assert own["spearman"].item() > 0.8


def test_arms_without_prediction_are_left_out_and_the_others_stay(folder, oracle):
    def partial(*given, **options):
        held = oracle(*given, **options)["xenografts"]
        lost = (held.table["arm"] == "LEE011").to_numpy()
        table = held.table.assign(predicted=held.table["predicted"].where(~lost))
        return {"xenografts": HeldOut(table, np.where(lost[:, None], np.nan, held.draws))}

    found = validate(folder, predictor=partial)
    table = found.tables["xenografts_spearman"]
    assert set(table["arm"]) == {"CGM097", "HDM201", "pooled"}
    assert "no prediction of these arms of xenografts: LEE011" in found.notes
    assert table.groupby("predictor")["n"].max().nunique() == 1  # the same rows for everyone


def test_measured_inhibition_is_one_row_a_model_and_arm(folder):
    from rpoint.panel.folder import xenograft_tables

    table = inhibitions(xenograft_tables(folder))
    assert not table.duplicated(["model_id", "arm"]).any() and set(table["arm"]) == set(ARMS)
    assert table["measured"].between(-1, 2).all()
    assert set(table["disease_control"]) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fit": "crosval"}, "crossval"),
        ({"folds": 1}, "number of folds"),
    ],
)
def test_wrong_options_are_told_at_once(folder, options, says, oracle):
    with pytest.raises(RpointError, match=says):
        validate(folder, predictor=oracle, **options)


def test_a_folder_without_responses_is_one_error(tmp_path, oracle):
    with pytest.raises(RpointError, match="no measured responses"):
        validate(tmp_path, predictor=oracle)
    with pytest.raises(RpointError, match="cannot be read"):
        validate(tmp_path / "absent", predictor=oracle)


def test_no_tables_give_no_demands():
    assert criteria({}).empty


# -- held-out predictions ---------------------------------------------------------------------
def rows(n=3):
    return pd.DataFrame({"model_id": list("abc")[:n], "arm": "A", "predicted": 0.5, "status": "ok"})


def test_single_failed_draws_are_filled_and_failed_rows_stay_failed():
    draws = np.array([[1.0, np.nan, 3.0, 2.0], [np.nan, np.nan, np.nan, 1.0], [1, 2, 3, 4]])
    held = HeldOut(rows(), draws)
    assert held.draws[0].tolist() == [1.0, 2.0, 3.0, 2.0]
    assert np.isnan(held.draws[1]).all()
    table = held.with_quantiles()
    assert table["lo50"].isna().tolist() == [False, True, False]
    assert table.loc[2, ["lo50", "hi50"]].tolist() == [1.75, 3.25]


def test_draws_and_table_must_fit():
    with pytest.raises(RpointError, match="row of draws"):
        HeldOut(rows(), np.zeros((2, 4)))
    with pytest.raises(RpointError, match="columns absent: status"):
        HeldOut(rows().drop(columns="status"), np.zeros((3, 4)))


def test_clipping_keeps_the_order_of_quantiles():
    held = HeldOut(rows(), np.random.default_rng(1).normal(0, 3, (3, 50))).clipped(-1, 2)
    table = held.with_quantiles()
    assert held.draws.min() >= -1 and held.draws.max() <= 2
    assert (table["lo90"] <= table["hi90"]).all()


def test_joining_keeps_the_draws_beside_their_rows():
    held = HeldOut(rows(), np.arange(12.0).reshape(3, 4))
    measured = pd.DataFrame({"model_id": ["c", "a", "z"], "arm": "A", "measured": [1.0, 2, 3]})
    table, draws = held.joined(measured, ["model_id", "arm"])
    assert table["model_id"].tolist() == ["c", "a"]
    assert draws[:, 0].tolist() == [8.0, 0.0]


def test_gains_pair_the_same_models(found):
    table = found.tables["xenografts_gain"]
    assert set(table["arm"]) == {*ARMS, judge.POOLED}
    assert ((table["lo"] <= table["gain"]) & (table["gain"] <= table["hi"])).all()

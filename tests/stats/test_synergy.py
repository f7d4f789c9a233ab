"""`synergy` from a table to scores: symmetries, statuses, intervals, quality checks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.stats._synergy_models import MODELS
from rpoint.stats.musyc import MusycParameters
from rpoint.stats.plate import read_plate
from rpoint.stats.synergy import analyse_plate, synergy
from rpoint.stats.synthetic_plate import synthetic_plate

DOSES = np.r_[0.0, np.geomspace(0.1, 30.0, 5)]
TRUTH = MusycParameters(0, 0.8, 0.6, 0.95, 1.5, 3, 1.2, 1.8, 4, 0.5)
INDEPENDENT = MusycParameters(0, 0.9, 0.8, 1 - 0.1 * 0.2, 1, 2, 1.3, 1.0)


def plate(truth=TRUTH, *, sd=0.03, replicates=2, seed=1, doses1=DOSES, doses2=DOSES):
    return synthetic_plate(truth, doses1, doses2, sd=sd, replicates=replicates, seed=seed)


@pytest.fixture(scope="module")
def result():
    return synergy(plate(), bootstrap=60)


def by_model(found, column="mean_excess"):
    return found.scores.set_index("model")[column]


def parameters(found):
    return found.parameters.set_index("parameter")["value"]


def test_every_model_gives_a_score_with_an_interval(result):
    table = result.scores
    assert tuple(table["model"]) == MODELS and result.complete
    assert (table["lo"] < table["mean_excess"]).all() and (table["mean_excess"] < table["hi"]).all()
    assert (table["cells"] == 25).all()


def test_the_mean_is_that_of_the_cells(result):
    mean = result.surface.groupby("model")["excess"].mean()
    assert by_model(result).to_dict() == pytest.approx(mean.to_dict(), abs=1e-12)


def test_bliss_and_hsa_are_made_of_cell_means(result):
    cells = result.effects().set_index(["dose1", "dose2"])["effect"]
    for row in result.surface[result.surface["model"] == "bliss"].itertuples():
        one, two = cells[row.dose1, 0.0], cells[0.0, row.dose2]
        assert row.expected == pytest.approx(one + two - one * two, abs=1e-12)
        assert row.excess == pytest.approx(cells[row.dose1, row.dose2] - row.expected, abs=1e-12)


def test_scale_and_sign_are_in_every_output(result):
    whole = result.to_dict()
    assert "0 untreated, 1 nothing left" in whole["effect_scale"]
    assert "positive: more effect than expected" in whole["sign"]
    assert "positive: more effect than expected" in repr(result)
    assert len(result.cite()) == len(MODELS)


def test_swapping_the_drugs_swaps_the_alphas_and_leaves_the_scores():
    table = plate()
    turned = table.rename(
        columns={"drug1": "drug2", "drug2": "drug1", "dose1_nM": "dose2_nM", "dose2_nM": "dose1_nM"}
    )
    one, two = (synergy(t, bootstrap=0, gamma=True) for t in (table, turned))
    assert by_model(two).to_dict() == pytest.approx(by_model(one).to_dict(), abs=1e-6)
    first, second = parameters(one), parameters(two)
    for a, b in (("alpha12", "alpha21"), ("gamma12", "gamma21"), ("E1", "E2"), ("C1", "C2")):
        assert first[a] == pytest.approx(second[b], rel=1e-3)
        assert first[b] == pytest.approx(second[a], rel=1e-3)
    assert first["beta"] == pytest.approx(second["beta"], abs=1e-4)


def test_asking_for_the_drugs_the_other_way_round_is_a_swap():
    table = plate()
    one = synergy(table, bootstrap=0)
    two = synergy(table, "drug B", "drug A", bootstrap=0)
    assert two.name == "drug B + drug A"
    assert by_model(two).to_dict() == pytest.approx(by_model(one).to_dict(), abs=1e-6)
    assert parameters(two)["alpha21"] == pytest.approx(parameters(one)["alpha12"], rel=1e-3)


@settings(max_examples=2)
@given(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4))
def test_the_unit_of_a_dose_does_not_matter(factor1, factor2):
    table = plate()
    scaled = table.assign(
        dose1_nM=table["dose1_nM"] * factor1, dose2_nM=table["dose2_nM"] * factor2
    )
    one, two = (synergy(t, bootstrap=0) for t in (table, scaled))
    assert by_model(two).to_dict() == pytest.approx(by_model(one).to_dict(), abs=1e-6)
    index = by_model(one, "index_median")["loewe"], by_model(two, "index_median")["loewe"]
    assert index[1] == pytest.approx(index[0], rel=1e-5)
    assert parameters(two)["C1"] == pytest.approx(parameters(one)["C1"] * factor1, rel=1e-3)
    assert parameters(two)["alpha12"] == pytest.approx(parameters(one)["alpha12"], rel=1e-3)


def test_identical_replicates_do_not_move_the_estimates():
    table = plate(replicates=1).drop(columns="replicate")
    one, two = (synergy(t, bootstrap=0) for t in (table, pd.concat([table, table])))
    assert by_model(two).to_dict() == pytest.approx(by_model(one).to_dict(), abs=1e-7)
    assert parameters(two).to_dict() == pytest.approx(parameters(one).to_dict(), rel=1e-4)


def test_the_order_of_rows_does_not_matter():
    table = plate()
    one, two = (
        synergy(t, models=("bliss", "loewe"), bootstrap=20)
        for t in (table, table.sample(frac=1, random_state=3))
    )
    pd.testing.assert_frame_equal(one.scores, two.scores)


def test_viability_is_one_minus_inhibition_and_percent_a_hundredth():
    table = plate()
    viability = table.drop(columns="inhibition")
    viability["viability_pct"] = 100 * (1 - table["inhibition"])
    one, two = (synergy(t, bootstrap=20) for t in (table, viability))
    assert by_model(two).to_dict() == pytest.approx(by_model(one).to_dict(), abs=1e-9)
    assert "1 - viability" in two.scale


def test_counts_are_divided_by_the_untreated_wells_of_their_block():
    first, second = plate(seed=1), plate(seed=2)
    counts = pd.concat(
        [
            first.assign(block="a", count=5000 * (1 - first["inhibition"])),
            second.assign(block="b", count=900 * (1 - second["inhibition"])),
        ]
    ).drop(columns="inhibition")
    found = synergy(counts, models="bliss", bootstrap=30)
    cells = found.effects().set_index(["dose1", "dose2"])
    assert cells.loc[(0.0, 0.0), "effect"] == pytest.approx(0.0, abs=1e-12)
    assert cells.loc[(0.0, 0.0), "n"] == 4
    assert abs(by_model(found)["bliss"] - by_model(synergy(first, bootstrap=0))["bliss"]) < 0.04


def test_no_synergy_is_found_where_there_is_none():
    """Bliss holds, so in 40 plates its 95 % interval misses 0 in about two, not in many."""
    missed = 0
    for seed in range(40):
        found = synergy(plate(INDEPENDENT, sd=0.05, replicates=3, seed=seed), models="bliss")
        row = found.scores.iloc[0]
        missed += not row["lo"] <= 0 <= row["hi"]
    assert missed <= 7  # 7 or more of 40 at 5 %: p = 0.003


def test_intervals_have_the_size_of_the_noise():
    """The spread of the mean excess over plates is what the interval of one plate says."""
    plates = [plate(INDEPENDENT, sd=0.05, replicates=3, seed=seed) for seed in range(40)]
    found = [synergy(p, models="bliss", bootstrap=0).scores["mean_excess"][0] for p in plates]
    row = synergy(plates[0], models="bliss", bootstrap=300).scores.iloc[0]
    assert (row["hi"] - row["lo"]) / 3.92 == pytest.approx(np.std(found), rel=0.35)


def test_a_seed_gives_the_same_intervals_and_another_seed_others():
    one, two, other = (
        synergy(plate(), models="bliss", bootstrap=50, seed=seed).scores for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert one["lo"][0] != other["lo"][0]


def test_without_replicates_the_noise_comes_from_a_smooth_surface():
    found = synergy(plate(replicates=1), models=("bliss", "musyc"), bootstrap=40)
    assert found.bootstrap["kind"] == "residuals of the MuSyC surface"
    assert (found.scores["lo"] < found.scores["hi"]).all()
    zipped = synergy(plate(replicates=1), models=("bliss", "zip"), bootstrap=40)
    assert zipped.bootstrap["kind"] == "residuals of the ZIP surface"
    plain = synergy(plate(replicates=1), models="bliss", bootstrap=40)
    assert plain.bootstrap["number"] == 0 and plain.scores["verdict"][0] == "no interval"


def test_a_missing_monotherapy_is_a_status():
    table = plate()
    found = synergy(table[(table["dose2_nM"] == 0) | (table["dose1_nM"] > 0)], bootstrap=20)
    assert found.scores["status"].str.contains("no well with drug B alone").all()
    assert not found.complete and found.surface.empty and found.parameters.empty
    assert "serious" in set(found.checks["level"])
    assert {fit.status for fit in found.singles} == {"too few doses"}


def test_a_missing_single_dose_leaves_its_cells_out():
    table = plate()
    lost = (table["dose2_nM"] == 0) & (table["dose1_nM"] == DOSES[2])
    found = synergy(table[~lost], models=("bliss", "hsa"), bootstrap=20)
    assert (found.scores["cells"] == 20).all() and found.complete
    assert found.surface["status"].value_counts()["a single dose is missing"] == 10
    assert any("was not tested at" in text for text in found.checks["text"])


def test_too_few_doses_leave_bliss_and_hsa():
    short = np.array([0.0, 1.0, 10.0])
    found = synergy(plate(doses1=short), bootstrap=20)
    status = by_model(found, "status")
    assert status["bliss"] == status["hsa"] == "ok"
    assert all("at 2 doses" in status[model] for model in ("loewe", "zip", "musyc"))


def test_what_limits_a_plate_is_said():
    table = plate(replicates=2)
    fall = (table["dose2_nM"] == 0) & (table["dose1_nM"] == DOSES[-1])
    table.loc[fall, "inhibition"] = 0.1
    table.loc[table["dose1_nM"] == DOSES[-2], "inhibition"] += 0.5
    table.loc[(table["dose1_nM"] == 0) & (table["dose2_nM"] == 0), "inhibition"] = 0.2
    said = set(synergy(table, models="hsa", bootstrap=0).checks["check"])
    assert {"not monotone", "outside 0 to 1", "untreated"} <= said


def test_gr_below_zero_is_no_probability():
    table = plate()
    growth = table.assign(gr=1 - 1.6 * table["inhibition"]).drop(columns="inhibition")
    status = by_model(synergy(growth, bootstrap=0), "status")
    assert "GR below 0" in status["bliss"] and "GR below 0" in status["zip"]
    assert status["hsa"] == status["loewe"] == status["musyc"] == "ok"


def test_an_unbounded_potency_is_marked():
    """A drug 2 without effect of its own and none on drug 1: alpha12 cannot be known."""
    inert = MusycParameters(0, 0.8, 0.0, 0.8, 1, 3, 1.2, 1.0)
    found = synergy(plate(inert, sd=0.04), models="musyc", bootstrap=30)
    row = found.parameters.set_index("parameter").loc["alpha12"]
    assert row["status"] == "drug B alone: weak effect" and row["verdict"] == "not identified"
    assert found.singles[1].status == "weak effect"


def test_drugs_named_alone_join_the_pairs_of_their_block():
    table = plate().drop(columns="replicate")
    alone = (table["dose1_nM"] == 0) | (table["dose2_nM"] == 0)
    bare = table.copy()
    bare.loc[alone & (table["dose2_nM"] == 0), "drug2"] = ""
    bare.loc[alone & (table["dose1_nM"] == 0), "drug1"] = ""
    one, two = (synergy(t, models="bliss", bootstrap=0) for t in (table, bare))
    pd.testing.assert_frame_equal(one.scores, two.scores)


def test_every_pair_of_a_plate():
    second = plate(INDEPENDENT).assign(drug2="drug C")
    both = read_plate(pd.concat([plate(), second]))
    assert both.pairs == [("drug A", "drug B"), ("drug A", "drug C")]
    found = analyse_plate(both, models="bliss", bootstrap=0)
    alone = [synergy(t, models="bliss", bootstrap=0) for t in (plate(), second)]
    for one, other in zip(found, alone):
        pd.testing.assert_frame_equal(one.scores, other.scores)
    assert len(analyse_plate(both, drug2="drug C", models="bliss", bootstrap=0)) == 1
    with pytest.raises(RpointError, match="more than one pair"):
        synergy(both)


def test_a_sham_combination_is_loewe_additive_and_not_bliss_independent():
    """One drug against itself, noise and all: only Loewe expects what is seen."""
    one, two = np.meshgrid(DOSES, DOSES, indexing="ij")
    total = MusycParameters(0, 0.9, 0.9, 0.9, 1.5, 1.5, 2.0, 2.0)
    wells = plate(total, replicates=1, sd=0.0)
    wells["inhibition"] = total.effect((one + two).ravel(), 0.0)
    noisy = pd.concat([wells.assign(replicate=r) for r in (1, 2, 3)])
    noisy["inhibition"] += np.random.default_rng(4).normal(0, 0.02, len(noisy))
    exact, seen = synergy(wells, bootstrap=0), synergy(noisy, bootstrap=80)
    assert abs(by_model(exact)["loewe"]) < 1e-6
    assert by_model(exact, "index_median")["loewe"] == pytest.approx(1.0, abs=1e-4)
    row = seen.scores.set_index("model").loc["loewe"]
    assert row["lo"] <= 0 <= row["hi"]
    assert by_model(exact)["hsa"] > 0.02


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"models": "blis"}, "bliss"),
        ({"models": ()}, "no model"),
        ({"bootstrap": -1}, "bootstrap"),
        ({"level": 1.0}, "level"),
        ({"drug1": "drug X"}, "unknown drug"),
        ({"drug1": "drug A", "drug2": "drug A"}, "not combined"),
    ],
)
def test_wrong_options_are_named(options, says):
    with pytest.raises(RpointError, match=says):
        synergy(plate(), **options)

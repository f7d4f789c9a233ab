import numpy as np
import pytest

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.tumour.clones import (
    VOCABULARY,
    Clone,
    CyclinELadder,
    check_mix,
    neighbour_switching,
    stationary_mix,
    vocabulary_alterations,
)


def test_every_clone_of_the_vocabulary_is_made_of_the_catalogue():
    for texts in VOCABULARY.values():
        for text in texts:
            assert catalog.alteration(text).effects, text


def test_an_unknown_clone_is_refused_with_the_nearest():
    with pytest.raises(RpointError, match="RB1-loss"):
        vocabulary_alterations("RB1-los")


def test_a_mix_that_does_not_add_up_is_refused():
    with pytest.raises(RpointError, match="add up"):
        check_mix((Clone("a", {}, 0.5),))
    with pytest.raises(RpointError, match="twice"):
        check_mix((Clone("a", {}, 0.5), Clone("a", {}, 0.5)))
    with pytest.raises(RpointError, match="between 0 and 1"):
        Clone("a", {}, 1.5)


def test_switching_loses_no_cell_and_has_no_drug_in_it():
    matrix = neighbour_switching(4, 2e-4, 5e-4)
    assert np.allclose(matrix.sum(axis=0), 0)
    assert matrix[1, 0] == 2e-4 and matrix[0, 1] == 5e-4 and matrix[2, 0] == 0
    with pytest.raises(RpointError):
        neighbour_switching(3, -1.0)


def test_the_stationary_mix_does_not_move():
    from scipy.linalg import expm

    switching = neighbour_switching(5, 1e-4, 1e-3)
    rates = np.array([0.02, 0.02, 0.019, 0.018, 0.017])
    mix = stationary_mix(rates, switching)
    later = expm((switching + np.diag(rates)) * 500) @ mix
    assert np.allclose(later / later.sum(), mix)


def test_the_mix_without_growth_differences_is_set_by_the_steps_alone():
    mix = stationary_mix(np.full(4, 0.02), neighbour_switching(4, 1e-4, 1e-3))
    assert np.allclose(mix[1:] / mix[:-1], 0.1)


def test_a_ladder_becomes_clones():
    ladder = CyclinELadder(rungs=3, fold=1.5, rate_per_h=1e-4)
    clones = ladder.clones({"g_CCNE": 2.0}, np.array([0.9, 0.09, 0.01]))
    assert [c.genotype["g_CCNE"] for c in clones] == [2.0, 3.0, 4.5]
    assert np.allclose(ladder.switching.sum(axis=0), 0)
    with pytest.raises(RpointError):
        CyclinELadder(rungs=1)


def test_clones_print_on_one_line_and_are_hashable():
    clone = Clone("RB1-loss", {"g_RB1": 0.0}, 0.01)
    assert repr(clone) == "Clone(RB1-loss, 1 %, g_RB1=0)"
    assert len({clone, Clone("RB1-loss", {"g_RB1": 0.0}, 0.01)}) == 1

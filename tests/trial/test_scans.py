"""What makes a metastasis visible."""

import numpy as np
import pytest

from rpoint.trial.scans import e_folds_grown


def test_steady_growth_counts_as_it_is_and_shrinkage_as_nothing():
    day = np.arange(200)
    grows, shrinks = np.exp(0.01 * day), np.exp(-0.01 * day)
    grown = e_folds_grown(np.stack([grows, shrinks]))
    np.testing.assert_allclose(grown[0], 0.01 * day, atol=1e-12)
    np.testing.assert_array_equal(grown[1], 0.0)


def test_a_pause_between_doses_makes_no_metastasis():
    """Three days of drug and eleven without, twice a cycle, without a net change."""
    rate = np.tile([*[-0.11] * 3, *[0.03] * 11], 12)
    volume = np.exp(np.concatenate([[0.0], np.cumsum(rate)]))[None]
    by_the_day = np.maximum(rate, 0).sum()
    assert by_the_day > 3.5  # e-folds: what counting every day would have made of it
    assert e_folds_grown(volume)[0, -1] < 0.06 * by_the_day


def test_growth_after_a_response_counts_three_weeks_late():
    rate = np.concatenate([np.full(84, -0.02), np.full(84, 0.02)])
    volume = np.exp(np.concatenate([[0.0], np.cumsum(rate)]))[None]
    assert e_folds_grown(volume)[0, -1] == pytest.approx(0.02 * (84 - 21), rel=0.02)


def test_a_tumour_that_is_gone_has_no_growth():
    grown = e_folds_grown(np.array([[8.0, 4.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(grown, 0.0)

"""Earlier treatment selects clones; who does not progress under it is drawn again."""

import numpy as np
import pytest

from rpoint.pharmacology.regimen import parse
from rpoint.trial.parameters import Population
from rpoint.trial.patients import draw_patients
from rpoint.trial.prior import after_prior, progressed_shares
from rpoint.trial.spec import ResistantClone
from rpoint.tumour.simulate import shipped

PRIOR = parse("palbociclib 125 mg qd 21/28 + letrozole 2.5 mg qd")


@pytest.fixture(scope="module")
def ensemble():
    return shipped()


def drawn(ensemble, n=10, attempt=0, seed=3, clones=None, **fixed):
    made = Population(seed, None, uncertain=False, fixed=fixed)
    return draw_patients(
        np.arange(n), np.zeros(n, int), np.full(n, "breast", object), [()] * n, made, ensemble,
        PRIOR.drugs, attempt=attempt, clones=clones,
    )  # fmt: skip


def test_a_resistant_clone_grows_under_the_earlier_regimen(ensemble):
    lost = {"RB1-loss": ResistantClone(carriers=1.0, share=0.01)}
    patients = drawn(ensemble, n=6, clones=lost)
    shares, progressed = progressed_shares(patients, PRIOR, ensemble, 3, 1)
    there = (patients.start_mm3 > 0) & progressed[:, None]
    assert progressed.all() and (shares[there] >= patients.shares[there]).all()
    assert np.median(shares[there] / patients.shares[there]) > 3


def test_patients_without_earlier_treatment_are_left_alone(ensemble):
    patients = drawn(ensemble, n=4)
    same = after_prior(patients, PRIOR, 0.0, ensemble, 3, 1)
    np.testing.assert_array_equal(same.shares, patients.shares)
    assert not same.had_prior.any()


def test_whoever_does_not_progress_is_drawn_again(ensemble):
    patients = drawn(ensemble, n=12, **{"clone_share_log10_mean": -8.0})
    _, progressed = progressed_shares(patients, PRIOR, ensemble, 3, 1)
    assert 0 < progressed.sum() < len(patients)

    def again(attempt):
        return drawn(ensemble, n=12, attempt=attempt, **{"clone_share_log10_mean": -8.0})

    found = after_prior(patients, PRIOR, 1.0, ensemble, 3, 1, again=again, attempts=2)
    assert found.had_prior.all()
    same = (found.doubling_d == patients.doubling_d) | np.isnan(found.doubling_d)
    assert same[progressed].all() and not same[~progressed].all()

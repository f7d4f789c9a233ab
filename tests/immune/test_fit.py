"""The fit reproduces what it was fitted on, and is checked on the half that it never saw."""

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.immune import fit, fit_data, lung
from rpoint.immune.facts import facts, values


def test_every_fitted_fact_has_a_prior_and_lies_in_its_range():
    for name in fit.PRIORS:
        low, high = facts()[name].range
        assert low <= facts()[name].value <= high


def test_simulated_patients_are_summed_up_like_measured_ones():
    clinic = fit.Clinic(150)
    found = clinic.summary(lung.DOCETAXEL, values())
    assert found == clinic.summary(lung.DOCETAXEL, values())
    assert found[("sizes docetaxel", "best q50")] <= 0
    assert 0 < found[("oak docetaxel", "pfs 52 wk")] < found[("oak docetaxel", "pfs 7 wk")] < 1


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(RpointError, match="data table is missing"):
        fit_data.read_table(tmp_path, "oak_poplar/clinical.csv")


@pytest.mark.data
def test_the_halves_share_no_patient_and_hold_all(data_folder):
    both = [fit_data.oak(data_folder, lung.DOCETAXEL, half) for half in (True, False)]
    assert not set(both[0]["patient"]) & set(both[1]["patient"])
    assert sum(map(len, both)) == len(fit_data.oak(data_folder, lung.DOCETAXEL)) == 270
    sizes = [len(fit_data.size_series(data_folder, lung.ANTIBODY, half)) for half in (True, False)]
    assert min(sizes) > 100


@pytest.mark.data
@pytest.mark.slow
def test_the_fitting_half_is_met_and_the_progression_of_the_other_half_is_predicted(data_folder):
    clinic = fit.Clinic(800)
    fitted = fit.compare(clinic, fit.targets(str(data_folder), True), values())
    assert (fitted["z"].abs() < 2).mean() > 0.9
    other = fit.compare(clinic, fit.targets(str(data_folder), False), values())
    pfs = other[(other["source"] == "oak atezolizumab") & other["number"].str.startswith("pfs")]
    assert len(pfs) == 6 and (pfs["z"].abs() < 2).all()
    sizes = other[other["source"].str.startswith("sizes")]
    assert (sizes["z"].abs() < 2).mean() > 0.75
    overall = other[(other["source"] == "oak atezolizumab") & other["number"].str.startswith("os")]
    assert (overall["z"] < -1).all()  # the known miss: patients on the antibody live longer
    assert np.isfinite(other["z"]).all()

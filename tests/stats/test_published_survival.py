"""Published survival numbers from the measured data sets that RPOINT_DATA names.

The tables are subsets or reconstructions, so that printed numbers are met within what that allows:
OAK is 535 of 850 patients; the curves of PALOMA-3, FALCON and BOLERO-2 are pseudo-patients
reconstructed from figures.
"""

from __future__ import annotations

import pandas as pd
import pytest

from rpoint.stats.survival import survival

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("endpoint", "hr", "medians"),
    [
        ("os", (0.730, 0.593, 0.898), {"docetaxel": 9.69, "atezolizumab": 14.1}),
        ("pfs", (0.901, 0.751, 1.08), {"docetaxel": 3.81, "atezolizumab": 2.83}),
    ],
)
def test_oak_subset(data_folder, endpoint, hr, medians):
    """The numbers recomputed independently for these 535 patients (Breslow ties)."""
    result = survival(
        data_folder / "oak_poplar" / "clinical.csv", by="arm", time=f"{endpoint}_months",
        event=f"{endpoint}_event", reference="docetaxel", ties="breslow",
    )  # fmt: skip
    row = result.arms.to_frame().iloc[0]
    assert (row.hr, row.lo, row.hi) == pytest.approx(hr, rel=0.003)
    found = result.summary().set_index("group")["median"]
    assert {g: found[g] for g in medians} == pytest.approx(medians, rel=0.003)


@pytest.mark.parametrize(
    ("endpoint", "hr", "medians"),
    [
        ("os", 0.73, {"docetaxel": 9.6, "atezolizumab": 13.8}),
        ("pfs", 0.95, {"docetaxel": 4.0, "atezolizumab": 2.8}),
    ],
)
def test_the_whole_oak_trial_lies_in_the_intervals_of_its_subset(
    data_folder, endpoint, hr, medians
):
    """Published for all 850 patients: Rittmeyer 2017, doi:10.1016/S0140-6736(16)32517-X."""
    result = survival(
        data_folder / "oak_poplar" / "clinical.csv", by="arm", time=f"{endpoint}_months",
        event=f"{endpoint}_event", reference="docetaxel",
    )  # fmt: skip
    row = result.arms.to_frame().iloc[0]
    assert row.lo < hr < row.hi and row.hr == pytest.approx(hr, abs=0.06)
    for km in result.curves:
        assert km.median.lo < medians[km.label] < km.median.hi
        assert km.median.estimate == pytest.approx(medians[km.label], rel=0.05)


def test_oak_progression_curves_cross(data_folder):
    result = survival(
        data_folder / "oak_poplar" / "clinical.csv", by="arm", time="pfs_months",
        event="pfs_event", reference="docetaxel",
    )  # fmt: skip
    assert any("not proportional" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("curve", "reference", "reported", "medians"),
    [
        ("BOLERO2_1", "placebo_exemestane", 0.89, (26.5, 30.8)),
        ("FALCON_2", "anastrozole", 0.797, (14.0, 16.6)),
        ("PALOMA3_1A", "placebo_fulvestrant", 0.42, (3.76, 9.22)),
        ("PALOMA3_2A", "placebo_fulvestrant", 0.46, (4.21, 9.5)),
    ],
)
def test_reconstructed_curves_give_the_reported_ratios(
    data_folder, curve, reference, reported, medians
):
    table = pd.read_csv(data_folder / "km_clinical" / "endocrine_reconstructed_ipd.csv")
    result = survival(
        table[table["curve_id"] == curve], by="arm", time="time_months", event="event",
        reference=reference,
    )  # fmt: skip
    assert result.arms.hazard_ratio[0] == pytest.approx(reported, rel=0.02)
    assert tuple(result.summary()["median"]) == pytest.approx(medians, rel=0.005)


def test_inspire(data_folder):
    """94 patients in five cohorts: melanoma (D) apart from the others."""
    result = survival(
        data_folder / "inspire_pembrolizumab" / "patients.csv", by="cohort", time="pfs_months",
        event="pfs_event",
    )  # fmt: skip
    table = result.summary().set_index("group")
    assert table["n"].tolist() == [16, 18, 18, 12, 30] and table["events"].sum() == 82
    assert table["median"]["D"] > 12 > 5 > table["median"].drop("D").max()
    assert result.tests[0].df == 4 and result.tests[0].p < 1e-4

"""Real tables: INSPIRE (shipped) against what was recorded, and the sums of five trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import rpoint as rp
from rpoint.endpoints.examples import example
from rpoint.errors import RpointError


def test_inspire_responders_are_those_recorded():
    """Bratman 2020: the recorded objective response of every one of the 94 patients."""
    sizes, patients = example("inspire")
    read = rp.read_sizes(sizes, patients=patients)
    best = rp.recist(read).best_overall_response()
    table = best.table.merge(read.patients[["patient", "recorded_response"]], on="patient")
    responded = table["bor_any"].isin(["CR", "PR"])
    assert len(table) == 94 and responded.sum() == 16
    assert (responded == (table["recorded_response"] == "CR/PR")).all()
    assert best.orr(of="all").text("any") == "16/94, 17.0 % (10.1–26.2)"
    assert best.orr().text("confirmed") == "16/72, 22.2 % (13.3–33.6)"


def test_an_unknown_example_is_refused():
    with pytest.raises(RpointError, match="inspire"):
        example("inspired")


@pytest.mark.data
def test_sums_of_five_trials(data_folder):
    """Ghaffari Laleh 2022 (CC BY 4.0): the checker's finds, and the responses of the rest."""
    table = pd.read_csv(data_folder / "tgi_recist" / "target_lesions.csv")
    table = table.rename(columns={"longest_diameter_mm": "sum_mm"})
    with pytest.raises(RpointError) as caught:
        rp.read_sizes(table)
    found = {p.code: len(p.rows) for p in caught.value.problems if p.severity == "error"}
    # Four days are given twice, seven patients have no scan before day 1, three blanks, and the
    # sums 9.3, 70.0, 6.9, 65.6, 64.7, 5.9 of one patient mix centimetres and millimetres.
    assert found == {"visit-twice": 8, "no-baseline": 7, "sum-blank": 3, "sum-spike": 1}
    sizes = rp.read_sizes(
        table, columns={"arm": "study"}, blanks="not evaluable", exclude_faulty=True
    )
    assert len(sizes.excluded) == 11 and "S4-1253" in sizes.excluded
    best = rp.recist(sizes).best_overall_response()
    rates = best.orr_by("arm").set_index(["arm", "response"])
    assert rates[["x", "n"]].to_numpy().tolist() == [
        [19, 49], [17, 49], [62, 225], [52, 225], [105, 429], [92, 429], [26, 83], [21, 83],
    ]  # fmt: skip


@pytest.mark.data
def test_first_progression_of_the_targets_is_that_of_the_data_set(data_folder):
    """`target_progression_d`, 20 % and 5 mm over the nadir, as those who made the table have it."""
    folder = data_folder / "tgi_recist"
    table = pd.read_csv(folder / "target_lesions.csv")
    table = table.rename(columns={"longest_diameter_mm": "sum_mm"})
    table.loc[table["status"] == "NOT EVALUABLE", "sum_mm"] = np.nan
    sizes = rp.read_sizes(table, blanks="not evaluable", exclude_faulty=True)
    visits = rp.recist(sizes).visits
    first = visits[visits["target"] == "PD"].groupby("patient", observed=True)["day"].min()
    summary = pd.read_csv(folder / "patient_summary.csv").set_index("patient_id")
    known = summary.loc[summary.index.isin(sizes.patients["patient"]), "target_progression_d"]
    found = first.reindex(known.index)
    same = (found == known) | (found.isna() & known.isna())
    assert len(same) == 786 and same.all()

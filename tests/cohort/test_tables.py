"""The shipped tables: complete, each number with its source; facts with unit, source and grade."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from rpoint import catalog
from rpoint.cohort.facts import fact, facts
from rpoint.cohort.frequencies import (
    AFTER_CDK46,
    COLUMNS,
    FEATURES,
    FOLDER,
    PRIMARY_AND_METASTASIS,
    counts,
    frequency,
    patients_of,
    setting_of,
)
from rpoint.cohort.joint import associations
from rpoint.cohort.types import SOLID, case_mix, cohort_type, cohort_types
from rpoint.errors import RpointError
from rpoint.facts import GRADES, Fact


@pytest.mark.parametrize("name", list(facts()))
def test_every_fact_is_documented(name):
    known = facts()[name]
    assert known.unit and known.note and known.grade in GRADES
    low, high = known.range
    assert low <= known.value <= high
    assert catalog.source(known.source).key == known.source


@pytest.mark.parametrize("missing", ["unit", "source", "grade", "range", "note"])
def test_a_fact_without_one_of_these_is_refused(missing):
    whole = {"value": 1.0, "unit": "1", "source": "gao2015", "grade": "read", "range": (0, 2),
             "note": "n"}  # fmt: skip
    assert Fact(name="x", **whole).unit == "1"
    del whole[missing]
    with pytest.raises(TypeError, match=missing):
        Fact(name="x", **whole)


def test_an_unknown_fact_names_the_nearest():
    with pytest.raises(RpointError, match="local_error_sd"):
        fact("local_eror_sd")


def test_every_type_has_every_alteration_in_both_settings():
    table = counts()
    assert list(table.columns) == COLUMNS
    own = table[table["setting"] != AFTER_CDK46]
    assert len(own) == len(cohort_types()) * len(FEATURES) * len(PRIMARY_AND_METASTASIS)
    assert not own.duplicated(["type", "setting", "gene", "state"]).any()
    assert ((table["fraction"] >= 0) & (table["fraction"] <= 1)).all()
    counted = table[table["n"] > 0]
    np.testing.assert_allclose(counted["altered"] / counted["n"], counted["fraction"], atol=0.006)
    assert (table["altered"] <= table["n"]).all()
    assert (table.loc[table["n"] == 0, "grade"] == "inferred").all()


def test_every_number_names_its_source_and_licence():
    for table in (counts(), associations()):
        assert set(table["licence"]) <= {"ODbL", "MIT", "facts"}
        assert (table["cohort"] != "").all()
        for key in set(table["source"]):
            assert catalog.source(key).key == key
        assert (table.loc[table["source"] == "nguyen2022", "licence"] == "ODbL").all()
    text = files("rpoint.cohort").joinpath("data/LICENSES.md").read_text(encoding="utf-8")
    for part in ("Open Database License", "MIT License", "CC BY 4.0", "Nguyen"):
        assert part in text


def test_numbers_that_anybody_can_look_up():
    breast = frequency("breast", "metastasis")  # MSK-MET, 583 ductal and 163 lobular metastases
    assert breast.loc["ESR1:mut", ["altered", "n"]].tolist() == [133, 746]
    assert frequency("liposarcoma", "metastasis").loc["MDM2:amp", "altered"] == 81
    after = frequency("breast", AFTER_CDK46)
    assert after.loc["AURKA:amp", ["altered", "n"]].tolist() == [11, 41]
    assert after.loc["CDK6:amp"].equals(breast.loc["CDK6:amp"])  # not reported there
    assert sum(patients_of(t) for t in cohort_types()) == 25_775
    assert sum(case_mix().values()) == pytest.approx(1)


def test_after_a_cdk46_inhibitor_is_known_for_breast_alone():
    with pytest.raises(RpointError, match="breast"):
        frequency("lung", AFTER_CDK46)


def test_settings():
    assert [setting_of(n) for n in (1, 2, 5)] == ["primary", "metastasis", "metastasis"]
    assert setting_of(1, "metastasis") == "metastasis"
    with pytest.raises(RpointError) as caught:
        setting_of(1, "metastases")
    assert caught.value.nearest == "metastasis"


def test_types_have_cells_of_the_catalogue():
    ids = {t.id for t in catalog.tumours()}
    for kind in cohort_types().values():
        assert kind.cells in ids
        assert kind.stand_in == (kind.id not in ids)
    assert ids <= set(cohort_types())  # every tumour of the catalogue can be drawn
    assert cohort_type("NSCLC").id == "lung" and cohort_type("OV").id == "ovary"
    for name, near in (("lunk", "lung"), ("soild", SOLID), ("", None)):
        with pytest.raises(RpointError) as caught:
            cohort_type(name)
        assert caught.value.nearest == near


@pytest.mark.data
def test_the_tables_are_made_from_the_measured_ones(data_folder):
    from rpoint.cohort import _counts, _pairs
    from rpoint.panel._tables import Folder

    folder = Folder.open(data_folder)
    made = {
        "frequencies.csv": _counts.build(folder),
        "associations.csv": _pairs.build(folder),
        "case_mix.csv": _counts.case_mix(folder),
        "nest.csv": _counts.per_patient(folder),
        "sizes.csv": _counts.sizes(folder),
    }
    for name, table in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == table.to_csv(index=False), name


def test_the_tables_hold_no_record_of_a_single_patient():
    for entry in FOLDER.iterdir():
        if entry.name.endswith(".csv"):
            table = pd.read_csv(str(entry))
            assert not {"patient_id", "sample_id"} & set(table.columns), entry.name


@pytest.mark.parametrize(
    "name", ["copies", "expressions", "frequencies", "joint", "types", "cohort"]
)
def test_examples_in_docstrings_hold(name):
    import doctest
    import importlib

    module = importlib.import_module(f"rpoint.cohort.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 0 and found.failed == 0

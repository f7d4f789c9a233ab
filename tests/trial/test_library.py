"""The library: the trials of the anchors' table, every published value with its role."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from rpoint import catalog
from rpoint.trial.read import library_names, library_text, parse_trial, read_trial

# Names in the table of anchors -> the files that carry their rows.
FILES = {
    "PALOMA-1": ["paloma-1"],
    "PALOMA-2": ["paloma-2"],
    "PALOMA-2 exposure analysis": ["paloma-2"],
    "PALOMA-1/2/3 pooled": ["paloma-2"],
    "PALOMA-3": ["paloma-3"],
    "PALOMA-3 baseline ctDNA": ["paloma-3"],
    "MONALEESA-2": ["monaleesa-2"],
    "MONARCH-1": ["monarch-1"],
    "MONARCH-2": ["monarch-2"],
    "MONARCH-3": ["monarch-3"],
    "MAINTAIN": ["maintain"],
    "PACE": ["pace"],
    "CAPItello-291": ["capitello-291"],
    "FAKTION": ["faktion"],
    "SOLAR-1": ["solar-1", "solar-1-wild-type"],
    "TBCRC041": ["tbcrc-041"],
    "milademetan phase 1": ["milademetan-phase-1"],
    "milademetan Japan phase 1": ["milademetan-japan-phase-1"],
    "MANTRA": ["mantra"],
    "MANTRA-2": ["mantra-2"],
    "palbociclib liposarcoma": ["palbociclib-liposarcoma"],
    "siremadlin platelet model": ["siremadlin-phase-1"],
    "siremadlin first-in-human": ["siremadlin-phase-1"],
}
# Cohorts, meta-analyses, frequencies and mice of the table: no trial that can be simulated.
NO_TRIAL = {
    "Kato 2017",
    "Nanchang pan-cancer analysis",
    "Rizvi 2018",
    "Kim 2023 meta-analysis",
    "Zhao 2022 meta-analysis (6,009 patients)",
    "Ferrara 2018",
    "GENIE prevalence",
    "Alves 2021 xenografts",
}
# Files whose rows, if any, are not in the table of anchors.
BEYOND = {"oak", "siremadlin-ribociclib-liposarcoma", "alves-patients", "vilgelm-patients"}
ROWS = 173
DIGEST = "97962c264fb720435c414024efc763a082ca91568c57ca9f8f61f5b66efb8f15"


def shipped_rows(names):
    """(population, arm, endpoint, value, lo, hi, n, source, grade, role) of published values."""
    return [
        (
            row.population,
            row.label or row.arm,
            row.endpoint,
            row.value,
            row.lo,
            row.hi,
            row.n,
            row.source,
            row.grade,
            row.role,
        )
        for name in names
        for row in read_trial(name).published
    ]


def anchors():
    return sorted({name for names in FILES.values() for name in names})


@pytest.mark.parametrize("name", library_names())
def test_both_readers_read_a_file_to_the_same_trial(name):
    trial = read_trial(name)
    assert trial.name == name
    assert parse_trial(library_text(name), name) == trial


def test_the_library_is_complete():
    assert set(library_names()) == {*anchors(), *BEYOND}


def test_roles_and_values_are_those_of_the_anchors():
    """Digest of the rows as they were compared with the table of anchors; no role may change."""
    rows = sorted(json.dumps(row) for row in shipped_rows(anchors()))
    assert len(rows) == ROWS
    assert hashlib.sha256("\n".join(rows).encode()).hexdigest() == DIGEST


def test_rows_equal_the_table_of_anchors():
    named = os.environ.get("RPOINT_SCIENCE")
    if not named:  # the table is no part of the project: the digest above is that of its rows
        pytest.skip("RPOINT_SCIENCE is not set: the table of anchors is held by its digest alone")
    with (Path(named) / "trials.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert {row["trial"] for row in table} == {*FILES, *NO_TRIAL}
    number = lambda text: float(text) if text else None  # noqa: E731
    wanted = Counter(
        (
            row["population"],
            row["arm"],
            row["endpoint"],
            float(row["value"]),
            number(row["ci_low"]),
            number(row["ci_high"]),
            int(row["n"]) if row["n"] else None,
            row["source"],
            row["tag"],
            row["role"],
        )
        for row in table
        if row["trial"] in FILES
    )
    assert Counter(shipped_rows(anchors())) == wanted


def test_only_what_was_read_or_told_calibrates():
    rows = [row for name in library_names() for row in read_trial(name).published]
    calibrating = [row for row in rows if row.role == "calibrate"]
    assert len(calibrating) == 16
    assert {row.grade for row in calibrating} <= {"read", "secondary"}


def test_rows_beyond_the_table_are_checks():
    for name in BEYOND:
        assert {row.role for row in read_trial(name).published} <= {"check"}


@pytest.mark.parametrize("name", library_names())
def test_every_design_says_how_well_it_is_known(name):
    trial = read_trial(name)
    known = set(trial.facts)
    predictions = {"alves-patients", "vilgelm-patients"}
    assert any(path.startswith("arms.") and path.endswith(".patients") for path in known)
    if name not in predictions:
        assert "visits.scan_weeks" in known
        assert {"enrolment.months"} <= known or name == "mantra"
        assert trial.published
    for path, fact in trial.facts.items():
        assert fact.source or fact.note or fact.grade == "inferred", path
    assert trial.question and trial.context_of_use and trial.source


@pytest.mark.parametrize("name", library_names())
def test_sources_that_look_like_keys_are_in_the_catalogue(name):
    source = read_trial(name).source
    if " " not in source:
        assert catalog.source(source).key == source


@pytest.mark.parametrize(
    ("name", "arms"),
    [
        ("paloma-2", [444, 222]),
        ("paloma-3", [347, 174]),
        ("monaleesa-2", [334, 334]),
        ("monarch-2", [446, 223]),
        ("pace", [111, 55, 54]),
        ("faktion", [69, 71]),
        ("tbcrc-041", [46, 45]),
        ("mantra-2", [40]),
        ("palbociclib-liposarcoma", [60]),
        ("oak", [425, 425]),
    ],
)
def test_arms_have_their_published_size(name, arms):
    assert [arm.patients for arm in read_trial(name).arms.values()] == arms


def test_comparators_without_a_drug_model_are_observed():
    assert read_trial("mantra").arms["trabectedin"].observed_control.pfs_median_months == 2.2
    assert read_trial("oak").arms["docetaxel"].observed_control.os_median_months == 9.6


def test_the_populations_that_make_the_difference():
    assert read_trial("capitello-291").population.prior_share == 0.69
    assert read_trial("pace").population.prior_share == 1.0
    assert read_trial("faktion").population.prior is None
    assert read_trial("solar-1").population.require == ("PIK3CA:mut",)
    mantra2 = read_trial("mantra-2")
    assert mantra2.population.require == ("TP53:wt", "MDM2:cn>=12")
    assert mantra2.analysis.sets.efficacy == "central"
    assert {row.level for row in read_trial("pace").published if "_ci90" in row.endpoint} == {0.9}


def test_alves_adds_against_switching_after_the_doublet():
    trial = read_trial("alves-patients")
    assert trial.population.prior.startswith("palbociclib") and not trial.published
    assert trial.arms["add capivasertib"].drugs == ("capivasertib", "palbociclib", "fulvestrant")
    assert trial.arms["switch to capivasertib"].drugs == ("capivasertib", "fulvestrant")

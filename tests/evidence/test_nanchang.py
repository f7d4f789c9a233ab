"""Nanchang experiments: every judge can hold and fail; facts are whole, sourced and unfilled."""

import json

import numpy as np
import pandas as pd
import pytest

from rpoint import catalog
from rpoint.endpoints.hyperprogression import hyperprogression
from rpoint.errors import RpointError
from rpoint.evidence import nanchang, nanchang_association, nanchang_facts, nanchang_numbers
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells
from rpoint.files import to_json
from rpoint.stats.meta import meta_proportions

SETS = 3
LAB = Lab(Cells(np.full(SETS, 1 / SETS)))
JUDGED = {
    "D1": "reproduced", "D2": "reproduced with correction", "D3": "reproduced",
    "D5": "reproduced", "D6": "reproduced", "D7": "reproduced",
    "D8": "reproduced", "D9": "not testable", "D10": "reproduced",
    "D11": "reproduced with correction", "D12": "reproduced under a stated assumption",
}  # fmt: skip


def verdict(claim):
    return judge(claims()[claim], EXPERIMENTS[claim].judge(LAB), LAB.weights, 0.0)


def failing(found):
    checks = (*found.finding.acceptance, *found.finding.falsifier)
    return [check.quantity for check in checks if not check.holds(SETS).all()]


@pytest.mark.parametrize(("claim", "word"), JUDGED.items())
def test_verdicts(claim, word):
    found = verdict(claim)
    assert (found.verdict, failing(found)) == (word, [])
    assert json.loads(to_json(found.record()))["id"] == claim


@pytest.mark.parametrize("claim", ["D13", "D14"])
def test_what_is_only_corrected(claim):
    assert claims()[claim].needs == "none"
    assert judge(claims()[claim], None, LAB.weights, 0.0).verdict == "corrected"


# ---- each judge fails when its facts or its rule are wrong


def change(monkeypatch, *path, to):
    """Change one published fact."""
    changed = json.loads(json.dumps(nanchang_facts.facts()))
    entry = changed
    for step in path[:-1]:
        entry = entry[step]
    entry[path[-1]] = to
    for module in (nanchang, nanchang_facts, nanchang_numbers, nanchang_association):
        monkeypatch.setattr(module, "facts", lambda: changed, raising=False)


FACTS = [
    ("D1", ("worked_verdicts", "kato"), "yy??-", "answers that differ"),
    ("D1", ("worked_verdicts", "kim"), "y----", "denominators"),
    ("D2", ("kato", "amplified_pace", "value"), [1.3, 2.0], "not hyperprogressors"),
    ("D2", ("kato", "amplified_size_range", "value"), [55, 3900], "flagged as implausible"),
    ("D3", ("news", "inhibitors"), {"PD-1": ["pembrolizumab", "atezolizumab"],
                                    "PD-L1": ["nivolumab", "durvalumab"]}, "target differs"),
    ("D5", ("kato", "amplified_short_ttf", "value"), 5, "TTF < 2 months"),
    ("D5", ("kato", "amplified_hyperprogressed", "value"), 1, "of 6"),
    ("D5", ("kato", "egfr_hyperprogressed", "value"), 90, "lower exact limit"),
    ("D7", ("prevalence", 0, "x"), 365, "do not print"),
    ("D7", ("prevalence", 2, "printed"), "6.1", "highest"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "path", "value", "says"), FACTS)
def test_a_wrong_fact_is_missed(claim, path, value, says, monkeypatch):
    change(monkeypatch, *path, to=value)
    found = verdict(claim)
    assert found.verdict == "missed"
    assert any(says in quantity for quantity in failing(found)), failing(found)


def test_the_literal_40_fold_size_must_fail(monkeypatch):
    found = verdict("D2").finding
    assert not found.literal.holds(1).any() and found.literal_must_fail
    change(monkeypatch, "news", "size_fold", "value", to=3)
    assert verdict("D2").verdict == "missed"


def test_the_literal_three_quarters_of_a_percent_must_fail(monkeypatch):
    assert not verdict("D11").finding.literal.holds(1).any()
    change(monkeypatch, "news", "lowest_amplification", "value", to=0.74)
    assert verdict("D11").verdict == "missed"


def test_a_rule_with_the_pace_criterion_is_not_the_teams_rule(monkeypatch):
    definitions = {one.key: one for one in nanchang.all_definitions()}
    kato = definitions["kato"]
    swapped = tuple(
        type(one)(one.key, one.name, kato.rule, one.source, one.grade)
        if one.key == "nanchang" else one
        for one in definitions.values()
    )  # fmt: skip
    monkeypatch.setattr(nanchang, "all_definitions", lambda: swapped)
    parts = nanchang.without_each(definitions["nanchang"])
    monkeypatch.setattr(nanchang, "without_each", lambda one: parts)
    assert "both strict" in failing(verdict("D8"))[0]


def test_a_criterion_that_does_nothing_is_found():
    idle = nanchang.idle_criteria(pd.DataFrame([nanchang.with_pace(10.0, 1.0)]))
    assert "nanchang-0" in idle
    assert not nanchang.idle_criteria(nanchang.made_up_cohort(7))


def test_an_anecdote_among_the_pooled_rows_is_missed(monkeypatch):
    table = nanchang_facts.poolable()
    told = table.iloc[[0]].assign(source="news", x=2, n=2)
    both = pd.concat([table, told], ignore_index=True)
    monkeypatch.setattr(nanchang_numbers, "poolable", lambda: both)
    assert verdict("D6").verdict == "missed"


def test_an_end_that_no_small_count_prints_is_missed(monkeypatch):
    table = nanchang_facts.cancers()
    table.loc[0, "incidence_pct"] = 1.59
    for module in (nanchang_facts, nanchang_numbers):
        monkeypatch.setattr(module, "cancers", lambda: table.copy())
    assert verdict("D10").verdict == "missed"


def test_more_renal_than_sarcoma_amplification_turns_the_slope(monkeypatch):
    real = nanchang_facts.amplified
    turned = {"KIRC": "SARC", "SARC": "KIRC"}
    monkeypatch.setattr(
        nanchang_facts, "amplified",
        lambda code, *rest: real(turned.get(code, code) if isinstance(code, str) else code, *rest),
    )  # fmt: skip
    assert verdict("D12").verdict == "missed"


# ---- facts


def test_the_ten_unpublished_cancers_stay_missing_with_a_reason():
    table = nanchang_facts.cancers()
    assert len(table) == 12
    missing = table[table["incidence_pct"].isna()]
    assert len(missing) == 10 and missing["reason"].str.startswith("not published").all()
    assert missing[["x", "n", "y", "m", "feature_pct"]].isna().all(axis=None)
    study = nanchang_facts.nanchang_study()
    assert len(study.rows) == 2 and len(study.left_out) == 10
    assert study.correlations["spearman"].status != "ok" and study.regression is None
    assert "Ecological bound" in study.summary() and "116 %" in study.summary()


def every_fact(entry, path=()):
    if isinstance(entry, dict) and "grade" in entry:
        yield path, entry
    elif isinstance(entry, dict | list):
        items = entry.items() if isinstance(entry, dict) else enumerate(entry)
        for key, part in items:
            yield from every_fact(part, (*path, key))


def test_every_fact_has_a_grade_a_source_and_a_unit_or_a_reason():
    found = list(every_fact(nanchang_facts.facts()))
    assert len(found) > 30
    for path, row in found:
        assert row["grade"] in catalog.GRADES, path
        assert row["source"] in nanchang_facts.facts()["sources"], path
        if "value" in row:
            assert "unit" in row, path
            assert (row["value"] is None) == ("reason" in row), path
            scale = catalog.UNITS[row["unit"]]
            assert scale, path


def test_the_tables_are_sourced_and_consistent():
    table = nanchang_facts.incidence()
    assert table["study"].is_unique and set(table["grade"]) <= set(catalog.GRADES)
    assert set(table["source"]) <= set(nanchang_facts.facts()["sources"])
    counted = table.dropna(subset=["x", "percent_printed"])
    share = 100 * counted["x"] / counted["n"]
    assert (np.abs(share - counted["percent_printed"]) < 0.051).all() and len(counted) >= 5
    known = set(table["study"])
    assert set(table["patients_of"].dropna()) <= known


def test_no_patient_is_pooled_twice_and_no_chemotherapy():
    pool = nanchang_facts.poolable()
    assert pool["study"].tolist() == [
        "Champiat 2017", "Saâda-Bouzid 2017", "Kato 2017", "Ferrara 2018", "Lo Russo 2019",
        "Matos 2020", "GPLA cohort",
    ]  # fmt: skip
    six = pool[pool["study"] != "GPLA cohort"]
    pooled = meta_proportions(six["x"].astype(int), six["n"].astype(int))
    assert pooled.estimate == pytest.approx(0.1297, abs=5e-4)  # metafor, GLMM


def test_tcga_counts_agree_with_the_catalogue():
    table = nanchang_facts.amplification()
    assert len(table) == 480 and (table["amplified"] <= table["tumours"]).all()
    compared = 0
    for kind in catalog.tumours():
        for one in kind.frequencies:
            gene, state = one.alteration.split(":")
            code = one.cohort.removeprefix("TCGA ")
            if not one.cohort.startswith("TCGA ") or state not in ("amp", "loss"):
                continue
            rows = table[(table["tcga_code"] == code) & (table["gene"] == gene)]
            if one.value.source != "tcga_pancan" or rows.empty:
                continue
            column = "amplified" if state == "amp" else "deleted"
            share = float((rows[column] / rows["tumours"]).iloc[0])
            assert one.value.value == pytest.approx(share, abs=1e-3), (code, one.alteration)
            compared += 1
    assert compared > 50


@pytest.mark.parametrize(
    ("codes", "genes", "expected"),
    [
        ("SARC", ("MDM2", "MDM4"), (47, 52, 253)),
        ("KIRC", ("MDM2", "MDM4"), (2, 3, 509)),
        (["SARC", "KIRC"], ["MDM2"], (48, 48, 762)),
    ],
)
def test_amplified_tumours(codes, genes, expected):
    assert nanchang_facts.amplified(codes, genes) == expected


def test_unknown_names_are_the_users_error():
    with pytest.raises(RpointError, match="TCGA type"):
        nanchang_facts.amplified("SARCO")
    with pytest.raises(RpointError, match="unknown gene"):
        nanchang_facts.amplified("SARC", ["MDM3"])


def test_the_largest_number_of_others_is_where_p_crosses():
    k = nanchang_association.most_others()
    tables = [nanchang_association.short_ttf_table(j) for j in (k, k + 1)]
    p = [nanchang_association.fisher_exact(t).pvalue for t in tables]
    assert p[0] < 0.05 <= p[1]


def test_patients_with_a_pace_have_that_pace():
    table = pd.DataFrame([nanchang.with_pace(120.0, f) for f in (0.5, 2.0, 40.0)])
    found = hyperprogression(table)
    assert found.indices["pace_ratio"].tolist() == pytest.approx([0.5, 2.0, 40.0])
    assert found.indices["burden_change_pct"].tolist() == pytest.approx([120.0] * 3)

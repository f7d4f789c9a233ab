"""The joint distribution: frequencies exact, pairs as asked, nothing else correlated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.cohort.facts import fact
from rpoint.cohort.frequencies import frequency
from rpoint.cohort.joint import (
    ALWAYS,
    LARGEST,
    assemble,
    clear_pairs,
    fit,
    joint_of,
    pair_probability,
)
from rpoint.cohort.types import cohort_types

share = st.floats(0.01, 0.99)
log_or = st.floats(-4.0, 4.0)


@given(share, share, log_or)
def test_two_events_have_the_odds_ratio_that_was_asked_for(p, q, v):
    both = pair_probability(p, q, v)
    cells = np.array([both, p - both, q - both, 1 - p - q + both])
    assert (cells > 0).all()
    assert np.log(cells[0] * cells[3] / (cells[1] * cells[2])) == pytest.approx(v, abs=1e-5)


@given(st.lists(share, min_size=3, max_size=6), st.data())
def test_a_chain_of_pairs_is_met_with_its_frequencies(shares, data):
    pairs = {(j, j + 1): data.draw(log_or) for j in range(len(shares) - 1)}
    table = fit(shares, pairs)
    names = [f"x{j}" for j in range(len(shares))]
    found = assemble(
        dict(zip(names, shares)), {(f"x{i}", f"x{j}"): v for (i, j), v in pairs.items()}
    )
    assert table.sum() == pytest.approx(1) and (table >= 0).all()
    for name, p in zip(names, shares):
        assert found.probability(name) == pytest.approx(p, abs=1e-7)
    for (i, j), v in pairs.items():
        assert found.log_odds_ratio(names[i], names[j]) == pytest.approx(v, abs=1e-3)


def test_a_pair_without_a_term_is_independent_given_what_lies_between():
    found = assemble({"a": 0.3, "b": 0.4, "c": 0.2}, {("a", "b"): 2.0, ("b", "c"): -1.5})
    inside = found.probability("a", "b", "c") / found.probability("b")
    apart = found.probability("a", "b") * found.probability("b", "c") / found.probability("b") ** 2
    assert inside == pytest.approx(apart, rel=1e-6)
    free = assemble({"a": 0.3, "b": 0.4}, {})
    assert [len(b.features) for b in free.blocks] == [1, 1]
    assert free.probability("a", "b") == pytest.approx(0.12)


def test_what_excludes_each_other_never_occurs_together():
    found = assemble({"a": 0.05, "b": 0.02, "c": 0.02}, {("a", "b"): -np.inf, ("a", "c"): -np.inf})
    assert found.probability("a", "b") == 0
    assert found.probability("a") == pytest.approx(0.05, abs=1e-7)


@pytest.mark.parametrize("kind", list(cohort_types()))
@pytest.mark.parametrize("setting", ["primary", "metastasis"])
def test_every_type_meets_its_table_and_its_pairs(kind, setting):
    joint = joint_of(kind, setting)
    table = frequency(kind, setting)["fraction"]
    for name, p in table.items():
        assert joint.probability(name) == pytest.approx(p, abs=1e-8), name
    there = {f for b in joint.blocks for f in b.features}
    for pair, v in clear_pairs(kind).items():
        if there.issuperset(pair) and pair not in joint.left_out:
            assert joint.log_odds_ratio(*pair) == pytest.approx(v, abs=0.02), pair
    assert max(len(b.features) for b in joint.blocks) <= LARGEST
    assert not ALWAYS & set(joint.left_out)


def test_the_pairs_that_trials_select_on_are_there():
    joint = joint_of("lung", "metastasis")
    assert joint.log_odds_ratio("MDM2:amp", "TP53:mut") == pytest.approx(
        fact("mdm2_tp53_log_or"), abs=1e-3
    )
    assert joint.log_odds_ratio("CDK4:amp", "MDM2:amp") > 3
    assert joint.log_odds_ratio("KRAS:mut", "TP53:mut") < -0.3  # MSK-MET, 4,710 lung cancers
    breast = joint_of("breast", "metastasis")
    assert breast.log_odds_ratio("AKT1:mut", "PIK3CA:mut") < -1  # one of the pathway is enough


def test_independence_can_be_asked_for():
    joint = joint_of("lung", "metastasis", (), False)
    assert all(len(b.features) == 1 for b in joint.blocks)
    assert joint.log_odds_ratio("MDM2:amp", "TP53:mut") == pytest.approx(0, abs=1e-9)


def test_a_frequency_can_be_set_by_hand():
    joint = joint_of("breast", "primary", (("ESR1:mut", 0.3),))
    assert joint.probability("ESR1:mut") == pytest.approx(0.3, abs=1e-8)
    gone = joint_of("breast", "primary", (("TP53:mut", 0.0),))
    assert gone.probability("TP53:mut") == 0

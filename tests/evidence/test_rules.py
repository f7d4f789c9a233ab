"""Every rule of the matrix on hand-made rates: it can hold, and it can fail."""

import numpy as np
import pytest

from rpoint.evidence.matrix import load
from rpoint.evidence.rules import RULES, Rates

TABLE = load()
G = "CDK6-amp"


def rates(net, cycling=None):
    """Rates of one parameter set; what is not named is 1."""
    base = {(g, t): np.array([1.0]) for g in TABLE.genotypes for t in TABLE.treatments}
    full = base | {key: np.array([value]) for key, value in net.items()}
    moving = base | {key: np.array([value]) for key, value in (cycling or {}).items()}
    return Rates(full, moving, TABLE.components, TABLE.tolerance, TABLE._rivals())


def answer(rule, treatment, net, cycling=None):
    holds, scored = RULES[rule](rates(net, cycling), G, treatment)
    return bool(holds[0]), bool(scored[0])


C, M, A, F = "CDK4/6i", "MDM2i", "AKTi", "fulvestrant"
CM, CA, CF, AF, CFA = f"{C} + {M}", f"{C} + {A}", f"{C} + {F}", f"{A} + {F}", f"{C} + {F} + {A}"
WT = "wild type"

# rule, treatment, rates of the genotype under test, (holds, scored)
CASES = [
    ("zero", M, {(G, M): 0.951}, (True, True)),
    ("zero", M, {(G, M): 1.049}, (True, True)),
    ("zero", M, {(G, M): 0.94}, (False, True)),
    ("zero", M, {(G, M): 1.06}, (False, True)),
    ("zero", M, {(G, M): 0.5, (G, "vehicle"): 0.52}, (True, True)),
    ("lower", M, {(G, M): 0.94}, (True, True)),
    ("lower", M, {(G, M): 0.96}, (False, True)),
    ("lower", M, {(G, M): 1.2}, (False, True)),
    ("not_higher", M, {(G, M): 1.04}, (True, True)),
    ("not_higher", M, {(G, M): -1.0}, (True, True)),
    ("not_higher", M, {(G, M): 1.06}, (False, True)),
    ("stop", M, {(G, M): 0.05}, (True, True)),
    ("stop", M, {(G, M): -0.3}, (True, True)),
    ("stop", M, {(G, M): 0.051}, (False, True)),
    ("not_stop", M, {(G, M): 0.051}, (True, True)),
    ("not_stop", M, {(G, M): 0.05}, (False, True)),
    ("weaker", M, {(G, M): 0.8, (WT, M): 0.7}, (True, True)),
    ("weaker", M, {(G, M): 0.7, (WT, M): 0.8}, (False, True)),
    ("weaker", M, {(G, M): 1.1, (G, "vehicle"): 1.5, (WT, M): 0.7}, (True, True)),
    ("weaker", M, {(G, M): 0.3, (G, "vehicle"): 0.5, (WT, M): 0.7}, (False, True)),
    ("lower_or_weaker", M, {(G, M): 0.5, (WT, M): 0.8}, (True, True)),
    ("lower_or_weaker", M, {(G, M): 1.0, (WT, M): 0.8}, (True, True)),
    ("lower_or_weaker", M, {(G, M): 1.0, (WT, M): 1.1}, (False, True)),
    ("keeps_most", A, {(G, A): 0.61}, (True, True)),
    ("keeps_most", A, {(G, A): 0.59}, (False, True)),
    ("combination", CM, {(G, C): 0.5, (G, M): 0.8, (G, CM): 0.29}, (True, True)),
    ("combination", CM, {(G, C): 0.5, (G, M): 0.8, (G, CM): 0.31}, (False, True)),
    ("combination", CM, {(G, C): 0.14, (G, M): 0.8, (G, CM): 0.0}, (True, False)),
    ("combination", CM, {(G, C): -0.1, (G, M): 0.8, (G, CM): -0.2}, (True, False)),
    ("smaller_gain", CM, {(G, C): 0.5, (G, CM): 0.4, (WT, C): 0.5, (WT, CM): 0.1}, (True, True)),
    ("smaller_gain", CM, {(G, C): 0.5, (G, CM): 0.1, (WT, C): 0.5, (WT, CM): 0.4}, (False, True)),
    ("largest_gain", CA, {(G, C): 0.9, (G, CA): 0.1}, (True, True)),
    ("largest_gain", CA, {(G, CA): 0.5, (WT, CA): 0.4}, (False, True)),
    ("equal", CM, {(G, C): 0.3, (G, CM): 0.25}, (True, True)),
    ("equal", CM, {(G, C): 0.3, (G, CM): 0.24}, (False, True)),
    ("equal", CM, {(G, C): 0.9, (G, CM): 0.82}, (True, True)),
    ("equal", CM, {(G, C): 0.9, (G, CM): 0.80}, (False, True)),
    ("no_gain", CM, {(G, C): 0.05, (G, CM): -0.04}, (True, True)),
    ("no_gain", CM, {(G, C): 0.05, (G, CM): -0.06}, (False, True)),
    (
        "half_gain_lost",
        CA,
        {(WT, C): 0.5, (WT, CA): 0.1, (G, C): 0.8, (G, CA): 0.61},
        (True, True),
    ),
    (
        "half_gain_lost",
        CA,
        {(WT, C): 0.5, (WT, CA): 0.1, (G, C): 0.8, (G, CA): 0.59},
        (False, True),
    ),
    ("half_gain_lost", CA, {(WT, C): 0.5, (WT, CA): 0.46, (G, CA): 0.99}, (True, False)),
    ("switch_fails", A, {(G, CF): 0.5, (G, AF): 0.41}, (True, True)),
    ("switch_fails", A, {(G, CF): 0.5, (G, AF): 0.39}, (False, True)),
    ("as_without_fulvestrant", CFA, {(G, CA): 0.3, (G, CFA): 0.26}, (True, True)),
    ("as_without_fulvestrant", CFA, {(G, CA): 0.3, (G, CFA): 0.2}, (False, True)),
]
CYCLING = [
    ("cycling_zero", M, {(G, M): 1.04}, True),
    ("cycling_zero", M, {(G, M): 0.94}, False),
    ("cycling_equal", CM, {(G, C): 0.4, (G, CM): 0.36}, True),
    ("cycling_equal", CM, {(G, C): 0.4, (G, CM): 0.34}, False),
    ("cycling_stop", C, {(G, C): 0.3}, True),
    ("cycling_stop", C, {(G, C): 0.31}, False),
]


@pytest.mark.parametrize(("rule", "treatment", "net", "expected"), CASES)
def test_rule_on_net_rates(rule, treatment, net, expected):
    assert answer(rule, treatment, net) == expected


@pytest.mark.parametrize(("rule", "treatment", "cycling", "expected"), CYCLING)
def test_rule_on_cycling_rates(rule, treatment, cycling, expected):
    dead = {(G, treatment): -5.0}  # the net rate must not matter
    assert answer(rule, treatment, dead, cycling) == (expected, True)


def test_every_rule_is_shown_to_hold_and_to_fail():
    shown = {(rule, expected[0]) for rule, _, _, expected in CASES}
    shown |= {(rule, expected) for rule, _, _, expected in CYCLING}
    assert shown == {(rule, side) for rule in RULES for side in (True, False)}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_failed_simulation_fails_every_rule(rule):
    nothing = {(G, t): np.nan for t in TABLE.treatments}
    gains = {(WT, CM): 0.1}
    holds, scored = RULES[rule](
        rates(nothing | gains, nothing), G, CFA if "without" in rule else CM
    )
    assert not holds[0]
    assert scored[0]

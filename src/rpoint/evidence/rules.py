"""The rules of the intervention matrix, one small function each.

A rule looks at the rates of one cell (genotype, treatment) over the ensemble and answers two
questions for every parameter set: does the rule hold, and does it apply at all ("scored").
Rates are relative to the wild-type vehicle's net growth.  A rate that could not be computed is NaN
and fails every rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

WILD = "wild type"
VEHICLE = "vehicle"
Answer = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Rates:
    """Relative rates of the matrix.

    Parameters
    ----------
    net, cycling
        (genotype, treatment) -> shape (sets,).
    components
        Treatment -> the single treatments it joins.
    tolerance
        Thresholds of the rules, by name.
    rivals
        Treatment -> genotypes whose combination gain is compared by `largest_gain`.
    """

    net: Mapping[tuple[str, str], np.ndarray]
    cycling: Mapping[tuple[str, str], np.ndarray]
    components: Mapping[str, tuple[str, ...]]
    tolerance: Mapping[str, float]
    rivals: Mapping[str, tuple[str, ...]]

    def effect(self, genotype: str, treatment: str) -> np.ndarray:
        """How much the treatment lowers the rate against the own vehicle."""
        return self.net[genotype, VEHICLE] - self.net[genotype, treatment]

    def part(self, genotype: str, treatment: str) -> np.ndarray:
        """The effect as a part of the own vehicle's rate (taken as at least the stop level)."""
        vehicle = np.maximum(self.net[genotype, VEHICLE], self.tolerance["stop"])
        return self.effect(genotype, treatment) / vehicle

    def better(self, genotype: str, treatment: str, kind: str = "net") -> np.ndarray:
        """The lower rate of the single treatments that the combination joins."""
        rates = getattr(self, kind)
        return np.minimum.reduce([rates[genotype, one] for one in self.components[treatment]])

    def gain(self, genotype: str, treatment: str) -> np.ndarray:
        """Better single rate minus combination rate."""
        return self.better(genotype, treatment) - self.net[genotype, treatment]


def _always(holds: np.ndarray) -> Answer:
    return holds, np.ones_like(holds, dtype=bool)


def zero(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Within the zero band of the own vehicle."""
    return _always(np.abs(rates.effect(genotype, treatment)) <= rates.tolerance["zero"])


def lower(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Lower than the own vehicle by more than the zero band."""
    return _always(rates.effect(genotype, treatment) > rates.tolerance["zero"])


def not_higher(rates: Rates, genotype: str, treatment: str) -> Answer:
    """No effect or a lower rate."""
    return _always(rates.effect(genotype, treatment) >= -rates.tolerance["zero"])


def stop(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Growth is all but gone."""
    return _always(rates.net[genotype, treatment] <= rates.tolerance["stop"])


def not_stop(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Some growth stays."""
    return _always(rates.net[genotype, treatment] > rates.tolerance["stop"])


def weaker(rates: Rates, genotype: str, treatment: str) -> Answer:
    """A smaller effect than in the wild type, each as a part of the own vehicle's rate."""
    return _always(rates.part(genotype, treatment) < rates.part(WILD, treatment))


def lower_or_weaker(rates: Rates, genotype: str, treatment: str) -> Answer:
    """A lower rate, or an effect smaller than in the wild type."""
    return _always(lower(rates, genotype, treatment)[0] | weaker(rates, genotype, treatment)[0])


def keeps_most(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Most of the own vehicle's rate is kept."""
    kept = rates.tolerance["keeps"] * rates.net[genotype, VEHICLE]
    return _always(rates.net[genotype, treatment] >= kept)


def combination(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Clearly below the better single; not scored where that single all but stops growth."""
    better = rates.better(genotype, treatment)
    holds = rates.net[genotype, treatment] <= rates.tolerance["ratio"] * better
    return holds, ~(better < rates.tolerance["floor"])


def smaller_gain(rates: Rates, genotype: str, treatment: str) -> Answer:
    """A smaller combination gain than in the wild type."""
    return _always(rates.gain(genotype, treatment) < rates.gain(WILD, treatment))


def largest_gain(rates: Rates, genotype: str, treatment: str) -> Answer:
    """The largest combination gain of all genotypes where a combination is expected."""
    others = [rates.gain(one, treatment) for one in rates.rivals[treatment] if one != genotype]
    return _always(rates.gain(genotype, treatment) >= np.fmax.reduce(others))


def _equal(rate: np.ndarray, target: np.ndarray, tolerance: Mapping[str, float]) -> np.ndarray:
    margin = np.maximum(tolerance["equal"] * np.abs(target), tolerance["zero"])
    return np.abs(rate - target) <= margin


def equal(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Equal to the better single."""
    better = rates.better(genotype, treatment)
    return _always(_equal(rates.net[genotype, treatment], better, rates.tolerance))


def no_gain(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Hardly below the better single."""
    return _always(rates.gain(genotype, treatment) <= rates.tolerance["no_gain"])


def half_gain_lost(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Half or more of the wild type's gain is lost; not scored where it gains nothing."""
    wild = rates.gain(WILD, treatment)
    holds = rates.gain(genotype, treatment) <= (1 - rates.tolerance["lost"]) * wild
    return holds, ~(wild <= rates.tolerance["zero"])


def cycling_zero(rates: Rates, genotype: str, treatment: str) -> Answer:
    """No effect on the cycling rate, death left out."""
    change = rates.cycling[genotype, treatment] - rates.cycling[genotype, VEHICLE]
    return _always(np.abs(change) <= rates.tolerance["zero"])


def cycling_equal(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Cycling rate equal to that of the better single."""
    better = rates.better(genotype, treatment, "cycling")
    return _always(_equal(rates.cycling[genotype, treatment], better, rates.tolerance))


def cycling_stop(rates: Rates, genotype: str, treatment: str) -> Answer:
    """Cycling rate all but gone."""
    return _always(rates.cycling[genotype, treatment] <= rates.tolerance["cycling"])


def switch_fails(rates: Rates, genotype: str, treatment: str) -> Answer:
    """AKTi with fulvestrant does hardly more than CDK4/6i with fulvestrant."""
    kept = rates.tolerance["switch"] * rates.net[genotype, "CDK4/6i + fulvestrant"]
    return _always(rates.net[genotype, "AKTi + fulvestrant"] >= kept)


def as_without_fulvestrant(rates: Rates, genotype: str, treatment: str) -> Answer:
    """The triplet does as much as the doublet without fulvestrant."""
    doublet = rates.net[genotype, "CDK4/6i + AKTi"]
    return _always(_equal(rates.net[genotype, treatment], doublet, rates.tolerance))


RULES: dict[str, Callable[[Rates, str, str], Answer]] = {
    rule.__name__: rule
    for rule in (
        zero,
        lower,
        not_higher,
        stop,
        not_stop,
        weaker,
        lower_or_weaker,
        keeps_most,
        combination,
        smaller_gain,
        largest_gain,
        equal,
        no_gain,
        half_gain_lost,
        cycling_zero,
        cycling_equal,
        cycling_stop,
        switch_fails,
        as_without_fulvestrant,
    )
}

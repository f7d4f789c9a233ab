"""Small data sets that the tests of survival share, and the folder of R's numbers.

aml: Miller 1997, Survival Analysis, table on maintenance chemotherapy (23 patients).
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

AML_TIME = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]
AML_EVENT = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
AML_GROUP = ["maintained"] * 11 + ["not"] * 12

WORD = 0xFFFFFFFF


class OldR:
    """Random numbers of R under RNGversion("1.6.2"): Marsaglia's multiply-with-carry.

    Sources: Marsaglia 1997 for the generator; Ahrens & Dieter 1972 (SA) for `exponential`;
    the seeding of R's set.seed.
    """

    def __init__(self, seed: int) -> None:
        for _ in range(50):
            seed = (69069 * seed + 1) & WORD
        self.state = []
        for _ in range(2):
            seed = (69069 * seed + 1) & WORD
            self.state.append(seed or 1)

    def uniform(self) -> float:
        """Between 0 and 1."""
        a, b = self.state
        a = (36969 * (a & 0xFFFF) + (a >> 16)) & WORD
        b = (18000 * (b & 0xFFFF) + (b >> 16)) & WORD
        self.state = [a, b]
        return (((a << 16) & WORD) ^ (b & 0xFFFF)) * 2.328306437080797e-10

    def exponential(self) -> float:
        """With mean 1."""
        sums = np.cumsum([math.log(2) ** k / math.factorial(k) for k in range(1, 17)])
        shift, u = 0.0, 2 * self.uniform()
        while u <= 1:
            shift, u = shift + sums[0], 2 * u
        u -= 1
        if u <= sums[0]:
            return shift + u
        smallest, i = self.uniform(), 0
        while True:
            smallest, i = min(smallest, self.uniform()), i + 1
            if u <= sums[i]:
                return shift + smallest * sums[0]

    def sample(self, count: int, size: int) -> np.ndarray:
        """`size` whole numbers from 0 to `count` − 1."""
        return np.array([int(count * self.uniform()) for _ in range(size)])


@pytest.fixture(scope="session")
def aml() -> dict[str, list]:
    """time, event, group."""
    return {"time": AML_TIME, "event": AML_EVENT, "group": AML_GROUP}


@pytest.fixture(scope="session")
def cmprsk_set() -> dict[str, np.ndarray]:
    """The data of the test of R's cmprsk (set.seed(2), 100 patients)."""
    random = OldR(2)
    time = np.array([random.exponential() for _ in range(100)])
    group, cause, stratum = (random.sample(k, 100) for k in (3, 3, 2))
    return {"time": time, "cause": cause, "group": group, "stratum": stratum}


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder with R's data sets, which RPOINT_CONFORMANCE names; skipped without it."""
    named = os.environ.get("RPOINT_CONFORMANCE")
    if not named:
        pytest.skip("RPOINT_CONFORMANCE is not set: R's data sets are not compared")
    folder = Path(named)
    folder = folder / "stats" if (folder / "stats").is_dir() else folder
    if not (folder / "lung.csv").is_file():
        pytest.fail(f"RPOINT_CONFORMANCE names {folder}, which holds no lung.csv")
    return folder

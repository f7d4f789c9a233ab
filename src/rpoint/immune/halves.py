"""Which half of a data set a patient is in: for fitting, or for checking what was fitted.

The split is a hash of the identifier, fixed before any fit: it knows nothing of outcomes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np


def fitting_half(identifiers: Iterable[str]) -> np.ndarray:
    """(n,) True for patients whose identifier has an even 64-bit BLAKE2b hash.

    >>> fitting_half(["S4-0001", "S4-0002"]).shape
    (2,)
    """
    return np.array(
        [
            int.from_bytes(hashlib.blake2b(str(x).encode(), digest_size=8).digest(), "big") % 2 == 0
            for x in identifiers
        ],
        dtype=bool,
    )

"""Folds of a cross-validation that depend on a model's name alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rpoint.errors import RpointError

MAX_FOLDS = 50


def folds(ids: Iterable[object], k: int = 5, seed: int = 1) -> NDArray[np.int64]:
    """The fold of every id: a keyed hash of its text, modulo `k`.

    A model keeps its fold when others are added, left out or put in another order, and a model that
    occurs in several rows (arms, screens) is held out with all of them.  The folds are therefore of
    about, not exactly, equal size.

    Parameters
    ----------
    ids
        Names of models or lines; compared as text.
    k
        Number of folds, 2 to `MAX_FOLDS`.
    seed
        Key of the hash; another seed gives other folds.

    Returns
    -------
    numpy.ndarray
        (n,) whole numbers from 0 to k - 1.

    Raises
    ------
    RpointError
        If `k` is not allowed.

    Notes
    -----
    BLAKE2b (RFC 7693) with the seed as key: the same folds on every machine and Python.

    >>> folds(["X-1004", "X-1008", "X-1004"], k=5).tolist()
    [2, 0, 2]
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 2 <= k <= MAX_FOLDS:
        raise RpointError(
            "this is no number of folds", where="folds", found=k, allowed=f"2 to {MAX_FOLDS}"
        )
    key = str(int(seed)).encode()
    return np.array([_hash(str(name), key) % int(k) for name in ids], dtype=np.int64)


def _hash(name: str, key: bytes) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=key, digest_size=8)
    return int.from_bytes(digest.digest(), "big")

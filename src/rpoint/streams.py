"""Random numbers keyed by (seed, patient, purpose).

Every draw comes from its own counter-based stream, so a patient is the same patient in every arm,
for any number of jobs and in any order of work: two arms then differ by treatment alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

Patients = int | Sequence[int] | np.ndarray  # how many, from number 0 on; or their numbers


def stream(seed: int, purpose: str, patient: int = 0) -> np.random.Generator:
    """The stream of one purpose of one patient.

    Parameters
    ----------
    seed
        The seed of the run.
    purpose
        What the numbers are for ("growth", "pk clearance", "scan error" ...); no two purposes share
        numbers.
    patient
        Number of the patient or mouse, from 0.

    Returns
    -------
    numpy.random.Generator
        Philox with the 128-bit key (hash of seed and purpose, patient).

    >>> float(stream(1, "growth", 3).normal()) == float(stream(1, "growth", 3).normal())
    True
    """
    digest = hashlib.blake2b(f"{int(seed)}|{purpose}".encode(), digest_size=8).digest()
    key = np.array([int.from_bytes(digest, "little"), int(patient)], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def numbers(patients: Patients) -> list[int]:
    """The numbers of the patients: 0 to `patients` - 1, or those given."""
    if isinstance(patients, int | np.integer):
        return list(range(patients))
    return np.asarray(patients, dtype=np.int64).tolist()


def normals(seed: int, purpose: str, patients: Patients, size: int = 1) -> np.ndarray:
    """Standard normal numbers, (patients, size); a row depends on its patient alone."""
    rows = [stream(seed, purpose, i).standard_normal(size) for i in numbers(patients)]
    return np.array(rows).reshape(len(rows), size)


def uniforms(seed: int, purpose: str, patients: Patients, size: int = 1) -> np.ndarray:
    """Uniform numbers in [0, 1), (patients, size); a row depends on its patient alone."""
    rows = [stream(seed, purpose, i).random(size) for i in numbers(patients)]
    return np.array(rows).reshape(len(rows), size)


def lognormal_factors(
    seed: int, purpose: str, patients: Patients, cv: float, size: int = 1
) -> np.ndarray:
    """Log-normal factors with median 1 and coefficient of variation `cv`, (patients, size).

    The log-scale standard deviation is sqrt(ln(1 + cv^2)).
    """
    if cv < 0:
        raise ValueError(f"a coefficient of variation must not be negative, found {cv}")
    sigma = float(np.sqrt(np.log1p(cv**2)))
    return np.exp(sigma * normals(seed, purpose, patients, size))


def choices(seed: int, purpose: str, patients: Patients, weights: np.ndarray) -> np.ndarray:
    """One index per patient, drawn with probability proportional to `weights`, (patients,) int."""
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 1 or not len(weights) or (weights < 0).any() or weights.sum() <= 0:
        raise ValueError("weights must be a non-empty vector of non-negative numbers")
    edges = np.cumsum(weights) / weights.sum()
    draws = uniforms(seed, purpose, patients)[:, 0]
    return np.minimum(np.searchsorted(edges, draws, side="right"), len(weights) - 1)

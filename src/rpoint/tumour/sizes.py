"""From rates of cells to sizes of lesions."""

from __future__ import annotations

import numpy as np

from rpoint.errors import RpointError
from rpoint.tumour.facts import fact
from rpoint.tumour.growth import GrowthLaw, grow, in_vivo_scale
from rpoint.tumour.lanes import Courses, rest_state
from rpoint.tumour.measure import diameter_mm
from rpoint.tumour.subjects import Subjects

MIN_NET_RATE = 0.002  # 1/h; cells that double more slowly than in two weeks are not a growing line


def host_law(host: str) -> GrowthLaw:
    """The brake of size in a host: logistic, with the documented capacity."""
    return GrowthLaw("logistic", fact(f"capacity_{host}"))


def lesion_volumes(
    subjects: Subjects,
    courses: Courses,
    *,
    law: GrowthLaw | None = None,
    switching: np.ndarray | None = None,
) -> np.ndarray:
    """Volumes of every clone of every lesion in every arm.

    Lesions of a subject share the rates of its cells; they differ in how fast they grow and in
    their mix of clones.

    Parameters
    ----------
    subjects, courses
        Who, and the rates of their cells.
    law
        The brake of size; that of the host when left out.
    switching
        (C, C) switching rates between clones, 1/h.

    Returns
    -------
    numpy.ndarray
        (n, A, L, C, T) mm3.
    """
    lead = int(np.argmax(subjects.mix.mean(axis=(0, 1))))
    there = subjects.start_mm3 > 0
    scale, loss = in_vivo_scale(
        np.where(there, subjects.doubling_time_d, 1.0),
        courses.untreated_division[:, lead, None],
        courses.untreated_death[:, lead, None],
        subjects.cell_loss,
    )
    faster = scale[:, None, :, None, None]
    return grow(
        courses.times_h,
        courses.division[:, :, None] * faster,
        courses.death[:, :, None] * faster + loss[:, None, :, None, None],
        np.broadcast_to(
            (subjects.start_mm3[..., None] * subjects.mix)[:, None],
            (*courses.division.shape[:2], *subjects.mix.shape[1:]),
        ),
        law=law or host_law(subjects.host),
        switching=switching,
    )


def sum_of_diameters(volumes: np.ndarray) -> np.ndarray:
    """SLD, mm: (n, A, L, C, T) volumes in, (n, A, T) out."""
    return diameter_mm(volumes.sum(axis=3)).sum(axis=2)


def growing_sets(ensemble, genotype, nodes: int, threads: int | None = None) -> np.ndarray:
    """(sets,) whether untreated cells of a genotype grow in a parameter set.

    Raises
    ------
    RpointError
        If they grow in none.
    """
    everyone = np.arange(len(ensemble.parameters))
    rest = rest_state(everyone, [genotype], ensemble, nodes, RATES, threads)
    grows = (rest.values[:, 0, 0] - rest.values[:, 0, 1]) > MIN_NET_RATE
    if not grows.any():
        raise RpointError(
            "untreated cells of this genotype grow in no parameter set",
            found=", ".join(f"{k}={v:g}" for k, v in genotype.items()) or "the reference cell",
            mend="choose a genotype that proliferates",
        )
    return grows


RATES = ("division_rate", "death_rate")

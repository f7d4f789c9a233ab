"""Clones: who is in a tumour at the start, and how cells pass from one clone to another.

Three kinds of resistance stay apart here and everywhere:

* adaptive - inside the cell model, hours to days, every cell alike (cyclin D1 rise, PI3K relief);
* intrinsic - the genotype that the tumour has at the start (its alterations, in every clone);
* acquired - a clone that grows out under the drug, or a slow epigenetic state (`CyclinELadder`)
  that cells enter and leave at a rate that no drug changes.  Treatment selects; it never instructs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from rpoint.errors import RpointError, unknown_name

# Names of the clones that resistance biopsies and lines report, as alterations of the catalogue.
# Which mechanisms: Wander 2020, Cancer Discov 10:1174 (PMID 32404308) and, for TP53, MDM4, the
# MDM2 inhibitors' own biology.  What an alteration does to the cell is the catalogue's business.
VOCABULARY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sensitive": (),
        "RB1-loss": ("RB1:loss",),
        "CCNE-high": ("CCNE2:amp",),
        "CDK6-high": ("CDK6:amp",),
        "FGFR-active": ("FGFR2:amp",),
        "AKT-active": ("AKT1:mut",),
        "ESR1-mut": ("ESR1:mut",),
        "ER-loss": ("ESR1:loss",),
        "TP53-mut": ("TP53:loss",),
        "MDM4-high": ("MDM4:amp",),
        "RAS-active": ("KRAS:mut",),
        "AURKA-high": ("AURKA:amp",),
    }
)


@dataclass(frozen=True)
class Clone:
    """A part of a tumour with one genotype.

    Parameters
    ----------
    name
        A name of `VOCABULARY` or one's own.
    genotype
        Genotype handles of the cell model that differ from the tumour's own ("g_RB1": 0).
    fraction
        Share of the tumour at the start, in [0, 1].
    alterations
        The catalogue's alterations that gave the genotype, for printing.
    """

    name: str
    genotype: Mapping[str, float] = field(default_factory=dict)
    fraction: float = 0.0
    alterations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:
            raise RpointError(
                "the fraction of a clone lies between 0 and 1",
                where=f"clone {self.name}",
                found=self.fraction,
            )
        object.__setattr__(self, "genotype", MappingProxyType(dict(self.genotype)))

    def __repr__(self) -> str:
        changed = ", ".join(f"{name}={value:g}" for name, value in self.genotype.items())
        return f"Clone({self.name}, {100 * self.fraction:.3g} %{', ' if changed else ''}{changed})"

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.genotype.items())), self.fraction))

    def to_dict(self) -> dict:
        return {
            "name": self.name,
            "genotype": dict(self.genotype),
            "fraction": self.fraction,
            "alterations": list(self.alterations),
        }


def vocabulary_alterations(name: str) -> tuple[str, ...]:
    """The alterations behind a clone's name; an unknown name is refused with the nearest one."""
    if name not in VOCABULARY:
        raise unknown_name("clone", name, VOCABULARY)
    return VOCABULARY[name]


def check_mix(clones: tuple[Clone, ...]) -> None:
    """Refuse a tumour whose clones have the same name twice or do not add up to one."""
    names = [clone.name for clone in clones]
    if len(set(names)) != len(names):
        raise RpointError("a clone is named twice", found=", ".join(names))
    total = sum(clone.fraction for clone in clones)
    if abs(total - 1) > 1e-9:
        raise RpointError("the fractions of the clones do not add up to 1", found=f"{total:g}")


def neighbour_switching(clones: int, up: float, down: float | None = None) -> np.ndarray:
    """Switching between neighbours of a ladder of states.

    Parameters
    ----------
    clones
        Number of states.
    up, down
        Rate of one step up and down, 1/h; equal when `down` is left out.

    Returns
    -------
    numpy.ndarray
        (clones, clones) mu_ij from state j to state i; columns sum to zero.
    """
    down = up if down is None else down
    if up < 0 or down < 0:
        raise RpointError("a switching rate must not be negative", found=f"{up}, {down}")
    rates = np.diag(np.full(clones - 1, up), -1) + np.diag(np.full(clones - 1, down), 1)
    return rates - np.diag(rates.sum(axis=0))


@dataclass(frozen=True)
class CyclinELadder:
    """A slow epigenetic trait: rungs of cyclin E expression between which cells drift.

    A cell on rung k makes `fold**k` times the cyclin E of its parent line.  Cells step to a
    neighbouring rung at `rate_per_h`, up and down alike and whatever drug is there; a drug under
    which a high rung grows faster makes that rung frequent, and the rungs fall back without it if
    they cost growth.

    Parameters
    ----------
    rungs
        Number of rungs.
    fold
        Cyclin E of a rung over that of the rung below, above 1.
    rate_per_h
        Rate of one step, up or down, 1/h.
    """

    rungs: int = 6
    fold: float = 1.25
    rate_per_h: float = 1e-4

    def __post_init__(self) -> None:
        if self.rungs < 2 or self.fold <= 1 or self.rate_per_h < 0:
            raise RpointError(
                "a ladder has two rungs or more, a fold above 1 and a rate that is not negative",
                found=f"{self.rungs} rungs, fold {self.fold}, rate {self.rate_per_h} /h",
            )

    @property
    def levels(self) -> np.ndarray:
        """Cyclin E of every rung over that of the lowest, (rungs,)."""
        return self.fold ** np.arange(self.rungs)

    @property
    def switching(self) -> np.ndarray:
        """(rungs, rungs) switching rates, 1/h."""
        return neighbour_switching(self.rungs, self.rate_per_h)

    def clones(self, genotype: Mapping[str, float], mix: np.ndarray) -> tuple[Clone, ...]:
        """The rungs as clones of a tumour whose own genotype is `genotype`."""
        base = genotype.get("g_CCNE", 1.0)
        return tuple(
            Clone(f"cyclin E x{level:.3g}", {"g_CCNE": base * level}, float(share))
            for level, share in zip(self.levels, mix, strict=True)
        )


def stationary_mix(rates: np.ndarray, switching: np.ndarray) -> np.ndarray:
    """The mix that clones settle into when they have long grown under constant rates.

    The leading eigenvector of diag(rates) + switching: what a line that nobody treated looks like
    before treatment.

    Parameters
    ----------
    rates
        (..., C) net rates, 1/h.
    switching
        (..., C, C) switching rates, 1/h.

    Returns
    -------
    numpy.ndarray
        (..., C) shares that sum to one.
    """
    generator = switching + rates[..., :, None] * np.eye(rates.shape[-1])
    symmetric = np.allclose(generator, np.swapaxes(generator, -1, -2), rtol=0, atol=1e-15)
    values, vectors = (np.linalg.eigh if symmetric else np.linalg.eig)(generator)
    leading = np.argmax(values.real, axis=-1)
    mix = np.abs(np.take_along_axis(vectors.real, leading[..., None, None], axis=-1)[..., 0])
    return mix / mix.sum(axis=-1, keepdims=True)

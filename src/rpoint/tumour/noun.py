"""`Tumour`: a type with alterations and clones, before anybody treats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.tumour.clones import Clone, check_mix, vocabulary_alterations
from rpoint.tumour.facts import facts

HOSTS = ("patient", "mouse")
WHOLE = (Clone("sensitive", {}, 1.0),)


@dataclass(frozen=True, repr=False)
class Tumour:
    """A tumour type with alterations and a mix of clones.  Immutable.

    Parameters
    ----------
    kind
        Id of the catalogue's tumour type.
    alterations
        `GENE:state` of every cell: the intrinsic part of resistance.
    clones
        Clones whose genotype differs further; their fractions sum to one.
    doubling_time_d
        Doubling time of the untreated tumour, d; the catalogue's when None.
    cell_loss
        Steel's cell-loss factor; the documented one of the host when None.
    """

    kind: str
    alterations: tuple[str, ...] = ()
    clones: tuple[Clone, ...] = WHOLE
    doubling_time_d: float | None = None
    cell_loss: float | None = None

    def __post_init__(self) -> None:
        check_mix(self.clones)
        if self.doubling_time_d is not None and not self.doubling_time_d > 0:
            raise RpointError("a doubling time must be positive", found=self.doubling_time_d)

    # -- building -----------------------------------------------------------------------------
    def with_alterations(self, *alterations: str) -> Tumour:
        """A copy that also carries `alterations` ("RB1:loss", "MDM2:cn=12", ...) in every cell."""
        named = tuple(catalog.alteration(text).id for text in alterations)
        kept = tuple(a for a in self.alterations if a not in named)
        return replace(self, alterations=kept + named)

    def with_clones(self, fractions: Mapping[str, float]) -> Tumour:
        """A copy in which resistant clones make up `fractions`, the rest being sensitive.

        Parameters
        ----------
        fractions
            Name of `rpoint.tumour.clones.VOCABULARY` (or alterations joined with "+") to the share
            of the tumour at the start.

        >>> tumour("breast").with_clones({"RB1-loss": 0.001}).clones
        (Clone(sensitive, 99.9 %), Clone(RB1-loss, 0.1 %, g_RB1=0))
        """
        made = [self._clone(name, share) for name, share in fractions.items()]
        rest = 1.0 - sum(clone.fraction for clone in made)
        if rest < -1e-9:
            raise RpointError("the fractions of the clones exceed 1", found=f"{1 - rest:g}")
        if "sensitive" not in fractions:
            made.insert(0, Clone("sensitive", {}, max(rest, 0.0)))
        return replace(self, clones=tuple(made))

    def with_growth(
        self, *, doubling_time_d: float | None = None, cell_loss: float | None = None
    ) -> Tumour:
        """A copy with another doubling time (d) or cell-loss factor; None leaves it alone."""
        return replace(
            self,
            doubling_time_d=self.doubling_time_d if doubling_time_d is None else doubling_time_d,
            cell_loss=self.cell_loss if cell_loss is None else cell_loss,
        )

    def _clone(self, name: str, fraction: float) -> Clone:
        texts = tuple(name.split("+")) if ":" in name else vocabulary_alterations(name)
        own = catalog.genotype(self.kind, self.alterations)
        altered = catalog.genotype(self.kind, self.alterations + texts)
        keys = sorted(set(own) | set(altered))
        reference = catalog.REFERENCE_HANDLES
        changed = {k: altered.get(k, reference[k]) for k in keys if own.get(k) != altered.get(k)}
        return Clone(name, changed, fraction, texts)

    # -- reading ------------------------------------------------------------------------------
    @property
    def genotype(self) -> dict[str, float]:
        """Handles of the cell model that every cell of this tumour has."""
        return catalog.genotype(self.kind, self.alterations)

    def genotypes(self) -> tuple[dict[str, float], ...]:
        """Handles of every clone, in order."""
        own = self.genotype
        return tuple({**own, **clone.genotype} for clone in self.clones)

    @property
    def fractions(self) -> np.ndarray:
        """Shares of the clones at the start, (C,)."""
        return np.array([clone.fraction for clone in self.clones])

    def growth(self, host: str) -> tuple[float, float]:
        """Doubling time (d) and cell-loss factor in a host, "patient" or "mouse"."""
        if host not in HOSTS:
            from rpoint.errors import unknown_name

            raise unknown_name("host", host, HOSTS)
        doubling = self.doubling_time_d or _catalogue_doubling(self.kind, host)
        loss = facts()[f"cell_loss_{host}"].value if self.cell_loss is None else self.cell_loss
        return doubling, loss

    def sources(self, host: str = "patient") -> tuple[str, ...]:
        """Keys of the sources behind this tumour: its genotype and its growth."""
        altered = [catalog.alteration(a) for a in self.alterations]
        altered += [catalog.alteration(a) for c in self.clones for a in c.alterations]
        used = [e.value.source for a in altered for e in a.effects]
        kind = catalog.tumour(self.kind)
        used += [e.value.source for e in kind.handles]
        if self.doubling_time_d is None:
            used += [g.value.source for g in kind.growth if g.measure == _MEASURE[host]]
        if self.cell_loss is None:
            used.append(facts()[f"cell_loss_{host}"].source)
        return tuple(dict.fromkeys(used))

    def to_dict(self) -> dict:
        """The tumour as plain data; `from_dict` reads it back."""
        return {
            "kind": self.kind,
            "alterations": list(self.alterations),
            "clones": [clone.to_dict() for clone in self.clones],
            "doubling_time_d": self.doubling_time_d,
            "cell_loss": self.cell_loss,
        }

    @classmethod
    def from_dict(cls, data: Mapping) -> Tumour:
        """The tumour of `to_dict`."""
        clones = tuple(
            Clone(c["name"], c["genotype"], c["fraction"], tuple(c["alterations"]))
            for c in data["clones"]
        )
        return cls(
            catalog.tumour(data["kind"]).id,
            tuple(data["alterations"]),
            clones,
            data.get("doubling_time_d"),
            data.get("cell_loss"),
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per clone: name, fraction and the handles that differ from the reference cell."""
        rows = [
            {"clone": clone.name, "fraction": clone.fraction, **handles}
            for clone, handles in zip(self.clones, self.genotypes(), strict=True)
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        parts = [self.kind, *self.alterations]
        if len(self.clones) > 1:
            mix = ", ".join(f"{c.name} {100 * c.fraction:.3g} %" for c in self.clones)
            parts.append(f"clones: {mix}")
        if self.doubling_time_d is not None:
            parts.append(f"doubles in {self.doubling_time_d:g} d")
        return f"<Tumour {'; '.join(parts)}>"


_MEASURE = {"patient": "doubling_time_patient", "mouse": "pdx_growth_rate"}


def _catalogue_doubling(kind: str, host: str) -> float:
    for growth in catalog.tumour(kind).growth:
        if growth.measure == "doubling_time_patient" and host == "patient":
            return growth.value.to("d")
        if growth.measure == "pdx_growth_rate" and host == "mouse":
            return float(np.log(2.0) / growth.value.to("1/d"))
    raise RpointError(
        f"the catalogue gives no growth of {kind} in a {host}",
        mend="give it with with_growth(doubling_time_d=...)",
    )


def tumour(kind: str) -> Tumour:
    """The tumour type of a name or alias, with the alterations that it carries by default.

    >>> tumour("melanoma").with_alterations("TP53:loss")
    <Tumour melanoma; TP53:loss>
    """
    return Tumour(catalog.tumour(kind).id)

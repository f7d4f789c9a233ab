"""The catalogue's drugs as flat (drug, quantity) -> Quantity, the shape of the second entry."""

from __future__ import annotations

from rpoint import catalog
from rpoint.catalog import Drug, Quantity


def flat(drug: Drug) -> dict[str, Quantity]:
    """Every number of a drug that the second entry must cover."""
    found = {"molecular_weight": drug.molecular_weight, "fu_human": drug.fu_human}
    if drug.pk_human is not None:
        found |= {f"pk.{name}": q for name, q in drug.pk_human.parameters.items()}
        found |= {f"iiv.pk.{name}": q for name, q in drug.pk_human.iiv.items()}
    found |= {f"target.{t.target}.{t.measure}": t.value for t in drug.targets}
    found |= {f"drive.{d.input}": d.potency_cell for d in drug.drives}
    for m in drug.metabolites:
        start = f"metabolite.{m.name}"
        found |= {
            f"{start}.ratio": m.plasma_ratio,
            f"{start}.fu": m.fu_human,
            f"{start}.molecular_weight": m.molecular_weight,
        }
        found |= {f"{start}.{d.input}": d.potency_cell for d in m.drives}
    return found


def everything() -> dict[tuple[str, str], Quantity]:
    """Every number of every drug."""
    return {(d.id, name): q for d in catalog.drugs() for name, q in flat(d).items()}

"""The tumour types that a cohort is drawn from (`types.yaml`), and their share of the case mix.

>>> cohort_type("HR+ breast").id, cohort_type("DDLPS").id, cohort_type("SKCM").id
('breast', 'liposarcoma', 'melanoma')
>>> round(case_mix()["lung"], 3)
0.158
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rpoint.catalog import parse_yaml
from rpoint.errors import RpointError, unknown_name
from rpoint.panel.types import base_tumour, nearest_type, panel_type

SOLID = "solid"  # every type of the case mix, each with its share
SAME_AS = {"gastro-oesophageal": "oesophagus", "tnbc": "breast-tn", "idc-tn": "breast-tn"}


@dataclass(frozen=True)
class CohortType:
    """One tumour type.

    Attributes
    ----------
    id, name
        Its id, and its name in words.
    cells
        The catalogue's tumour type whose cells it has; the nearest one for a type that the
        catalogue lacks.
    panel
        The tumour type of a panel behind it.
    msk
        Subtypes of MSK-MET that make it up; none: no part of the case mix.
    samples
        Cancer type of MSK-MET's table of samples, or None.
    tcga
        Cohort of TCGA for copy numbers, or None.
    """

    id: str
    name: str
    cells: str
    panel: str
    msk: tuple[str, ...]
    samples: str | None
    tcga: str | None

    @property
    def stand_in(self) -> bool:
        """Whether the cells are those of another type."""
        return base_tumour(self.panel) != self.cells or self.id != self.cells


@cache
def cohort_types() -> dict[str, CohortType]:
    """Every tumour type by id, in the order of the file."""
    text = (files("rpoint.cohort") / "types.yaml").read_text(encoding="utf-8")
    rows = parse_yaml(text, "cohort/types.yaml")
    return {row["id"]: CohortType(**{**row, "msk": tuple(row["msk"])}) for row in rows}


def cohort_type(name: object, *, where: str | None = None) -> CohortType:
    """The tumour type of an id, a name of a panel's type or a code of TCGA.

    Raises
    ------
    RpointError
        If it names none; the nearest is given.
    """
    key = str(name).strip().casefold().replace("_", "-").replace(" ", "-")
    key = SAME_AS.get(key, key)
    known = panel_type(name)
    found = cohort_types().get(key) or cohort_types().get(known or "")
    if found is None:
        error = unknown_name("tumour type", name, [*cohort_types(), SOLID], where=where)
        near = error.nearest or nearest_type(name)
        raise RpointError(error.what, where=where, allowed=error.allowed, nearest=near)
    return found


@cache
def case_mix() -> dict[str, float]:
    """Share of each type among the 25,775 patients of MSK-MET; the types that it has.

    Patients with advanced or sequenced disease of one centre, which is what basket trials screen:
    not the incidence in a population.
    """
    from rpoint.cohort.frequencies import patients_of

    counts = {t.id: patients_of(t.id) for t in cohort_types().values() if t.msk}
    total = sum(counts.values())
    return {kind: n / total for kind, n in counts.items()}

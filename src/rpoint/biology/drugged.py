"""Pharmacokinetics and occupancy rules that turn the cell model into a treated tumour cell."""

from __future__ import annotations

from rpoint.pharmacology.pk import drug_model, input_lines, module_lines


def pk_statements(
    drugs: tuple[str, ...], species: str = "human", weight_kg: float | None = None
) -> str:
    """Antimony statements for the drugs of a simulation.

    Parameters
    ----------
    drugs : tuple of str
        Catalogue names.
    species : {"human", "mouse"}
    weight_kg : float, optional
        Body weight of the mouse.

    Returns
    -------
    str
        Compartment, states, flows and rules ``c_X := sum Cu/K``; the names are those of
        :mod:`rpoint.pharmacology.pk`.
    """
    models = [drug_model(drug, species, weight_kg) for drug in drugs]
    lines = ["compartment body = 1;"]
    for model in models:
        lines += module_lines(model)
    return "\n".join([*lines, *input_lines(models)])

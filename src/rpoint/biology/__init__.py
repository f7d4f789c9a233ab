"""The cell model: Antimony modules, parameters with priors, contexts, assembly to SBML."""

from rpoint.biology.assemble import (
    HANDLES,
    INPUTS,
    NODES,
    cell_antimony,
    cell_sbml,
    export_sbml,
    flagship_sbml,
    patient_sbml,
)
from rpoint.biology.contexts import contexts, exposures
from rpoint.biology.parameters import Parameter, parameters

__all__ = [
    "HANDLES",
    "INPUTS",
    "NODES",
    "Parameter",
    "cell_antimony",
    "cell_sbml",
    "contexts",
    "export_sbml",
    "exposures",
    "flagship_sbml",
    "parameters",
    "patient_sbml",
]

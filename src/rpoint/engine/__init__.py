"""The engine: SBML in, batches of patients out, through machine code made for the model."""

from rpoint.engine.schedule import Schedule
from rpoint.engine.solve import CompiledModel, Result, compile_model
from rpoint.engine.status import Status

__all__ = ["CompiledModel", "Result", "Schedule", "Status", "compile_model"]

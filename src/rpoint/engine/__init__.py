"""The engine: SBML in, batches of patients out, through machine code made for the model."""

from rpoint.engine.solve import CompiledModel, Result, Schedule, Status, compile_model

__all__ = ["CompiledModel", "Result", "Schedule", "Status", "compile_model"]

"""R-point: how tumours obey and escape the drugs that hold the cell cycle.

Research use only: nothing that R-point computes is advice for a patient.

The public names below are loaded when they are first used, so that `import rpoint` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Public name -> (module, attribute); without an attribute the name is the module.
_PUBLIC: dict[str, tuple[str, str | None]] = {
    "RpointError": ("rpoint.errors", "RpointError"),
    "basket": ("rpoint.stats.basket", "basket"),
    "catalog": ("rpoint.catalog", None),
    "cite": ("rpoint.catalog", "cite"),
    "claims": ("rpoint.evidence.claims", "load_claims"),
    "cohort": ("rpoint.cohort", None),
    "drug": ("rpoint.catalog", "drug"),
    "growth_metrics": ("rpoint.stats.growth_metrics", None),
    "hyperprogression": ("rpoint.endpoints.hyperprogression", "hyperprogression"),
    "incidence_study": ("rpoint.endpoints.incidence", "incidence_study"),
    "irecist": ("rpoint.endpoints.irecist", "irecist"),
    "meta": ("rpoint.stats.meta_table", "meta"),
    "meta_regression": ("rpoint.stats.meta_regression", "meta_regression"),
    "open_run": ("rpoint.trial.disk.read", "open_run"),
    "predict": ("rpoint.panel.forecast", "predict"),
    "proportion": ("rpoint.stats.proportions", "proportion"),
    "rank": ("rpoint.tumour.rank", "rank"),
    "read_sizes": ("rpoint.endpoints.sizes", "read_sizes"),
    "read_trial": ("rpoint.trial.read", "read_trial"),
    "recist": ("rpoint.endpoints.recist", "recist"),
    "regimen": ("rpoint.pharmacology.regimen", "parse"),
    "run_trial": ("rpoint.trial.disk.run", "run_trial"),
    "simon": ("rpoint.stats.simon", "simon"),
    "simulate": ("rpoint.tumour.simulate", "simulate"),
    "survival": ("rpoint.stats.survival", "survival"),
    "synergy": ("rpoint.stats.synergy", "synergy"),
    "tumour": ("rpoint.tumour", None),
    "validate": ("rpoint.panel.validate", "validate"),
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    try:
        module, attribute = _PUBLIC[name]
    except KeyError:
        raise AttributeError(f"module 'rpoint' has no attribute {name!r}") from None
    loaded = importlib.import_module(module)
    value = loaded if attribute is None else getattr(loaded, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

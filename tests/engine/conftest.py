"""Fixtures for the engine's tests: models written in Antimony, a cache of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import antimony
import pytest


def to_sbml(text: str) -> str:
    """SBML of an Antimony text."""
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise ValueError(antimony.getLastError())
    return antimony.getSBMLString(antimony.getMainModuleName())


@pytest.fixture(scope="session")
def sbml() -> Callable[[str], str]:
    """Function: Antimony text -> SBML text."""
    return to_sbml


@pytest.fixture(scope="session")
def published() -> Path:
    """Folder of the published models that travel with the tests."""
    return Path(__file__).parent / "data"


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Compiled code of the tests goes to a temporary folder."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RPOINT_CACHE", str(tmp_path_factory.mktemp("kernels")))
    yield
    patch.undo()

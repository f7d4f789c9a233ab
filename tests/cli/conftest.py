"""Hundreds of command lines in one process: the commands and their options are built once."""

from __future__ import annotations

from functools import cache

import pytest
import typer.main


@pytest.fixture(autouse=True, scope="session")
def commands_built_once():
    """Typer builds every command from its signature at every call: once is enough here."""
    patch = pytest.MonkeyPatch()
    patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
    yield
    patch.undo()

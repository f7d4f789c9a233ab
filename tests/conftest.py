"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine; no example file is written beside the tests.
settings.register_profile(
    "rpoint",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("rpoint")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The measured data sets' folder, which RPOINT_DATA names; without it the test is skipped."""
    named = os.environ.get("RPOINT_DATA")
    if not named:
        pytest.skip("RPOINT_DATA is not set: the check against the raw measured data is left out")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"RPOINT_DATA names {folder}, which is no folder")
    return folder

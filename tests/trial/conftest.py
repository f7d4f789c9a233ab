"""A fake trial that computes in milliseconds, by name as worker processes need it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FAKES = Path(__file__).parent / "fakes"


@pytest.fixture
def fake(monkeypatch):
    """Arguments of `run_trial` for the fake trial."""
    monkeypatch.syspath_prepend(str(FAKES))
    import fake_trial_compute

    yield {
        "trial": fake_trial_compute.trial(),
        "compute": "fake_trial_compute:compute",
        "analyse": "fake_trial_compute:analyse",
        "replicates": 6,
        "chunk_patients": 20,
        "seed": 11,
    }
    sys.modules.pop("fake_trial_compute", None)

"""A fake trial that computes in milliseconds, by name as worker processes need it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rpoint.trial.disk import identity as disk_identity

FAKES = Path(__file__).parent / "fakes"


@pytest.fixture
def fake(monkeypatch):
    """Arguments of `run_trial` for the fake trial; an edit of the source meanwhile is no matter."""
    monkeypatch.syspath_prepend(str(FAKES))
    monkeypatch.setattr(disk_identity, "code_digest", lambda: "the same")
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # nothing here cuts the power
    import fake_trial_compute

    yield {
        "trial": fake_trial_compute.trial(),
        "compute": "fake_trial_compute:compute",
        "analyse": "fake_trial_compute:analyse",
        "replicates": 6,
        "chunk_patients": 20,
        "seed": 11,
        "jobs": 0,
        "command": "test",
    }
    sys.modules.pop("fake_trial_compute", None)


@pytest.fixture
def digests():
    """SHA-256 of every file of a run but `run.json`, by path."""
    import hashlib

    def find(folder: Path) -> dict[str, str]:
        files = sorted(p for p in Path(folder).rglob("*") if p.is_file() and p.name != "run.json")
        return {
            p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in files
        }

    return find

"""The runner: doubles dropped, early answer, progress, JSON, report - in the toy world."""

import importlib.util
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.evidence import claims as runner
from rpoint.evidence import trial_numbers
from rpoint.evidence.batches import batches
from rpoint.evidence.claims import load_claims
from rpoint.evidence.conditions import Setup
from rpoint.evidence.trial_numbers import NotShipped

_spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
toy = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toy)
CHOSEN = "A3,A4,A5,A10,D13,C7"


@pytest.fixture
def ran(monkeypatch):
    """(result, steps, batches) of a run in the toy world."""
    calls = []

    def run_batch(cells, setups, ensemble, threads=None):
        calls.append(list(setups))
        toy.fill(cells, setups)

    def absent():
        raise NotShipped("any trial")

    monkeypatch.setattr(runner, "run_batch", run_batch)
    monkeypatch.setattr(trial_numbers, "shipped", absent)  # C7 has to wait
    columns = pd.DataFrame({"p53_synthesis": np.ones(toy.SETS)})
    ensemble = SimpleNamespace(parameters=columns, weights=np.full(toy.SETS, 1 / toy.SETS))
    steps = []
    result = load_claims().run(claim=CHOSEN, ensemble=ensemble, progress=steps.append)
    return result, steps, calls


def test_every_chosen_claim_has_a_verdict(ran):
    result, _, _ = ran
    assert {verdict.claim.id for verdict in result.verdicts} == set(CHOSEN.split(","))
    assert result["A3"].verdict == "reproduced with correction"
    assert result["D13"].verdict == "corrected"
    assert result["C7"].verdict == "waiting"


def test_no_setup_is_run_twice_and_the_first_experiment_goes_first(ran):
    _, _, calls = ran
    flat = [setup for call in calls for setup in call]
    assert len(flat) == len(set(flat))
    assert {s.genotype for s in calls[0]} == {
        "wild type",
        "CDK2 knock-out",
        "CDKN1A-null",
        "CDKN1B-null",
    }


def test_progress_counts_up_to_the_total(ran):
    _, steps, _ = ran
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1].total


def test_json_has_the_fixed_form(ran):
    result, _, _ = ran
    data = json.loads(result.to_json())
    fixed = {"id", "study", "verdict", "observed", "acceptance", "falsifier", "seconds"}
    assert all(fixed <= set(row) for row in data["claims"])
    waiting = next(row for row in data["claims"] if row["id"] == "C7")
    assert waiting["waits_for"].partition(":")[0] == "predictions"  # the part, then why


def test_summary_names_the_deciding_number(ran):
    result, _, _ = ran
    table = result.summary().set_index("id")
    assert "knock-out" in table.loc["A3", "observed"]
    assert table.loc["C7", "observed"].startswith("predictions: ")


def test_report_is_one_file_without_network(ran, tmp_path):
    result, _, _ = ran
    text = result.report(tmp_path / "claims.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert 'src="http' not in text and 'href="http' not in text
    for id_ in ("A3", "A4", "A5", "A10", "D13"):
        assert f'<section id="{id_}">' in text
    assert "Research use only" in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_report_into_a_missing_folder_is_one_error(ran, tmp_path):
    with pytest.raises(RpointError, match="cannot be written"):
        ran[0].report(tmp_path / "absent" / "claims.html")


def test_unknown_claim_in_a_result(ran):
    with pytest.raises(RpointError, match="unknown claim"):
        ran[0]["A7"]


def test_batches_share_their_days_and_their_size():
    setups = [Setup(t, days=d) for d in (21.0, 56.0) for t in ("vehicle", "CDK4/6i", "MDM2i")]
    parts = list(batches(setups, first=1, size=2))
    assert parts[0] == [setups[0]]
    assert all(len({setup.days for setup in part}) == 1 for part in parts)
    assert sorted(s.name for part in parts for s in part) == sorted(s.name for s in setups)

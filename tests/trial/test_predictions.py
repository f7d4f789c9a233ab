"""The shipped predictions: what they are, and that this version makes them."""

import numpy as np
import pytest

from rpoint.trial.compare import verdict
from rpoint.trial.predictions import (
    VARIANTS,
    run_task,
    shipped_analysis,
    shipped_comparison,
    statistics,
    trial_named,
)
from rpoint.trial.read import library_names


@pytest.fixture(scope="module")
def every():
    return shipped_analysis()


def test_every_trial_of_the_library_and_every_variant_has_replicates(every):
    assert set(every["TRIAL"]) == set(library_names()) | set(VARIANTS)
    counts = every.groupby("TRIAL", observed=True)["REPL"].nunique()
    assert counts.min() >= 2 and counts["mantra-2"] >= 100


def test_the_first_replicate_is_what_this_version_computes(every):
    trial = trial_named("mantra-2")
    again = statistics("mantra-2", [run_task(("mantra-2", 0, trial.patients))])
    shipped = every[(every["TRIAL"] == "mantra-2") & (every["REPL"] == 0)]
    keys = ["ARM", "SUBSET", "ENDPOINT"]
    one = shipped.astype({k: str for k in keys}).set_index(keys)["VALUE"]
    two = again[again["REPL"] == 0].set_index(keys)["VALUE"]
    assert set(one.index) <= set(two.index)
    # Another processor may end in other last bits, which move a reading by a millimetre.
    close = np.isclose(one, two.reindex(one.index), rtol=1e-5, equal_nan=True)
    assert close.mean() > 0.8


def test_no_calibrated_row_is_counted_as_checked():
    table = shipped_comparison()
    counted = verdict(table).set_index("role")
    assert set(counted.index) == {"calibrate", "check"}
    assert counted.loc["check", "rows"] > 100
    assert (table["q05"] <= table["predicted"]).all() or table["predicted"].isna().any()


def test_the_documentation_tells_the_numbers_of_the_shipped_table():
    from pathlib import Path

    page = Path(__file__).resolve().parents[2] / "docs" / "virtual-trials.md"
    counted = verdict(shipped_comparison()).set_index("role")
    text = page.read_text(encoding="utf-8")
    for role in ("check", "calibrate"):
        row = counted.loc[role]
        assert f"{row['hits']:.0f} of {row['rows']:.0f} rows" in text, role
    assert f"{counted.loc['check', 'median_width']:.2f}" in text

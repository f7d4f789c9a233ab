"""Fit and check figures: what they draw, and the residuals' arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.calibrate.targets import load_targets
from rpoint.errors import RpointError
from rpoint.plots import fit


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Targets with a made-up prediction: every value missed by 0.1, band half as wide again."""
    targets = load_targets()
    targets = targets[targets["kind"].isin(["curve", "dose_response"])].copy()
    targets["predicted"] = targets["value"] - 0.1
    targets["lo90"], targets["hi90"] = targets["predicted"] - 0.15, targets["predicted"] + 0.15
    targets.loc[targets["table"] == "published_westerns", ["predicted", "lo90", "hi90"]] = np.nan
    return targets


def test_residual_table_is_the_arithmetic_of_its_rows(frame):
    table = fit.residual_table(frame).set_index(["what", "role"])
    row = table.loc["MCF-7 counts", "calibrate"]
    rows = frame[(frame["table"] == "mcf7_counts") & (frame["role"] == "calibrate")]
    assert row["points"] == len(rows) == 51
    assert row["rmse"] == pytest.approx(0.1)
    assert row["bias"] == pytest.approx(0.1)
    expected = np.sqrt(np.mean((0.1 / rows["sd_replicate"]) ** 2))
    assert row["rmse_over_replicate_sd"] == pytest.approx(expected)
    assert (table["inside90"] == 1).all()
    assert "MCF-7 published westerns" not in table.index.get_level_values("what")


def test_every_kind_of_target_has_its_figure(frame):
    figures = fit.fit_figures(frame)
    assert list(figures) == ["counts", "reporters", "doses", "months", "levels", "residuals"]
    drawn = sum(len(f.table) for name, f in figures.items() if name != "residuals")
    assert drawn == len(frame)
    for figure in figures.values():
        assert figure.svg().startswith("<svg")
        assert figure.cite() and figure.caption and figure.title


def test_axes_carry_units(frame):
    figures = fit.fit_figures(frame)
    titles = {
        "counts": ("Days on treatment", "Cells over day 0 (fold)"),
        "reporters": ("Hours of exposure", "Over untreated (fold)"),
        "doses": ("Oestradiol (nM)", "Fraction of plateau"),
        "months": ("Month on palbociclib 750 nM", "Cells over the month's start (fold)"),
    }
    for name, expected in titles.items():
        text = figures[name].json()
        assert all(title in text for title in expected)


def test_figures_are_left_out_without_their_targets(frame):
    assert list(fit.fit_figures(frame[frame["table"] == "mcf7_e2"])) == ["doses", "residuals"]


def test_points_without_prediction_are_still_drawn(frame):
    blind = frame.assign(predicted=np.nan, lo90=np.nan, hi90=np.nan)
    assert fit.fit_counts(blind).svg().startswith("<svg")
    with pytest.raises(RpointError, match="no target has a prediction"):
        fit.fit_residuals(blind)


def test_denser_courses_replace_the_targets_own(frame):
    rows = frame[frame["readout"] == "log_fold_cells"]
    hours = np.linspace(0, 600, 25)
    courses = [
        pd.DataFrame({"curve": c, "readout": "log_fold_cells", "time_h": hours})
        for c in rows["curve"].unique()
    ]
    dense = pd.concat(courses).assign(predicted=0.5, lo90=0.25, hi90=0.75)
    spec = fit.fit_counts(frame, dense).spec()
    (data,) = spec["datasets"].values()
    simulated = [row for row in data if row["what"] == "simulated"]
    assert len(simulated) == 25 * rows["curve"].map(fit.arm_title).nunique()
    assert {round(row["pred"], 9) for row in simulated} == {round(float(np.exp(0.5)), 9)}
    assert max(row["x"] for row in simulated) == pytest.approx(25.0)


def test_treatments_are_sorted_by_dose(frame):
    rows = frame[frame["readout"] == "log_fold_cells"]
    panels = fit._arm_order(rows.assign(panel=rows["curve"].map(fit.arm_title)))
    assert panels[:3] == ["vehicle (E2 10 nM)", "E2 0.01 nM", "no E2"]
    pairs = [p for p in panels if p.startswith("palbociclib") and "fulvestrant" in p]
    assert pairs == [f"palbociclib {dose} + fulvestrant 200 nM" for dose in (50, 100, 300)]


def test_a_table_without_its_columns_is_refused(frame):
    with pytest.raises(RpointError, match="hi90"):
        fit.fit_counts(frame.drop(columns="hi90"))
    with pytest.raises(RpointError, match="no targets to draw"):
        fit.fit_counts(frame[frame["table"] == "mcf7_e2"])

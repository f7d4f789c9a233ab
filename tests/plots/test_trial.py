"""The figure of predicted against published values."""

import numpy as np
import pandas as pd

from rpoint.plots.trial import _drawn, predicted_against_published


def table():
    rows = [
        ("t", "a", "", "pfs_median_months", "check", 5.0, 4.0, 6.0, 5.5, 4.5, 7.0, True),
        ("t", "a", "", "pfs_median_weeks", "calibrate", 17.9, 11.9, 24.0, 16.0, 12.0, np.inf, True),
        ("t", "a vs b", "", "pfs_hr_ci90", "check", 0.6, None, None, 0.9, 0.7, 1.1, False),
        ("t", "a", "", "ae_anaemia_g34_pct", "check", 55.0, None, None, 44.0, 30.0, 60.0, True),
        ("t", "a", "", "best_target_change_pct", "check", -100, None, None, -64, -100, -10, True),
        ("t", "a", "", "os_median_months", "check", 20.0, None, None, np.inf, 15.0, np.inf, True),
    ]
    columns = ["trial", "arm", "subset", "endpoint", "role", "published", "lo", "hi", "predicted",
               "q05", "q95", "hit"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def test_rows_go_to_the_panel_of_their_kind_in_one_unit():
    drawn = _drawn(table())
    assert len(drawn) == 4  # neither the change of size nor a median that is not reached
    weeks = drawn[drawn["endpoint"] == "pfs_median_weeks"].iloc[0]
    assert weeks["published"] == np.float64(17.9) * 7 / 30.4375 and weeks["use"] == "fitted"
    assert list(drawn["panel"]) == ["median, months"] * 2 + ["hazard ratio", "share of patients, %"]


def test_the_figure_renders_with_three_panels():
    figure = predicted_against_published(table(), subtitle="4 of 6")
    assert len(figure.spec()["hconcat"]) == 3
    assert figure.png()[:4] == b"\x89PNG" and "90 %" in figure.caption

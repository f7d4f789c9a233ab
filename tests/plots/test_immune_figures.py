"""Figures of immunotherapy: what is drawn, from tables alone."""

import numpy as np
import pandas as pd

from rpoint.plots.immune import ceiling_figure, trial_beside_data


def marks(spec):
    """The kinds of marks, at any depth."""
    found = [spec["mark"]["type"]] if "mark" in spec else []
    for key in ("layer", "hconcat", "vconcat"):
        for part in spec.get(key, ()):
            found += marks(part)
    return found


def curves():
    month = np.arange(0.0, 25.0)
    rows = [
        {"endpoint": end, "arm": arm, "month": m, "measured": np.exp(-m / 10),
         "predicted": np.exp(-m / 9), "lo": np.exp(-m / 8) - 0.1, "hi": np.exp(-m / 9) + 0.05}
        for end in ("pfs", "os") for arm in ("antibody", "docetaxel") for m in month
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_each_endpoint_has_its_band_its_median_and_its_data(tmp_path):
    figure = trial_beside_data(curves(), title="trial", note="one line", months=12)
    kinds = marks(figure.spec())
    assert kinds.count("area") == 2 and kinds.count("line") == 4
    figure.save(tmp_path / "trial.png")
    assert (tmp_path / "trial.png").stat().st_size > 5000


def test_the_ceiling_stands_beside_the_published_pace(tmp_path):
    table = pd.DataFrame({"copies": [2, 12, 60], "ifn": [1.4, 1.01, 1.0], "ifn_lo": [1.3, 1, 1],
        "ifn_hi": [1.5, 1.02, 1.0], "tumour": [1.7, 1.02, 1.0], "tumour_lo": [1.6, 1, 1],
        "tumour_hi": [1.9, 1.03, 1.0], "kato_lo": 2.3, "kato_hi": 42.3})  # fmt: skip
    figure = ceiling_figure(table)
    assert {"rect", "text", "line", "rule"} <= set(marks(figure.spec()))
    figure.save(tmp_path / "ceiling.png")
    assert (tmp_path / "ceiling.png").stat().st_size > 5000

"""mRECIST of mice: worked vectors, tables, faults."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.endpoints import mrecist as room
from rpoint.endpoints.mrecist import mrecist, mrecist_table
from rpoint.errors import RpointError

DAYS = np.array([0.0, 5, 10, 15, 20])
VECTORS = [  # worked by hand from the thresholds of Gao 2015, as the R package Xeva codes them
    ((200, 60, 10, 4, 0), -100.0, -72.6, "mCR"),
    ((200, 180, 120, 80, 60), -70.0, -36.0, "mPR"),
    ((200, 210, 220, 240, 260), 10.0, 5.0, "mSD"),
    ((200, 260, 320, 400, 500), 60.0, 30.0, "mPD"),
    ((200, 300, 260, 180, 90), -55.0, 3.0, "mSD"),  # late and deep: the average makes it stable
]


@pytest.mark.parametrize(("volumes", "best", "average", "name"), VECTORS)
def test_worked_mice(volumes, best, average, name):
    found = mrecist(DAYS, np.array(volumes, float))
    assert found["best_response_pct"] == pytest.approx(best, abs=1e-3)
    assert found["best_avg_response_pct"] == pytest.approx(average, abs=1e-3)
    assert found["mrecist"] == name


def table():
    rows = [
        (f"m{k}", 3 + d, v, "drug" if k < 3 else "vehicle")
        for k, (volumes, *_) in enumerate(VECTORS)
        for d, v in zip(DAYS, volumes)
    ]
    return pd.DataFrame(rows, columns=["mouse", "day", "volume_mm3", "arm"])


def test_a_table_gives_what_single_mice_give_in_any_order_of_rows():
    found = mrecist_table(table().sample(frac=1, random_state=3)).table
    assert list(found["patient"]) == [f"m{k}" for k in range(5)]
    assert list(found["mrecist"]) == [v[3] for v in VECTORS]
    assert found["best_avg_response_pct"].to_numpy() == pytest.approx([v[2] for v in VECTORS])
    assert list(found["arm"]) == ["drug"] * 3 + ["vehicle"] * 2


def test_the_rate_counts_mcr_and_mpr_of_tumours_with_a_class():
    short = pd.DataFrame({"mouse": ["s", "s"], "day": [0, 5], "volume_mm3": [100, 20]})
    found = mrecist_table(pd.concat([table(), short.assign(arm="drug")]))
    assert found.table.set_index("patient").loc["s", "mrecist"] == ""
    assert (found.rate().x, found.rate().n) == (2, 5)


def test_tumours_use_this_definition():
    from rpoint.tumour import measure

    assert measure.mrecist is room.mrecist


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"volume_mm3": -1}, "negative"),
        ({"volume_mm3": "x"}, "not a number"),
        ({"volume_mm3": None}, "missing"),
        ({"day": 3.0}, "two volumes on one day"),
        ({"volume_mm3": 0, "day": 1.0}, "first volume is 0"),
    ],
)
def test_faults_are_told(change, says):
    bad = table().astype({"volume_mm3": object})
    for name, value in change.items():
        bad.loc[1, name] = value
    with pytest.raises(RpointError, match=says):
        mrecist_table(bad)
    with pytest.raises(RpointError, match="lacks: volume"):
        mrecist_table(table().drop(columns="volume_mm3"))

"""The shipped coefficients: complete, plausible, and learnt by the documented way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.panel.arms import xenograft_arm
from rpoint.panel.coefficients import LEARNT_CELLS, prior, prior_only, priors
from rpoint.panel.predict import predict_xenografts
from rpoint.panel.read import read_panel
from rpoint.panel.shipped import read_coefficients, shipped, write_coefficients
from rpoint.panel.together import learn_together


def test_every_prior_says_why() -> None:
    for name, known in priors().items():
        assert known.sd > 0 and known.unit and known.source and known.grade, name
        assert len(known.note) > 10, name


def test_every_shipped_coefficient_has_a_prior_and_stays_near_it() -> None:
    known = shipped()
    assert len(known) >= 32 and np.isfinite(known.draws).all()
    far = [
        name
        for name, mean in known.means().items()
        if abs(mean - prior(name).mean) > 6.01 * prior(name).sd
    ]
    assert not far  # the search's own limit
    assert set(LEARNT_CELLS) <= set(known.names)


def test_no_coefficient_belongs_to_a_gene_and_a_drug() -> None:
    genes = ("TP53", "RB1", "MDM2", "CCND1", "CDKN2A", "KRAS", "PIK3CA")
    drugs = ("cgm097", "siremadlin", "ribociclib", "palbociclib", "nutlin-3a")
    for name in shipped().names:
        assert not (any(g in name for g in genes) and any(d in name for d in drugs)), name


def test_the_frame_shows_prior_beside_estimate() -> None:
    table = shipped().to_frame()
    assert list(table)[:5] == ["coefficient", "estimate", "sd", "prior_mean", "prior_sd"]
    assert (table["sd"] > 0).all()


def test_coefficients_are_read_as_they_are_written(tmp_path) -> None:
    write_coefficients(tmp_path / "c.csv", shipped())
    again = read_coefficients(tmp_path / "c.csv")
    assert again.names == shipped().names
    np.testing.assert_allclose(again.draws, shipped().draws, rtol=1e-3)
    (tmp_path / "empty.csv").write_text("coefficient\n")
    with pytest.raises(RpointError, match="no coefficients"):
        read_coefficients(tmp_path / "empty.csv")


def test_what_drugs_reach_together_is_recovered() -> None:
    """Measurements made with more drug than the single arms reach ask for a factor above one."""
    n = 16
    frame = pd.DataFrame(
        {
            "model_id": [f"m{k}" for k in range(n)],
            "tumour_type": ["melanoma", "colorectal"] * (n // 2),
            "RB1": "wt",
            "TP53": ["wt", "mut"] * (n // 2),
        }
    )
    panel, arm = read_panel(frame), xenograft_arm("LEE011+everolimus")
    known = prior_only(16)
    truth = known.joined(str(arm.together), np.full(16, 1.5))
    made = predict_xenografts(panel, [arm], draws=32, coefficients=truth)
    value = np.nanmean(made.drawn.draws[made.drawn.where][:, 0], axis=1)
    response = pd.DataFrame(
        {"model_id": panel.ids, "arm": arm.name, "growth_inhibition": value}
    )
    found = learn_together(known, panel, response, [arm, xenograft_arm("LEE011")])
    assert found.names == (arm.together,)
    assert 0.3 < found.means()[arm.together] < 2.7
    few = learn_together(known, panel, response.head(4), [arm])
    assert few.names == ()

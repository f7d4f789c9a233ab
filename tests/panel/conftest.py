"""A small data folder and a plain predictor, so that a validation runs in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpoint.panel.curves import measured_curves
from rpoint.panel.heldout import HeldOut
from rpoint.panel.measured import areas, inhibitions

MODELS = [f"X-{i:03d}" for i in range(40)]
LINES = [f"L{i}" for i in range(40)]
ARMS = ("CGM097", "HDM201", "LEE011")


def write_folder(folder: Path, seed: int = 1) -> Path:
    """pdxe and gdsc of forty models and lines; every second one has a mutated TP53."""
    rng = np.random.default_rng(seed)
    mice, line = folder / "pdxe", folder / "gdsc"
    mice.mkdir(parents=True)
    line.mkdir()
    mutated = {model: i % 2 == 0 for i, model in enumerate(MODELS)}
    response, volumes = [], []
    for model in MODELS:
        for arm in (*ARMS, "untreated"):
            rate = _rate(arm, mutated[model], rng)
            response.append(_response(model, arm, rate))
            volumes += _volumes(model, arm, rate)
    pd.DataFrame(response).to_csv(mice / "response.csv", index=False)
    pd.DataFrame(volumes).to_csv(mice / "volumes.csv", index=False)
    events = [m for m in MODELS if mutated[m]]
    pd.DataFrame(
        {
            "pdx_model": events,
            "gene": "TP53",
            "category": "MutKnownFunctional",
            "copy_number": np.nan,
        }
    ).to_csv(mice / "genotype_events.csv", index=False)
    pd.DataFrame({"pdx_model": MODELS, "has_genotype": 1}).to_csv(mice / "models.csv", index=False)
    _lines(line, rng)
    return folder


def _rate(arm: str, mutated: bool, rng: np.random.Generator) -> float:
    slowed = {"untreated": 0.0, "LEE011": 0.4}.get(arm, 0.0 if mutated else 0.6)
    return 0.05 * (1 - slowed) + rng.normal(0, 0.01)


def _response(model: str, arm: str, rate: float) -> dict[str, object]:
    row = {"mouse_id": f"{model}.{arm}", "pdx_model": model, "tumor_type": "CRC", "arm": arm}
    row |= {"growth_inhibition_frac": 1 - rate / 0.05, "growth_rate_21d_per_d": rate}
    row |= {"control_growth_rate_21d_per_d": 0.05, "n_points": 8, "v0_mm3": 200}
    row |= {"best_response_pct": 10, "best_avg_response_pct": 20}
    return {**row, "mrecist": "mSD" if rate < 0.03 else "mPD"}


def _volumes(model: str, arm: str, rate: float) -> list[dict[str, object]]:
    days = [0, 4, 7, 11, 14, 18, 21]
    one = {"mouse_id": f"{model}.{arm}", "pdx_model": model, "arm": arm, "suspect_zero": 0}
    return [{**one, "time_d": d, "volume_mm3": 200 * np.exp(rate * d)} for d in days]


def _lines(folder: Path, rng: np.random.Generator) -> None:
    rows, calls = [], []
    for i, name in enumerate(LINES):
        calls.append(
            {
                "cell_line_id": name,
                "source": "iorio2016",
                "feature": "TP53",
                "alteration": "mut",
                "value": i % 2,
            }
        )
        for screen in ("GDSC1", "GDSC2"):
            auc = 0.98 - 0.1 * (i % 2 == 0) + rng.normal(0, 0.02)
            row = {"dataset": screen, "drug": "nutlin-3a", "cell_line_id": name, "auc": auc}
            rows.append(row)
    pd.DataFrame(rows).to_csv(folder / "dose_response.csv", index=False)
    pd.DataFrame(calls).to_csv(folder / "genotype.csv", index=False)
    pd.DataFrame({"cell_line_id": LINES, "tissue": "skin"}).to_csv(
        folder / "cell_lines.csv", index=False
    )


def oracle(mice, lines, *, refit, folds, seed, jobs=None, progress=None) -> dict[str, HeldOut]:
    """Knows the measurement up to an error of known size: it must come out well."""
    rng = np.random.default_rng(0)
    found = {}
    if mice is not None:
        found["xenografts"] = _near(inhibitions(mice), "measured", ["model_id", "arm"], 0.1, rng)
        curves = measured_curves(mice.volumes).rename(columns={"log_ratio": "measured"})
        found["curves"] = _near(curves, "measured", ["model_id", "arm", "day"], 0.05, rng)
    if lines is not None:
        found["lines"] = _near(areas(lines), "measured", ["model_id", "arm"], 0.01, rng)
    return found


def _near(table, value, keys, sd, rng) -> HeldOut:
    centre = table[value].to_numpy() + rng.normal(0, sd, len(table))
    draws = centre[:, None] + rng.normal(0, sd, (len(table), 200))
    rows = table[keys].assign(predicted=centre, status="ok")
    return HeldOut(rows, draws, ("knows the answer",))


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory) -> Path:
    """The folder of `write_folder`."""
    return write_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def knowing():
    """The predictor `oracle`."""
    return oracle

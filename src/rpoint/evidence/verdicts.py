"""`ClaimsResult`: verdicts with the numbers behind them, as a table, JSON or a report."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rpoint.calibrate.ensemble import diagnostics
from rpoint.errors import unknown_name
from rpoint.evidence.findings import REQUIRED_SHARE, Verdict

if TYPE_CHECKING:
    from rpoint.tumour.culture import LongCulture


@dataclass(frozen=True)
class ClaimsResult:
    """Verdicts with the numbers behind them.

    Attributes
    ----------
    verdicts
        In the order of the register.
    matrix
        Setting -> table of the intervention matrix; empty if it was not run.
    mechanism
        Sink and doublet in variants of the model; empty if the matrix was not run.
    fit
        Measured targets with the ensemble's predictions; empty if the matrix was not run.
    long_culture
        A year in palbociclib, fitted to its first half; None if the matrix was not run.
    sets
        Number of parameter sets.
    largest_r_hat
        Of the calibration's chains; far above 1.01 they have not mixed.
    seconds
        Wall time of the whole run.
    """

    verdicts: tuple[Verdict, ...]
    weights: np.ndarray
    seed: int
    seconds: float
    matrix: dict[str, pd.DataFrame] = field(default_factory=dict)
    mechanism: pd.DataFrame = field(default_factory=pd.DataFrame)
    fit: pd.DataFrame = field(default_factory=pd.DataFrame)
    long_culture: LongCulture | None = None

    @property
    def sets(self) -> int:
        """Number of parameter sets."""
        return len(self.weights)

    @property
    def largest_r_hat(self) -> float:
        """Largest split R-hat of the shipped ensemble's chains."""
        return float(diagnostics()["r_hat"].max())

    def __getitem__(self, claim: str) -> Verdict:
        for verdict in self.verdicts:
            if verdict.claim.id == claim:
                return verdict
        raise unknown_name("claim in this run", claim, [v.claim.id for v in self.verdicts])

    def __repr__(self) -> str:
        counted = self.counts()
        return "ClaimsResult(" + ", ".join(f"{n} {word}" for word, n in counted.items()) + ")"

    def counts(self) -> dict[str, int]:
        """Number of claims per verdict, commonest first."""
        words = pd.Series([verdict.verdict for verdict in self.verdicts])
        return {str(word): int(n) for word, n in words.value_counts().items()}

    def summary(self) -> pd.DataFrame:
        """One row per claim: verdict, share of the ensemble, the number that decides."""
        return pd.DataFrame([_summary_row(verdict) for verdict in self.verdicts])

    to_frame = summary

    def to_dict(self) -> dict[str, Any]:
        """Plain data: ``claims`` as fixed, and what the run rested on."""
        return {
            "claims": [verdict.record() for verdict in self.verdicts],
            "matrix": {
                setting: json.loads(table.to_json(orient="records"))
                for setting, table in self.matrix.items()
            },
            "mechanism": json.loads(self.mechanism.to_json(orient="records")),
            "ensemble": {"sets": self.sets, "largest_r_hat": round(self.largest_r_hat, 2)},
            "required_share": REQUIRED_SHARE,
            "seed": self.seed,
            "seconds": round(self.seconds, 2),
        }

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, allow_nan=False)

    def cite(self) -> list[str]:
        """The sources of the claims in this result, each once."""
        return list(dict.fromkeys(s for verdict in self.verdicts for s in verdict.claim.sources))

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the one-file HTML report.

        Raises
        ------
        RpointError
            If the folder does not exist.
        """
        from rpoint.evidence.document import page
        from rpoint.report import write_page

        return write_page(page(self), path)


def _summary_row(verdict: Verdict) -> dict[str, Any]:
    record = verdict.record()
    judged = record["acceptance"]["criteria"]
    worst = min(judged, key=lambda row: row["share"]) if judged else None
    return {
        "id": record["id"],
        "study": record["study"],
        "claim": record["title"],
        "verdict": record["verdict"],
        "share": record["share"],
        "observed": _shown(worst) if worst else record["waits_for"],
        "acceptance": _bound(worst) if worst else "",
        "falsifier": _falsified(record["falsifier"]),
        "seconds": record["seconds"],
    }


def _shown(row: dict[str, Any]) -> str:
    number = lambda x: f"{x:.3g}" if isinstance(x, float) else str(x)  # noqa: E731
    values = f"{number(row['median'])} ({number(row['lo'])} to {number(row['hi'])})"
    return f"{row['quantity']}: {values}{' ' + row['unit'] if row['unit'] else ''}"


def _bound(row: dict[str, Any]) -> str:
    at = row["threshold"]
    return (
        f"{row['operator']} {at[0]:g} to {at[1]:g}"
        if isinstance(at, list)
        else (f"{row['operator']} {at:g}")
    )


def _falsified(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    worst = min(rows, key=lambda row: row["share"])
    return f"{worst['quantity']}: holds in {worst['share']:.0%}"

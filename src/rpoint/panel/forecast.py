"""`predict`: a panel and arms in, a table with intervals and a status for every row out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.panel import prediction as predicted
from rpoint.panel.coefficients import Coefficients
from rpoint.panel.concentrations import read_range
from rpoint.panel.examples import located
from rpoint.panel.gains import Gains, gains_of
from rpoint.panel.noun import OK, Panel
from rpoint.panel.predict import DRAWS, SCREEN, predict_lines, predict_xenografts
from rpoint.panel.read import read_panel
from rpoint.panel.untreated import growth_rates
from rpoint.plots import panel as plots
from rpoint.plots._figure import Figure

ASSAYS = ("xenograft", "line")
SCREENS = ("GDSC1", "GDSC2", "NeST")  # whose length, reference and noise can be learnt
DAYS = (7.0, 14.0, 21.0)
LAST_DAY = 365.0
MOST_DRAWS = 4096
CURVES_AT_ONCE = 15_000  # (model, arm, day) whose draws are held in memory
MOST_LISTED = 20  # rows with a remark that are told one by one
LABEL = "prediction, not measurement"
Progress = Callable[[int, int], None] | None


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """What a panel is predicted to do.

    Attributes
    ----------
    assay
        "xenograft" or "line".
    table
        Xenografts: model_id, arm, growth_inhibition, lo90, hi90, score, status.  Lines: model_id,
        drug, auc, lo90, hi90, status.  One row per model and arm, in the panel's order.
    volumes
        model_id, arm, day, log_ratio_p05, log_ratio_p50, log_ratio_p95, status; None if not asked
        for.
    notes
        What was assumed.
    settings
        Seed, draws and what else the numbers hang on.
    made
        The draws behind the table.
    """

    assay: str
    table: pd.DataFrame
    volumes: pd.DataFrame | None
    notes: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    made: predicted.Inhibitions | predicted.Areas | None = None

    @property
    def value(self) -> str:
        """Name of the predicted column."""
        return "growth_inhibition" if self.assay == "xenograft" else "auc"

    @property
    def missing(self) -> int:
        """Rows without a prediction; their status says why."""
        return int((~np.isfinite(self.table[self.value].astype(float))).sum())

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def curves(self) -> pd.DataFrame:
        """A copy of the volume curves.

        Raises
        ------
        RpointError
            If they were not asked for.
        """
        if self.volumes is None:
            raise RpointError(
                "no volume curves were predicted",
                where="curves",
                mend="ask for days: predict(..., days=[7, 14, 21])",
            )
        return self.volumes.copy()

    def gain(self, combination: str, parts: Sequence[str] = ()) -> Gains:
        """What a combination adds to the better of its parts, tumour by tumour.

        Parameters
        ----------
        combination
            One of the arms.
        parts
            Arms that it is compared with; those named in it ("LEE011+HDM201") when left out.

        Raises
        ------
        RpointError
            If an arm was not predicted.
        """
        if not isinstance(self.made, predicted.Inhibitions):
            raise _only("gains of a combination", "xenografts", "predict xenografts")
        wanted = list(parts) or [part.strip() for part in combination.split("+")]
        if len(wanted) < 2:
            raise RpointError(
                "this arm is no combination",
                where="gain",
                found=combination,
                mend='name an arm such as "LEE011+HDM201", and give its parts as arms too',
            )
        return gains_of(self.made, combination, wanted)

    def summary(self) -> pd.DataFrame:
        """One row an arm: models, quartiles of the predicted value, rows without one."""
        name = "arm" if "arm" in self.table else "drug"
        grouped = self.table.groupby(name, sort=False)[self.value]
        quarters = grouped.quantile([0.25, 0.5, 0.75]).unstack()
        quarters.columns = pd.Index(["lower_quartile", "median", "upper_quartile"])
        counts = grouped.agg(models="size", predicted="count")
        return counts.join(quarters).reindex(grouped.size().index).reset_index()

    def plot(self) -> Figure:
        """The models of each arm, sorted, with 90 % intervals."""
        quantity = plots.INHIBITION if self.assay == "xenograft" else plots.AREA
        return plots.forecast(self.table, value=self.value, quantity=quantity)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        found = {
            "label": LABEL,
            "assay": self.assay,
            "settings": self.settings,
            "notes": list(self.notes),
            "predictions": self.table.to_dict("records"),
        }
        if self.volumes is not None:
            found["curves"] = self.volumes.to_dict("records")
        return found

    def __repr__(self) -> str:
        models = self.table["model_id"].nunique()
        missing = f"; {self.missing} rows without a prediction" if self.missing else ""
        return f"<Forecast ({self.assay}): {len(self.table)} rows of {models} models{missing}>"


def predict(
    panel: Panel | pd.DataFrame | str | os.PathLike[str],
    arms: Sequence[str] | str,
    *,
    assay: str = "xenograft",
    conc: str | tuple[float, float] | None = None,
    screen: str = SCREEN,
    days: Sequence[float] | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    jobs: int | None = None,
    coefficients: Coefficients | None = None,
    progress: Progress = None,
) -> Forecast:
    """Predict how the tumours of a panel respond.

    Parameters
    ----------
    panel
        A panel, a table, the name of a CSV or Parquet file (`rpoint.panel.read`), or
        "example:panel".
    arms
        "LEE011", "palbociclib+milademetan" (doses of the catalogue), "NAME=REGIMEN of a mouse"; for
        lines single drugs.
    assay
        "xenograft": growth inhibition to day 21 of one treated against one control mouse.  "line":
        area under the viability curve, 1 = no effect.
    conc
        Lines: concentrations of the area, "0.004:10uM" or (low, high) in nM; that of the screens
        when left out.
    screen
        Lines: the screen whose length, reference and noise are meant.
    days
        Xenografts: days of volume curves; none when left out.
    draws
        Draws of what is not known; more make the intervals smoother and take longer.
    seed
        Of the draws.
    jobs
        Threads; all cores when left out.
    coefficients
        What was learnt elsewhere; the shipped ones when left out.

    Returns
    -------
    Forecast
        Nothing of the panel is lost: a row that cannot be predicted has a status that says why.

    Raises
    ------
    RpointError
        A panel that cannot be read, an unknown drug or assay, wrong days, draws or concentrations.
    """
    if assay not in ASSAYS:
        raise unknown_name("assay", assay, ASSAYS, where="assay")
    if isinstance(draws, bool) or not isinstance(draws, int) or not 8 <= draws <= MOST_DRAWS:
        raise RpointError(
            "this is no number of draws", where="draws", found=draws, allowed=f"8 to {MOST_DRAWS}"
        )
    names = [arms] if isinstance(arms, str) else list(arms)
    settings = {"arms": names, "draws": draws, "seed": seed}
    shared: dict[str, Any] = {"draws": draws, "seed": seed, "jobs": jobs, "progress": progress}
    shared["coefficients"] = coefficients
    if assay == "line":
        if days is not None:
            raise _only("volume curves", "xenografts", "leave the days out, or ask for xenografts")
        if screen not in SCREENS:
            raise unknown_name("screen", screen, SCREENS, where="screen")
        range_nM = _range(conc)
        read = _panel(panel)
        areas = predict_lines(read, names, concentration_nM=range_nM, screen=screen, **shared)
        settings |= {"concentration_nM": list(range_nM), "screen": screen}
        return Forecast(assay, areas.to_frame(), None, _notes(read), settings, areas)
    if conc is not None:
        raise _only("concentrations", "lines", "ask for lines, or write the dose into the arm")
    wanted = None if days is None else _days(days)
    read = _panel(panel)
    made = predict_xenografts(read, names, **shared)
    settings["regimens"] = {plan.name: str(plan.regimen) for plan in made.plans}
    curves = None if wanted is None else _curves(made, read, wanted)
    return Forecast(assay, made.to_frame(), curves, _notes(read), settings, made)


def _panel(panel: Panel | pd.DataFrame | str | os.PathLike[str]) -> Panel:
    if isinstance(panel, Panel):
        return panel
    return read_panel(panel if isinstance(panel, pd.DataFrame) else located(os.fspath(panel)))


def _only(what: str, assay: str, mend: str) -> RpointError:
    return RpointError(f"{what} are for {assay} alone", where="assay", mend=mend)


def _range(conc: str | tuple[float, float] | None) -> tuple[float, float]:
    if conc is None:
        return 4.0, 10_000.0
    return read_range(conc) if isinstance(conc, str) else (float(conc[0]), float(conc[1]))


def _days(days: Sequence[float]) -> list[float]:
    try:
        found = sorted({float(day) for day in days})
    except (TypeError, ValueError):
        found = []
    if not found or not all(0 < day <= LAST_DAY for day in found):
        raise RpointError(
            "curves need days after the first dose",
            where="days",
            found=list(days),
            allowed=f"above 0 and at most {LAST_DAY:g}, such as 7,14,21",
        )
    return found


def _curves(made: predicted.Inhibitions, panel: Panel, days: list[float]) -> pd.DataFrame:
    """Curves of all models, a part of the panel at a time: their draws fill memory."""
    step = max(1, CURVES_AT_ONCE // (len(made.arms) * len(days)))
    parts = []
    for first in range(0, len(panel), step):
        rows = np.arange(first, min(first + step, len(panel)))
        some = panel.subset(rows)
        rates = growth_rates(some, *predicted._growth_of_types(some.types))
        part = predicted.Inhibitions(
            panel=some,
            arms=made.arms,
            plans=made.plans,
            inhibition=made.drawn.draws,
            scale=made.drawn.scale,
            hidden=made.hidden,
            where=made.drawn.where[rows],
            seed=made.seed,
        )
        parts.append(part.curves(days, rates if len(rates) else None))
    return pd.concat(parts, ignore_index=True)


def _notes(panel: Panel) -> tuple[str, ...]:
    """What was assumed when the panel was read, and rows with a remark."""
    notes = list(panel.notes)
    told = [(i, s) for i, s in zip(panel.ids, panel.status, strict=True) if s != OK]
    notes += [f"{name}: {status}" for name, status in told[:MOST_LISTED]]
    if len(told) > MOST_LISTED:
        notes.append(f"{len(told) - MOST_LISTED:,} more rows with a remark: see column status")
    return tuple(notes)

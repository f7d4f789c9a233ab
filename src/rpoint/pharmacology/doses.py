"""A regimen as events on the states and inputs of the pharmacokinetic modules.

Rows are plain tuples (time_h, kind, target, value): 'add' puts an amount (mg) into a state, 'set'
gives a parameter a value from then on.  Whoever drives a solver turns them into its own schedule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rpoint.errors import RpointError
from rpoint.pharmacology._segments import MEDIUM
from rpoint.pharmacology.pk import MOUSE_WEIGHT_KG, DrugModel, drug_model
from rpoint.pharmacology.regimen import Regimen, parse

if TYPE_CHECKING:
    import pandas as pd

# structure -> routes for which it holds; a mouse's absorption site stands for any injection
_ROUTES = {"iv": ("iv",), "oral": ("po",), "im": ("im",), "none": ()}
_ROUTES_MOUSE = {**_ROUTES, "oral": ("po", "sc", "ip", "im"), "im": ("im", "sc", "ip", "po")}


class DoseRow(NamedTuple):
    """One event: at `time_h`, 'add' `value` to the state `target`, or 'set' the parameter to it."""

    time_h: float
    kind: str
    target: str
    value: float


def dose_schedule(
    regimen: Regimen | str,
    weeks: float,
    *,
    species: str = "human",
    weight_kg: float | None = None,
    progression_days: Sequence[int] = (),
    models: Mapping[str, DrugModel] | None = None,
) -> list[DoseRow]:
    """All events of a regimen, sorted by time.

    Parameters
    ----------
    regimen
        A regimen or its text.
    weeks
        Length of the treatment.
    species
        'human' or 'mouse'.
    weight_kg
        Body weight for doses per kg; a mouse weighs 0.022 kg unless told otherwise.
    progression_days
        As for `Regimen.segments`.
    models
        The drugs' numbers, by id; from the catalogue by default.

    Raises
    ------
    RpointError
        If a drug has no pharmacokinetics for its route in this species.

    Notes
    -----
    The sum of the amounts added (and infused) equals `Regimen.ordered_mg`; this is checked on every
    call.  Lag times shift the doses.
    """
    if isinstance(regimen, str):
        regimen = parse(regimen)
    if weight_kg is None and species == "mouse":
        weight_kg = MOUSE_WEIGHT_KG
    table = regimen.segments(weeks, weight_kg, progression_days)
    if models is None:
        models = {drug: drug_model(drug, species, weight_kg) for drug in regimen.drugs}
    rows: list[DoseRow] = []
    for drug in regimen.drugs:
        rows += _drug_rows(models[drug], table[table["drug"] == drug])
    rows.sort(key=lambda row: row.time_h)
    check_delivered(rows, table, models)
    return rows


def _drug_rows(model: DrugModel, table: pd.DataFrame) -> list[DoseRow]:
    dish = (table["route"] == MEDIUM).to_numpy()
    exposures = [
        (t, t + hours, conc)
        for t, hours, conc in zip(
            table["time_h"][dish], table["duration_h"][dish], table["conc_nM"][dish], strict=True
        )
    ]
    given = table[~dish]
    rows = dose_rows(
        model,
        given["time_h"].tolist(),
        given["amount_mg"].tolist(),
        given["route"].tolist(),
        given["duration_h"].tolist(),
    )
    return rows + levels(f"{model.id}_medium", exposures)


def dose_rows(
    model: DrugModel,
    time_h: Sequence[float],
    mg: Sequence[float],
    route: Sequence[str],
    duration_h: Sequence[float],
    *,
    begun: bool = False,
) -> list[DoseRow]:
    """Events of doses that are given one by one.

    Parameters
    ----------
    model
        The drug.
    time_h, mg, route, duration_h
        Of every dose, ascending in time; the lag of the absorption is added here.  A duration above
        0 is an infusion.
    begun
        Whether doses went before: then the clock of the drug runs already.

    Raises
    ------
    RpointError
        If a drug has no pharmacokinetics for its route in this species.
    """
    rows: list[DoseRow] = []
    lag = model.parameters.get("lag", 0.0)
    infusions: list[tuple[float, float, float]] = []
    entries = {way: _entry_state(model, way) for way in dict.fromkeys(route)}
    last = None
    for t, amount, way, hours in zip(time_h, mg, route, duration_h, strict=True):
        state = entries[way]
        if amount != last:
            rows += _dose_dependence(model, t + lag, amount, first=last is None and not begun)
            last = amount
        if hours > 0:
            infusions.append((t + lag, t + lag + hours, amount / hours))
        else:
            rows.append(DoseRow(t + lag, "add", f"{model.id}_{state}", amount))
    return rows + levels(f"{model.id}_rate", infusions)


def _entry_state(model: DrugModel, route: str) -> str:
    """The state that a dose by this route enters."""
    kind = (model.structure or "none").split("_")[0]
    allowed = (_ROUTES_MOUSE if model.species == "mouse" else _ROUTES)[kind]
    if route in allowed:
        return "central" if kind == "iv" else "gut"
    raise RpointError(
        f"{model.drug} has no pharmacokinetics in the {model.species} for the route {route}",
        allowed=(f"{', '.join(allowed)}; or " if allowed else "")
        + f"a constant concentration, as {model.drug} 100 nM",
        mend="correct the route",
    )


def _dose_dependence(model: DrugModel, t: float, mg: float, first: bool) -> list[DoseRow]:
    """Sets what depends on the dose in force: the clearance's scale, the clock of the drug."""
    rows = []
    exponent = model.parameters.get("CL_dose_exponent")
    if exponent is not None:
        scale = (mg / model.parameters["CL_dose"]) ** exponent
        rows.append(DoseRow(t, "set", f"{model.id}_CL_scale", scale))
    if first and model.time_varying:
        rows.append(DoseRow(t, "set", f"{model.id}_on", 1.0))
    return rows


def levels(target: str, spans: Iterable[tuple[float, float, float]]) -> list[DoseRow]:
    """Set rows of a level that is the sum of constant pieces (start, end, level).

    >>> [(r.time_h, r.value) for r in levels("x", [(0.0, 2.0, 5.0), (2.0, 3.0, 1.0)])]
    [(0.0, 5.0), (2.0, 1.0), (3.0, 0.0)]
    """
    spans = list(spans)
    times = sorted({t for start, end, _ in spans for t in (start, end)})
    active = sorted(spans)
    rows, begin = [], 0
    for t in times:
        while begin < len(active) and active[begin][1] <= t:
            begin += 1
        level = 0.0
        for start, end, value in active[begin:]:
            if start > t:
                break
            if end > t:
                level += value
        rows.append(DoseRow(t, "set", target, level))
    return rows


def delivered_mg(rows: Iterable[DoseRow], models: Mapping[str, DrugModel]) -> dict[str, float]:
    """Total amount (mg) that the rows put into each drug's states, boluses and infusions."""
    given = {drug: [0.0] for drug in models}
    owner = {f"{m.id}_{state}": drug for drug, m in models.items() for state in ("gut", "central")}
    rates = {f"{m.id}_rate": drug for drug, m in models.items()}
    running: dict[str, tuple[float, float]] = {}
    for row in rows:
        if row.kind == "add":
            given[owner[row.target]].append(row.value)
        elif row.target in rates:
            since, rate = running.get(row.target, (row.time_h, 0.0))
            given[rates[row.target]].append(rate * (row.time_h - since))
            running[row.target] = (row.time_h, row.value)
    return {drug: math.fsum(parts) for drug, parts in given.items()}


def check_delivered(
    rows: Iterable[DoseRow],
    table: pd.DataFrame,
    models: Mapping[str, DrugModel],
    rtol: float = 1e-9,
) -> None:
    """Refuse a schedule that does not deliver what the table orders.

    Raises
    ------
    RpointError
        Names the drug and both amounts.
    """
    delivered = delivered_mg(rows, models)
    for drug in models:
        ordered = math.fsum(table.loc[table["drug"] == drug, "amount_mg"].dropna())
        if not math.isclose(ordered, delivered[drug], rel_tol=rtol, abs_tol=0.0):
            raise RpointError(
                f"{drug}: {ordered!r} mg are ordered, but {delivered[drug]!r} mg are delivered",
                mend="this is a defect of R-point; please report the regimen",
            )

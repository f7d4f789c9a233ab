"""What is made of a complete run: one row for each replicate and statistic, and its summary."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rpoint.trial.adam.columns import TABLES
from rpoint.trial.disk import manifest
from rpoint.trial.disk.parquet import encode, to_arrow
from rpoint.trial.disk.plan import Plan, named
from rpoint.trial.disk.sync import cannot_write, replace_file
from rpoint.trial.disk.tables import Tables

ANALYSIS, SUMMARY, COLUMNS = "analysis.parquet", "summary.csv", "adam.json"
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
REPLICATE = "REPL"


def write_results(plan: Plan, folder: str, task: str) -> dict[str, str]:
    """Analyse a complete run and write its results.

    Parameters
    ----------
    plan, folder
        Of the run.
    task
        Names the work; not used.

    Returns
    -------
    dict
        SHA-256 of each file.
    """
    run = Path(folder)
    tables = Tables(run, tuple(manifest.read(run, plan.run).values()), plan.patients)
    analysis = named(plan.analyse)(plan.trial, tables)
    contents = {
        ANALYSIS: encode(to_arrow("analysis", analysis)),
        SUMMARY: summarise(analysis).to_csv(index=False, lineterminator="\n").encode(),
        COLUMNS: data_dictionary(tables).encode(),
    }
    try:
        for name, content in contents.items():
            replace_file(run / name, content)
    except OSError as error:
        raise cannot_write(error, run) from None
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def summarise(analysis: pd.DataFrame) -> pd.DataFrame:
    """How every statistic varies over the replicates.

    Parameters
    ----------
    analysis
        One row for each replicate, or for each replicate and group; columns of text are groups,
        numbers and yes/no are statistics, REPL is the replicate.

    Returns
    -------
    pandas.DataFrame
        The groups, `statistic`, `replicates` (with a number), `missing`, mean, sd, and quantiles.
    """
    groups = [c for c in analysis if not _is_number(analysis[c]) and c != REPLICATE]
    statistics = [c for c in analysis if c not in groups and c != REPLICATE]
    rows: list[dict[str, Any]] = []
    parts = analysis.groupby(groups, sort=False, dropna=False) if groups else [((), analysis)]
    for key, part in parts:
        for name in statistics:
            known = dict(zip(groups, key))
            rows.append({**known, "statistic": name, **_spread(part[name])})
    columns = [*groups, "statistic", "replicates", "missing", "mean", "sd", *QUANTILES]
    return pd.DataFrame(rows, columns=columns)


def _is_number(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells)


def _spread(cells: pd.Series) -> dict[str, Any]:
    values = cells.to_numpy(dtype=float, na_value=np.nan)
    there = values[~np.isnan(values)]
    spread: dict[str, Any] = {"replicates": len(there), "missing": len(values) - len(there)}
    if not len(there):
        return spread
    spread |= {"mean": there.mean(), "sd": there.std(ddof=1) if len(there) > 1 else np.nan}
    levels = np.quantile(there, list(QUANTILES.values()))
    return spread | dict(zip(QUANTILES, levels))


def data_dictionary(tables: Tables) -> str:
    """The columns of the tables that are there, as JSON with one column on each line."""
    lines = []
    for name in tables:
        if name not in TABLES:
            continue
        there = tables.columns(name)
        for column in TABLES[name]:
            if column.name in there:
                line = {"table": name, **column.to_dict()}
                lines.append(json.dumps(line, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]\n"

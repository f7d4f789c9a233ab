"""From tumour sizes and judged visits to the table that hyperprogression is judged on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._hp_patients import COLUMNS
from rpoint.endpoints.sizes import Sizes
from rpoint.errors import RpointError

NEEDED = ("patient", "day", "phase", "sum_mm", "at_visit", "new")
STATES = {"NON-iCR/NON-iUPD": "iSD"} | {x: x for x in ("iCR", "iPR", "iSD", "iUPD", "iCPD")}


def from_sizes(sizes: Sizes, visits: pd.DataFrame | None = None) -> pd.DataFrame:
    """The table of patients for `hyperprogression`.

    The scan before baseline is the last one before it with a complete target sum; the first scan on
    treatment is the first that is evaluable.  Treatment ends at the stop, a new therapy or death,
    whichever comes first; a patient without any of these is still treated at the last contact.  If
    no patient has a stop day, the time to treatment failure counts as not known; if none has a day
    of death, deaths count as not recorded.

    Parameters
    ----------
    sizes
        As `read_sizes` gives them, lesions or sums.
    visits
        Of `recist` or `irecist`; with the latter the iRECIST state is filled in.  Default: of
        `recist(sizes)`.

    Returns
    -------
    pandas.DataFrame
        One row a patient, columns as in `hyperprogression_columns()`; days from the first dose.
    """
    if visits is None:
        from rpoint.endpoints.recist import recist

        visits = recist(sizes).visits
    missing = [name for name in NEEDED if name not in visits]
    if missing:
        raise RpointError(
            "these are not visits judged by RECIST", found=", ".join(missing) + " missing",
            mend="give the visits of recist(sizes) or irecist(sizes)",
        )  # fmt: skip
    people = sizes.patients.copy()
    people["patient"] = people["patient"].astype(str)
    people = people.set_index("patient")
    start = people["first_dose_day"].astype(float)
    seen = _from_first_dose(visits, start)
    table = pd.DataFrame(index=people.index)
    _scans(table, seen)
    _times(table, people, start, seen)
    _lesions(table, sizes, start)
    table["ecog_worsening"] = people["ecog_2_months"] - people["ecog_baseline"]
    table["irecist"] = _state(seen).reindex(table.index) if "iresponse" in seen else None
    ordered = [name for name in COLUMNS if name in table]
    return table[ordered].rename_axis("patient").reset_index()


def _from_first_dose(visits: pd.DataFrame, start: pd.Series) -> pd.DataFrame:
    seen = visits.copy()
    for name in ("patient", "phase", "at_visit"):
        seen[name] = seen[name].astype(str)
    seen["day"] = seen["day"].astype(float) - start.reindex(seen["patient"]).to_numpy()
    return seen.sort_values(["patient", "day"], kind="stable")


def _scans(table: pd.DataFrame, seen: pd.DataFrame) -> None:
    """The three scans, the response at the first on treatment, the first progression."""
    complete = seen["sum_mm"].notna()
    first = seen[(seen["phase"] == "treatment") & ~seen["at_visit"].isin(("NE", ""))]
    chosen = {
        "pre": seen[(seen["phase"] == "before") & complete].groupby("patient").tail(1),
        "base": seen[(seen["phase"] == "baseline") & complete],
        "first": first.groupby("patient").head(1),
    }
    for name, rows in chosen.items():
        own = rows.set_index("patient").reindex(table.index)
        table[f"s_{name}"], table[f"day_{name}"] = own["sum_mm"].astype(float), own["day"]
        if name == "first":
            table["first_response"] = own["at_visit"]
            table["new_lesion"] = (own["new"] > 0).astype(float).where(own["new"].notna())
    progressed = seen[(seen["phase"] == "treatment") & (seen["at_visit"] == "PD")]
    table["pd_day"] = progressed.groupby("patient")["day"].min().reindex(table.index)


def _times(
    table: pd.DataFrame, people: pd.DataFrame, start: pd.Series, seen: pd.DataFrame
) -> None:
    days = {
        name: people[name].astype(float) - start
        for name in ("stop_day", "new_therapy_day", "death_day", "last_contact_day")
    }
    ends = pd.concat([days["stop_day"], days["new_therapy_day"], days["death_day"]], axis=1)
    over = ends.min(axis=1)
    last_scan = seen.groupby("patient")["day"].max().reindex(table.index)
    contact = pd.concat([days["last_contact_day"], last_scan], axis=1).max(axis=1)
    contact = contact.clip(lower=0)  # whose only scan is a baseline was treated, and seen, on day 0
    if days["death_day"].notna().any():
        table["death_day"] = days["death_day"]
    # The last contact of somebody who died is not a day after death.
    table["last_contact_day"] = contact.where(days["death_day"].isna(), days["death_day"])
    if days["stop_day"].notna().any():
        table["ttf_days"] = over.fillna(contact).clip(lower=0)
        table["ttf_event"] = over.notna().astype(float)


def _lesions(table: pd.DataFrame, sizes: Sizes, start: pd.Series) -> None:
    """New lesions at the first scan on treatment, by organ; unknown where an organ is."""
    names = ["new_in_involved_organ", "new_organ", "organs_with_new"]
    table[names] = np.nan
    if sizes.lesions is None or "organ" not in sizes.lesions:
        return
    own = _placed(sizes, start)
    at_first = own["day"] == table["day_first"].reindex(own["patient"]).to_numpy()
    ever_new = own.groupby(["patient", "lesion"])["new"].transform("max")
    old = own[~ever_new & (own["day"] <= 0)]
    involved = old[["patient", "organ"]].drop_duplicates().assign(involved=1.0)
    new = own[ever_new & at_first & ~own["gone"]]
    new = new.merge(involved, on=["patient", "organ"], how="left").fillna({"involved": 0.0})
    by = new.groupby("patient")
    found = pd.concat(
        [by["involved"].sum(), (by["involved"].min() == 0).astype(float), by["organ"].nunique()],
        axis=1, keys=names,
    ).astype(float)  # fmt: skip
    counted = found.reindex(table.index).fillna(0.0).where(table["day_first"].notna())
    # Without its organ a new lesion cannot be placed; without one there is nothing to place.
    dark = {*new.loc[~new["known"], "patient"], *old.loc[~old["known"], "patient"]}
    counted.loc[counted.index.isin(dark & set(new["patient"]))] = np.nan
    table[names] = counted


def _placed(sizes: Sizes, start: pd.Series) -> pd.DataFrame:
    """Lesions of patients who have a new one, with organ and day of the visit from first dose."""
    lesions = sizes.lesions
    assert lesions is not None
    code = lesions["patient"].cat.codes.to_numpy()
    kept = np.bincount(code, weights=lesions["new"].to_numpy() == 1)[code] > 0
    day, layout = lesions["day"].to_numpy(float), sizes._layout
    if layout is not None:  # rows of one visit may have been scanned on several days
        day = layout.grid.day[layout.visit]
    lesions, day = lesions[kept], day[kept]
    own = pd.DataFrame({name: lesions[name].astype(str) for name in ("patient", "organ", "lesion")})
    own["organ"] = own["organ"].str.strip().str.casefold()
    own["known"] = ~own["organ"].isin(("", "nan", "none", "<na>"))
    own["new"] = lesions["new"].to_numpy() == 1
    own["gone"] = (lesions["status"].astype(str) == "absent") | (lesions["diameter_mm"] == 0)
    own["day"] = day - start.reindex(own["patient"]).to_numpy()
    return own


def _state(seen: pd.DataFrame) -> pd.Series:
    """State after the first progression: iCPD once confirmed, else that of the last visit."""
    words = seen.assign(state=seen["iresponse"].astype(str))
    words = words[(words["phase"] == "treatment") & ~words["state"].isin(("", "NE", "iNE", "nan"))]
    open_ = words["state"].isin(("iUPD", "iCPD")).groupby(words["patient"]).cummax()
    after = words[open_]
    last = after.groupby("patient")["state"].last()
    confirmed = after["state"].eq("iCPD").groupby(after["patient"]).any()
    last = last.where(~confirmed, "iCPD")
    return last.map(STATES)

"""The whole analysis of a table of sizes: responses, rates, times, hyperprogression."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.endpoints._orr import Orr
from rpoint.endpoints.adrs import adrs, adtte
from rpoint.endpoints.best_response import BestResponse
from rpoint.endpoints.irecist import Irecist, irecist
from rpoint.endpoints.recist import Recist, recist
from rpoint.endpoints.sizes import Sizes
from rpoint.endpoints.time_to_event import DAYS_PER_MONTH, ENDPOINTS, time_to_event
from rpoint.errors import unknown_name
from rpoint.stats.kaplan_meier import kaplan_meier

CRITERIA = ("recist11", "irecist")


@dataclass(frozen=True, repr=False)
class Response:
    """Everything that a table of sizes says of response.

    Attributes
    ----------
    sizes
        What was read.
    judged
        Visits, by the criteria asked for.
    best
        Best responses.
    times
        `time_to_event` of every endpoint that the data allow, one below the other.
    hyperprogression
        `Hyperprogression`, or None if it was not asked for.
    level
        Of the intervals.
    """

    sizes: Sizes
    judged: Recist | Irecist
    best: BestResponse
    times: pd.DataFrame
    hyperprogression: Any
    level: float

    def orr(self, of: str = "evaluable") -> Orr:
        """Response rates, any and confirmed."""
        return self.best.orr(of=of, level=self.level)

    def medians(self) -> pd.DataFrame:
        """Kaplan–Meier medians: endpoint, n, events, median_months, lo_months, hi_months.

        NaN: not reached.  Limits are Brookmeyer–Crowley with the log-log transform.
        """
        rows = []
        for endpoint, group in self.times.groupby("endpoint", sort=False):
            curve = kaplan_meier(group["time_days"], group["event"], level=self.level)
            median = curve.median
            row = {"endpoint": endpoint, "n": curve.n, "events": curve.total_events}
            for name, key in (("estimate", "median"), ("lo", "lo"), ("hi", "hi")):
                days = float(getattr(median, name))
                row[f"{key}_months"] = days / DAYS_PER_MONTH if np.isfinite(days) else np.nan
            rows.append(row)
        return pd.DataFrame(rows)

    def waterfall(self) -> pd.DataFrame:
        """patient, best_change_pct, response (confirmed), any_response, new_lesion: for the figure.

        A patient whose response was not confirmed is "unconfirmed CR" or "unconfirmed PR".
        """
        table = self.best.table
        new = self.judged.visits.groupby("patient", observed=True)["new"].max() > 0
        new.index = new.index.astype(object)
        out = table[["patient", "best_change_pct"]].copy()
        out["response"] = labelled(table)
        out["new_lesion"] = new.reindex(out["patient"], fill_value=False).to_numpy(dtype=bool)
        return out

    def spider(self) -> pd.DataFrame:
        """patient, day (from the first dose), change_pct, response, progression, new_lesion."""
        visits = self.judged.visits
        start = self._start().reindex(visits["patient"].astype(object)).to_numpy(dtype=float)
        day = visits["day"].to_numpy(dtype=float) - start
        labels = pd.Series(labelled(self.best.table), index=self.best.table["patient"])
        column = "iresponse" if self.best.criteria == "irecist" else "at_visit"
        state = visits[column].astype(str).to_numpy()
        out = pd.DataFrame({
            "patient": visits["patient"].astype(object), "day": day,
            "change_pct": visits["change_pct"].to_numpy(dtype=float),
            "response": labels.reindex(visits["patient"].astype(object)).to_numpy(),
            "progression": np.isin(state, ("PD", "iUPD", "iCPD")),
            "new_lesion": visits["new"].to_numpy() > 0,
        })  # fmt: skip
        base = (visits["phase"] == "baseline").to_numpy()
        out.loc[base, ["day", "change_pct"]] = 0.0
        return out[base | (visits["phase"] == "treatment").to_numpy()].reset_index(drop=True)

    def swimmer(self) -> pd.DataFrame:
        """One row a patient, days from the first dose: end_day, response_day, response_end_day,
        pd_day, death_day, stop_day, ongoing, response.

        The lane ends at death, else at the last contact or scan.  Ongoing means that neither a
        stop nor a death nor a progression is known, where the patients table says such things.
        """
        table = self.best.table
        facts = self.sizes.patients.set_index("patient").reindex(table["patient"])
        start = facts["first_dose_day"].to_numpy(dtype=float)
        last = self.sizes.sums.groupby("patient", observed=True)["day"].max()
        last.index = last.index.astype(object)
        scan = last.reindex(table["patient"]).to_numpy(dtype=float)
        days = {n: facts[f"{n}_day"].to_numpy(dtype=float) for n in ("stop", "death")}
        contact = np.fmax(facts["last_contact_day"].to_numpy(dtype=float), scan)
        end = np.fmax(np.where(np.isnan(days["death"]), contact, days["death"]), start)
        progressed = table["pd_day"].to_numpy(dtype=float)
        begun = table["response_day"].to_numpy(dtype=float)
        over = np.fmin(progressed, np.where(np.isnan(days["death"]), np.inf, days["death"]))
        over = np.where(np.isinf(over), table["last_evaluable_day"], over)
        out = pd.DataFrame({"patient": table["patient"], "response": labelled(table)})
        for name, values in (
            ("end_day", end), ("response_day", begun), ("pd_day", progressed),
            ("response_end_day", np.where(np.isnan(begun), np.nan, over)),
            ("death_day", days["death"]), ("stop_day", days["stop"]),
        ):  # fmt: skip
            out[name] = values - start
        known = facts[["stop_day", "death_day", "last_contact_day"]].notna().any().any()
        still = np.isnan(days["death"]) & np.isnan(days["stop"]) & np.isnan(progressed)
        out["ongoing"] = still & known
        return out

    def audit(self, patient: str) -> list[str]:
        """How one patient was judged, line by line; the visits, rules and numbers.

        Raises
        ------
        RpointError
            If there is no such patient.
        """
        rules = self.best.rules
        choices: dict[str, Any] = {
            "confirm_weeks": rules.confirm_days / 7.0,
            "min_sd_days": rules.min_sd_days,
            "max_not_evaluable": rules.max_not_evaluable,
            "allow_sd_between": rules.allow_sd_between,
        }
        if isinstance(self.judged, Recist):
            choices["after_cr"] = rules.after_cr
        return list(self.judged.audit(patient, **choices).lines)

    def adrs(self) -> pd.DataFrame:
        """Responses under ADaM names."""
        return adrs(self.best, self.judged.visits, self._start())

    def adtte(self) -> pd.DataFrame:
        """Times under ADaM names."""
        return adtte(self.times)

    def _start(self) -> pd.Series:
        return self.sizes.patients.set_index("patient")["first_dose_day"].astype(float)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: criteria, patients, orr, orr_all, best_response, times, hyperprogression,
        findings."""
        table = self.best.table
        return {
            "criteria": self.best.criteria,
            "rules": vars(self.best.rules),
            "patients": table.to_dict("records"),
            "n": {"patients": len(table), "evaluable": int(table["evaluable"].sum())},
            "orr": self.orr().to_dict(),
            "orr_all": self.orr("all").to_dict(),
            "best_response": self.best.summary().to_dict("records"),
            "times": self.medians().to_dict("records"),
            "hyperprogression": (
                None if self.hyperprogression is None else self.hyperprogression.to_dict()
            ),
            "findings": self.sizes.check().to_dict("records"),
            "excluded": list(self.sizes.excluded),
        }

    def __repr__(self) -> str:
        return f"<Response of {len(self.best.table)} patients: {self.orr()}>"


def labelled(table: pd.DataFrame) -> np.ndarray:
    """(P,) confirmed best response; a response that was not confirmed is told as such."""
    any_, sure = (table[f"bor_{name}"].astype(str).to_numpy() for name in ("any", "confirmed"))
    loose = np.isin(any_, ("CR", "PR", "iCR", "iPR")) & ~np.isin(sure, ("CR", "PR", "iCR", "iPR"))
    return np.where(loose, np.char.add("unconfirmed ", any_.astype(str)), sure)


def respond(
    sizes: Sizes,
    *,
    criteria: str = "recist11",
    hyperprogression: Iterable[str] | None = None,
    level: float = 0.95,
    **choices: Any,
) -> Response:
    """Analyse a table of sizes.

    Parameters
    ----------
    sizes
        What `read_sizes` returns.
    criteria
        "recist11" or "irecist".
    hyperprogression
        Names of definitions, or ("all",); None leaves it out.
    level
        Of the intervals.
    choices
        As in `Recist.best_overall_response`.

    Returns
    -------
    Response
    """
    if criteria not in CRITERIA:
        raise unknown_name("criteria", criteria, CRITERIA, where="criteria")
    judged = irecist(sizes) if criteria == "irecist" else recist(sizes)
    best = judged.best_overall_response(**choices)
    times = pd.concat(
        [time_to_event(best, sizes, name) for name in possible(sizes, best)], ignore_index=True
    )
    found = None
    if hyperprogression is not None:
        found = _hyperprogression(sizes, judged, tuple(hyperprogression), level)
    return Response(sizes, judged, best, times, found, level)


def possible(sizes: Sizes, best: BestResponse) -> list[str]:
    """The endpoints that the data allow: OS needs deaths, TTF stops, DoR a confirmed response."""
    facts = sizes.patients
    needs = {
        "os": facts["death_day"].notna().any(),
        "ttf": facts["stop_day"].notna().any(),
        "dor": best.table["confirmed_response_day"].notna().any(),
    }
    return [name for name in ENDPOINTS if needs.get(name, True)]


def _hyperprogression(
    sizes: Sizes, judged: Recist | Irecist, names: tuple[str, ...], level: float
) -> Any:
    from rpoint.endpoints.hyperprogression import from_sizes
    from rpoint.endpoints.hyperprogression import hyperprogression as judge

    overlaid = judged if isinstance(judged, Irecist) else irecist(sizes)
    chosen = None if "all" in names or not names else list(names)
    return judge(from_sizes(sizes, overlaid.visits), definitions=chosen, level=level)

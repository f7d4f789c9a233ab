"""What judged visits offer whatever the criteria: rates, the audit of one patient, tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pandas as pd

from rpoint.endpoints._audit import Audit, tell
from rpoint.endpoints._orr import Orr
from rpoint.endpoints.best_response import BestResponse
from rpoint.errors import unknown_name


class JudgedVisits(ABC):
    """Visits with a verdict each; who judges says how they make a patient's best response.

    Attributes
    ----------
    visits
        One row a visit, with a column `patient`.
    """

    visits: pd.DataFrame

    @abstractmethod
    def best_overall_response(self, *args: Any, **choices: Any) -> BestResponse:
        """Best overall response of every patient, any and confirmed."""

    @abstractmethod
    def _patients(self) -> pd.Series:
        """The names of all patients, also of those without a scan."""

    def orr(self, *, of: str = "evaluable", level: float = 0.95, **choices) -> Orr:
        """Response rates, any and confirmed; `choices` as in `best_overall_response`."""
        return self.best_overall_response(**choices).orr(of=of, level=level)

    def audit(self, patient: object, **choices) -> Audit:
        """How one patient was judged: which visit, which rule, which numbers.

        Parameters
        ----------
        patient
            Name in the table.
        choices
            As in `best_overall_response`.
        """
        names = self._patients().astype(str)
        if str(patient) not in set(names):
            raise unknown_name("patient", patient, names, where="patient")
        best = self.best_overall_response(**choices)
        rows = self.visits[self.visits["patient"].astype(str) == str(patient)]
        one = best.table[best.table["patient"].astype(str) == str(patient)].iloc[0]
        return tell(str(patient), rows, one, best.rules)

    def to_frame(self) -> pd.DataFrame:
        """A copy of the visits."""
        return self.visits.copy()

    def summary(self, **choices) -> pd.DataFrame:
        """Best responses, any and confirmed, counted; `choices` as in `best_overall_response`."""
        return self.best_overall_response(**choices).summary()

    def to_dict(self) -> dict:
        """Plain data: visits."""
        return {"visits": self.visits.to_dict("records")}

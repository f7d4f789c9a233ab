"""One drug's dose rules in many patients: who is held, on which level, who has stopped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.blood.people import ANALYTES
from rpoint.blood.rules import Checks, CountRule, DoseRules

_FREE = 9  # no grade has to be reached
_ROW = {name: i for i, name in enumerate(ANALYTES)}


@dataclass
class Log:
    """Actions as they happen: (rows, day, drug, action, reason, level), arrays by rows."""

    entries: list[tuple]

    def add(
        self, rows: np.ndarray, day: int, drug: str, action: str, reason, level: np.ndarray
    ) -> None:
        """Note an action for some rows; `reason` is a text or one text a row."""
        if len(rows):
            reasons = np.broadcast_to(np.asarray(reason, dtype=object), (len(rows),))
            self.entries.append((rows, day, drug, action, reasons, level[rows].copy()))


class Keeper:
    """State of one drug in n patients.

    Attributes
    ----------
    ruled
        Whether the drug has dose rules.
    held, stopped
        (n,) whether the drug is held now, or stopped for good.
    level
        (n,) dose level, 0 = full dose.
    clock
        (n,) day of the regimen's own clock.
    """

    def __init__(self, drug: str, rules: DoseRules | None, n: int) -> None:
        self.drug, self.ruled = drug, rules is not None
        self.rules = DoseRules(events=None) if rules is None else rules
        self.held = np.zeros(n, bool)
        self.stopped = np.zeros(n, bool)
        self.level = np.zeros(n, int)
        self.clock = np.zeros(n, int)
        self.since = np.zeros(n, int)
        self.until = np.zeros(n, int)
        self.need = np.full((len(ANALYTES), n), _FREE)
        self.pending = np.zeros(n, int)
        self.slow = np.zeros((2, n), int)  # after so many days, so many levels lower
        self.checked = np.full(n, -1)
        self.events = np.zeros(n, int)
        self.times = np.zeros((len(self.rules.counts), n), int)
        self.fractions = np.array(self.rules.fractions)

    def due(self, day: int, checks: Checks) -> np.ndarray:
        """(n,) whose counts are measured today on account of this drug."""
        planned = checks.on(self.clock)
        planned &= (self.clock != self.checked) & ~self.held
        again = self.held & ((day - self.since) % self.rules.recheck_days == 0) & (day > self.since)
        found = (planned | again) & ~self.stopped
        self.checked = np.where(planned, self.clock, self.checked)
        return found

    def judge(self, day: int, due: np.ndarray, grades: np.ndarray, log: Log) -> None:
        """Apply the count rules to the patients whose counts (4, n) were measured."""
        self._resume(day, due, grades, log)
        active = due & ~self.held & ~self.stopped
        if active.any():
            for k, rule in enumerate(self.rules.counts):
                self._apply(day, k, rule, active, grades, log)

    def _apply(
        self,
        day: int,
        k: int,
        rule: CountRule,
        active: np.ndarray,
        grades: np.ndarray,
        log: Log,
    ) -> None:
        hit = active & (grades[_ROW[rule.analyte]] >= rule.grade)
        if rule.cycle_start:
            hit &= self.clock % self.rules.checks.cycle_days == 0
        self.times[k] += hit
        rows = np.flatnonzero(hit & (self.times[k] >= rule.occurrence) & ~self.stopped)
        if not len(rows):
            return
        worst = grades[_ROW[rule.analyte], rows].astype(int)
        reason = np.array([f"{rule.analyte} grade {g}" for g in worst], dtype=object)
        if rule.discontinue:
            self.stop(rows, day, reason, log)
        elif rule.hold:
            self._hold(rows, day, reason, log)
            analyte = _ROW[rule.analyte]
            self.need[analyte, rows] = np.minimum(self.need[analyte, rows], rule.recover)
            self.pending[rows] = np.maximum(self.pending[rows], rule.reduce)
            if rule.slow_days is not None:
                self.slow[:, rows] = [[rule.slow_days], [rule.slow_reduce]]
        else:
            self._reduce(rows, np.full(len(rows), rule.reduce), day, reason, log)

    def event(
        self,
        rows: np.ndarray,
        day: int,
        term: str,
        grade: np.ndarray,
        duration: np.ndarray,
        log: Log,
    ) -> None:
        """Apply the rule for events that are no counts; `grade` and `duration` are of the rows."""
        rule = self.rules.events
        going = ~self.stopped[rows]
        rows, grade, duration = rows[going], grade[going], duration[going]
        if rule is None or not len(rows):
            return
        reason = np.array([f"{term} grade {g}" for g in grade], dtype=object)
        final = grade >= rule.discontinue_grade
        self.stop(rows[final], day, reason[final], log)
        rows, duration, reason = rows[~final], duration[~final], reason[~final]
        self.events[rows] += 1
        self._hold(rows, day, reason, log)
        length = duration if rule.hold_days is None else np.full(len(rows), rule.hold_days)
        self.until[rows] = np.maximum(self.until[rows], day + length.astype(int))
        lower = np.where(self.events[rows] >= rule.occurrence, rule.reduce, 0)
        self.pending[rows] = np.maximum(self.pending[rows], lower)

    def _hold(self, rows: np.ndarray, day: int, reason: np.ndarray, log: Log) -> None:
        new = ~self.held[rows]
        self.held[rows] = True
        self.since[rows[new]] = day
        log.add(rows[new], day, self.drug, "hold", reason[new], self.level)

    def _resume(self, day: int, due: np.ndarray, grades: np.ndarray, log: Log) -> None:
        held = self.held & ~self.stopped
        if not held.any():
            return
        counted = (self.need < _FREE).any(axis=0)
        recovered = ~counted | (due & (grades <= self.need).all(axis=0))
        back = held & recovered & (day >= self.until)
        rows = np.flatnonzero(back)
        length = day - self.since
        self.held[rows] = False
        self.need[:, rows] = _FREE
        log.add(rows, day, self.drug, "resume", "recovered", self.level)
        slow = (self.slow[0] > 0) & (length > self.slow[0])
        lower = np.maximum(self.pending, np.where(slow, self.slow[1], 0))
        self.pending[rows] = 0
        self.slow[:, rows] = 0
        self._reduce(rows, lower[rows], day, "after the hold", log)
        late = np.flatnonzero(held & ~back & (length >= self.rules.max_hold_days))
        self.stop(late, day, f"held for {self.rules.max_hold_days} days", log)

    def _reduce(
        self, rows: np.ndarray, by: np.ndarray, day: int, reason: np.ndarray | str, log: Log
    ) -> None:
        rows, by = rows[by > 0], by[by > 0]
        if not len(rows):
            return
        below = self.level[rows] + by >= len(self.fractions)
        self.level[rows] = np.minimum(self.level[rows] + by, len(self.fractions) - 1)
        self.stop(rows[below], day, "below the lowest dose level", log)
        log.add(rows[~below], day, self.drug, "reduce", "dose level", self.level)

    def stop(self, rows: np.ndarray, day: int, reason: np.ndarray | str, log: Log) -> None:
        """Stop the drug for good."""
        new = ~self.stopped[rows]
        self.stopped[rows] = True
        self.held[rows] = False
        texts = np.broadcast_to(np.asarray(reason, dtype=object), (len(rows),))
        log.add(rows[new], day, self.drug, "discontinue", texts[new], self.level)

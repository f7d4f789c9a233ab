"""How much is left of a run, from how fast it has gone."""

from __future__ import annotations

import time
from collections.abc import Callable


class Remaining:
    """Estimates the time that is left.

    Parameters
    ----------
    clock
        Seconds, from anywhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def seconds(self, done: int, total: int) -> float | None:
        """Seconds left after `done` of `total`; None before there is anything to judge by."""
        now = self._clock()
        if self._start is None:
            self._start = (now, done)
        began, before = self._start
        if done <= before:
            return None
        return (now - began) / (done - before) * (total - done)

    def text(self, done: int, total: int) -> str:
        """As `seconds`, in words."""
        left = self.seconds(done, total)
        return "" if left is None else f"about {in_words(left)} left"


def in_words(seconds: float) -> str:
    """A duration with the two digits that matter.

    >>> in_words(0.4), in_words(95), in_words(5400)
    ('1 s', '2 min', '1.5 h')
    """
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"

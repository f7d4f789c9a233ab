"""How a patient's run ended."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """How a patient's run ended."""

    OK = 0
    STEP_COLLAPSE = 1
    NAN = 2
    MAX_STEPS = 3
    BLOW_UP = 4
    SINGULAR = 5
    CANCELLED = 6

    @property
    def advice(self) -> str:
        """What to look at."""
        return _ADVICE[self]


_ADVICE = {
    Status.OK: "the run reached its end",
    Status.STEP_COLLAPSE: "the step size fell to nothing: look for a jump in a rate law, or a "
                          "solution that reaches infinity; a larger atol may help",
    Status.NAN: "a rate, a state or a parameter is not a number: look for a missing parameter, "
                "a division by zero or the logarithm of a negative number",
    Status.MAX_STEPS: "more steps than max_steps: raise max_steps or rtol, or check the rates",
    Status.BLOW_UP: "a state grew beyond 1e60: a solution that reaches infinity, a growth without "
                    "a limit, or a wrong unit",
    Status.SINGULAR: "the linear system stayed near singular at every step size tried",
    Status.CANCELLED: "the batch was interrupted",
}

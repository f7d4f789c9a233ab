"""The problems of the speed benchmark: a model, doses, outputs and a population."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rpoint.engine import Schedule

HERE = Path(__file__).parent
ERROR_FLOOR = 1e-3  # of the largest value of a state over patients and times


@dataclass
class Problem:
    """What every engine is asked to do.

    Attributes
    ----------
    sbml
        Model without events.
    schedule
        Doses and switches.
    t_out
        (T,) output times; all states are written.
    varied
        Parameters that differ between patients: lognormal, standard deviation `sigma` of the log.
    sbml_events
        The same model with the doses as SBML events, for engines that take those faster.
    """

    name: str
    sbml: str
    schedule: Schedule
    t_out: np.ndarray
    varied: list[str]
    sigma: float = 0.3
    sbml_events: str | None = None
    note: str = field(default="")

    def factors(self, patients: int, seed: int = 1) -> np.ndarray:
        """(P, len(varied)) factors on the model's values; a shorter cohort is a prefix."""
        z = np.random.default_rng(seed).standard_normal((max(patients, 1000), len(self.varied)))
        return np.exp(self.sigma * z)[:patients]


def errors(ours: np.ndarray, reference: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(P,) largest |y - ref| / (|ref| + 1e-3 scale) over times and states; NaN as infinite."""
    e = np.abs(ours - reference) / (np.abs(reference) + ERROR_FLOOR * scale + 1e-300)
    return np.nan_to_num(e, nan=np.inf).max(axis=(1, 2))


def state_scale(reference: np.ndarray) -> np.ndarray:
    """(K,) largest value of each state over patients and times."""
    size = np.nanmax(np.abs(reference), axis=(0, 1))
    return np.maximum(size, 1e-9 * size.max())


def _to_sbml(text: str) -> str:
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise SystemExit(antimony.getLastError())
    return antimony.getSBMLString(antimony.getMainModuleName())


_EVENT = """
  tnext = 8; ncyc = 0;
  dosing: at time >= tnext, t0=false, priority=1: G1_ = G1_ + dose1, G2_ = G2_ + dose2,
    ncyc = piecewise(0, ncyc + 1 >= 21, ncyc + 1),
    tnext = tnext + piecewise(8*24, ncyc + 1 >= 21, 24);
end
"""


def dosed() -> Problem:
    """44 states, two drugs daily for three weeks of four, 168 days, weekly outputs."""
    text = (HERE / "p53cdk.ant").read_text(encoding="utf-8")
    schedule = Schedule()
    for day in range(168):
        if day % 28 < 21:
            at = 24.0 * day + 8.0
            schedule = schedule.add(at, "G1_", 400.0).add(at, "G2_", 280.0)
    varied = "ksp53 kon_d1 ktmdm2 ksmd kse2f ktp21 CL1 V1 CL2 ka2".split()
    body = text.rstrip().removesuffix("end")
    return Problem("p53cdk, 126 doses", _to_sbml(text), schedule, np.arange(1, 25) * 168.0, varied,
                   sbml_events=_to_sbml(body + _EVENT))


def from_file(path: str, t_end: float) -> Problem:
    """Any SBML: no doses, 24 outputs, ten parameters varied."""
    text = Path(path).read_text(encoding="utf-8")
    return Problem(Path(path).stem, text, Schedule(), np.linspace(0, t_end, 25)[1:],
                   _first_parameters(text))


def flagship() -> Problem:
    """R-point's own cell model under palbociclib (3 weeks of 4) and milademetan (3 days of 14).

    600 h without drugs, then 12 weeks of doses (mg), weekly outputs.
    """
    from rpoint.biology import flagship_sbml

    text, start = flagship_sbml(), 600.0
    schedule = Schedule()
    for day in range(84):
        at = start + 24.0 * day
        if day % 28 < 21:
            schedule = schedule.add(at, "palbociclib_gut", 125.0)
        if day % 14 < 3:
            schedule = schedule.add(at, "milademetan_gut", 260.0)
    skip = ("c_", "g_", "in_", "k_", "u_", "alpha", "default_", "cell", "body")
    t_out = start + 168.0 * np.arange(1, 13)
    return Problem("flagship cell model", text, schedule, t_out, _first_parameters(text, skip),
                   sigma=0.1)


def _first_parameters(text: str, skip: tuple[str, ...] = ()) -> list[str]:
    from rpoint.engine import compile_model

    model = compile_model(text)
    names = [n for n in model.parameters if model.default(n) > 0 and not n.startswith(skip)]
    return names[:: max(1, len(names) // 10)][:10]

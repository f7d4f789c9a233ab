"""Nanchang HPD 2019, early deaths (D4): survival curves of an OAK-like trial that cross."""

from __future__ import annotations

import numpy as np

from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Criterion, Finding
from rpoint.evidence.nanchang_association import exact
from rpoint.evidence.nanchang_facts import incidence
from rpoint.evidence.trial_numbers import fact, geometric_mean, median, over
from rpoint.immune.claims_numbers import hyperprogression_anchors
from rpoint.immune.compare import numbers, replicate_numbers
from rpoint.immune.lung import ANTIBODY, DOCETAXEL
from rpoint.immune.oak import oak_like
from rpoint.stats.proportions import proportion

REPLICATES, N = 6, 425  # OAK's own arms, few replicates: a run of all claims must stay short
TO_THE_END = 113.0  # week, where curves lie crossed to the end of the follow-up
EXCESS = "{} event within {} months, %, antibody less docetaxel"
NAMES = ("Ferrara 2018 early death", "Ferrara 2018", "Ferrara 2018 chemotherapy")
NO_CONTROL = {"docetaxel_kill_median": 0.001}  # 1/d, the least that the fact may be


def trials_that_cross(lab: Lab):
    """(replicates) numbers of OAK-like trials."""
    made = lambda: replicate_numbers(REPLICATES, seed=lab.seed, n=(N, N))  # noqa: E731
    return lab.once("oak-like trials", made)


def without_control(lab: Lab) -> dict[str, float]:
    """The same numbers of one large trial whose control does nothing."""
    made = lambda: numbers(  # noqa: E731
        oak_like(1000, control=1000, seed=lab.seed, facts=NO_CONTROL).patients
    )
    return lab.once("oak-like trial without a control drug", made)


def anchors(lab: Lab) -> list[dict]:
    """Simulated rates beside published ones."""
    made = lambda: hyperprogression_anchors(600, lab.seed)  # noqa: E731
    return lab.once("hyperprogression anchors", made).to_dict("records")


@experiment("D4", cost=2)
def early_deaths(lab: Lab) -> Finding:
    """Early crossing of survival curves, the published anchors beside it."""
    table = incidence().set_index("study")
    rates = {name: proportion(int(table.loc[name, "x"]), int(table.loc[name, "n"]))
             for name in NAMES}  # fmt: skip
    arms = np.array([[rates[name].x, rates[name].n - rates[name].x] for name in NAMES[1:]])
    found = exact(arms)
    published = [{"what": name, "rate": rate.text(), "grade": table.loc[name, "grade"]}
                 for name, rate in rates.items()]  # fmt: skip
    trials, idle = trials_that_cross(lab), without_control(lab)
    weeks = {end: trials[f"{end} crossing, weeks"].fillna(TO_THE_END).to_numpy()
             for end in ("pfs", "os")}  # fmt: skip
    pfs, os = (EXCESS.format(*pair) for pair in (("pfs", 2), ("os", 3)))
    return Finding(
        ran=f"{REPLICATES} OAK-like trials of 2 x {N} patients: an antibody that acts through T "
        "cells against docetaxel, which acts at once and fades. No patient is made to progress "
        "faster by the antibody.",
        acceptance=[
            over("weeks in which the antibody's overall survival lies below, from the start",
                 weeks["os"], median, Criterion("within", (1.0, TO_THE_END - 1.0)), "weeks"),
            over("deaths within 3 months, antibody less docetaxel", trials[os].to_numpy(), np.mean,
                 Criterion(">", 0.0), "points"),
            over("hazard ratio of death over the whole trial (the curves cross)",
                 trials["os hazard ratio"].to_numpy(), geometric_mean, Criterion("<", 1.0)),
        ],
        falsifier=[
            fact("progression or death within 2 months, antibody less a control that hardly acts",
                 idle[pfs], Criterion("<=", 1.0), "points"),
            fact("deaths within 3 months, antibody less a control that hardly acts", idle[os],
                 Criterion("<=", 1.0), "points"),
        ],
        beside=[
            over("weeks in which the antibody's progression-free survival lies below",
                 weeks["pfs"], median, unit="weeks"),
            over("progression or death within 2 months, antibody less docetaxel",
                 trials[pfs].to_numpy(), np.mean, unit="points"),
            *(fact(name, rate.percent, unit="%") for name, rate in rates.items()),
            fact("odds ratio of hyperprogression, checkpoint inhibitor against chemotherapy",
                 np.exp(found.estimate)),
            fact("its lower exact limit", np.exp(found.lo)),
        ],
        tables=[("Anchors", published), ("The same rates in simulated patients", anchors(lab))],
        notes=["36 of 406 is 8.87 %: the printed 8.8 % is cut off, not rounded.",
               "The crossing needs no hyperprogression that a drug causes: chemotherapy holds more "
               "patients in the first months. The anchors are shown, not judged: where simulated "
               f"rates of {ANTIBODY} or {DOCETAXEL} miss them, the table shows it."],
    )  # fmt: skip

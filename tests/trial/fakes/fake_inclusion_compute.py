"""A stand-in for the simulation that knows what each inclusion rule must give.

A share `FAST` of the population has a fast tumour, that never responds and progresses after
`SOON_D` days; a share `PLAUSIBLE` of the plausible candidates has.  The others respond in a share
`SEEN`, half of these confirmed, and progress after `LATE_D` days.  The rule "weights" takes
candidates as they come and gives them their prevalence weight.
"""

from __future__ import annotations

import fake_design_compute as base
import numpy as np
import pandas as pd

FAST, PLAUSIBLE, SEEN, SOON_D, LATE_D = 0.2, 0.6, 0.3, 30.0, 400.0


def compute(trial, draw: None, index: range, seed: int, options: dict):
    """adsl, adtte, adrs, adae, adex of some patients."""
    number = np.asarray(index)
    sizes = [arm.patients for arm in trial.arms.values()]
    arm = np.repeat(list(trial.arms), sizes)[number % sum(sizes)]
    u = np.array([np.random.default_rng((seed, n)).random(7) for n in number])
    keys = pd.DataFrame(
        {"PATIDX": number, "REPL": number // sum(sizes), "TRT01P": arm.astype(object)}
    )
    weighted = {"acceptance": False, "weights": True}[options["inclusion"]]
    fast = u[:, 6] < (PLAUSIBLE if weighted else FAST)
    own = np.where(fast, FAST / PLAUSIBLE, (1 - FAST) / (1 - PLAUSIBLE))
    pfs = np.where(fast, SOON_D, LATE_D)
    seen, kept = ~fast & (u[:, 1] < SEEN), ~fast & (u[:, 1] < SEEN / 2)
    return {
        "adsl": base.adsl(keys, u).assign(WEIGHT=own if weighted else 1.0),
        "adtte": base.adtte(keys, pfs, 3 * pfs), "adrs": base.adrs(keys, 56.0, seen, kept),
        "adae": base.adae(keys, fast & False),
        "adex": keys.assign(EXDOSE=260.0, ASTDY=1, AENDY=3),
    }  # fmt: skip

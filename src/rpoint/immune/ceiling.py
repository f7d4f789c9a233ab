"""How much faster a tumour can grow if interferon-gamma raises MDM2: a ceiling by the cell model.

MDM2 speeds growth by what p53 still holds back.  Where p53 is low already - many copies of MDM2 -
more MDM2 has little left to remove.  Two bounds are given for every number of copies, over the
ensemble of parameter sets:

* `ifn`: the net growth rate with full interferon-gamma over that without it;
* `null`: the net growth rate of the same cell without p53 over that with it.  Whatever MDM2 does
  through p53, it cannot do more.

The pace ratio of hyperprogression is a ratio of RATES (growth per time after over before), not of
sizes, so these ratios stand beside the 2.3 to 42.3 of Kato 2017.  In a tumour that loses cells
(Steel's factor phi) the same gain in birth is a larger gain in net growth, (r - phi) / (1 - phi)
for a birth rate r times as high: that is given, too, as `tumour`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.immune.facts import fact
from rpoint.tumour.cells import Condition, run_cells
from rpoint.tumour.facts import fact as tumour_fact
from rpoint.tumour.growth import in_vivo_scale
from rpoint.tumour.simulate import in_host, shipped
from rpoint.tumour.sizes import MIN_NET_RATE

COPIES = (2, 4, 8, 12, 20, 40, 60)
KATO_PACE = (2.3, 42.3)
BELIEF = (5, 50, 95)  # percentiles over the ensemble
RATES = ("division_rate", "death_rate")
DAYS = 21.0


def ceiling(
    copies: Sequence[float] = COPIES,
    *,
    ensemble: Any = None,
    mdm2_ifn: float | None = None,
    context: str = "reference",
    threads: int | None = None,
) -> pd.DataFrame:
    """Growth acceleration that IFN-gamma through MDM2 can give, by copies of MDM2.

    Parameters
    ----------
    copies
        Copies of MDM2; 2 is normal.
    ensemble
        Parameter sets; the shipped ones when left out.
    mdm2_ifn
        MDM2 transcription that interferon adds per two copies, nM; the fact `mdm2_ifn_max` when
        left out.
    context
        Of the cells.

    Returns
    -------
    pandas.DataFrame
        copies; sets (number in which the untreated cell grows; the others are left out); p53_share
        (median active p53 over that at two copies); and for `ifn`, `tumour` and `null` the median
        and the 5th and 95th percentiles over the sets: ifn, ifn_lo, ifn_hi, ...; kato_lo, kato_hi:
        the published pace ratios.

    Raises
    ------
    RpointError
        If copies are not positive.
    """
    if not len(copies) or min(copies) <= 0:
        raise RpointError("copies of MDM2 are positive numbers", found=list(copies))
    ensemble = shipped() if ensemble is None else ensemble
    level = fact("mdm2_ifn_max") if mdm2_ifn is None else float(mdm2_ifn)
    columns = {name: ensemble.parameters[name].to_numpy(float) for name in ensemble.parameters}
    columns["MDM2_IFN"] = np.full(len(ensemble), level)
    conditions = [one for number in (2, *copies) for one in _conditions(number, context)]
    unique = list({one.name: one for one in conditions}.values())
    run = run_cells(unique, columns, nodes=3, observables=(*RATES, "p53_active"), threads=threads)
    normal = run.at("p53_active", "2 untreated")
    return pd.DataFrame([_row(run, number, normal) for number in copies])


def _conditions(copies: float, context: str) -> list[Condition]:
    own = in_host({"g_MDM2": copies / 2.0})
    cells = {
        "untreated": (own, {}),
        "interferon": (own, {"in_IFN": 1.0}),
        "without p53": ({**own, "g_TP53": 0.0}, {}),
    }
    return [
        Condition(f"{copies:g} {state}", genotype, treatment, days=DAYS, context=context)
        for state, (genotype, treatment) in cells.items()
    ]


def _row(run, copies: float, normal: np.ndarray) -> dict[str, float]:
    def rates(state: str) -> list[np.ndarray]:
        return [run.at(name, f"{copies:g} {state}") for name in RATES]

    (born, dead), (born_ifn, dead_ifn), (born_null, dead_null) = (
        rates(state) for state in ("untreated", "interferon", "without p53")
    )
    good = born - dead > MIN_NET_RATE
    for state in ("untreated", "interferon", "without p53"):
        good &= run.status[run.index(f"{copies:g} {state}")] == 0
    row = {"copies": float(copies), "sets": int(good.sum())}
    p53 = run.at("p53_active", f"{copies:g} untreated")
    row["p53_share"] = float(np.median(p53[good] / normal[good])) if good.any() else np.nan
    born, dead = np.where(good, born, 1.0), np.where(good, dead, 0.0)
    scale, loss = in_vivo_scale(1.0, born, dead, tumour_fact("cell_loss_patient"))
    tumour = (scale * (born_ifn - dead_ifn) - loss) / (scale * (born - dead) - loss)
    ratios = {
        "ifn": (born_ifn - dead_ifn) / (born - dead),
        "tumour": tumour,
        "null": (born_null - dead_null) / (born - dead),
    }
    for name, ratio in ratios.items():
        low, middle, high = np.percentile(ratio[good], BELIEF) if good.any() else [np.nan] * 3
        row |= {name: float(middle), f"{name}_lo": float(low), f"{name}_hi": float(high)}
    return row | {"kato_lo": KATO_PACE[0], "kato_hi": KATO_PACE[1]}


def pace_ratio(rate_after: float, rate_before: float) -> float:
    """Ratio of growth rates; NaN where the tumour did not grow before (the ratio is undefined).

    >>> pace_ratio(0.02, 0.01), pace_ratio(0.02, -0.01)
    (2.0, nan)
    """
    return rate_after / rate_before if rate_before > 0 else float("nan")

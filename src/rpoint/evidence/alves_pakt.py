"""Alves 2021, strata of phospho-AKT: what the AKT inhibitor adds in cells and in a trial (E7)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.evidence import tables
from rpoint.evidence.alves import DOUBLET, SOME, SWITCH, TRIPLET, F
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.potency import part_lost
from rpoint.evidence.trial_numbers import Trials, fact, geometric_mean, on_trials, over, percent
from rpoint.plots import evidence as draw

DRIVES = (0.0, 0.15, 0.3, 0.6, 1.0)
LOW, HIGH = DRIVES[0], DRIVES[-1]


def driven(drive: float, treatment: str = "vehicle", genotype: str = "wild type") -> Setup:
    """A cell of an ER-driven tumour with a PI3K-AKT drive."""
    return Setup(treatment, genotype, with_=(("g_PI3K", drive),))


E7_SETUPS = [driven(d, t) for d in DRIVES for t in ("vehicle", F, SWITCH, DOUBLET, TRIPLET)]
E7_SETUPS += [driven(d, t, "CDKN1A-null") for d in (LOW, HIGH) for t in (DOUBLET, TRIPLET)]


def capitello(trials: Trials) -> dict[str, np.ndarray]:
    """(R,) hazard ratios of CAPItello-291: all, altered AKT pathway, and the second over the first.

    Replicates in which either could not be estimated are left out.
    """
    name, versus = "capitello-291", "capivasertib+fulvestrant vs placebo+fulvestrant"
    table = pd.DataFrame({
        "all": trials.rows(name, "pfs_hr", versus)["VALUE"],
        "altered": trials.rows(name, "pfs_hr", versus, "AKT1|PIK3CA|PTEN:altered")["VALUE"],
    }).dropna()  # fmt: skip
    every, altered = table["all"].to_numpy(), table["altered"].to_numpy()
    return {"all": every, "altered": altered, "ratio": altered / every}


def added_over_switched(trials: Trials) -> list[Check]:
    """Patients after the doublet: adding the AKT inhibitor over switching to it, if shipped."""
    if not trials.has("alves-patients", "pfs_hr"):
        return []
    ratios = trials.values("alves-patients", "pfs_hr")
    text = "adding over switching after the doublet, hazard ratio in patients"
    return [over(text, ratios, geometric_mean)]


@experiment("E7", E7_SETUPS)
@on_trials
def benefit_by_pakt(lab: Lab, trials: Trials) -> Finding:
    """Gain from adding the AKT inhibitor against p-AKT."""
    cells, base = lab.cells, driven(LOW)

    def added(drive: float, genotype: str = "wild type") -> np.ndarray:
        doublet, triplet = (
            cells.rate(driven(drive, t, genotype), base) for t in (DOUBLET, TRIPLET)
        )
        return doublet - triplet

    def ratio(drive: float) -> np.ndarray:
        return cells.ratio("net_rate", driven(drive, SWITCH), driven(drive, F))

    gains = {drive: added(drive) for drive in DRIVES}
    pakt = {drive: cells.at("pAKT", driven(drive)) for drive in DRIVES}
    interaction = gains[HIGH] - gains[LOW]
    null = added(HIGH, "CDKN1A-null") - added(LOW, "CDKN1A-null")
    ratios = capitello(trials)
    rows = {f"p-AKT {np.nanmedian(pakt[d]):.2f} (drive {d:g})": gains[d] for d in DRIVES}
    return Finding(
        ran="ER-driven tumour cells with five strengths of the PI3K-AKT drive under the doublet, "
        "the triplet, fulvestrant and fulvestrant with the AKT inhibitor, 21 days.",
        acceptance=[
            Check(
                "gain from the AKT inhibitor on top of the doublet, highest p-AKT stratum minus "
                "lowest",
                interaction,
                SOME,
            ),
            Check("gain in the highest stratum", gains[HIGH], SOME),
            over(
                "CAPItello-291: hazard ratio with an altered AKT pathway over that of all",
                ratios["ratio"],
                geometric_mean,
                Criterion("<", 1.0),
            ),
        ],
        falsifier=[
            Check(
                "p-AKT, highest stratum over lowest", pakt[HIGH] / pakt[LOW], Criterion(">", 1.2)
            ),
            Check(
                "part of the difference gone without CDKN1A",
                part_lost(null, interaction),
                Criterion(">=", 0.5),
            ),
        ],
        beside=[
            over("CAPItello-291: hazard ratio of all (0.60)", ratios["all"], geometric_mean),
            over(
                "CAPItello-291: hazard ratio with an altered AKT pathway (0.50)",
                ratios["altered"],
                geometric_mean,
            ),
            fact(
                "replicates with the published interaction, 0.83, or a stronger one",
                percent(ratios["ratio"] <= 0.50 / 0.60),
                unit="%",
            ),
            *added_over_switched(trials),
            *(Check(f"gain at drive {d:g}", values) for d, values in gains.items()),
            *(
                Check(f"growth under AKTi + fulvestrant over fulvestrant, {word} p-AKT", ratio(d))
                for word, d in (("lowest", LOW), ("highest", HIGH))
            ),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, rows),
                axis="net growth, doublet minus triplet, of the vehicle's",
                title="Gain from the AKT inhibitor by p-AKT",
                threshold=0.0,
                threshold_label="none",
            )
        ],
        notes=[
            "A prediction. Clinical anchor, another regimen: CAPItello-291 (fulvestrant with and "
            "without capivasertib), PFS HR 0.60 (0.51-0.71) in all and 0.50 (0.38-0.65) with an "
            "altered AKT pathway. Predicted hazard ratios of that trial are judged by their "
            "interaction alone and stand beside."
        ],
    )

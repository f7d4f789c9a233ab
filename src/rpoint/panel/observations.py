"""Measurements of a panel, arranged for the likelihood: one group per arm, or drug and screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.panel import arms as arms_of
from rpoint.panel.arms import Arm
from rpoint.panel.markers import AMPLIFIED_COPIES
from rpoint.panel.traits import Traits

#: Growth inhibitions are clipped to this range: they divide by the slope of one control mouse.
INHIBITION_LIMITS = (-1.0, 2.0)
#: Power of the likelihood of a line, since the model is wrong somewhere and lines are many.
LINE_WEIGHT = 0.5
#: Nominal concentrations over which a screen's area is taken, nM.
SCREEN_NM = (4.0, 10_000.0)


@dataclass(frozen=True, eq=False)
class Group:
    """Measurements of one single-drug arm, or of one drug in one screen.

    Attributes
    ----------
    assay
        "xenograft" or "line".
    arm
        What was given.
    screen
        The screen ("GDSC1"); "xenograft" for mice.
    model
        (N,) rows of the panel.
    value
        (N,) growth inhibition or area.
    weight
        Power of its likelihood: screens of one drug repeat one experiment on the same lines.
    """

    assay: str
    arm: Arm
    screen: str
    model: np.ndarray
    value: np.ndarray
    weight: float = 1.0

    @property
    def target(self) -> str:
        """Class of targets of its drug."""
        return self.arm.parts[0].target

    @property
    def log_base(self) -> float:
        """ln exposure without any correction: of the regimen, or per nM of a dish."""
        part = self.arm.parts[0]
        if self.assay == "xenograft":
            return float(np.log(part.exposure))
        return -float(np.log(arms_of.constant_nM(part.drug)))

    def keep(self, models: np.ndarray) -> Group:
        """The measurements of the models where (n,) `models` is true."""
        stay = models[self.model]
        return replace(self, model=self.model[stay], value=self.value[stay])


def xenograft_groups(
    response: pd.DataFrame, ids: Sequence[str], names: Iterable[str] | None = None
) -> list[Group]:
    """Groups of the single-drug arms of a table model_id, arm, growth_inhibition.

    Arms whose name is no drug of the catalogue, combinations and untreated mice are left out.
    """
    where = {name: k for k, name in enumerate(ids)}
    table = response[response["growth_inhibition"].notna() & response["model_id"].isin(where)]
    found = []
    for name, part in table.groupby("arm", sort=True):
        arm = _known_arm(str(name))
        if arm is None or len(arm.parts) != 1 or (names is not None and name not in names):
            continue
        rows = part["model_id"].map(where).to_numpy(int)
        value = part["growth_inhibition"].clip(*INHIBITION_LIMITS).to_numpy(float)
        found.append(Group("xenograft", arm, "xenograft", rows, value))
    return found


def line_groups(
    auc: pd.DataFrame, ids: Sequence[str], screens: Sequence[str], drugs: Iterable[str]
) -> list[Group]:
    """Groups of a table model_id, drug, dataset, auc, for some screens and drugs."""
    where = {name: k for k, name in enumerate(ids)}
    wanted = set(drugs)
    table = auc[auc["auc"].notna() & auc["model_id"].isin(where) & auc["dataset"].isin(screens)]
    repeats = table.groupby("drug")["dataset"].nunique()
    found = []
    for (drug, screen), part in table.groupby(["drug", "dataset"], sort=True):
        if drug in wanted:
            rows = part["model_id"].map(where).to_numpy(int)
            arm = arms_of.line_arm(str(drug))
            value = part["auc"].to_numpy(float)
            weight = LINE_WEIGHT / float(repeats[drug])
            found.append(Group("line", arm, str(screen), rows, value, weight))
    return found


def _known_arm(name: str) -> Arm | None:
    try:
        return arms_of.xenograft_arm(name)
    except RpointError:
        return None


def switch_evidence(found: Traits) -> dict[str, np.ndarray]:
    """Evidence that a switched gene works, (n,), by the coefficient that it is weighed with.

    mRNA of the gene's own circuit in log2 units; the share of CDKN2A that is lost, since a tumour
    needs to lose one of p16 and RB and rarely loses both; the chance that MDM2 is amplified, which
    only a tumour with p53 gains by (`coefficients.yaml`).  The mRNA of an amplified MDM2 tells of
    its copies, not of p53: there CDKN1A speaks alone.
    """
    none = np.zeros(len(found))
    level = {g: found.expression.get(g, none) for g in ("MDM2", "CDKN1A", "RB1", "CDKN2A")}
    amplified = (found.copies["g_MDM2"] >= np.log(AMPLIFIED_COPIES / 2.0)).mean(axis=1)
    mdm2 = amplified * level["CDKN1A"] + (1.0 - amplified) * level["MDM2"]
    return {
        "TP53:targets": 0.5 * (mdm2 + level["CDKN1A"]),
        "TP53:MDM2 amplified": amplified,
        "RB1:message": level["RB1"] - 0.5 * level["CDKN2A"],
        "RB1:p16 lost": 1.0 - found.p16.mean(axis=1),
    }


#: Switched gene -> the coefficients of its evidence.
EVIDENCE = {
    "TP53": ("TP53:targets", "TP53:MDM2 amplified"),
    "RB1": ("RB1:message", "RB1:p16 lost"),
}

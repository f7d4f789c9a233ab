"""What a parameter set has to do before it may enter the ensemble, apart from fitting the data.

Each demand is a signed margin: zero or less when met, else the amount missed in units of a stated
scale. The demands are the strong cells of the intervention matrix and the measured or designed
markers of the mechanism; those of :meth:`_Margins.doses` were added before the second fit
(2026-11-25), because the first left clinical exposures of CDK4/6 inhibitors without effect. A claim
whose acceptance is among them is marked so in the claims report ("used in calibration"): for such a
claim the ensemble shows that the demands are jointly possible, not that they were predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rpoint.biology import exposures
from rpoint.tumour.cells import CellRun, Condition

#: Read-outs that the demands need.
OBSERVABLES = (
    "net_rate", "division_rate", "S_phase", "free_CIP", "CycD_total", "p21_total", "p53_total",
    "p53_active", "CDK2_active", "CDK2_active_fraction", "RB_phospho",
)  # fmt: skip

#: Mitogen levels at which growing and quiescent cells are compared (hysteresis).
MITOGENS = (0.1, 0.2, 0.35, 0.5, 0.7)

_X = exposures()
TREATMENTS: dict[str, dict[str, float]] = {
    "vehicle": {},
    "C": _X["CDK4/6i"],
    "M": _X["MDM2i"],
    "A": _X["AKTi"],
    "F": _X["fulvestrant"],
}
#: Doses of the CDK4/6 inhibitor, as occupancy numbers. A quarter of the reference exposure is that
#: of the label dose of palbociclib: 125 mg, unbound average 7-9 times the in-cell constant.
DOSES = {"C0.3": 0.3, "C1": 1.0, "C3": 3.0, "C/4": 0.25 * _X["CDK4/6i"]["c_CDK4"]}
TREATMENTS.update({name: {"c_CDK4": c, "c_CDK6": c} for name, c in DOSES.items()})
for _combination in ("CM", "CA", "CF", "AF", "CFA"):
    TREATMENTS[_combination] = {k: v for d in _combination for k, v in TREATMENTS[d].items()}

GENOTYPES: dict[str, dict[str, float]] = {
    "wt": {},
    "tp53": {"g_TP53": 0.0},
    "rb1": {"g_RB1": 0.0},
    "cdkn1a": {"g_CDKN1A": 0.0},
    "cdk2": {"g_CDK2": 0.0},
    "cn12": {"g_MDM2": 6.0},
    "cn12_tp53": {"g_MDM2": 6.0, "g_TP53": 0.0},
    "mdm4": {"g_MDM4": 4.0},
    "akt": {"g_PI3K": 1.0},
    "akt_cdkn1a": {"g_PI3K": 1.0, "g_CDKN1A": 0.0},
    "er_loss": {"g_ER": 0.0, "g_RAS": 2.0},
    "cdk6": {"g_CDK6": 5.0},
    "esr1": {"g_ESR1": 1.0},
    "ccnd1": {"g_CCND1": 3.0},
    "p16": {"g_p16": 1.0},
    "er_tumour": {"in_E2": 0.3},  # oestradiol of a tumour in a patient, not of a dish
}
#: Genotypes whose gain from an AKT inhibitor on top of a CDK4/6 inhibitor AKT-high must exceed.
_RIVALS = ("wt", "tp53", "mdm4", "cdk6", "esr1", "er_loss")
_CELLS = {
    "wt": ("vehicle", "C", "M", "A", "F", "CM", "CA", "CFA", *DOSES),
    "ccnd1": ("vehicle", "C/4", "C"),
    "p16": ("vehicle", "C/4"),
    "er_tumour": ("vehicle", "C/4"),
    "tp53": ("vehicle", "C", "M", "A", "F", "CM", "CA", "CFA"),
    "rb1": ("vehicle", "C", "M", "CM"),
    "cdkn1a": ("vehicle", "C", "M", "CM"),
    "cdk2": ("C",),
    "cn12": ("vehicle", "M"),
    "cn12_tp53": ("vehicle", "M"),
    "mdm4": ("vehicle", "C", "M", "A", "CA"),
    "cdk6": ("C", "A", "CA"),
    "esr1": ("C", "A", "CA"),
    "akt": ("vehicle", "C", "A", "CA", "CF", "AF", "CFA"),
    "akt_cdkn1a": ("C", "A", "CA", "CF", "CFA"),
    "er_loss": ("vehicle", "C", "A", "F", "CA"),
}


def conditions() -> list[Condition]:
    """Conditions that the demands read."""
    out = [
        Condition(f"{g}|{t}", genotype=GENOTYPES[g], treatment=TREATMENTS[t])
        for g, treatments in _CELLS.items()
        for t in treatments
    ]
    out.append(Condition("clamp|C", treatment=TREATMENTS["C"], clamp={"CycD": "vehicle"}))
    for name, clamp in (("mel|C", {}), ("mel_clamp|C", {"CycD": "vehicle"})):
        out.append(Condition(name, context="melanoma_resistant", treatment=TREATMENTS["C"], clamp=clamp))
    for t in ("vehicle", "M", "CM"):
        out.append(Condition(f"mel|{t}", context="melanoma_resistant", treatment=TREATMENTS[t]))
    for m in MITOGENS:
        out.append(Condition(f"on|{m:g}", treatment={"in_mitogen": m}))
        out.append(Condition(f"off|{m:g}", genotype={"in_mitogen": 0.02}, treatment={"in_mitogen": m}))
    out.append(Condition("mcf7|vehicle", context="MCF7"))
    for t in ("C/4", "C"):
        out.append(Condition(f"mcf7|{t}", context="MCF7", treatment=TREATMENTS[t]))
    return out


def margins(run: CellRun) -> Mapping[str, np.ndarray]:
    """Signed margins of every demand, shape (sets,) each; met when <= 0."""
    return _Margins(run).all()


class _Margins:
    def __init__(self, run: CellRun) -> None:
        self.run = run
        self.wild = np.maximum(self.rate("wt", "vehicle"), 1e-4)

    def get(self, genotype: str, treatment: str, observable: str) -> np.ndarray:
        return self.run[observable][self.run.index(f"{genotype}|{treatment}"), :, -1]

    def rate(self, g: str, t: str) -> np.ndarray:
        return self.get(g, t, "net_rate")

    def r(self, g: str, t: str) -> np.ndarray:
        return self.rate(g, t) / self.wild

    def cycling(self, g: str, t: str) -> np.ndarray:
        return self.get(g, t, "division_rate") / self.wild

    # ---- rules of the table
    def minus(self, g: str, t: str) -> np.ndarray:
        return (self.r(g, t) - self.r(g, "vehicle") + 0.05) / 0.2

    def zero(self, g: str, t: str, rate: Callable | None = None) -> np.ndarray:
        rate = rate or self.r
        return (np.abs(rate(g, t) - rate(g, "vehicle")) - 0.05) / 0.1

    def halted(self, g: str, t: str) -> np.ndarray:
        return (self.r(g, t) - 0.05) / 0.2

    def combined(self, g: str, t: str) -> np.ndarray:
        single = np.minimum(self.r(g, t[0]), self.r(g, t[1]))
        return (self.r(g, t) - 0.6 * np.maximum(single, 0.15)) / 0.2

    def equal(self, g: str, t: str, other: np.ndarray, rate: Callable | None = None) -> np.ndarray:
        rate = rate or self.r
        return (np.abs(rate(g, t) - other) - np.maximum(0.1 * np.abs(other), 0.05)) / 0.1

    def effect(self, g: str, t: str) -> np.ndarray:
        return self.r(g, "vehicle") - self.r(g, t)

    def gain(self, g: str, t: str, rate: Callable | None = None) -> np.ndarray:
        rate = rate or self.r
        return np.minimum(rate(g, t[0]), rate(g, t[1])) - rate(g, t)

    def _largest_gain(self) -> np.ndarray:
        rivals = np.max([self.gain(g, "CA") for g in _RIVALS], axis=0)
        return (rivals - self.gain("akt", "CA")) / 0.1

    def _triplet_gain(self, genotype: str) -> np.ndarray:
        return self.r(genotype, "CF") - self.r(genotype, "CFA")

    # ---- demands
    def all(self) -> dict[str, np.ndarray]:
        return {**self.matrix(), **self.doses(), **self.markers()}

    def kept(self, g: str, t: str) -> np.ndarray:
        """Net growth over that of the own vehicle."""
        return self.rate(g, t) / np.maximum(self.rate(g, "vehicle"), 1e-4)

    def doses(self) -> dict[str, np.ndarray]:
        """Demands of the second fit; those with a bar must hold in every accepted set.

        * Label dose: palbociclib 125 mg with endocrine treatment works (PALOMA-3: hazard ratio 0.42);
          unbound plasma is 7-9 times the in-cell constant. Growth of ER+ cells there: at most 0.6 of
          the untreated. (The unbound IC50 on TK1 in patients, 17 nM, stays a check.)
        * No dose of the drug makes cells grow faster (by more than 5 %).
        * RB1-mutant lines with wild-type TP53 are as resistant to nutlin-3a as TP53-mutant ones
          (median AUC 0.976; 0.876 with both genes wild type; GDSC1): what p21 does there, it does
          through RB. Cycling keeps 0.85 and net growth 0.7 of the untreated.
        * CCND1 amplification does not change the palbociclib AUC of cell lines (NeST: 0.760 with,
          0.743 without, p = 0.45), loss of CDKN2A makes lines more sensitive (0.701 against 0.778).
        """
        most = np.max([self.r("wt", t) for t in (*DOSES, "C")], axis=0)
        cycles = self.cycling("rb1", "M") / np.maximum(self.cycling("rb1", "vehicle"), 1e-4)
        wild, wild_label = self.r("wt", "C"), self.r("wt", "C/4")
        return {
            "wt|C/4 label dose": (wild_label - 0.6) / 0.2,
            "mcf7|C/4 label dose": (self.kept("mcf7", "C/4") - 0.6) / 0.2,
            "er_tumour|C/4 label dose": (self.kept("er_tumour", "C/4") - 0.6) / 0.2,
            "wt|C no gain at any dose": (most - 1.05) / 0.1,
            "rb1|M no arrest": (0.85 - cycles) / 0.2,
            "rb1|M mostly kept": (0.7 - self.kept("rb1", "M")) / 0.2,
            "ccnd1|C as wild type": (self.kept("ccnd1", "C") - wild - 0.15) / 0.2,
            "CCND1 label dose": (self.kept("ccnd1", "C/4") - wild_label - 0.25) / 0.2,
            "p16 not more sensitive": (wild_label - 0.05 - self.kept("p16", "C/4")) / 0.2,
        }

    def matrix(self) -> dict[str, np.ndarray]:
        c = self.cycling
        return {
            "wt|C -": self.minus("wt", "C"),
            "wt|M -": self.minus("wt", "M"),
            "wt|F -": self.minus("wt", "F"),
            "wt|CM c": self.combined("wt", "CM"),
            "wt|C partial": (0.15 - self.r("wt", "C")) / 0.2,
            "wt|M partial": (0.15 - self.r("wt", "M")) / 0.2,
            "wt|CFA --": self.halted("wt", "CFA"),
            "tp53|C -": self.minus("tp53", "C"),
            "tp53|M 0": self.zero("tp53", "M"),
            "tp53|F -": self.minus("tp53", "F"),
            "tp53|CM = C": self.equal("tp53", "CM", self.r("tp53", "C")),
            "tp53|CFA --": self.halted("tp53", "CFA"),
            "rb1|vehicle grows": (0.3 - self.r("rb1", "vehicle")) / 0.2,
            "rb1|C 0": self.zero("rb1", "C"),
            "rb1|M -": self.minus("rb1", "M"),
            "rb1|CM = M": self.equal("rb1", "CM", self.r("rb1", "M")),
            "cdkn1a|C -": self.minus("cdkn1a", "C"),
            "cdkn1a|C weaker": (self.effect("cdkn1a", "C") - self.effect("wt", "C")) / 0.2,
            "cdkn1a|M 0 cycling": self.zero("cdkn1a", "M", c),
            "cdkn1a|CM = cycling": self.equal(
                "cdkn1a", "CM", np.minimum(c("cdkn1a", "C"), c("cdkn1a", "M")), c
            ),
            "clamp|C --": (self.r("clamp", "C") - 0.05) / 0.2,
            "cdk2|C cycling": (c("cdk2", "C") - 0.3) / 0.2,
            "cn12_tp53|M 0": self.zero("cn12_tp53", "M"),
            "mdm4|M -": self.minus("mdm4", "M"),
            "mdm4|M weaker": (self.effect("mdm4", "M") - self.effect("wt", "M")) / 0.2,
            "akt|CA c": self.combined("akt", "CA"),
            "akt|CA partial": (0.15 - np.minimum(self.r("akt", "C"), self.r("akt", "A"))) / 0.2,
            "akt|CA largest gain": self._largest_gain(),
            "akt|CFA --": self.halted("akt", "CFA"),
            "er_loss|F 0": self.zero("er_loss", "F"),
        }

    def markers(self) -> dict[str, np.ndarray]:
        ratio = self._ratio
        free = ratio("wt", "C", "free_CIP")
        free_clamp = self.get("clamp", "C", "free_CIP") / self.get("wt", "vehicle", "free_CIP")
        gain = self.gain("wt", "CM", self.cycling)
        gain_null = self.gain("cdkn1a", "CM", self.cycling)
        akt_gain, akt_null = self.gain("akt", "CA"), self.gain("akt_cdkn1a", "CA")
        s_mel = self.get("mel", "C", "S_phase") / np.maximum(self.get("mel_clamp", "C", "S_phase"), 1e-9)
        e_mel = self.get("mel", "C", "CDK2_active_fraction") / self.get("mel", "vehicle", "CDK2_active_fraction")
        k_mel = self.get("mel", "C", "CDK2_active") / np.maximum(self.get("mel_clamp", "C", "CDK2_active"), 1e-9)
        rbp = self.get("mcf7", "C", "RB_phospho") / self.get("mcf7", "vehicle", "RB_phospho")
        log = np.log
        gap = np.max([self.get("on", f"{m:g}", "S_phase") - self.get("off", f"{m:g}", "S_phase") for m in MITOGENS], axis=0)
        return {
            "bistable restriction point": (0.25 - gap) / 0.2,
            "A4 cyclin D1 up": -log(ratio("wt", "C", "CycD_total") / 1.5) / 0.5,
            "A5 free CIP down": log(free / 0.7) / 0.5,
            "A5 free CIP down in melanoma": log(ratio("mel", "C", "free_CIP") / 0.7) / 0.5,
            "A5 total p21 flat": (np.abs(ratio("wt", "C", "p21_total") - 1) - 0.25) / 0.2,
            "A5 clamp removes fall": ((1 - free_clamp) - 0.2 * np.maximum(1 - free, 0)) / 0.2,
            "A6 S phase over clamp": -log(s_mel / 3) / 1.0,
            "A6 active fraction": -log(e_mel / 1.2) / 0.5,
            "A6 CDK2 over clamp": -log(k_mel / 1.5) / 0.5,
            "B7 RB-P falls": log(rbp / 0.2) / 1.0,
            "A8 p53 up": -log(ratio("wt", "M", "p53_total") / 3) / 0.5,
            "A9 p21 up": -log(ratio("wt", "M", "p21_total") / 3) / 0.5,
            "A9 CDK2 down": log(self.get("wt", "CM", "CDK2_active") / self.get("wt", "C", "CDK2_active") / 0.3) / 1.0,
            "A9 gain needs p21": (gain_null - 0.2 * np.maximum(gain, 0)) / 0.1,
            "A18 gain": (0.1 - akt_gain) / 0.2,
            "A18 gain needs p21": (akt_null - 0.5 * np.maximum(akt_gain, 0)) / 0.1,
            "C2 CN12 p53 low": log(self.baseline("cn12", "p53_active") / 0.2) / 1.0,
            "C2 drug restores": -log(self.get("cn12", "M", "p53_active") / self.get("wt", "vehicle", "p53_active")) / 0.5,
            "E3 doublet regrows": (0.1 - self.r("akt", "CF")) / 0.2,
            "E3 triplet holds": self.r("akt", "CFA") / 0.2,
            "E3 gain needs p21": (self._triplet_gain("akt_cdkn1a") - 0.5 * np.maximum(self._triplet_gain("akt"), 0)) / 0.1,
            "E3 AKTi does not suffice": (0.3 - self.r("akt", "A")) / 0.2,
            "E4 switch fails": (0.8 * self.r("akt", "CF") - self.r("akt", "AF")) / 0.2,
            "mel grows": (0.3 - self.r("mel", "vehicle")) / 0.2,
            "A2 mel C partial": (0.15 - self.r("mel", "C") / np.maximum(self.r("mel", "vehicle"), 0.1)) / 0.2,
            "A2 mel CM": self.combined("mel", "CM"),
        }  # fmt: skip

    def _ratio(self, g: str, t: str, observable: str) -> np.ndarray:
        return self.get(g, t, observable) / self.get(g, "vehicle", observable)

    def baseline(self, genotype: str, observable: str) -> np.ndarray:
        """Untreated level of a genotype over that of the wild type."""
        return self.get(genotype, "vehicle", observable) / self.get("wt", "vehicle", observable)

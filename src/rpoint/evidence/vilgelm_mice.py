"""Vilgelm 2019 in mice and slices: the doublet by genotype, in two melanomas, and ex vivo.

The melanoma is BRAF-driven, CDKN2A lost, with PI3K-AKT active (the resistant one of the paper) or
not.  The paper's doses were not available.  Of the catalogue's mouse regimens of each class the one
whose average exposure is nearest to the reference exposure (30 times the in-cell constant), at
which all claims are stated, is taken: palbociclib 50 mg/kg (27-fold) rather than ribociclib 75
mg/kg (320-fold), and CGM097 100 mg/kg (21-fold) rather than siremadlin 40 mg/kg (220-fold).
"""

from __future__ import annotations

import numpy as np

from rpoint.biology import contexts
from rpoint.evidence import tables
from rpoint.evidence.conditions import Setup, genotype
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.xenografts import VEHICLE, Grafts, graft
from rpoint.plots import evidence as draw
from rpoint.tumour.simulate import in_host

C, M, BOTH, TRIPLE = "CDK4/6i", "MDM2i", "CDK4/6i + MDM2i", "doublet + BRAF inhibitor"
REGIMEN = {
    C: "palbociclib 50 mg/kg qd 5/7",
    M: "cgm097 100 mg/kg qd",
    BOTH: "palbociclib 50 mg/kg qd 5/7 + cgm097 100 mg/kg qd",
    TRIPLE: "palbociclib 50 mg/kg qd 5/7 + cgm097 100 mg/kg qd + encorafenib 20 mg/kg bid",
}
WEEKS, START_MM3 = 3.0, 200.0
GENOTYPES = ("wild type", "TP53-null", "RB1-null", "TP53-null & RB1-null", "CDKN1A-null")
RESISTANT, SECOND = "melanoma_resistant", "melanoma"
DOSES = (
    "The paper's doses were not available: of the catalogue's mouse regimens of each class the one "
    "nearest to the reference exposure is taken; mouse pharmacokinetics are partly scaled from man."
)
REGRESSION = -0.3  # best change of volume that counts as regression
LEAST = 0.5  # tumour growth inhibition that counts as a response


def _cell(context: str, name: str) -> dict[str, float]:
    return in_host({**contexts()[context], **genotype(name)["set"]})


def genotype_grafts(lab: Lab) -> Grafts:
    """The resistant melanoma in five genotypes under four arms."""
    arms = {VEHICLE: "none", C: REGIMEN[C], M: REGIMEN[M], BOTH: REGIMEN[BOTH]}
    lines = {name: _cell(RESISTANT, name) for name in GENOTYPES}
    return lab.once("melanoma by genotype", lambda: _run(lab, lines, arms))


def _with_standard(lab: Lab) -> Grafts:
    """The resistant melanoma under the doublet with a BRAF inhibitor."""
    lines, arms = {"resistant": _cell(RESISTANT, "wild type")}, {TRIPLE: REGIMEN[TRIPLE]}
    return lab.once("melanoma, triplet", lambda: _run(lab, lines, arms))


def _second(lab: Lab) -> Grafts:
    """A second melanoma, PI3K-AKT normal, under every arm."""
    lines = {"second": _cell(SECOND, "wild type")}
    return lab.once("second melanoma", lambda: _run(lab, lines, {VEHICLE: "none", **REGIMEN}))


def _run(lab: Lab, lines: dict[str, dict[str, float]], arms: dict[str, str]) -> Grafts:
    return graft(lab, lines, arms, weeks=WEEKS, start_mm3=START_MM3, kind="melanoma")


def inhibition(run: Grafts, arm: str, line: str) -> np.ndarray:
    """Tumour growth inhibition 1 - dT/dC at the endpoint, shape (sets,)."""
    return 1 - (run.fold(arm, line) - 1) / (run.fold(VEHICLE, line) - 1)


def _slowing(run: Grafts, arm: str, line: str) -> np.ndarray:
    """Part of the untreated growth rate that is gone, shape (sets,)."""
    return 1 - np.log(run.fold(arm, line)) / np.log(run.fold(VEHICLE, line))


def _log_volume(run: Grafts, arm: str, line: str) -> np.ndarray:
    return np.log(run.fold(arm, line))


def gain(run: Grafts, line: str) -> np.ndarray:
    """Log volume under the better single minus that under the doublet, shape (sets,)."""
    better = np.minimum(_log_volume(run, C, line), _log_volume(run, M, line))
    return better - _log_volume(run, BOTH, line)


def best_change(run: Grafts, arm: str, line: str) -> np.ndarray:
    """Lowest volume at day 10 or later over the start, minus one, shape (sets,)."""
    course = run.course(arm, line)[:, run.times_h >= 240.0]
    return np.exp(course.min(axis=1)) - 1


@experiment("A2", cost=15)
def antagonist_helps(lab: Lab) -> Finding:
    """Four arms in the resistant melanoma, TP53 and RB1 intact and lost."""
    run, line = genotype_grafts(lab), "wild type"
    folds = {arm: run.fold(arm, line) for arm in (VEHICLE, C, M, BOTH)}
    better = np.minimum(folds[C], folds[M])
    slow = {arm: _slowing(run, arm, line) for arm in (C, M, BOTH)}
    bliss = slow[BOTH] - (slow[C] + slow[M] - slow[C] * slow[M])
    null = run.fold(BOTH, "TP53-null") / np.minimum(
        run.fold(C, "TP53-null"), run.fold(M, "TP53-null")
    )
    no_rb = run.fold(BOTH, "RB1-null") / np.minimum(
        run.fold(C, "RB1-null"), run.fold(M, "RB1-null")
    )
    return Finding(
        ran="Xenografts of the resistant melanoma, three weeks: vehicle, palbociclib 50 mg/kg "
        "five days a week, CGM097 100 mg/kg daily, both; the same without TP53 and without RB1.",
        assumptions=[DOSES],
        acceptance=[
            Check(
                "endpoint volume, doublet over better single",
                folds[BOTH] / better,
                Criterion("<=", 0.6),
            ),
            Check("Bliss excess on growth-rate inhibition", bliss, Criterion(">", 0.0)),
        ],
        falsifier=[
            Check("doublet over better single, TP53-null", null, Criterion(">=", 0.9)),
            Check("doublet over better single, RB1-null", no_rb, Criterion(">=", 0.9)),
        ],
        beside=[
            Check(f"tumour growth inhibition under {arm}", inhibition(run, arm, line))
            for arm in (C, M, BOTH)
        ],
        figures=[
            draw.dots(
                tables.dots(lab, folds),
                axis="volume after three weeks over start",
                title="Resistant melanoma in mice",
                threshold=1.0,
                threshold_label="start",
                log=True,
            )
        ],
    )


@experiment("A15", cost=2)
def only_wild_types_benefit(lab: Lab) -> Finding:
    """Gain of the doublet over the better single in the 2 x 2 table of TP53 and RB1."""
    run = genotype_grafts(lab)
    gains = {name: gain(run, name) for name in GENOTYPES[:4]}
    whole = np.maximum(gains["wild type"], 1e-9)
    effect = {
        (arm, line): _log_volume(run, VEHICLE, line) - _log_volume(run, arm, line)
        for arm in (C, M)
        for line in ("wild type", "RB1-null")
    }
    few = Criterion("<", 0.1)
    return Finding(
        ran="Xenografts of the resistant melanoma with TP53 and RB1 intact or lost, four arms, "
        "three weeks. Gain = log volume under the better single minus log volume under the "
        "doublet.",
        acceptance=[
            Check("gain, TP53-wt and RB1-wt", gains["wild type"], Criterion(">", 0.0)),
            Check(
                "MDM2i effect kept without RB1, of that with RB1",
                effect[M, "RB1-null"] / np.maximum(effect[M, "wild type"], 1e-9),
                Criterion(">=", 0.5),
            ),
        ],
        falsifier=[
            Check(
                "difference by the doublet, TP53-null, of the gain in wt/wt",
                np.abs(gains["TP53-null"]) / whole,
                few,
            ),
            *(
                Check(f"gain of {name}, of that in wt/wt", gains[name] / whole, few)
                for name in ("RB1-null", "TP53-null & RB1-null")
            ),
            Check(
                "CDK4/6i effect without RB1, of that with RB1",
                np.abs(effect[C, "RB1-null"]) / np.maximum(effect[C, "wild type"], 1e-9),
                few,
            ),
        ],
        figures=[
            draw.dots(
                tables.dots(lab, gains),
                axis="gain of the doublet, log volume",
                title="Who benefits from the doublet",
                threshold=0.0,
                threshold_label="none",
            )
        ],
    )


# The ex-vivo slice: no vessels, so constant drug; 72 h; S phase (Ki67-like) and death.
SLICE_DAYS = 3.0
SLICE_ARMS = (C, M, BOTH)
SLICE_LINES = ("wild type", "TP53-null", "RB1-null", "CDKN1A-null")


def _slice(line: str, arm: str) -> Setup:
    return Setup("vehicle" if arm == VEHICLE else arm, line, context=RESISTANT, days=SLICE_DAYS)


SLICES = [_slice(line, arm) for line in SLICE_LINES for arm in (VEHICLE, *SLICE_ARMS)]


def slice_agreement(lab: Lab, run: Grafts) -> np.ndarray:
    """Part of the (genotype, treatment) pairs whose slice class is that in mice, shape (sets,)."""
    same = []
    for line in SLICE_LINES:
        for arm in SLICE_ARMS:
            in_mice = inhibition(run, arm, line) >= LEAST
            same.append(slice_responds(lab, line, arm) == in_mice)
    return np.mean(same, axis=0)


def slice_responds(lab: Lab, line: str, arm: str) -> np.ndarray:
    """S phase halved or death doubled in the slice at 72 h, shape (sets,)."""
    phase = lab.cells.ratio("S_phase", _slice(line, arm), _slice(line, VEHICLE))
    death = lab.cells.ratio("death_rate", _slice(line, arm), _slice(line, VEHICLE))
    return (phase <= 0.5) | (death >= 2.0)


@experiment("A14", SLICES, cost=15)
def doublet_in_models_and_slices(lab: Lab) -> Finding:
    """Two melanomas in mice, with and without a BRAF inhibitor, and slices."""
    mice, second = genotype_grafts(lab), _second(lab)
    models = {"PI3K-AKT active": (mice, "wild type"), "PI3K-AKT normal": (second, "second")}
    more = [
        inhibition(run, BOTH, line) - np.maximum(inhibition(run, C, line), inhibition(run, M, line))
        for run, line in models.values()
    ]
    shown = {
        f"{arm}, {name}": best_change(run, arm, line)
        for name, (run, line) in models.items()
        for arm in (C, M, BOTH)
    }
    triples = {
        f"{TRIPLE}, PI3K-AKT active": best_change(_with_standard(lab), TRIPLE, "resistant"),
        f"{TRIPLE}, PI3K-AKT normal": best_change(second, TRIPLE, "second"),
    }
    triple = np.mean(list(triples.values()), axis=0)
    double = np.mean([shown[f"{BOTH}, {name}"] for name in models], axis=0)
    agreement = slice_agreement(lab, mice)
    shown |= triples
    return Finding(
        ran="Two melanomas in mice for three weeks (PI3K-AKT active and not): singles, doublet, "
        "doublet with the BRAF inhibitor encorafenib as standard of care. Slices of four "
        "genotypes: 72 h of constant drug, responding if S phase halves or death doubles; "
        "in mice: growth inhibition of 50 % or more.",
        acceptance=[
            Check(
                "inhibition, doublet minus better single, lower of two models",
                np.minimum(*more),
                Criterion(">", 0.0),
            ),
            Check(
                "mean best change with standard of care added", triple, Criterion("<=", REGRESSION)
            ),
            Check("slice class agrees with class in mice", agreement, Criterion(">=", 0.8)),
        ],
        falsifier=[
            Check(
                "gain of the doublet without TP53, of that with it",
                np.abs(gain(mice, "TP53-null")) / np.maximum(gain(mice, "wild type"), 1e-9),
                Criterion("<", 0.1),
            )
        ],
        literal=Check(
            "'the doublet shrank tumours': mean best change under the doublet alone",
            double,
            Criterion("<=", REGRESSION),
        ),
        figures=[
            draw.dots(
                tables.dots(lab, shown),
                axis="best change of volume at day 10 or later",
                title="Best change in two melanomas",
                threshold=REGRESSION,
                threshold_label="regression",
            )
        ],
        notes=[
            "A slice cannot regress: it is read by S phase and death, as the paper's slices "
            "were by molecular response (unverified for the slice detail)."
        ],
    )


@experiment("A7", cost=2)
def xenografts_exist(lab: Lab) -> Finding:
    """The xenograft as an object: mice, growth law, dosing, noise."""
    run = genotype_grafts(lab)
    few = run.mice(VEHICLE, "wild type", lab.seed, 8)
    again = run.mice(VEHICLE, "wild type", lab.seed, 8)
    other = run.mice(VEHICLE, "wild type", lab.seed + 1, 8)
    spread = few.std(axis=1) / few.mean(axis=1)
    return Finding(
        ran="Eight mice with the resistant melanoma, drawn twice with one seed and once with "
        "another.",
        acceptance=[
            Check("mice drawn", np.array(few.shape[1]), Criterion("within", (8.0, 8.0))),
            Check("coefficient of variation between mice", spread, Criterion(">", 0.0)),
            Check(
                "largest difference between two draws with one seed",
                np.abs(few - again).max(axis=1),
                Criterion("<=", 0.0),
                "mm3",
            ),
            Check(
                "difference between draws with two seeds",
                np.abs(few.mean(axis=1) - other.mean(axis=1)),
                Criterion(">", 0.0),
                "mm3",
            ),
        ],
        beside=[Check("mean endpoint volume", few.mean(axis=1), unit="mm3")],
        notes=["Start volume, growth rate and caliper reading differ between mice."],
    )

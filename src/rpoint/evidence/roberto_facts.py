"""Roberto 2021 and Lloyd 2021, facts: classes of resistance genes, their counts, trials by node.

Nothing is simulated here: the catalogue is held against the printed numbers in ``resistance.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from scipy.stats import beta, fisher_exact

from rpoint import catalog
from rpoint.catalog import Alteration
from rpoint.catalog._yaml import parse
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding

RESISTANT, SENSITIVE = 41, 18
GROUPS = {"CDK4/6 inhibitor resistant": "resistant", "CDK4/6 inhibitor sensitive": "sensitive"}
NONE = Criterion("<=", 0.0)
# Input of the cell model that a node's drug drives.
NODE_INPUT = {"AKT": "c_AKT", "AURKA": "c_AURKA", "MAPK": "c_MEK"}


@cache
def printed() -> dict[str, Any]:
    """The content of resistance.yaml."""
    name = "resistance.yaml"
    return parse((files("rpoint.evidence") / name).read_text(encoding="utf-8"), name)


def class_table(alterations: Iterable[Alteration]) -> dict[str, set[str]]:
    """Gene -> the classes that its alterations have."""
    found: dict[str, set[str]] = {}
    for alteration in alterations:
        found.setdefault(alteration.gene, set()).add(alteration.alteration_class)
    return found


def acts_elsewhere(alteration: Alteration, classes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether an alteration moves no handle of its class, or one of another class."""
    own = classes[alteration.alteration_class]
    moved = {effect.handle for effect in alteration.effects}
    allowed = {*own["handles"], *own["beside"]}
    return not moved & set(own["handles"]) or bool(moved - allowed)


def classify(alterations: Iterable[Alteration]) -> dict[str, list[str]]:
    """What is wrong or missing in the classes of resistance genes.

    Returns
    -------
    dict
        misplaced: genes of the register that are absent or not in exactly their class;
        double: genes of the catalogue with more than one class;
        elsewhere: alterations of the register's genes that act through another class's handles;
        left_out: genes of the register that the document's two classes do not hold.
    """
    alterations = list(alterations)
    classes, found = printed()["classes"], class_table(alterations)
    named = {gene: name for name, entry in classes.items() for gene in entry["genes"]}
    return {
        "misplaced": [gene for gene, name in named.items() if found.get(gene) != {name}],
        "double": [gene for gene, names in found.items() if len(names) > 1],
        "elsewhere": [
            a.id
            for a in alterations
            if a.gene in named and a.alteration_class in classes and acts_elsewhere(a, classes)
        ],
        "left_out": [g for g, name in named.items() if name not in printed()["text_classes"]],
    }


@experiment("B4")
def classes_of_resistance(lab: Lab) -> Finding:
    """Every resistance gene in exactly one class, and what the text's two classes leave out."""
    wrong = classify(catalog.alterations())
    third = [a.id for a in catalog.alterations() if a.alteration_class == "ER dependence"]
    counted = sum(printed()["wander"][one]["resistant"] for one in ("ESR1:loss",))
    rows = [
        {"class": name, "genes": ", ".join(entry["genes"]), "handles": ", ".join(entry["handles"])}
        for name, entry in printed()["classes"].items()
    ]
    number = lambda key: np.array(float(len(wrong[key])))  # noqa: E731
    return Finding(
        ran="The class of every gene in the catalogue against the register's list, and the handles "
        "through which each alteration acts against its class.",
        acceptance=[
            Check("listed genes that are missing or not in their class", number("misplaced"), NONE),
            Check("genes of the catalogue in more than one class", number("double"), NONE),
            Check(
                "alterations in the third class (loss or change of ER dependence)",
                np.array(float(len(third))),
                Criterion(">=", 1.0),
            ),
        ],
        falsifier=[
            Check(
                "alterations that act through the handles of another class than theirs",
                number("elsewhere"),
                NONE,
            )
        ],
        literal=Check(
            "'two groups of change': listed genes that neither group holds",
            number("left_out"),
            NONE,
        ),
        literal_must_fail=True,
        tables=[("Classes of resistance genes", rows)],
        notes=[
            f"In neither group: {', '.join(wrong['left_out'])}; ER loss was seen in {counted} of "
            f"{RESISTANT} resistant biopsies."
        ],
    )


def exact_interval(altered: float, of: float) -> tuple[float, float]:
    """Clopper-Pearson 95 % interval, %.

    >>> [round(x, 1) for x in exact_interval(11, 41)]
    [14.2, 42.9]
    """
    low = 0.0 if altered == 0 else beta.ppf(0.025, altered, of - altered + 1)
    high = 1.0 if altered == of else beta.ppf(0.975, altered + 1, of - altered)
    return 100.0 * float(low), 100.0 * float(high)


def counts(alteration: str) -> dict[str, tuple[float, float]]:
    """Altered biopsies and all biopsies, by group ("resistant", "sensitive")."""
    return {
        GROUPS[c.group]: (c.altered.value, c.of.value)
        for c in catalog.alteration(alteration).counts
        if c.group in GROUPS
    }


def frequency_errors(alteration: str) -> list[str]:
    """Where the catalogue's counts, or what follows from them, differ from the printed numbers."""
    want, have = printed()["wander"][alteration], counts(alteration)
    if set(have) != {"resistant", "sensitive"}:
        return [f"{alteration}: counts are missing"]
    (hit, of), (hit0, of0) = have["resistant"], have["sensitive"]
    wrong = []
    if (hit, of, hit0, of0) != (want["resistant"], RESISTANT, want["sensitive"], SENSITIVE):
        wrong.append(f"{alteration}: counted {hit:g}/{of:g} and {hit0:g}/{of0:g}")
    gaps = np.abs(np.array(exact_interval(hit, of)) - want["interval"])
    if gaps.max() > 0.05 + 1e-9:
        wrong.append(f"{alteration}: interval {exact_interval(hit, of)}")
    p = float(fisher_exact([[hit, of - hit], [hit0, of0 - hit0]]).pvalue)
    printed_to = 0.0055 if want["fisher"] >= 0.05 else 0.0006  # two and three decimals
    if abs(p - want["fisher"]) > printed_to:
        wrong.append(f"{alteration}: Fisher p {p:.4f}")
    return wrong


def trial_errors(trials: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Rows of the evidence table that do not hold together.

    Returns
    -------
    dict
        uncited: no registry number or no source; unknown: a gene that is no resistance gene of the
        catalogue; off_node: a drug of the catalogue that does not act on the row's node.
    """
    genes = {gene for entry in printed()["classes"].values() for gene in entry["genes"]}
    known = {name.casefold() for drug in catalog.drugs() for name in (drug.id, *drug.aliases)}
    wrong: dict[str, list[str]] = {"uncited": [], "unknown": [], "off_node": []}
    for row in trials:
        number = row["id"].removeprefix("NCT")
        if not (number.isdigit() and len(number) == 8 and row["source"]):
            wrong["uncited"].append(row["id"])
        if not row["genes"] or set(row["genes"]) - genes:
            wrong["unknown"].append(row["id"])
        if row["drug"].casefold() in known:
            drives = {drive.input for drive in catalog.drug(row["drug"]).drives}
            if NODE_INPUT[row["node"]] not in drives:
                wrong["off_node"].append(row["id"])
    return wrong


REQUIRED_TRIALS = {
    "AKT": ("NCT04862663",),
    "AURKA": ("NCT03092934", "NCT03955939", "NCT02860000"),
}


@experiment("B9")
def trials_by_mechanism(lab: Lab) -> Finding:
    """The evidence table, trial to node."""
    trials = printed()["trials"]
    wrong = trial_errors(trials)
    listed = {(row["node"], row["id"]) for row in trials}
    missing = [(n, i) for n, ids in REQUIRED_TRIALS.items() for i in ids if (n, i) not in listed]
    unsure = [row["id"] for row in trials if row["grade"] == "unverified"]
    number = lambda rows: np.array(float(len(rows)))  # noqa: E731
    return Finding(
        ran="Table of trials that choose a drug by the mechanism of resistance, held against the "
        "catalogue's genes and drugs.",
        acceptance=[
            Check(
                "trials of the register that the table lacks",
                number(missing),
                Criterion("<=", 0.0, "published"),
            ),
            Check(
                "rows without registration or source",
                number(wrong["uncited"]),
                Criterion("<=", 0.0, "published"),
            ),
        ],
        falsifier=[
            Check("rows whose genes are no resistance genes", number(wrong["unknown"]), NONE),
            Check("rows whose drug does not act on their node", number(wrong["off_node"]), NONE),
        ],
        beside=[Check("rows with something not verified", number(unsure))],
        tables=[("Trials by node", trials)],
        notes=[f"Not verified against the registry: {', '.join(unsure)}."],
    )

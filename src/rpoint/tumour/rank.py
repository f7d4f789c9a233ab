"""`rank`: every doublet and triplet of drug classes for one genotype.

Each class is represented by one drug at its label or trial regimen in a typical patient; what is
ranked is the mean net growth of the tumour's main clone over the first cycle of four weeks.

Not considered: toxicity, doses lowered in combination, interactions between drugs in the body,
drugs that act through the immune system, and resistance that takes longer than a cycle.  A
combination that ranks high is a hypothesis, not an option of treatment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.tumour.lanes import run_courses
from rpoint.tumour.noun import Tumour
from rpoint.tumour.simulate import in_host, shipped, time_grid
from rpoint.tumour.sizes import growing_sets
from rpoint.tumour.why import Explanation, explain, typical_subjects

# One drug for each class that drives the cell model.
DRUGS = (
    "palbociclib", "milademetan", "fulvestrant", "letrozole", "tamoxifen", "capivasertib",
    "alpelisib", "everolimus", "alisertib", "trametinib", "encorafenib",
)  # fmt: skip
VEHICLE = "untreated"
WEEKS = 4
MARGIN = 0.01  # of the untreated rate: what a combination must gain to beat its best part


@dataclass(frozen=True, repr=False)
class Ranking:
    """Combinations of drugs for one tumour, the slowest growth first.

    Attributes
    ----------
    tumour
        For which.
    table
        combination, drugs, drugs_n, growth_over_untreated (median over the parameter sets), lo, hi
        (5 %, 95 %), best_part (growth under the best single drug or doublet within it),
        best_part_name, beats_best_part_pct (share of the sets in which it beats that part),
        deciding (node, for the combinations that were explained).
    growth
        (sets, combinations) growth over untreated, in the order of the table.
    explained
        Combination to `Explanation` against its best part.
    """

    tumour: Tumour
    table: pd.DataFrame
    growth: np.ndarray
    explained: dict[str, Explanation]
    sources: tuple[str, ...] = ()

    def summary(self, top: int = 10, drugs_n: int | None = None) -> pd.DataFrame:
        """The first `top` rows, of `drugs_n` drugs if given."""
        table = self.table if drugs_n is None else self.table[self.table["drugs_n"] == drugs_n]
        return table.head(top).reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def plot(self, top: int = 20) -> Any:
        """The single drugs and the `top` combinations, a `Figure`."""
        from rpoint.plots.tumour import ranking

        alone = self.table["drugs_n"] == 1
        shown = pd.concat([self.table[~alone].head(top), self.table[alone]])
        shown = shown.sort_values("growth_over_untreated").reset_index(drop=True)
        parts = [self.tumour.kind, *self.tumour.alterations]
        return ranking(shown, f"{', '.join(parts)}: combinations by growth", self.cite())

    def cite(self) -> list[str]:
        """The sources behind it."""
        from rpoint.tumour.result import cited

        return cited(self.sources)

    def to_dict(self) -> dict:
        """The ranking as plain data."""
        return {"tumour": self.tumour.to_dict(), "combinations": self.table.to_dict("records")}

    def __repr__(self) -> str:
        return f"<Ranking of {len(self.table)} treatments for {self.tumour!r}>"


def rank(
    tumour: Tumour,
    *,
    drugs: Iterable[str] = DRUGS,
    largest: int = 3,
    sets: int = 16,
    nodes: int = 3,
    explain_top: int = 3,
    jobs: int | None = None,
    ensemble: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ranking:
    """Rank all combinations of up to three drugs for one tumour.

    Parameters
    ----------
    tumour
        Its main clone is treated.
    drugs
        Drugs to combine, one for each class; names, or regimens in text.
    largest
        Number of drugs in the largest combination, 1 to 3.
    sets, nodes
        Parameter sets of the ensemble (evenly spaced), cell-to-cell nodes.
    explain_top
        For how many of the best combinations the deciding node is sought.
    jobs
        Threads.
    ensemble
        Parameter sets; the shipped ensemble when left out.
    progress
        Called with (sets done, sets).

    Returns
    -------
    Ranking
    """
    if largest not in (1, 2, 3):
        raise RpointError("combinations have 1, 2 or 3 drugs", where="largest", found=largest)
    singles = single_regimens(drugs)
    plans = all_combinations(singles, largest)
    ensemble = shipped() if ensemble is None else ensemble
    lead = int(np.argmax(tumour.fractions))
    genotype = in_host(tumour.genotypes()[lead])
    rows = np.flatnonzero(growing_sets(ensemble, genotype, nodes, jobs))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(sets, len(rows))).round().astype(int))]
    arms = {VEHICLE: Regimen.vehicle(), **{" + ".join(p): plans[p] for p in plans}}
    courses = run_courses(
        typical_subjects(rows, "patient"),
        [genotype],
        arms,
        time_grid(WEEKS),
        ensemble,
        nodes=nodes,
        threads=jobs,
        progress=progress,
        rtol=1e-3,  # moves the integral of the rates over 24 weeks by 3e-6 of it
    )
    net = (courses.division - courses.death)[:, :, 0]
    untreated = (courses.untreated_division - courses.untreated_death)[:, 0]
    mean = np.trapezoid(net, courses.times_h, axis=-1) / courses.times_h[-1]
    growth = mean[:, 1:] / untreated[:, None]
    table = ranked_table(list(plans), growth)
    found = _explain(tumour, table, arms, ensemble, explain_top, nodes, jobs)
    table["deciding"] = [found[n].deciding if n in found else "" for n in table["combination"]]
    order = table.pop("column").to_numpy()
    return Ranking(tumour, table, growth[:, order], found, _sources(tumour, singles))


def single_regimens(drugs: Iterable[str]) -> dict[str, Regimen]:
    """Drug to its regimen: the label's, the trial's, or the one in the text.

    Raises
    ------
    RpointError
        For a drug that does not act on the cell model, or that no regimen is known of.
    """
    found: dict[str, Regimen] = {}
    for text in drugs:
        if " " in text.strip():
            plan = parse(text)
            found[" + ".join(plan.drugs)] = plan
            continue
        entry = catalog.drug(text)
        regimen = entry.label_regimen()
        if not entry.drives or regimen is None:
            raise RpointError(
                f"{entry.id} cannot be ranked",
                found="no effect on the cell model" if regimen else "no regimen in patients",
                mend="leave it out",
            )
        found[entry.id] = parse(regimen.text)
    if not found:
        raise RpointError("no drug to rank", where="drugs")
    return found


def all_combinations(singles: dict[str, Regimen], largest: int) -> dict[tuple[str, ...], Regimen]:
    """Every combination of up to `largest` drugs, as one regimen each."""
    plans = {}
    for size in range(1, largest + 1):
        for names in combinations(singles, size):
            plan = singles[names[0]]
            for name in names[1:]:
                plan = plan + singles[name]
            plans[names] = plan
    return plans


def ranked_table(names: Sequence[tuple[str, ...]], growth: np.ndarray) -> pd.DataFrame:
    """The table of a ranking, the slowest median growth first, with the column of `growth`.

    Parameters
    ----------
    names
        Drugs of each combination.
    growth
        (sets, combinations) growth over untreated.
    """
    index = {drugs: k for k, drugs in enumerate(names)}
    median = np.nanmedian(growth, axis=0)
    rows = []
    for drugs, k in index.items():
        lo, hi = np.nanpercentile(growth[:, k], [5, 95])
        row = {
            "combination": " + ".join(drugs),
            "drugs": list(drugs),
            "drugs_n": len(drugs),
            "growth_over_untreated": float(median[k]),
            "lo": float(lo),
            "hi": float(hi),
            "best_part": np.nan,
            "best_part_name": "",
            "beats_best_part_pct": np.nan,
            "column": k,
        }
        parts = [index[p] for size in range(1, len(drugs)) for p in combinations(drugs, size)]
        if parts:
            best = min(parts, key=lambda p: median[p])
            row["best_part"] = float(median[best])
            row["best_part_name"] = " + ".join(names[best])
            beaten = growth[:, k] < growth[:, parts].min(axis=1) - MARGIN
            row["beats_best_part_pct"] = 100.0 * float(beaten.mean())
        rows.append(row)
    return pd.DataFrame(rows).sort_values("growth_over_untreated", ignore_index=True)


def _explain(tumour, table, arms, ensemble, top, nodes, jobs) -> dict[str, Explanation]:
    """Explanations of the best combinations that differ from their best part."""
    found: dict[str, Explanation] = {}
    gain = table["best_part"] - table["growth_over_untreated"]
    for row in table[gain > 0.05].head(top).itertuples():
        found[row.combination] = explain(
            tumour,
            arms,
            row.combination,
            row.best_part_name,
            ensemble,
            sets=6,
            nodes=nodes,
            threads=jobs,
        )
    return found


def _sources(tumour: Tumour, singles: dict[str, Regimen]) -> tuple[str, ...]:
    from rpoint.tumour.result import drug_sources, model_sources

    drugs = dict.fromkeys(drug for plan in singles.values() for drug in plan.drugs)
    used = [*tumour.sources("patient"), *drug_sources(drugs), *model_sources()]
    return tuple(dict.fromkeys(used))

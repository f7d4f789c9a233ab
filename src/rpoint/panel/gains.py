"""What a combination adds to the better of its parts, over a panel: a prediction.

For every draw the gain is the growth inhibition of the combination minus that of its better part,
all three in the same tumour (the draws share everything that is not treatment).  A combination that
nobody has measured is predicted from the cell model and the parts; nothing is fitted to it, and the
table says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from rpoint.errors import RpointError, unknown_name
from rpoint.panel.arms import Arm
from rpoint.panel.noun import Panel
from rpoint.panel.predict import DRAWS, predict_xenografts
from rpoint.panel.prediction import ENOUGH, Inhibitions
from rpoint.panel.traits import copies_of
from rpoint.plots import panel as plots
from rpoint.plots._figure import Figure

LABEL = "prediction: this combination was not measured in any panel that the model has seen"
#: Genes whose states name a group, in this order.
GROUP_GENES = ("TP53", "RB1", "CDKN2A", "MDM2", "CCND1", "CCNE1")
#: Groups of fewer models are pooled.
SMALLEST_GROUP = 3
#: A gain that would matter: a quarter of the untreated growth.
RELEVANT = 0.25
#: Two-sided error and power of the experiment that would decide.
ERROR, POWER = 0.05, 0.8


@dataclass(frozen=True, eq=False, repr=False)
class Gains:
    """Gain of one combination in every model.

    Attributes
    ----------
    panel
        Models.
    combination, parts
        Names of the arms.
    inhibition
        Arm -> (n, J) growth inhibition of the draws, no error of measurement.
    noise
        SD of the error of one measured growth inhibition.
    """

    panel: Panel
    combination: str
    parts: tuple[str, ...]
    inhibition: Mapping[str, np.ndarray]
    noise: float

    @cached_property
    def draws(self) -> np.ndarray:
        """(n, J) gain over the better part; NaN where the untreated cells do not grow."""
        better = np.maximum.reduce([self.inhibition[part] for part in self.parts])
        return self.inhibition[self.combination] - better

    def to_frame(self) -> pd.DataFrame:
        """One row a model, the largest mean gain first.

        Returns
        -------
        pandas.DataFrame
            model_id, tumour_type, group, gain (mean), lo90, hi90, chance_relevant (share of draws
            above `RELEVANT`), combination and parts (mean growth inhibition), label.
        """
        usable = np.isfinite(self.draws).mean(axis=1) >= ENOUGH
        draws = np.where(usable[:, None], self.draws, 0.0)
        low, high = np.nanquantile(draws, [0.05, 0.95], axis=1)
        table = pd.DataFrame(
            {
                "model_id": self.panel.ids,
                "tumour_type": self.panel.types,
                "group": groups(self.panel),
                "gain": _means(draws),
                "lo90": low,
                "hi90": high,
                "chance_relevant": _share(draws > RELEVANT, draws),
            }
        )
        for arm in (self.combination, *self.parts):
            own = np.where(usable[:, None], self.inhibition[arm], 0.0)
            table[arm] = _means(own)
        numbers = table.columns[3:]
        table.loc[~usable, numbers] = np.nan
        table["label"] = LABEL
        return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)

    def by_group(self) -> pd.DataFrame:
        """Genotypes that gain and that do not: mean gain of each group, with 90 % interval.

        The interval is over the draws of the group's mean: what the model does not know, not the
        spread between tumours (`gain_spread`, the SD between models of the mean gain).
        """
        names = np.array(groups(self.panel), object)
        counts = pd.Series(names).value_counts()
        rows = []
        for name, count in counts.items():
            own = self.draws[names == name]
            grows = np.isfinite(own).any(axis=0)  # draws in which some of the group's cells grow
            mean = np.nanmean(own[:, grows], axis=0) if grows.any() else np.zeros(1)
            low, high = np.quantile(mean, [0.05, 0.95])
            rows.append(
                {
                    "group": name,
                    "models": int(count),
                    "gain": float(mean.mean()),
                    "lo90": float(low),
                    "hi90": float(high),
                    "gain_spread": float(np.std(_means(own))),
                    "chance_relevant": float(_share(own > RELEVANT, own).mean()),
                }
            )
        table = pd.DataFrame(rows)
        return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)

    def experiment(self) -> dict[str, Any]:
        """The experiment that would decide: which models, which arms, how many mice.

        The groups with the largest and the smallest predicted gain are compared, one mouse a model
        and arm.  The number of models a group is that of a two-sided test of the difference of mean
        gains; the SD holds the error of three measured inhibitions and the spread between models.
        """
        table = self.by_group()
        large = table[table["models"] >= SMALLEST_GROUP]
        if len(large) < 2:
            large = table
        best, worst = large.iloc[0], large.iloc[-1]
        difference = float(best["gain"] - worst["gain"])
        spread = float(np.sqrt(2.0 * self.noise**2 + np.nanstd(self.draws) ** 2))
        quantiles = norm.ppf(1 - ERROR / 2) + norm.ppf(POWER)
        each = int(np.ceil(2 * (quantiles * spread / max(difference, 1e-3)) ** 2))
        return {
            "gains_most": best["group"],
            "gains_least": worst["group"],
            "predicted_difference": difference,
            "sd_of_one_gain": spread,
            "models_per_group": each,
            "arms": [*self.parts, self.combination, "untreated"],
            "decides": (
                f"{each} models of each group, one mouse an arm ({', '.join(self.parts)}, "
                f"{self.combination}, untreated): the mechanism is refuted if the combination "
                f"gains no more in {best['group']} than in {worst['group']} "
                f"({100 * POWER:.0f} % power for the predicted difference of {difference:.2f}, "
                f"error {ERROR:g})"
            ),
        }

    def to_dict(self) -> dict[str, Any]:
        """Models, groups and the deciding experiment as plain data."""
        return {
            "label": LABEL,
            "combination": self.combination,
            "parts": list(self.parts),
            "models": self.to_frame().to_dict("records"),
            "groups": self.by_group().to_dict("records"),
            "experiment": self.experiment(),
        }

    def plot(self) -> Figure:
        """The gain of every group, the largest first, with 90 % intervals."""
        table = self.by_group().rename(
            columns={"models": "n", "lo90": "gain_lo90", "hi90": "gain_hi90"}
        )
        title = f"{self.combination}: predicted gain by genotype"
        return plots.new_combinations(table.assign(setting=repr(self.panel)[1:-1]), title=title)

    def __repr__(self) -> str:
        parts = ", ".join(self.parts)
        return f"<Gains of {self.combination} over {parts}: {len(self.panel)} models>"


def _means(draws: np.ndarray) -> np.ndarray:
    """Mean of every row over the draws that came through; 0 if none did."""
    known = np.isfinite(draws)
    return np.where(known, draws, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _share(hits: np.ndarray, draws: np.ndarray) -> np.ndarray:
    known = np.isfinite(draws).sum(axis=1)
    return (hits & np.isfinite(draws)).sum(axis=1) / np.maximum(known, 1)


def gains(
    panel: Panel,
    parts: Sequence[str],
    combination: str | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    jobs: int | None = None,
    **known: Any,
) -> Gains:
    """Predict what a combination adds in every model of a panel.

    Parameters
    ----------
    panel
        Models, or patients' genotypes (predicted as xenografts of such tumours would respond).
    parts
        The arms that are combined.
    combination
        The combined arm; the parts joined with "+" when left out.
    draws, seed, jobs, known
        As for `rpoint.panel.predict.predict_xenografts`.
    """
    if len(parts) < 2:
        raise RpointError("a combination has two parts at least", where="--gain", found=list(parts))
    both = combination or "+".join(parts)
    made = predict_xenografts(panel, [*parts, both], draws=draws, seed=seed, jobs=jobs, **known)
    return gains_of(made, made.arms[-1], made.arms[:-1])


def parts_of(plans: Sequence[Arm], combination: str) -> tuple[str, ...]:
    """The arms that a combination is compared with: those that give some of its drugs, no other.

    Raises
    ------
    RpointError
        If there is no such combination, or its parts are not among the arms.
    """
    by_name = {plan.name: {part.drug for part in plan.parts} for plan in plans}
    if combination not in by_name:
        raise unknown_name("arm", combination, by_name, where="--gain")
    whole = by_name[combination]
    found = tuple(name for name, drugs in by_name.items() if drugs < whole)
    if set().union(*(by_name[name] for name in found)) != whole:
        raise RpointError(
            "a gain is over the parts of a combination, which must be arms as well",
            where="--gain",
            found=combination,
            mend="add an --arm for each of " + ", ".join(sorted(whole)),
        )
    return found


def gains_of(made: Inhibitions, combination: str, parts: Sequence[str]) -> Gains:
    """The gains of a combination among predicted arms."""
    for name in (combination, *parts):
        if name not in made.arms:
            raise unknown_name("arm", name, made.arms)
    drawn = made.drawn.draws[made.drawn.where]
    table = {name: drawn[:, made.arms.index(name)] for name in (combination, *parts)}
    # the SD of a Student error with 4 degrees of freedom is its scale times the root of 2
    noise = float(np.sqrt(2.0) * made.drawn.scale.mean())
    return Gains(made.panel, combination, tuple(parts), table, noise)


def groups(panel: Panel) -> list[str]:
    """A name for the genotype of every model: the altered genes of `GROUP_GENES`.

    TP53 and RB1 come first; a group of fewer than `SMALLEST_GROUP` models is named by these alone.
    """
    full = [" ".join(_altered(panel, row, GROUP_GENES)) for row in range(len(panel))]
    counts = pd.Series(full).value_counts()
    short = [" ".join(_altered(panel, row, GROUP_GENES[:2])) for row in range(len(panel))]
    return [
        (name or "none altered")
        if counts[name] >= SMALLEST_GROUP
        else f"{brief or 'TP53 and RB1 intact'} and others"
        for name, brief in zip(full, short, strict=True)
    ]


def _altered(panel: Panel, row: int, genes: Sequence[str]) -> list[str]:
    found = []
    for gene in genes:
        cell = str(panel.states.at[row, gene]) if gene in panel.states else "?"
        parts = tuple(cell.split("+"))
        if cell == "?":
            found += [f"{gene}?"] if gene in ("TP53", "RB1") else []
        elif "loss" in parts or "mut" in parts or copies_of(parts) < 0.8:
            found.append(f"{gene}-")
        elif copies_of(parts) >= 5:
            found.append(f"{gene}+")
    return found

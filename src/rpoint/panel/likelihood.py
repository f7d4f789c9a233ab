"""Marginal likelihood of panel measurements, with its exact gradient.

For a measurement y of a model, the parameter set of the ensemble, whether TP53 and RB1 work, and
what makes this tumour need more or less drug than its like (normal on ln exposure, SD `spread`) are
not known and are summed over:

    p(y) = sum_sets sum_components sum_nodes  w  t_4(y; f(ln c + spread z), noise)

f is read off the tabulated curves (linear in ln c).  Everything that moves ln c, the odds of a
switch or the growth of an assay is linear in the coefficients, so a gradient needs four scores per
measurement; coefficients that change cells enter through the curves' derivatives (`Tables.slopes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit, gammaln

from rpoint.panel.cells import COMPONENTS
from rpoint.panel.coefficients import prior_vectors
from rpoint.panel.observations import EVIDENCE, SCREEN_NM, Group, switch_evidence
from rpoint.panel.response import GRID
from rpoint.panel.traits import CALLS, SWITCHES, Traits

DEGREES = 4.0  # of freedom of the error
_NODES, _WEIGHTS = hermegauss(5)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_STEP = float(np.log(GRID[1] / GRID[0]))
_FIRST = float(np.log(GRID[0])) - _STEP  # the curves are given a column of ones here
#: Concentrations at which an area is evaluated: midpoints of equal steps of ln c over the screen.
_DISH = np.linspace(np.log(SCREEN_NM[0]), np.log(SCREEN_NM[1]), 7)
LN_DISH = 0.5 * (_DISH[1:] + _DISH[:-1])
_IN = {"xenograft": "", "line": " in lines"}
_ON = np.array(COMPONENTS, float)  # (4, 2) whether TP53, RB1 work


def with_ones(table: np.ndarray) -> np.ndarray:
    """Curves with the point below the grid, where nothing happens yet."""
    return np.concatenate([np.ones((*table.shape[:-1], 1)), table], axis=-1)


@dataclass(frozen=True, eq=False)
class Tables:
    """Curves of one panel in one assay.

    Attributes
    ----------
    traits
        The panel's.
    curves
        Axis -> (n, D, 4, K+1) relative growth on the grid, `with_ones`.
    grows
        (n, D, 4) whether the untreated cells grow.
    slopes
        Axis -> coefficient -> derivative of the curves, same shape or broadcastable.
    at
        Coefficients of the cells at which the curves were made.
    """

    traits: Traits
    curves: Mapping[tuple, np.ndarray]
    grows: np.ndarray
    slopes: Mapping[tuple, Mapping[str, np.ndarray]] = field(default_factory=dict)
    at: Mapping[str, float] = field(default_factory=dict)

    def curve(self, axis: tuple, x: Mapping[str, float]) -> np.ndarray:
        """The curves at other coefficients, to first order."""
        found = self.curves[axis]
        for name, slope in self.slopes.get(axis, {}).items():
            change = x.get(name, self.at[name]) - self.at[name]
            if change:
                found = found + change * slope
        return found


def type_name(kind: str, target: str, assay: str) -> str:
    """Coefficient of a tumour type for a class of targets."""
    return f"type:{kind}:{target}{_IN[assay]}"


def spread_name(target: str, assay: str) -> str:
    """Coefficient of the unexplained differences between tumours for a class of targets."""
    return f"spread:{target}{_IN[assay]}"


def call_name(gene: str, call: str, assay: str) -> str:
    """Coefficient of the odds that a switched gene works, given its call."""
    return f"{gene}:{call}{_IN[assay]}"


def names_for(groups: Sequence[Group], tables: Mapping[str, Tables]) -> list[str]:
    """Every coefficient that the groups and tables can teach about."""
    names: dict[str, None] = {}
    for group in groups:
        drug = group.arm.parts[0].drug
        kinds = {tables[group.assay].traits.types[k] for k in group.model} - {""}
        by_type = (type_name(kind, group.target, group.assay) for kind in sorted(kinds))
        names |= dict.fromkeys(by_type)
        names[spread_name(group.target, group.assay)] = None
        names[f"noise:{group.screen}"] = None
        if group.assay == "xenograft":
            names[f"exposure:{drug}"] = None
        else:
            own = ("medium", f"dish:{drug}", f"doublings:{group.screen}")
            names |= dict.fromkeys((*own, f"reference:{group.screen}"))
            names |= dict.fromkeys(f"growth:{kind}" for kind in sorted(kinds))
    for gene in SWITCHES:
        for assay in dict.fromkeys(group.assay for group in groups):
            names |= dict.fromkeys(call_name(gene, call, assay) for call in CALLS[:-1])
        names |= dict.fromkeys(EVIDENCE[gene])
    for table in tables.values():
        names |= dict.fromkeys(n for slopes in table.slopes.values() for n in slopes)
    return list(names)


class Objective:
    """Negative log posterior of the coefficients, in prior standard deviations.

    Parameters
    ----------
    groups
        Measurements.
    tables
        Assay -> curves of its panel.
    """

    def __init__(self, groups: Sequence[Group], tables: Mapping[str, Tables]) -> None:
        self.groups, self.tables = [g for g in groups if len(g.value)], tables
        self.names = names_for(self.groups, tables)
        self.mean, self.sd = prior_vectors(self.names)
        self._index = {name: k for k, name in enumerate(self.names)}
        self._evidence = {assay: switch_evidence(t.traits) for assay, t in tables.items()}

    def values(self, z: np.ndarray) -> dict[str, float]:
        """Coefficients by name at a point in prior SDs."""
        return dict(zip(self.names, (self.mean + self.sd * z).tolist(), strict=True))

    def point(self, x: Mapping[str, float]) -> np.ndarray:
        """The point of coefficients; the prior's mean where one is missing."""
        given = np.array([x.get(n, m) for n, m in zip(self.names, self.mean, strict=True)])
        return (given - self.mean) / self.sd

    def __call__(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient."""
        x = self.values(z)
        total, gradient = 0.0, np.zeros(len(self.names))
        for group in self.groups:
            state = self._evaluate(group, x)
            total += group.weight * float(state.log_p.sum())
            for name, sum_of_scores in state.gradient().items():
                gradient[self._index[name]] += group.weight * sum_of_scores
        return 0.5 * float(z @ z) - total, z - self.sd * gradient

    def scores(self, x: Mapping[str, float]) -> np.ndarray:
        """(measurements, P) gradient of every log likelihood."""
        parts = []
        for group in self.groups:
            table = np.zeros((len(group.value), len(self.names)))
            for name, score in self.group(group, x)[1].items():
                table[:, self._index[name]] = score
            parts.append(table)
        return np.concatenate(parts)

    def group(self, group: Group, x: Mapping[str, float]) -> tuple[np.ndarray, dict]:
        """(N,) log likelihoods, and coefficient -> (N,) their derivatives."""
        state = self._evaluate(group, x)
        scores = {name: group.weight * score for name, score in state.scores().items()}
        return group.weight * state.log_p, scores


    def _evaluate(self, group: Group, x: Mapping[str, float]) -> _Evaluated:
        return _Evaluated(group, self.tables[group.assay], self._evidence[group.assay], x)


class _Evaluated:
    """One group at one point: terms of the mixture, their responsibilities, the scores."""

    def __init__(self, group: Group, tables: Tables, evidence, x: Mapping[str, float]) -> None:
        self.group, self.tables, self.x = group, tables, x
        self.kinds = np.array(tables.traits.types, object)[group.model]
        self.evidence = {name: level[group.model] for name, level in evidence.items()}
        n, d = tables.grows.shape[:2]
        self.rows = np.arange(n * d * 4).reshape(n, d, 4)[group.model][..., None]
        axis = group.arm.parts[0].axis
        self.curve = tables.curve(axis, x).reshape(n * d * 4, -1)
        self.weight, self.odds = self._weights()
        self._predict()
        self._respond()

    # -- weights of the mixture -----------------------------------------------------------------
    def _weights(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """(N, D, 4) weights of sets and components, and the chance that each switch works."""
        traits, model = self.tables.traits, self.group.model
        odds = {}
        for gene in SWITCHES:
            named = [call_name(gene, call, self.group.assay) for call in CALLS]
            by_call = np.array([self.x.get(name, 0.0) for name in named])
            logit = by_call[traits.calls[gene][model]]
            for name in EVIDENCE[gene]:
                logit = logit + self.x[name] * self.evidence[name][:, None]
            odds[gene] = expit(logit)
        on = [np.where(_ON[:, k], odds[g][..., None], 1 - odds[g][..., None])
              for k, g in enumerate(SWITCHES)]  # fmt: skip
        weight = on[0] * on[1] * self.tables.grows[model]
        total = weight.sum(axis=(1, 2), keepdims=True)
        return weight / np.where(total > 0, total, 1.0), odds

    # -- predictions ----------------------------------------------------------------------------
    def _shift(self) -> np.ndarray:
        """(N,) ln exposure of the median tumour of the type."""
        group, x = self.group, self.x
        drug = group.arm.parts[0].drug
        if group.assay == "xenograft":
            own = x[f"exposure:{drug}"]
        else:
            own = x["medium"] + x[f"dish:{drug}"]
        kind = [x.get(type_name(k, group.target, group.assay), 0.0) for k in self.kinds]
        return group.log_base + own + np.array(kind)

    def _predict(self) -> None:
        spread = np.exp(self.x[spread_name(self.group.target, self.group.assay)])
        dose = self._shift()[:, None, None, None] + spread * _NODES
        self.spread = spread
        if self.group.assay == "xenograft":
            growth, slope, self.cell = _read(self.curve, self.rows, dose)
            self.value, self.by_dose = 1.0 - growth, -slope
            self.by_growth = np.zeros(())
        else:
            self._predict_area(dose)

    def _predict_area(self, dose: np.ndarray) -> None:
        x, screen = self.x, self.group.screen
        kind = np.array([x.get(f"growth:{k}", 0.0) for k in self.kinds])
        fold = np.exp(x[f"doublings:{screen}"] + kind)[:, None, None, None]
        area: Any = 0.0
        by_dose: Any = 0.0
        by_growth: Any = 0.0
        self.dish = []
        for ln_c in LN_DISH:
            growth, slope, cell = _read(self.curve, self.rows, dose + ln_c)
            alive = np.exp(-fold * (1.0 - growth))
            area = area + alive
            by_dose = by_dose + alive * fold * slope
            by_growth = by_growth - alive * fold * (1.0 - growth)
            self.dish.append((alive * fold, cell))
        count = len(LN_DISH)
        self.value = area / count + x[f"reference:{screen}"]
        self.by_dose, self.by_growth = by_dose / count, by_growth / count

    def _respond(self) -> None:
        scale = np.exp(self.x[f"noise:{self.group.screen}"])
        residual = (self.group.value[:, None, None, None] - self.value) / scale
        log_t = _LOG_T - np.log(scale) - 0.5 * (DEGREES + 1) * np.log1p(residual**2 / DEGREES)
        pull = (DEGREES + 1) / (DEGREES + residual**2)
        term = np.log(np.maximum(self.weight, 1e-300))[..., None] + np.log(_WEIGHTS) + log_t
        top = term.max(axis=(1, 2, 3), keepdims=True)
        share = np.exp(term - top)
        total = share.sum(axis=(1, 2, 3), keepdims=True)
        self.share = share / total
        self.log_p = (top + np.log(total)).ravel()
        self.push = self.share * pull * residual / scale  # d log p / d value, term by term
        self.by_noise = (self.share * (pull * residual**2 - 1.0)).sum(axis=(1, 2, 3))

    def mean(self) -> np.ndarray:
        """(N,) expectation of the measurement."""
        return (self.weight[..., None] * _WEIGHTS * self.value).sum(axis=(1, 2, 3))

    # -- scores ---------------------------------------------------------------------------------
    def scores(self) -> dict[str, np.ndarray]:
        """Coefficient -> (N,) derivatives of the log likelihoods."""
        return self._direct_scores() | self._cell_scores()

    def gradient(self) -> dict[str, float]:
        """Coefficient -> sum of its scores; the curves' part by one pass over their points."""
        found = {name: float(score.sum()) for name, score in self._direct_scores().items()}
        slopes = self.tables.slopes.get(self.group.arm.parts[0].axis, {})
        if slopes:
            shape = self.tables.curves[self.group.arm.parts[0].axis].shape
            by_point = self._by_point().reshape(shape)
            by_model = by_point.sum(axis=1, keepdims=True)  # slopes are the same for every set
            for name, slope in slopes.items():
                weight = by_model if slope.shape[1] == 1 else by_point
                found[name] = float((weight * slope).sum())
        return found

    def _by_point(self) -> np.ndarray:
        """Derivative of the summed log likelihood by every point of the curves, flat."""
        found = np.zeros(self.curve.size)
        if self.group.assay == "xenograft":
            self._scatter(found, -self.push, self.cell)
        else:
            for weight, cell in self.dish:
                self._scatter(found, self.push * weight / len(LN_DISH), cell)
        return found

    def _scatter(self, found: np.ndarray, push: np.ndarray, place) -> None:
        cell, part = place
        start = (self.rows * self.curve.shape[1] + cell).ravel()
        low, high = (push * (1.0 - part)).ravel(), (push * part).ravel()
        found += np.bincount(start, low, found.size)
        found += np.bincount(start + 1, high, found.size)

    def _direct_scores(self) -> dict[str, np.ndarray]:
        """Scores of the coefficients that leave the curves alone."""
        group = self.group
        moved = self.push * self.by_dose
        shift = moved.sum(axis=(1, 2, 3))
        spread = (moved * _NODES * self.spread).sum(axis=(1, 2, 3))
        found = {
            spread_name(group.target, group.assay): spread,
            f"noise:{group.screen}": self.by_noise,
        }
        drug = group.arm.parts[0].drug
        if group.assay == "xenograft":
            found[f"exposure:{drug}"] = shift
        else:
            found |= {"medium": shift, f"dish:{drug}": shift}
            growth = (self.push * self.by_growth).sum(axis=(1, 2, 3))
            found[f"doublings:{group.screen}"] = growth
            found[f"reference:{group.screen}"] = self.push.sum(axis=(1, 2, 3))
            found |= {f"growth:{k}": growth * (self.kinds == k) for k in self._kinds()}
        for kind in self._kinds():
            name = type_name(kind, group.target, group.assay)
            found[name] = shift * (self.kinds == kind)
        return found | self._switch_scores()

    def _kinds(self) -> list[str]:
        return sorted(set(self.kinds) - {""})

    def _switch_scores(self) -> dict[str, np.ndarray]:
        surplus = self.share.sum(axis=3) - self.weight  # (N, D, 4)
        found = {}
        for k, gene in enumerate(SWITCHES):
            slope = _ON[:, k] - self.odds[gene][..., None]  # d log weight / d logit
            score = (surplus * slope).sum(axis=2)
            calls = self.tables.traits.calls[gene][self.group.model]
            for number, call in enumerate(CALLS[:-1]):
                name = call_name(gene, call, self.group.assay)
                found[name] = (score * (calls == number)).sum(axis=1)
            for name in EVIDENCE[gene]:
                found[name] = score.sum(axis=1) * self.evidence[name]
        return found

    def _cell_scores(self) -> dict[str, np.ndarray]:
        """Through the derivatives of the curves, read at the same doses."""
        axis = self.group.arm.parts[0].axis
        found = {}
        for name, table in self.tables.slopes.get(axis, {}).items():
            flat = np.broadcast_to(table, self.tables.curves[axis].shape).reshape(
                self.curve.shape
            )
            if self.group.assay == "xenograft":
                by_cell = -_blend(flat, self.rows, *self.cell)
            else:
                by_cell = sum(w * _blend(flat, self.rows, *c) for w, c in self.dish) / len(LN_DISH)
            found[name] = (self.push * by_cell).sum(axis=(1, 2, 3))
        return found


_LOG_T = float(
    gammaln((DEGREES + 1) / 2) - gammaln(DEGREES / 2) - 0.5 * np.log(DEGREES * np.pi)
)


def _read(curves: np.ndarray, rows: np.ndarray, dose: np.ndarray):
    """Values and slopes of curves at ln doses, and where they were read."""
    last = curves.shape[1] - 1
    place = np.clip((dose - _FIRST) / _STEP, 0.0, last - 1e-9)
    cell = place.astype(np.int32)
    part = place - cell
    low, high = curves[rows, cell], curves[rows, cell + 1]
    inside = (dose > _FIRST) & (dose < _FIRST + last * _STEP)
    return low + (high - low) * part, np.where(inside, (high - low) / _STEP, 0.0), (cell, part)


def _blend(table: np.ndarray, rows: np.ndarray, cell: np.ndarray, part: np.ndarray) -> np.ndarray:
    return table[rows, cell] * (1.0 - part) + table[rows, cell + 1] * part

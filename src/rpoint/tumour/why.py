"""Why two arms differ: which node carries the difference, found by intervention.

Both arms are run in the same cells.  Then each node of the network in turn is held, in one arm, to
the course that it has in the other arm of the same cell, and what is left of the difference in net
growth is measured; then the other way round.  A node that carries the difference takes it away in
both directions.  Nodes in a chain each carry what flows through them, so shares do not add up to
100 %; nodes whose effects oppose each other can carry more than 100 % or less than nothing.

Check: a node held to its own course must change nothing; the residue is reported beside each share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.biology import NODES
from rpoint.engine import Schedule, compile_model
from rpoint.errors import RpointError, unknown_name
from rpoint.pharmacology.regimen import Regimen
from rpoint.tumour.dosing import Dosing
from rpoint.tumour.lanes import RATES, RTOL, Rest, rest_state
from rpoint.tumour.noun import Tumour
from rpoint.tumour.sizes import growing_sets
from rpoint.tumour.subjects import Subjects

# From the outside inwards: a node further up is named when two carry the same share.
ORDER = ("MDM2", "p53", "ER", "AKT", "ERK", "MYC", "p21", "p27", "CycD", "CDK2", "E2F")
LABEL = {"CycD": "cyclin D1", "CDK2": "CDK2 (active)", "E2F": "E2F (free)", "ER": "ER (active)"}
TIE_PCT = 10.0
FINE = 4  # recorded points in one step of a held node
MIN_SHARE = 0.05  # of the untreated rate: a smaller difference between arms is not explained


@dataclass(frozen=True, repr=False)
class Explanation:
    """What each node carries of the difference between two arms.

    Attributes
    ----------
    arm, against
        The two arms.
    table
        node, direction, removed_pct (median over the parameter sets), lo, hi (5 %, 95 %), self_pct
        (what holding the node to its own course changes, in % of the difference).
    difference
        (sets,) difference in mean net growth, arm minus against, over the untreated rate.
    sets
        Number of parameter sets in which the arms differ enough to explain.
    """

    arm: str
    against: str
    table: pd.DataFrame
    difference: np.ndarray
    sets: int
    sources: tuple[str, ...] = ()

    def shares(self) -> pd.Series:
        """Node to mean share of the two directions, %, the largest first."""
        return self.table.groupby("node")["removed_pct"].mean().sort_values(ascending=False)

    @property
    def deciding(self) -> str:
        """The node that carries most; among equals (within 10 points) the one furthest up."""
        shares = self.shares()
        near = [node for node in ORDER if shares.get(node, -np.inf) >= shares.iloc[0] - TIE_PCT]
        return near[0]

    def summary(self) -> pd.DataFrame:
        """One row per node: its share in either direction and the mean."""
        wide = self.table.pivot(index="node", columns="direction", values="removed_pct")
        wide["mean"] = self.shares()
        wide["self_pct"] = self.table.groupby("node")["self_pct"].max()
        return wide.sort_values("mean", ascending=False).reset_index()

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def plot(self) -> Any:
        """Bars of the shares, a `Figure`."""
        from rpoint.plots.tumour import intervention_bars

        table = self.table.assign(node=[LABEL.get(node, node) for node in self.table["node"]])
        title = f"What carries the difference: {self.arm} against {self.against}"
        return intervention_bars(table, title, self.cite())

    def cite(self) -> list[str]:
        """The sources behind it."""
        from rpoint.tumour.result import cited

        return cited(self.sources)

    def __str__(self) -> str:
        lo, mid, hi = np.percentile(self.difference, [5, 50, 95])
        lines = [
            f"{self.arm} against {self.against}: net growth differs by {mid:+.2f} of the untreated "
            f"rate (90 % of {self.sets} sets {lo:+.2f} to {hi:+.2f})"
        ]
        for node, share in self.shares().items():
            lines.append(f"  {LABEL.get(node, node):<14} carries {share:4.0f} %")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Explanation {self.arm} against {self.against}: {self.deciding}>"


def explain(
    tumour: Tumour,
    arms: Mapping[str, Regimen],
    arm: str,
    against: str,
    ensemble: Any,
    *,
    days: float = 28.0,
    sets: int = 20,
    nodes: int = 3,
    grid_h: float = 2.0,
    held: Sequence[str] = ORDER,
    host: str = "patient",
    threads: int | None = None,
    sources: tuple[str, ...] = (),
) -> Explanation:
    """Hold each node of one arm to its course in the other, both ways.

    Parameters
    ----------
    tumour
        Its main clone is taken.
    arms
        Name to regimen.
    arm, against
        Two names of `arms`.
    ensemble
        Parameter sets; at most `sets` of them, evenly spaced, are used.
    days
        Window from the start of treatment over which net growth is averaged, d.
    sets, nodes
        Parameter sets, and cell-to-cell nodes of each.
    grid_h
        A held node follows the mean of the other arm's course over steps of this length, h.
    held
        The nodes to hold.
    host
        "patient" or "mouse": whose pharmacokinetics.
    threads
        Threads of the engine.

    Returns
    -------
    Explanation

    Raises
    ------
    RpointError
        If the arms do not differ, or a node is unknown.
    """
    for node in held:
        if node not in NODES:
            raise unknown_name("node", node, NODES)
    pair = {name: arms[name] for name in (arm, against)}
    trial = _Trial.of(tumour, pair, ensemble, days, sets, nodes, grid_h, host, threads)
    rates, difference, keep = trial.compare()
    rows = []
    for mine, other in ((0, 1), (1, 0)):
        names = (arm, against) if mine == 0 else (against, arm)
        label = f"{names[0]}, node as under {names[1]}"
        changed = trial.hold(held, mine, other)
        own = trial.hold(held, mine, mine)
        for k, node in enumerate(held):
            gone = (rates[:, mine] - changed[k]) / (rates[:, mine] - rates[:, other])
            residue = np.abs((own[k] - rates[:, mine]) / (rates[:, mine] - rates[:, other]))
            lo, mid, hi = np.percentile(100.0 * gone[keep], [5, 50, 95])
            rows.append(
                {
                    "node": node,
                    "direction": label,
                    "removed_pct": mid,
                    "lo": lo,
                    "hi": hi,
                    "self_pct": float(100.0 * np.median(residue[keep])),
                }
            )
    return Explanation(arm, against, pd.DataFrame(rows), difference[keep], int(keep.sum()), sources)


@dataclass(frozen=True)
class _Trial:
    """Two arms in the same cells, with the means to hold a node.

    Attributes
    ----------
    grid
        (T,) h; every `FINE`-th point begins a step of a held node.
    rest
        Untreated steady states, (S, 1, N) lanes.
    courses
        (S, N, 2, T, K): rates, then one column per node.
    """

    model: Any
    dosing: Dosing
    grid: np.ndarray
    rest: Rest
    courses: np.ndarray
    threads: int | None

    @classmethod
    def of(cls, tumour, pair, ensemble, days, sets, nodes, grid_h, host, threads) -> _Trial:
        from rpoint.tumour.simulate import in_host

        lead = int(np.argmax(tumour.fractions))
        genotype = in_host(tumour.genotypes()[lead])
        rows = np.flatnonzero(growing_sets(ensemble, genotype, nodes, threads))
        rows = rows[
            np.unique(np.linspace(0, len(rows) - 1, min(sets, len(rows))).round().astype(int))
        ]
        subjects = typical_subjects(rows, host)
        steps = max(1, round(24.0 * days / grid_h))
        grid = np.linspace(0.0, 24.0 * days, steps * FINE + 1)
        dosing = Dosing.of(pair, subjects, grid[-1])
        observables = (*RATES, *(NODES[node] for node in ORDER))
        model = compile_model(dosing.sbml, observables=observables)
        rest = rest_state(rows, [genotype], ensemble, nodes, observables, threads)
        made = cls(model, dosing, grid, rest, np.empty(0), threads)
        runs = [made._run([dosing.schedule(name)] * made.lanes, {}) for name in pair]
        return cls(model, dosing, grid, rest, np.stack(runs, axis=2), threads)

    @property
    def lanes(self) -> int:
        return next(iter(self.rest.parameters.values())).size

    def _run(self, schedules: list[Schedule], clamps: dict[str, np.ndarray]) -> np.ndarray:
        """(S, N, T, K) of one schedule per lane; repeated blocks of lanes give (B, S, N, T, K)."""
        blocks = len(schedules) // self.lanes
        start = {n: np.tile(v.ravel(), blocks) for n, v in self.rest.states.items()}
        lanes = {n: np.tile(v.ravel(), blocks) for n, v in self.rest.parameters.items()}
        if "in_E2" not in self.model.parameters:
            lanes["E2_without_drug"] = lanes.pop("in_E2")
        run = self.model.solve(
            lanes | clamps,
            self.grid,
            schedules=schedules,
            schedule_index=np.arange(len(schedules)),
            initial=start,
            rtol=RTOL,
            atol=RTOL * 1e-3,
            threads=self.threads,
        )
        shape = next(iter(self.rest.parameters.values())).shape
        values = run.values.reshape(blocks, shape[0], shape[2], *run.values.shape[1:])
        return values[0] if blocks == 1 else values

    def _mean_net(self, values: np.ndarray) -> np.ndarray:
        """Mean net rate over time and cell-to-cell nodes: (..., S, N, T, K) to (..., S)."""
        net = values[..., 0] - values[..., 1]
        return np.trapezoid(net, self.grid, axis=-1).mean(axis=-1) / self.grid[-1]

    def compare(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean net rates (S, 2), difference over untreated (S,), sets that differ (S,)."""
        rates = np.stack([self._mean_net(self.courses[:, :, a]) for a in (0, 1)], axis=1)
        untreated = self.rest.values[:, 0, 0] - self.rest.values[:, 0, 1]
        difference = (rates[:, 0] - rates[:, 1]) / untreated
        keep = np.isfinite(difference) & (np.abs(difference) > MIN_SHARE)
        if not keep.any():
            names = list(self.dosing.arms)
            raise RpointError(
                f"{names[0]} and {names[1]} do not differ in net growth: nothing to explain",
                found=f"difference below {100 * MIN_SHARE:g} % of the untreated rate in every set",
            )
        return rates, difference, keep

    def hold(self, held: Sequence[str], mine: int, other: int) -> np.ndarray:
        """(nodes, S) mean net rate of arm `mine` with each node on its course in arm `other`."""
        names = list(self.dosing.arms)
        doses = self.dosing.schedule(names[mine]).changes
        schedules, count = [], self.lanes
        clamps = {f"{kind}_{node}": np.zeros(count * len(held)) for node in held for kind in "ku"}
        for b, node in enumerate(held):
            course = self.courses[:, :, other, :, 2 + ORDER.index(node)].reshape(count, -1)
            middles = 0.5 * (course[:, :-1] + course[:, 1:])
            steps = middles.reshape(count, -1, FINE).mean(axis=2)
            block = slice(b * count, (b + 1) * count)
            clamps[f"k_{node}"][block], clamps[f"u_{node}"][block] = 1.0, steps[:, 0]
            schedules += [self._schedule(doses, f"u_{node}", row) for row in steps]
        values = self._run(schedules, clamps)
        return self._mean_net(values).reshape(len(held), -1)

    def _schedule(self, doses: tuple, name: str, steps: np.ndarray) -> Schedule:
        """The arm's doses and the held node's steps, in order of time."""
        times = self.grid[FINE:-1:FINE].tolist()
        sets = [(t, "set", name, v) for t, v in zip(times, steps[1:].tolist(), strict=True)]
        return Schedule(tuple(sorted((*doses, *sets), key=_time)))


def _time(change: tuple) -> float:
    return change[0]


def typical_subjects(rows: np.ndarray, host: str) -> Subjects:
    """One subject per parameter set, all with typical pharmacokinetics."""
    n = len(rows)
    return Subjects(
        host=host,
        sets=rows,
        doubling_time_d=np.ones((n, 1)),
        cell_loss=0.0,
        start_mm3=np.ones((n, 1)),
        mix=np.ones((n, 1, 1)),
    )

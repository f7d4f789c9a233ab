"""From equations to the linear algebra of one implicit step: Jacobian, order, fill.

Still free of any processor's detail: everything here is expression nodes and index sets.
"""

from __future__ import annotations

from dataclasses import dataclass

from rpoint.engine.sbml import Equations


@dataclass
class System:
    """Equations ready for code generation, states in elimination order.

    Attributes
    ----------
    equations
        The source; its state numbers are positions in ``equations.states``.
    order
        ``order[i]`` is the state number that row i of the linear systems belongs to.
    rates, initial
        Nodes in elimination order.
    jacobian
        ``{(row, column): node}`` of the non-zero partial derivatives, in elimination order.
    dtime
        Nodes of the explicit time derivative, or None for an autonomous system.
    fill
        For every row the sorted columns of L+U, diagonal included.
    observables
        Names and nodes of the outputs.
    """

    equations: Equations
    order: list[int]
    rates: list[int]
    initial: list[int]
    jacobian: dict[tuple[int, int], int]
    dtime: list[int] | None
    fill: list[list[int]]
    observables: dict[str, int]

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.order)


def build_system(equations: Equations, observables: dict[str, int]) -> System:
    """Differentiate `equations` and choose the elimination order."""
    graph, count = equations.graph, len(equations.states)
    entries = {(i, j): node for i, rate in enumerate(equations.rates)
               for j, node in graph.gradient(rate).items()}
    order = markowitz_order(count, entries)
    row = {state: i for i, state in enumerate(order)}
    jacobian = {(row[i], row[j]): node for (i, j), node in entries.items()}
    autonomous = not any(graph.deps[r] & 4 for r in equations.rates)
    return System(
        equations=equations,
        order=order,
        rates=[equations.rates[s] for s in order],
        initial=[equations.initial[s] for s in order],
        jacobian=jacobian,
        dtime=None if autonomous else [graph.dtime(equations.rates[s]) for s in order],
        fill=symbolic_lu(count, jacobian),
        observables=observables,
    )


def markowitz_order(count: int, entries) -> list[int]:
    """Diagonal pivots in the order of least fill (Markowitz 1957), ties by number."""
    rows = [{i} for i in range(count)]
    columns = [{i} for i in range(count)]
    for i, j in entries:
        rows[i].add(j)
        columns[j].add(i)
    left, order = set(range(count)), []
    while left:
        k = min(left, key=lambda q: ((len(rows[q]) - 1) * (len(columns[q]) - 1), q))
        order.append(k)
        left.discard(k)
        for i in rows[k]:
            columns[i].discard(k)
        for i in columns[k]:
            rows[i].discard(k)
        row, column = rows[k] - {k}, columns[k] - {k}
        for i in column:
            rows[i] |= row
        for j in row:
            columns[j] |= column
    return order


def symbolic_lu(count: int, entries) -> list[list[int]]:
    """Columns of each row of L+U when eliminating from the first row to the last."""
    pattern = [{i} for i in range(count)]
    for i, j in entries:
        pattern[i].add(j)
    for i in range(count):
        for k in range(i):
            if k in pattern[i]:
                pattern[i] |= {j for j in pattern[k] if j > k}
    return [sorted(p) for p in pattern]

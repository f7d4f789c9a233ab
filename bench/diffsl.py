"""DiffSL text (the language of diffsol) from the engine's equations."""

from __future__ import annotations

from collections import Counter

from rpoint.engine.expr import Graph
from rpoint.engine.sbml import Equations

SHARE = 1000  # characters: a longer text that is used more than once becomes a variable
_CALLS = {"sqrt": "sqrt", "exp": "exp", "log": "log", "abs": "abs"}


def diffsl(equations: Equations, inputs: list[str], constants: dict[str, float]) -> str:
    """A DiffSL model with inputs ``q0..`` (the varied parameters) and ``z0..`` (start values).

    All other parameters are numbers in the text, so that the compiler can fold them.
    """
    graph, count = equations.graph, len(equations.states)
    printer = _Printer(graph, equations, inputs, constants)
    names = [f"q{i} = {constants[n]!r}" for i, n in enumerate(inputs)]
    names += [f"z{i} = 0" for i in range(count)]
    states = "".join(f"  y{i} = z{i},\n" for i in range(count))
    rates = "".join(f"  {printer.memo[n]},\n" for n in equations.rates)
    shared = "".join(f"{line}\n" for line in printer.shared)
    return f"in_i {{ {', '.join(names)} }}\nu_i {{\n{states}}}\n{shared}F_i {{\n{rates}}}\n"


class _Printer:
    """Expressions as text; what is long and used more than once becomes a variable."""

    def __init__(self, graph: Graph, equations: Equations, inputs: list[str],
                 constants: dict[str, float]) -> None:
        self.graph, self.equations = graph, equations
        self.inputs = {name: i for i, name in enumerate(inputs)}
        self.constants = constants
        self.memo: dict[int, str] = {}
        self.shared: list[str] = []
        nodes = graph.reach(equations.rates)
        uses = Counter(m for n in nodes for m in graph.children(n))
        for n in nodes:
            text = self._write(n)
            if uses[n] > 1 and len(text) > SHARE:
                self.shared.append(f"v{n} {{ {text} }}")
                text = f"v{n}"
            self.memo[n] = text

    def _write(self, n: int) -> str:
        op, args = self.graph.op[n], self.graph.args[n]
        inner = [self.memo[m] for m in self.graph.children(n)]
        if op == "const":
            return repr(args[0])
        if op == "y":
            return f"y{args[0]}"
        if op == "t":
            return "t"
        if op == "p":
            name = self.equations.parameters[args[0]]
            return f"q{self.inputs[name]}" if name in self.inputs else repr(self.constants[name])
        if op == "add":
            terms = [f"({a!r})*{x}" if abs(a) != 1 else ("-" + x if a < 0 else x)
                     for (a, _), x in zip(args[1], inner, strict=True)]
            head = [repr(args[0])] if args[0] else []
            return "(" + " + ".join([*head, *terms]).replace("+ -", "- ") + ")"
        if op == "mul":
            return "(" + "*".join(inner) + ")"
        if op == "inv":
            return f"(1.0/{inner[0]})"
        if op == "powi":
            return "(" + "*".join(inner * args[1]) + ")"
        if op == "pow":
            return f"pow({inner[0]}, {inner[1]})"
        if op in _CALLS:
            return f"{_CALLS[op]}({inner[0]})"
        raise NotImplementedError(f"DiffSL has no {op!r}")

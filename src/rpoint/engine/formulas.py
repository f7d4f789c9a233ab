"""Formulas: libSBML's trees -> expression nodes."""

from __future__ import annotations

import math
from collections.abc import Callable

import libsbml

from rpoint.engine.expr import Graph
from rpoint.errors import RpointError

_COMPARE = {
    libsbml.AST_RELATIONAL_LT: "lt", libsbml.AST_RELATIONAL_LEQ: "le",
    libsbml.AST_RELATIONAL_GT: "gt", libsbml.AST_RELATIONAL_GEQ: "ge",
    libsbml.AST_RELATIONAL_EQ: "eq", libsbml.AST_RELATIONAL_NEQ: "ne",
}  # fmt: skip
_FAR = {
    libsbml.AST_FUNCTION_DELAY: "delay()", libsbml.AST_FUNCTION_RATE_OF: "rateOf()",
}  # fmt: skip


def refuse(what: str, where: str) -> RpointError:
    """The error for a construct that is not supported."""
    return RpointError(f"This SBML uses {what}, which the engine does not support.", where=where,
                       mend="rewrite that part of the model without it")


class Formulas:
    """Translates formulas of one model.

    Parameters
    ----------
    graph
        Where the nodes go.
    functions
        Function definitions by name; they are inlined.
    resolve
        Node of a global name.
    """

    def __init__(self, graph: Graph, functions: dict[str, libsbml.FunctionDefinition],
                 resolve: Callable[[str], int]) -> None:
        self.graph, self.functions, self.resolve = graph, functions, resolve
        self.open: list[str] = []

    def node(self, ast: libsbml.ASTNode, local: dict[str, int]) -> int:
        """The node of a formula; `local` maps names that hide global ones."""
        if ast is None:
            raise RpointError("A formula is empty.", where="SBML")
        g, kind = self.graph, ast.getType()
        if ast.isNumber():
            return g.const(ast.getValue())
        if kind == libsbml.AST_NAME:
            name = ast.getName()
            return local[name] if name in local else self.resolve(name)
        if kind in (libsbml.AST_NAME_TIME, libsbml.AST_NAME_AVOGADRO) or ast.isConstant():
            return self._symbol(kind)
        if kind in _FAR:
            raise refuse(_FAR[kind], libsbml.formulaToL3String(ast))
        if kind == libsbml.AST_FUNCTION:
            return self._call(ast, local)
        if kind == libsbml.AST_FUNCTION_PIECEWISE:
            return self._piecewise(ast, local)
        args = [self.node(ast.getChild(i), local) for i in range(ast.getNumChildren())]
        return self._operator(ast, kind, args)

    def _symbol(self, kind: int) -> int:
        g = self.graph
        if kind == libsbml.AST_NAME_TIME:
            return g.time()
        if kind == libsbml.AST_NAME_AVOGADRO:
            return g.const(6.02214179e23)
        if kind == libsbml.AST_CONSTANT_PI:
            return g.const(math.pi)
        if kind == libsbml.AST_CONSTANT_E:
            return g.const(math.e)
        return g.compare("eq", g.const(0.0), g.const(float(kind != libsbml.AST_CONSTANT_TRUE)))

    def _call(self, ast: libsbml.ASTNode, local: dict[str, int]) -> int:
        name = ast.getName()
        if name not in self.functions:
            raise refuse(f"the function {name!r}", libsbml.formulaToL3String(ast))
        function = self.functions[name]
        if name in self.open:
            raise refuse(f"the recursive function {name!r}", libsbml.formulaToL3String(ast))
        if function.getNumArguments() != ast.getNumChildren():
            raise RpointError(f"The function {name!r} is called with {ast.getNumChildren()} "
                              f"arguments and takes {function.getNumArguments()}.", where="SBML")
        values = {
            function.getArgument(i).getName(): self.node(ast.getChild(i), local)
            for i in range(ast.getNumChildren())
        }
        self.open.append(name)
        node = self.node(function.getBody(), values)
        self.open.pop()
        return node

    def _piecewise(self, ast: libsbml.ASTNode, local: dict[str, int]) -> int:
        g, count = self.graph, ast.getNumChildren()
        otherwise = self.node(ast.getChild(count - 1), local) if count % 2 else g.const(math.nan)
        for i in range(count - count % 2 - 2, -1, -2):
            value = self.node(ast.getChild(i), local)
            otherwise = g.select(self.node(ast.getChild(i + 1), local), value, otherwise)
        return otherwise

    def _operator(self, ast: libsbml.ASTNode, kind: int, args: list[int]) -> int:
        g = self.graph
        if kind in _COMPARE:
            pairs = [g.compare(_COMPARE[kind], a, b) for a, b in zip(args, args[1:])]
            return pairs[0] if len(pairs) == 1 else g.logic("and", *pairs)
        if kind == libsbml.AST_PLUS:
            return g.add([(1.0, a) for a in args])
        if kind == libsbml.AST_MINUS:
            return g.neg(args[0]) if len(args) == 1 else g.sub(*args)
        if kind == libsbml.AST_TIMES:
            return g.mul(*args)
        if kind == libsbml.AST_DIVIDE:
            return g.div(*args)
        if kind in (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER):
            return g.pow(*args)
        if kind == libsbml.AST_FUNCTION_ROOT:
            degree, base = (g.const(2.0), args[0]) if len(args) == 1 else args
            return g.pow(base, g.inv(degree))
        if kind == libsbml.AST_FUNCTION_LOG:
            base, x = (g.const(10.0), args[0]) if len(args) == 1 else args
            return g.div(g.log(x), g.log(base))
        return self._function(ast, kind, args)

    def _function(self, ast: libsbml.ASTNode, kind: int, args: list[int]) -> int:
        g = self.graph
        simple = {libsbml.AST_FUNCTION_EXP: g.exp, libsbml.AST_FUNCTION_LN: g.log,
                  libsbml.AST_FUNCTION_ABS: g.abs, libsbml.AST_FUNCTION_FLOOR: g.floor,
                  libsbml.AST_FUNCTION_CEILING: g.ceil}
        if kind in simple:
            return simple[kind](args[0])
        logic = {libsbml.AST_LOGICAL_AND: "and", libsbml.AST_LOGICAL_OR: "or",
                 libsbml.AST_LOGICAL_NOT: "not"}
        if kind in logic:
            return g.logic(logic[kind], *args)
        if kind in (libsbml.AST_FUNCTION_MAX, libsbml.AST_FUNCTION_MIN):
            pick = g.maximum if kind == libsbml.AST_FUNCTION_MAX else g.minimum
            out = args[0]
            for a in args[1:]:
                out = pick(out, a)
            return out
        if kind in (libsbml.AST_FUNCTION_SINH, libsbml.AST_FUNCTION_COSH,
                    libsbml.AST_FUNCTION_TANH):
            return self._hyperbolic(kind, args[0])
        formula = libsbml.formulaToL3String(ast)
        raise refuse(f"the function {formula.split('(')[0]!r}", formula)

    def _hyperbolic(self, kind: int, x: int) -> int:
        g = self.graph
        if kind == libsbml.AST_FUNCTION_TANH:  # 1 - 2/(exp(2x)+1) keeps finite for large |x|
            e = g.exp(g.add([(2.0, x)]))
            return g.add([(-2.0, g.inv(g.add([(1.0, e)], 1.0)))], 1.0)
        up, down = g.exp(x), g.exp(g.neg(x))
        sign = 0.5 if kind == libsbml.AST_FUNCTION_COSH else -0.5
        return g.add([(0.5, up), (sign, down)])

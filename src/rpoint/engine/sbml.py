"""SBML -> equations.

Supported: Level 2 and 3 core with constant compartments; species in amounts or concentrations,
boundary and constant species; constant and non-constant parameters; assignment rules, rate rules
and initial assignments; reactions with kinetic laws, local parameters and constant
stoichiometries; function definitions; ``piecewise``, ``exp ln log log10 sqrt root power abs min
max floor ceil sinh cosh tanh``, comparisons, logic, ``time``, ``avogadro``, ``pi``.

Refused by name, never approximated: events, algebraic rules, constraints on compartments that
change, delays, fast reactions, conversion factors, stoichiometry that changes, random or
unknown functions, and every Level 3 package that the document requires.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import libsbml

from rpoint.engine.expr import Graph
from rpoint.engine.formulas import Formulas, refuse
from rpoint.errors import RpointError, unknown_name


@dataclass
class Equations:
    """A system dy/dt = f(y, p, t) with named quantities, as expression nodes of one graph.

    Attributes
    ----------
    graph
        Holds all expressions.
    states, parameters
        Names in order; state k is ``graph.y(k)``, parameter k ``graph.p(k)``.
    defaults
        Value of each parameter.
    initial
        Node of each state's value at the start (depends on parameters and time only).
    rates
        Node of each state's time derivative.
    derived
        Parameters that an initial assignment defines: number -> node (parameters and time only).
        They are computed once at the start and then behave as any parameter.
    named
        Every quantity that can be observed: name -> node.
    """

    graph: Graph
    states: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    defaults: list[float] = field(default_factory=list)
    initial: list[int] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    derived: dict[int, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)


def read_sbml(text: str) -> Equations:
    """Read SBML text.

    Raises
    ------
    RpointError
        If the text is no valid SBML or uses a construct that is not supported.
    """
    document = libsbml.readSBMLFromString(text)
    _check_document(document)
    _check_consistency(document)
    return _Reader(document.getModel()).read()


def _check_document(document: libsbml.SBMLDocument) -> None:
    _raise_errors(document)
    model = document.getModel()
    if model is None:
        raise RpointError("This SBML holds no model.", where="compile_model")
    plugins = document.getNumPlugins() if document.getLevel() > 2 else 0
    for i in range(plugins):
        package = document.getPlugin(i).getPackageName()
        if package != "l3v2extendedmath" and document.getPackageRequired(package):
            raise refuse(f"the package {package!r}", "sbml")
    if model.getNumEvents():
        raise refuse("events", f"event {model.getEvent(0).getId() or 1!r}")
    for rule in model.getListOfRules():
        if rule.isAlgebraic():
            raise refuse("an algebraic rule", "listOfRules")
    if model.isSetConversionFactor():
        raise refuse("a conversion factor", "model")


def _check_consistency(document: libsbml.SBMLDocument) -> None:
    """libSBML's own rules, without those on units and style."""
    for category in (libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
                     libsbml.LIBSBML_CAT_MODELING_PRACTICE):
        document.setConsistencyChecks(category, False)
    before = document.getNumErrors()
    document.checkConsistency()
    _raise_errors(document, before)


def _raise_errors(document: libsbml.SBMLDocument, first: int = 0) -> None:
    for i in range(first, document.getNumErrors()):
        error = document.getError(i)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            message = " ".join(error.getMessage().split())
            raise RpointError("This is not valid SBML: " + message[:600],
                              where=f"line {error.getLine()}")


class _Reader:
    """Walks one libSBML model once."""

    def __init__(self, model: libsbml.Model) -> None:
        self.model = model
        self.eq = Equations(Graph())
        self.graph = self.eq.graph
        self.rules = {r.getVariable(): r for r in model.getListOfRules()}
        self.inits = {a.getSymbol(): a.getMath() for a in model.getListOfInitialAssignments()}
        functions = {f.getId(): f for f in model.getListOfFunctionDefinitions()}
        self.formulas = Formulas(self.graph, functions, self._resolve)
        self.reactions = {r.getId(): r for r in model.getListOfReactions()}
        self.species = {s.getId(): s for s in model.getListOfSpecies()}
        self.busy: list[str] = []
        self.start: dict[str, int] = {}

    def read(self) -> Equations:
        for item in (*self.model.getListOfCompartments(), *self.model.getListOfParameters()):
            self._constant_or_state(item)
        for item in self.species.values():
            self._add_species(item)
        for name, rule in self.rules.items():
            if rule.isAssignment():
                self._resolve(name)
        for name in self.inits:
            self._resolve(name)
        self._rates()
        self._initials()
        self.eq.named["time"] = self.graph.time()
        return self.eq

    # -- declarations ---------------------------------------------------------------------
    def _parameter(self, name: str, value: float) -> None:
        eq = self.eq
        eq.named[name] = self.graph.p(len(eq.parameters))
        eq.parameters.append(name)
        eq.defaults.append(value)

    def _state(self, name: str) -> None:
        self.eq.named[name] = self.graph.y(len(self.eq.states))
        self.eq.states.append(name)

    def _constant_or_state(self, item) -> None:
        name = item.getId()
        rule = self.rules.get(name)
        compartment = isinstance(item, libsbml.Compartment)
        if compartment and rule is not None:
            raise refuse("a compartment whose size changes", f"compartment {name!r}")
        if rule is not None and rule.isRate():
            self._state(name)
        elif rule is None:
            if name in self.inits:
                return  # resolved on demand: an expression of the other parameters
            value = item.getSize() if compartment else item.getValue()
            if compartment and not item.isSetSize():
                value = 1.0
            self._parameter(name, value)

    def _add_species(self, item: libsbml.Species) -> None:
        name = item.getId()
        rule = self.rules.get(name)
        if item.isSetConversionFactor():
            raise refuse("a conversion factor", f"species {name!r}")
        if rule is not None and rule.isAssignment():
            return
        fixed = item.getConstant() or item.getBoundaryCondition()
        if fixed and rule is None:
            if name not in self.inits:
                self._parameter(name, self._declared(item))
            return
        self._state(name)

    def _declared(self, item: libsbml.Species) -> float:
        """Value of a species' declaration in the unit of its id (amount or concentration)."""
        size = self.model.getCompartment(item.getCompartment()).getSize()
        size = 1.0 if math.isnan(size) else size
        by_amount = item.getHasOnlySubstanceUnits()
        if item.isSetInitialAmount():
            return item.getInitialAmount() / (1.0 if by_amount else size)
        if item.isSetInitialConcentration():
            return item.getInitialConcentration() * (size if by_amount else 1.0)
        return 0.0

    def _declared_node(self, item: libsbml.Species) -> int:
        """As `_declared`, but following a compartment size that is set per patient."""
        g = self.graph
        size = self._resolve(item.getCompartment())
        if item.getHasOnlySubstanceUnits():
            if item.isSetInitialConcentration() and not item.isSetInitialAmount():
                return g.mul(g.const(item.getInitialConcentration()), size)
        elif item.isSetInitialAmount() and not item.isSetInitialConcentration():
            return g.div(g.const(item.getInitialAmount()), size)
        return g.const(self._declared(item))

    # -- names ----------------------------------------------------------------------------
    def _resolve(self, name: str) -> int:
        """The node of a global name; assignment rules are entered on first use."""
        found = self.eq.named.get(name)
        if found is not None:
            return found
        if name in self.busy:
            raise RpointError("These quantities are defined by each other: "
                              + " -> ".join([*self.busy, name]), where="listOfRules")
        self.busy.append(name)
        if name in self.rules and self.rules[name].isAssignment():
            node = self.formulas.node(self.rules[name].getMath(), {})
        elif name in self.inits and name not in self.eq.states:
            self._parameter(name, math.nan)
            k = len(self.eq.parameters) - 1
            self.eq.derived[k] = self.formulas.node(self.inits[name], {})
            node = self.eq.named[name]
        elif name in self.reactions:
            node = self._law(self.reactions[name])
        else:
            raise unknown_name("quantity in a formula", name, sorted(self.eq.named))
        self.busy.pop()
        self.eq.named[name] = node
        return node

    # -- equations ------------------------------------------------------------------------
    def _law(self, reaction: libsbml.Reaction) -> int:
        law = reaction.getKineticLaw()
        if law is None or law.getMath() is None:
            raise RpointError("A reaction has no kinetic law.",
                              where=f"reaction {reaction.getId()!r}")
        if reaction.isSetFast() and reaction.getFast():
            raise refuse("a fast reaction", f"reaction {reaction.getId()!r}")
        local = {}
        items = [*law.getListOfParameters(), *law.getListOfLocalParameters()]
        for item in items:
            name = f"{reaction.getId()}_{item.getId()}"
            if name in self.eq.named:
                local[item.getId()] = self.eq.named[name]
                continue
            self._parameter(name, item.getValue())
            local[item.getId()] = self.eq.named[name]
        return self.formulas.node(law.getMath(), local)

    def _rates(self) -> None:
        g, eq = self.graph, self.eq
        terms: dict[str, list[tuple[float, int]]] = {name: [] for name in eq.states}
        for name, reaction in self.reactions.items():
            flux = self._resolve(name)
            for side, sign in ((reaction.getListOfReactants(), -1.0),
                               (reaction.getListOfProducts(), 1.0)):
                for ref in side:
                    if self._is_driven(ref.getSpecies()):
                        terms[ref.getSpecies()].append((sign * self._stoichiometry(ref), flux))
        for name in eq.states:
            if name in self.rules:
                eq.rates.append(self.formulas.node(self.rules[name].getMath(), {}))
                continue
            rate = g.add(terms[name])
            item = self.species[name]
            if not item.getHasOnlySubstanceUnits():
                rate = self._per_volume(rate, item.getCompartment())
            eq.rates.append(rate)

    def _is_driven(self, name: str) -> bool:
        item = self.species[name]
        return not (item.getBoundaryCondition() or item.getConstant() or name in self.rules)

    def _per_volume(self, rate: int, compartment: str) -> int:
        size = self.model.getCompartment(compartment).getSize()
        node = self._resolve(compartment)
        if compartment not in self.inits and (size == 1.0 or math.isnan(size)):
            return rate  # a unit volume is not a parameter: amounts are concentrations
        return self.graph.div(rate, node)

    def _stoichiometry(self, ref: libsbml.SpeciesReference) -> float:
        where = f"speciesReference {ref.getSpecies()!r}"
        if ref.isSetStoichiometryMath():
            raise refuse("stoichiometryMath", where)
        if ref.isSetId() and (ref.getId() in self.rules or ref.getId() in self.inits):
            raise refuse("a stoichiometry that is computed", where)
        value = ref.getStoichiometry()
        return 1.0 if math.isnan(value) else value / (ref.getDenominator() or 1)

    def _initials(self) -> None:
        eq, g = self.eq, self.graph
        raw = []
        for name in eq.states:
            if name in self.inits:
                raw.append(self.formulas.node(self.inits[name], {}))
            elif name in self.species:
                raw.append(self._declared_node(self.species[name]))
            else:
                item = self.model.getParameter(name)
                raw.append(g.const(item.getValue()))
        fixed = dict(eq.derived)
        eq.initial = [self._substitute(n, raw, fixed, [s]) for n, s in zip(raw, eq.states)]
        for k, node in fixed.items():
            eq.derived[k] = self._substitute(node, raw, fixed, [eq.parameters[k]])

    def _substitute(self, node: int, raw: list[int], fixed: dict[int, int], path: list[str]) -> int:
        """Replace states and derived parameters in an initial value by their own definitions."""
        memo: dict[int, int] = {}
        for n in self.graph.reach([node]):
            op, args = self.graph.op[n], self.graph.args[n]
            if op == "y":
                name, target = self.eq.states[args[0]], raw[args[0]]
            elif op == "p" and args[0] in fixed:
                name, target = self.eq.parameters[args[0]], fixed[args[0]]
            else:
                memo[n] = self.graph.rebuild(n, memo)
                continue
            if name in path:
                raise RpointError("These initial values are defined by each other: "
                                  + " -> ".join([*path, name]), where="initialAssignments")
            memo[n] = self._substitute(target, raw, fixed, [*path, name])
        return memo[node]

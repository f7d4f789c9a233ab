"""Reading a regimen: phases and components.  One pass over the tokens, no backtracking."""

from __future__ import annotations

from dataclasses import dataclass, field

from rpoint.pharmacology._components import PROGRESSION, Component, Continued, Phase
from rpoint.pharmacology._items import ItemReader
from rpoint.pharmacology._parts import Contradiction
from rpoint.pharmacology._text import Kind, RegimenError, Token, quoted, tokenise
from rpoint.pharmacology._units import KEYWORDS, MAX_COMPONENTS, MAX_PHASES, NO_DRUG
from rpoint.pharmacology.names import NameBook

_COMPONENT = "a drug with its dose, as palbociclib 125 mg qd 21/28"
_TRIGGER = "'then ... at progression' or 'then from dN ...'"


@dataclass
class Draft:
    """A component while it is read: its values, and where each was written."""

    name: Token
    drug: str
    values: dict[str, object] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    delay: int | None = None
    length: int | None = None  # days, from 'for'
    continued: bool = False


def read(text: str, names: NameBook) -> tuple[Phase, ...]:
    """The phases of a regimen text; see `rpoint.pharmacology.regimen.parse`."""
    return _Parser(text, tokenise(text), names).phases()


class _Parser(ItemReader):
    def __init__(self, text: str, tokens: list[Token], names: NameBook) -> None:
        super().__init__(text, tokens)
        self.names = names
        self.count = 0

    def phases(self) -> tuple[Phase, ...]:
        """Everything, to the end of the text."""
        found: list[Phase] = []
        given: set[str] = set()
        while True:
            then = self.back(0) if found else None
            phase = self.phase(then, given)
            if found:
                self.check_order(found[-1], phase, then)
            found.append(phase)
            given = {c.drug for c in phase.components}
            if self.peek().kind is Kind.END:
                return tuple(found)
            self.next()  # 'then'
            if len(found) == MAX_PHASES:
                self.fail(self.back(0), f"more than {MAX_PHASES} phases")

    def phase(self, then: Token | None, given: set[str]) -> Phase:
        """One phase; `then` is the word before it, None for the first."""
        start: int | str | None = None if then else 1
        if then and self.peek().text in ("from", "at", "on"):
            start = self.trigger()
        drafts = self.drafts()
        if not drafts and then is not None and start is None and self.peek().text == "from":
            start = self.trigger()
        if self.peek().text in ("at", "on"):
            if then is None:
                self.fail(
                    self.peek(),
                    "the first phase starts on day 1, not at an event",
                    mend="write what follows it: A then B at progression",
                )
            if start is not None:
                self.fail(self.peek(), "the start of this phase is given twice")
            start = self.trigger()
        if then is not None and start is None:
            start = self.start_of_last(drafts, then)
        assert start is not None
        self.check_continued(drafts, given)
        self.end_of_phase()
        return self.build_phase(drafts, start)

    def trigger(self) -> int | str:
        """'at progression' or 'from dN'."""
        word = self.next()
        if word.text == "from":
            return self.day("from")
        event = self.run()
        if event.text not in (PROGRESSION, "pd"):
            self.fail_near(
                event,
                f"no event is called {quoted(event.text)}",
                [PROGRESSION],
                allowed="progression",
            )
        return PROGRESSION

    def start_of_last(self, drafts: list[Draft], then: Token) -> int | str:
        """`then B from d57`: the only day in a phase is the day of the phase."""
        placed = [d for d in drafts if "start_day" in d.values]
        if len(placed) == 1 and placed[0] is drafts[-1]:
            return int(placed[0].values.pop("start_day"))  # type: ignore[call-overload]
        self.fail(
            then,
            "when does this phase begin?",
            allowed=_TRIGGER,
            mend="add 'at progression' at its end, or 'from dN' right after 'then'",
        )
        raise AssertionError

    def drafts(self) -> list[Draft]:
        """The components of one phase."""
        if self.peek().text in NO_DRUG and self.names.find(self.peek().text) is None:
            word = self.next()
            if self.peek().text == "+":
                self.fail(
                    word, f"{quoted(word.text)} means no drug and stands alone", mend="leave it out"
                )
            return []
        found = [self.component()]
        while self.peek().text == "+":
            self.next()
            found.append(self.component())
        return found

    def end_of_phase(self) -> None:
        token = self.peek()
        if token.kind is Kind.END or token.text == "then":
            return
        word = self.run()
        self.fail(
            word,
            f"{quoted(word.text)} is not expected here",
            allowed="'+', 'then' or the end",
        )

    def component(self) -> Draft:
        """`drug dose ...` or `continue drug`."""
        self.count += 1
        if self.count > MAX_COMPONENTS:
            self.fail(self.peek(), f"more than {MAX_COMPONENTS} components in one regimen")
        if self.peek().text == "continue":
            self.next()
            draft = self.drug()
            draft.continued = True
            return draft
        draft = self.drug()
        self.set(draft, "dose", *self.dose(draft.drug))
        self.items(draft)
        return draft

    def drug(self) -> Draft:
        """The drug's name, found in the catalogue."""
        token = self.peek()
        if token.kind is Kind.END or token.text in ("+", "then"):
            self.fail(
                token if token.kind is not Kind.END else self.back(0),
                "a drug is missing here"
                if token.kind is not Kind.END
                else f"the regimen ends after {quoted(self.back(0).text)}",
                allowed=_COMPONENT,
            )
        word = self.run()
        if word.kind is Kind.NUMBER or word.text in KEYWORDS or word.text in NO_DRUG:
            self.fail(
                word,
                f"a drug's name is missing before {quoted(word.text)}",
                allowed=_COMPONENT,
                mend="put the name before the dose",
            )
        drug = self.names.find(word.text)
        if drug is None:
            known = self.names.known()
            listed = ", ".join(known[:8]) + (f", … ({len(known)})" if len(known) > 8 else "")
            near = self.names.nearest(word.text)
            self.fail(
                word,
                f"unknown drug {quoted(word.text)}",
                allowed=listed,
                nearest=near,
                mend=f"write {near}" if near else "`rpoint list drugs` shows all names",
            )
            raise AssertionError
        return Draft(word, drug)

    def check_continued(self, drafts: list[Draft], given: set[str]) -> None:
        for draft in drafts:
            if draft.continued and draft.drug not in given:
                self.fail(
                    draft.name,
                    f"{draft.drug} cannot be continued: the phase before does not give it",
                    allowed=", ".join(sorted(given)) or "nothing in a first phase",
                    mend="write its dose instead",
                )

    def check_order(self, before: Phase, after: Phase, then: Token | None) -> None:
        assert then is not None
        if after.start == PROGRESSION:
            return
        if before.start == PROGRESSION:
            self.fail(
                then,
                f"this phase begins on day {after.start}, after one that begins at progression, on"
                " a day that is not known",
                mend="let it begin 'at progression', too",
            )
        if int(after.start) <= int(before.start):
            self.fail(
                then,
                f"this phase begins on day {after.start}, not after the one of day {before.start}",
                allowed="phases in ascending order",
            )

    def build_phase(self, drafts: list[Draft], start: int | str) -> Phase:
        first = start if isinstance(start, int) else 1
        items = [self.build(draft, first) for draft in drafts]
        try:
            return Phase(tuple(items), start)
        except Contradiction as error:
            draft = self.blamed(error.field, drafts, items, first)
            span = draft.spans.get(error.field, draft.name.span)
            raise self.pointed(error, span) from None

    def blamed(
        self, name: str, drafts: list[Draft], items: list[Component | Continued], first: int
    ) -> Draft:
        """The draft that a phase's error is about."""
        if name.startswith("components["):
            return drafts[int(name[11:-1])]
        early = (
            d
            for d, c in zip(drafts, items, strict=True)
            if isinstance(c, Component) and (c.start_day or first) < first
        )
        return next(early, drafts[-1])

    def build(self, draft: Draft, first: int) -> Component | Continued:
        """The component of a draft; an error points at the part that is wrong."""
        if draft.continued:
            return Continued(draft.drug)
        values = dict(draft.values)
        dose = values["dose"]
        values.setdefault(
            "route",
            None if dose.is_concentration else self.names.route(draft.drug),  # type: ignore[attr-defined]
        )
        try:
            if draft.delay is not None:
                values["start_day"] = first + draft.delay
            if draft.length is not None:
                start = values.get("start_day", first)
                values["until_day"] = start + draft.length - 1  # type: ignore[operator]
            return Component(draft.drug, **values)  # type: ignore[arg-type]
        except Contradiction as error:
            raise self.pointed(error, draft.spans.get(error.field, draft.name.span)) from None

    def pointed(self, error: Contradiction, span: tuple[int, int]) -> RegimenError:
        """The same error with the place in the text."""
        return RegimenError(error.what, self.text, span, **error.labels)  # type: ignore[arg-type]

"""The claims report: a `ClaimsResult` laid out as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from rpoint.evidence.findings import REQUIRED_SHARE, Verdict
from rpoint.evidence.registry import studies
from rpoint.evidence.verdicts import ClaimsResult
from rpoint.plots import matrix as draw
from rpoint.plots.fit import fit_figures, residual_table
from rpoint.report import Page, Section, Table

if TYPE_CHECKING:
    from rpoint.tumour.culture import LongCulture

TONES = {
    "reproduced": "good",
    "reproduced with correction": "good",
    "reproduced under a stated assumption": "good",
    "predicted": "note",
    "corrected": "note",
    "missed": "bad",
    "not testable": "plain",
    "waiting": "plain",
}
LEAD = (
    "Every checkable claim of five founding documents as an experiment on a mechanistic model "
    "of the cell cycle and its drugs: what must be shown, what must vanish when its cause is "
    "taken away, and the verdict that follows. Numbers are medians and 5–95 % ranges over an "
    "ensemble of parameter sets, or over replicates of a trial; a claim counts when everything "
    f"holds together in at least {REQUIRED_SHARE:.0%} of the ensemble. The calibration's chains "
    "have not mixed, so the ranges are too narrow; a claim marked as used in calibration shows "
    "that its lines can be met, not that they were predicted."
)
REPLICATED = (
    "Numbers of all replicates of a trial together, which meet a line or do not; the range is that "
    "of single replicates: patients, readings and the uncertainty of parameters."
)
ROLES = {"acceptance": "must hold", "falsifier": "must vanish", "literal": "text as written"}


def page(result: ClaimsResult) -> Page:
    """The whole report."""
    waiting = [verdict for verdict in result.verdicts if _only_waits(verdict)]
    shown = [verdict for verdict in result.verdicts if not _only_waits(verdict)]
    sections = [*_matrix(result), *_mechanism(result.mechanism), *_fit(result)]
    sections += _by_study(shown)
    if waiting:
        sections.append(_waiting(waiting))
    return Page(
        title="Claims of the founding documents, tested",
        lead=LEAD,
        facts=_facts(result),
        contents=_contents(shown, len(waiting)),
        sections=sections,
        sources=result.cite(),
    )


def _only_waits(verdict: Verdict) -> bool:
    """Nothing of the claim could be run yet."""
    return verdict.finding is None and verdict.verdict == "waiting"


def _facts(result: ClaimsResult) -> list[tuple[str, str]]:
    facts = [(word, str(number)) for word, number in result.counts().items()]
    facts += [
        ("parameter sets", str(result.sets)),
        ("largest R-hat of the chains", f"{result.largest_r_hat:.1f}"),
        ("seed", str(result.seed)),
        ("run time", f"{result.seconds:.0f} s"),
    ]
    return facts


def _badge(verdict: str) -> Markup:
    return Markup('<span class="badge {}">{}</span>').format(TONES[verdict], verdict)


def _link(claim: str, text: str) -> Markup:
    return Markup('<a href="#{}">{}</a>').format(claim, text)


def _contents(verdicts: Sequence[Verdict], waiting: int) -> Table:
    rows = []
    for verdict in verdicts:
        claim, share = verdict.claim, verdict.share
        held = "–" if share is None else f"{share:.0%}"
        badge = _badge(verdict.verdict)
        rows.append([_link(claim.id, claim.id), claim.title, badge, held, _weakest(verdict)])
    if waiting:
        rows.append([_link("waiting", "…"), f"{waiting} more claims", _badge("waiting"), "–", ""])
    columns = ["id", "claim", "verdict", "holds in", "weakest criterion"]
    return Table(columns, rows, "Claims tested", numeric=(3,))


def _weakest(verdict: Verdict) -> str:
    record = verdict.record()
    judged = [*record["acceptance"]["criteria"], *record["falsifier"]]
    if not judged:
        return ""
    row = min(judged, key=lambda one: one["share"])
    return f"{row['quantity']}: {number(row['median'])} ({criterion(row)}), {row['share']:.0%}"


def number(value: float | str | None) -> str:
    """A level with three significant digits.

    >>> number(0.12345), number("inf"), number(None), number(2.2e-16)
    ('0.123', 'not reached', '–', '0')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return "not reached" if value == "inf" else "−∞"
    if abs(value) < 1e-9:
        return "0"
    return f"{value:.3g}".replace("-", "−")


def criterion(row: Mapping[str, Any]) -> str:
    """A threshold in signs, such as "≥ 1.5"."""
    at = row["threshold"]
    if isinstance(at, list):
        return f"{at[0]:.4g} to {at[1]:.4g}"
    sign = {">=": "≥", "<=": "≤"}.get(row["operator"], row["operator"])
    return f"{sign} {at:g}"


def _by_study(verdicts: Sequence[Verdict]) -> list[Section]:
    sections = []
    for study in studies().values():
        own = [verdict for verdict in verdicts if verdict.claim.study == study.id]
        for position, verdict in enumerate(own):
            group = f"{study.name}: {study.document}" if position == 0 else ""
            sections.append(_claim(verdict, group))
    return sections


def _claim(verdict: Verdict, group: str) -> Section:
    claim, found, record = verdict.claim, verdict.finding, verdict.record()
    blocks = [("The text says", claim.text)]
    if claim.correction:
        blocks.append(("Correction", claim.correction))
    if found:
        blocks.append(("What was run", found.ran))
    blocks.append(("It counts if", f"{claim.acceptance} [threshold: {claim.origin}]"))
    if verdict.replicated:
        blocks.append(("Judged on", REPLICATED))
    elif verdict.share is not None:
        blocks.append(("Everything holds", f"in {verdict.share:.0%} of the ensemble"))
    if found:
        blocks += [("Assumption", text) for text in found.assumptions]
        blocks += [("Note", text) for text in found.notes]
        if found.waiting:
            blocks.append(("Waits for", found.waiting))
    if claim.calibrated:
        text = "The acceptance is a demand on the ensemble: it shows what is jointly possible."
        blocks.append(("Used in calibration", text))
    return Section(
        id=claim.id,
        title=f"{claim.id}  {claim.title}",
        badge=verdict.verdict,
        tone=TONES[verdict.verdict],
        blocks=blocks,
        tables=[_numbers(record), *_more(found)] if found and _rows(record) else [],
        figures=list(found.figures) if found else [],
        footnote="Sources: " + "; ".join(claim.sources),
        group=group,
    )


def _rows(record: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    rows = [("acceptance", row) for row in record["acceptance"]["criteria"]]
    rows += [("falsifier", row) for row in record["falsifier"]]
    if record["literal"]:
        rows.append(("literal", record["literal"]))
    return rows + [("", row) for row in record["observed"] if "share" not in row]


def _numbers(record: Mapping[str, Any]) -> Table:
    rows = []
    for role, row in _rows(record):
        unit = f" {row['unit']}" if row["unit"] else ""
        spread = f"{number(row['lo'])} to {number(row['hi'])}"
        held = ("", "", "")
        if "share" in row:
            held = (criterion(row), row["origin"], _held(role, row["share"]))
        rows.append(
            [
                ROLES.get(role, "beside"),
                row["quantity"],
                number(row["median"]) + unit,
                spread,
                *held,
            ]
        )
    columns = ["", "quantity", "median", "5–95 %", "criterion", "origin", "holds in"]
    return Table(columns, rows, numeric=(2, 3, 6))


def _held(role: str, share: float) -> Markup:
    good = share < 1 - REQUIRED_SHARE if role == "literal" else share >= REQUIRED_SHARE
    return Markup('<span class="{}">{}</span>').format("yes" if good else "no", f"{share:.0%}")


def _more(found: Any) -> list[Table]:
    return [
        Table.of(pd.DataFrame(rows).dropna(axis=1, how="all"), title)
        for title, rows in found.tables
    ]


def _waiting(verdicts: Sequence[Verdict]) -> Section:
    rows = [
        [
            v.claim.id,
            studies()[v.claim.study].name,
            v.claim.title,
            v.claim.acceptance,
            v.claim.waits,
        ]
        for v in verdicts
    ]
    table = Table(["id", "document", "claim", "it will count if", "waits for"], rows)
    return Section(
        "waiting", "Claims that wait for parts not built yet", tables=[table], group="Waiting"
    )


def _matrix(result: ClaimsResult) -> list[Section]:
    if not result.matrix:
        return []
    (first, table), *others = result.matrix.items()
    strong = table[table["strong"]]
    held = int((strong["verdict"] == "holds").sum())
    text = (
        f"{held} of {len(strong)} strong cells hold in at least 90 % of the ensemble. The signs "
        "were fixed before any tuning and are not changed to pass. A cell is scored only in "
        "parameter sets where its rule applies; '100 % of 60 %' means: holds in all of the 60 "
        "% that are scored. A strong cell that is scored in fewer than half of the sets counts "
        "as not tested."
    )
    figures = [draw.matrix(table, title=f"Intervention matrix ({first})")]
    beside = [draw.matrix(other, title=f"Intervention matrix ({name})") for name, other in others]
    missed = strong[strong["verdict"] != "holds"]
    shown = missed[
        ["genotype", "treatment", "sign", "share", "scored", "median", "lo", "hi", "parts"]
    ]
    tables = [Table.of(shown, "Strong cells that do not hold")] if len(missed) else []
    return [
        Section(
            "matrix",
            "16 genotypes × 7 treatments",
            badge=f"{held}/{len(strong)} strong cells",
            tone="good" if held == len(strong) else "bad",
            blocks=[("How to read it", text)],
            tables=tables,
            figures=figures,
            group="Intervention matrix",
        ),
        Section(
            "matrix-beside", "Other exposures and the expulsion setting", figures=beside, small=True
        ),
    ]


def _mechanism(table: pd.DataFrame) -> list[Section]:
    if table.empty:
        return []
    text = (
        "A doublet can look right while the mechanism that the paper names is idle. The "
        "read-outs are therefore taken in the full model, in one with neither RB-dependent "
        "cyclin D1 transcription nor stabilisation by the drug, and along the cooperativity α "
        "of drug and CIP."
    )
    return [
        Section(
            "mechanism",
            "The cyclin D1 sink and the doublet",
            blocks=[("Why", text)],
            figures=[draw.mechanism(table, cell) for cell in dict.fromkeys(table["cell"])],
            group="Mechanism and phenotype apart",
        )
    ]


def _fit(result: ClaimsResult) -> list[Section]:
    if result.fit.empty:
        return []
    sections = [
        Section(
            "fit",
            "Simulated bands and measured points",
            blocks=[("What is shown", "Rows marked 'check' took no part in the calibration.")],
            tables=[
                Table.of(residual_table(result.fit), "Residuals beside the measurement's noise")
            ],
            figures=list(fit_figures(result.fit).values()),
            group="The ensemble against measured data",
        )
    ]
    if result.long_culture is not None:
        sections.append(_year(result.long_culture))
    return sections


def _year(culture: LongCulture) -> Section:
    """Acquired resistance, the third kind beside the adaptive and the intrinsic one."""
    text = (
        "Adaptive resistance (the rise of cyclin D1) and intrinsic resistance (the genotype) "
        "are in every run above. Acquired resistance is selection: a ladder of cyclin E "
        "expression, fitted to months 1 to 6 and checked on months 7 to 12 and on an "
        "independent run."
    )
    errors = culture.log_error().reset_index()
    return Section(
        "year",
        "A year in palbociclib",
        blocks=[("What is shown", text)],
        tables=[
            Table.of(errors, "Error of the logarithm of the monthly fold"),
            Table.of(culture.summary().reset_index(names="quantity"), "Fitted numbers"),
        ],
        figures=[culture.plot()],
    )

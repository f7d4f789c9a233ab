"""What each column of a panel is: id, tumour type, gene state, expression, volume, or ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rpoint.errors import RpointError, nearest_name, shorten
from rpoint.panel.genes import gene, gene_names, genes

# Accepted names besides the first; letter case, blanks and hyphens do not matter.
ID_NAMES = ("model_id", "model", "pdx_model", "line", "cell_line", "cell_line_id", "sample",
            "sample_id", "patient_id")  # fmt: skip
TYPE_NAMES = ("tumour_type", "tumor_type", "cancer_type", "tumour", "tumor", "tissue", "type")
_EXPRESSION = re.compile(r"expr\s*:\s*(.+)", re.I)
_UNIT = re.compile(r"fpkm|rpkm|tpm|cpm|rsem|counts?|linear|raw", re.I)
_VOLUME = re.compile(r"vol\s*:\s*(.*)", re.I)
_DAY_0 = re.compile(r"v0_mm3", re.I)
_OTHER_VOLUME = re.compile(r"(v0|v|vol|volume)[_ ]*\(?(cm3|cm\^3|cc|ml|l|m3|in3)\)?(:.*)?", re.I)


@dataclass
class Columns:
    """Which column holds what.

    Attributes
    ----------
    id, type
        Names of the two columns that every panel has.
    states, expression
        HGNC symbol to column name.
    volumes
        Day (d) to column name.
    notes
        What was ignored, one sentence each.
    """

    id: str = ""
    type: str = ""
    states: dict[str, str] = field(default_factory=dict)
    expression: dict[str, str] = field(default_factory=dict)
    volumes: dict[float, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def numeric(self) -> list[str]:
        """Columns that hold numbers."""
        return [*self.expression.values(), *self.volumes.values()]


def check_names(names: list[str], where: str) -> None:
    """Refuse a name that stands twice, letter case and outer blanks ignored."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        key = name.strip().casefold()
        if key and key in seen:
            raise RpointError(
                "a column's name stands twice",
                where=f"{where}, header, columns {seen[key]:,} and {position:,}",
                found=name,
                mend="rename or delete one of them",
            )
        seen[key] = position


def classify(names: list[str], where: str) -> Columns:
    """Sort the columns of a panel by what they hold.

    Raises
    ------
    RpointError
        If `model_id` or `tumour_type` is missing, two columns hold the same, a unit is wrong, or
        no column is a gene of the model.
    """
    check_names(names, where)
    found = Columns()
    found.id = _required(names, ID_NAMES, where)
    found.type = _required([n for n in names if n != found.id], TYPE_NAMES, where)
    ignored = []
    for name in names:
        if name not in (found.id, found.type) and not _sort_in(found, name, where):
            ignored.append(name)
    if not found.states and not found.expression:
        raise _no_gene(ignored, where)
    found.volumes = dict(sorted(found.volumes.items()))
    found.notes += _ignored_notes(ignored)
    return found


def _required(names: list[str], accepted: tuple[str, ...], where: str) -> str:
    """The column of the first accepted name that is there."""
    keys = {re.sub(r"[\s\-]+", "_", name.strip()).casefold(): name for name in names}
    present = [keys[a] for a in accepted if a in keys]
    if present:
        return present[0]
    near = (nearest_name(a, [n for n in names if gene(n) is None]) for a in accepted[:2])
    nearest = next(filter(None, near), None)
    raise RpointError(
        f"the panel has no column {accepted[0]}",
        where=f"{where}, header",
        allowed=", ".join(accepted),
        nearest=None if nearest is None else shorten(nearest),
        mend=f"name the column {accepted[0]}",
    )


def _sort_in(found: Columns, name: str, where: str) -> bool:
    """Put one column where it belongs; False if it is nothing that a panel knows."""
    text = name.strip()
    at = f"{where}, column {shorten(text)!r}"
    if symbol := gene(text):
        return _take(found.states, symbol, name, at)
    if _OTHER_VOLUME.fullmatch(text):
        raise _wrong_unit("volumes are in mm³", at, "v0_mm3 or vol:DAY, in mm³")
    if _DAY_0.fullmatch(text):
        return _take(found.volumes, 0.0, name, at)
    if match := _VOLUME.fullmatch(text):
        return _take(found.volumes, _day(match.group(1), at), name, at)
    if match := _EXPRESSION.fullmatch(text):
        symbol = gene(match.group(1).strip())
        if symbol is None and _UNIT.search(match.group(1)):
            raise _wrong_unit("expression is given as log2", at, "expr:GENE, log2 values")
        return symbol is not None and _take(found.expression, symbol, name, at)
    prefix, colon, rest = text.partition(":")
    if colon and gene(rest.strip()):
        raise _wrong_unit(
            f"unknown kind of column {shorten(prefix)!r}", at, "GENE (states), expr:GENE (log2)"
        )
    return False


def _take(kind: dict, key: str | float, name: str, at: str) -> bool:
    """Enter a column; two for one gene or day are an error."""
    if key in kind:
        what = f"gene {key}" if isinstance(key, str) else f"day {key:g}"
        raise RpointError(
            f"two columns hold {what}",
            where=at,
            found=f"{shorten(kind[key], 30)!r} and {shorten(name, 30)!r}",
            mend="delete one of them",
        )
    kind[key] = name
    return True


def _day(text: str, at: str) -> float:
    try:
        day = float(text)
    except ValueError:
        day = -1.0
    if not 0 <= day <= 10_000:
        raise RpointError("the day of a volume is no number of days", where=at, allowed="vol:DAY")
    return day


def _wrong_unit(what: str, at: str, allowed: str) -> RpointError:
    mend = "convert first, for instance log2(FPKM + 0.5)" if "log2" in allowed else None
    return RpointError(what, where=at, allowed=allowed, mend=mend)


def _no_gene(ignored: list[str], where: str) -> RpointError:
    near = filter(None, (nearest_name(name, genes()) for name in ignored[:200]))
    return RpointError(
        "no column is a gene that the model knows",
        where=f"{where}, header",
        found=", ".join(ignored[:10]) or "no further column",
        allowed="HGNC symbols: " + ", ".join(genes()[:12]) + f", … ({len(genes())} in all)",
        nearest=next(near, None),
        mend="one column a gene, named TP53 (states) or expr:TP53 (log2 expression)",
    )


def _ignored_notes(ignored: list[str]) -> list[str]:
    """One sentence for the columns that are no gene of the model; near misses are named."""
    if not ignored:
        return []
    names = ", ".join(repr(shorten(name, 30)) for name in ignored[:10])
    more = f" and {len(ignored) - 10:,} more" if len(ignored) > 10 else ""
    note = f"ignored, no gene of the model: {names}{more}"
    likely = []
    for name in ignored[:500]:
        text = name.split(":")[-1]
        near = nearest_name(text, gene_names()) if 3 <= len(text) <= 12 else None
        if near and abs(len(near) - len(text)) <= 1 and text[-1:].casefold() == near[-1]:
            likely.append(f"{shorten(name, 30)!r} (did you mean {gene(near)}?)")
    return [note] + (["possibly misspelt: " + ", ".join(likely[:10])] if likely else [])

"""How one patient was judged, in words: which visit, which rule, which numbers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rpoint.endpoints._confirm import Rules


@dataclass(frozen=True, repr=False)
class Audit:
    """One patient's course.

    Attributes
    ----------
    patient
        Name.
    visits
        The judged visits.
    lines
        The course in sentences, one a visit, then the best responses.
    """

    patient: str
    visits: pd.DataFrame
    lines: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """A copy of the visits."""
        return self.visits.copy()

    def to_dict(self) -> dict:
        """Plain data: patient, lines, visits."""
        return {
            "patient": self.patient,
            "lines": list(self.lines),
            "visits": self.visits.to_dict("records"),
        }

    def __str__(self) -> str:
        return "\n".join(self.lines)

    __repr__ = __str__


def tell(patient: str, visits: pd.DataFrame, best: pd.Series, rules: Rules) -> Audit:
    """Put a patient's visits and best responses in words."""
    lines = [f"patient {patient}"]
    lines += [_visit(row) for row in visits.to_dict("records")]
    if not len(visits):
        lines.append("no scan")
    lines += _ending(best)
    lines += [_best(best, "any"), _best(best, "confirmed") + f" {_asked(rules)}"]
    return Audit(patient, visits.reset_index(drop=True), tuple(lines))


def _mm(value: float) -> str:
    return f"{value:.1f} mm"


def _visit(row: dict) -> str:
    day = f"day {row['day']:g}"
    size = "sum not known" if pd.isna(row["sum_mm"]) else f"sum {_mm(row['sum_mm'])}"
    if row["phase"] == "before":
        return f"{day}: before baseline, {size}"
    if row["phase"] == "baseline":
        return f"{day}: baseline, {size}"
    parts = [size]
    if pd.notna(row["change_pct"]):
        parts.append(f"{row['change_pct']:+.1f} % from baseline ({_mm(row['baseline_mm'])})")
    if pd.notna(row["change_from_nadir_mm"]):
        pct = row["change_from_nadir_pct"]
        relative = "" if pd.isna(pct) else f"{pct:+.1f} % and "
        parts.append(
            f"{relative}{row['change_from_nadir_mm']:+.1f} mm from the nadir "
            f"({_mm(row['nadir_mm'])})"
        )
    judged = [f"target {row['target'] or 'none'}", f"non-target {row['nontarget']}"]
    judged.append(f"new lesions {int(row['new'])}")
    tail = f"{row['at_visit']}: {row['rule']}"
    if row["overall"] != row["at_visit"]:
        tail = f"{row['at_visit']} at the visit, {row['overall']} kept: {row['rule']}"
    if row.get("iresponse"):
        tail += f" -> {row['iresponse']}" + (f": {row['why']}" if row["why"] else "")
    return f"{day}: {', '.join(parts)}; {', '.join(judged)} -> {tail}"


def _ending(best: pd.Series) -> list[str]:
    if pd.notna(best["pd_day"]):
        return [f"progression on day {best['pd_day']:g}: {best['pd_reason']}"]
    return [f"assessment ends with: {best['end_of_assessment']}"]


def _best(best: pd.Series, name: str) -> str:
    label = "best response, any" if name == "any" else "best response, confirmed"
    day = best[f"bor_{name}_day"]
    text = f"{label}: {best[f'bor_{name}']}"
    if pd.notna(day):
        text += f" on day {day:g}"
    if name == "confirmed" and pd.notna(best["confirmed_by_day"]):
        gap = best["confirmed_by_day"] - day
        text += f", confirmed on day {best['confirmed_by_day']:g} ({gap:g} days later)"
    return text


def _asked(rules: Rules) -> str:
    return (
        f"[asked: {rules.confirm_days:g} days to confirm, {rules.min_sd_days:g} days for SD, "
        f"at most {rules.max_not_evaluable} NE between, PR-SD-PR "
        f"{'allowed' if rules.allow_sd_between else 'not allowed'}, disease after CR read as "
        f"{rules.after_cr}]"
    )

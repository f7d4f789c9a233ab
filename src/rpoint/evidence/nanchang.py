"""Nanchang HPD 2019, definitions: every rule of hyperprogression (D1), pace and size (D2), the
team's own rule (D8).

Numbers are in `nanchang_numbers`, associations in `nanchang_association`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._hp_definitions import Definition
from rpoint.endpoints._hp_rules import All, AtLeast, Is
from rpoint.endpoints.hyperprogression import (
    Hyperprogression,
    all_definitions,
    hyperprogression,
)
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.nanchang_facts import facts, value
from rpoint.plots import hyperprogression as draw

NONE = Criterion("<=", 0.0)
PRINTED_NONE = Criterion("<=", 0.0, "published")
SOME = Criterion(">=", 1.0)
MONTH_D = 30.4375
ANSWER = {"y": 1.0, "-": 0.0, "?": np.nan}


def one(x: float) -> np.ndarray:
    """A fact that no parameter changes."""
    return np.array(float(x))


def worked() -> Hyperprogression:
    """The worked patients, judged."""
    return hyperprogression(pd.DataFrame(facts()["worked_patients"]))


def expected() -> dict[str, list[float]]:
    """Definition -> the answers worked by hand."""
    table = facts()["worked_verdicts"]
    return {key: [ANSWER[mark] for mark in marks] for key, marks in table.items()}


def wrong_answers(result: Hyperprogression) -> int:
    """Answers that differ from those worked by hand; a missing definition counts in full."""
    got = dict(zip(result.keys, result.answers().T, strict=True))
    count = 0
    for key, want in expected().items():
        have = got.get(key, np.full(len(want), np.inf))
        count += int(np.sum(~np.isclose(have, want, equal_nan=True)))
    return count


def made_up_cohort(seed: int, patients: int = 3000) -> pd.DataFrame:
    """Patients that are nobody's, spread widely so that every criterion decides somewhere."""
    rng = np.random.default_rng(seed)
    n = patients
    base, day = rng.uniform(8, 150, n), rng.choice([28, 42, 56, 70], n)
    death = np.where(rng.random(n) < 0.5, day + rng.exponential(60, n).round(), np.nan)
    new = rng.poisson(0.7, (2, n))
    return pd.DataFrame(
        {
            "s_pre": base / np.exp(rng.normal(0.1, 0.25, n)), "day_pre": -56, "s_base": base,
            "day_base": 0, "s_first": base * np.exp(rng.normal(0.25, 0.35, n)), "day_first": day,
            "ttf_days": rng.uniform(10, 150, n).round(), "new_lesion": (new > 0).any(0).astype(int),
            "new_in_involved_organ": new[0] * 2, "new_organ": (new[1] > 0).astype(int),
            "organs_with_new": new.sum(0), "ecog_worsening": rng.integers(0, 4, n),
            "death_day": death, "last_contact_day": np.where(np.isnan(death), 400, death),
        }
    )  # fmt: skip


def without_each(definition: Definition) -> list[Definition]:
    """The definition with each of its criteria taken away in turn."""
    rule = definition.rule
    if isinstance(rule, Is):
        return []
    made = []
    for drop in range(len(rule.parts)):
        rest = [part for i, part in enumerate(rule.parts) if i != drop]
        less = All(*rest) if isinstance(rule, All) else AtLeast(rule.k, *rest)
        made.append(Definition(f"{definition.key}-{drop}", definition.name, less, "", "computed"))
    return made


def idle_criteria(table: pd.DataFrame) -> list[str]:
    """Criteria that can be taken away without changing anybody's answer."""
    found = []
    for definition in all_definitions():
        variants = without_each(definition)
        answers = hyperprogression(table, definitions=[definition, *variants]).answers().T
        for variant, other in zip(variants, answers[1:], strict=True):
            if np.array_equal(answers[0], other, equal_nan=True):
                found.append(variant.key)
    return found


@experiment("D1")
def every_definition(lab: Lab) -> Finding:
    """All definitions, each with its own denominator, on patients worked by hand."""
    result = worked()
    rates = result.rates().set_index("definition")
    want = {key: sum(a == a for a in answers) for key, answers in expected().items()}
    blind = hyperprogression(
        pd.DataFrame(facts()["worked_patients"]).assign(s_pre=np.nan, day_pre=np.nan)
    )
    needs = [d.key for d in result.definitions if d.needs_pre_scan]
    still = int((~np.isnan(blind.answers()[:, [blind.keys.index(k) for k in needs]])).sum())
    cohort = hyperprogression(made_up_cohort(lab.seed))
    same = result.answers()[1, [result.keys.index(k) for k in ("champiat", "kato", "kas", "kim")]]
    return Finding(
        ran="Twelve definitions on five patients whose answers were worked by hand; and on 3,000 "
        "made-up patients, each definition with each of its criteria taken away in turn.",
        acceptance=[
            Check(
                "definitions of the register that are missing",
                one(len(set(want) - set(result.keys))), NONE,
            ),
            Check("answers that differ from those by hand", one(wrong_answers(result)), NONE),
            Check(
                "denominators that differ from the patients evaluable by hand",
                one(sum(rates["evaluable"].get(key, -1) != n for key, n in want.items())), NONE,
            ),
        ],
        falsifier=[
            Check("answers about growth before treatment without a scan there", one(still), NONE),
            Check(
                "criteria that can be taken away without changing any answer",
                one(len(idle_criteria(made_up_cohort(lab.seed)))), NONE,
            ),
        ],
        beside=[
            Check("definitions that count steady fast growth (of four that compare)",
                  one(np.nansum(same))),
        ],
        figures=[
            draw.growth(cohort.growth().head(300), title="Growth in made-up patients"),
            draw.agreement(cohort.agreement(), cohort.rates(),
                           title="Agreement in made-up patients"),
        ],
        tables=[("Definitions on the worked patients", _rate_rows(result))],
        assumptions=[
            "Pace is the change of the sum relative to its start, per unit of time: the formula of "
            "Kato 2017 was not seen. The wording of Matos 2020 was not seen either."
        ],
        notes=["The made-up patients show how rules differ; their rates mean nothing."],
    )  # fmt: skip


def _rate_rows(result: Hyperprogression) -> list[dict]:
    keep = ["name", "rule", "yes", "evaluable", "no_pre_scan", "undefined_ratio", "missing_facts",
            "grade"]  # fmt: skip
    return result.rates()[keep].to_dict("records")


# ---- D2: the 40-fold figure is one of pace


def with_pace(size_pct: float, pace: float, days: int = 56) -> dict[str, float]:
    """A patient whose sum grew by `size_pct` and whose pace rose by the factor `pace`."""
    before = size_pct / 100 / pace
    return {"s_pre": 100 / (1 + before), "day_pre": -days, "s_base": 100.0, "day_base": 0,
            "s_first": 100 + size_pct, "day_first": days, "ttf_days": 50}  # fmt: skip


@experiment("D2")
def pace_not_size(lab: Lab) -> Finding:
    """Kato's pace ratios with Kato's sizes, beside a tumour that truly grows 40-fold."""
    smallest, largest = value("kato", "amplified_size_range")
    pace = {"amplified": value("kato", "amplified_pace"), "EGFR": value("kato", "egfr_pace")}
    cases = [(largest, factor) for factor in pace["amplified"]]
    cases += [(smallest, factor) for factor in pace["amplified"]]
    cases += list(zip(value("kato", "egfr_size"), pace["EGFR"], strict=True))
    published = hyperprogression(pd.DataFrame([with_pace(*case) for case in cases]))
    error = published.indices["pace_ratio"] / [factor for _, factor in cases] - 1
    fold = value("news", "size_fold")
    literal = {"s_base": 10.0, "day_base": 0, "s_first": 10.0 * fold}
    big = hyperprogression(pd.DataFrame([literal | {"day_first": d} for d in (56, 240)]))
    flagged = big.flags["implausible_growth"].to_numpy()
    steady = hyperprogression(pd.DataFrame([with_pace(largest, 2.0)]), definitions="kato")
    return Finding(
        ran="Patients with the sizes and pace ratios that Kato 2017 prints, judged by Kato's rule; "
        "and a sum that grows 40-fold within 8 weeks, or within 8 months.",
        acceptance=[
            Check("largest relative error of the pace ratios given back",
                  one(np.abs(error).max()), Criterion("<=", 1e-9, "published")),
            Check("published patients who are not hyperprogressors by Kato's rule",
                  one(np.sum(published.verdicts["kato"].ne(True))), PRINTED_NONE),
            Check("published patients flagged as implausible",
                  one(published.flags["implausible_growth"].sum()), PRINTED_NONE),
            Check("a 40-fold sum within 8 weeks is flagged", one(flagged[0]),
                  Criterion(">=", 1.0, "published")),
        ],
        falsifier=[
            Check("a 40-fold sum within 8 months is flagged", one(flagged[1]), NONE),
            Check("the same size at no more than twice the pace still counts",
                  one(steady.verdicts["kato"].eq(True).sum()), NONE),
        ],
        literal=Check("largest sum over that at baseline ('40 times their size')",
                      one(1 + largest / 100), Criterion(">=", float(fold), "published")),
        literal_must_fail=True,
        beside=[Check("largest pace ratio", one(max(pace["amplified"])))],
        tables=[("Kato 2017: what grew, and by how much", _kato_rows(published, cases))],
        notes=["The sizes of the single amplified patients are not in the abstract: each pace "
               "ratio is tried with the smallest and the largest size."],
    )  # fmt: skip


def _kato_rows(result: Hyperprogression, cases: list[tuple[float, float]]) -> list[dict]:
    return [
        {"size change, %": size, "pace ratio": factor,
         "sum over baseline": 1 + size / 100, "growth before, % per month": round(before, 1),
         "growth on treatment, % per month": round(after, 1)}
        for (size, factor), before, after in zip(
            cases, result.indices["tgr_pre"], result.indices["tgr_post"], strict=True)
    ]  # fmt: skip


# ---- D8: the team's own rule

JUST = 1e-6
# Size change (%), time to failure (d), answer: both signs are strict.
EDGES = (
    (50.0, 50.0, False),
    (50.0 + JUST, 50.0, True),
    (60.0, 2 * MONTH_D, False),
    (60.0, 2 * MONTH_D - JUST, True),
    (60.0, 90.0, False),
    (20.0, 50.0, False),
)


@experiment("D8")
def the_teams_rule(lab: Lab) -> Finding:
    """TTF < 2 months and burden up by more than half, and what each part of it does."""
    table = pd.DataFrame([with_pace(size, 1.0) | {"ttf_days": ttf} for size, ttf, _ in EDGES])
    by_key = {d.key: d for d in all_definitions()}
    rule, kato = by_key["nanchang"], by_key["kato"]
    no_ttf, no_size = without_each(rule)  # the time to failure is the first part of the rule
    judged = hyperprogression(table, definitions=[rule, no_ttf, no_size, kato]).answers().T
    answers = dict(zip(("rule", "no_ttf", "no_size", "kato"), judged, strict=True))
    want = np.array([answer for *_, answer in EDGES], float)
    changed = {key: np.sum(own != answers["rule"]) for key, own in answers.items()}
    return Finding(
        ran="Six patients at and beside the two thresholds, judged by the rule, by the rule "
        "without either part, and by Kato's three criteria.",
        acceptance=[
            Check("answers that differ from 'TTF < 2 months and > 50 %', both strict",
                  one(np.sum(answers["rule"] != want)), PRINTED_NONE),
        ],
        falsifier=[
            Check("answers that change without the time criterion", one(changed["no_ttf"]), SOME),
            Check("answers that change without the size criterion", one(changed["no_size"]), SOME),
            Check("answers that change with Kato's third criterion (pace)",
                  one(changed["kato"]), SOME),
        ],
        tables=[("The rule at its thresholds", [
            {"size change, %": size, "TTF, d": round(ttf, 4), "rule": bool(own),
             "with the pace criterion": bool(also)}
            for (size, ttf, _), own, also in zip(EDGES, answers["rule"], answers["kato"],
                                                 strict=True)])],
        notes=["The patients grow at the same pace before and on treatment: the pace criterion, "
               "which needs a scan before treatment, is what would tell them apart."],
    )  # fmt: skip

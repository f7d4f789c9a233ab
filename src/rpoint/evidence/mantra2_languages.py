"""Dumbrava 2025 (MANTRA-2): the same figures in two languages (C16)."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from rpoint.catalog._yaml import parse
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Criterion, Finding
from rpoint.evidence.mantra2_numbers import count, facts
from rpoint.evidence.numbers_in_text import numbers_in
from rpoint.evidence.trial_numbers import fact

EXACT = Criterion("<=", 0.0, "computed")


@cache
def texts() -> dict[str, str]:
    """The figures of the abstract in our own words, English and Chinese."""
    name = "mantra2_texts.yaml"
    lines = parse((files("rpoint.evidence") / name).read_text(encoding="utf-8"), name)
    return {language: " ".join(sentences) for language, sentences in lines.items()}


def published() -> dict[str, Any]:
    """The figures that both texts must state."""
    shown = facts()["printed"]
    return {
        "treated": float(count("treated")),
        "confirmed_test": float(count("centrally_confirmed")),
        "any_pct": float(shown["any"]),
        "any_count": (float(count("any_response")), float(count("centrally_confirmed"))),
        "confirmed_pct": float(shown["confirmed"]),
        "unconfirmed": float(count("unconfirmed_partial")),
        "complete_loss_pct": -float(facts()["best_change"]["value"]),
        "pfs_median": 3.5,
        "pfs_limits": (1.8, 3.7),
    }


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Figures that two readings do not share, or that one of them lacks."""
    return [name for name in one if one[name] is None or one[name] != other[name]]


@experiment("C16")
def two_languages(lab: Lab) -> Finding:
    """Numbers read from both texts, compared with each other and with the register."""
    read = {name: asdict(numbers_in(text)) for name, text in texts().items()}
    english, chinese, known = read["english"], read["chinese"], published()
    wrong = asdict(numbers_in(texts()["chinese"].replace("19.4", "14.9")))
    rows = [{"figure": name.replace("_", " "), "published": str(known[name]),
             "English": str(english[name]), "Chinese": str(chinese[name])}
            for name in known]  # fmt: skip
    return Finding(
        ran="The figures of the abstract, retold in English and in Chinese, read by a small reader "
        "of numbers that knows both languages.",
        acceptance=[
            fact("figures that differ between English and Chinese",
                 len(differing(english, chinese)), EXACT),
            fact("figures of the English text that differ from the published ones",
                 len(differing(english, known)), EXACT),
            fact("figures of the Chinese text that differ from the published ones",
                 len(differing(chinese, known)), EXACT),
        ],
        falsifier=[
            fact("figures found to differ when the Chinese text says 14.9 % for 19.4 %",
                 len(differing(english, wrong)), Criterion(">=", 1.0)),
        ],
        beside=[fact("figures compared", len(known))],
        tables=[("Figures read from both texts", rows)],
        notes=["The texts are ours, with the figures of the document's two parts: the document "
               "itself is not shipped."],
    )  # fmt: skip

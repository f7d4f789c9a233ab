"""The second entry of the drugs' pharmacokinetics and potencies agrees with the catalogue."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest

from rpoint import catalog
from rpoint.catalog import UNITS

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("entered", HERE / "_entered.py")
_entered = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_entered)

FIRST = _entered.everything()


def rows(name: str) -> dict[tuple[str, str], dict[str, str]]:
    with (HERE / "qc" / name).open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    found = {(r["drug"], r["quantity"]): r for r in read}
    assert len(found) == len(read), "a quantity is entered twice"
    return found


SECOND = rows("drugs.csv")
DISAGREEMENTS = rows("disagreements.csv")


def differs(key: tuple[str, str]) -> bool:
    """Whether the two entries of a number differ by more than they may."""
    first, second = FIRST[key], SECOND[key]
    dimension, factor = UNITS[second["unit"]]
    assert dimension == UNITS[first.unit][0], f"{key}: {second['unit']} against {first.unit}"
    a, b = first.value * UNITS[first.unit][1], float(second["value"]) * factor
    if second["basis"] == "recall":
        wide = first.as_gsd()
        return not 1 / wide <= a / b <= wide
    rounded = second["basis"] == "rule" or second["note"].startswith("geometric middle")
    return abs(a - b) > (0.03 if rounded else 0.01) * abs(a)


def test_the_second_entry_is_not_empty_and_covers_every_number_of_every_drug():
    assert len(SECOND) > 250
    assert {drug for drug, _ in SECOND} == set(catalog.names("drugs"))
    assert set(SECOND) == set(FIRST)
    assert {r["basis"] for r in SECOND.values()} == {"table", "look-up", "rule", "recall"}


@pytest.mark.parametrize("key", sorted(SECOND), ids=lambda key: " ".join(key))
def test_both_entries_agree(key):
    if key in DISAGREEMENTS:
        assert differs(key), "settled: take it out of disagreements.csv"
        assert DISAGREEMENTS[key]["decision"]
    else:
        assert not differs(key), f"{FIRST[key]} against {SECOND[key]}"


def test_recall_only_where_the_catalogue_says_unverified_or_assumed():
    for key, row in SECOND.items():
        if row["basis"] == "recall":
            assert FIRST[key].grade in ("unverified", "inferred", "computed"), key

"""A few drug names, so that tests of the grammar do not depend on the catalogue's content."""

from __future__ import annotations

import pytest

from rpoint.pharmacology.names import NameBook

DRUGS = (
    "abemaciclib",
    "capivasertib",
    "fulvestrant",
    "milademetan",
    "nutlin-3a",
    "palbociclib",
    "pembrolizumab",
)


@pytest.fixture(scope="session")
def names() -> NameBook:
    book = NameBook.of(DRUGS)
    ids = dict(book.ids) | {"ibrance": "palbociclib", "pd0332991": "palbociclib"}
    return NameBook(ids, {"fulvestrant": "im", "pembrolizumab": "iv"})

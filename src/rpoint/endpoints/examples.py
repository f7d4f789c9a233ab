"""Tables that are shipped as examples; their licence is in `data/LICENSES.md`."""

from __future__ import annotations

from pathlib import Path

from rpoint.errors import unknown_name

FOLDER = Path(__file__).parent / "data"
EXAMPLES = ("inspire",)
PREFIX = "example:"


def example(name: str = "inspire") -> tuple[Path, Path]:
    """Files of sizes and of patients of a shipped example.

    Parameters
    ----------
    name
        "inspire": 94 patients on pembrolizumab, sums of target diameters (Bratman 2020).
    """
    if name not in EXAMPLES:
        raise unknown_name("example", name, EXAMPLES, where="example")
    return FOLDER / f"{name}_sums.csv", FOLDER / f"{name}_patients.csv"

"""A panel that comes with R-point, to try the commands with.

Its sixteen tumours are invented: genotypes as they occur, no measurement of anybody.
"""

from __future__ import annotations

from pathlib import Path

from rpoint.errors import unknown_name

PREFIX = "example:"
EXAMPLES = ("panel",)


def example(name: str) -> Path:
    """The file of a shipped example.

    Raises
    ------
    RpointError
        If there is none of that name.
    """
    if name not in EXAMPLES:
        raise unknown_name("example", name, EXAMPLES, where="example")
    return Path(__file__).parent / "data" / f"example_{name}.csv"


def located(source: str) -> Path:
    """The file that a text names: "example:panel", or a path."""
    return example(source.removeprefix(PREFIX)) if source.startswith(PREFIX) else Path(source)

"""`rpoint doctor`: is this environment fit to run R-point?"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import re
import sys
from typing import Any

import typer

from rpoint import __version__
from rpoint.cli.command import command, cores
from rpoint.cli.console import Console

# The imported name where it is not the distribution's, for the libraries that R-point needs.
MODULES = {
    "python-libsbml": "libsbml",
    "ruamel-yaml": "ruamel.yaml",
    "vl-convert-python": "vl_convert",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "doctor", example="rpoint doctor")
    def doctor(io: Console) -> int:
        """Check Python and the libraries; exit 2 if one fails."""
        checks = environment()
        failed = [check for check in checks if check["ok"] is False]
        io.text(f"R-point {__version__}, Python {platform.python_version()}, {platform.platform()}")
        io.text(f"{cores()} cores for this process")
        io.table(
            [{k: check[k] for k in ("library", "needs", "found", "state")} for check in checks]
        )
        io.deliver("doctor", {"rpoint": __version__, "checks": checks})
        return 2 if failed else 0


def environment() -> list[dict[str, Any]]:
    """One check for Python and for every library that R-point's metadata names."""
    found = platform.python_version()
    fits = sys.version_info >= (3, 11)
    checks = [_check("python", ">=3.11", found, fits, "ok" if fits else "too old")]
    named = importlib.metadata.requires("rpoint") or []
    checks += [library(requirement) for requirement in named if "extra" not in requirement]
    optional = [library(requirement) for requirement in named if "extra" in requirement]
    return checks + list({check["library"]: check for check in optional}.values())


def library(requirement: str) -> dict[str, Any]:
    """Check one requirement of the metadata, such as ``numpy>=1.26`` or ``cma>=4; extra == 'x'``.

    What an extra names is optional: it is looked up but not imported, and its absence is no fault.
    """
    spec, _, condition = requirement.partition(";")
    name = re.match(r"[A-Za-z0-9._-]+", spec).group()  # type: ignore[union-attr]
    needs = spec[len(name) :].strip()
    optional = "extra" in condition
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        state = "not installed (optional)" if optional else "not installed"
        return _check(name, needs, "", optional, state)
    fits = _fits(found, needs)
    if fits and not optional:
        try:
            importlib.import_module(MODULES.get(name, name))
        except Exception as error:  # whatever stops the import is what the user must know
            return _check(name, needs, found, False, f"import fails: {error}")
    return _check(name, needs, found, fits, "ok" if fits else "another version is wanted")


def _check(name: str, needs: str, found: str, ok: bool, state: str) -> dict[str, Any]:
    return {"library": name, "needs": needs, "found": found, "ok": ok, "state": state}


def _fits(found: str, needs: str) -> bool:
    """Compare release numbers with ``>=`` and ``<`` bounds, which are all that R-point uses."""
    for bound in filter(None, needs.split(",")):
        sign, limit = re.match(r"\s*(>=|<)\s*(\S+)", bound).groups()  # type: ignore[union-attr]
        newer = _release(found) >= _release(limit)
        if newer != (sign == ">="):
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    parts = tuple(int(n) for n in numbers.group().split(".")) if numbers else ()
    return parts + (0,) * (6 - len(parts))

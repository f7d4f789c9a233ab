"""The public names of the package are pinned, load lazily and are documented."""

from __future__ import annotations

import subprocess
import sys

import pytest

import rpoint

PUBLIC = [
    "RpointError",
    "__version__",
    "basket",
    "catalog",
    "cite",
    "claims",
    "cohort",
    "drug",
    "growth_metrics",
    "hyperprogression",
    "incidence_study",
    "irecist",
    "meta",
    "meta_regression",
    "open_run",
    "predict",
    "proportion",
    "rank",
    "read_sizes",
    "read_trial",
    "recist",
    "regimen",
    "run_trial",
    "simon",
    "simulate",
    "survival",
    "synergy",
    "tumour",
    "validate",
]


def test_public_names_are_pinned():
    assert sorted(rpoint.__all__) == sorted(PUBLIC)


@pytest.mark.parametrize("name", [n for n in PUBLIC if n != "__version__"])
def test_every_public_name_loads_and_is_documented(name):
    assert getattr(rpoint, name).__doc__
    assert name in dir(rpoint)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rpoint.nothing  # noqa: B018


def test_importing_rpoint_loads_nothing_heavy():
    code = "import sys, rpoint; print(len([m for m in sys.modules if m.startswith('rpoint')]), "
    code += "[m for m in ('numpy', 'pandas', 'sympy', 'typer') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.stdout.strip() == "1 []", done.stderr


def test_tumour_is_a_room_and_makes_tumours():
    import rpoint.tumour.noun

    assert isinstance(rpoint.tumour("melanoma"), rpoint.tumour.noun.Tumour)

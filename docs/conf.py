"""Sphinx configuration; the catalogue's pages are generated from the registry at every build."""

from __future__ import annotations

import sys
from pathlib import Path

import rpoint

sys.path.insert(0, str(Path(__file__).parent))
import generate

project = "R-point"
author = "The R-point maintainers"
release = version = rpoint.__version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {
    "description": "Research use only: no output is advice for a patient.",
    "fixed_sidebar": True,
}
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.strikethrough"]

generate.catalogue(Path(__file__).parent / "catalogue" / "generated")

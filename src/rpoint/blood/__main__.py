"""``python -m rpoint.blood [DRAWS]``: solve the calibration to siremadlin again, write its table.

The central values of the three solved numbers go to `facts.yaml` by hand; a test compares them.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from rpoint.blood.calibration import Figures, solve, solve_ensemble
from rpoint.blood.parameters import ENSEMBLE, central

HEAD = """\
# Parameter sets of the marrow that meet the three siremadlin figures of Sou 2025 (rows marked
# `calibrate`): each row is one draw of the assumptions, with the three numbers solved for it.
# Written by `python -m rpoint.blood`; misfit in units of what the figures are known to.
"""


def main() -> None:
    """Solve, print the central solution, write the table."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    values, misfit = solve(central(), Figures())
    print({name: round(value, 4) for name, value in values.items()}, f"misfit {misfit:.2g}")
    table = solve_ensemble(draws)
    path = Path(str(files("rpoint.blood") / "data" / ENSEMBLE))
    path.write_text(HEAD + table.to_csv(index=False, float_format="%.5g"), encoding="utf-8")
    print(f"{len(table)} of {draws} draws accepted: {path}")


if __name__ == "__main__":
    main()

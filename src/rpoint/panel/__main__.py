"""`python -m rpoint.panel FOLDER --out coefficients.csv`: learn the shipped coefficients again.

FOLDER has the layout of `rpoint.panel.folder`; the coefficients are a function of its tables, of
the shipped ensemble and of the seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rpoint.errors import RpointError
from rpoint.panel import folder
from rpoint.panel.fit import learn, with_combinations
from rpoint.panel.shipped import write_coefficients


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn and write; 0 when it is done, 1 for an error of the user."""
    parser = argparse.ArgumentParser(prog="python -m rpoint.panel", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of measured panels")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    parser.add_argument("--rounds", type=int, default=2, help="times that the curves are made")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=None)
    given = parser.parse_args(arguments)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:7.0f} s  {text}", file=sys.stderr, flush=True)

    try:
        path = given.folder
        mice = folder.xenograft_tables(path) if folder.has_xenografts(path) else None
        lines = folder.line_tables(path) if folder.has_lines(path) else None
        found = learn(
            mice, lines, seed=given.seed, jobs=given.jobs, rounds=given.rounds, progress=say
        )
        known = found.coefficients
        if mice is not None:
            say("combinations")
            known = with_combinations(known, mice, mice.response, given.seed, given.jobs, None)
        write_coefficients(given.out, known)
    except RpointError as error:
        print(error, file=sys.stderr)
        return 1
    say(f"written: {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Fit the population anew: ``python -m rpoint.trial.calibration --out draws.csv``.

From nothing but the published rows: the pools of patients, tempered sequential Monte Carlo on the
emulator, the discrepancy between the full simulation and the emulator at what was found, and the
sampler again with it, twice.  The draws that are shipped come from an earlier series of such fits;
`docs/virtual-trials.md` has both side by side.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rpoint.trial.calibration.fit import PARTICLES, calibrate, pools
from rpoint.tumour.simulate import shipped


def main(arguments: Sequence[str] | None = None) -> None:
    """Calibrate and write the draws."""
    parser = argparse.ArgumentParser(prog="python -m rpoint.trial.calibration")
    parser.add_argument("--out", type=Path, required=True, help="CSV of the draws")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--particles", type=int, nargs="+", default=PARTICLES,
        help="of each fit; all but the first use the discrepancy at the draws of the fit before",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    found = pools(shipped(), given.seed, given.jobs)
    draws = calibrate(found, given.particles, given.draws, given.seed, given.jobs)
    draws.to_csv(given.out, index=False)


if __name__ == "__main__":
    main()

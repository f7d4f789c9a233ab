"""Rebuild the shipped ensemble: ``python -m rpoint.calibrate --out ensemble.csv``."""

from __future__ import annotations

import argparse
import sys
import time
from importlib.resources import as_file, files
from pathlib import Path

from rpoint.calibrate.ensemble import read
from rpoint.calibrate.fit import Plan, as_table, run, select
from rpoint.calibrate.problem import Problem


def main(argv: list[str] | None = None) -> int:
    """Run a build and write the ensemble and its diagnostics."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m rpoint.calibrate", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="CSV of the ensemble to write")
    parser.add_argument("--work", type=Path, help="checkpoint file (default: OUT with .npz)")
    parser.add_argument("--chains", type=int, default=plan.chains)
    parser.add_argument("--iterations", type=int, default=plan.iterations)
    parser.add_argument("--sets", type=int, default=plan.sets, help="size of the ensemble")
    parser.add_argument("--seed", type=int, default=plan.seed)
    args = parser.parse_args(argv)
    plan = Plan(
        chains=args.chains, iterations=args.iterations, sets=args.sets, seed=args.seed
    )
    args.out.parent.mkdir(parents=True, exist_ok=True)
    begin = time.time()

    def tell(text: str) -> None:
        print(f"{time.time() - begin:8.0f} s  {text}", file=sys.stderr, flush=True)

    problem = Problem()
    with as_file(files("rpoint.calibrate") / "data" / "start.csv") as path:
        start = problem.to_unit(read(path))
    draws = run(problem, start, plan, args.work or args.out.with_suffix(".npz"), tell)
    ensemble, report = select(problem, draws, plan, tell)
    as_table(ensemble).to_csv(args.out, index=False, float_format="%.6g")
    report.to_csv(args.out.with_name(args.out.stem + "_diagnostics.csv"), float_format="%.4g")
    tell(f"{len(ensemble)} sets written to {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

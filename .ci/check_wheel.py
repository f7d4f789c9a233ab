"""Builds the wheel and checks that it is pure and holds every tracked file of the package."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Return 0 if the wheel is complete, else say what is wrong and return 1."""
    listed = subprocess.run(
        ["git", "ls-files", "src/rpoint"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    wanted = {name.removeprefix("src/") for name in listed.stdout.splitlines()}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, str(ROOT)],
            check=True,
        )
        (wheel,) = Path(folder).glob("*.whl")
        held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("rpoint/")}
    missing = sorted(wanted - held)
    pure = wheel.name.endswith("-py3-none-any.whl")
    print(f"{wheel.name}: {len(held)} files, {len(missing)} missing, pure: {pure}")
    if missing:
        print("\n".join(missing))
    return 0 if pure and not missing else 1


if __name__ == "__main__":
    sys.exit(main())

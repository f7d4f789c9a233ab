"""`python -m rpoint` and the `rpoint` command."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from rpoint.cli.app import run

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter stops nothing
    sys.exit(run())


if __name__ == "__main__":
    main()

"""The `rpoint` command: assembles the command groups and turns errors into exit codes."""

from __future__ import annotations

import typer

from rpoint import __version__

RESEARCH_ONLY = "Research use only: no output is advice for a patient."

app = typer.Typer(
    name="rpoint",
    help=f"How tumours obey and escape the drugs that hold the cell cycle.\n\n{RESEARCH_ONLY}",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        typer.echo(f"rpoint {__version__}")
        raise typer.Exit


def run() -> int:
    """Run the command line; return the exit code."""
    app(standalone_mode=False)
    return 0

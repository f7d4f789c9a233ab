"""The `rpoint` command: assembles the command groups and turns errors into exit codes.

Exit codes: 0 done, 1 the user's error, 2 a check failed, 3 partial, 70 a defect of R-point,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from rpoint import __version__
from rpoint.cli import (
    basket,
    catalogue,
    claims,
    cohort,
    doctor,
    meta,
    model,
    predict,
    proportion,
    rank,
    response,
    simon,
    simulate,
    survival,
    synergy,
    trial,
    validate,
)
from rpoint.errors import RpointError, shorten

DONE, USER_ERROR, CHECK_FAILED, PARTIAL, DEFECT, INTERRUPTED = 0, 1, 2, 3, 70, 130

RESEARCH_ONLY = "Research use only: no output is advice for a patient."

# Typer carries its own copy of Click from 0.26 on; both are reached through Typer's own class.
_CLICK: dict[str, Any] = {base.__name__: base for base in typer.BadParameter.__mro__}
UsageError: type[Exception] = _CLICK["UsageError"]
ClickException: type[Exception] = _CLICK["ClickException"]

app = typer.Typer(
    name="rpoint",
    help=f"How tumours obey and escape the drugs that hold the cell cycle.\n\n{RESEARCH_ONLY}",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
STATISTICS = (response, survival, proportion, simon, basket, meta, synergy)
for group in (
    *(claims, simulate, rank, predict, validate, trial, cohort),
    *(*STATISTICS, catalogue, model, doctor),
):
    group.add_to(app)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        typer.echo(f"rpoint {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on `arguments` (the process's own without any).

    Returns
    -------
    int
        The exit code; no exception escapes but `SystemExit`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(given, prog_name="rpoint", standalone_mode=False) or DONE
        return _interrupted() if code == INTERRUPTED else code
    except RpointError as error:
        return _fail(str(error), USER_ERROR)
    except UsageError as error:
        return _fail(_usage(error), USER_ERROR)
    except ClickException as error:
        return _fail(shorten(message(error), 300), USER_ERROR)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # the last resort: a defect is told as such, in short
        return _defect(error, shown="-vv" in given)


def _interrupted() -> int:
    return _fail("interrupted; nothing was half-written", INTERRUPTED)


def _fail(message: str, code: int) -> int:
    print(f"rpoint: error: {message}", file=sys.stderr)
    return code


def message(error: Any) -> str:
    """What Click says of a wrong use."""
    return error.format_message()


def _usage(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "rpoint"
    wrong = shorten(message(error), 300)
    return RpointError(wrong, mend=f"{path} --help shows the options and an example").block()


def _defect(error: Exception, *, shown: bool) -> int:
    if shown:
        traceback.print_exception(error)
    kind, text = type(error).__name__, shorten(str(error), 200)
    return _fail(
        f"R-point stopped on a defect of its own: {kind}: {text}\n"
        "  mend:    report it with the command and what `rpoint doctor` prints; "
        "-vv shows where it happened",
        DEFECT,
    )

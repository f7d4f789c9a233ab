"""How a command is made: its own options, the shared ones, an example, an exit code."""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rpoint.cli.console import Console

MAX_SEED = 2**63 - 1


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


SHARED: dict[str, tuple[Any, Any]] = {
    "json": (
        Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")],
        False,
    ),
    "out": (
        Annotated[
            Path | None,
            typer.Option("--out", metavar="DIR", help="Folder for files; made if it is not there."),
        ],
        None,
    ),
    "seed": (
        Annotated[
            int,
            typer.Option("--seed", metavar="N", min=0, max=MAX_SEED, help="Seed of all chance."),
        ],
        1,
    ),
    "jobs": (
        Annotated[
            int | None,
            typer.Option("--jobs", "-j", metavar="N", min=1, max=1024, help="Threads [all cores]."),
        ],
        None,
    ),
    "quiet": (
        Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing on stderr but errors.")],
        False,
    ),
    "verbose": (
        Annotated[
            int,
            typer.Option("-v", "--verbose", count=True, show_default=False, help="Say more (-vv)."),
        ],
        0,
    ),
}


def command(
    app: typer.Typer, name: str, *, example: str, out_file: str = ""
) -> Callable[[Callable], Callable]:
    """Register a function as the command `name` of `app`, with the shared options added.

    The function takes a `Console` first; what it returns is the exit code (None: 0).  Its
    docstring, the research-use line and the example are the command's help.  With `out_file`, such
    as ".csv", `--out` names either a folder or one file of that type.
    """

    def register(body: Callable[..., int | None]) -> Callable[..., int | None]:
        def run(**given: Any) -> int:
            shared = {key: given.pop(key) for key in SHARED}
            shared["jobs"] = shared["jobs"] or cores()
            console = Console(**shared)
            if console.out is not None:
                _check_out(console.out, out_file)
            return body(console, **given) or 0

        signature = _signature(body, out_file)
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        app.command(name, help=inspect.getdoc(body), epilog=_epilog(example))(run)
        return body

    return register


def _check_out(out: Path, out_file: str) -> None:
    from rpoint.files import names_file, output_file, output_folder

    (output_file if out_file and names_file(out, out_file) else output_folder)(out)


def _out_option(out_file: str) -> Any:
    kind = out_file.lstrip(".").upper()
    text = f"{kind} file, or folder for files; made if it is not there."
    return Annotated[Path | None, typer.Option("--out", metavar=f"FILE{out_file}|DIR", help=text)]


def _signature(body: Callable, out_file: str) -> inspect.Signature:
    hints = typing.get_type_hints(body, include_extras=True)
    own = list(inspect.signature(body).parameters.values())[1:]
    parameters = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[p.name]) for p in own
    ]
    shared = {**SHARED, "out": (_out_option(out_file), None)} if out_file else SHARED
    parameters += [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for key, (kind, default) in shared.items()
    ]
    return inspect.Signature(parameters)


def _epilog(example: str) -> str:
    return f"Example:  {example}"

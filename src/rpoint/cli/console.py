"""What a command may do with the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from rpoint.plots._figure import Figure

PLAIN_WIDTH = 140  # columns of a table that is not printed to a terminal

Advance = Callable[..., None]

_bars: list[Any] = []  # the terminals of the bars that are being shown


@dataclass(frozen=True)
class Console:
    """The options that every command shares, and the two ways out."""

    json: bool = False
    out: Path | None = None
    seed: int = 0
    jobs: int = 1
    quiet: bool = False
    verbose: int = 0

    def result(self, value: Any) -> None:
        """Print the result as JSON; the only thing on stdout under --json."""
        from rpoint.files import to_json

        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        sys.stdout.write(to_json(value, ascii_only=not utf8) + "\n")

    def deliver(
        self,
        name: str,
        value: Any,
        *,
        tables: Mapping[str, pd.DataFrame] | None = None,
        figures: Mapping[str, Figure] | None = None,
    ) -> None:
        """Print the result if --json asks for it, and write it to `--out`, all or nothing.

        Parameters
        ----------
        name
            The result goes to `name`.json.
        value
            Plain data.
        tables
            Name of a CSV file, without its ending, to a table.
        figures
            Name of a file, with its ending, to a figure.
        """
        if self.json:
            self.result(value)
        if self.out is None:
            return
        from rpoint.files import staged, write_json, write_text

        with staged(self.out) as folder:
            write_json(folder / f"{safe_name(name)}.json", value)
            for title, table in (tables or {}).items():
                text = table.to_csv(index=False, lineterminator="\n")
                write_text(folder / f"{title}.csv", text)
            for file, figure in (figures or {}).items():
                figure.save(folder / file)
        alone = not tables and not figures
        self.say(f"written: {self.out / safe_name(name)}.json" if alone else f"written: {self.out}")

    def text(self, text: str) -> None:
        """Print a result for people, unless --json asks for JSON alone."""
        if not self.json:
            sys.stdout.write(text.rstrip("\n") + "\n")

    def table(self, rows: Sequence[dict[str, Any]], *, title: str | None = None) -> None:
        """Print rows as a table for people; the keys of the first row are the columns."""
        if self.json or not rows:
            return
        from rich.console import Console as Rich
        from rich.table import Table
        from rich.text import Text

        shown = Table(title=title, title_justify="left", header_style="bold", box=None)
        for column in rows[0]:
            shown.add_column(str(column), overflow="fold")
        for row in rows:
            shown.add_row(*(Text(cell(row.get(column))) for column in rows[0]))
        Rich(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(shown)

    def say(self, text: str, *, level: int = 0) -> None:
        """Say something on stderr; `level` 1 needs -v, 2 needs -vv, -q silences all."""
        if self.quiet or level > self.verbose:
            return
        if _bars:
            _bars[-1].print(text, markup=False, highlight=False)  # above the bar
        else:
            print(text, file=sys.stderr)

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Advance]:
        """A progress bar on stderr; yields `advance(done=1, text=None, total=None)`."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda done=1, text=None, total=None: None
            return
        from rich.console import Console as Rich
        from rich.progress import Progress

        with Progress(console=Rich(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total)
            _bars.append(bar.console)

            def advance(done: float = 1, text: str | None = None, total: int | None = None) -> None:
                bar.update(task, advance=done, description=text or label, total=total)

            try:
                yield advance
            finally:
                _bars.pop()


def counter(advance: Advance) -> Callable[[int, int], None]:
    """A callback (done, total) that moves the bar."""
    before = 0

    def tell(done: int, total: int) -> None:
        nonlocal before
        advance(done - before, total=total)
        before = done

    return tell


def safe_name(text: str) -> str:
    """`text` as the name of a file.

    >>> safe_name("show-alterations-MDM2:cn=12")
    'show-alterations-MDM2_cn_12'
    """
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in text)[:100]


def cell(value: Any) -> str:
    """A table cell: short numbers, empty for what is missing.

    >>> cell(0.123456), cell(None), cell(True), cell("x")
    ('0.123', '', 'yes', 'x')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(cell(item) for item in value)
    if isinstance(value, float):
        return "" if value != value else f"{value:.3g}"
    return str(value)

"""`rpoint model export` and `rpoint model check`: take the model elsewhere, try another."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

SUFFIX = {"sbml": "xml", "antimony": "ant"}
CHECK_FAILED = 2


class Form(StrEnum):
    """Formats that the cell model can be written in."""

    sbml = "sbml"
    antimony = "antimony"


class Species(StrEnum):
    """Whose pharmacokinetics."""

    human = "human"
    mouse = "mouse"


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(help="Take the cell model elsewhere; check another.")
    app.add_typer(group, name="model")

    @command(
        group, "export", example="rpoint model export --drug palbociclib --drug milademetan --out m"
    )
    def export(
        io: Console,
        to: Annotated[Form, typer.Option("--to", help="The format.")] = Form.sbml,
        drug: Annotated[
            list[str] | None,
            typer.Option("--drug", help="Add this drug's pharmacokinetics; may be repeated."),
        ] = None,
        species: Annotated[Species, typer.Option(help="Whose kinetics.")] = Species.human,
    ) -> None:
        """Write the cell model as SBML or Antimony.

        Without drugs, or under their pharmacokinetics; to stdout, or to a file in --out.

        The SBML (Level 3 Version 2) runs in libRoadRunner, COPASI and other simulators.
        """
        from rpoint import catalog

        drugs = tuple(catalog.drug(name).id for name in drug or ())
        text = model_text(to, drugs, species.value)
        name = "-".join(("rpoint-cell", *drugs)) + f".{SUFFIX[to.value]}"
        if io.json:
            io.result({"file": name, "format": to.value, "drugs": list(drugs), "model": text})
        if io.out is None:
            io.text(text)
            return
        from rpoint.files import staged, write_text

        with staged(io.out) as folder:
            write_text(folder / name, text)
        io.say(f"written: {io.out / name}")

    @command(group, "check", example="rpoint model check model.xml")
    def check(
        io: Console, file: Annotated[Path, typer.Argument(metavar="MODEL.xml|MODEL.ant")]
    ) -> int:
        """Say whether the engine takes a model; exit 2 if not.

        The model is read in a process of its own, with limits on time and memory.
        """
        from rpoint.cli.foreign import inspect

        found = {"file": str(file), **inspect(file)}
        if not found["accepted"]:
            io.text(f"{file}: refused\n{found['reason']}")
            io.deliver("check", found)
            return CHECK_FAILED
        held = f"{len(found['states'])} states, {len(found['parameters'])} parameters"
        io.text(f"{file}: accepted; {held}")
        io.deliver("check", found)
        return 0


def model_text(form: Form, drugs: tuple[str, ...], species: str) -> str:
    """The cell model's text, without drugs or with their pharmacokinetics."""
    from rpoint import biology

    if form is Form.sbml:
        return biology.patient_sbml(drugs, species) if drugs else biology.cell_sbml()
    if not drugs:
        return biology.cell_antimony()
    from rpoint.biology.drugged import pk_statements

    return biology.cell_antimony(pk_statements(drugs, species))

"""`model export` gives text that others read; `model check` takes ours and refuses by name."""

from __future__ import annotations

import json

import libsbml
import pytest

from rpoint.cli.app import run

EVENT = """
model decay
  S = 1; k = 1
  J: S -> ; k * S
  at time > 1: S = 2
end
"""


def test_the_exported_sbml_is_valid_for_libsbml(tmp_path, capsys):
    assert run(["model", "export", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    (file,) = tmp_path.iterdir()
    assert file.name == "rpoint-cell.xml"
    document = libsbml.readSBMLFromFile(str(file))
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    assert document.checkConsistency() == 0 or not document.getNumErrors(libsbml.LIBSBML_SEV_ERROR)
    assert document.getLevel() == 3 and document.getVersion() == 2


def test_without_out_the_model_goes_to_stdout(capsys):
    assert run(["model", "export", "--to", "antimony"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("model rpoint_cell") and shown.out.rstrip().endswith("end")
    assert run(["model", "export", "--to", "antimony", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"].startswith("model rpoint_cell")


@pytest.mark.parametrize("form", ["sbml", "antimony"])
def test_drugs_bring_their_kinetics(form, tmp_path, capsys):
    drugs = ["--drug", "palbociclib", "--drug", "milademetan"]
    assert run(["model", "export", "--to", form, *drugs, "--out", str(tmp_path)]) == 0
    (file,) = tmp_path.iterdir()
    assert file.stem == "rpoint-cell-palbociclib-milademetan"
    assert run(["model", "check", str(file), "--json"]) == 0
    capsys_out = capsys.readouterr().out
    with_drugs = json.loads(capsys_out)
    assert run(["model", "export", "--to", form, "--out", str(tmp_path / "bare")]) == 0
    bare = tmp_path / "bare" / f"rpoint-cell{file.suffix}"
    capsys.readouterr()
    assert run(["model", "check", str(bare), "--json"]) == 0
    without = json.loads(capsys.readouterr().out)
    assert len(with_drugs["states"]) > len(without["states"])
    assert set(without["states"]) <= set(with_drugs["states"])


def test_what_the_engine_does_not_support_is_refused_by_name_with_2(tmp_path, capsys):
    file = tmp_path / "event.ant"
    file.write_text(EVENT, encoding="utf-8")
    assert run(["model", "check", str(file), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["accepted"] is False and "event" in found["reason"].lower()


@pytest.mark.parametrize(
    "content", [b"", b"no model", b"<sbml>" + b"x" * 2**20, b"\xff\xfe\x00", b"x" * 2**20]
)
@pytest.mark.parametrize("suffix", [".xml", ".ant"])
def test_what_is_no_model_is_one_short_error(content, suffix, tmp_path, capsys):
    file = tmp_path / f"bad{suffix}"
    file.write_bytes(content)
    assert run(["model", "check", str(file)]) in (1, 2)
    shown = capsys.readouterr()
    assert 0 < len(shown.err + shown.out) < 1500
    assert "defect" not in shown.err


HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n{}<sbml xmlns="{}" level="3" version="1">{}</sbml>'
SPACE = "http://www.sbml.org/sbml/level3/version1/core"
MATH = "http://www.w3.org/1998/Math/MathML"


def deep(levels):
    """A rate rule whose expression is nested `levels` deep."""
    inside = "<apply><minus/>" * levels + "<cn>1</cn>" + "</apply>" * levels
    rule = f'<rateRule variable="p"><math xmlns="{MATH}">{inside}</math></rateRule>'
    parameter = '<parameter id="p" value="1" constant="false"/>'
    model = f"<model><listOfParameters>{parameter}</listOfParameters>"
    model += f"<listOfRules>{rule}</listOfRules></model>"
    return HEAD.format("", SPACE, model)


HOSTILE = {
    "deep": (deep(10_000), "nested"),
    "entities": (HEAD.format("<!DOCTYPE x [<!ENTITY a 'a'>]>", SPACE, "<model/>"), "DOCTYPE"),
    "truncated": (deep(1)[:300], "refused"),
    "html": ("<html><sbml></html>", "refused"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_and_stops_nothing(case, tmp_path, capsys):
    text, says = HOSTILE[case]
    file = tmp_path / "hostile.xml"
    file.write_text(text, encoding="utf-8")
    assert run(["model", "check", str(file)]) == 2
    shown = capsys.readouterr()
    assert says in shown.out and len(shown.out) < 1500


def test_a_reader_that_is_killed_or_slow_is_told(tmp_path, monkeypatch):
    from rpoint.cli import foreign

    file = tmp_path / "model.xml"
    file.write_text(deep(1), encoding="utf-8")
    monkeypatch.setattr(foreign, "MAX_SECONDS", 0.01)
    assert "longer than" in foreign.inspect(file)["reason"]
    monkeypatch.setattr(foreign, "MAX_SECONDS", 60)
    monkeypatch.setattr(foreign.sys, "executable", "false")
    assert "failed" in foreign.inspect(file)["reason"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "no-such-file.xml"],
        ["check", "/"],
        ["export", "--drug", "palbocicilb"],
        ["export", "--to", "fortran"],
        ["export", "--drug", "x" * 2**20],
    ],
    ids=lambda a: " ".join(a)[:40],
)
def test_bad_input_is_the_users_error(arguments, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["model", *arguments, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and len(shown.err) < 1000 and not out.exists()

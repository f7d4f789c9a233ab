"""The notebooks are run, cell by cell, without Jupyter; they are committed without output."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def run(source: str, session: dict, name: str) -> object:
    """Run a cell as Jupyter does: the value of a last expression is what the cell shows."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), session)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), name, "eval"), session)


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == ["panel.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_of_format_4_and_has_no_output(path):
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("markdown", "code") and "".join(cell["source"]).strip()
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_every_cell_runs_in_order_and_shows_something(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    session: dict = {"__name__": "__main__"}
    for cell in read(path)["cells"]:
        if cell["cell_type"] == "code":
            shown = run("".join(cell["source"]), session, f"{path.name} {cell['id']}")
            assert shown is not None or capsys.readouterr().out
            if hasattr(shown, "_repr_mimebundle_") and not hasattr(shown, "columns"):
                assert shown._repr_mimebundle_()["image/svg+xml"].startswith("<svg")

"""The cache on disk: used, rebuilt when damaged, no harm when it cannot be written."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest

from rpoint.engine import compile_model, native


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("RPOINT_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def text(sbml):
    """A small model."""
    return sbml("x' = -k*x; x = 1; k = 0.5")


def _value(model) -> bytes:
    return model.solve({"k": [0.1, 0.2]}, [1.0, 2.0]).values.tobytes()


def test_second_time_from_the_cache(folder, text, monkeypatch):
    first = _value(compile_model(text))
    (entry,) = folder.glob("*.kernel")
    monkeypatch.setattr("rpoint.engine.native.compile_ir", None)  # must not be called
    assert _value(compile_model(text)) == first
    assert [p.name for p in folder.iterdir()] == [entry.name]


def test_other_observables_are_another_entry(folder, text):
    compile_model(text)
    assert compile_model(text, ["k", "x"]).observables == ("k", "x")
    assert len(list(folder.glob("*.kernel"))) == 2


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_damaged_entry_is_rebuilt(folder, text, damage):
    first = _value(compile_model(text))
    (entry,) = folder.glob("*.kernel")
    data = bytearray(entry.read_bytes())
    data[-40] ^= 1
    entry.write_bytes(bytes(data) if damage is None else damage)
    assert _value(compile_model(text)) == first
    assert native.read_cache(entry.stem) is not None


def test_no_cache_wanted(folder, text):
    compile_model(text, cache=False)
    assert not list(folder.iterdir())


def test_folder_that_cannot_be_written(tmp_path, monkeypatch, text):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("RPOINT_CACHE", str(blocked))
    assert compile_model(text).states == ("x",)


def _compile_in_child(text: str) -> bytes:
    return _value(compile_model(text))


def test_many_writers_at_once(folder, text):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.map(_compile_in_child, [text] * 4)
    assert len(set(results)) == 1
    assert not list(folder.glob("*.part"))


def test_cached_start_needs_no_reader(folder, text, tmp_path):
    compile_model(text)
    path = tmp_path / "m.xml"
    path.write_text(text, encoding="utf-8")
    code = ("import sys; from rpoint.engine import compile_model;"
            f"m = compile_model(open({str(path)!r}, encoding='utf-8').read());"
            "m.solve({}, [1.0]);"
            "print(sorted({'libsbml', 'sympy', 'pandas', 'scipy', 'numba'} & set(sys.modules)))")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8",
                         check=True)
    assert run.stdout.strip() == "[]"

"""Going on with a run: after kills at any moment, after damage, and not with another's folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rpoint.errors import RpointError
from rpoint.trial.disk import chunk as disk_chunk
from rpoint.trial.disk import identity as disk_identity
from rpoint.trial.disk import run as disk_run
from rpoint.trial.disk import sync as disk_sync
from rpoint.trial.disk.plan import Plan, compute_chunk
from rpoint.trial.disk.read import open_run
from rpoint.trial.disk.run import resume_run, run_trial

FAKES = Path(__file__).parent / "fakes"


def drive(*arguments: object) -> dict:
    script = [sys.executable, FAKES / "kill_driver.py", *arguments]
    done = subprocess.run([str(a) for a in script], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")
def test_a_kill_before_any_call_that_changes_the_disk_costs_nothing_but_time(tmp_path):
    found = drive("every", tmp_path)
    assert found["points"] > 50 and found["wrong"] == []


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")
def test_kills_at_random_moments_and_damaged_files_end_in_the_same_bytes(tmp_path):
    found = drive("random", tmp_path, 30)
    assert found["kills"] >= 10 and found["last"] == 0 and found["same"]


SCRIPT = """
import signal, sys
sys.path.insert(0, sys.argv[2])
import fake_trial_compute
from rpoint.trial.disk import identity as disk_identity
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit deafness
from rpoint.trial.disk.run import run_trial
disk_identity.code_digest = lambda: "the same"
if __name__ == "__main__":
    run_trial(fake_trial_compute.trial(), sys.argv[1], replicates=6, chunk_patients=4, seed=11,
              jobs=2, compute="fake_trial_compute:compute", analyse="fake_trial_compute:analyse",
              options={"worker_sleep": 0.3}, resume=True, command="test")
"""


def begin(tmp_path: Path) -> tuple[subprocess.Popen, Path]:
    """A run in a process of its own with two workers, of which some chunks are done."""
    script, folder = tmp_path / "script.py", tmp_path / "run"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder), str(FAKES)], stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    manifest, deadline = folder / "manifest.jsonl", time.monotonic() + 60
    while not manifest.exists() or manifest.stat().st_size == 0:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    return process, folder


def alive(group: int) -> list[str]:
    """Processes of a group that run, by Linux's own account."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


def chunk_files(digests: dict[str, str]) -> dict[str, str]:
    return {name: sha for name, sha in digests.items() if not name.startswith("run.")}


@pytest.fixture
def slow_fake(fake):
    return fake | {"chunk_patients": 4, "options": {"worker_sleep": 0.3}}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_with_workers_that_is_stopped_goes_on_to_the_same_bytes(
    slow_fake, tmp_path, digests, how
):
    process, folder = begin(tmp_path)
    if how is signal.SIGINT:  # Ctrl-C goes to every process of the terminal
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    _, said = process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while alive(process.pid):  # no worker outlives the run
        assert time.monotonic() < deadline, alive(process.pid)
        time.sleep(0.05)
    stopped = open_run(folder)
    assert stopped.status == ("interrupted" if how is signal.SIGINT else "running")
    assert said.count("Traceback") == (how is signal.SIGINT)  # of the parent alone
    done = len(stopped.manifest)
    assert 0 < done < 18
    run = run_trial(**slow_fake, folder=folder, resume=True)
    assert run.status == "complete" and run.info.provenance["sessions"] == 2
    whole = run_trial(**slow_fake, folder=tmp_path / "whole")
    assert chunk_files(digests(folder)) == chunk_files(digests(whole.folder))


def test_complete_chunks_are_not_computed_again(fake, tmp_path, monkeypatch):
    run = run_trial(**fake, folder=tmp_path / "run")
    shutil.rmtree(run.folder / "chunks" / "00002")
    before = {p: p.stat().st_mtime_ns for p in run.folder.glob("chunks/*/*")}
    computed = []
    real = disk_run.write_chunk
    monkeypatch.setattr(
        disk_run, "write_chunk", lambda p, f, c: computed.append(c) or real(p, f, c)
    )
    said: list[str] = []
    again = run_trial(**fake, folder=tmp_path / "run", resume=True, say=said.append)
    assert computed == [2] and said == ["chunk 2: absent: computed again"]
    assert all(p.stat().st_mtime_ns == t for p, t in before.items()) and again.verify().ok
    computed.clear()
    run_trial(**fake, folder=tmp_path / "run", resume=True, say=said.append)
    assert computed == [] and said[-1] == "nothing to do: the run is complete"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        ("chunks/00001/adtr.parquet", truncate, "chunk 1: adtr.parquet is damaged"),
        ("chunks/00001/adsl.parquet", flip, "chunk 1: adsl.parquet is damaged"),
        ("chunks/00000/adae.parquet", Path.unlink, "chunk 0: adae.parquet is missing"),
        ("chunks/00003/chunk.json", truncate, "chunk 3: its record cannot be read"),
        ("chunks/00003/chunk.json", Path.unlink, "chunk 3: no record"),
        ("manifest.jsonl", truncate, "chunk 3: not in the manifest"),
        ("manifest.jsonl", Path.unlink, "chunk 0: not in the manifest"),
        ("analysis.parquet", flip, "analysis.parquet is damaged"),
        ("summary.csv", Path.unlink, "summary.csv is missing"),
    ],
)
def test_damage_is_found_and_mended(fake, tmp_path, digests, name, damage, says):
    run = run_trial(**fake, folder=tmp_path / "run")
    sound = digests(run.folder)
    damage(run.folder / name)
    found = open_run(run.folder).verify()
    assert not found.ok and says in found.problems
    mended = run_trial(**fake, folder=run.folder, resume=True)
    assert mended.verify().ok and digests(run.folder) == sound


def test_what_a_killed_writer_left_is_cleared(fake, tmp_path, digests):
    run = run_trial(**fake, folder=tmp_path / "run")
    sound = digests(run.folder)
    left = disk_sync.temporary(run.folder / "chunks", "00002")
    left.mkdir()
    (left / "adsl.parquet").write_bytes(b"PAR1")
    disk_sync.temporary(run.folder, "run.json").write_text("{")
    run_trial(**fake, folder=run.folder, resume=True)
    assert digests(run.folder) == sound


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 12}, ["seed: 11 in the folder, 12 now", "options that began it"]),
        ({"replicates": 7}, ["replicates: 6 in the folder, 7 now"]),
        ({"chunk_patients": 21}, ["chunk_patients: 20 in the folder, 21 now"]),
        ({"draws": 4}, ["draws: nothing in the folder, 4 now"]),
        ({"options": {"sleep": 0}}, ["options.sleep: nothing in the folder, 0 now"]),
        (
            {"trial": {"name": "fake", "arms": {"drug": {"patients": 7}}}},
            ["trial.arms.control: {", "nothing now", "another folder"],
        ),
    ],
)
def test_another_runs_folder_is_refused_with_what_differs(fake, tmp_path, digests, change, says):
    run = run_trial(**fake, folder=tmp_path / "run")
    before = digests(run.folder)
    with pytest.raises(RpointError) as error:
        run_trial(**fake | change, folder=run.folder, resume=True)
    assert all(part in str(error.value) for part in says), str(error.value)
    assert digests(run.folder) == before and open_run(run.folder).status == "complete"


def test_other_versions_and_processors_are_refused(fake, tmp_path, monkeypatch):
    run = run_trial(**fake, folder=tmp_path / "run")
    real = disk_identity.versions()
    monkeypatch.setattr(disk_identity, "versions", lambda: real | {"numpy": "9.0"})
    monkeypatch.setattr(disk_identity, "processor", lambda: {"machine": "z80", "lanes": 1})
    with pytest.raises(RpointError) as error:
        run_trial(**fake, folder=run.folder, resume=True)
    text = str(error.value)
    assert "versions.numpy" in text and "processor.machine" in text and "that began it" in text


def test_without_resume_a_run_is_never_touched(fake, tmp_path, digests):
    run = run_trial(**fake, folder=tmp_path / "run")
    before = digests(run.folder)
    with pytest.raises(RpointError, match="there is a run in this folder already"):
        run_trial(**fake, folder=run.folder)
    assert digests(run.folder) == before


def test_resume_begins_where_nothing_was_written_yet(fake, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.lock").write_text("{")
    assert run_trial(**fake, folder=tmp_path / "run", resume=True).status == "complete"


def test_failed_chunks_are_tried_again(fake, tmp_path, digests, monkeypatch):
    import fake_trial_compute

    real = fake_trial_compute.trouble

    def unlucky(index, options):
        if index.start == 20:
            raise ValueError("today only")
        real(index, options)

    monkeypatch.setattr(fake_trial_compute, "trouble", unlucky)
    run = run_trial(**fake, folder=tmp_path / "run")
    assert run.status == "partial" and list(run.failed) == ["1"]
    monkeypatch.setattr(fake_trial_compute, "trouble", real)
    names = {name: fake[name] for name in ("trial", "compute", "analyse")}
    again = resume_run(run.folder, **names, jobs=0)
    assert again.status == "complete" and not again.failed
    assert digests(again.folder) == digests(run_trial(**fake, folder=tmp_path / "other").folder)


def test_a_record_that_names_other_code_is_refused_not_called(fake, tmp_path):
    run = run_trial(**fake, folder=tmp_path / "run")
    with pytest.raises(RpointError, match=r"compute: fake_trial_compute:compute in the folder"):
        resume_run(run.folder, trial=fake["trial"], jobs=0)


def test_an_opaque_option_must_be_given_again(fake, tmp_path):
    run = run_trial(**fake | {"options": {"ensemble": {1, 2}}}, folder=tmp_path / "run")
    names = {name: fake[name] for name in ("trial", "compute", "analyse")}
    with pytest.raises(RpointError, match="options: ensemble"):
        resume_run(run.folder, **names, jobs=0)
    with pytest.raises(RpointError, match=r"options\.ensemble"):
        resume_run(run.folder, **names, jobs=0, options={"ensemble": {1, 3}})
    assert resume_run(run.folder, **names, jobs=0, options={"ensemble": {1, 2}}).verify().ok


def test_a_full_disk_is_the_users_to_mend_and_what_is_done_is_kept(fake, tmp_path, monkeypatch):
    real, left = disk_chunk.write_synced, [20]

    def full(path: Path, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(disk_chunk, "write_synced", full)
    with pytest.raises(RpointError, match="No space left on device") as error:
        run_trial(**fake, folder=tmp_path / "run")
    assert "resume" in str(error.value)
    stopped = open_run(tmp_path / "run")
    assert stopped.status == "interrupted" and len(stopped.manifest) == 2
    assert not list((tmp_path / "run" / "chunks").glob(".tmp*"))
    monkeypatch.setattr(disk_chunk, "write_synced", real)
    assert run_trial(**fake, folder=tmp_path / "run", resume=True).verify().ok


def test_a_chunk_has_its_name_only_when_the_disk_has_its_files(fake, tmp_path, monkeypatch):
    """A kill loses nothing that was written; a power cut loses what was not synced."""
    calls: list[str] = []
    rename = os.rename
    monkeypatch.setattr(os, "fsync", lambda handle: calls.append("fsync"))
    monkeypatch.setattr(os, "rename", lambda *way: calls.append("rename") or rename(*way))
    plan = Plan(fake["trial"], 6, 11, 20, compute=fake["compute"], analyse=fake["analyse"])
    record, contents = compute_chunk(plan, 1)
    disk_chunk.commit(tmp_path, record, contents)
    # The tables, the record and their folder; then the folder above.
    assert calls == [*["fsync"] * (len(contents) + 2), "rename", "fsync"]


def test_the_same_chunk_twice_is_kept_once_and_another_content_is_a_defect(fake, tmp_path):
    plan = Plan(fake["trial"], 6, 11, 20, compute=fake["compute"], analyse=fake["analyse"])
    record, contents = compute_chunk(plan, 1)
    disk_chunk.commit(tmp_path, record, contents)
    disk_chunk.commit(tmp_path, record, contents)
    assert [p.name for p in (tmp_path / "chunks").iterdir()] == ["00001"]
    other, different = compute_chunk(Plan(fake["trial"], 6, 12, 20, compute=fake["compute"],
                                          analyse=fake["analyse"]), 1)  # fmt: skip
    with pytest.raises(disk_chunk.ChunkFault, match="chunk 1 computed twice"):
        disk_chunk.commit(tmp_path, other, different)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"rpoint_run": 1}', "cannot be read"),
        ('{"rpoint_run": 2}', "a newer R-point wrote this run"),
    ],
)
def test_a_record_that_cannot_be_read_is_told(tmp_path, content, says):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RpointError, match=says):
        open_run(tmp_path)

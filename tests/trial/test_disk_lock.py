"""One run in a folder: a living owner keeps others out, a dead one does not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rpoint.errors import RpointError
from rpoint.trial.disk import lock as disk_lock
from rpoint.trial.disk.lock import LOCK, alive, locked, me

HOLD = """
import sys, time
from pathlib import Path
from rpoint.trial.disk.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_is_gone_after_use_and_after_an_error(tmp_path):
    with locked(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == me()["pid"]
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_a_living_process_keeps_others_out_and_a_killed_one_does_not(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(RpointError) as error, locked(tmp_path):
            pass
        assert str(holder.pid) in str(error.value) and "wait" in str(error.value)
    finally:
        holder.kill()
        holder.communicate()
    assert (tmp_path / LOCK).exists()
    with locked(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", json.dumps(me())[:20].encode()])
def test_a_torn_lock_file_is_no_lock(tmp_path, content):
    (tmp_path / LOCK).write_bytes(content)
    with locked(tmp_path):
        pass


def test_another_host_keeps_us_out_until_its_lock_is_removed(tmp_path):
    owner = me() | {"host": "elsewhere", "boot": "another"}
    (tmp_path / LOCK).write_text(json.dumps(owner))
    with pytest.raises(RpointError, match=r"elsewhere any more, remove run\.lock"):
        with locked(tmp_path):
            pass
    assert json.loads((tmp_path / LOCK).read_text()) == owner
    same_machine = me() | {"host": "a container that is gone", "pid": 2**30}
    (tmp_path / LOCK).write_text(json.dumps(same_machine))
    with locked(tmp_path):
        pass


def test_without_locks_of_the_system_the_owner_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_lock, "_take", lambda handle: False)
    (tmp_path / LOCK).write_text(json.dumps(me()))
    with pytest.raises(RpointError, match="another run works"), locked(tmp_path):
        pass
    for change in ({"pid": 2**30}, {"began": "1"}, {"boot": "before"}):
        assert not alive(me() | change)
        (tmp_path / LOCK).write_text(json.dumps(me() | change))
        with locked(tmp_path):
            pass

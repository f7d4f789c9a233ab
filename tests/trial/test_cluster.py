"""The same chunks on a Dask cluster, of which one worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed  # noqa: F401 - without the extra this must fail, not be left out
import pytest

from rpoint.errors import RpointError
from rpoint.trial.disk.run import run_trial

FAKES = Path(__file__).parent / "fakes"
START = """
import sys
from distributed import LocalCluster
SAME = "from rpoint.trial.disk import identity; identity.code_digest = lambda: 'the same'"
if __name__ == "__main__":
    with LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None, preload=[SAME]
    ) as cluster:
        print(cluster.scheduler_address, *(w.pid for w in cluster.workers.values()), flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster():
    """Address of the scheduler, and the processes of three workers."""
    path = os.pathsep.join([str(FAKES), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdout is not None
    address, *workers = process.stdout.readline().split()
    yield address, [int(pid) for pid in workers]
    process.communicate()


@pytest.fixture
def spread(fake):
    """A run of many slow chunks."""
    return fake | {"replicates": 4, "chunk_patients": 6, "options": {"worker_sleep": 0.2}}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed")
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_worker_killed_in_the_middle_changes_no_byte(cluster, spread, tmp_path, digests):
    address, workers = cluster
    said: list[str] = []
    killed: list[int] = []

    def tell(done: int, total: int) -> None:
        if done >= 12 and not killed:
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)

    run = run_trial(**spread, folder=tmp_path / "cluster", cluster=address, progress=tell,
                    say=said.append)  # fmt: skip
    assert killed and run.status == "complete" and run.verify().ok, said
    alone = run_trial(**spread, folder=tmp_path / "alone")
    assert digests(run.folder) == digests(alone.folder)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed")
def test_workers_may_write_to_a_folder_that_all_see(cluster, spread, tmp_path, digests):
    few = spread | {"replicates": 2, "options": {"fail": [12]}}
    run = run_trial(**few, folder=tmp_path / "shared", cluster=cluster[0], shared=True)
    assert run.status == "partial" and list(run.failed) == ["2"]
    assert "no luck with patient 12" in run.failed["2"]
    alone = run_trial(**few, folder=tmp_path / "alone")
    assert digests(run.folder) == digests(alone.folder)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed")
def test_a_worker_with_other_versions_is_refused(cluster, spread, tmp_path, monkeypatch):
    from rpoint.trial.disk import identity as disk_identity

    real = disk_identity.versions()
    monkeypatch.setattr(disk_identity, "versions", lambda: real | {"numpy": "1.0"})
    with pytest.raises(RpointError, match=r"versions\.numpy: .* there, 1\.0 here"):
        run_trial(**spread, folder=tmp_path / "run", cluster=cluster[0])


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "", "head"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed")
def test_a_scheduler_that_does_not_answer_is_told(fake, tmp_path, monkeypatch, address):
    from rpoint.trial.disk import cluster as module

    monkeypatch.setattr(module, "WAIT", "1s")
    began = time.monotonic()
    with pytest.raises(RpointError, match="scheduler does not answer"):
        run_trial(**fake, folder=tmp_path / "run", cluster=address)
    assert time.monotonic() - began < 30

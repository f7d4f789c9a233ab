"""Fixtures that every room's tests may use, and the two processes of the whole suite.

`python -m pytest` without a path runs the rooms of `FIRST` here and all others in a second process
at the same time.  What the second finds is reported here as if it had run here.  Any path, `-k`,
`-x` or other option that chooses tests runs everything chosen in one process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine; no example file is written beside the tests.
settings.register_profile(
    "rpoint",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("rpoint")


def pytest_collection_finish(session: pytest.Session) -> None:
    """LibRoadRunner with its newer compiler: the same numbers, loaded eight times as fast."""
    if "roadrunner" in sys.modules:
        config = sys.modules["roadrunner"].Config
        config.setValue(config.LLVM_BACKEND, config.LLJIT)


ROOT = Path(__file__).resolve().parents[1]


# Half of the time; libRoadRunner, which brings a compiler of its own, is used in these rooms only.
FIRST = {"biology", "cli", "engine", "evidence", "house", "pharmacology", "tumour"}
REPORTS = "RPOINT_TEST_REPORTS"  # set in the second process: the file that it reports to
HARMLESS = ("-q", "-v", "-r", "--durations", "--color", "--tb")  # options that choose no test


def pytest_configure(config: pytest.Config) -> None:
    """Split the whole suite; a chosen part of it stays in one process."""
    if REPORTS in os.environ:
        config.pluginmanager.register(Sender(config, Path(os.environ[REPORTS])))
        return
    whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    options = [arg for arg in config.invocation_params.args if not arg.startswith(HARMLESS)]
    if whole and not options and (os.cpu_count() or 1) > 1:
        config.pluginmanager.register(Receiver(config))


class Sender:
    """In the second process: write every report to a file, and at the end that it is whole."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self.config, self.path = config, path

    def _write(self, kind: str, data: object) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([kind, data], default=str) + "\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        hook = self.config.hook.pytest_report_to_serializable
        self._write("test", hook(config=self.config, report=report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed or report.skipped:
            hook = self.config.hook.pytest_report_to_serializable
            self._write("collect", hook(config=self.config, report=report))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write("end", int(exitstatus))


class Receiver:
    """In the first process: leave the other rooms out, start the second, report what it says."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.folder = tempfile.TemporaryDirectory()
        self.reports = Path(self.folder.name) / "reports.jsonl"
        self.rooms = [p for p in sorted((ROOT / "tests").iterdir()) if self._elsewhere(p)]

    def _elsewhere(self, path: Path) -> bool:
        return path.is_dir() and path.name not in FIRST and any(path.glob("test_*.py"))

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if collection_path in self.rooms else None

    def pytest_sessionstart(self) -> None:
        self.log = (Path(self.folder.name) / "output.txt").open("w+", encoding="utf-8")
        self.second = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, self.rooms)],
            cwd=ROOT,
            env={**os.environ, REPORTS: str(self.reports)},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        result = yield
        self.second.wait()
        text = self.reports.read_text(encoding="utf-8") if self.reports.exists() else ""
        found = [json.loads(line) for line in text.splitlines()]
        session.testscollected += len({data["nodeid"] for kind, data in found if kind == "test"})
        for kind, data in found:
            if kind != "end":
                self._replay(kind, data)
        ended = [data for kind, data in found if kind == "end"]
        if ended not in ([0], [1]) or self.second.returncode != ended[0]:
            self.log.seek(0)
            raise pytest.exit.Exception(
                f"the second process stopped with {self.second.returncode}:\n{self.log.read()}",
                returncode=pytest.ExitCode.INTERNAL_ERROR,
            )
        return result

    def _replay(self, kind: str, data: dict) -> None:
        hook = self.config.hook
        if isinstance(data.get("longrepr"), list):  # a skip's path, line and reason
            data["longrepr"] = tuple(data["longrepr"])
        report = hook.pytest_report_from_serializable(config=self.config, data=data)
        if kind == "collect":
            hook.pytest_collectreport(report=report)
        else:
            hook.pytest_runtest_logreport(report=report)

    def pytest_unconfigure(self) -> None:
        if hasattr(self, "second"):
            self.second.kill()
            self.second.wait()
            self.log.close()
        self.folder.cleanup()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The measured data sets' folder, which RPOINT_DATA names; without it the test is skipped."""
    named = os.environ.get("RPOINT_DATA")
    if not named:
        pytest.skip("RPOINT_DATA is not set: the check against the raw measured data is left out")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"RPOINT_DATA names {folder}, which is no folder")
    return folder

"""Fixtures that every room's tests may use, and the two processes of the whole suite.

`python -m pytest` without a path runs the suite in two processes.  Both take module after module,
this one from the rooms of `FIRST` and then forwards through the others, the second backwards
through the others, until they meet.  What the second finds is reported here as if it had run here.
Any path, `-k`, `-x` or other option that chooses tests runs everything chosen in one process.
"""

from __future__ import annotations

import itertools
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
    """Make what others' libraries do over and over again cheaper; what they find is the same."""
    if "roadrunner" in sys.modules:  # its newer compiler loads a model eight times as fast
        config = sys.modules["roadrunner"].Config
        config.setValue(config.LLVM_BACKEND, config.LLJIT)
    if "altair" in sys.modules:
        read_schemas_once()


def read_schemas_once() -> None:
    """Altair hashes the schemas of its hundreds of classes for every channel: once is enough."""
    from altair.utils import schemapi

    read, known = schemapi._FromDict.__init__, {}

    def recall(self, wrapper_classes):
        classes = tuple(wrapper_classes)
        if classes not in known:
            read(self, classes)
            known[classes] = self.class_dict
        self.class_dict = known[classes]

    schemapi._FromDict.__init__ = recall


ROOT = Path(__file__).resolve().parents[1]


# libRoadRunner, which brings a compiler of its own, is used in these rooms only: one process loads
# it.  They must take less than half of the time, so that the other rooms can even it out.
FIRST = {"biology", "cli", "engine", "evidence", "house", "pharmacology", "tumour"}
REPORTS = "RPOINT_TEST_REPORTS"  # set in the second process: the file that it reports to
HARMLESS = ("-q", "-v", "-r", "--durations", "--color", "--tb")  # options that choose no test


def pytest_configure(config: pytest.Config) -> None:
    """Split the whole suite; a chosen part of it stays in one process."""
    if REPORTS in os.environ:
        reports = Path(os.environ[REPORTS])
        config.pluginmanager.register(Taker(reports.parent / "taken"))
        config.pluginmanager.register(Sender(config, reports))
        return
    whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    options = [arg for arg in config.invocation_params.args if not arg.startswith(HARMLESS)]
    if whole and not options and (os.cpu_count() or 1) > 1:
        receiver = Receiver(config)
        config.pluginmanager.register(Taker(receiver.taken))
        config.pluginmanager.register(receiver)


class Taker:
    """In both processes: run the modules that the other one has not taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _take(self, path: Path) -> bool:
        name = path.relative_to(ROOT).as_posix().replace("/", "+")
        try:
            os.close(os.open(self.folder / name, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _taken(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        for path, module in itertools.groupby(items, key=lambda item: item.path):
            if self._take(path):
                yield from module

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Pytest's own loop, but for the choice of modules."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        items = self._taken(session.items)
        item = next(items, None)
        while item is not None:
            # Known before the item ends: fixtures that the next one needs are kept.
            following = next(items, None)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
            item = following
        return True


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

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write("end", int(exitstatus))


class Receiver:
    """In the first process: start the second, report what it says."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.folder = tempfile.TemporaryDirectory()
        self.reports = Path(self.folder.name) / "reports.jsonl"
        self.taken = Path(self.folder.name) / "taken"
        self.taken.mkdir()

    def pytest_sessionstart(self) -> None:
        tests = sorted((ROOT / "tests").iterdir(), reverse=True)
        rooms = [p for p in tests if p.name not in FIRST and any(p.glob("test_*.py"))]
        self.log = (Path(self.folder.name) / "output.txt").open("w+", encoding="utf-8")
        self.second = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, rooms)],
            cwd=ROOT,
            env={**os.environ, REPORTS: str(self.reports)},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: FIRST.isdisjoint(item.path.parts))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        result = yield
        self.second.wait()
        text = self.reports.read_text(encoding="utf-8") if self.reports.exists() else ""
        found = [json.loads(line) for line in text.splitlines()]
        for kind, data in found:
            if kind == "test":
                self._replay(data)
        ended = [data for kind, data in found if kind == "end"]
        if ended not in ([0], [1]) or self.second.returncode != ended[0]:
            self.log.seek(0)
            raise pytest.exit.Exception(
                f"the second process stopped with {self.second.returncode}:\n{self.log.read()}",
                returncode=pytest.ExitCode.INTERNAL_ERROR,
            )
        return result

    def _replay(self, data: dict) -> None:
        hook = self.config.hook
        if isinstance(data.get("longrepr"), list):  # a skip's path, line and reason
            data["longrepr"] = tuple(data["longrepr"])
        report = hook.pytest_report_from_serializable(config=self.config, data=data)
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

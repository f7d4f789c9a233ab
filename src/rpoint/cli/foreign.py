"""Reading a model that is not ours: looked over first, then compiled in a process of its own.

libSBML and Antimony are native code: some hostile files stop the process that reads them, or keep
it busy for ever.  Here they stop a child, and the parent says so.
"""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten

MAX_BYTES = 50 * 2**20
MAX_DEPTH = 500  # nested XML elements
MAX_SECONDS = 120
MAX_MEMORY = 4 * 2**30  # bytes of address space of the child, where the system can limit it
_TAG = re.compile(r"<(/?)[A-Za-z][^<>]*?(/?)>")


def inspect(file: Path) -> dict[str, Any]:
    """Whether the engine takes a model.

    Returns
    -------
    dict
        accepted, and either hash, states and parameters, or the reason.

    Raises
    ------
    RpointError
        If the file cannot be read as text at all.
    """
    text = read(file)
    reason = suspicious(text) if file.suffix != ".ant" else None
    return {"accepted": False, "reason": reason} if reason else _in_child(file)


def read(file: Path) -> str:
    """The text of a regular file of reasonable size."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise RpointError("the model cannot be read", where=str(file), found="no regular file")
        if status.st_size > MAX_BYTES:
            raise RpointError(
                "the model file is too large",
                where=str(file),
                found=f"{status.st_size} bytes",
                allowed=f"at most {MAX_BYTES} bytes",
            )
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise RpointError(
            "the model cannot be read", where=shorten(str(file)), found=reason
        ) from None
    if file.suffix != ".ant" and "<sbml" not in text:
        raise RpointError("this is no SBML", where=str(file), found=text, allowed=".xml or .ant")
    return text


def suspicious(text: str) -> str | None:
    """Why XML is refused before any reader sees it, or None."""
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        return "DOCTYPE and entity declarations are not accepted"
    depth = 0
    for closing, empty in _TAG.findall(text):
        depth += 0 if empty else (-1 if closing else 1)
        if depth > MAX_DEPTH:
            return f"elements are nested more than {MAX_DEPTH} deep"
    return None


def _in_child(file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "rpoint.cli.foreign", str(file.absolute())]
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=MAX_SECONDS
        )
    except subprocess.TimeoutExpired:
        return {"accepted": False, "reason": f"the reader took longer than {MAX_SECONDS} s"}
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return {"accepted": False, "reason": f"the reader of the model stopped ({name})"}
    if done.returncode or not done.stdout.strip():
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        return {"accepted": False, "reason": f"the reader failed: {shorten(last[0], 200)}"}
    return json.loads(done.stdout.splitlines()[-1])


def judge(file: Path) -> dict[str, Any]:
    """Compile a model in this process; the child's part."""
    from rpoint.engine import compile_model

    text = file.read_text(encoding="utf-8")
    try:
        if file.suffix == ".ant":
            from rpoint.biology.assemble import to_sbml

            text = to_sbml(text)
        model = compile_model(text)
        if not model.states:
            raise RpointError("the model has no state: there is nothing to simulate")
    except RpointError as error:
        return {"accepted": False, "reason": str(error)}
    names = {"states": list(model.states), "parameters": list(model.parameters)}
    return {"accepted": True, "hash": model.hash, **names}


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    _limit_memory()
    print(json.dumps(judge(Path(sys.argv[1]))))

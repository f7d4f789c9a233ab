"""Machine code: LLVM IR to an object, the cache on disk, and loading."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
import os
import tempfile
import threading
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

_MAGIC = b"rpoint-kernel-1\n"
_LOCK = threading.Lock()
_DRIVE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


@functools.cache
def processor() -> tuple[str, str]:
    """Name and features of this processor, as LLVM calls them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@functools.cache
def lanes() -> int:
    """Patients per vector: 8 with AVX-512, 4 else."""
    features = processor()[1].split(",")
    return 8 if "+avx512f" in features and "+avx512dq" in features else 4


@functools.cache
def is_x86() -> bool:
    """Whether this is an x86 processor."""
    return llvm.get_default_triple().split("-")[0] in ("x86_64", "amd64", "i686")


@functools.cache
def code_version() -> str:
    """Digest of everything but the model that the machine code depends on."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    digest.update(repr((llvmlite.__version__, processor(), lanes())).encode())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where compiled models are kept: ``RPOINT_CACHE``, else the user's cache folder."""
    given = os.environ.get("RPOINT_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "rpoint"


def read_cache(key: str) -> tuple[dict, bytes] | None:
    """Metadata and object code kept under `key`; None if absent or damaged."""
    try:
        data = (cache_folder() / f"{key}.kernel").read_bytes()
    except OSError:
        return None
    start = len(_MAGIC) + 64
    body = data[start:]
    digest = hashlib.sha256(body).hexdigest().encode()
    if data[:start] != _MAGIC + digest:
        return None
    size = int.from_bytes(body[:8], "little")
    return json.loads(body[8 : 8 + size]), body[8 + size :]


def write_cache(key: str, meta: dict, code: bytes) -> None:
    """Keep object code; a folder that cannot be written is no error."""
    text = json.dumps(meta).encode()
    body = len(text).to_bytes(8, "little") + text + code
    data = _MAGIC + hashlib.sha256(body).hexdigest().encode() + body
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, folder / f"{key}.kernel")
    except OSError:
        return


def _target_machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu, features=features, opt=2, reloc="pic", codemodel="default", jit=True)


def compile_ir(kernel: str, loop: str) -> bytes:
    """Object code of two LLVM IR modules that call each other.

    The kernel is straight-line code, well ordered as written: it goes to the code generator as it
    is.  The loop is small and full of branches: it is optimised first.
    """
    with _LOCK:
        machine = _target_machine()
        modules = [llvm.parse_assembly(text) for text in (kernel, loop)]
        for module in modules:
            module.triple = machine.triple
            module.data_layout = str(machine.target_data)
        builder = llvm.create_pass_builder(
            machine, llvm.create_pipeline_tuning_options(speed_level=1))
        builder.getModulePassManager().run(modules[1], builder)
        modules[0].link_in(modules[1])
        return machine.emit_object(modules[0])


class Kernel:
    """Loaded object code with its entry point ``rp_drive``."""

    def __init__(self, code: bytes) -> None:
        with _LOCK:
            machine = _target_machine()
            empty = llvm.parse_assembly("")
            self._engine = llvm.create_mcjit_compiler(empty, machine)
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()
            address = self._engine.get_function_address("rp_drive")
        self._call = _DRIVE(address)

    def drive(self, job: int, work: int) -> None:
        """Run the patient loop (releases Python's global lock)."""
        self._call(job, work)

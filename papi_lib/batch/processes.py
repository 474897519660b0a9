"""Processes of the standard library that neither repeat their caller's script nor outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

#: How processes that this package owns start others: as copies where that is safe.
START = "fork" if sys.platform == "linux" else "spawn"


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Control-C wait: a process that starts here must not have it, and libraries that import may swallow it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start(process: BaseProcess) -> None:
    """Start a process, which gets no interrupt unless it lets them through.

    One that is spawned would first run the caller's script again, wanted by nobody here.
    """
    script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    before = None
    if sys.platform != "win32":
        resource_tracker.ensure_running()  # whose start would undo the next line
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        sys.modules["__main__"] = script
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(process: BaseProcess) -> None:
    """End a process with all that it started, if it leads a group of its own."""
    if process.pid:
        with suppress(ProcessLookupError, PermissionError, AttributeError):  # Windows has no groups of processes
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def let_interrupts_through() -> None:
    """Let this process be interrupted from now on; what came before was not meant for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def end_with_parent() -> None:
    """Ask the system to end this process with the one that started it."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, Linux only
    parent = parent_process()
    if parent and os.getppid() != parent.pid:  # it ended before we could ask
        os._exit(1)


def keep_to(folder: str) -> None:
    """Let this process and those that it starts write temporary files and settings here, and nothing at home."""
    os.environ |= {"IPYTHONDIR": folder, "TMPDIR": folder, "TEMP": folder}
    fonts = Path(sys.prefix, "var", "matplotlib")  # its list of fonts takes long to make
    with suppress(OSError):
        fonts.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MPLCONFIGDIR", str(fonts if os.access(fonts, os.W_OK) else folder))

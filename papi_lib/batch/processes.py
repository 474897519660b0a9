"""Processes of the standard library that neither repeat their caller's script nor outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import RLock
from types import ModuleType

import psutil

#: How processes that this package owns start others: as copies where that is safe.
START = "fork" if sys.platform == "linux" else "spawn"
#: In the environment of all processes of a run: which it is.
_MARK = "PAPI_PROCESSES"
_starting = RLock()  # which a process that is forked here can take again


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


def start(process: BaseProcess, mark: str | None = None) -> None:
    """Start a process, which gets no interrupt unless it lets them through; by its mark `end_marked` finds what it starts.

    One that is spawned would first run the caller's script again, wanted by nobody here.
    """
    with _starting:
        if sys.platform != "win32":
            resource_tracker.ensure_running()  # which is not to be marked, and whose start would let interrupts through
        script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        marked = {_MARK: mark} if mark else {}
        os.environ |= marked
        try:
            with uninterrupted():
                process.start()
        finally:
            sys.modules["__main__"] = script
            for name in marked:
                del os.environ[name]


def end_marked(mark: str) -> None:
    """End all processes with this mark but this one; look twice, for what was just being started has no mark yet."""
    clean = 0
    while clean < 2:
        clean += 1
        for one in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if one.pid != os.getpid() and one.environ().get(_MARK) == mark:
                    one.kill()
                    clean = 0


def end(process: BaseProcess) -> None:
    """End a process with all that it started."""
    if not process.pid:
        return
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        family = psutil.Process(process.pid).children(recursive=True)
    with suppress(ProcessLookupError, PermissionError, AttributeError):  # Windows has no groups of processes
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
    for one in family:
        with suppress(psutil.Error):
            one.kill()


def end_group(*_: object) -> None:
    """End the group that this process leads, at a signal."""
    os.killpg(0, signal.SIGKILL)


class Pulse:
    """Whether a process that should be heard from is; a process that was stopped, or is silent for too long, is not.

    Parameters
    ----------
    process : multiprocessing.process.BaseProcess
        The process.
    seconds : float
        How long it may be silent.
    """

    def __init__(self, process: BaseProcess, seconds: float) -> None:
        self._process, self._seconds = process, seconds
        self.felt()

    def felt(self) -> None:
        """Note that the process was heard from."""
        self._last, self._stopped = time.monotonic(), 0

    def lost(self) -> bool:
        """Tell whether to give the process up; to be asked about every second while it is silent."""
        with suppress(psutil.Error):
            stopped = psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED
            self._stopped = self._stopped + 1 if stopped else 0
        return self._stopped > 2 or time.monotonic() - self._last > self._seconds


def let_interrupts_through() -> None:
    """Let this process be interrupted from now on; what came before was not meant for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def end_with_parent(by: int = getattr(signal, "SIGKILL", 0)) -> None:
    """Ask the system to end this process, by a signal, with the one that started it."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).prctl(1, by)  # PR_SET_PDEATHSIG, Linux only
    parent = parent_process()
    if parent and os.getppid() != parent.pid:  # it ended before we could ask
        sys.exit(1)


def keep_to(folder: str) -> None:
    """Let this process and those that it starts write temporary files and settings here, and nothing at home."""
    os.environ |= {"IPYTHONDIR": folder, "TMPDIR": folder, "TEMP": folder}
    fonts = Path(sys.prefix, "var", "matplotlib")  # its list of fonts takes long to make
    with suppress(OSError):
        fonts.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MPLCONFIGDIR", str(fonts if os.access(fonts, os.W_OK) else folder))

"""Processes of the standard library that do not repeat their caller's script and do not outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

#: How processes that this package owns start others: as copies where that is safe.
START = "fork" if sys.platform == "linux" else "spawn"


def start(process: BaseProcess) -> None:
    """Start a process; one that is spawned would first run the caller's script again, wanted by nobody here."""
    script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = script


def end_with_parent() -> None:
    """Ask the system to end this process with the one that started it."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, Linux only
    if hasattr(os, "getppid") and os.getppid() != parent_process().pid:  # it ended before we could ask
        os._exit(1)


def keep_to(folder: str) -> None:
    """Let this process and those that it starts write temporary files and settings here, and nothing at home."""
    os.environ |= {"IPYTHONDIR": folder, "TMPDIR": folder, "TEMP": folder}
    fonts = Path(sys.prefix, "var", "matplotlib")  # its list of fonts takes long to make
    with suppress(OSError):
        fonts.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MPLCONFIGDIR", str(fonts if os.access(fonts, os.W_OK) else folder))

"""The process that forks: start it or find it, and ask it for a copy of itself that runs a notebook or a kernel.

What it is and does is told in `papi_lib.batch.zygote`.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

#: Environment variable with the socket of a process that forks and is already there.
SOCKET = "PAPI_WARM_SOCKET"
#: What forked copies start with unless told otherwise: modules, or ``"module:function"`` and its arguments.
PREPARE = (("papi_lib.warmup",), ("papi_lib.warmup:noise",))
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "AF_UNIX")

_own: dict[int, tuple[str, subprocess.Popen]] = {}
#: Processes of this program that asked for something.
_asked: set[int] = set()
_starting = threading.Lock()


def start(prepare: Sequence[Sequence] = PREPARE) -> str:
    """Return the socket of a process that forks, which takes requests at once and answers when it can.

    It is the one named in the environment, if that answers, else this process's own: started where
    there is none, and living as long as this process.

    Parameters
    ----------
    prepare : sequence of sequences
        What a new one prepares at once, before it looks at requests.
    """
    given = os.environ.get(SOCKET)
    if given and _answers(given):
        return given
    with _starting:
        address, process = _own.get(os.getpid(), (None, None))
        if process is None or process.poll() is not None:
            address, process = _own[os.getpid()] = _launch(prepare)
    return address


def ready(prepare: Sequence[Sequence] = PREPARE) -> str:
    """Return the socket of a process that forks, once it has prepared what is asked."""
    address = start(prepare)
    wait(ask(address, {"prepare": prepare}))
    return address


def wait(prepared: socket.socket) -> None:
    """Wait for the answer to a request to prepare something."""
    with suppress(OSError), prepared:
        if prepared.recv(1):
            return
    raise RuntimeError("the process that forks did not start; what it wrote above says why")


def ask(address: str, request: dict) -> socket.socket:
    """Send a request to the process that forks; its answers come over the connection that is returned."""
    _asked.add(os.getpid())
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    connection.sendall(json.dumps(request).encode() + b"\n")
    return connection


def _launch(prepare: Sequence[Sequence]) -> tuple[str, subprocess.Popen]:
    """Start the process without waiting for its imports; requests wait at its socket."""
    folder = tempfile.mkdtemp(prefix="papi-warm-", dir=_short_folder())
    address = str(Path(folder) / "socket")
    # A fork copies one thread only, so none but the first may run: not in linear algebra, nor in Arrow's allocator.
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    threads |= {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(64)
        process = subprocess.Popen(
            [sys.executable, "-m", "papi_lib.batch.zygote", address, str(server.fileno()), json.dumps(prepare)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **threads},
            pass_fds=[server.fileno()],
            start_new_session=True,  # an interrupt at the terminal is for this process, which ends it
        )
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:
            process.stdin.close()
            if owner not in _asked:  # it has forked nothing
                process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return address, process


def _short_folder() -> str:
    """Return a folder for temporary files in which a socket's path is not too long (some 100 bytes)."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) < 70 else "/tmp"


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address) == 0

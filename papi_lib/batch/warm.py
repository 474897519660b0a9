"""Warm kernels: a jupyter_client provisioner that forks kernels from a preloaded process.

The kernelspec ``papi-warm`` names it, so that papermill, nbclient, nbval and JupyterLab use it on
any notebook (``papermill -k papi-warm``). The modules to preload are a setting of the kernelspec.
Where there is no fork (Windows), it starts an ordinary kernel.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

#: Name of the kernelspec.
KERNEL = "papi-warm"
#: Environment variable with the socket of a zygote that is already there.
SOCKET = "PAPI_WARM_SOCKET"
#: What notebooks on PAPI import.
PRELOAD = ("papi_lib.warmup",)
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "AF_UNIX")

_START_SECONDS = 600
_own: dict[tuple, tuple[str, subprocess.Popen]] = {}
_starting = threading.Lock()


class WarmProvisioner(LocalProvisioner):
    """Start kernels by forking a process that has already imported the usual libraries."""

    preload = List(Unicode(), list(PRELOAD), help="Modules imported once, before kernels are forked.").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: object) -> KernelConnectionInfo:
        """Fork a kernel with this command's arguments, environment and working directory."""
        if not CAN_FORK:
            return await super().launch_kernel(cmd, **kwargs)
        environment = {k: v for k, v in (kwargs.get("env") or os.environ).items() if isinstance(v, str)}
        request = {"argv": cmd, "env": environment, "cwd": str(kwargs.get("cwd") or os.getcwd())}
        self.process = ForkedKernel(zygote(tuple(self.preload)), request)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once, and be sure of it before jupyter_client looks ten times a second."""
        await super().kill(restart=restart)
        deadline = time.monotonic() + 1
        while await self.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.002)


class ForkedKernel:
    """A kernel forked by a zygote, with the part of `subprocess.Popen` that provisioners use."""

    stdin = stdout = stderr = None

    def __init__(self, address: str, request: dict) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        self._lines = self._connection.makefile("rb")
        self.pid: int = json.loads(self._lines.readline())["pid"]
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the kernel's exit code, or None while it runs."""
        if self.returncode is None:
            self._connection.setblocking(False)
            with suppress(BlockingIOError):
                waiting = self._connection.recv(1, socket.MSG_PEEK)
                self._connection.setblocking(True)
                end = json.loads(self._lines.readline()) if waiting else {"returncode": -signal.SIGKILL}
                self.returncode = end["returncode"]
                self._lines.close()
                self._connection.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended and return its exit code."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)


def zygote(preload: tuple[str, ...] = PRELOAD) -> str:
    """Return the socket of a zygote that answers; see `start_zygote`."""
    return await_zygote(start_zygote(preload))


def await_zygote(address: str) -> str:
    """Wait until a zygote that was started answers, and return its socket."""
    process = next((process for own, process in _own.values() if own == address), None)
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address):
        if time.monotonic() > deadline or process is None or process.poll() is not None:
            raise RuntimeError("the process that forks kernels did not start")
        time.sleep(0.02)
    return address


def start_zygote(preload: tuple[str, ...] = PRELOAD) -> str:
    """Return a zygote's socket, which may not answer yet.

    It is the one named in the environment, if that answers, else this process's own: started where
    there is none, and living as long as this process.
    """
    given = os.environ.get(SOCKET)
    if given and _answers(given):
        return given
    with _starting:
        address, process = _own.get((os.getpid(), preload), (None, None))
        if process is None or process.poll() is not None:
            address, process = _own[os.getpid(), preload] = _launch(preload)
    return address


def _launch(preload: tuple[str, ...]) -> tuple[str, subprocess.Popen]:
    """Start a zygote without waiting for its imports."""
    folder = tempfile.mkdtemp(prefix="papi-warm-", dir=_short_folder())
    address = str(Path(folder) / "socket")
    # A fork copies one thread only, so none but the first may run: not in linear algebra, nor in Arrow's allocator.
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    threads |= {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "papi_lib.batch.zygote", address, *preload],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **threads},
    )
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:
            process.stdin.close()
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


def ensure_kernelspec() -> str:
    """Install the kernelspec ``papi-warm`` beside Python's own unless it is there; return its name.

    Where neither Python's folder nor the user's can be written to, this process and those that it
    starts find it in a temporary folder.
    """
    manager = KernelSpecManager()
    if KERNEL in manager.find_kernel_specs():
        return KERNEL
    source = Path(__file__).parent / "kernelspec"
    for place in ({"prefix": sys.prefix}, {"user": True}):
        with suppress(OSError):
            manager.install_kernel_spec(str(source), KERNEL, **place)
            return KERNEL
    folder = tempfile.mkdtemp(prefix="papi-kernelspec-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(source, Path(folder) / "kernels" / KERNEL)
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [folder, os.environ.get("JUPYTER_PATH")]))
    return KERNEL


if __name__ == "__main__":
    ensure_kernelspec()

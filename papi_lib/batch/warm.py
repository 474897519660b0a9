"""Warm kernels: a jupyter_client provisioner that forks kernels from a process with the libraries loaded.

The kernelspec ``papi-warm`` names it, so that papermill, nbclient, nbval and JupyterLab use it on
any notebook (``papermill -k papi-warm``). What is loaded is a setting of the kernelspec.
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
import time
from contextlib import suppress
from pathlib import Path

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List

from papi_lib.batch import forks

#: Name of the kernelspec.
KERNEL = "papi-warm"
#: What an IPython kernel imports while it starts; half of its time, if it has to do so itself.
_KERNEL_IMPORTS = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "psutil",
    "sqlite3",
    "tornado.locks",
    "tornado.platform.asyncio",
    "tornado.queues",
)


class WarmProvisioner(LocalProvisioner):
    """Start kernels by forking a process that has already imported the usual libraries."""

    prepare = List(
        List(), [list(item) for item in forks.PREPARE], help="What is loaded once, before kernels are forked."
    ).tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: object) -> KernelConnectionInfo:
        """Fork a kernel with this command's arguments, environment and working directory."""
        if not forks.CAN_FORK:
            return await super().launch_kernel(cmd, **kwargs)
        environment = {k: v for k, v in (kwargs.get("env") or os.environ).items() if isinstance(v, str)}
        request = {"argv": cmd, "env": environment, "cwd": str(kwargs.get("cwd") or os.getcwd())}
        prepare = [*([name] for name in _KERNEL_IMPORTS), *self.prepare]
        self.process = ForkedKernel(forks.ready(prepare), request)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once, and be sure of it before jupyter_client looks ten times a second."""
        await super().kill(restart=restart)
        deadline = time.monotonic() + 1
        while await self.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.002)


class ForkedKernel:
    """A kernel in a forked process, with the part of `subprocess.Popen` that provisioners use."""

    stdin = stdout = stderr = None

    def __init__(self, address: str, request: dict) -> None:
        self._connection = forks.ask(address, request)
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

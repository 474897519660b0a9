"""A process that has already imported everything and forks real kernels on request.

Run as ``python -m papi_lib.batch.zygote SOCKET MODULE...``: imports the modules, then listens on a
Unix socket. A client sends one JSON line ``{"argv": [...], "env": {...}, "cwd": "..."}`` a
connection and is told ``{"pid": n}`` at once and ``{"returncode": n}`` when the
kernel has ended; if the client goes away its kernel is killed. The process ends when its standard
input closes, that is, with the process that started it.

It never starts a thread or opens a ZeroMQ context, so that a fork is a clean copy.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys
from contextlib import suppress

#: What an IPython kernel imports while it starts; half of its time, if it has to do so itself.
_KERNEL = (
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


def main() -> None:
    """Import the modules named on the command line, then fork a kernel for every request."""
    address, modules = sys.argv[1], sys.argv[2:]
    sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]
    for name in (*_KERNEL, *modules):
        with suppress(Exception):  # what cannot be imported is told by the notebook that needs it
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{address}.new")
        server.listen(64)
        os.rename(f"{address}.new", address)  # there only once it listens
        _serve(server)


def _serve(server: socket.socket) -> None:
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt at the terminal is for the batch, not for us
    clients: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as ready:
        for source in (server, sys.stdin.fileno(), wake_read):
            ready.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is server:
                    connection, _ = server.accept()
                    pid = _fork(connection, [server, ready, *clients.values()], [wake_read, wake_write])
                    if pid:
                        clients[pid] = connection
                        ready.register(connection, selectors.EVENT_READ, pid)
                elif key.fileobj == wake_read:
                    os.read(wake_read, 512)
                    _tell_ends(clients, ready)
                elif key.fileobj == sys.stdin.fileno():
                    if not os.read(sys.stdin.fileno(), 512):
                        for pid in clients:
                            _kill(pid)
                        return
                elif key.data in clients and not _alive(clients[key.data]):
                    ready.unregister(key.fileobj)
                    _kill(key.data)


def _fork(connection: socket.socket, close: list, pipes: list[int]) -> int:
    """Fork a kernel for one request and tell its process id; 0 for a connection without a request."""
    with connection.makefile("rb") as lines:
        line = lines.readline()
    if not line:
        connection.close()
        return 0
    request = json.loads(line)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler)
        for item in (connection, *close):
            item.close()
        for pipe in pipes:
            os.close(pipe)
        _become_kernel(request)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # the last frame of a forked process: nothing may escape into the server's loop
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become_kernel(request: dict) -> None:
    """Turn this fresh copy into an IPython kernel as ``python -m ipykernel_launcher`` would be."""
    os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "matplotlib" in sys.modules:
        backend = os.environ.get("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        sys.modules["matplotlib"].rcParams["backend"] = backend
    limit = int(float(os.environ.get("PAPI_KERNEL_MEMORY_MB", 0)) * 2**20)
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = request["argv"]
    arguments = request["argv"][request["argv"].index("-f") :]
    IPKernelApp.launch_instance(argv=arguments)


def _tell_ends(clients: dict[int, socket.socket], ready: selectors.BaseSelector) -> None:
    """Reap kernels that have ended and tell their clients how."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        connection = clients.pop(pid, None)
        if connection is None:
            continue
        with suppress(KeyError):
            ready.unregister(connection)
        end = {"returncode": os.waitstatus_to_exitcode(status)}
        with suppress(OSError):
            connection.sendall(json.dumps(end).encode() + b"\n")
        connection.close()


def _alive(connection: socket.socket) -> bool:
    with suppress(OSError):
        return bool(connection.recv(512))
    return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()

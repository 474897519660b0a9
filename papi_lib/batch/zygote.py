"""A process that has already imported everything and forks copies of itself on request.

Run as ``python -m papi_lib.batch.zygote SOCKET DESCRIPTOR PREPARE``: prepares what the JSON list
says, then takes requests from a Unix socket that listens already. A client sends one JSON line a connection,
which may have more to ``"prepare"`` first (told is ``1`` when it is done, if this is all), and

- ``"cells"``, ``"env"``, ``"cwd"`` to run a notebook's cells: told are ``{"pid": n}`` and what
  `papi_lib.batch.inside.run_cells` tells, as messages of `multiprocessing`'s connections.
- ``"argv"``, ``"env"``, ``"cwd"`` for a kernel: told are ``{"pid": n}`` at once and
  ``{"returncode": n}`` when it has ended.

If the client goes away its copy is killed. The process ends when its standard input closes, that
is, with the process that started it. It never starts a thread or opens a ZeroMQ context, so that a
fork is a clean copy.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import selectors
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from papi_lib.batch import inside

_prepared: set[tuple] = set()


def main() -> None:
    """Prepare what the command line says, then fork for every request."""
    folder, server, items = Path(sys.argv[1]).parent, socket.socket(fileno=int(sys.argv[2])), json.loads(sys.argv[3])
    sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]
    gc.disable()  # what is imported stays; copies, which run notebooks, collect again
    _prepare(items)
    _Server(server, folder).serve()
    shutil.rmtree(folder, ignore_errors=True)  # the process that made it may have been killed
    os._exit(0)


def _prepare(items: list[list]) -> None:
    """Import each module once, and call its function once with these arguments if one is named.

    A function that is marked with ``apart`` is called in a process of its own, side by side with the others, and
    returns what to call here with what it found: a pair of a function and its argument.
    """
    apart, running, cores = deque(), deque(), os.cpu_count() or 1
    for item in map(tuple, items):
        if item not in _prepared:
            _prepared.add(item)
            module, _, name = item[0].partition(":")
            with suppress(Exception):  # what goes wrong is told by the notebook that needs it
                found = importlib.import_module(module)
                function = getattr(found, name) if name else None
                if hasattr(function, "apart") and len(running) < cores:
                    running.append(_compute_apart(function, item[1:]))
                elif hasattr(function, "apart"):
                    apart.append((function, item[1:]))
                elif function:
                    function(*item[1:])
    while running:
        pid, pipe = running.popleft()
        with suppress(Exception), pipe:
            keep, found = pipe.recv()
            keep(found)
        os.waitpid(pid, 0)
        if apart:
            running.append(_compute_apart(*apart.popleft()))


def _compute_apart(function: Callable, arguments: tuple) -> tuple[int, Connection]:
    """Call a function in a forked process; return its number and where its result comes from."""
    ours, theirs = Pipe(duplex=False)
    gc.freeze()
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    with suppress(BaseException):
        theirs.send(function(*arguments))
    os._exit(0)


class _Server:
    """Takes requests, one after another, and watches the copies and the clients that asked for them."""

    def __init__(self, server: socket.socket, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.clients: dict[int, tuple[socket.socket, bool]] = {}

    def serve(self) -> None:
        """Answer until standard input closes."""
        self.wake, self.woken = os.pipe()
        os.set_blocking(self.woken, False)
        signal.set_wakeup_fd(self.woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt at the terminal is for the batch, not for us
        with selectors.DefaultSelector() as self.ready:
            for source in (self.server, sys.stdin.fileno(), self.wake):
                self.ready.register(source, selectors.EVENT_READ)
            while True:
                for key, _ in self.ready.select():
                    if key.fileobj is self.server:
                        self._take(self.server.accept()[0])
                    elif key.fileobj == self.wake:
                        os.read(self.wake, 512)
                        self._reap()
                    elif key.fileobj == sys.stdin.fileno():
                        if not os.read(sys.stdin.fileno(), 512):
                            for pid in self.clients:
                                _kill(pid)
                            return
                    elif key.data in self.clients and not _alive(key.fileobj):
                        self.ready.unregister(key.fileobj)
                        _kill(key.data)

    def _take(self, connection: socket.socket) -> None:
        """Do what one client asks; a connection without a request only wants to know whether we answer."""
        with connection.makefile("rb") as lines:
            line = lines.readline()
        request = json.loads(line or "{}")
        _prepare(request.pop("prepare", []))
        if not request:
            with suppress(OSError), connection:
                connection.sendall(b"1")
            return
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()
        pid = os.fork()
        if pid:
            if "argv" in request:
                connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")
            self.clients[pid] = connection, "argv" in request
            self.ready.register(connection, selectors.EVENT_READ, pid)
            return
        code = 1
        try:
            self._leave()
            _become_own(request)
            if "argv" in request:
                connection.close()
                _be_kernel(request["argv"])
            else:
                _run_cells(request["cells"], self.folder, connection)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:  # the last frame of a forked process: nothing may escape into the server's loop
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _leave(self) -> None:
        """Let go, in a copy, of all that is the server's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for item in (self.server, self.ready, *(connection for connection, _ in self.clients.values())):
            item.close()
        for pipe in (self.wake, self.woken):
            os.close(pipe)

    def _reap(self) -> None:
        """Take note of copies that have ended; tell clients of kernels how."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            connection, is_kernel = self.clients.pop(pid)
            with suppress(KeyError):
                self.ready.unregister(connection)
            if is_kernel:
                with suppress(OSError):
                    connection.sendall(json.dumps({"returncode": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
            connection.close()


def _become_own(request: dict) -> None:
    """Give this fresh copy its own session, folder, environment, random state, and bound on memory."""
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
    gc.enable()


def _be_kernel(argv: list[str]) -> None:
    """Run as the IPython kernel that ``python -m ipykernel_launcher`` would be."""
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = argv
    IPKernelApp.launch_instance(argv=argv[argv.index("-f") :])


def _run_cells(cells: list[dict], folder: Path, connection: socket.socket) -> None:
    """Run a notebook's cells and tell of each over the connection."""
    gc.set_threshold(20_000)  # drawings leave much behind, and the process ends soon
    with Connection(connection.detach()) as pipe:

        def tell(what: dict) -> None:
            pipe.send_bytes(json.dumps(what, ensure_ascii=False, default=str).encode("utf-8", "replace"))

        tell({"pid": os.getpid()})
        inside.run_cells(cells, folder / "profile", tell)


def _alive(connection: socket.socket) -> bool:
    with suppress(OSError):
        return bool(connection.recv(512))
    return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()

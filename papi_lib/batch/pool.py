"""Jobs over the cores of this machine: a bounded number of worker processes, none able to spoil another.

A process of its own imports and computes once what notebooks share. Workers are forked from it and
fork a process for each notebook, so that what is shared costs neither time nor memory again. Where
it is not safe to fork (Windows, macOS) all are started afresh and share nothing.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from papi_lib.batch.jobs import Job, Outcome, RunError, Settings, execute, lost, render_again
from papi_lib.batch.processes import START, end, end_with_parent, keep_to, start, uninterrupted

#: A fork copies one thread only, so none but the first may run: not in linear algebra, nor in Arrow's allocator.
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_ONE_THREAD |= {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
Outcomes = Generator[tuple[Job, Outcome], None, None]
#: A job, its notebook (or where it is), and where only its page is made again its record; then the notebook is the executed one.
Task = tuple[Job, bytes | Path, dict | None]


def outcomes(tasks: Sequence[Task], settings: Settings) -> Outcomes:
    """Yield each job with what became of it, as they end; by the settings' pool, or one of their own."""
    if tasks:
        pool = settings.pool or Pool()
        try:
            yield from pool.outcomes(tasks, settings)
        finally:
            if pool is not settings.pool:
                pool.close()


class Pool:
    """The process that prepares what notebooks share and runs jobs in copies of itself, for one run after another.

    It ends with this one; after a run that was broken off another takes its place.

    Parameters
    ----------
    first : callable, optional
        Called in it at once: what can be prepared before it is known what to run.
    """

    def __init__(self, first: Callable[[], object] | None = None) -> None:
        self._first = first
        self._start()

    def _start(self) -> None:
        self._prepared: Callable[[], object] | None = None
        self._busy, folder = False, tempfile.mkdtemp(prefix="papi-")
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, folder, self._first), daemon=True)
        with uninterrupted():
            start(self._process)
        theirs.close()

    def outcomes(self, tasks: Sequence[Task], settings: Settings) -> Outcomes:
        """Yield each job with what became of it, as they end.

        A worker process that dies fails the job it had, and another takes its place.
        """
        if self._pipe.closed:
            self._start()
        prepare = None if settings.prepare is self._prepared else settings.prepare
        self._prepared, self._busy = settings.prepare, True
        try:
            self._pipe.send((tasks, replace(settings, prepare=None, pool=None), prepare))
            for _ in tasks:
                yield self._pipe.recv()
            self._busy = False
        except (EOFError, OSError):
            self.close()
            raise RunError(f"the process that runs notebooks ended (exit code {self._process.exitcode}); what is finished is kept: run the same again") from None  # fmt: skip
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the process, its workers and their notebooks, and remove their temporary files."""
        self._pipe.close()
        if self._busy:
            self._process.join(10)  # it ends notebooks together with what these have started
        self._process.kill()
        self._process.join()
        self._remove()


def _serve(pipe: Connection, folder: str, first: Callable[[], object] | None) -> None:
    """Prepare and run what is asked until the pipe closes; the body of the process that is copied."""
    multiprocessing.current_process().daemon = False  # it starts others
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one at the terminal is for the caller, who ends this process
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    keep_to(folder)
    os.environ |= _ONE_THREAD
    gc.disable()  # what is prepared stays
    try:
        _prepare(START, _import_engine)
        _prepare(START, first)
        while True:
            tasks, settings, prepare = pipe.recv()
            _prepare(settings.start_method, prepare)
            gc.freeze()
            for found in _outcomes(tasks, settings, pipe):
                pipe.send(found)
    except (EOFError, BrokenPipeError):
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the process that made it may have been killed


def _import_engine() -> None:
    """Import what runs notebooks."""
    import papi_lib.batch.cells
    import papi_lib.batch.engine  # noqa: F401


def _prepare(start_method: str, call: Callable[[], object] | None) -> None:
    if call and start_method == "fork":
        with suppress(Exception):  # what goes wrong is told by the notebook that needs it
            call()


def _outcomes(tasks: Sequence[Task], settings: Settings, asker: Connection) -> Outcomes:
    context: Any = multiprocessing.get_context(settings.start_method)
    queue = deque(tasks)
    workers: dict[Connection, tuple] = {}
    try:
        while queue or workers:
            while queue and len(workers) < settings.workers:
                pipe, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, settings))
                start(process)
                theirs.close()
                _give(workers, pipe, process, queue.popleft())
            ready: list[Any] = wait([asker, *workers])
            if asker in ready:
                raise EOFError  # nobody waits any longer
            for pipe in ready:
                process, (job, *_) = workers.pop(pipe)
                try:
                    outcome = pipe.recv()
                except (EOFError, OSError):
                    process.join(5)
                    outcome = lost(job, RuntimeError(f"the process that ran the job ended (exit code {process.exitcode})"))  # fmt: skip
                if queue and process.is_alive():
                    _give(workers, pipe, process, queue.popleft())
                else:
                    with suppress(BrokenPipeError):
                        pipe.send(None)  # its copies in other workers keep it open
                    pipe.close()
                    process.join(5)
                yield job, outcome
    finally:
        for pipe, (process, _) in workers.items():
            pipe.close()
            process.terminate()
        for process, _ in workers.values():
            process.join(5)
            process.kill()
            process.join()


def _give(workers: dict, pipe: Connection, process, task: Task) -> None:
    with suppress(BrokenPipeError):  # it has died meanwhile, which its pipe tells as soon as it is read
        pipe.send(task)
    workers[pipe] = (process, task)


def _stop(*_: object) -> None:
    """End the notebook that runs, with what it started, and this process."""
    for notebook in multiprocessing.active_children():
        end(notebook)
    os._exit(1)


def _work(pipe: Connection, settings: Settings) -> None:
    """Run jobs as they come, until the pipe closes; the body of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    end_with_parent()
    gc.enable()
    with suppress(EOFError, BrokenPipeError):
        while task := pipe.recv():
            job, notebook, before = task
            try:
                notebook = notebook if isinstance(notebook, bytes) else notebook.read_bytes()
                made = render_again(job, notebook, before, settings) if before else execute(job, notebook, settings)
            except OSError as error:
                made = lost(job, error)
            pipe.send(made)

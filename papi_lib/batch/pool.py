"""Jobs over the cores of this machine: a bounded number of worker processes, none able to spoil another.

A process of its own imports and computes once what notebooks share. Workers are forked from it and
fork a process for each notebook, so that what is shared costs neither time nor memory again. Where
it is not safe to fork (Windows, macOS) all are started afresh and share nothing.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tempfile
import weakref
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any
from uuid import uuid4

from papi_lib.batch import processes
from papi_lib.batch.jobs import Job, Outcome, Settings, execute, render_again, stamps

#: A fork copies one thread only, so none but the first may run: not in linear algebra, nor in Arrow's allocator.
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_ONE_THREAD |= {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
Outcomes = Generator[tuple[Job, Outcome], None, None]
#: A job, its notebook (or where it is), and where only its page is made again its record; then the notebook is the executed one.
Task = tuple[Job, bytes | Path, dict | None]
#: How often a job runs whose process ended or fell silent, and how often in a row the one that is copied may start for nothing.
_TRIES, _STARTS = 2, 5
#: How long the process that is copied may be silent, and any other besides what a cell may take.
_PREPARES_SECONDS, _SILENT_SECONDS = 600, 60


class Pool:
    """The process that prepares what notebooks share and runs jobs in copies of itself, for one run after another.

    It starts when it is needed, ends with this one, and is replaced where it ends or falls silent.

    Parameters
    ----------
    first : callable, optional
        Called in it at once: what can be prepared before it is known what to run.

    Attributes
    ----------
    since : dict
        Stamps of this library's files from before the process imported them.
    """

    def __init__(self, first: Callable[[], object] | None = None) -> None:
        self._first = first
        self._process: Any = None
        self.since: dict[Path, tuple | None] = {}
        if first:
            self._start()

    def _start(self) -> None:
        library = Path(__file__).parents[1]
        self.since = stamps(path for path in library.rglob("*.*") if path.parent.name != "__pycache__")
        self._prepared: Callable[[], object] | None = None
        self._busy, folder = False, str(Path(tempfile.gettempdir(), f"papi-{uuid4().hex}"))
        self._asked, self._ready = Path(folder, "asked"), False
        self._remove = weakref.finalize(self, _clean, folder)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, folder, self._first), daemon=True)
        with processes.uninterrupted():
            processes.start(self._process, folder)
        theirs.close()

    def outcomes(self, tasks: Sequence[Task], settings: Settings) -> Outcomes:
        """Yield each job with what became of it, as they end.

        A job whose process dies, or falls silent, runs once more in another; if that dies too, it fails.
        """
        left = {task[0].path: task for task in tasks}
        ended: Counter[str] = Counter()
        for_nothing = 0
        try:
            while left:
                running: dict[str, Job] = {}
                try:
                    for job, outcome in self._run(list(left.values()), settings):
                        if outcome is None:
                            running[job.path] = job
                        else:
                            del left[job.path]
                            running.pop(job.path, None)
                            yield job, outcome
                except (EOFError, OSError):
                    self.close()
                    ended.update(running.keys())
                    for_nothing = 0 if running else for_nothing + 1
                    for path in [p for p in left if ended[p] >= _TRIES or for_nothing == _STARTS]:
                        job, *_ = left.pop(path)
                        yield job, Outcome.lost(job, RuntimeError("the process that runs notebooks ended again and again; what is finished is kept: run the same again"))  # fmt: skip
            self._busy = False
        except BaseException:
            self.close()
            raise

    def _run(self, tasks: Sequence[Task], settings: Settings) -> Generator[tuple[Job, Outcome | None], None, None]:
        """Yield jobs as they start, with None, and as they end; raise EOFError where the process ended or is silent."""
        if not self._process:
            self._start()
        prepare = None if settings.prepare is self._prepared else settings.prepare
        self._prepared, self._busy = settings.prepare, True
        pulse, left = processes.Pulse(self._process, _PREPARES_SECONDS), len(tasks)
        self._ready = self._ready or self._heard(pulse)
        asked = (tasks, replace(settings, prepare=None, again=None, since={}), prepare)
        self._asked.write_bytes(pickle.dumps(asked))  # more than a pipe holds would wait for the process to read
        self._pipe.send(self._asked)
        while left:
            if told := self._heard(pulse):
                left -= told[1] is not None
                yield told

    def _heard(self, pulse: processes.Pulse) -> Any:
        """Return what the process tells next; raise EOFError where it ended or is silent."""
        while not self._pipe.poll(1):
            if pulse.lost():
                raise EOFError
        pulse.felt()
        return self._pipe.recv()

    def close(self) -> None:
        """End the process, its workers and their notebooks, and remove their temporary files."""
        if self._process:
            self._pipe.close()
            if self._busy:
                self._process.terminate()
                self._process.join(5)  # it ends notebooks together with what these have started
            processes.end(self._process)
            self._remove()
            self._process, self.since = None, {}


def _clean(folder: str) -> None:
    """End what still runs of a pool and remove its temporary files."""
    processes.end_marked(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _serve(pipe: Connection, folder: str, first: Callable[[], object] | None) -> None:
    """Prepare and run what is asked until the pipe closes; the body of the process that is copied."""
    multiprocessing.current_process().daemon = False  # it starts others
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one at the terminal is for the caller, who ends this process
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        processes.end_with_parent(signal.SIGTERM)
        os.mkdir(folder, 0o700)  # here, since who makes it removes it, also where the caller is killed
        pipe.send(True)
        processes.keep_to(folder)
        os.environ |= _ONE_THREAD
        gc.disable()  # what is prepared stays
        if processes.START == "fork":
            import papi_lib.batch.cells
            import papi_lib.batch.engine  # noqa: F401 - what runs notebooks
        _prepare(processes.START, first)
        while True:
            tasks, settings, prepare = pickle.loads(pipe.recv().read_bytes())
            _prepare(settings.start_method, prepare)
            gc.freeze()
            for found in _outcomes(tasks, settings, pipe):
                pipe.send(found)
    except (EOFError, OSError):
        pass
    finally:
        _clean(folder)  # the process that made it may have been killed


def _prepare(start_method: str, call: Callable[[], object] | None) -> None:
    if call and start_method == "fork":
        with suppress(Exception):  # what goes wrong is told by the notebook that needs it
            call()


class _Worker:
    """A worker process and the job that it has."""

    def __init__(self, context: Any, settings: Settings) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, settings))
        processes.start(self.process)
        theirs.close()
        self.pulse = processes.Pulse(self.process, settings.timeout + _SILENT_SECONDS)

    def give(self, task: Task) -> Job:
        self.task = task
        self.pulse.felt()
        with suppress(OSError):  # it has died meanwhile, which its pipe tells as soon as it is read
            self.pipe.send(task)
        return task[0]

    def told(self) -> Outcome | None:
        """Return what became of the job; None if it only says that it works."""
        self.pulse.felt()
        return self.pipe.recv()

    def end(self) -> None:
        self.pipe.close()
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(2)
        processes.end(self.process)


def _outcomes(tasks: Sequence[Task], settings: Settings, asker: Connection) -> Generator[tuple | None, None, None]:
    """Yield jobs as they start, with None, and as they end; None about every second besides."""
    context: Any = multiprocessing.get_context(settings.start_method)
    queue, ended = deque(tasks), Counter[str]()
    workers: list[_Worker] = []
    try:
        while queue or workers:
            while queue and len(workers) < settings.workers:
                workers.append(_Worker(context, settings))
                yield workers[-1].give(queue.popleft()), None
            ready: list[Any] = wait([asker, *(worker.pipe for worker in workers)], 1)
            if asker in ready:
                raise EOFError  # nobody waits any longer
            yield None
            for worker in list(workers):
                job, outcome = worker.task[0], None
                try:
                    if worker.pipe in ready:
                        if not (outcome := worker.told()):
                            continue
                    elif not worker.pulse.lost():
                        continue
                    else:
                        raise EOFError
                except (EOFError, OSError):
                    workers.remove(worker)
                    worker.end()
                    ended[job.path] += 1
                    if ended[job.path] < _TRIES:
                        queue.appendleft(worker.task)
                    else:
                        why = f"the process that ran the job ended twice (exit code {worker.process.exitcode})"
                        yield job, Outcome.lost(job, RuntimeError(why))
                else:
                    yield job, outcome
                    if queue:
                        yield worker.give(queue.popleft()), None
                    else:
                        workers.remove(worker)
                        worker.end()
    finally:
        for worker in workers:
            worker.end()


def _stop(*_: object) -> None:
    """End the notebook that runs, with what it started, and this process."""
    for notebook in multiprocessing.active_children():
        processes.end(notebook)
    os._exit(1)


def _work(pipe: Connection, settings: Settings) -> None:
    """Run jobs as they come, until the pipe closes; the body of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    processes.end_with_parent()
    gc.enable()
    with suppress(EOFError, OSError):
        while task := pipe.recv():
            job, notebook, before = task
            try:
                notebook = notebook if isinstance(notebook, bytes) else notebook.read_bytes()
            except OSError as error:
                pipe.send(Outcome.lost(job, error))
                continue
            again = partial(render_again, job, notebook, before, settings)
            pipe.send(again() if before else execute(job, notebook, settings, partial(pipe.send, None)))

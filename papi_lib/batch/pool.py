"""Jobs over the cores of this machine: a bounded number of worker processes, none able to spoil another."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from papi_lib.batch import forks
from papi_lib.batch.execute import Outcome, execute, lost, rehearse, render_again
from papi_lib.batch.jobs import Job, Settings


def outcomes(jobs: Sequence[Job], settings: Settings) -> Iterator[tuple[Job, Outcome]]:
    """Yield each job with what became of it, as they end.

    A worker process that dies fails the job it had, and another takes its place.
    """
    yield from _outcomes([(job, None, None) for job in jobs], settings)


def pages(kept: Sequence[tuple[Job, Path, dict]], settings: Settings) -> Iterator[tuple[Job, Outcome]]:
    """Yield each job with its page made again, from job, executed notebook and its record; no cell runs."""
    yield from _outcomes(kept, settings)


def _outcomes(
    tasks: Sequence[tuple[Job, Path | None, dict | None]], settings: Settings
) -> Iterator[tuple[Job, Outcome]]:
    queue = deque(tasks)
    if not queue:
        return
    context = multiprocessing.get_context("fork" if forks.CAN_FORK else "spawn")
    forking = forks.CAN_FORK and any(not executed for _, executed, _ in tasks)
    given = os.environ.get(forks.SOCKET)
    if forking:
        address = forks.start(settings.prepare)
        prepared = forks.ask(address, {"prepare": settings.prepare})
        os.environ[forks.SOCKET] = address
    # While the process that forks imports and computes what notebooks need.
    rehearse({job.notebook: job for job, *_ in tasks}.values(), settings)
    if forking:
        forks.wait(prepared)
    workers: dict[Connection, tuple] = {}
    try:
        while queue or workers:
            while queue and len(workers) < settings.workers:
                _start(context, workers, queue.popleft(), settings)
            for pipe in wait(list(workers)):
                process, (job, *_) = workers.pop(pipe)
                try:
                    outcome = pipe.recv()
                except EOFError:
                    process.join(5)
                    outcome = lost(job, RuntimeError(f"the process that ran the job ended (exit code {process.exitcode})"))  # fmt: skip
                if queue and process.is_alive():
                    _give(workers, pipe, process, queue.popleft())
                else:
                    with suppress(BrokenPipeError):
                        pipe.send(None)
                    pipe.close()
                    process.join(5)
                yield job, outcome  # its files are written while the worker is at the next job
    finally:
        for pipe, (process, _) in workers.items():
            pipe.close()
            process.terminate()
        for process, _ in workers.values():
            process.join(5)
            process.kill()  # an event loop of its own may have swallowed the polite signal
            process.join()
        if given is None:
            os.environ.pop(forks.SOCKET, None)
        else:
            os.environ[forks.SOCKET] = given


def _start(context, workers: dict, task: tuple, settings: Settings) -> None:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, settings), daemon=True)
    process.start()
    theirs.close()
    _give(workers, ours, process, task)


def _give(workers: dict, pipe: Connection, process, task: tuple) -> None:
    with suppress(BrokenPipeError):  # it has died meanwhile, which its pipe tells as soon as it is read
        pipe.send(task)
    workers[pipe] = (process, task)


def _work(pipe: Connection, settings: Settings) -> None:
    """Run jobs as they come, until the pipe closes; the body of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    with suppress(EOFError, BrokenPipeError):
        while task := pipe.recv():
            job, executed, before = task
            if executed:
                pipe.send(render_again(job, executed.read_bytes(), before, settings))
            else:
                pipe.send(execute(job, job.notebook.read_bytes(), settings))


def _die_with_parent() -> None:
    """Ask the system to end this process with the one that started it, so that no orphan holds the folder."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, Linux only
    if os.getppid() != multiprocessing.parent_process().pid:  # it ended before we could ask
        os._exit(1)

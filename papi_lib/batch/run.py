"""A run: many jobs over the cores, each reported as it ends, none able to spoil another."""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import shutil
import signal
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection, wait
from pathlib import Path

from filelock import FileLock, Timeout

from papi_lib.batch import manifest, warm
from papi_lib.batch.execute import execute, one_line
from papi_lib.batch.jobs import Job, environment_hash, why_run


class RunError(ValueError):
    """A run cannot start; the message is one line that says why and what to do."""


@dataclass
class Settings:
    """How to run.

    Attributes
    ----------
    workers : int
        Jobs at the same time; by default one more than cores, since a job that waits for its
        kernel computes nothing.
    timeout : int
        Seconds that one cell may take.
    memory_mb : int
        Memory that one kernel may take; 0 for no bound. Needs forked kernels.
    force : bool
        Run jobs although nothing has changed.
    render : str or None
        ``"module:function"`` that makes a job's page; see `papi_lib.batch.execute.execute`.
    inputs : dict of str to str
        Hashes of what all jobs read, by name, for example of library and data.
    head : dict
        What goes into the manifest's head.
    """

    workers: int = field(default_factory=lambda: (os.cpu_count() or 1) + 1)
    timeout: int = 300
    memory_mb: int = 0
    force: bool = False
    render: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    head: dict = field(default_factory=dict)


def plan(jobs: Iterable[Job], out: Path, settings: Settings) -> list[tuple[Job, dict, str | None]]:
    """Return each job with its hashes and why it must run; None stands for unchanged."""
    records = manifest.read(out)
    inputs = {**settings.inputs, "environment": environment_hash()}
    planned = []
    for job in jobs:
        hashes = job.hashes(inputs)
        reason = why_run(job, out, hashes, records.get(job.path))
        planned.append((job, hashes, "forced" if settings.force and reason is None else reason))
    return planned


def run(
    jobs: Iterable[Job], out: Path, settings: Settings, tell: Callable[[dict], None] = lambda record: None
) -> list[dict]:
    """Run jobs into a folder; finish them all whatever single ones do.

    Parameters
    ----------
    jobs : iterable of Job
        What to run.
    out : pathlib.Path
        The run folder; what is there and still right is kept.
    settings : Settings
        How to run.
    tell : callable
        Called with each job's record as it ends, in the order of ending.

    Returns
    -------
    list of dict
        The jobs' records in the order of `jobs`; ``status`` is ``done``, ``unchanged`` or ``failed``.

    Raises
    ------
    RunError
        Another run works on the folder, or it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise RunError(f"{out}: another run works on this folder; wait for it or choose another --out") from None
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror}); choose another --out") from None
    with lock:
        return _run_locked(list(jobs), out, settings, tell)


def _run_locked(jobs: list[Job], out: Path, settings: Settings, tell: Callable[[dict], None]) -> list[dict]:
    for left in out.glob(".part-*"):  # by a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    before = manifest.read(out)
    planned = plan(jobs, out, settings)
    head = {**settings.head, "started": datetime.now().astimezone().isoformat(timespec="seconds")}
    records: dict[str, dict] = {}
    waiting = []
    for job, hashes, reason in planned:
        if reason is None:
            records[job.path] = {**before[job.path], "status": "unchanged"}
            tell(records[job.path])
        else:
            waiting.append((job, hashes))
    # The longest first, by what they took last time, so that none is left alone at the end.
    longest = {stem: max((r.get("seconds", 0) for r in before.values() if r.get("notebook") == stem), default=0)
               for stem in {job.notebook.name for job, _ in waiting}}  # fmt: skip
    waiting.sort(key=lambda item: -longest[item[0].notebook.name])
    for job, hashes, record in _pool(waiting, out, settings, head):
        record["hashes"] = hashes
        records[job.path] = record
        manifest.append(out, record)
        tell(record)
    kept = [r for path, r in before.items() if path not in records]
    head["finished"] = datetime.now().astimezone().isoformat(timespec="seconds")
    manifest.write(out, head, [*(records[job.path] for job in jobs), *kept])
    return [records[job.path] for job in jobs]


def _pool(waiting: list[tuple[Job, dict]], out: Path, settings: Settings, head: dict):
    """Yield job, hashes and record as jobs end, over a bounded number of worker processes."""
    queue = deque(waiting)
    if not queue:
        return
    context = multiprocessing.get_context("fork" if warm.CAN_FORK else "spawn")
    starting = warm.start_zygote() if warm.CAN_FORK else None
    _import_once(settings)  # while the zygote imports what notebooks need
    if starting:
        os.environ[warm.SOCKET] = warm.await_zygote(starting)
    workers: dict[Connection, tuple] = {}
    try:
        while queue or workers:
            while queue and len(workers) < settings.workers:
                _start(context, workers, queue.popleft(), out, settings, head)
            for pipe in wait(list(workers)):
                process, item = workers.pop(pipe)
                try:
                    record = pipe.recv()
                except EOFError:
                    record = _lost(item[0], process)
                yield *item, record
                if queue and process.is_alive():
                    _give(workers, pipe, process, queue.popleft())
                else:
                    with suppress(BrokenPipeError):
                        pipe.send(None)
                    pipe.close()
                    process.join(5)
    finally:
        for pipe, (process, _) in workers.items():
            pipe.close()
            process.terminate()
        for process, _ in workers.values():
            process.join(5)
        os.environ.pop(warm.SOCKET, None)


def _import_once(settings: Settings) -> None:
    """Import what every worker needs before they are forked."""
    importlib.import_module("papermill")
    if settings.render:
        importlib.import_module("nbconvert")
        importlib.import_module(settings.render.split(":")[0])


def _start(context, workers: dict, item: tuple, out: Path, settings: Settings, head: dict) -> None:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, out, settings, head), daemon=False)
    process.start()
    theirs.close()
    _give(workers, ours, process, item)


def _give(workers: dict, pipe: Connection, process, item: tuple) -> None:
    pipe.send(item[0])
    workers[pipe] = (process, item)


def _work(pipe: Connection, out: Path, settings: Settings, head: dict) -> None:
    """Run jobs as they come, until the pipe closes; the body of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    if settings.memory_mb:
        os.environ["PAPI_KERNEL_MEMORY_MB"] = str(settings.memory_mb)
    kernel = warm.ensure_kernelspec() if warm.CAN_FORK else "python3"
    with suppress(EOFError, BrokenPipeError):
        while job := pipe.recv():
            pipe.send(execute(job, out, kernel=kernel, timeout=settings.timeout, render=settings.render, head=head))


def _die_with_parent() -> None:
    """Ask the system to end this process with the one that started it, so that no orphan holds the folder."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, Linux only


def _lost(job: Job, process) -> dict:
    process.join(5)
    error = RuntimeError(f"the process that ran the job ended (exit code {process.exitcode})")
    return {"path": job.path, "notebook": job.notebook.name, "parameters": job.parameters, "labels": job.labels,
            "status": "failed", "started": None, "seconds": 0, "error": one_line(error), "outputs": {}}  # fmt: skip

"""One job from notebook to page, in whichever process and on whichever machine it runs."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import re
import signal
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from papi_lib.batch import forks
from papi_lib.batch.jobs import Job, Settings

#: Name of the kernel that Jupyter installs itself.
ORDINARY = "python3"
#: How long a cell that was interrupted may take to tell where it was.
_GRACE_SECONDS = 5
#: What notebooks say of the language that ran them.
_LANGUAGE = {"name": "python", "version": platform.python_version(), "file_extension": ".py",
             "mimetype": "text/x-python", "pygments_lexer": "ipython3"}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of a job: nothing of it is on disk yet.

    Attributes
    ----------
    record : dict
        ``path``, ``notebook``, ``parameters``, ``labels``, ``status`` (``done``,
        ``rendered``: only the page was made again, or ``failed``),
        ``started``, ``seconds``, ``error`` (one line or None) and ``outputs`` (hashes of the files).
    files : dict of str to bytes
        ``executed`` and ``page``, or ``failed``: the notebook as far as it came.
    """

    record: dict
    files: dict[str, bytes] = field(default_factory=dict)


def execute(job: Job, source: bytes, settings: Settings) -> Outcome:
    """Run one job; never raises for what the job does.

    Parameters
    ----------
    job : Job
        The job; of its notebook only the folder is used, as the working directory of its cells, where
        there is one.
    source : bytes
        The notebook.
    settings : Settings
        How to run.
    """
    start, record = time.monotonic(), new_record(job)
    record["started"] = datetime.now().astimezone().isoformat(timespec="seconds")
    executed, files = None, {}
    try:
        executed = _parameterized(source, job.parameters)
        try:
            run_cells = _run_forked if forks.CAN_FORK else _run_in_kernel
            run_cells(executed, job.notebook.parent, settings)
        finally:
            content = nbformat.writes(executed).encode()
        record["status"] = "done"
        files = {"executed": content} | _page(content, record, settings)
        record["outputs"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    except BaseException as error:
        record |= {"status": "failed", "error": one_line(error)}
        files = {"failed": content} if executed is not None else {}
        if not isinstance(error, Exception):
            raise
    record["seconds"] = round(time.monotonic() - start, 2)
    return Outcome(record, files)


def render_again(job: Job, executed: bytes, before: dict, settings: Settings) -> Outcome:
    """Make the page of a job that was run before, from its executed notebook; never raises for what the page does."""
    record = {**before, "status": "rendered", "labels": job.labels}
    try:
        files = _page(executed, record, settings)
        outputs = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        return Outcome({**record, "outputs": before["outputs"] | outputs}, files)
    except Exception as error:
        return lost(job, error)


def rehearse(jobs: Iterable[Job], settings: Settings) -> None:
    """Make these jobs' pages of an empty notebook: processes forked from this one have then compiled what they need."""
    empty = new_notebook(cells=[new_code_cell(metadata={"tags": ["parameters"]})])
    empty = nbformat.writes(_parameterized(nbformat.writes(empty).encode(), {"nothing": None})).encode()
    for job in jobs:
        with suppress(Exception):  # what is wrong is told by the job itself
            _page(empty, new_record(job), settings)


def lost(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a job whose process ended before it could tell one."""
    return Outcome({**new_record(job), "error": one_line(error)})


def new_record(job: Job) -> dict:
    """Return the record of a job that nothing has come of yet."""
    return {"path": job.path, "notebook": job.notebook.name, "parameters": job.parameters, "labels": job.labels,
            "status": "failed", "started": None, "seconds": 0, "error": None, "outputs": {}}  # fmt: skip


def one_line(error: BaseException) -> str:
    """Return what went wrong as one line without control characters."""
    name, value = getattr(error, "ename", None), getattr(error, "evalue", None)
    if not name:
        name, value = type(error).__name__, str(error) or traceback.format_exception_only(error)[-1]
    text = re.sub(r"\x1b\[[0-9;]*m", "", f"{name}: {value}")
    return " ".join(text.split())[:500]


def _parameterized(source: bytes, parameters: dict) -> nbformat.NotebookNode:
    """Return the notebook with its parameters set as papermill sets them, without the outputs that it was stored with."""
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.reads(source.decode(), as_version=4)
    notebook.metadata.papermill = {}
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if not parameters:
        return notebook
    notebook = parameterize_notebook(notebook, parameters, kernel_name=ORDINARY, language="python")
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # not by chance: the same job gives the same notebook
    return notebook


def _run_forked(notebook: nbformat.NotebookNode, folder: Path, settings: Settings) -> None:
    """Run a notebook's cells in place, each under the time limit, in a forked process of its own."""
    request = {
        "cells": notebook.cells,
        "env": settings.kernel_environment(),
        "cwd": str(folder if folder.is_dir() else Path.cwd()),
        "prepare": settings.prepare,
    }
    notebook.metadata.language_info = _LANGUAGE
    left = [place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    with Connection(forks.ask(forks.start(settings.prepare), request).detach()) as pipe:
        pid = _next(pipe)["pid"]
        while left:
            cell = notebook.cells[left.pop(0)]
            if not pipe.poll(settings.timeout):
                os.kill(pid, signal.SIGINT)
                with suppress(DeadKernelError):
                    if pipe.poll(_GRACE_SECONDS):
                        _fill_in(notebook, _next(pipe))
                raise CellTimeoutError.error_from_timeout_and_cell("Cell execution timed out", settings.timeout, cell)
            told = _next(pipe)
            _fill_in(notebook, told)
            if told["error"] and "raises-exception" not in cell.metadata.tags:
                raise CellExecutionError.from_cell_and_msg(cell, told["error"])


def _fill_in(notebook: nbformat.NotebookNode, told: dict) -> None:
    """Put what a cell gave into the notebook; it may have changed the outputs of earlier ones."""
    notebook.cells[told["cell"]].execution_count = told["execution_count"]
    for place, outputs in told["outputs"].items():
        notebook.cells[int(place)].outputs = nbformat.from_dict(outputs)


def _next(pipe: Connection) -> dict:
    """Return what the forked process tells next."""
    try:
        return json.loads(pipe.recv_bytes())
    except (EOFError, OSError):
        raise DeadKernelError("the notebook's process died (killed, or a crash in a library)") from None


def _run_in_kernel(notebook: nbformat.NotebookNode, folder: Path, settings: Settings) -> None:
    """Run a notebook's cells in place, each under the time limit, in an ordinary kernel: where there is no fork."""
    # Moments of execution in a notebook would make each run another file.
    client = NotebookClient(notebook, kernel_name=ORDINARY, timeout=settings.timeout, record_timing=False,
                            shutdown_kernel="immediate")  # fmt: skip
    given = {"env": settings.kernel_environment()} | ({"cwd": str(folder)} if folder.is_dir() else {})
    client.execute(**given)


def _page(executed: bytes, record: dict, settings: Settings) -> dict[str, bytes]:
    """Return the page of an executed notebook, if the run makes pages."""
    if not settings.render:
        return {}
    module, function = settings.render.split(":")
    return {"page": getattr(importlib.import_module(module), function)(executed, record, settings.head)}

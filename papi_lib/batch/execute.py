"""One job from notebook to page, in whichever process it runs."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import tempfile
import time
import traceback
from datetime import datetime
from pathlib import Path

from papi_lib.batch.jobs import Job, file_hash


def execute(job: Job, out: Path, *, kernel: str, timeout: int, render: str | None, head: dict) -> dict:
    """Run one job and return its record for the manifest; never raises for what the job does.

    Parameters
    ----------
    job : Job
        The job.
    out : pathlib.Path
        The run folder.
    kernel : str
        Name of the kernelspec.
    timeout : int
        Seconds that one cell may take.
    render : str or None
        ``"module:function"`` that makes the page from the executed notebook (bytes), the job's
        record, which it may add to, and `head`; it returns bytes.
    head : dict
        What the page needs to know of the run.

    Returns
    -------
    dict
        ``path``, ``notebook``, ``parameters``, ``labels``, ``status`` (``done`` or ``failed``),
        ``started``, ``seconds``, ``error`` (one line or None) and ``outputs`` (their hashes).
    """
    import papermill

    start, started = time.monotonic(), datetime.now().astimezone().isoformat(timespec="seconds")
    record = {"path": job.path, "notebook": job.notebook.name, "parameters": job.parameters, "labels": job.labels,
              "status": "failed", "started": started, "error": None, "outputs": {}}  # fmt: skip
    executed, page = job.executed(out), job.page(out)
    executed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=out) as part:
        notebook = Path(part) / executed.name
        try:
            papermill.execute_notebook(
                job.notebook, notebook, parameters=job.parameters, kernel_name=kernel, progress_bar=False,
                execution_timeout=timeout, cwd=str(job.notebook.parent), autosave_cell_every=0,
                shutdown_kernel="immediate",
            )  # fmt: skip
            if render:
                module, function = render.split(":")
                html = Path(part) / page.name
                html.write_bytes(
                    getattr(importlib.import_module(module), function)(notebook.read_bytes(), record, head)
                )
                _into_place(html, page)
            _into_place(notebook, executed)
            job.failed(out).unlink(missing_ok=True)
            record["status"] = "done"
            record["outputs"] = {"executed": file_hash(executed)} | ({"page": file_hash(page)} if render else {})
        except BaseException as error:
            record["error"] = one_line(error)
            if notebook.exists():
                shutil.move(notebook, job.failed(out))
            if not isinstance(error, Exception):
                raise
    record["seconds"] = round(time.monotonic() - start, 2)
    return record


def one_line(error: BaseException) -> str:
    """Return what went wrong as one line without control characters."""
    name, value = getattr(error, "ename", None), getattr(error, "evalue", None)
    if not name:
        name, value = type(error).__name__, str(error) or traceback.format_exception_only(error)[-1]
    text = re.sub(r"\x1b\[[0-9;]*m", "", f"{name}: {value}")
    return " ".join(text.split())[:500]


def _into_place(source: Path, target: Path) -> None:
    """Move a finished file to its place in one step, on disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(source, target)

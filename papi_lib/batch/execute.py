"""One job from notebook to page, in whichever process and on whichever machine it runs."""

from __future__ import annotations

import hashlib
import importlib
import re
import time
import traceback
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty

import nbformat
from jupyter_client.client import KernelClient
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from papi_lib.batch.jobs import Job, Settings


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


def execute(job: Job, source: bytes, settings: Settings, kernel: str) -> Outcome:
    """Run one job; never raises for what the job does.

    Parameters
    ----------
    job : Job
        The job; of its notebook only the folder is used, as the kernel's working directory, where
        there is one.
    source : bytes
        The notebook.
    settings : Settings
        How to run.
    kernel : str
        Name of the kernelspec.
    """
    start, record = time.monotonic(), new_record(job)
    record["started"] = datetime.now().astimezone().isoformat(timespec="seconds")
    executed, files = None, {}
    try:
        executed = _parameterized(source, job.parameters, kernel)
        try:
            _run_cells(executed, job.notebook.parent, settings, kernel)
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


def _parameterized(source: bytes, parameters: dict, kernel: str) -> nbformat.NotebookNode:
    """Return the notebook with its parameters set as papermill sets them."""
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.reads(source.decode(), as_version=4)
    notebook.metadata.papermill = {}
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    if not parameters:
        return notebook
    notebook = parameterize_notebook(notebook, parameters, kernel_name=kernel, language="python")
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # not by chance: the same job gives the same notebook
    return notebook


def _run_cells(notebook: nbformat.NotebookNode, folder: Path, settings: Settings, kernel: str) -> None:
    """Run a notebook's cells in place, each under the time limit, in a kernel of its own."""
    # Moments of execution in a notebook would make each run another file.
    client = _Client(notebook, kernel_name=kernel, timeout=settings.timeout, record_timing=False,
                     shutdown_kernel="immediate")  # fmt: skip
    given = {"env": settings.kernel_environment()} | ({"cwd": str(folder)} if folder.is_dir() else {})
    client.execute(**given)


class _Client(NotebookClient):
    """nbclient's, but a kernel is ready as soon as it answers, without a fixed wait after that."""

    async def async_start_new_kernel_client(self) -> KernelClient:
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.allow_stdin = False
        deadline = time.monotonic() + self.startup_timeout
        try:
            while not await self._answers():
                if not await self.km.is_alive():
                    raise DeadKernelError("Kernel died before it was ready")
                if time.monotonic() > deadline:
                    raise DeadKernelError(f"Kernel was not ready in {self.startup_timeout} seconds")
        except BaseException:
            await self._async_cleanup_kernel()
            raise
        return self.kc

    async def _answers(self) -> bool:
        """Tell whether the kernel replies within a second and its outputs arrive."""
        request = self.kc.kernel_info()
        try:
            await self.kc.shell_channel.get_msg(timeout=1)
            while (await self.kc.iopub_channel.get_msg(timeout=0.2))["parent_header"].get("msg_id") != request:
                pass
        except Empty:
            return False
        return True


def _page(executed: bytes, record: dict, settings: Settings) -> dict[str, bytes]:
    """Return the page of an executed notebook, if the run makes pages."""
    if not settings.render:
        return {}
    module, function = settings.render.split(":")
    return {"page": getattr(importlib.import_module(module), function)(executed, record, settings.head)}

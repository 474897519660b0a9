"""One job from notebook to page, in whichever process and on whichever machine it runs."""

from __future__ import annotations

import hashlib
import re
import time
import traceback
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from papi_lib.batch.jobs import Job, Settings

_EXECUTED = "executed.ipynb"


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
    from papermill import execute_notebook  # slow to import, and only processes that run jobs need it

    from papi_lib.batch.engine import NAME

    start, record, files = time.monotonic(), new_record(job), {}
    record["started"] = datetime.now().astimezone().isoformat(timespec="seconds")
    folder, name = job.notebook.parent.resolve(), job.notebook.name
    with TemporaryDirectory(prefix="papi-", ignore_cleanup_errors=True) as here, chdir(here):
        try:
            Path(name).write_bytes(source)
            execute_notebook(
                name.replace("{", "{{").replace("}", "}}"),  # papermill puts parameters in the place of braces
                _EXECUTED,
                job.parameters,
                engine_name=NAME,
                kernel_name=NAME,
                language="python",
                request_save_on_cell_execute=False,
                progress_bar=False,
                cwd=folder if folder.is_dir() else None,
                execution_timeout=settings.timeout,
                memory_mb=settings.memory_mb,
                start_method=settings.start_method,
            )
            executed = Path(_EXECUTED).read_bytes()
            record["status"] = "done"
            files = {"executed": executed} | _page(executed, record, settings)
            record["outputs"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        except Exception as error:
            record |= {"status": "failed", "error": one_line(error)}
            files = {"failed": Path(_EXECUTED).read_bytes()} if Path(_EXECUTED).exists() else {}
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


def _page(executed: bytes, record: dict, settings: Settings) -> dict[str, bytes]:
    """Return the page of an executed notebook, if the run makes pages."""
    return {"page": settings.render(executed, record, settings.head)} if settings.render else {}

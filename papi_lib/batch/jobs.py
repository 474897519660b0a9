"""Jobs: one notebook with one set of parameters, the hash that says whether it must run again, and how it runs.

A job runs from notebook to page in whichever process and on whichever machine; nothing of it is on disk before the
run has its outcome.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import os
import platform
import re
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from contextlib import chdir, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import reader, validator

from papi_lib.batch.processes import START


def digest(text: str | bytes) -> str:
    """Return the SHA-256 of text."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file, None if it is not there."""
    try:
        return digest(path.read_bytes())
    except FileNotFoundError:
        return None


def stamps(paths: Iterable[Path]) -> dict[Path, tuple | None]:
    """Return what differs for a file that was touched since, even if it was put back as it was; None for one not there."""
    found: dict[Path, tuple | None] = dict.fromkeys(paths)
    for path in found:
        with suppress(OSError):
            now = path.stat()
            found[path] = now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns
    return found


def touched(since: dict[Path, tuple | None]) -> list[str]:
    """Return the names of the files that were touched since these stamps were taken."""
    return [path.name for path, stamp in stamps(since).items() if since[path] != stamp]


def folder_hash(folder: Path, *suffixes: str, without: str = "__pycache__") -> str:
    """Return the SHA-256 of the files below a folder with these endings, by name and content.

    What lies in a folder of the name `without` does not count.
    """
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.suffix in suffixes}
    kept = sorted((name.as_posix(), path) for name, path in found.items() if without not in name.parts)
    return digest(b"".join(name.encode() + b"\0" + path.read_bytes() + b"\0" for name, path in kept))


@lru_cache(maxsize=1)
def environment_hash() -> str:
    """Return the SHA-256 of Python's version and the names and versions of all installed packages."""
    packages = sorted({f"{about['Name']}=={about['Version']}" for about in (d.metadata for d in distributions())})
    return digest("\n".join([platform.python_version(), *packages]))


def state(measure: Callable[[], dict] | None) -> dict[str, str]:
    """Return what must be the same here and on another machine that runs jobs, by name."""
    return {"environment": environment_hash()} | (measure() if measure else {})


_EXECUTED = "executed.ipynb"


class RunError(ValueError):
    """A run cannot start or go on; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Job:
    """One notebook to run.

    Attributes
    ----------
    notebook : pathlib.Path
        The notebook.
    parameters : dict
        Values for its parameters cell.
    path : str
        Where its outputs go, below the run folder and without ending, with ``/``.
    labels : dict
        What the planner wants to find again in the manifest; not read by the batch.
    reads : tuple of pathlib.Path
        Files that this notebook reads besides what all read.
    fault : str or None
        Why it cannot run, in one line; the batch itself finds what `refusal` tells.
    discreet : bool
        Whether what its errors say is left out (`papi_lib.batch.cells.run`).
    """

    notebook: Path
    parameters: dict
    path: str
    labels: dict = field(default_factory=dict)
    reads: tuple[Path, ...] = ()
    fault: str | None = None
    discreet: bool = False

    def executed(self, out: Path) -> Path:
        """Return where the executed notebook goes."""
        return out / "notebooks" / f"{self.path}.ipynb"

    def failed(self, out: Path) -> Path:
        """Return where a notebook that failed is kept, as far as it came."""
        return out / "notebooks" / f"{self.path}.failed.ipynb"

    def page(self, out: Path) -> Path:
        """Return where the page goes."""
        return out / "site" / f"{self.path}.html"

    def hashes(self, inputs: dict[str, str]) -> dict[str, str]:
        """Return the hashes that decide whether the job must run again."""
        parameters = digest(json.dumps(self.parameters, sort_keys=True, ensure_ascii=False))
        files = {"files": digest("".join(map(str, map(file_hash, self.reads))))} if self.reads else {}
        own = {"notebook": _source_hash(self.notebook), "parameters": parameters}
        return own | inputs | files | {"environment": environment_hash()}


@dataclass
class Settings:
    """How to run.

    Attributes
    ----------
    workers : int
        Jobs at the same time on this machine; by default as many as it has cores.
    timeout : int
        Seconds that one cell may take.
    memory_mb : int
        Memory that one notebook may hold; 0 for no bound.
    force : bool
        Run jobs although nothing has changed.
    scheduler : str or None
        Address of a Dask scheduler whose workers run the jobs, or ``"local"``; None for this
        machine's own processes. See `papi_lib.batch.run`.
    insecure : bool
        Take a scheduler that lets anybody run code who reaches its port.
    render : callable or None
        Makes a job's page from the executed notebook (bytes), the job's record, which it may add
        to, and `head`; it returns bytes.
    inputs : dict of str to str
        Hashes of what all jobs read, by name, for example of library and data.
    shared : dict of str to str
        Hashes of what only some jobs read, by name.
    trace : callable or None
        Called in a notebook's process before its cells; what it returns tells the names in `shared` that were read.
    edit : callable or None
        Changes a notebook with its parameters before its cells run.
    page_inputs : dict of str to str
        Hashes of what only pages depend on; where nothing else changed, no cell runs.
    prepare : callable or None
        Called once in the process that those of notebooks are copied from, where they are.
    start_method : str
        How processes start, of `multiprocessing.get_context`; those that are not forked share nothing.
    measure : callable or None
        Returns what must be the same on every machine that runs jobs, by name, besides the environment.
    watch : callable or None
        Returns the `stamps` of what all jobs read, on the machine where it is called.
    since : dict
        What `watch` returned here before the inputs were hashed.
    again : callable or None
        Returns these settings with hashes taken anew, for what changed while a run went on.
    head : dict
        What goes into the manifest's head.
    record : dict or None
        JSON schema of what else a kept job's record must hold, besides `papi_lib.batch.manifest.RECORD`.
    """

    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    timeout: int = 300
    memory_mb: int = 0
    force: bool = False
    scheduler: str | None = None
    insecure: bool = False
    render: Callable[[bytes, dict, dict], bytes] | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    trace: Callable[[], Callable[[], list[str]]] | None = None
    edit: Callable[[nbformat.NotebookNode], None] | None = None
    page_inputs: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[], object] | None = None
    start_method: str = START
    measure: Callable[[], dict] | None = None
    watch: Callable[[], dict] | None = None
    since: dict[Path, tuple | None] = field(default_factory=dict)
    again: Callable[[], Settings] | None = None
    head: dict = field(default_factory=dict)
    record: dict | None = None


def _source_hash(notebook: Path) -> str:
    """Return the SHA-256 of a notebook's cells, whatever its outputs and run counts."""
    try:
        cells = [[c.cell_type, c.source, c.metadata.get("tags", [])] for c in read_notebook(notebook).cells]
        return digest(json.dumps(cells, ensure_ascii=False))
    except NotebookError as error:
        return digest(json.dumps(str(error), ensure_ascii=False))


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

    @classmethod
    def lost(cls, job: Job, error: BaseException | str) -> Outcome:
        """Return that of a job of which nothing came: its process ended before it could tell, or it cannot run."""
        return cls({**new_record(job), "error": error if isinstance(error, str) else one_line(error)})

    @classmethod
    def changed(cls, job: Job, names: list[str]) -> Outcome:
        """Return that of a job that would be of two states of what it reads."""
        more = f" and {len(names) - 1} more" if names[1:] else ""
        return cls.lost(job, f"changed while it ran: {names[0]}{more}; run the same again")


def execute(job: Job, source: bytes, settings: Settings, beat: Callable[[], object] | None = None) -> Outcome:
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
    beat : callable, optional
        Called about every second as long as all goes its way.
    """
    from papermill import execute_notebook  # slow to import, and only processes that run jobs need it

    from papi_lib.batch.engine import NAME

    start, record, files = time.monotonic(), new_record(job), {}
    record["started"] = moment()
    folder, name, read = job.notebook.parent.resolve(), job.notebook.name, set[str]()
    with TemporaryDirectory(prefix="papi-", ignore_cleanup_errors=True) as here, chdir(here):
        try:
            Path(name).write_bytes(source)
            execute_notebook(
                name.replace("{", "{{").replace("}", "}}"),  # papermill puts parameters in the place of braces
                _EXECUTED, job.parameters, engine_name=NAME, kernel_name=NAME, language="python",
                request_save_on_cell_execute=False, progress_bar=False, cwd=folder if folder.is_dir() else None,
                execution_timeout=settings.timeout, memory_mb=settings.memory_mb, discreet=job.discreet,
                start_method=settings.start_method, beat=beat, trace=settings.trace, read=read, edit=settings.edit,
            )  # fmt: skip
            executed = _movable(job)
            record |= {"status": "done", "read": sorted(read)}
            files = {"executed": executed} | _page(executed, record, settings)
            record["outputs"] = {name: digest(content) for name, content in files.items()}
        except Exception as error:
            record |= {"status": "failed", "error": one_line(error)}
            files = {"failed": _movable(job)} if Path(_EXECUTED).exists() else {}
    record["seconds"] = round(time.monotonic() - start, 2)
    return Outcome(record, files)


def _movable(job: Job) -> bytes:
    """Return the executed notebook, in which the files that a job names have no folder: it is given away with its page."""
    text = Path(_EXECUTED).read_bytes()
    for value in job.parameters.values():
        folder = os.path.join(os.path.dirname(value), "") if isinstance(value, str) and os.path.isabs(value) else ""
        for _ in range(2 * bool(folder)):  # as a text of JSON, and as Python's in a text of JSON
            folder = json.dumps(folder, ensure_ascii=False)[1:-1]
            text = text.replace(folder.encode("utf-8", "surrogatepass"), b"")
    return text


def render_again(job: Job, executed: bytes, before: dict, settings: Settings) -> Outcome:
    """Make the page of a job that was run before, from its executed notebook; never raises for what the page does."""
    record = {**before, "status": "rendered", "labels": job.labels}
    if digest(executed) != before["outputs"]["executed"]:
        return Outcome.changed(job, [job.executed(Path()).name])
    try:
        files = _page(executed, record, settings)
        outputs = {name: digest(content) for name, content in files.items()}
        return Outcome({**record, "outputs": before["outputs"] | outputs}, files)
    except Exception as error:
        return Outcome.lost(job, error)


def moment() -> str:
    """Return the time now, with its time zone, as manifests tell it."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


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


#: Tag of the cell whose values a job's replace.
PARAMETERS = "parameters"


class NotebookError(ValueError):
    """A notebook cannot be run; the message is one line that begins with its name."""


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Return a stored notebook, which is not to be changed.

    Raises
    ------
    NotebookError
        It is not there, empty, in conflict, no notebook, or without cells.
    """
    try:
        changed = path.stat()
        return _read(path, changed.st_mtime_ns, changed.st_size)
    except OSError as error:
        raise NotebookError(f"{path.name}: cannot be read ({error.strerror})") from None


@lru_cache(maxsize=256)
def _read(path: Path, *_changed: int) -> nbformat.NotebookNode:
    return parse(path.read_bytes(), path.name)


def parse(content: bytes, name: str) -> nbformat.NotebookNode:
    """Return a notebook from its file; raise NotebookError, with its name, as `read_notebook`."""
    text = content.decode("utf-8", "replace")
    if not text.strip():
        raise NotebookError(f"{name}: is empty; restore it, or take it out of the folder")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        conflict = re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.M)
        row = text[: conflict.start()].count("\n") + 1 if conflict else error.lineno
        what = "has the marks of a merge conflict" if conflict else f"is not JSON ({error.msg})"
        raise NotebookError(f"{name}, row {row}: {what}; mend it, or take it out of the folder") from None
    except (ValueError, RecursionError):
        pass  # numbers and depths beyond sense: nbformat will not read them either
    try:
        with warnings.catch_warnings(action="ignore"):  # cells without an id get one
            found = nbformat.convert(reader.reads(text), 4)
            _, found = validator.normalize(found)
            validator.validate(found, relax_add_props=True)
    except Exception as error:  # nbformat has no one kind of error for what is JSON and no notebook
        said = f" ({str(error).splitlines()[0]})" if isinstance(error, nbformat.ValidationError) else ""
        raise NotebookError(f"{name}: is no notebook{said}; mend it, or take it out of the folder") from None
    if not found.cells:
        raise NotebookError(f"{name}: has no cells")
    return found


def refusal(path: Path, parameters: dict) -> str | None:
    """Return why a notebook cannot be run with these parameters, in one line; None if it can.

    Every parameter must be set in the one cell that is tagged for them: a value for any other name reaches
    nothing, and the notebook would tell of its own defaults.
    """
    try:
        cells = [cell for cell in read_notebook(path).cells if PARAMETERS in cell.metadata.get("tags", [])]
    except NotebookError as error:
        return str(error)
    if not parameters:
        return None
    if len(cells) != 1 or cells[0].cell_type != "code":
        return f"{path.name}: one code cell must have the tag '{PARAMETERS}', {len(cells) or 'none'} has; what is asked for would not reach it"
    if wrong := unset(cells[0].source, parameters):
        return f"{path.name}: its parameters cell {wrong}"
    return None


def unset(source: str, parameters: dict) -> str | None:
    """Return which parameters a cell does not set, with the nearest that it does; None if it sets all."""
    try:
        known = _names(source)
    except SyntaxError as error:
        return f"is not Python (line {error.lineno}: {error.msg})"
    lacking = {name: difflib.get_close_matches(name, known, 1) for name in parameters if name not in known}
    told = (f"{name} (did you mean {near[0]}?)" if near else name for name, near in lacking.items())
    return f"does not set {', '.join(told)}, only {', '.join(known) or 'nothing'}; name them alike" if lacking else None


@lru_cache(maxsize=256)
def _names(source: str) -> list[str]:
    """Return the names that a cell sets or declares, in its order."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return list(dict.fromkeys(node.id for node in found if isinstance(node.ctx, ast.Store)))

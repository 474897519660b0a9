"""papermill's engine ``papi``: a notebook's cells run by IPython in a process of their own, without a kernel.

``papermill --engine papi in.ipynb out.ipynb``, or ``papermill.execute_notebook(…, engine_name="papi")``
with ``execution_timeout`` (seconds that a cell may take) and ``memory_mb`` (that the notebook may take).
A notebook that dies, or takes too long or too much, fails at the cell where it did.
"""

from __future__ import annotations

import json
import math
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import psutil
from nbformat.v4 import new_output


def __getattr__(name: str) -> None:
    """Stand in for the engine while papermill, whose import loads it by its entry point, is imported from here."""
    if name != "CellsEngine":
        raise AttributeError(name)


from papermill.engines import Engine, papermill_engines  # noqa: E402
from papermill.translators import PythonTranslator, papermill_translators  # noqa: E402

from papi_lib.batch.jobs import PARAMETERS, unset  # noqa: E402
from papi_lib.batch.processes import end, start  # noqa: E402

NAME = "papi"
#: How long a cell that was interrupted may take to tell where it was, and how often memory is looked at.
_GRACE_SECONDS, _LOOK_SECONDS = 5, 0.1
#: What notebooks say of the language that ran them.
_LANGUAGE = {"name": "python", "version": platform.python_version(), "file_extension": ".py",
             "mimetype": "text/x-python", "pygments_lexer": "ipython3"}  # fmt: skip


class CellsEngine(Engine):
    """Run Python cells by IPython itself; see the module."""

    @classmethod
    def nb_kernel_name(cls, nb, name=None) -> str:
        """Return under which name parameters are translated; there is no kernel."""
        return NAME

    @classmethod
    def nb_language(cls, nb, language=None) -> str:
        """Return the only language that this engine runs."""
        return "python"

    @classmethod
    def execute_notebook(cls, nb, *others, **more):
        """Refuse parameters that the notebook's own do not have, before anything is written; then run its cells."""
        given = nb.metadata.get("papermill", {}).get("parameters") or {}
        cell = next((cell for cell in nb.cells if PARAMETERS in _tags(cell)), None)
        if given and cell and (wrong := unset(cell.source, given)):
            raise ValueError(f"the notebook's parameters cell {wrong}")
        return super().execute_notebook(nb, *others, **more)

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, *, execution_timeout=None, memory_mb=0, start_method="spawn", beat=None, **others
    ) -> None:
        """Run the cells of papermill's manager of a notebook, up to the first that fails or ends it.

        Parameters
        ----------
        nb_man : papermill.engines.NotebookExecutionManager
            The notebook.
        kernel_name : str
            Not used.
        execution_timeout : float, optional
            Seconds that one cell may take.
        memory_mb : float
            Megabytes of memory that the notebook and what it starts may hold; 0 for no bound.
        start_method : str
            How the process starts, of `multiprocessing.get_context`: ``"fork"`` is quicker, and safe
            only from a process that has one thread.
        beat : callable, optional
            Called about every second while cells run.
        **others : object
            Of papermill's own, ``stdout_file`` and ``stderr_file`` take what cells print. ``discreet`` as in
            `papi_lib.batch.cells.run`, ``trace`` too; the set ``read`` takes what it tells. ``edit`` is called with
            the notebook, whose parameters are set, before its cells.
        """
        notebook, read = nb_man.nb, others.get("read", set())
        notebook.metadata.language_info = _LANGUAGE
        if edit := others.get("edit"):
            edit(notebook)
        cells = {
            place: (cell.source, "raises-exception" in _tags(cell))
            for place, cell in enumerate(notebook.cells)
            if cell.cell_type == "code" and cell.source.strip() and "skip-execution" not in _tags(cell)
        }
        with _process(cells, start_method, others.get("discreet", False), others.get("trace")) as (process, pipe):
            for place, cell in enumerate(notebook.cells):
                nb_man.cell_start(cell, place)
                told = {}
                if place in cells:
                    told = _next(process, pipe, place, execution_timeout, memory_mb, beat or int)
                    cell.execution_count = told.get("execution_count")
                    read.update(told.get("read", ()))
                    for where, outputs in told["outputs"].items():
                        notebook.cells[int(where)].outputs = nbformat.from_dict(outputs)
                    for output in cell.outputs:
                        if output.output_type == "stream" and others.get(f"{output.name}_file"):
                            others[f"{output.name}_file"].write(output.text)
                if told.get("failed"):
                    nb_man.cell_exception(cell, cell_index=place)
                nb_man.cell_complete(cell, cell_index=place)
                if told.get("failed") or told.get("ended"):
                    return


def _tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


@contextmanager
def _process(
    cells: dict[int, tuple[str, bool]], start_method: str, discreet: bool, trace: Callable | None
) -> Iterator[tuple[BaseProcess, Connection]]:
    """Start a process for cells; in the end it is gone with all that it started and its temporary files."""
    from papi_lib.batch.cells import run  # papermill imports this module for whoever uses it, this one needs IPython

    context: Any = get_context(start_method)
    ours, theirs = context.Pipe(duplex=False)
    with ours, TemporaryDirectory(prefix="papi-", ignore_cleanup_errors=True) as folder:
        process = context.Process(target=run, args=(theirs, cells, folder, discreet, trace))
        start(process)
        theirs.close()
        try:
            yield process, ours
        finally:
            end(process)


def _next(
    process: BaseProcess, pipe: Connection, place: int, timeout: float | None, memory_mb: float, beat: Callable
) -> dict:
    """Return what the cell at this place gave; where it was stopped, with an error that says why."""
    told: dict[str, Any] = {"outputs": {}}
    wrong = _wait(process, pipe, timeout, memory_mb, beat)
    try:
        if not wrong or pipe.poll():
            told = json.loads(pipe.recv_bytes())
    except (EOFError, OSError):
        process.join(_GRACE_SECONDS)
        wrong = wrong or _died(process)
    if wrong:
        ename, evalue = wrong
        shown = told["outputs"].get(str(place), [])
        trace = next((output["traceback"] for output in shown if output["output_type"] == "error"), [": ".join(wrong)])
        shown = [output for output in shown if output["output_type"] != "error"]
        told["outputs"][str(place)] = [*shown, new_output("error", ename=ename, evalue=evalue, traceback=trace)]
        told["failed"] = True
    return told


def _wait(
    process: BaseProcess, pipe: Connection, timeout: float | None, memory_mb: float, beat: Callable
) -> tuple[str, str] | None:
    """Wait until a cell has told what it gave; return name and text of what is wrong if it is not let go on."""
    deadline = time.monotonic() + (timeout or math.inf)
    while not pipe.poll(max(0, min(deadline - time.monotonic(), _LOOK_SECONDS if memory_mb else 1))):
        beat()
        if time.monotonic() >= deadline:
            if process.pid and sys.platform != "win32":
                os.kill(process.pid, signal.SIGINT)  # so that the notebook shows where it was
                pipe.poll(_GRACE_SECONDS)
            return "TimeoutError", f"the cell took more than {timeout:g} s"
        if memory_mb and _held_mb(process) > memory_mb:
            return "MemoryError", f"the notebook took more than {memory_mb:g} MB of memory"
        if not process.is_alive() and not pipe.poll():  # what it has forked may keep the pipe open
            return _died(process)
    return None


def _died(process: BaseProcess) -> tuple[str, str]:
    return "ChildProcessError", f"the notebook's process died (exit code {process.exitcode}: killed, or a crash in a library)"  # fmt: skip


def _held_mb(process: BaseProcess) -> float:
    """Return the memory that a process and those that it started hold."""
    held = 0
    with suppress(psutil.Error):
        top = psutil.Process(process.pid)
        for one in (top, *top.children(recursive=True)):
            with suppress(psutil.Error):
                held += one.memory_info().rss
    return held / 2**20


class _ReadableTranslator(PythonTranslator):
    """Parameters as a person would write them: no ``\\u0110\\xe0`` in the place of "Đà"."""

    @classmethod
    def translate_escaped_str(cls, str_val: object) -> str:
        text = str(str_val).replace("\\", r"\\").replace('"', r"\"")
        return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + '"'


papermill_translators.register(NAME, _ReadableTranslator)
papermill_engines.register(NAME, CellsEngine)  # also where this library is on the path, but not installed

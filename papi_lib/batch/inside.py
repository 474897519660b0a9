"""Run a notebook's cells in this very process, by IPython itself: no kernel to start, no messages to wait for.

For a process that was forked to run one notebook and then ends. What a cell shows is taken where
IPython gives it away (its display publisher, its display hook, its tracebacks, the two streams), in
the form that a kernel's messages would give it; a kernel and its messages cost 60 ms a
notebook, IPython alone 25.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable
from pathlib import Path

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from traitlets import Type
from traitlets.config import Config


def run_cells(cells: list[dict], folder: Path, tell: Callable[[dict], None]) -> None:
    """Run code cells in order, up to the first that fails.

    Parameters
    ----------
    cells : list of dict
        A notebook's cells; those that are no code or empty are passed over.
    folder : pathlib.Path
        Where IPython may keep its profile; nothing of it is read.
    tell : callable
        Called after each cell with its place ``cell``, its ``execution_count``, ``outputs`` by the
        place of the cell that they belong to (a cell may change what an earlier one displays)
        and ``error``: None, or ``ename``, ``evalue`` and ``traceback``.
    """
    # Without a history there is no database to open and no thread to write it.
    settings = Config({"HistoryManager": {"enabled": False}})
    shell = _Shell.instance(config=settings, profile_dir=ProfileDir(location=str(folder)))
    shell.outputs = outputs = _Outputs()
    sys.stdout, sys.stderr = _Stream("stdout", outputs), _Stream("stderr", outputs)
    for place, cell in enumerate(cells):
        if cell["cell_type"] != "code" or not cell["source"].strip():
            continue
        outputs.begin(place)
        count = shell.execution_count
        result = shell.run_cell(cell["source"], store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            error = {"ename": type(error).__name__, "evalue": str(error), "traceback": shell.told}
        tell({"cell": place, "execution_count": count, "outputs": outputs.changed(), "error": error})
        if error and "raises-exception" not in cell["metadata"].get("tags", []):
            return


class _Outputs:
    """The outputs of all cells so far, in the notebook format."""

    def __init__(self) -> None:
        self.by_cell: dict[int, list[dict]] = {}
        self._displays: dict[str, list[tuple[int, dict]]] = {}

    def begin(self, place: int) -> None:
        self.own, self._changed, self._clear_next = [], {place}, False
        self.by_cell[place] = self.own

    def changed(self) -> dict[int, list[dict]]:
        return {place: self.by_cell[place] for place in sorted(self._changed)}

    def add(self, kind: str, **content: object) -> dict:
        if self._clear_next:
            self.clear()
        self.own.append({"output_type": kind, **content})
        return self.own[-1]

    def write(self, name: str, text: str) -> None:
        last = self.own[-1] if self.own and not self._clear_next else {}
        if last.get("name") == name:
            last["text"] += text
        else:
            self.add("stream", name=name, text=text)

    def display(self, data: dict, metadata: dict, key: str | None, update: bool) -> None:
        content = {"data": _plain(data), "metadata": metadata}
        if update:
            for place, output in self._displays.get(key, []):
                output |= content
                self._changed.add(place)
        else:
            shown = self.add("display_data", **content)
            if key:
                self._displays.setdefault(key, []).append((max(self.by_cell), shown))

    def clear(self, wait: bool = False) -> None:
        self._clear_next = wait
        if not wait:
            self.own.clear()


class _Stream(io.TextIOBase):
    """Standard output or error, written into the outputs."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, name: str, outputs: _Outputs) -> None:
        self._name, self._outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._outputs.write(self._name, text)
        return len(text)


class _Publisher(DisplayPublisher):
    """What is displayed."""

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_) -> None:
        self.shell.outputs.display(data, metadata or {}, (transient or {}).get("display_id"), update)

    def clear_output(self, wait=False) -> None:
        self.shell.outputs.clear(wait)


class _Hook(DisplayHook):
    """The value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        """Write none: the count is told beside the data."""

    def write_format_data(self, format_dict, md_dict=None) -> None:
        data, metadata = _plain(format_dict), md_dict or {}
        self.shell.outputs.add("execute_result", data=data, metadata=metadata, execution_count=self.prompt_count)

    def finish_displayhook(self) -> None:
        """End no line, for none was begun."""


class _Shell(InteractiveShell):
    """IPython without a terminal or a kernel."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    outputs: _Outputs
    told: list[str]

    def run_cell(self, *args, **kwargs):
        self.told = []
        return super().run_cell(*args, **kwargs)

    def enable_gui(self, gui=None) -> None:
        """There is none."""

    def _showtraceback(self, etype, evalue, stb) -> None:
        self.told = list(stb)
        self.outputs.add("error", ename=etype.__name__, evalue=str(evalue), traceback=self.told)


def _plain(data: dict) -> dict:
    """Return data by mime type as JSON can hold it."""
    return {kind: base64.b64encode(v).decode() if isinstance(v, bytes) else v for kind, v in data.items()}

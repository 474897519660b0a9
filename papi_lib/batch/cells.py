"""The process of one notebook: its cells run by IPython itself, with no kernel to start and no messages to wait for.

What a cell shows is taken where IPython gives it away (its display publisher, its display hook, its
tracebacks, the two streams) and, of programs and C libraries, from the descriptors that they write to.
"""

from __future__ import annotations

import codecs
import ctypes
import gc
import io
import json
import os
import select
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.jsonutil import json_default
from traitlets import Type
from traitlets.config import Config

from papi_lib.batch.processes import end_group, end_with_parent, keep_to, let_interrupts_through
from papi_lib.plaintext import without_folders

#: What stands for what an error says.
_UNSAID = "what it says is left out, since it may be what somebody answered; run the notebook in JupyterLab to see it"
#: Numbers that JSON does not have, as the texts that kernels make of them.
_NO_NUMBERS = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def run(
    pipe: Connection, cells: dict[int, tuple[str, bool]], folder: str, discreet: bool = False,
    trace: Callable[[], Callable[[], list[str]]] | None = None,
) -> None:  # fmt: skip
    """Run code cells in order, up to the first that fails or ends the notebook; the body of a process.

    Parameters
    ----------
    pipe : multiprocessing.connection.Connection
        Takes JSON after each cell: its ``execution_count``, ``outputs`` by the place of the cell
        that they belong to (a cell may change what an earlier one displays), whether it ``failed``,
        whether it ``ended`` the notebook, and what was ``read`` so far.
    cells : dict
        By place in the notebook, each cell's source and whether it may fail.
    folder : str
        For temporary files; the caller removes it.
    discreet : bool
        Leave out what errors say, which may be what somebody answered; their kind and where they arose are told.
    trace : callable, optional
        Called before the cells; what it returns tells what was read.
    """
    _become_own(folder)
    read = trace() if trace else list
    outputs = _Outputs()
    sys.stdout, sys.stderr = _Stream("stdout", 1, outputs), _Stream("stderr", 2, outputs)
    # Without a history there is no database to open and no thread to write it.
    config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    shell = _Shell.instance(config=config)
    shell.outputs, shell.discreet = outputs, discreet
    for place, (source, may_fail) in cells.items():
        outputs.begin(place)
        count = shell.execution_count
        failed = not shell.run_cell(source, store_history=True).success and not may_fail
        told = {"execution_count": count, "outputs": outputs.changed(), "failed": failed, "ended": shell.exit_now}
        told["read"] = read()
        pipe.send_bytes(_packed(told))
        if failed or shell.exit_now:
            return


def _become_own(folder: str) -> None:
    """Give this process its own session, interrupts, folder, random state, and the pictures of a notebook."""
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGTERM, end_group)  # with what the notebook started
    end_with_parent(signal.SIGTERM)
    let_interrupts_through()
    keep_to(folder)
    tempfile.tempdir = None
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    gc.enable()
    gc.set_threshold(100_000)  # drawings leave much behind, and the process ends soon


class _Outputs:
    """The outputs of all cells so far, in the notebook format."""

    def __init__(self) -> None:
        self.own: list[dict] = []
        self.by_cell: dict[int, list[dict]] = {}
        self._displays: dict[str, list[tuple[int, dict]]] = {}
        self._programs = [_Program("stdout", 1), _Program("stderr", 2)] if os.name == "posix" else []

    def begin(self, place: int) -> None:
        self.own, self._changed, self._clear_next = [], {place}, False
        self.by_cell[place] = self.own

    def changed(self) -> dict[int, list[dict]]:
        """Return the outputs of the cell that has ended, and of those that it changed."""
        with suppress(OSError, TypeError, AttributeError):
            ctypes.CDLL(None).fflush(None)  # what C libraries still hold
        self._take_from_programs()
        return {place: [_joined(output) for output in self.by_cell[place]] for place in sorted(self._changed)}

    def display(self, data: dict, metadata: dict, key: str | None, update: bool) -> None:
        content = {"data": data, "metadata": metadata}
        if update:
            for place, output in self._displays.get(key or "", []):
                output |= content
                self._changed.add(place)
        else:
            shown = self.add("display_data", **content)
            if key:
                self._displays.setdefault(key, []).append((max(self.by_cell), shown))

    def clear(self, wait: bool = False) -> None:
        self._take_from_programs()
        self._clear_next = wait
        if not wait:
            self.own.clear()

    def add(self, kind: str, **content: Any) -> dict:
        self._take_from_programs()
        return self._add(kind, **content)

    def _add(self, kind: str, **content: Any) -> dict:
        if self._clear_next:
            self._clear_next = False
            self.own.clear()
        if kind == "stream" and self.own and self.own[-1].get("name") == content["name"]:
            self.own[-1]["text"] += content["text"]
        else:
            self.own.append({"output_type": kind, **content})
        return self.own[-1]

    def _take_from_programs(self) -> None:
        for program in self._programs:
            if text := program.take():
                self._add("stream", name=program.name, text=[text])


class _Program:
    """What programs and C libraries write to a descriptor of this process, of which Python's streams know nothing."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self._end, other = os.pipe()
        os.dup2(other, number)
        os.close(other)
        self._lock, self._bytes = threading.Lock(), bytearray()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        threading.Thread(target=self._make_room, daemon=True).start()

    def take(self) -> str:
        """Return what was written since the last call."""
        with self._lock:
            self._read()
            text = self._decode(bytes(self._bytes))
            self._bytes.clear()
        return text

    def _make_room(self) -> None:
        while select.select([self._end], [], []):
            with self._lock:
                self._read()

    def _read(self) -> None:
        while select.select([self._end], [], [], 0)[0]:
            self._bytes += os.read(self._end, 2**16)


class _Stream(io.TextIOBase):
    """Standard output or error, written into the outputs."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, name: str, number: int, outputs: _Outputs) -> None:
        self._name, self._number, self._outputs, self._owner = name, number, outputs, os.getpid()

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if os.getpid() != self._owner:  # a process that the notebook forked
            os.write(self._number, text.encode("utf-8", "replace"))
        elif text:
            self._outputs.add("stream", name=self._name, text=[text])
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
        self.shell.outputs.add(  # type: ignore[union-attr]
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=self.prompt_count
        )

    def finish_displayhook(self) -> None:
        """End no line, for none was begun."""


class _Shell(InteractiveShell):
    """IPython without a terminal or a kernel."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    outputs: _Outputs
    discreet = False

    def ask_exit(self) -> None:
        self.exit_now = True

    def enable_gui(self, gui=None) -> None:
        """There is none."""

    def _showtraceback(self, etype, evalue, stb) -> None:
        said, where = str(evalue), list(stb)
        if self.discreet:
            said = _UNSAID
            where = [*traceback.format_list(traceback.extract_tb(evalue.__traceback__)), f"{etype.__name__}: {said}"]
        where = [without_folders(part) for part in where]
        self.outputs.add("error", ename=etype.__name__, evalue=said, traceback=where)


def _joined(output: dict) -> dict:
    return output | {"text": "".join(output["text"])} if output["output_type"] == "stream" else output


def _packed(told: dict) -> bytes:
    """Return JSON of what a cell gave, with what JSON does not have as kernels tell it."""

    def plain(value: object) -> object:
        try:
            return json_default(value)
        except TypeError:
            return str(value)

    text = json.dumps(told, default=plain, ensure_ascii=False)
    if "NaN" in text or "Infinity" in text:
        text = json.dumps(json.loads(text, parse_constant=_NO_NUMBERS.get), ensure_ascii=False)
    return text.encode("utf-8", "replace")

"""What is written to a terminal: nothing that a file, a name or a notebook holds controls it."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from papi_lib.datafiles import shown

#: Controls, marks that turn the direction of text, characters that are none, other ends of lines.
_CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class _Plain:
    """A text stream that writes controls as escapes, but for ends of lines and the return before a progress bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        begin = "\r" if text.startswith("\r") else ""
        rest = (shown(c) if c != "\n" and unicodedata.category(c) in _CONTROLS else c for c in text[len(begin) :])
        return self._stream.write(begin + "".join(rest))


@contextmanager
def plain() -> Iterator[None]:
    """Keep control characters from standard output and error."""
    out: Any = _Plain(sys.stdout)
    err: Any = _Plain(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        yield

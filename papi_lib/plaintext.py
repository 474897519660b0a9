"""Text that is told: of files no more than their names, and to a terminal nothing that controls it."""

from __future__ import annotations

import html
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

#: The folders before a file's name: from the root or a drive on, where no word, address or mark-up goes before.
_BEFORE = r"""(?<![^\s"'`(=:;,\[{>])(?:file://)?"""
_FOLDERS = re.compile(_BEFORE + r"""(?:[A-Za-z]:[\\/]{1,4}|/)(?:[^\s\\/:*?"'`<>|&;]{1,255}[\\/]{1,4}){1,40}(?=\w)""")
#: The same behind a quotation mark, to which blanks belong too.
_QUOTED = re.compile(r"""(["'`]|&#39;|&#34;|&quot;)(?:[A-Za-z]:)?[\\/](?:(?!\1)[^\n<>])*[\\/](?=\w)""")
#: Controls, marks that turn the direction of text, characters that are none, other ends of lines.
_CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def without_folders(text: str, files: Iterable[str] = ()) -> str:
    """Return text in which only the names of files are left.

    Parameters
    ----------
    text : str
        Words or markup.
    files : iterable of str
        Full names of files that it may tell, whose folders have any signs in them.

    Examples
    --------
    >>> without_folders("open('/home/lan/ho so/a.sav'), https://papi.org.vn/eng/data/, km/h/người")
    "open('a.sav'), https://papi.org.vn/eng/data/, km/h/người"
    """
    known = {os.path.dirname(file) for file in files if os.path.isabs(file)}
    known |= {str(folder) for folder in (Path.home(), sys.prefix, Path.cwd(), tempfile.gettempdir())}
    for folder in sorted((folder for folder in known if len(Path(folder).parts) > 1), key=len, reverse=True):
        for spelling in {folder, folder.replace("\\", r"\\"), html.escape(folder)}:
            text = re.sub(f"{_BEFORE}{re.escape(spelling)}" + r"(?:[/\\]+|(?!\w))", "", text)
    return _FOLDERS.sub("", _QUOTED.sub(r"\1", text))


def shown(text: object) -> str:
    """Return text for a terminal: one line, what would control the terminal or cannot be seen as its escape.

    Examples
    --------
    >>> shown("Ba\\x1b[2J Đình\\n")
    'Ba\\\\x1b[2J Đình\\\\n'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


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

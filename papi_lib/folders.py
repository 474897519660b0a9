"""Text that tells of files no more than their names, for who reads it need not know the computer that it is from."""

from __future__ import annotations

import html
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

#: The folders before a file's name: from the root or a drive on, where no word, address or mark-up goes before.
_BEFORE = r"""(?<![^\s"'`(=:;,\[{>])(?:file://)?"""
_FOLDERS = re.compile(_BEFORE + r"""(?:[A-Za-z]:[\\/]{1,4}|/)(?:[^\s\\/:*?"'`<>|&;]{1,255}[\\/]{1,4}){1,40}(?=\w)""")
#: The same behind a quotation mark, to which blanks belong too.
_QUOTED = re.compile(r"""(["'`]|&#39;|&#34;|&quot;)(?:[A-Za-z]:)?[\\/](?:(?!\1)[^\n<>])*[\\/](?=\w)""")


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

"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_PART = ".part"


class WriteError(ValueError):
    """A file cannot be written; the message is one line that names it and says why."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: cannot be written ({error.strerror})")


def write(path: Path, content: bytes, *, lasting: bool = False) -> None:
    """Write a file beside its place and rename it, so that no reader ever finds half of it.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if need be.
    content : bytes
        What to write.
    lasting : bool
        Return only when the content would survive a loss of power.

    Raises
    ------
    WriteError
        It cannot be written; what was there before still is.
    """
    part = path.with_name(f".{path.name}{_PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise WriteError(path, error) from error


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files of which all are to be new, or all as they were.

    All are written beside their places first, so that what usually fails (no room, no permission, Control-C) fails
    while nothing has changed; if one cannot take its place, those that did are put back.

    Raises
    ------
    WriteError
        One cannot be written; all are as they were.
    """
    new = {path: path.with_name(f".{path.name}.new") for path in contents}
    before = {path: path.read_bytes() if path.exists() else None for path in contents}
    done = []
    try:
        for path, beside in new.items():
            write(beside, contents[path], lasting=True)
        for path, beside in new.items():
            done.append(path)
            os.replace(beside, path)
    except BaseException as error:
        for path in done:
            if (old := before[path]) is None:
                path.unlink(missing_ok=True)
            else:
                write(path, old)
        for beside in new.values():
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise WriteError(path, error) from error
        raise


def clear_parts(folder: Path) -> None:
    """Remove what a process that was killed left half-written below a folder."""
    for part in folder.rglob(f".*{_PART}"):
        with suppress(OSError):
            part.unlink()

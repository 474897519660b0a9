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
    write_all({path: content}, lasting=lasting)


def write_all(contents: Mapping[Path, bytes], *, lasting: bool = False) -> None:
    """Write several files of which all are to be new, or all as they were.

    All are written beside their places first, so that what usually fails (no room, no permission, Control-C) fails
    while nothing has changed; if one cannot take its place, those that did are put back.

    Raises
    ------
    WriteError
        One cannot be written; all are as they were.
    """
    parts = {path: path.with_name(f".{path.name}{_PART}") for path in contents}
    before: dict[Path, bytes | None] = {}
    try:
        for path, part in parts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(contents[path])
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
        for path, part in parts.items():
            if len(parts) > 1:
                before[path] = path.read_bytes() if path.exists() else None
            os.replace(part, path)
    except BaseException as error:
        for part in parts.values():
            with suppress(OSError):
                part.unlink()
        for done, old in before.items():
            if old is None:
                done.unlink(missing_ok=True)
            else:
                write(done, old)
        if isinstance(error, OSError):
            raise WriteError(path, error) from error
        raise


def clear_parts(folder: Path) -> None:
    """Remove what a process that was killed left half-written below a folder."""
    for part in folder.rglob(f".*{_PART}"):
        with suppress(OSError):
            part.unlink()

"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
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


def clear_parts(folder: Path) -> None:
    """Remove what a process that was killed left half-written below a folder."""
    for part in folder.rglob(f".*{_PART}"):
        with suppress(OSError):
            part.unlink()

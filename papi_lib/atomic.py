"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

#: What a file is called while it is written, so that two who write it at once have one each.
_PART = re.compile(r"\..+\.[0-9a-f]{16}\.part")


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
    parts = {path: path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}.part") for path in contents}
    before: dict[Path, bytes | None] = {}
    try:
        for path, part in parts.items():
            new = [folder for folder in path.parents if not folder.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in new if lasting else ():
                sync(folder.parent)
            with part.open("xb") as file:
                file.write(contents[path])
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
        for path, part in parts.items():
            if len(parts) > 1:
                before[path] = path.read_bytes() if path.exists() else None
            os.replace(part, path)
        for folder in {path.parent for path in parts} if lasting else ():
            sync(folder)
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


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Change a folder's files while others who would do so by this wait; on Windows they do not."""
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync(folder: Path) -> None:
    """Return only when what a folder lists would survive a loss of power."""
    if os.name == "posix":  # elsewhere folders cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network disks do this by themselves
                raise
        finally:
            os.close(descriptor)


def clear_parts(folder: Path) -> None:
    """Remove what a process that was killed left half-written below a folder, which nobody else may write meanwhile."""
    for part in folder.rglob(".*.part"):
        if _PART.fullmatch(part.name):
            with suppress(OSError):
                part.unlink()

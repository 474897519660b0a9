"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_PART = re.compile(r"\.papi-[0-9a-f]{16}\.part")
#: Mode of a file that only its owner may read.
PRIVATE = 0o600


class WriteError(ValueError):
    """A file cannot be written; the message is one line that names it and says why."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: cannot be written ({error.strerror})")


def write(path: Path, content: bytes, *, lasting: bool = False, mode: int = 0o666) -> None:
    """Write a file beside its place and rename it, so that no reader ever finds half of it.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if need be.
    content : bytes
        What to write.
    lasting : bool
        Return only when the content would survive a loss of power.
    mode : int
        Who may read it, less what the process's umask takes away.

    Raises
    ------
    WriteError
        It cannot be written; what was there before still is.
    """
    write_all({path: content}, lasting=lasting, mode=mode)


def write_all(contents: Mapping[Path, bytes], *, lasting: bool = False, mode: int = 0o666) -> None:
    """Write several files of which all are to be new, or all as they were.

    All are written beside their places first, so that what usually fails (no room, no permission, Control-C) fails
    while nothing has changed; if one cannot take its place, those that did are put back.

    Raises
    ------
    WriteError
        One cannot be written; all are as they were.
    """
    parts = {path: path.with_name(f".papi-{secrets.token_hex(8)}.part") for path in contents}
    before: dict[Path, bytes | None] = {}
    with ExitStack() as writing:
        try:
            for path, part in parts.items():
                new = [folder for folder in path.parents if not folder.exists()]
                path.parent.mkdir(parents=True, exist_ok=True)
                for folder in new if lasting else ():
                    sync(folder.parent)
                file = writing.enter_context(open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)))
                _held(file)
                file.write(contents[path])
                file.flush()
                if lasting:
                    os.fsync(file.fileno())
                if sys.platform == "win32":  # where an open file has no new name
                    file.close()
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


def _held(part: BinaryIO) -> bool:
    """Mark a part as being written, until it is closed; tell whether nobody else has."""
    if sys.platform == "win32":  # where nobody can remove an open file
        return True
    import fcntl

    with suppress(OSError):
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def clear_parts(folder: Path, *, below: bool = True) -> None:
    """Remove what a process of ours that was killed left half-written in a folder, and in those below it; follow no link."""
    for entry in _entries(folder, below):
        if _PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            with suppress(OSError), open(entry.path, "rb") as part:
                if _held(part):
                    os.unlink(entry.path)


def check_no_links(folder: Path) -> None:
    """Refuse a folder in which something is no file and no folder, but leads to what is elsewhere.

    Raises
    ------
    ValueError
        There is a link, or a device; the message names it.
    """
    for entry in _entries(folder, below=True):
        kind = entry.stat(follow_symlinks=False).st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            what = "link" if entry.is_symlink() else "device"
            raise ValueError(f"{entry.path}: is a {what}, which may lead out of the folder; remove it or choose another folder")  # fmt: skip


def _entries(folder: Path, below: bool) -> Iterator[os.DirEntry]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if below and entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), below)


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

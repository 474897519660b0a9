"""What jobs read: hashes, by which a page tells of what it is, and stamps, by which a change is noticed while a run goes on."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path


def digest(text: str | bytes) -> str:
    """Return the SHA-256 of text."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file, None if it is not there."""
    try:
        return digest(path.read_bytes())
    except FileNotFoundError:
        return None


def stamps(paths: Iterable[Path]) -> dict[Path, tuple | None]:
    """Return what differs for a file that was touched since, even if it was put back as it was; None for one not there."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> tuple | None:
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns


def touched(since: dict[Path, tuple | None]) -> list[str]:
    """Return the names of the files that were touched since these stamps were taken."""
    return [path.name for path, stamp in since.items() if _stamp(path) != stamp]


def folder_hash(folder: Path, *suffixes: str, without: str = "__pycache__") -> str:
    """Return the SHA-256 of the files below a folder with these endings, by name and content.

    What lies in a folder of the name `without` does not count.
    """
    total = hashlib.sha256()
    for path in sorted(
        p for p in folder.rglob("*") if p.suffix in suffixes and without not in p.relative_to(folder).parts
    ):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


@lru_cache(maxsize=1)
def environment_hash() -> str:
    """Return the SHA-256 of Python's version and the names and versions of all installed packages."""
    packages = sorted({f"{about['Name']}=={about['Version']}" for about in (d.metadata for d in distributions())})
    return digest("\n".join([platform.python_version(), *packages]))

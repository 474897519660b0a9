"""The manifest of a run: what was asked, what became of each job, and by which hashes.

While a run goes on each finished job is one line appended to ``manifest.jsonl``; when it ends the
whole is written to ``manifest.json`` in one step. After a crash the next run reads both, so that
nothing finished is lost; a line cut short by the crash is passed over.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

NAME = "manifest.json"
JOURNAL = "manifest.jsonl"
SCHEMA = 1
_PART = ".part"
#: Without these a record says nothing that can be relied on.
_NEEDED = {"path": str, "status": str, "hashes": dict, "outputs": dict}


def read(out: Path) -> dict[str, dict]:
    """Return the records of a run folder's jobs by path; empty for a new or unreadable manifest."""
    records: dict[str, dict] = {}
    for text in _lines(out):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        jobs = found.get("jobs", [found]) if isinstance(found, dict) else []
        for record in jobs if isinstance(jobs, list) else []:
            if isinstance(record, dict) and all(isinstance(record.get(key), kind) for key, kind in _NEEDED.items()):
                records[record["path"]] = record
    return records


def _lines(out: Path) -> list[str]:
    lines = []
    for name in (NAME, JOURNAL):
        try:
            text = (out / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        lines += [text] if name == NAME else text.splitlines()
    return lines


class WriteError(OSError):
    """A file of the run folder cannot be written; the message names it and why."""


def append(out: Path, record: dict) -> None:
    """Add one finished job to the journal, on disk before the next job is told."""
    try:
        with (out / JOURNAL).open("a", encoding="utf-8") as journal:
            # A line of its own also after one that a crash cut short.
            journal.write("\n" + json.dumps(record, ensure_ascii=False) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
    except OSError as error:
        raise _cannot(out / JOURNAL, error) from error


def write(out: Path, head: dict, records: list[dict]) -> Path:
    """Write the manifest in one step and drop the journal."""
    path = out / NAME
    replace(path, json.dumps({"schema": SCHEMA, **head, "jobs": records}, ensure_ascii=False, indent=1).encode())
    (out / JOURNAL).unlink(missing_ok=True)
    return path


def replace(path: Path, content: bytes) -> None:
    """Write a file of a run so that it is there whole or not at all."""
    part = path.with_name(f".{path.name}{_PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise _cannot(path, error) from error


def clear_parts(out: Path) -> None:
    """Remove what a run that was killed left half-written."""
    for part in out.rglob(f".*{_PART}"):
        with suppress(OSError):
            part.unlink()


def _cannot(path: Path, error: OSError) -> WriteError:
    return WriteError(f"{path}: cannot be written ({error.strerror})")

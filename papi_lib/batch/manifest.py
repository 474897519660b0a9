"""The manifest of a run: what was asked, what became of each job, and by which hashes.

While a run goes on each finished job is one line appended to ``manifest.jsonl``; when it ends the
whole is written to ``manifest.json`` in one step. After a crash the next run reads both, so that
nothing finished is lost; a line cut short by the crash is passed over.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from papi_lib import whole
from papi_lib.whole import WriteError

NAME = "manifest.json"
JOURNAL = "manifest.jsonl"
SCHEMA = 1
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


def append(out: Path, record: dict) -> None:
    """Add one finished job to the journal, on disk before the next job is told."""
    try:
        with (out / JOURNAL).open("a", encoding="utf-8") as journal:
            # A line of its own also after one that a crash cut short.
            journal.write("\n" + json.dumps(record, ensure_ascii=False) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
    except OSError as error:
        raise WriteError(out / JOURNAL, error) from error


def write(out: Path, head: dict, records: list[dict]) -> Path:
    """Write the manifest in one step and drop the journal."""
    path = out / NAME
    text = json.dumps({"schema": SCHEMA, **head, "jobs": records}, ensure_ascii=False, indent=1)
    whole.write(path, text.encode(), lasting=True)
    (out / JOURNAL).unlink(missing_ok=True)
    return path

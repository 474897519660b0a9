"""The manifest of a run: what was asked, what became of each job, and by which hashes.

While a run goes on each finished job is one line appended to ``manifest.jsonl``; when it ends the
whole is written to ``manifest.json`` in one step. After a crash the next run reads both, so that
nothing finished is lost; a line cut short by the crash is passed over. What is read is held against one
schema: a record that does not keep to it says nothing that can be relied on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import fastjsonschema
from filelock import FileLock, Timeout

from papi_lib import atomic
from papi_lib.atomic import WriteError
from papi_lib.batch.jobs import RunError

NAME = "manifest.json"
JOURNAL = "manifest.jsonl"
SCHEMA = 1
_MOMENT, _INSIDE = "moment with its time zone", "path below the run folder"
#: A path that stays below a folder, on any system: no empty, dotted or rooted part, no control character.
_BELOW = r"^[^\x00-\x1f/\\:.][^\x00-\x1f/\\:]*(/[^\x00-\x1f/\\:.][^\x00-\x1f/\\:]*)*\Z"
#: JSON schemas of a job's record, whatever is planned, and of the manifest's head.
RECORD, _HEAD = json.loads(Path(__file__).with_suffix(".json").read_bytes()).values()


class Run(NamedTuple):
    """What a run folder tells: the manifest without its jobs, their records by path, and what cannot be used.

    The first two are empty where there is nothing that can be used; the last is one line that begins with the file,
    or None.
    """

    head: dict
    records: dict[str, dict]
    damage: str | None


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Work on a run folder, which is made if need be, as the only one; within this process also several times over.

    Raises
    ------
    RunError
        Another process works on it, or it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        atomic.check_no_links(out)  # before the lock is written, too
        lock = FileLock((out / ".lock").absolute(), timeout=0, is_singleton=True)
        lock.acquire()
    except Timeout:
        raise RunError(f"{out}: another run works on this folder; wait for it or choose another --out") from None
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror}); choose another --out") from None
    try:
        yield
    finally:
        lock.release()


def read(out: Path, more: dict | None = None) -> Run:
    """Return what the manifest and the journal of a run folder tell.

    Parameters
    ----------
    out : pathlib.Path
        The run folder.
    more : dict, optional
        JSON schema of what records must hold besides `RECORD`.
    """
    path, head, jobs = out / NAME, {}, []
    faults: list[str] = []
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict) or not isinstance(found.get("jobs"), list):
            raise ValueError("no list of jobs")
        jobs = found.pop("jobs")
        head = checker(_HEAD)(found)
    except FileNotFoundError:
        pass
    except OSError as error:
        faults.append(str(error.strerror))
    except (ValueError, RecursionError) as error:
        faults.append(" ".join(str(error).partition(";")[0].split()))
    records, check = {}, checker({"allOf": [RECORD, more or {}]})
    for record in jobs:
        try:
            records[check(record)["path"]] = record
        except (ValueError, RecursionError) as error:
            name = record.get("path") if isinstance(record, dict) else None
            faults.append(f"{len(records) + len(faults) + 1}. job, {ascii(name)}: {error}")
    with suppress(OSError):
        for line in (out / JOURNAL).read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, RecursionError):
                record = check(json.loads(line))
                records[record["path"]] = record
    told = f"{path}: damaged ({faults[0][:200]}{f', and {len(faults) - 1} more' if faults[1:] else ''})" if faults else None  # fmt: skip
    return Run(head, records, told)


def checker(schema: dict) -> Callable[[Any], dict]:
    """Return a function that returns a value that keeps to a JSON schema, and else raises ValueError."""
    compiled = _compiled(json.dumps(schema))

    def check(value: Any) -> dict:
        try:
            compiled(value)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # numbers and characters that are none
        except (fastjsonschema.JsonSchemaException, ValueError) as error:
            raise ValueError(str(error).splitlines()[0].removeprefix("data.").removeprefix("data ")) from None
        return value

    return check


@lru_cache(maxsize=8)
def _compiled(schema: str) -> Callable:
    return fastjsonschema.compile(json.loads(schema), formats={_MOMENT: _is_moment, _INSIDE: _BELOW})


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def put_aside(out: Path, run: Run) -> str:
    """Keep a damaged manifest under another name, write what can be used of it anew; return one line that says so."""
    aside = out / f"manifest.damaged-{datetime.now():%Y%m%dT%H%M%S%f}.json"
    try:
        os.replace(out / NAME, aside)
    except OSError as error:
        raise WriteError(aside, error) from error
    write(out, run.head, list(run.records.values()))
    return f"{run.damage}; it is kept as {aside.name}, and what it does not tell runs again"


def append(out: Path, record: dict) -> None:
    """Add one finished job to the journal, on disk before the next job is told."""
    try:
        new = not (out / JOURNAL).exists()
        with (out / JOURNAL).open("a", encoding="utf-8") as journal:
            # A line of its own also after one that a crash cut short.
            journal.write("\n" + json.dumps(record, ensure_ascii=False) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        if new:
            atomic.sync(out)
    except OSError as error:
        raise WriteError(out / JOURNAL, error) from error


def write(out: Path, head: dict, records: list[dict]) -> Path:
    """Write the manifest in one step and drop the journal."""
    path = out / NAME
    text = json.dumps({"schema": SCHEMA, **head, "jobs": records}, ensure_ascii=False, indent=1)
    atomic.write(path, text.encode(), lasting=True)
    (out / JOURNAL).unlink(missing_ok=True)
    return path

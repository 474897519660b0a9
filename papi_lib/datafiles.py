"""The project's data package: one checked way to read each of its tables.

`data/datapackage.json` describes every file (Frictionless Table Schema). A table that does not
keep to its schema is never half-read: the first fault is raised as one `DataError` that names
file, row and column.
"""

from __future__ import annotations

import copy
import csv
import hashlib
import importlib
import inspect
import io
import json
import math
import os
import pickle
import re
import sys
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from pathlib import Path

import pandas as pd

from papi_lib import delivered, plaintext, reads

_DELIVERED = delivered("data")
_held: ContextVar[tuple | None] = ContextVar("stamp", default=None)


class DataError(ValueError):
    """A data file is missing, unreadable or breaks its schema. The message is one line, and safe to print."""

    def __init__(self, message: str) -> None:
        super().__init__(plaintext.shown(message))


def folder() -> Path:
    """Return the data folder: the environment variable ``PAPI_DATA``, or what comes with the library."""
    given = os.environ.get("PAPI_DATA")
    return Path(given) if given else _DELIVERED


def package() -> dict:
    """Return the data package's descriptor, ``datapackage.json``.

    Raises
    ------
    DataError
        The descriptor is missing or is not JSON.
    """
    return copy.deepcopy(_package())


def _package() -> dict:
    path = folder() / "datapackage.json"
    return _descriptor(path, _changed(path))


@lru_cache(maxsize=8)
def _descriptor(path: Path, _stamp: tuple) -> dict:
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, row {error.lineno}, column {error.colno}: not valid JSON ({error.msg})") from None


def resource_names(prefix: str = "") -> list[str]:
    """Return the names of the package's CSV tables that start with `prefix`, in the package's order."""
    return [r["name"] for r in _package()["resources"] if r["format"] == "csv" and r["name"].startswith(prefix)]


def read(name: str) -> pd.DataFrame:
    """Read one table of the data package, checked against its schema.

    Parameters
    ----------
    name : str
        Name of the resource in ``datapackage.json``, for example ``"provinces"``.

    Returns
    -------
    pandas.DataFrame
        One column per field of the schema, typed: integer, number and string fields become
        int64, float64 and str; an empty cell that the schema allows becomes missing.

    Raises
    ------
    DataError
        First fault found, naming file, row (the header is row 1) and column, and what to do.
    """
    path, schema = _resource(name)
    reads.note(path.relative_to(folder()).as_posix())
    return _parse(path, schema, _changed(path)).copy()


def _resource(name: str) -> tuple[Path, str]:
    """Return a table's file, and its schema as JSON text (hashable), following a reference to a file."""
    found = next((r for r in _package()["resources"] if r["name"] == name), None)
    if found is None:
        raise DataError(f"{folder() / 'datapackage.json'}: no resource named '{name}'; add one or correct the name")
    schema = found["schema"]
    return folder() / found["path"], _text(folder() / schema) if isinstance(schema, str) else json.dumps(schema)


def trace() -> Callable[[], list[str]]:
    """Note from here on all files of the package that this process reads, also by their paths; return what tells them."""
    found, root = reads.begin(), os.path.join(os.path.abspath(folder()), "")

    def opened(event: str, given: tuple) -> None:
        if event == "open" and isinstance(given[0], str) and (path := os.path.abspath(given[0])).startswith(root):
            reads.note(path.removeprefix(root).replace(os.sep, "/"))

    sys.addaudithook(opened)
    return lambda: sorted(found)


def where(name: str, row: int, column: str) -> str:
    """Return ``file, row N, column 'C'`` for the zero-based `row` of table `name`, for messages."""
    return _place(_resource(name)[0], row + 2, column)


def refuse(name: str, frame: pd.DataFrame, column: str, bad: pd.Series, why: str | pd.Series) -> None:
    """Raise `DataError` for the first cell of a table's column that is marked as bad: where it is, its value, and why."""
    for row in bad.index[bad]:
        value: object = frame.at[row, column]
        raise DataError(f"{where(name, row, column)}: '{value}' {why if isinstance(why, str) else why[row]}")


def stamp() -> tuple:
    """Return a cheap token that changes when any file of the package does: a key for caches.

    Inside a `cached` function it is the token of the outermost call, so that one computation looks
    at the files once.
    """
    held = _held.get()
    if held is not None:
        return held
    root = str(folder())
    paths = ["datapackage.json", *(r["path"] for r in _package()["resources"])]
    return root, *(_changed(f"{root}/{path}") for path in paths)


@contextmanager
def held():
    """Look at the package's files once for all that is computed inside: for one answer to a reader."""
    before = _held.set(stamp())
    try:
        yield
    finally:
        _held.reset(before)


#: What `cached` functions remember, by function.
_memories: dict[str, dict] = {}


class _Packed(bytes):
    """A result that a caller could change, as it is kept."""


def cached(function):
    """Remember a function's results for as long as no file of the data package changes.

    Arguments that are equal but of different types (1, 1.0, True) are different questions; a default that is given is
    the same as one that is left out. Every caller gets a result of its own, so that what it changes there changes no other answer.
    """
    memory = _memories[f"{function.__module__}:{function.__qualname__}"] = {}
    signature = inspect.signature(function)

    @wraps(function)
    def recalled(*args, **kwargs):
        now, asked = stamp(), signature.bind(*args, **kwargs)
        asked.apply_defaults()
        key = now, _typed(tuple(asked.arguments.values()))
        if not _hashable(key):
            return function(*args, **kwargs)
        if key not in memory:
            if len(memory) > 2000:
                memory.clear()
            before = _held.set(now)
            try:
                with reads.reading() as found:
                    memory[key] = _kept(function(*args, **kwargs)), frozenset(found)
            finally:
                _held.reset(before)
        value, found = memory[key]
        reads.note(*found)
        if isinstance(value, _Packed):
            return pickle.loads(value)
        return value.copy() if isinstance(value, pd.DataFrame | pd.Series) else value

    return recalled


def _typed(value: object) -> tuple:
    """Return a key of an argument that tells its type, and the types inside a tuple."""
    return type(value), tuple(map(_typed, value)) if isinstance(value, tuple) else value


def _hashable(value: object) -> bool:
    """Return whether a value has a hash: what has none can be changed."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _kept(value: object) -> object:
    """Return a result as it is kept: as it is where a copy is enough to protect it, or else packed."""
    if isinstance(value, pd.DataFrame | pd.Series):
        cells = value.to_frame() if isinstance(value, pd.Series) else value
        fixed = all(_hashable(v) for _, column in cells.items() if column.dtype == object for v in column)
    else:
        fixed = _hashable(value)
    return value if fixed else _Packed(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def remembered(besides: dict[str, dict] | None = None) -> dict[str, dict]:
    """Return what all `cached` functions remember, but for what an earlier answer had: to carry it to another process."""
    known = besides or {}
    new = {name: memory.keys() - known.get(name, {}).keys() for name, memory in _memories.items()}
    return {name: {key: _memories[name][key] for key in keys} for name, keys in new.items()}


def remember(found: dict[str, dict]) -> None:
    """Let `cached` functions remember what `remembered` returned in another process."""
    for name, memory in found.items():
        importlib.import_module(name.partition(":")[0])
        _memories[name].update(memory)


@cached
def fingerprints() -> dict[str, str]:
    """Return the SHA-256 of each file of the package, by its path there."""
    paths = sorted(p for p in folder().rglob("*") if p.suffix in {".csv", ".json", ".parquet"})
    with reads.unnoted():
        return {p.relative_to(folder()).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


@cached
def fingerprint() -> str:
    """Return the SHA-256 of all files of the data package, the identity of the data on a page."""
    return hashlib.sha256(json.dumps(fingerprints()).encode()).hexdigest()


def _changed(path: str | Path) -> tuple[int, int]:
    """Return time stamp and size of a file, zeros for one that is not there."""
    try:
        stat = os.stat(path)
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing; restore it (git checkout -- {path.name})") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the file and its permissions") from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        column = raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].count(b",") + 1
        raise DataError(f"{path}, row {row}, column {column}: not UTF-8 text; save the file as UTF-8") from None


def _place(path: Path, row: int, column: str) -> str:
    return f"{path}, row {row}, column '{column}'"


@lru_cache(maxsize=64)
def _parse(path: Path, schema_json: str, _stamp: tuple) -> pd.DataFrame:
    schema = json.loads(schema_json)
    rows = _rows(path, schema["fields"])
    frame = pd.DataFrame(rows, columns=[field["name"] for field in schema["fields"]], dtype="str")
    for field in schema["fields"]:
        frame[field["name"]] = _column(path, field, frame[field["name"]])
    _check_key(path, frame, schema.get("primaryKey", []))
    for key in schema.get("foreignKeys", []):
        _check_reference(path, frame, key)
    return frame


def _rows(path: Path, fields: list[dict]) -> list[list[str]]:
    """Return a table's cells; also those of a file that a spreadsheet program saved: see `repaired`."""
    names = [field["name"] for field in fields]
    text = re.sub("\r\n?", "\n", _text(path).removeprefix("\ufeff"))
    by_semicolon = text.partition("\n")[0].replace('"', "") == ";".join(names)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if by_semicolon else ",", strict=True)
    try:
        header = next(reader, [])
        if header != names:
            _refuse_header(path, header, names)
        rows = []
        for cells in reader:
            if len(cells) != len(names):
                place = _place(path, reader.line_num, names[min(len(cells), len(names) - 1)])
                raise DataError(f"{place}: {len(cells)} values where {len(names)} belong; write a decimal point, not a comma, and fill every column")  # fmt: skip
            rows.append(cells)
    except csv.Error as error:
        raise DataError(f"{_place(path, reader.line_num, names[0])}: not a CSV row ({error}); correct it") from None
    if by_semicolon:  # where a comma parts no columns it is a decimal one
        for at in (at for at, field in enumerate(fields) if field["type"] == "number"):
            for cells in rows:
                cells[at] = re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", cells[at])
    return rows


def repaired(name: str) -> tuple[Path, bytes | None, int]:
    """Return a table as this project keeps it, where a spreadsheet program saved it in its own way.

    These are read as they are: a byte-order mark, Windows line ends, semicolons between columns and commas in numbers.
    What else such a program did is put right only where the schema leaves one way: zeros that a code has lost.

    Parameters
    ----------
    name : str
        Name of the resource.

    Returns
    -------
    (pathlib.Path, bytes or None, int)
        The file, its new content (None where it is as it should be), and how many codes get their zeros back.

    Raises
    ------
    DataError
        Its rows cannot be read.
    """
    path, schema = _resource(name)
    fields, codes = json.loads(schema)["fields"], 0
    rows = _rows(path, fields)
    for at, pattern in ((at, f["constraints"]["pattern"]) for at, f in enumerate(fields) if "pattern" in f.get("constraints", {})):  # fmt: skip
        for cells in (cells for cells in rows if cells[at].isdecimal() and not re.fullmatch(pattern, cells[at])):
            padded = next(
                (text for width in range(2, 6) if re.fullmatch(pattern, text := cells[at].zfill(width))), None
            )
            codes, cells[at] = codes + bool(padded), padded or cells[at]
    content = io.StringIO(newline="")
    csv.writer(content, lineterminator="\n").writerows([[field["name"] for field in fields], *rows])
    before, after = path.read_bytes(), content.getvalue().encode()
    own = before.startswith(b"\xef\xbb\xbf") or b"\r" in before or b";" in before.partition(b"\n")[0] or codes
    return path, after if own and after != before else None, codes


def _refuse_header(path: Path, header: list[str], names: list[str]) -> None:
    missing = [name for name in names if name not in header]
    if missing:
        raise DataError(f"{_place(path, 1, missing[0])}: the column is missing; the header must be {','.join(names)}")
    odd = next(h for h, n in zip([*header, ""], [*names, None], strict=False) if h != n)
    raise DataError(f"{_place(path, 1, odd)}: unexpected column; the header must be {','.join(names)}")


def _column(path: Path, field: dict, text: pd.Series) -> pd.Series:
    name, kind, rule = field["name"], field["type"], field.get("constraints", {})

    def refuse(bad: pd.Series, why: str) -> None:
        if bad.any():
            row = int(bad.to_numpy().argmax())
            raise DataError(f"{_place(path, row + 2, name)}: '{text.iloc[row]}' {why}")

    empty = text == ""
    if rule.get("required"):
        refuse(empty, "is empty; fill it in, or delete the row if the figure was not published")
    if kind == "string":
        if "pattern" in rule:
            refuse(~empty & ~text.str.fullmatch(rule["pattern"]), f"does not match {rule['pattern']}")
        if "enum" in rule:
            refuse(~empty & ~text.isin(rule["enum"]), f"is not one of {', '.join(rule['enum'])}")
        return text.where(~empty)
    shape = r"-?\d+" if kind == "integer" else r"-?\d+(\.\d+)?([eE][-+]?\d+)?"
    said = "a whole number" if kind == "integer" else "a number"
    refuse(~empty & ~text.str.fullmatch(shape), f"is not {said} (decimals take a point)")
    values = pd.to_numeric(text.where(~empty))
    low, high = rule.get("minimum", -math.inf), rule.get("maximum", math.inf)
    refuse(values.lt(low) | values.gt(high), f"is outside {low} to {high}; correct the value")
    return values if kind == "number" or empty.any() else values.astype("int64")


def _check_key(path: Path, frame: pd.DataFrame, key: list[str] | str) -> None:
    key = [key] if isinstance(key, str) else key
    twice = frame.duplicated(key) if key else pd.Series(dtype=bool)
    if twice.any():
        row = int(twice.to_numpy().argmax())
        first = int((frame[key] == frame[key].iloc[row]).all(axis=1).to_numpy().argmax())
        shown = ", ".join(str(v) for v in frame[key].iloc[row])
        raise DataError(f"{_place(path, row + 2, key[-1])}: repeats row {first + 2} ({shown}); delete one of the two")


def _check_reference(path: Path, frame: pd.DataFrame, key: dict) -> None:
    column, table, target = key["fields"], key["reference"]["resource"], key["reference"]["fields"]
    unknown = frame[column].notna() & ~frame[column].isin(read(table)[target])
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        value = frame[column].iloc[row]
        raise DataError(f"{_place(path, row + 2, column)}: '{value}' is not a {target} of the table '{table}'; correct it")  # fmt: skip

"""A notebook as it is stored: read once, and what keeps it from running in one line."""

from __future__ import annotations

import ast
import difflib
import json
import re
import warnings
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import reader, validator

#: Tag of the cell whose values a job's replace.
PARAMETERS = "parameters"


class NotebookError(ValueError):
    """A notebook cannot be run; the message is one line that begins with its name."""


def read(path: Path) -> nbformat.NotebookNode:
    """Return a stored notebook, which is not to be changed.

    Raises
    ------
    NotebookError
        It is not there, empty, in conflict, no notebook, or without cells.
    """
    try:
        changed = path.stat()
        return _read(path, changed.st_mtime_ns, changed.st_size)
    except OSError as error:
        raise NotebookError(f"{path.name}: cannot be read ({error.strerror})") from None


@lru_cache(maxsize=256)
def _read(path: Path, *_changed: int) -> nbformat.NotebookNode:
    return parse(path.read_bytes(), path.name)


def parse(content: bytes, name: str) -> nbformat.NotebookNode:
    """Return a notebook from its file; raise NotebookError, with its name, as `read`."""
    text = content.decode("utf-8", "replace")
    if not text.strip():
        raise NotebookError(f"{name}: is empty; restore it, or take it out of the folder")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        conflict = re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.M)
        row = text[: conflict.start()].count("\n") + 1 if conflict else error.lineno
        what = "has the marks of a merge conflict" if conflict else f"is not JSON ({error.msg})"
        raise NotebookError(f"{name}, row {row}: {what}; mend it, or take it out of the folder") from None
    except (ValueError, RecursionError):
        pass  # numbers and depths beyond sense: nbformat will not read them either
    try:
        with warnings.catch_warnings(action="ignore"):  # cells without an id get one
            found = nbformat.convert(reader.reads(text), 4)
            _, found = validator.normalize(found)
            validator.validate(found, relax_add_props=True)
    except Exception as error:  # nbformat has no one kind of error for what is JSON and no notebook
        said = f" ({str(error).splitlines()[0]})" if isinstance(error, nbformat.ValidationError) else ""
        raise NotebookError(f"{name}: is no notebook{said}; mend it, or take it out of the folder") from None
    if not found.cells:
        raise NotebookError(f"{name}: has no cells")
    return found


def refusal(path: Path, parameters: dict) -> str | None:
    """Return why a notebook cannot be run with these parameters, in one line; None if it can.

    Every parameter must be set in the one cell that is tagged for them: a value for any other name reaches
    nothing, and the notebook would tell of its own defaults.
    """
    try:
        cells = [cell for cell in read(path).cells if PARAMETERS in cell.metadata.get("tags", [])]
    except NotebookError as error:
        return str(error)
    if not parameters:
        return None
    if len(cells) != 1 or cells[0].cell_type != "code":
        return f"{path.name}: one code cell must have the tag '{PARAMETERS}', {len(cells) or 'none'} has; what is asked for would not reach it"
    if wrong := unset(cells[0].source, parameters):
        return f"{path.name}: its parameters cell {wrong}"
    return None


def unset(source: str, parameters: dict) -> str | None:
    """Return which parameters a cell does not set, with the nearest that it does; None if it sets all."""
    try:
        known = _names(source)
    except SyntaxError as error:
        return f"is not Python (line {error.lineno}: {error.msg})"
    lacking = {name: difflib.get_close_matches(name, known, 1) for name in parameters if name not in known}
    told = (f"{name} (did you mean {near[0]}?)" if near else name for name, near in lacking.items())
    return f"does not set {', '.join(told)}, only {', '.join(known) or 'nothing'}; name them alike" if lacking else None


def _names(source: str) -> list[str]:
    """Return the names that a cell sets or declares, in its order."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return list(dict.fromkeys(node.id for node in found if isinstance(node.ctx, ast.Store)))

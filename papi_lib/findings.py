"""What is wrong with a file, by column and kind, as a few lines to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from papi_lib import plaintext

#: Numbers of rows in a file.
Rows = Sequence[int] | np.ndarray


def finding(column: str, problem: str, rows: Rows = (), values: Iterable = (), count: int = 1) -> dict:
    """Return one kind of problem in one column.

    Parameters
    ----------
    column : str
        The column; empty where it is about the whole file.
    problem : str
        What is wrong and what to do, to be read after the value.
    rows : sequence of int
        Numbers of the rows in the file; none where it is about the whole column.
    values : iterable
        Examples of what stands there.
    count : int
        How many cells, where their rows are not known.
    """
    count = len(rows) if len(rows) else count
    return {"column": column, "problem": problem, "values": list(values), "count": count, "rows": np.asarray(rows)}


def at(frame: pd.DataFrame, column: str, wrong: np.ndarray | pd.Series, problem: str) -> list[dict]:
    """Return the problem of the cells of a column that are marked as wrong: one finding, or none."""
    places = np.flatnonzero(wrong)
    if not len(places):
        return []
    values = [value for value in frame[column].iloc[places[:1000]].dropna().unique()[:4] if value != ""][:3]
    return [finding(column, problem, frame.index[places].to_numpy(dtype="int32"), values)]


def table(found: list[dict]) -> pd.DataFrame:
    """Return findings as a frame: what concerns whole columns first, then the most frequent.

    Examples
    --------
    >>> table([finding("a", "is empty", [4]), finding("b", "is empty", [2, 3])])["column"].to_list()
    ['b', 'a']
    """
    found = sorted(found, key=lambda one: (len(one["rows"]) > 0, -one["count"]))
    return pd.DataFrame(found, columns=["column", "problem", "values", "count", "rows"])


def tell(file: str | os.PathLike, column: str, problem: str, rows: Rows = (), values: Iterable = ()) -> str:
    """Return a finding as one line: file, rows, column, example values, what is wrong.

    Control characters are written as escapes, so that nothing in a file reaches a terminal raw.

    Examples
    --------
    >>> tell("a.csv", "road", "is no code", [7, 9, 11, 12], ["x", "\\x1b[2J"])
    "a.csv, rows 7, 9, 11, … (4), column 'road': 'x' (also '\\\\x1b[2J') is no code"
    """
    line = str(file)
    if len(rows):
        line += f", row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows[:3]))}"
        line += f", … ({len(rows)})" if len(rows) > 3 else ""
    line += f", column '{column}': " if column else ": "
    first, *others = [f"'{shown(value)}'" for value in values] or [""]
    return line + (f"{first} " if first else "") + (f"(also {', '.join(others)}) " if others else "") + problem


def lines(file: str | os.PathLike, found: pd.DataFrame, most: int | None = 10) -> list[str]:
    """Return findings as lines, at most so many, and a last one on those left out."""
    few = found.head(most or len(found)).to_dict("records")
    told = [tell(file, one["column"], one["problem"], one["rows"], one["values"]) for one in few]
    more = found.iloc[len(told) :]
    if len(more):
        told.append(f"{file}: and {len(more)} more kinds ({more['count'].sum()} cells); all of them with --all")
    return told


def shown(value: object) -> str:
    """Return a value of a file as messages have it: one line of at most sixty signs."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = plaintext.shown(value)
    return text if len(text) <= 60 else f"{text[:59]}…"

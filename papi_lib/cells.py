"""What stands in the cells of people's tables: names of columns, text, words for a missing value, numbers."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from numbers import Real
from types import UnionType
from typing import Any

import numpy as np
import pandas as pd

from papi_lib import places

WIDEST = 4_096  # columns of a table
#: Cells that say that there is no value, in any format; and those that say so where all others are numbers.
MISSING = frozenset({"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "."})
_DASHES = frozenset({"-", "–", "—", "..", "...", "…"})
#: Errors of spreadsheet programs: no values, and not missing either.
ERRORS = frozenset({"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"})
#: What `numbers` says of text that means one number with a decimal sign and another with parted thousands.
TWO_WAYS = "may be read in two ways; write decimals with a point and thousands with nothing"

#: A single sign that may part thousands or decimals; thousands for certain; no thousands.
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)([.,])[0-9]+)?")
_SIMPLE = re.compile(r"(?=[+-]?[.,]?[0-9])[+-]?([0-9]*)(?:([.,])[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def composed(value: Any) -> Any:
    """Return text composed (NFC) and stripped, anything else as it is."""
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return a column's name as it compares with others: plain letters, signs as spaces.

    Examples
    --------
    >>> name_key("Tỉnh/Thành_phố")
    'tinh thanh pho'
    """
    return re.sub(r"[^a-z0-9]+", " ", places.plain(name)).strip()


def counted(n: int, what: str) -> str:
    """Return a number of things: ``1 row``, ``1,200 rows``."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def find_header(rows: Sequence[Sequence[object]], expected: Collection[str]) -> tuple[int, int]:
    """Return which of a table's first rows is its header, and how many of the expected columns it names.

    It is the first row that names most of them; where none names any, the first that is at least half as full as
    the fullest. `expected` holds names as `name_key` gives them.
    """
    named = [len({name_key(cell) for cell in row[:WIDEST] if isinstance(cell, str)} & set(expected)) for row in rows]
    if any(named):
        return named.index(max(named)), max(named)
    filled = [sum(composed(cell) not in (None, "") for cell in row) for row in rows]
    return next(at for at, n in enumerate(filled) if 2 * n >= max(filled)), 0  # none without rows


def clean(column: pd.Series) -> tuple[pd.Series, Counter]:
    """Return a column with all text composed and empty text missing, and how many words for a missing value it had."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    codes, unique = _texts(column)
    values = [composed(value) for value in unique]
    empty = MISSING | (_DASHES if _else_numbers(column[codes < 0], values) else set())
    new = [None if not value or value in empty else value for value in values]
    if new == list(unique):
        return column, Counter()
    if isinstance(column.dtype, pd.StringDtype):
        cells: Any = pd.array(new, dtype=column.dtype).take(codes, allow_fill=True)
    else:
        cells = np.where(codes < 0, column.to_numpy(object), np.array([*new, None], dtype=object)[codes])
    counts = zip(values, new, np.bincount(codes[codes >= 0]), strict=True)
    words = Counter({value: int(n) for value, kept, n in counts if value and kept is None})
    return pd.Series(cells, column.index, name=column.name).infer_objects(), words


def numbers(column: pd.Series) -> pd.Series:
    """Return a column as numbers, written with decimal points or commas, with thousands parted or not.

    Numeric cells are numbers. In text, ``1.165`` or ``1,165`` may mean 1165 or a little more than one, and the rest
    of the column decides: ``0.25`` or ``1.5`` in it show decimals, ``9.500.000`` or ``1.165,20`` thousands, if no
    number above 999 stands there without the sign. Where nothing decides, or all of it together makes no sense,
    there is no number.

    Returns
    -------
    pandas.Series
        float64, missing where there is no number: no cell, other text, yes or no, a date, and what
        ``.attrs["faults"]`` has by row, with why: numbers that may be read in two ways (`TWO_WAYS`), errors of
        spreadsheets, numbers without end.

    Examples
    --------
    >>> numbers(pd.Series(["9.500.000", "8.600", "0,3"])).to_list()
    [9500000.0, 8600.0, 0.3]
    >>> numbers(pd.Series(["949", "1.165"])).attrs["faults"]
    {1: 'may be read in two ways; write decimals with a point and thousands with nothing'}
    """
    found, why = np.full(len(column), np.nan), {}
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        found = column.to_numpy("float64", na_value=np.nan, copy=True)
    elif column.dtype.kind == "O":
        codes, unique = _texts(column)
        roles = _roles(unique)
        read = [_number(value, roles) for value in unique]
        found = np.array([value for value, _ in read] + [np.nan], dtype="float64")[codes]
        faulty = [code for code, (_, reason) in enumerate(read) if reason]
        why = {at: read[codes[at]][1] for at in np.flatnonzero(np.isin(codes, faulty))}
        other = np.flatnonzero((codes < 0) & column.notna())
        real = other[np.array([_is_real(value) for value in column.iloc[other]], dtype=bool)]
        found[real] = column.iloc[real].astype("float64")
    why |= dict.fromkeys(np.flatnonzero(np.isinf(found)), "is beyond all numbers; correct it")
    found[np.isinf(found)] = np.nan
    result = pd.Series(found, column.index, name=column.name)
    result.attrs["faults"] = {column.index[int(at)]: reason for at, reason in why.items()}
    return result


def _texts(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Return for each cell the number of its text, -1 for no text, and the texts."""
    if isinstance(column.dtype, pd.StringDtype):
        return pd.factorize(column)
    text, codes = is_text(column), np.full(len(column), -1)
    codes[text], unique = pd.factorize(column[text])
    return codes, unique


def is_text(column: pd.Series) -> np.ndarray:
    """Return which of a column's cells are text."""
    return _are(column, str, isinstance(column.dtype, pd.StringDtype))


def dated(column: pd.Series) -> np.ndarray:
    """Return which of a column's cells are dates or times, not text that reads like one."""
    return _are(column, dt.date | dt.time | dt.timedelta, pd.api.types.is_datetime64_any_dtype(column))


def _are(column: pd.Series, kind: type | UnionType, by_type: bool) -> np.ndarray:
    """Return which cells are of a kind: all that are there, if that is the column's own type."""
    if by_type:
        return column.notna().to_numpy()
    if column.dtype != object:
        return np.zeros(len(column), dtype=bool)
    return np.array([isinstance(value, kind) for value in column], dtype=bool)


def _is_real(value: object) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool | np.bool_)


def _else_numbers(others: pd.Series, texts: list[str]) -> bool:
    """Return whether a column with dashes in it has numbers otherwise, and nothing else."""
    if _DASHES.isdisjoint(texts):
        return False
    told = [text for text in texts if text and text not in _DASHES | MISSING]
    others = others.dropna()
    written = all(_GROUPED.fullmatch(_unspaced(text)) or _SIMPLE.fullmatch(_unspaced(text)) for text in told)
    return len(told) + len(others) > 0 and written and all(map(_is_real, others))


def _unspaced(text: str) -> str:
    """Return a number's text without spaces between thousands, with a plain minus."""
    return re.sub(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}(?![0-9]))", "", text).replace("\u2212", "-")


def _roles(texts: Collection[str]) -> dict[str, str]:
    """Return what each sign parts in a column: ``thousands``, ``decimals``, or ``both``, which cannot be."""
    thousands, decimals, plain = set(), set(), False
    for text in map(_unspaced, texts):
        if _EITHER.fullmatch(text):
            continue
        if match := _GROUPED.fullmatch(text):
            thousands.add(match[1])
            decimals.add(match[2])
        elif match := _SIMPLE.fullmatch(text):
            decimals.add(match[2])
            plain |= match[2] is None and len(match[1]) > 3
    decimals -= {None}
    if len(decimals) == 2 or thousands & decimals:
        return dict.fromkeys(thousands | decimals, "both")
    return dict.fromkeys(decimals, "decimals") | dict.fromkeys(() if plain else thousands, "thousands")


def _number(text: str, roles: dict[str, str]) -> tuple[float, str]:
    """Return a text as a number, missing if it is none, and what is wrong with it."""
    if text in ERRORS:
        return np.nan, "is an error of a spreadsheet; mend the cell"
    if re.fullmatch("[+-]?inf(inity)?", text, re.IGNORECASE):
        return np.inf, ""
    text = _unspaced(text)
    either, grouped = _EITHER.fullmatch(text), _GROUPED.fullmatch(text)
    if not grouped and not _SIMPLE.fullmatch(text):
        return np.nan, ""
    if (either and either[1] not in roles) or any(roles.get(sign) == "both" for sign in text):
        return np.nan, TWO_WAYS
    parted = grouped[1] if grouped and not (either and roles[either[1]] == "decimals") else ""
    return float(text.replace(parted, "").replace(",", ".")), ""

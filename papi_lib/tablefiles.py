"""Tables that people have, read one way: CSV, Excel, Stata, SPSS and Parquet.

Nothing is guessed and nothing lost without a word. What had to be chosen (sheet, header row) or was
passed over (empty rows, columns without a name) stands in the frame's notes; a file that cannot be read without
doubt is refused with one line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from papi_lib.cells import WIDEST, clean, composed, counted, dated, find_header, is_text, name_key
from papi_lib.datafiles import DataError

SUFFIXES = (".csv", ".dta", ".parquet", ".sav", ".xlsx")
_SIGNATURES = {b"PK\x03\x04": ".xlsx", b"PAR1": ".parquet", b"$FL2": ".sav", b"\xd0\xcf\x11\xe0": ".xls"}
#: What stands before the digest in the foot of Parquet files that are written here, and in its place while it is taken.
_MARK, _BLANK = b"papi-sha256:", b"0" * 64
_HEAD = 50  # lines of a CSV file among which the header is looked for
_CHUNK = 10_000  # rows of a CSV file that are Python objects at a time


def read(path: str | os.PathLike, expected: Collection[str] = (), keys: Collection[str] = ()) -> pd.DataFrame:
    """Read a table as it is, with text composed (NFC) and stripped.

    Parameters
    ----------
    path : path
        A ``.csv``, ``.dta``, ``.parquet``, ``.sav`` or ``.xlsx`` file. Stata and SPSS files give codes, not labels.
    expected : collection of str
        Names of columns that the table should have: the header is the row, and in a workbook the sheet, that has
        most of them. Case, diacritics and signs do not matter.
    keys : collection of str
        Those in which a name may stand once above all rows that it is of, as merged cells leave it when a file is
        saved in another format: they are filled down.

    Returns
    -------
    pandas.DataFrame
        The table's columns under their own names. The index ``row`` is the row's number in the file, where a
        header counts. In ``.attrs``: ``notes``, lines that the user must be told; ``labels``, the value labels of
        Stata and SPSS files by column and code; ``lost``, by column how many cells hold which extended missing
        code of Stata (``.a`` to ``.z``): they are missing in the frame. Missing codes of SPSS are kept. A formula
        without a value is its text, an error of a spreadsheet (``#REF!``) too.

    Raises
    ------
    papi_lib.datafiles.DataError
        The file is missing, of another format, damaged or protected; it has no rows; a row has too many or too
        few values; two columns have one name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "my.csv"
    ...     _ = file.write_text("Survey 2024;\\nprovince;visits\\nHuế;NA\\n;\\nHà Nội;5\\n", encoding="utf-8")
    ...     frame = read(file, ["province"])
    >>> frame.index.to_list(), frame["province"].to_list()
    ([3, 5], ['Huế', 'Hà Nội'])
    >>> frame.attrs["notes"][0]
    'the header was taken from row 2'
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path}: '{path.suffix}' files cannot be read; save it as one of {', '.join(SUFFIXES)}")
    wanted, keys = ({name_key(name) for name in names} for names in (expected, keys))
    try:
        _check_content(path)
        frame = _READERS[path.suffix.lower()](path, wanted)
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing; correct the name") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the file") from None
    except DataError:
        raise
    except Exception as error:  # each format's reader has errors of its own
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: cannot be read ({why}); open and save it again") from error
    frame.attrs = {"notes": [], "labels": {}, "lost": {}} | frame.attrs
    header = frame.attrs.pop("header", None)
    where = f"{path}, row {header}" if header else f"{path}"
    frame.index.name = "row"
    frame.columns = [composed(str(name)) for name in frame.columns]
    frame = _without_nameless(frame)
    _check_names(where, list(frame.columns))
    if not len(frame):
        raise DataError(f"{where}: the file has no rows{' below its header' if header else ''}; add them")
    _clean(frame, wanted, keys)
    return frame


def _check_content(path: Path) -> None:
    """Refuse a file whose first bytes are those of another format."""
    with path.open("rb") as file:
        kind = _SIGNATURES.get(file.read(4), path.suffix.lower())
    if kind == ".xls":
        raise DataError(f"{path}: the workbook is protected by a password, or an old .xls workbook under a new name; open it and save it as .xlsx without a password")  # fmt: skip
    if kind != path.suffix.lower():
        raise DataError(f"{path}: by what is in it this is a {kind} file; give it that name")


def _check_names(where: str, names: list[str]) -> None:
    folded: dict[str, int] = {}
    for at, name in enumerate(names, start=1):
        if (first := folded.setdefault(name.casefold(), at)) != at:
            raise DataError(f"{where}, column '{name}': two columns have this name, the {first}. and the {at}.; rename one")  # fmt: skip


def _without_nameless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without columns that have no name; those that hold something are noted."""
    rows = frame.attrs.pop("nameless", [])
    for _, column in frame.loc[:, frame.columns == ""].items():
        rows = [*rows, *clean(column)[0].dropna().index]
    if rows:
        told = counted(len(rows), "cell")
        frame.attrs["notes"].append(f"{told} in columns without a name passed over, the first in row {min(rows)}")
    return frame.drop(columns="", errors="ignore")


def _clean(frame: pd.DataFrame, wanted: set[str], keys: set[str]) -> None:
    """Clean all cells in place, fill key columns down, note what was done and what is a date in a wanted column."""
    notes, words = frame.attrs["notes"], {}
    for name in frame.columns:
        column, found = clean(frame[name])
        if found:
            words[name] = found
        if name_key(name) in keys and _once(column):
            told = counted(int(column.isna().sum()), "empty cell")
            notes.append(f"column '{name}': {told} filled down with the name above")
            column = column.ffill()
        if name_key(name) in wanted and (dates := dated(column)).any():
            told = counted(int(dates.sum()), "cell")
            notes.append(f"column '{name}': {told} with a date, the first in row {column.index[dates][0]}; write text")
        frame[name] = column
    if words:
        total = sum(words.values(), Counter())
        where = f"column '{next(iter(words))}'" if len(words) == 1 else f"{len(words)} columns"
        shown = ", ".join(f"'{word}'" for word in sorted(total))
        notes.append(f"{shown} taken as empty: {counted(total.total(), 'cell')} in {where}")


def _once(column: pd.Series) -> bool:
    """Return whether names stand once above mostly empty cells, as cells that were merged leave them."""
    blank = column.isna()
    names = column[~blank]
    return bool(blank.sum() >= len(names) > 0 and not blank.iloc[0] and names.ne(names.shift()).all())


# --- one reader a format -----------------------------------------------------------------------------


def _csv(path: Path, wanted: set[str]) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _lines(path, file, wanted)
    except UnicodeDecodeError:
        text = path.read_bytes().decode("utf-8", "replace")
        row = text[: text.index("\ufffd")].count("\n") + 1
        raise DataError(f"{path}, row {row}: the text is not UTF-8; save the file as UTF-8") from None


def _lines(path: Path, file: TextIO, wanted: set[str]) -> pd.DataFrame:
    """Read rows that end in CR or LF only; as text, in pieces, since a survey may be large."""
    head = list(islice(file, _HEAD))
    file.seek(0)
    separator, top = _layout(head, wanted)
    rows = _records(path, csv.reader(file, delimiter=separator, strict=True))
    names, last = next(islice(rows, top, None), []), top + 1
    if len(names) > WIDEST:
        raise DataError(f"{path}, row {top + 1}: {len(names):,} columns; at most {WIDEST:,} are read")
    numbered, pieces = enumerate(rows, top + 2), [pd.DataFrame(columns=range(len(names)), dtype="str")]
    while piece := list(islice(numbered, _CHUNK)):
        last = piece[-1][0]
        kept = {at: _fitted(path, row, names, at) for at, row in piece if "".join(row).strip()}
        pieces.append(pd.DataFrame(list(kept.values()), list(kept), pieces[0].columns, dtype="str"))
    frame = pd.concat(pieces).set_axis(names, axis="columns")
    notes = [f"the header was taken from row {top + 1}"] if top else []
    notes += [f"{counted(empty, 'empty row')} passed over"] if (empty := last - top - 1 - len(frame)) else []
    frame.attrs = {"header": top + 1, "notes": notes}
    return frame


def _layout(head: list[str], wanted: set[str]) -> tuple[str, int]:
    """Return the separator with which the first rows name most wanted columns, and the header's place among them."""
    found = {",": (0, 0, 0)}
    for separator in ",;\t":
        with suppress(csv.Error, StopIteration):  # too long a cell, or nothing at all
            top, named = find_header(list(csv.reader(head, delimiter=separator)), wanted)
            found[separator] = named, head[0].count(separator), top
    best = max(found, key=lambda separator: found[separator][:2])
    return best, found[best][2]


def _records(path: Path, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    number = 0
    while True:
        number += 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path}, row {number}: no row of a CSV file ({error}); close quotation marks and double those inside a text") from None  # fmt: skip


def _fitted(path: Path, row: list[str], names: list[str], number: int) -> list[str]:
    """Return a row with as many cells as the header; only empty ones, or those without a name, may be added or lack."""
    if len(row) == len(names):
        return row
    named = max(at for at, name in enumerate(names, start=1) if name.strip())
    if len(row) < named or any(cell.strip() for cell in row[len(names) :]):
        last = names[min(len(row), len(names)) - 1]
        raise DataError(f"{path}, row {number}, column '{last}': {len(row)} values where {len(names)} belong; quote text that holds the separator")  # fmt: skip
    return row[: len(names)] + [""] * (len(names) - len(row))


def _excel(path: Path, wanted: set[str]) -> pd.DataFrame:
    from papi_lib import sheets

    return sheets.read(path, wanted)


def _statistics(path: Path, _wanted: set[str]) -> pd.DataFrame:
    import pyreadstat

    stata = path.suffix.lower() == ".dta"  # whose old formats do not say which encoding they have
    reader = pyreadstat.read_dta if stata else pyreadstat.read_sav
    frame, about = reader(str(path), encoding="UTF-8" if stata else None, user_missing=True)
    if "1258" in str(about.file_encoding):  # of which the reader loses the last letter of each text
        raise DataError(f"{path}: the text is not UTF-8; save the file as UTF-8")
    lost = {}
    for name in about.missing_user_values if stata else ():
        letters = is_text(frame[name])
        lost[composed(name)] = {f".{letter}": n for letter, n in Counter(frame[name][letters]).items()}
        frame[name] = frame[name].mask(letters).astype("float64")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    labels = {
        composed(name): {_code(code): composed(label) for code, label in pairs.items()}
        for name, pairs in about.variable_value_labels.items()
    }
    frame.attrs = {"labels": labels, "lost": lost}
    return frame


def _code(code: object) -> object:
    """Return a labelled code as it is told: whole numbers without decimals, Stata's missing codes with their point."""
    if isinstance(code, float) and code.is_integer():
        return int(code)
    return f".{code}" if isinstance(code, str) and len(code) == 1 and code.isalpha() else code


def _parquet(path: Path, _wanted: set[str]) -> pd.DataFrame:
    """Read without Arrow's threads: a process that is to be forked may have one only."""
    import pyarrow as pa
    from pyarrow import parquet

    if _is_broken(path):
        raise DataError(f"{path}: has changed since it was written, by a fault of a disk or on its way; restore it, or write it again")  # fmt: skip
    with parquet.ParquetFile(path, memory_map=True, pre_buffer=False, page_checksum_verification=True) as file:
        _check_names(f"{path}", file.schema_arrow.names)
        table = file.read(use_threads=False)
        for name, column in zip(table.column_names, table.columns, strict=True):
            try:
                column.validate(full=True)
            except pa.ArrowInvalid:
                raise DataError(f"{path}, column '{name}': holds text that is not UTF-8; write the file again") from None  # fmt: skip
        del column
        frame = table.to_pandas(use_threads=False, split_blocks=True, self_destruct=True)
    if list(frame.index.names) != [None]:
        frame = frame.reset_index()
    frame.index = range(1, len(frame) + 1)
    return frame


def sealed(frame: pd.DataFrame) -> bytes:
    """Return a frame, without its index, as a Parquet file that tells if a bit of it changed: checksums of pages, a digest of all."""
    import pyarrow as pa
    from pyarrow import parquet

    table, file = pa.Table.from_pandas(frame, preserve_index=False), io.BytesIO()
    with parquet.ParquetWriter(file, table.schema, write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"papi": (_MARK + _BLANK).decode()})
    begin, mark, end = file.getvalue().rpartition(_MARK)
    digest = hashlib.sha256(begin + mark + end).hexdigest().encode()
    return begin + mark + digest + end[len(_BLANK) :]


def _is_broken(path: Path) -> bool:
    """Tell whether a file that was sealed is no longer what was written; a file without a seal is not."""
    begin, mark, end = path.read_bytes().rpartition(_MARK)
    seal, rest = end[: len(_BLANK)], end[len(_BLANK) :]
    return bool(mark) and hashlib.sha256(begin + mark + _BLANK + rest).hexdigest().encode() != seal


_READERS = {".csv": _csv, ".dta": _statistics, ".parquet": _parquet, ".sav": _statistics, ".xlsx": _excel}

"""Excel workbooks: the sheet and the row where the data begin, merged cells, formulas without a value."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.utils import range_boundaries
from openpyxl.worksheet import _reader
from openpyxl.xml.functions import iterparse

from papi_lib.cells import WIDEST, composed, counted, find_header
from papi_lib.datafiles import DataError

#: Bytes that a workbook may unpack to, and how many times its own size where these are more than a few.
_UNPACKED, _RATIO, _FEW = 2 << 30, 100, 8 << 20
_ROWS, _COLUMNS = 1_048_576, 16_384  # of a sheet, by its format
_HEAD = 50  # rows that hold something, among which the header is looked for


def read(path: Path, expected: Collection[str]) -> pd.DataFrame:
    """Read the sheet that has the expected columns; where several have, the one that is open, and where none has, too.

    Returns
    -------
    pandas.DataFrame
        As `papi_lib.tablefiles.read` makes it from a file, before names and cells are cleaned: rows that hold
        something, by number; in ``.attrs`` ``header`` (its row), ``notes``, and ``nameless``: the row of each cell
        in a column without a name.
    """
    with _opened(path) as book:
        sheet, header, notes = _data_sheet(path, book, expected)
        return _table(sheet, header, notes)


def grids(path: Path) -> dict[str, pd.DataFrame]:
    """Return the cells of each sheet that hold something, by its title: indexed by row, with columns by their numbers."""
    found = {}
    with _opened(path) as book:
        for sheet in book.worksheets:
            with sheet._get_source() as source:
                rows = dict(_Parser(sheet, source).rows())
            found[sheet.title] = pd.DataFrame.from_dict(rows, orient="index", dtype=object).sort_index(axis=1)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a workbook, unless it unpacks to more than one of its size does."""
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > _UNPACKED or unpacked > max(_FEW, _RATIO * path.stat().st_size):
            raise DataError(f"{path}: the workbook unpacks to {unpacked >> 20:,} MB, more than a table of its size is; save its data as .csv")  # fmt: skip
    with warnings.catch_warnings(action="ignore"):  # of what openpyxl leaves out: styles, extensions
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()


class _Parser(_reader.WorkSheetParser):
    """Cells that hold something, row by row; openpyxl's own rows are as wide as the last cell is far."""

    def __init__(self, sheet, source) -> None:
        known = sheet.parent
        super().__init__(source, sheet._shared_strings, True, known.epoch, known._date_formats, known._timedelta_formats)  # fmt: skip
        self.merged: list[str] = []
        self.formulas: list[int] = []

    def rows(self) -> Iterator[tuple[int, dict[int, object]]]:
        """Yield each row's number and its values by the column's number."""
        count = 0
        for _, element in iterparse(self.source):
            if element.tag == _reader.ROW_TAG and not len(element):
                self.row_counter = int(element.get("r") or self.row_counter + 1)  # type: ignore[has-type]
            elif element.tag == _reader.ROW_TAG:
                if len(element) > _COLUMNS:
                    raise ValueError(f"a row has more than {_COLUMNS:,} cells")
                number, cells = self.parse_row(element)
                yield number, {c["column"]: c["value"] for c in cells if composed(c["value"]) not in (None, "")}
                self.row_dimensions.clear()
                element.clear()
            if element.tag == _reader.ROW_TAG and (count := count + 1) > _ROWS:
                raise ValueError(f"a sheet has more than {_ROWS:,} rows")
            if element.tag == _reader.MERGE_TAG:
                self.merged = [cell.get("ref") for cell in element]

    def parse_cell(self, element) -> dict:
        if not len(element):  # nothing but a style
            self.col_counter += 1
            return {"column": self.col_counter, "value": None}
        cell = super().parse_cell(element)
        formula = element.find(_reader.FORMULA_TAG)
        if cell["value"] is None and formula is not None and element.get("t") != "str":
            cell["value"] = f"={formula.text or ''}"
            self.formulas.append(cell["row"])
        return cell


def _data_sheet(path: Path, book, expected: Collection[str]) -> tuple:
    """Return the sheet that holds the data, its header as row number and cells, and what to tell of the choice."""
    found = {}
    for sheet in book.worksheets:
        with sheet._get_source() as source:
            head = list(islice(((n, cells) for n, cells in _Parser(sheet, source).rows() if cells), _HEAD))
        if head:
            at, named = find_header([list(cells.values()) for _, cells in head], expected)
            found[sheet] = (named, *head[at])
    if not found:
        raise DataError(f"{path}: the file has no rows in any sheet; add them")
    most = max(named for named, *_ in found.values())
    like = [sheet for sheet, (named, *_) in found.items() if 4 * named >= most]
    full = [sheet for sheet in like if len(found[sheet][2]) > 1] or like
    chosen = book.active if book.active in full else max(full, key=lambda sheet: (sheet.sheet_state == "visible", found[sheet][0]))  # fmt: skip
    _, row, header = found[chosen]
    notes = []
    if len(book.sheetnames) > 1 or row > 1:
        others = [f"'{sheet.title}'" + " (has such columns too)" * (sheet in like and most > 0) for sheet in book.worksheets if sheet is not chosen]  # fmt: skip
        more = f"; not read: {', '.join(others[:5])}{', …' if len(others) > 5 else ''}" if others else ""
        notes.append(f"sheet '{chosen.title}' was read, with its header in row {row}{more}")
    return chosen, (row, header), notes


def _table(sheet, header: tuple[int, dict[int, object]], notes: list[str]) -> pd.DataFrame:
    """Return a sheet's rows below its header as a frame."""
    top, names = header
    if len(names) > WIDEST:
        raise ValueError(f"row {top} names {len(names):,} columns, at most {WIDEST:,} are read")
    columns = sorted(names)
    rows, numbers, last, nameless = [], [], top, []
    with sheet._get_source() as source:
        parser = _Parser(sheet, source)
        for number, cells in parser.rows():
            if number > top:
                last = number
                nameless += [number for column in cells if column not in names]
                if not names.keys().isdisjoint(cells):
                    rows.append([cells.get(column) for column in columns])
                    numbers.append(number)
    labels = [int(v) if isinstance(v, float) and v.is_integer() else v for v in (names[at] for at in columns)]
    if last - top > len(rows):
        notes.append(f"{counted(last - top - len(rows), 'empty row')} passed over")
    if merged := sum(range_boundaries(cells)[1] > top for cells in parser.merged):
        notes.append(f"{counted(merged, 'merged cell')} below the header; only the first of what was merged has the value")  # fmt: skip
    if found := parser.formulas:
        notes.append(f"{counted(len(found), 'formula')} without a value, the first in row {found[0]}; open the file in a spreadsheet program and save it")  # fmt: skip
    frame = pd.DataFrame(rows, index=numbers, columns=labels)
    frame.attrs = {"header": top, "notes": notes, "nameless": nameless}
    return frame

"""A workbook's sheets, with a province a row or a column, as lines by provinces.

Provinces are found by name or code; above them may stand the 34 of 2025 that they became, which are not taken. A line's
number (``1.1``, ``Dimension 1``), names and scale come from the cells before its figures.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from openpyxl.utils import get_column_letter

from papi_lib import datafiles, places, sheets
from papi_lib.cells import clean, composed, numbers
from papi_lib.datafiles import DataError

LEAST = 3  # provinces of a sheet
_LONGEST = 30  # letters of a province's name with its type
_HEAD = 15  # first lines among which that of the provinces is looked for
_YEAR = re.compile(r"(?<!\d)20[1-4]\d(?!\d)")
_SCALE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%?)\s*[-–—]\s*(\d+(?:[.,]\d+)?)\s*(%?)(?!\d)\D*")
#: A number that stands first, behind words without numbers at most: 1 with a sign behind it, or 1.1.
_CODE = re.compile(r"(?:[^\d:]{1,30}\s)?([1-9])(?:\s*[:.)](?!\d)|$|[.,]([1-9])(?![.,]?\d))")


class Label(NamedTuple):
    """What a line is: its number (dimension, or dimension and position), names and scale, where there are any."""

    code: tuple[int, ...] | None
    name_vi: str | None
    name_en: str | None
    scale: str | None

    def __str__(self) -> str:
        return f"'{self.name_vi or self.name_en or 'without a name'}'"


@dataclass
class Sheet:
    """A sheet's figures, whichever way they lie.

    Attributes
    ----------
    where, title : str
        File and sheet, for messages; the sheet.
    labels : dict of str to Label
        The lines by their place (``row 9``, ``column F``).
    values : pandas.DataFrame
        The same lines × provinces, as they stand there.
    notes : list of str
        What is not known.
    since : bool
        Whether the provinces are the 34 since 2025.
    """

    where: str
    title: str
    labels: dict[str, Label]
    values: pd.DataFrame
    notes: list[str]
    since: bool


def year_in(name: str) -> int | None:
    """Return the one year that a name tells, if it is one.

    Examples
    --------
    >>> year_in("1.2021PAPI_ProvincialIndicators.xlsx"), year_in("2023, 2024")
    (2021, None)
    """
    years = set(_YEAR.findall(name))
    return int(years.pop()) if len(years) == 1 else None


@datafiles.held()
def read(path: Path) -> tuple[list[Sheet], list[str]]:
    """Read a workbook's sheets; return those with provinces, and what is to be told of the others.

    Raises
    ------
    papi_lib.datafiles.DataError
        The file is no workbook; a province stands twice; code and name of a province disagree.
    """
    try:
        tables = sheets.grids(path)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        raise DataError(f"{path}: is no workbook that can be read; give the .xlsx file as published") from None
    found = {title: _sheet(f"{path.name}, sheet '{title}'", title, table) for title, table in tables.items()}
    other = [f"{path.name}, sheet '{title}': has no provinces; passed over" for title, one in found.items() if not one]
    return [sheet for sheet in found.values() if sheet], other


def _sheet(where: str, title: str, table: pd.DataFrame, year: int = places.REFORM - 1) -> Sheet | None:
    """Return a sheet with its lines as rows and its provinces as columns; None if it has no provinces."""
    grid = table.map(composed)
    ways = [(grid, "row {}".format, _column), (grid.T, _column, "row {}".format)]
    spots = [(way[0].loc[at], way) for way in ways for at in way[0].index[:_HEAD]]
    options = [(_codes(cells, year).dropna(), cells, *way) for cells, way in spots]
    best = max(options, key=lambda o: (o[0].nunique(), o[1].map(type).eq(str).sum()), default=None)
    if best is None or best[0].nunique() < LEAST:
        return None
    found, axis, grid, line, across = best
    for code, same in found.groupby(found):
        if len(same) > 1:
            spots = " and ".join(across(at) for at in same.index[:2])
            raise DataError(f"{where}: {name(code, year)} stands in {spots}; delete one of the two")
    try:
        places.check_set(found.astype(int), year)
    except ValueError as error:
        if year >= places.REFORM:
            raise DataError(f"{where}: {error}") from None
        return _sheet(where, title, table, places.REFORM)
    body = grid.drop(index=axis.name)
    extra = [at for at in body.columns.difference(found.index) if at > found.index.min()]
    notes = [f"{where}, {across(at)}: '{axis[at] if pd.notna(axis[at]) else 'no name'}' is no province that is known; not taken" for at in extra]  # fmt: skip
    before = body.loc[:, body.columns < found.index.min()]
    labels = {at: _label(cells) for at, *cells in before.itertuples()}
    coded = [at for at, label in labels.items() if label.code]
    head = body.index < min(coded, default=np.inf)
    headers = _headers(where, body.loc[head, found.index], found, across, notes, year)
    values = {}
    for at, cells in body[found.index].drop(index=headers).iterrows():
        cells, _ = clean(cells)
        values[at] = numbers(cells)
        odd = cells[cells.notna() & values[at].isna()]
        if values[at].notna().any() and len(odd):
            notes.append(f"{where}, {line(at)}, {across(odd.index[0])}: '{odd.iloc[0]}' is no number; such cells are taken as missing ({len(odd)} in the line)")  # fmt: skip
    frame = pd.DataFrame(values, found.index).T.set_axis(pd.Index(found.astype(int), name="province_code"), axis=1)
    frame = frame[frame.notna().any(axis=1) | frame.index.isin(coded)]
    kept = {line(at): labels[at] for at in frame.index}
    return Sheet(where, title, kept, frame.set_axis(list(kept)), notes, year >= places.REFORM)


def name(code: float, year: int) -> str:
    """Return the name of a province of a year for messages."""
    return places.province(int(code), year).name_vi


def _column(n: int) -> str:
    return f"column {get_column_letter(n)}"


def _codes(cells: pd.Series, year: int) -> pd.Series:
    """Return the codes of the provinces that cells name, missing where they name none: their numbers, if all are codes, or their texts."""

    def code(cell: object) -> float:
        try:
            return np.nan if len(str(cell)) > _LONGEST else places.province(cell, year).code
        except ValueError:
            return np.nan

    cells = cells.dropna()
    found, figures = cells.map(code).astype(float), ~cells.map(type).eq(str)
    words, codes = found[~figures], found[figures]
    return (codes if codes.notna().all() and len(codes) > words.count() else words).reindex(cells.index)


def _label(cells: list) -> Label:
    """Return a line's number, Vietnamese and English name, and scale, from the cells before its figures."""
    texts = dict.fromkeys(" ".join(cell.split()) for cell in cells if isinstance(cell, str))
    scales = [match for text in texts if (match := _SCALE.fullmatch(text))]
    names = [text for text in texts if not _SCALE.fullmatch(text)]
    codes = [tuple(int(n) for n in match.groups() if n) for text in names if (match := _CODE.match(text))]
    deepest = {code for code in codes if len(code) == max(map(len, codes))}
    marked = [text for text in names if places.plain(text) != text.lower()]
    unmarked = [text for text in names if text not in marked]
    vietnamese, english = next(iter([*marked, *unmarked[1:]]), None), next(iter(unmarked), None)
    scale = "{}{}-{}{}".format(*scales[0].groups()).replace(",", ".") if scales else None
    return Label(deepest.pop() if len(deepest) == 1 else None, vietnamese, english, scale)


def _headers(where: str, head: pd.DataFrame, found: pd.Series, across, notes: list[str], year: int) -> list:
    """Hold codes and names above the figures against the provinces; return these lines, with those of the 34 of 2025 above them."""
    merged, lines = len(places.provinces(places.REFORM)), []
    for at, cells in head.iterrows():
        cells = cells.dropna()
        named = _codes(cells, year)
        if not named.notna().mean() > 0.5:
            continue
        lines.append(at)
        notes += [f"{where}, {across(spot)}: '{cells[spot]}' is no province that is known; the one beside it is taken" for spot in named.index[named.isna()]]  # fmt: skip
        wrong = named.index[named.notna() & (named != found[named.index])]
        of_several = named.nunique() <= merged and (len(cells) < len(found) or named.duplicated().any())
        if len(wrong) and not of_several:
            spot = wrong[0]
            raise DataError(f"{where}, {across(spot)}: '{cells[spot]}' is {name(named[spot], year)}, but {name(found[spot], year)} stands beside it; correct one of the two")  # fmt: skip
    return lines

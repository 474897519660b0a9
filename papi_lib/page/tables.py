"""Tables on a page: a data frame, told what its columns are, as an accessible HTML table in the page's language."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from html import escape

import openpyxl
import pandas as pd
from openpyxl.styles import Border, Font, PatternFill, Side

from papi_lib.page.words import Words

#: A column's name to its header (an English sentence) and its format (see `papi_lib.page.words`).
Columns = Mapping[object, tuple[str, str]]


def html(
    frame: pd.DataFrame,
    words: Words,
    caption: str,
    columns: Columns,
    rows: tuple[str, str] = ("part", "part"),
    looks: pd.DataFrame | None = None,
) -> str:
    """Return a data frame as an HTML table with caption and header scopes.

    Parameters
    ----------
    frame : pandas.DataFrame
        What to show; columns that `columns` does not name are left out, and so are those that it names in vain.
    words : Words
        The page's language.
    caption : str
        What the table shows, in the page's language.
    columns : mapping
        Column to header and format, in the order shown: ``{"score": ("score", "2")}``.
    rows : (str, str)
        Header and format of the index.
    looks : pandas.DataFrame, optional
        Classes of the cells for the style sheet, shaped like the frame: ``group-1`` to ``group-4``, ``break``.

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [7.25]}, index=["Huế"])
    >>> "<td class=\\"number\\">7,25" in html(frame, Words("vi"), "Điểm", {"score": ("score", "2")}, ("province", ""))
    True
    """
    shown = {name: about for name, about in columns.items() if name in frame}
    head = "".join(f'<th scope="col"{_look(kind)}>{escape(words(header))}</th>' for header, kind in shown.values())
    classes = [[None] * len(shown)] * len(frame) if looks is None else looks[list(shown)].to_numpy().tolist()
    body = "".join(
        f'<tr><th scope="row">{escape(words.value(label, rows[1]))}</th>'
        + "".join(
            f"<td{_look(kind, look)}>{escape(words.value(v, kind))}</td>"
            for v, look, (_, kind) in zip(row, own, shown.values(), strict=True)
        )
        + "</tr>"
        for label, row, own in zip(
            frame.index, zip(*(frame[name] for name in shown), strict=True), classes, strict=True
        )
    )
    return (
        f'<table class="figures{"" if looks is None else " by-year"}"><caption>{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">{escape(words(rows[0]))}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


#: Fill and letters of the four groups, as in the style sheet.
_FILLS = {
    group: PatternFill("solid", colour) for group, colour in enumerate(("08306B", "3182BD", "9ECAE1", "E4EDF8"), 1)
}
_WHITE = Font(color="FFFFFF")
_BREAK = Border(right=Side("thick", color="0B4F8A"))


def workbook(
    title: str, sheets: Mapping[str, tuple[pd.DataFrame, str]], groups: pd.DataFrame, breaks: pd.DataFrame
) -> bytes:
    """Return frames of one shape as an Excel workbook, a sheet each, in the colours of groups; equal input gives equal bytes.

    Parameters
    ----------
    title : str
        Above each table.
    sheets : mapping
        Name of the sheet to its frame, whose numbers stay numbers, and their Excel format: ``0.00``.
    groups, breaks : pandas.DataFrame
        Shaped like the frames: the group of each cell, 1 to 4, and whether a thick line stands after it.
    """
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, (frame, numbers) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append([title])
        sheet.append([None, *frame.columns])
        sheet.column_dimensions["A"].width, sheet.freeze_panes = 44, "B3"
        looks = zip(groups.to_numpy(), breaks.to_numpy(), strict=True)
        for (label, row), (group, broken) in zip(frame.iterrows(), looks, strict=True):
            sheet.append([label, *(None if pd.isna(value) else value for value in row)])
            for cell, of, line in zip(sheet[sheet.max_row][1:], group, broken, strict=True):
                cell.number_format = numbers
                if of in _FILLS:
                    cell.fill = _FILLS[of]
                if of == 1:
                    cell.font = _WHITE
                if line is True:
                    cell.border = _BREAK
    packed, even = io.BytesIO(), io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as given, zipfile.ZipFile(even, "w", zipfile.ZIP_DEFLATED) as made:
        for part in given.namelist():
            text = re.sub(rb"(?<=>)[\dT:-]+Z(?=</dcterms)", b"2000-01-01T00:00:00Z", given.read(part))
            made.writestr(zipfile.ZipInfo(part, (2000, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return even.getvalue()


def _look(kind: str, look: str | None = None) -> str:
    """Return the attribute of cells: numbers stand below each other."""
    if look:
        return f' class="{look}"'
    return ' class="number"' if kind.strip("+")[:1].isdigit() or kind in ("%", "n") else ""

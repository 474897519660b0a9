"""Tables on a page: a data frame, told what its columns are, as an accessible HTML table in the page's language."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from html import escape

import pandas as pd

from papi_lib.page.colours import GROUPS, INKS
from papi_lib.page.words import Words

#: A column's name to its header (an English sentence) and its format (see `papi_lib.page.words`).
Columns = Mapping[object, tuple[str, str]]


def html(
    frame: pd.DataFrame, words: Words, caption: str, columns: Columns, rows: tuple[str, str] = ("part", "part"),
    looks: pd.DataFrame | None = None,
) -> str:  # fmt: skip
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
    classes = dict.fromkeys(shown, [None] * len(frame)) if looks is None else looks
    cells = [
        [f"<td{_look(kind, look)}>{escape(words.value(v, kind))}</td>" for v, look in zip(frame[name], classes[name], strict=True)]
        for name, (_, kind) in shown.items()
    ]  # fmt: skip
    labels = [f'<th scope="row">{escape(words.value(label, rows[1]))}</th>' for label in frame.index]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(labels, *cells, strict=True))
    return (
        f'<table class="figures{"" if looks is None else " by-year"}"><caption>{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">{escape(words(rows[0]))}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


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
    fills = {group: f"background-color: {fill}; color: {INKS[group]};" for group, fill in GROUPS.items()}
    lines = {True: "border-right: thick solid #0b4f8a;", False: ""}
    looks = groups.map(lambda group: fills.get(group, "")) + breaks.eq(True).map(lines.get)
    packed, even = io.BytesIO(), io.BytesIO()
    with pd.ExcelWriter(packed, engine="openpyxl") as book:
        for name, (frame, numbers) in sheets.items():
            own = looks + f"number-format: {numbers};"
            styled = frame.style.apply(lambda _, own: own, axis=None, own=own)
            styled.to_excel(book, sheet_name=name, startrow=1, freeze_panes=(2, 1))
            book.sheets[name]["A1"], book.sheets[name].column_dimensions["A"].width = title, 44
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

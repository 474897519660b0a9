"""Tables on a page: a data frame, told what its columns are, as an accessible HTML table in the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

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


def _look(kind: str, look: str | None = None) -> str:
    """Return the attribute of cells: numbers stand below each other."""
    if look:
        return f' class="{look}"'
    return ' class="number"' if kind.strip("+")[:1].isdigit() or kind in ("%", "n") else ""

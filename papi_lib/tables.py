"""Tables on a page: a data frame as an accessible HTML table in the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from numbers import Integral, Real

import pandas as pd

from papi_lib.wording import Words


@dataclass(repr=False)
class Table:
    """A table that shows itself in a notebook.

    Attributes
    ----------
    frame : pandas.DataFrame
        What to show: column names are the headers, the index the row headers, both already in
        the page's language.
    caption : str
        Caption in the page's language.
    words : Words
        The page's language.
    decimals : int or mapping of column to int
        Decimals of the fractional numbers.

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [7.25]}, index=pd.Index(["Huế"], name="province"))
    >>> "7,25" in Table(frame, "Điểm", Words("vi"))._repr_html_()
    True
    """

    frame: pd.DataFrame
    caption: str
    words: Words
    decimals: int | Mapping[str, int] = 2

    def __repr__(self) -> str:
        return self.caption  # what it holds is in its HTML

    def _repr_html_(self) -> str:
        return html(self.frame, self.words, caption=self.caption, decimals=self.decimals)


def html(frame: pd.DataFrame, w: Words, *, caption: str, decimals: int | Mapping[str, int] = 2) -> str:
    """Return a data frame as an HTML table with caption and header scopes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Column names are the headers, the index the row headers.
    w : Words
        Language of the numbers; a missing one is shown as a dash.
    caption : str
        What the table shows.
    decimals : int or mapping of column to int
        Decimals of fractional numbers; whole numbers have none.

    Examples
    --------
    >>> html(pd.DataFrame({"score": [7.25]}), Words("en"), caption="Scores")[:54]
    '<table class="figures"><caption>Scores</caption><thead'
    """

    places = {name: decimals.get(name, 2) if isinstance(decimals, Mapping) else decimals for name in frame.columns}

    def cell(value: object, column: str) -> str:
        if isinstance(value, str):
            return f"<td>{escape(value)}</td>"
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return '<td class="number">–</td>'
        if isinstance(value, Integral):
            return f'<td class="number">{value}</td>'
        if isinstance(value, Real):
            return f'<td class="number">{w.number(value, places[column])}</td>'
        return f"<td>{escape(str(value))}</td>"

    numeric = {name: pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns}
    head = "".join(
        f'<th scope="col"{" class=number" if numeric[name] else ""}>{escape(str(name))}</th>' for name in frame.columns
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(str(label))}</th>'
        + "".join(cell(value, name) for name, value in zip(frame.columns, row, strict=True))
        + "</tr>"
        for label, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True)
    )
    return (
        f'<table class="figures"><caption>{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">{escape(str(frame.index.name or ""))}</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )

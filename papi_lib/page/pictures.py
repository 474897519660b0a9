"""Pictures on a page: axes in the project's look, shown with caption, alt text and the figures behind them.

A chart draws on axes and says what it drew (`describe`); the page shows it as inline SVG. Numbers on axes are in
the language of the page.
"""

from __future__ import annotations

import io
import re
import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from papi_lib.page import tables
from papi_lib.page.words import Words

#: Colours of the four groups, 1 = highest: one hue from dark to light, told apart without colour vision.
GROUP_COLOURS = {1: "#08306b", 2: "#3182bd", 3: "#9ecae1", 4: "#e3eef9"}
PLACE, COUNTRY, REGION, CITIES, BEST, FAINT = "#c2410c", "#1f2937", "#0f766e", "#7c3aed", "#6b7280", "#cbd5e1"
_STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "papi", "font.family": "DejaVu Sans", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#94a3b8", "axes.labelcolor": "#1f2937",
    "axes.titlesize": 9.5, "axes.titlelocation": "left",
    "axes.titley": 1.0,  # there is nothing above the axes to search for and keep clear of
    "xtick.color": "#475569", "ytick.color": "#1f2937", "legend.frameon": False, "legend.fontsize": 8,
}  # fmt: skip
_FONTS = "'DejaVu Sans', Verdana, 'Noto Sans', sans-serif"


class Numbers(ScalarFormatter):
    """Ticks as numbers in a page's language."""

    def __init__(self, words: Words, signed: bool = False) -> None:
        super().__init__(useOffset=False)
        self.set_scientific(False)
        self.words, self.signed = words, signed

    def __call__(self, x: float, pos: int | None = None) -> str:
        places = len(str(super().__call__(x, pos)).replace("\N{MINUS SIGN}", "-").partition(".")[2])
        return (self.words.signed if self.signed else self.words.number)(x, places)


@dataclass(frozen=True)
class Description:
    """What a picture shows: ``caption`` and ``alt`` in the page's language, and the frame drawn with its columns.

    ``columns`` and ``rows`` are as `papi_lib.page.tables.html` takes them.
    """

    caption: str
    alt: str
    data: pd.DataFrame | None = None
    columns: tables.Columns | None = None
    rows: tuple[str, str] = ("part", "part")


def axes(
    words: Words, width: float = 7, height: float = 3.6, rows: int = 1, columns: int = 1,
    margins: tuple[float, float, float, float] | None = None,
) -> Axes | np.ndarray:  # fmt: skip
    """Return empty axes in the project's look, apart from pyplot's figures; several as a flat array.

    What is drawn on them by hand has the look as well. Sizes are in inches. The layout is found when the picture is
    drawn; `margins` (left, right, top, bottom) fix it where they are known, which draws twice as fast.
    """
    mpl.rcParams.update(_STYLE)
    figure = Figure(figsize=(width, height), layout=None if margins else "constrained")
    drawn = figure.subplots(rows, columns, squeeze=False).ravel()
    if margins:
        left, right, top, bottom = margins
        figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, 0.16, 0.34)
    for ax in drawn:
        ax.xaxis.set_major_formatter(Numbers(words))
        ax.yaxis.set_major_formatter(Numbers(words))
    return drawn[0] if len(drawn) == 1 else drawn


def style():
    """Return the context in which every picture is drawn: the project's one look."""
    return mpl.rc_context(_STYLE)


def describe(ax: Axes, caption: str, alt: str, data: pd.DataFrame | None = None, **shown: Any) -> Axes:
    """Say what is drawn on axes, for `Page.picture`: the fields of `Description`; return the axes."""
    vars(ax.figure)["description"] = Description(caption, alt, data, **shown)
    return ax


def html(figure: Figure, about: Description, words: Words, note: str = "") -> str:
    """Return a figure as HTML: inline SVG that a screen reader can read out, caption, the figures behind it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn; it stays as it is.
    about : Description
        What it shows.
    words : Words
        The page's language.
    note : str
        Text across the picture, such as that its data are simulated.
    """
    behind = ""
    if about.data is not None:
        columns = about.columns or {name: (str(name), "2") for name in about.data}
        body = tables.html(about.data, words, words("Data behind the picture"), columns, about.rows)
        behind = f"<details><summary>{escape(words('Show the data'))}</summary>{body}</details>"
    drawing = f'<div class="drawing" tabindex="0">{svg(figure, about.alt, note)}</div>'
    return f'<figure class="picture">{drawing}<figcaption>{escape(about.caption)}</figcaption>{behind}</figure>'


def svg(figure: Figure, alt: str, note: str = "") -> str:
    """Return a figure as one ``<svg>`` element with alt text, and a note across it."""
    buffer, engine = io.StringIO(), figure.get_layout_engine()
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if not axis.label.get_text()):
        axis.set_label_coords(0, 0)  # a name that is not there is not kept clear of the ticks' labels
    with style():
        if engine:  # laid out here, the figure is drawn once; savefig would draw it twice
            engine.execute(figure)
            figure.set_layout_engine(None)
        look: Any = {"color": "#b91c1c", "alpha": 0.25, "fontsize": 26, "ha": "center", "va": "center", "rotation": 20}
        mark = figure.text(0.5, 0.5, note, in_layout=False, **look)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        mark.remove()
        figure.set_layout_engine(engine)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"'DejaVu Sans'[^;\"]*", _FONTS, text)
    text = re.sub(r"\s*\n\s*", "\n", text)
    # Full precision of positions serves no eye: a tenth of a point does. Texts between tags stay as they are.
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(?<=[ \"(\n,MLCQz-])(\d+\.\d)\d+", r"\1", tag[0]), text)
    opening = (
        r'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="\1" role="img" '
        f'aria-label="{{alt}}" style="width:100%;max-width:{figure.get_figwidth() * 1.15:.2f}in;height:auto;background:#fff">'
    )
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', opening, text, count=1).replace("{alt}", escape(alt), 1)


def wrap(text: str, width: int) -> str:
    """Break a label into lines of about `width` characters, between words."""
    return textwrap.fill(text, width, break_long_words=False)

"""Pictures on a page: axes in the project's look, shown with caption, alt text and the figures behind them.

A chart draws on axes and says what it drew (`describe`); the page shows it as inline SVG, once for screens and paper
and once for phones, and the style sheet shows one of the two. Numbers on axes are in the language of the page.
"""

from __future__ import annotations

import io
import re
import textwrap
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, ScalarFormatter

from papi_lib.page import colours, tables
from papi_lib.page.colours import ALARM, BEST, CITIES, COUNTRY, FAINT, LINE, PLACE, REGION, SOFT  # noqa: F401 (for notebooks)
from papi_lib.page.words import Words

#: The look of a page's pictures; `theme` puts it into matplotlib's settings.
_THEME: Any = {
    "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": LINE, "axes.labelcolor": COUNTRY,
    "axes.titlesize": 9.5, "axes.titlelocation": "left", "text.color": COUNTRY,
    "axes.facecolor": "none", "figure.facecolor": "none",
    "text.hinting": "none",  # widths as a browser has them, and measured in half the time
    "axes.titley": 1.0,  # there is nothing above the axes to search for and keep clear of
    "xtick.color": SOFT, "ytick.color": COUNTRY, "legend.frameon": False, "legend.fontsize": 8,
}  # fmt: skip
#: Width of the drawing for phones in inches, and its smallest type in points: 11 px on a screen of 360 px.
NARROW, SMALLEST = 3.4, 8.3
#: Group ids of what is drawn for one of the two widths alone: names over many dots, say.
ONLY_WIDE, ONLY_NARROW = "only-wide", "only-narrow"
_LONG = re.compile(r"(?<=[ \"(\n,MLCQz-])(\d+\.\d)\d+")
_STEP, _EMPTY = re.compile(r"\n?\b([MLCQz])(?: (?=-?\d)|\n(?=\"))"), re.compile(r"<path(?! [^>]*\bd=)[^>]*/>\n")
#: Colours that a page's style sheet replaces on a dark page.
_DARK = re.compile(f'#({"|".join(colour[1:] for colour in colours.DARK)})(?=[;"])')
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
    """Return empty axes; several as a flat array.

    Sizes are in inches. The layout is found when the picture is drawn; on a page `margins` (left, right, top, bottom) fix
    it where they are known, which draws twice as fast. Outside of a page (`on_page`) the figure is one of pyplot's, in
    the look that the reader has set, and a notebook shows it as any other.
    """
    margins = margins if on_page() else None
    layout: Any = {"figsize": (size(width), size(height)), "layout": None if margins else "constrained"}
    figure = Figure(**layout) if on_page() else plt.figure(**layout)
    drawn = figure.subplots(rows, columns, squeeze=False).ravel()
    if margins:
        left, right, top, bottom = margins
        figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, 0.16, 0.34)
    for ax in drawn:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(Numbers(words))
            axis.isDefault_majfmt = True  # names that are drawn on the axis may take its place
    return drawn[0] if len(drawn) == 1 else drawn


def theme() -> None:
    """Make the look of pages that of all pictures from now on, as `seaborn.set_theme` does; opening a page calls it.

    A theme that is set afterwards replaces it, on pages too.
    """
    mpl.rcParams.update(_THEME)


def on_page() -> bool:
    """Return whether pictures have the look of pages: see `theme`."""
    return mpl.rcParams["text.color"] == COUNTRY


def size(on_a_page: float) -> float:
    """Return a size on a page as it is where type is larger than a page's 9 points: twice as much where that is 18."""
    return on_a_page * (mpl.rcParams["font.size"] / _THEME["font.size"])


def legend(ax: Axes, alone: bool, columns: int) -> None:
    """Name what is drawn: below the figure, or inside the axes where the figure may have others (not `alone`)."""
    if alone:
        ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=columns)
    else:
        ax.legend()


def describe(ax: Axes, caption: str, alt: str, data: pd.DataFrame | None = None, **shown: Any) -> Axes:
    """Say what is drawn on axes, for `Page.picture`: the fields of `Description`; return the axes."""
    vars(ax.figure)["description"] = Description(caption, alt, data, **shown)
    return ax


def html(figure: Figure, about: Description, words: Words, note: str = "", code: str = "") -> str:
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
    code : str
        Python that draws the picture again, if it is known; to be copied.
    """

    def folded(name: str, body: str) -> str:
        label = f"{escape(name)}: {escape(about.caption)}"
        return f'<details><summary aria-label="{label}">{escape(name)}</summary>{body}</details>'

    behind = ""
    if about.data is not None:
        columns = about.columns or {name: (str(name), "2") for name in about.data}
        body = tables.html(about.data, words, words("Data behind the picture"), columns, about.rows)
        behind = folded(words("Show the data"), body)
    if code:
        behind += folded(words("Copy as code"), f"<pre>{escape(code)}</pre>")
    drawing = svg(figure, about.alt, note)
    if figure.get_figwidth() > NARROW:
        with narrow(figure):
            drawing += svg(figure, about.alt, note, "narrow")
    return (
        f'<figure class="picture"><div>{drawing}</div><figcaption>{escape(about.caption)}</figcaption>{behind}</figure>'
    )


@contextmanager
def narrow(figure: Figure) -> Iterator[None]:
    """Lay a figure out for a phone's width as long as the context lasts.

    Panels stand below each other, labels are broken into shorter lines, type is no smaller than `SMALLEST`, names of a
    legend stand in one column. What is drawn for one width alone is known by its group id.
    """

    def put(artist: Any, **new: Any) -> None:
        undo.callback(artist.set, **{key: getattr(artist, f"get_{key}")() for key in new})
        artist.set(**new)

    with ExitStack() as undo:
        panels, width, height = figure.axes, *figure.get_size_inches()
        fixed = not any(ax.get_in_layout() for ax in panels)
        engine, heights, extra = figure.get_layout_engine(), [], 0.15
        undo.callback(lambda: figure.set_layout_engine(engine) if engine else figure.subplots_adjust())
        undo.callback(figure.set_layout_engine, None)
        tall = [ax.get_position().height * height for ax in panels]
        figure.set_layout_engine(None if fixed else "constrained")
        for text in figure.findobj(Text):
            if text.get_fontsize() < SMALLEST:
                put(text, fontsize=SMALLEST)
        for artist in figure.findobj(lambda drawn: drawn.get_gid() in (ONLY_WIDE, ONLY_NARROW)):
            put(artist, visible=artist.get_gid() == ONLY_NARROW)
        for ax, inches in zip(panels, tall, strict=True):
            labels = [label.get_text() for label in ax.get_yticklabels()]
            rows = [wrap(" ".join(label.split()), 17) for label in labels]
            heights.append(min(inches, 3.2))
            if max(map(len, labels), default=0) > 9:
                put(ax.yaxis, major_locator=FixedLocator(ax.get_yticks()), major_formatter=FixedFormatter(rows))
                lines = max(row.count("\n") for row in rows) + 1
                heights[-1] = max(inches, len(rows) * (0.15 * lines + 0.09))
            if (every := -(-sum(len(t.get_text()) + 1 for t in ax.get_xticklabels()) // 40)) > 1:
                for i, label in enumerate(reversed(ax.get_xticklabels())):
                    put(label, visible=i % every == 0)
            for text, most in ((ax.xaxis.label, 44), (ax.yaxis.label, 30), (ax._left_title, 40)):
                put(text, text=wrap(" ".join(text.get_text().split()), most))
            extra += 0.18 * (ax.get_title("left").count("\n") + 1 + 2 * bool(ax.get_xlabel())) + 0.2
        for legend in list(figure.legends):
            put(legend, visible=False, in_layout=False)
            names = [text.get_text() for text in legend.get_texts()]
            below = figure.legend(legend.legend_handles, names, loc="outside lower center", fontsize=SMALLEST)
            undo.callback(below.remove)
            extra += 0.18 * len(names) + 0.1
        apart = len(panels) > 1 and all(ax.get_subplotspec() for ax in panels)
        if apart:
            grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
            for ax, spec in zip(panels, grid, strict=True):
                put(ax, subplotspec=spec)
        kept = fixed or (len(panels) > 1 and not apart)
        put(figure, size_inches=(NARROW, height * NARROW / width if kept else sum(heights) + extra))
        yield


def svg(figure: Figure, alt: str, note: str = "", shown: str = "wide") -> str:
    """Return a figure as one ``<svg>`` element with alt text, and a note across it; `shown` is ``"wide"`` or ``"narrow"``."""
    buffer, engine = io.StringIO(), figure.get_layout_engine()
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if not axis.label.get_text()):
        axis.set_label_coords(0, 0)  # a name that is not there is not kept clear of the ticks' labels
    # By its salt no drawing refers to what another, perhaps hidden, has.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": shown}):
        if engine:  # laid out here, the figure is drawn once; savefig would draw it twice
            engine.execute(figure)
            figure.set_layout_engine(None)
        look: Any = {"color": ALARM, "alpha": 0.25, "fontsize": 26, "ha": "center", "va": "center", "rotation": 20}
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
    text = re.sub(
        r"<[^>]+>", lambda tag: _DARK.sub(r"var(--c\1,#\1)", _STEP.sub(r"\1", _LONG.sub(r"\1", tag[0]))), text
    )
    text = _EMPTY.sub("", text)
    # Matplotlib names clips by unrounded positions, whose last digit is not the same each time.
    for name, clip in re.findall(r'<clipPath id="(\w+)">(.*?)</clipPath>', text, re.S):
        text = text.replace(name, f"p{zlib.crc32((shown + clip).encode()):08x}")
    opening = (
        r'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="\1" role="img" '
        f'aria-label="{{alt}}" style="display:var(--{shown},{"block" if shown == "wide" else "none"});width:100%;'
        f'max-width:{figure.get_figwidth() * 1.15:.2f}in;height:auto;background:var(--paper,#fff)">'
    )
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', opening, text, count=1).replace("{alt}", escape(alt), 1)


def wrap(text: str, width: int) -> str:
    """Break a label into lines of about `width` characters, between words."""
    return textwrap.fill(text, width, break_long_words=False)

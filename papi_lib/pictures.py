"""A picture on a page: a matplotlib figure with alt text, caption and the data behind it."""

from __future__ import annotations

import io
import re
import textwrap
from dataclasses import dataclass, field
from html import escape

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from papi_lib import tables
from papi_lib.wording import Words

#: Colours of the four groups, 1 = highest: one hue from dark to light, told apart without colour vision.
GROUP_COLOURS = {1: "#08306b", 2: "#3182bd", 3: "#9ecae1", 4: "#e3eef9"}
PLACE, COUNTRY, REGION, CITIES, BEST, FAINT = "#c2410c", "#1f2937", "#0f766e", "#7c3aed", "#6b7280", "#cbd5e1"

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "papi",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#94a3b8",
    "axes.labelcolor": "#1f2937",
    "axes.titlesize": 9.5,
    "figure.titlesize": 9.5,
    "axes.titlelocation": "left",
    "xtick.color": "#475569",
    "ytick.color": "#1f2937",
    "legend.frameon": False,
}
_FONTS = "'DejaVu Sans', Verdana, 'Noto Sans', sans-serif"


def figure(
    width: float, height: float, *, left: float = 0.75, right: float = 0.2, top: float = 0.2, bottom: float = 0.6
) -> Figure:
    """Return an empty figure in the project's look, apart from pyplot's state.

    Sizes and margins are in inches. Fixed margins draw several times faster than a layout that is
    searched for, and line the pictures of a page up.
    """
    with mpl.rc_context(_STYLE):
        fig = Figure(figsize=(width, height))
    fig.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
    return fig


def style():
    """Return the context in which every picture is drawn: the project's one look."""
    return mpl.rc_context(_STYLE)


@dataclass(repr=False)
class Picture:
    """A figure that shows itself in a notebook as inline SVG with alt text.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        What is drawn.
    alt : str
        What the picture shows, in the page's language.
    caption : str
        Caption in the page's language.
    data : pandas.DataFrame or None
        The figures behind the picture, shown folded under it.
    words : Words
        The page's language.
    simulated : bool
        Write on the picture that the data are simulated.
    """

    figure: Figure
    alt: str
    caption: str
    words: Words
    data: pd.DataFrame | None = None
    simulated: bool = field(default=False)

    def svg(self) -> str:
        """Return the figure as one ``<svg>`` element that a screen reader can read out."""
        if self.simulated:
            self.figure.text(
                0.5,
                0.5,
                self.words("SIMULATED DATA"),
                color="#b91c1c",
                alpha=0.25,
                fontsize=26,
                ha="center",
                va="center",
                rotation=20,
            )
        buffer = io.StringIO()
        with style():
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        text = buffer.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
        text = re.sub(r"'DejaVu Sans'[^;\"]*", _FONTS, text)
        text = re.sub(r"\s*\n\s*", "\n", text)
        # Full precision serves no eye: a tenth of a point does.
        text = re.sub(r"(?<=[ \"(\n,MLCQz-])(\d+\.\d)\d+", r"\1", text)
        return re.sub(
            r'<svg [^>]*?viewBox="([^"]+)"[^>]*>',
            lambda m: (
                f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                f'viewBox="{m[1]}" role="img" aria-label="{escape(self.alt)}" '
                f'style="width:100%;max-width:{self.figure.get_figwidth() * 1.15:.2f}in;height:auto;background:#fff">'
            ),
            text,
            count=1,
        )

    def __repr__(self) -> str:
        return self.caption  # what it holds is in its HTML

    def _repr_html_(self) -> str:
        behind = ""
        if self.data is not None:
            body = tables.html(self.data, self.words, caption=self.words("Data behind the picture"))
            label = self.words("Show the data")
            behind = f"<details><summary>{escape(label)}</summary>{body}</details>"
        drawing = f'<div class="drawing" tabindex="0">{self.svg()}</div>'
        return f'<figure class="picture">{drawing}<figcaption>{escape(self.caption)}</figcaption>{behind}</figure>'


def wrap(text: str, width: int) -> str:
    """Break a label into lines of about `width` characters, between words."""
    return textwrap.fill(text, width, break_long_words=False)


def decimal_axis(ax: Axes, w: Words, which: str, *, signed: bool = False) -> None:
    """Label an axis's ticks in the page's number format, with as many decimals as the step needs."""
    getattr(ax, f"{which}axis").set_major_formatter(_Numbers(w, signed))


class _Numbers(Formatter):
    """Tick labels in the page's number format; the decimals are settled once for all ticks."""

    def __init__(self, w: Words, signed: bool) -> None:
        self.write, self.decimals = w.signed if signed else w.number, 0

    def set_locs(self, locs: list[float]) -> None:
        step = locs[1] - locs[0] if len(locs) > 1 else 1.0
        self.decimals = next((d for d in range(3) if abs(round(step, d) - step) < 1e-9), 3)

    def __call__(self, value: float, _position: int | None = None) -> str:
        return self.write(value, self.decimals)

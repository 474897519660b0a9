"""A picture on a page: a matplotlib figure with alt text, caption and the data behind it."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from papi_lib import tables
from papi_lib.wording import Words

#: Colours of the four groups, 1 = highest: one hue from dark to light, told apart without colour vision.
GROUP_COLOURS = {1: "#08306b", 2: "#3182bd", 3: "#9ecae1", 4: "#e3eef9"}
PLACE, COUNTRY, REGION, CITIES, BEST, FAINT = "#c2410c", "#1f2937", "#0f766e", "#7c3aed", "#6b7280", "#cbd5e1"

#: Font size, and length of ticks and their distance to the labels, in points.
_SIZE, _TICK, _PAD = 9, 3.5, 3.5
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "papi",
    "font.family": "DejaVu Sans",
    "font.size": _SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#94a3b8",
    "axes.labelcolor": "#1f2937",
    "axes.titlesize": 9.5,
    "figure.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # there is nothing above the axes to search for and keep clear of
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
        # Full precision serves no eye: a tenth of a point does, but for what is written in the picture.
        text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(?<=[ \"(\n,MLCQz-])(\d+\.\d)\d+", r"\1", tag[0]), text)
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


def bars(ax: Axes, at: ArrayLike, low: ArrayLike, high: ArrayLike, *, across: bool = False, **look: object) -> None:
    """Draw bars without width from `low` to `high`, upright or across: one broken line is drawn faster than many."""
    ends = np.full((len(at), 3), np.nan)
    ends[:, 0], ends[:, 1] = low, high
    along, beside = ends.ravel(), np.repeat(at, 3)
    ax.plot(*((along, beside) if across else (beside, along)), **{"zorder": 1, "solid_capstyle": "butt"} | look)


def mark_axis(ax: Axes, which: str, at: Sequence[float], labels: Iterable[str] | None = None) -> None:
    """Put ticks on an axis and write what they are, the axis's name beyond them; its limits are final.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to write.
    which : {"x", "y"}
        The axis.
    at : sequence of float
        The values, inside the limits.
    labels : iterable of str, optional
        A label a value, or none at all; by default the values.
    """
    axis, labels = getattr(ax, f"{which}axis"), list(map(str, at) if labels is None else labels)
    axis.set_ticks(at, labels or [""] * len(at))
    # The size of the labels is about known: where it is searched for, they are drawn twice.
    deep = _SIZE if which == "x" else 0.6 * _SIZE * max(map(len, labels), default=0)
    away = -(_TICK + 2 * _PAD + deep) / 72
    shift = ScaledTranslation(*((0, away) if which == "x" else (away, 0)), ax.figure.dpi_scale_trans)
    axis.set_label_coords(*((0.5, 0) if which == "x" else (0, 0.5)), ax.transAxes + shift)


def round_values(ax: Axes, which: str) -> np.ndarray:
    """Return round values inside an axis's limits, as many as can be labelled."""
    axis = getattr(ax, f"{which}axis")
    low, high = sorted(axis.get_view_interval())
    values, little = axis.get_majorticklocs(), 1e-9 * (high - low)
    return values[(values >= low - little) & (values <= high + little)]


def decimal_axis(ax: Axes, w: Words, which: str, *, signed: bool = False) -> None:
    """Mark round values in the page's number format, with as many decimals as their step needs; limits are final."""
    at = round_values(ax, which)
    step = at[1] - at[0] if len(at) > 1 else 1.0
    decimals = next((d for d in range(3) if abs(round(step, d) - step) < 1e-9), 3)
    mark_axis(ax, which, at, [(w.signed if signed else w.number)(value, decimals) for value in at])

"""Pictures of one place: the parts of its score, how they moved, differences.

A chart takes a tidy frame and a place (name, code or `papi_lib.places.Place`), draws on axes (new ones where it is given
none), says what it drew (`papi_lib.page.pictures.describe`) and returns the axes, or None where there is nothing to
draw. It looks as matplotlib's settings and seaborn's themes say; a page has its own. Scores are in points, whiskers are
95% intervals. A dot is filled where the frame's column ``clear`` says so: no chart tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papi_lib import estimates, places
from papi_lib.page import pictures
from papi_lib.page.colours import GROUPS, PAPER, TEXT
from papi_lib.page.words import Words
from papi_lib.places import Place

if TYPE_CHECKING:
    from papi_lib.page.page import Page

#: What is drawn to its colour; every chart takes ``palette={"place": "navy"}`` to draw some of it otherwise.
PALETTE = {
    "place": pictures.PLACE, "whole": pictures.COUNTRY, "peers": pictures.REGION, "cities": pictures.CITIES,
    "best": pictures.BEST, "range": pictures.FAINT, "line": pictures.LINE, "text": TEXT, "paper": PAPER,
} | GROUPS  # fmt: skip


def colours(palette: Mapping | None) -> dict:
    """Return `PALETTE` with some colours replaced; raise ValueError for what no chart draws."""
    if unknown := set(palette or ()) - set(PALETTE):
        named, known = (", ".join(map(repr, names)) for names in (unknown, PALETTE))
        raise ValueError(f"no colour of {named} in a chart; there are {known}")
    ink, paper = mpl.rcParams["text.color"], mpl.rcParams["axes.facecolor"]
    theme = {} if pictures.on_page() else {"text": ink, "whole": ink, "paper": paper}  # the reader's
    return PALETTE | theme | dict(palette or {})


def chart(draw: Callable) -> Callable:
    """Make a chart of a function: it takes names of places, and its figure keeps how it was drawn, for `code`."""

    @wraps(draw)
    def drawn(
        frame: pd.DataFrame, place: Place | str | int | None = None, *args: object, **look: object
    ) -> Axes | None:
        ax = draw(frame, resolve(place, frame), *args, **look)
        if ax is not None:
            vars(ax.figure)["drawn"] = draw, frame, args, look
        return ax

    return drawn


def code(page: Page, figure: Figure, frame: str = "") -> str:
    """Return the Python of a cell that draws a picture of a page again.

    Parameters
    ----------
    page : papi_lib.page.page.Page
        The page.
    figure : matplotlib.figure.Figure
        What a chart drew (`chart`).
    frame : str
        The Python of the chart's frame; by default it is looked for among what the page has.

    Returns
    -------
    str
        Empty where the frame is a notebook's own, whose cell has the code, and where no chart drew.
    """
    draw, given, args, look = getattr(figure, "drawn", (None, None, (), {}))
    frame = frame or next((f"page.{name}" for name, value in vars(page).items() if value is given is not None), "")
    if not frame or draw is None:
        return ""
    about = {"dimension": page.dimension} | ({page.survey.level: page.place.code} if page.survey else {})
    if page.survey and not page.simulated:
        about["records"] = page.survey.name
    home = places.province(page.place.province_code, page.place.year).name_vi
    opened = [*map(_python, (home, page.year, page.lang)), *_arguments(about)]
    drawn = ["frame", "page.place", *map(_python, args), "lang=page.lang", *_arguments(look)]
    module = draw.__module__.rpartition(".")[2]
    more = "from papi_lib import estimates\n" if frame.startswith("estimates.") else ""
    return f"""\
{more}from papi_lib.page import {module}
from papi_lib.page.page import Page

page = Page.open({", ".join(opened)})
frame = {frame}
page.picture({module}.{draw.__name__}({", ".join(drawn)}))"""


def _python(value: object) -> str:
    """Return a value as it is written in Python; what is not known is None."""
    value = getattr(value, "item", lambda: value)()
    if isinstance(value, str | dict | list):
        return json.dumps(value, ensure_ascii=False)
    return repr(None if value != value else value)


def _arguments(given: Mapping[str, object]) -> list[str]:
    """Return arguments as they are written in a call, without the language and those that are not given."""
    return [f"{name}={_python(value)}" for name, value in given.items() if name != "lang" and value is not None]


def resolve(place: Place | str | int | None, frame: pd.DataFrame) -> Place | None:
    """Return the place that a name or code means among those of a frame; a Place, and none, as it is.

    A frame by place says by its codes, what it is of, one by part or year by its ``year``: provinces until 2024 or since.

    Raises
    ------
    ValueError
        There is no such place.
    """
    if place is None or isinstance(place, Place):
        return place
    codes = frame.index
    if "part" in (*frame, codes.name):
        return places.province(place, frame["year"].max() if "year" in frame else None)
    level = places.level(codes[0])
    sides = (places.REFORM, places.REFORM - 1)
    return places.find(place, level, max(sides, key=lambda year: codes.isin(places.below(level, year).index).sum()))


def rows(ax: Axes, labels: Iterable[str]) -> np.ndarray:
    """Give each label a row on the vertical axis, the first on top; return the rows' heights."""
    texts = [pictures.wrap(label, 30) for label in labels]
    at = np.arange(len(texts))[::-1]
    ax.set_yticks(at, texts)
    ax.set_ylim(-0.6, len(texts) - 0.3)
    return at


@chart
def profile(
    frame: pd.DataFrame, place: Place | str | int, *, lang: str = "vi", ax: Axes | None = None, title: str = "",
    names: Mapping[str, str] | None = None, palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw how far a place is from the whole in each part, the best part on top, with its rank at the edge.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by part, in points, as from `papi_lib.estimates.gaps`: ``difference`` to the whole, its ``margin`` and
        ``clear`` (whether it is more than that); optionally ``score``, ``whole``, ``peers``, ``cities``, ``best`` and
        ``worst``, ``best_place`` (code), ``rank`` and ``of``.
    place : Place
        The place.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        What the differences are, in the picture's language.
    names : mapping, optional
        What ``whole`` and ``peers`` are called, in the picture's language.
    palette : mapping, optional
        Colours that differ from `PALETTE`.
    """
    frame = frame.dropna(subset="difference").sort_values("difference", ascending=False)
    if frame.empty:
        return None
    w, colour, name = Words(lang), colours(palette), place.name(lang)
    names = {
        "whole": w("mean of provinces"), "peers": w("mean of the region"), "cities": w("mean of the central cities"), "best": w("best province"),
    } | dict(names or {})  # fmt: skip
    alone = ax is None
    ax = pictures.axes(w, 7, 1.5 + 0.44 * len(frame), margins=(2.35, 0.75, 0.35, 1.0)) if alone else ax
    at = rows(ax, map(w.part, frame.index))
    ax.axvline(0, color=colour["whole"], lw=1, label=names["whole"])
    if "worst" in frame:
        ends = (frame[end] - frame["whole"] for end in ("worst", "best"))
        ax.hlines(at, *ends, color=colour["range"], lw=1, zorder=1, label=w("lowest to highest province"))
    for column, marker in (("peers", "s"), ("cities", "^")):
        if column in frame:
            ax.plot(frame[column] - frame["whole"], at, marker, ms=5, zorder=3, color=colour[column], label=names[column])  # fmt: skip
    own, face = frame["difference"], np.where(frame["clear"].eq(True), colour["place"], colour["paper"])
    ax.errorbar(own, at, xerr=frame["margin"], fmt="none", ecolor=colour["place"], elinewidth=1.4, zorder=4)
    ax.scatter(own, at, s=55, facecolor=face, edgecolor=colour["place"], linewidth=1.5, zorder=5)
    ax.plot([], [], "o", ms=7, color=colour["place"], label=name)
    if "rank" in frame:
        edge = {"transform": ax.get_yaxis_transform(), "color": colour["place"], "weight": "bold", "va": "center"}
        for y, row in zip(at, frame.itertuples(), strict=True):
            ax.text(1.02, y, w("{rank:0}/{of:0}", rank=row.rank, of=row.of), **edge)
        ax.text(1.02, at[0] + 0.62, w("rank"), transform=edge["transform"], color=colour["text"], va="center")
    ax.xaxis.set_major_formatter(pictures.Numbers(w, signed=True))
    ax.set(xlabel=w("points"), title=title)
    if "whole" in frame:
        pictures.legend(ax, alone, 3)
    caption = w("Differences with their margins of error, all looked at together; hollow dots are within theirs.")
    if len(frame) > 1:
        (top, up), (bottom, down) = frame["difference"].iloc[[0, -1]].items()
        caption = w("{place}: from {top:part} ({up:+2}) at the top to {bottom:part} ({down:+2}) at the bottom, with margins of error for all looked at together; hollow dots are within theirs.", place=name, top=top, up=up, bottom=bottom, down=down)  # fmt: skip
    told = "; ".join(
        w("{part:part} {difference:+2}" if row.clear else "{part:part} {difference:+2} (within its margin of error)", part=row.Index, difference=row.difference)
        for row in frame.itertuples()
    )  # fmt: skip
    columns = {
        "score": (name, "2"), "rank": (w("rank"), "0"), "difference": (w("difference"), "+2"), "margin": (w("margin of error ±"), "2"),
    }  # fmt: skip
    columns |= {key: (text, "2") for key, text in names.items()} | {"best_place": (w("who"), "place")}
    return pictures.describe(ax, caption, f"{title or name}: {told}", frame, columns=columns)


@chart
def history(
    frame: pd.DataFrame, place: Place | str | int, *, lang: str = "vi", ax: Axes | Sequence[Axes] | None = None,
    parts: Iterable[int | str] | None = None, beside_name: str = "", palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw scores year by year, a panel a part; no line crosses a break in the series.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.estimates.history`.
    place : Place
        The place.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes or sequence of them, optional
        Where to draw: one for each part.
    parts : iterable of int and str, optional
        Parts of the frame to draw; by default all.
    beside_name : str
        What the place is compared with, in the picture's language; by default the mean of provinces.
    palette : mapping, optional
        Colours that differ from `PALETTE`.
    """
    frame = frame if parts is None else frame[frame["part"].isin(list(parts))]
    if frame.empty or frame[["score", "beside"]].isna().all(axis=None):
        return None
    w, colour, name = Words(lang), colours(palette), place.name(lang)
    frame = estimates.intervals(frame.assign(gap_se=frame["se"], se=frame["score_se"]))
    other = beside_name or w("mean of provinces")
    shown = frame["part"].unique()
    columns = min(2, len(shown))
    lines = -(-len(shown) // columns)
    if alone := ax is None:
        ax = pictures.axes(w, 7, 1.0 + (1.75 if columns > 1 else 2.1) * lines, lines, columns, (0.5, 0.2, 0.35, 0.7))
    panels = np.ravel(np.asarray(ax, dtype=object))
    inside = []  # years that are on the scale
    for i, (panel, part) in enumerate(zip(panels, shown, strict=False)):
        own = frame[frame["part"] == part]
        _panel(panel, own, (name, other, w("middle half of provinces")), colour)
        panel.set_title(pictures.wrap(w.part(part), 46), loc="left")
        panel.tick_params(labelbottom=i + columns >= len(shown))
        inside += own.loc[own["score"].between(*panel.get_ylim()), "year"].to_list()
    for panel in panels[: len(shown)]:
        panel.set_xlim(min(inside or frame["year"]) - 0.6, frame["year"].max() + 0.6)
    for spare in panels[len(shown) :]:
        spare.remove()
    pictures.legend(panels[0], alone, 3)
    told = "; ".join(f"{w.part(part)}: {_course(own, w)}" for part, own in frame.groupby("part", sort=False))
    alt = w("Scores of {place} by year; lines break where the measure changed.", place=name) + " " + told
    caption = w("Coloured are the years that compare with the latest, grey and perhaps off the scale the earlier ones; dotted lines mark where scores cease to compare.")  # fmt: skip
    runs = [run for _, own in frame.dropna(subset="score").groupby("part", sort=False) if len(run := own[own["segment"] == own["segment"].iloc[-1]]) > 1]  # fmt: skip
    if runs:
        moved = max(runs, key=lambda run: abs(run["score"].iloc[-1] - run["score"].iloc[0])).iloc[[0, -1]]
        (since, first), (until, last) = moved[["year", "score"]].itertuples(index=False)
        caption = w("What moved most is {part:part}: {first:2} points in {since}, {last:2} in {until}." if len(runs) > 1 else "{part:part}: {first:2} points in {since}, {last:2} in {until}.", part=moved["part"].iloc[0], first=first, since=since, last=last, until=until) + f" {caption}"  # fmt: skip
    if place.since and frame["year"].min() < places.REFORM:
        caption += " " + w("Before {first}, scores of provinces that were merged are our reconstruction, not published ones.", first=places.REFORM)  # fmt: skip
    columns = {
        "year": (w("year"), ""), "score": (name, "2"), "low": (w("95% from"), "2"), "high": (w("95% to"), "2"),
        "beside": (other, "2"), "difference": (w("difference"), "+2"), "gap_se": (w("standard error of the difference"), "2"),
    }  # fmt: skip
    return pictures.describe(panels[0], caption, alt, frame.set_index("part"), columns=columns)


def _course(frame: pd.DataFrame, w: Words) -> str:
    """Return how a part went: in each run of years that compare its first and last score, and its turns between."""
    told = []
    for _, own in frame.dropna(subset="score").groupby("segment", sort=True):
        years, scores = own["year"].to_list(), own["score"].to_numpy()
        ends = sorted({0, scores.argmin(), scores.argmax(), len(own) - 1})
        told.append(" → ".join(w("{score:2} in {year}", score=scores[i], year=years[i]) for i in ends))
    return " | ".join(told) or "–"


def _panel(ax: Axes, frame: pd.DataFrame, names: Sequence[str], colour: dict) -> None:
    """Draw one part by year on the scale of the years that compare with the latest, earlier ones grey, each run by itself."""
    name, other, middle = names
    latest = frame["segment"].max()
    starts = frame.groupby("segment")["year"].min()
    # An empty row before each run: no line crosses from one run to the next.
    apart = pd.DataFrame({"year": starts - 0.5, "segment": starts.index})
    frame = pd.concat([frame, apart]).sort_values("year", kind="stable")
    grey = {"color": colour["range"], "alpha": 0.3}
    for now, (place, whole, label) in {False: ("line", "line", "_"), True: ("place", "whole", "")}.items():
        own = frame[frame["segment"].eq(latest) == now]  # "_": in no legend
        year, quartiles = own["year"], (own["lower_quartile"], own["upper_quartile"])
        ax.fill_between(year, *quartiles, lw=0, label=label + middle, **grey)
        alone = own["segment"].map(frame["segment"].value_counts()) == 2  # a year and the empty row before it
        ax.vlines(year[alone], *(ends[alone] for ends in quartiles), lw=6, **grey)
        ax.plot(year, own["beside"], color=colour[whole], lw=1.3, marker="_", ms=7, label=label + other)
        ax.plot(year, own["score"], color=colour[place], lw=1.8, marker="o", ms=4.5, label=label + name)
        ax.vlines(year, own["low"], own["high"], color=colour[place], lw=0.9)
    for start in starts.index[1:]:
        ax.axvline(start - 0.5, ls=":", lw=1, color=colour["line"])
    scale = frame.loc[
        frame["segment"] == latest, ["score", "beside", "lower_quartile", "upper_quartile", "low", "high"]
    ]
    room = 0.08 * (scale.max(axis=None) - scale.min(axis=None) or 1)
    if np.isfinite(room):
        ax.set_ylim(scale.min(axis=None) - room, scale.max(axis=None) + room)
    ax.locator_params(axis="x", integer=True, nbins=8, steps=[1, 2, 5, 10])
    ax.xaxis.set_major_formatter("{x:.0f}")

"""Pictures of one place: the parts of its score, how they moved, differences.

A chart takes a tidy frame and a place, draws on axes (new ones where it is given none), says what it drew
(`papi_lib.page.pictures.describe`) and returns the axes, or None where there is nothing to draw. Scores are in
points, whiskers are 95% intervals. A dot is filled where the frame's column ``clear`` says so: no chart tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from papi_lib import estimates
from papi_lib.page import pictures
from papi_lib.page.words import Words
from papi_lib.places import Place

#: What is drawn to its colour; every chart takes ``palette={"place": "navy"}`` to draw some of it otherwise.
PALETTE = {
    "place": pictures.PLACE, "whole": pictures.COUNTRY, "peers": pictures.REGION, "cities": pictures.CITIES,
    "best": pictures.BEST, "range": pictures.FAINT, "line": "#94a3b8", "text": "#334155",
} | pictures.GROUP_COLOURS  # fmt: skip


def colours(palette: Mapping | None) -> dict:
    """Return `PALETTE` with some colours replaced; raise ValueError for what no chart draws."""
    if unknown := set(palette or ()) - set(PALETTE):
        named, known = (", ".join(map(repr, names)) for names in (unknown, PALETTE))
        raise ValueError(f"no colour of {named} in a chart; there are {known}")
    return PALETTE | dict(palette or {})


def rows(ax: Axes, labels: Iterable[str]) -> np.ndarray:
    """Give each label a row on the vertical axis, the first on top; return the rows' heights."""
    texts = [pictures.wrap(label, 30) for label in labels]
    at = np.arange(len(texts))[::-1]
    ax.set_yticks(at, texts)
    ax.set_ylim(-0.6, len(texts) - 0.3)
    return at


def dots(ax: Axes, frame: pd.DataFrame, values: str, at: np.ndarray, colour: str) -> None:
    """Draw a column with its ``margin`` as whiskers, a dot a row: hollow where it is not ``clear``."""
    ax.errorbar(frame[values], at, xerr=frame["margin"], fmt="none", ecolor=colour, elinewidth=1.4, zorder=4)
    face = np.where(frame["clear"].eq(True), colour, "white")
    ax.scatter(frame[values], at, s=55, facecolor=face, edgecolor=colour, linewidth=1.5, zorder=5)


@pictures.style()
def profile(
    frame: pd.DataFrame, place: Place, *, lang: str = "vi", ax: Axes | None = None,
    names: Mapping[str, str] | None = None, palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw a place's score in each part beside the whole, places of its kind and, of provinces, the best.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by part, in points: ``score``, ``margin`` (of the difference to the whole), ``clear`` (whether it is more
        than that), ``whole``, ``peers``, and optionally ``cities``, ``best``, ``best_place`` (code), ``worst``,
        ``lower`` and ``upper`` (the scale).
    place : Place
        The place.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    names : mapping, optional
        What ``whole`` and ``peers`` are called, in the picture's language.
    palette : mapping, optional
        Colours that differ from `PALETTE`.
    """
    if frame.empty or frame[["score", "whole"]].isna().all(axis=None):
        return None
    w, colour, name = Words(lang), colours(palette), place.name(lang)
    names = {
        "whole": w("mean of provinces"), "peers": w("mean of the region"), "cities": w("mean of the central cities"), "best": w("best province"),
    } | dict(names or {})  # fmt: skip
    ax = pictures.axes(w, 7, 1.4 + 0.5 * len(frame), margins=(2.35, 0.2, 0.15, 1.05)) if ax is None else ax
    at = rows(ax, map(w.part, frame.index))
    ends, label = ("worst", "best"), w("lowest to highest province")
    if "worst" not in frame:
        ends, label = ("lower", "upper"), w("range of the scale")
    if set(ends) <= set(frame):
        ax.hlines(at, *(frame[end] for end in ends), color=colour["range"], lw=7, zorder=1, label=label)
    for column, marker, size in (("whole", "|", 13), ("peers", "s", 5), ("cities", "^", 5.5), ("best", "D", 4.5)):
        if column in frame:
            look = {"ms": size, "mew": 2 if marker == "|" else 0, "color": colour[column], "label": names[column]}
            ax.plot(frame[column], at, marker, zorder=3, **look)
    dots(ax, frame, "score", at, colour["place"])
    ax.plot([], [], "o", ms=7, color=colour["place"], label=name if frame["score"].notna().any() else None)
    above = {"textcoords": "offset points", "ha": "center", "color": colour["place"], "weight": "bold"}
    for y, score in zip(at, frame["score"], strict=True):
        if pd.notna(score):
            ax.annotate(w.number(score), (score, y), (0, 8), **above)
    if {"lower", "upper"} <= set(frame):
        low, high = frame["lower"].min(), frame["upper"].max()
        ax.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
    ax.set_xlabel(w("points"))
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="lower center", ncols=3)
    whole = names["whole"]
    caption = w("Score by part; the whisker is the margin of error of the difference to {whole}, all parts looked at together: it reaches {whole} where the dot is hollow.", whole=whole)  # fmt: skip
    told = [w("{part:part} {score:2} ({whole:2})", part=part, **row) for part, row in frame[["score", "whole"]].iterrows()]  # fmt: skip
    alt = w("Scores of {place}, in brackets {whole}: {told}.", place=name, whole=whole, told="; ".join(told))
    columns = {"score": (name, "2"), "margin": (w("margin of error ±"), "2")}
    columns |= {key: (text, "2") for key, text in names.items()} | {"best_place": (w("who"), "place")}
    return pictures.describe(ax, caption, alt, frame, columns=columns)


@pictures.style()
def history(
    frame: pd.DataFrame, place: Place, *, lang: str = "vi", axes: Sequence[Axes] | Axes | None = None,
    beside_name: str = "", palette: Mapping | None = None,
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
    axes : sequence of matplotlib.axes.Axes, optional
        Where to draw: one for each part.
    beside_name : str
        What the place is compared with, in the picture's language; by default the mean of provinces.
    palette : mapping, optional
        Colours that differ from `PALETTE`.
    """
    if frame.empty or frame[["score", "beside"]].isna().all(axis=None):
        return None
    w, colour, name = Words(lang), colours(palette), place.name(lang)
    frame = estimates.intervals(frame.assign(gap_se=frame["se"], se=frame["score_se"]))
    other = beside_name or w("mean of provinces")
    parts = frame["part"].unique()
    columns = min(2, len(parts))
    lines = -(-len(parts) // columns)
    if axes is None:
        axes = pictures.axes(w, 7, 1.0 + (1.75 if columns > 1 else 2.1) * lines, lines, columns, (0.5, 0.2, 0.35, 0.7))
    panels = np.ravel(np.asarray(axes, dtype=object))
    for i, (ax, part) in enumerate(zip(panels, parts, strict=False)):
        _panel(ax, frame[frame["part"] == part], (name, other, w("middle half of provinces")), colour)
        ax.set_title(pictures.wrap(w.part(part), 46))
        ax.set_xlim(frame["year"].min() - 0.6, frame["year"].max() + 0.6)
        ax.tick_params(labelbottom=i + columns >= len(parts))
    for ax in panels[len(parts) :]:
        ax.remove()
    panels[0].figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=3)
    latest = frame.dropna(subset="score").drop_duplicates("part", keep="last")
    latest = latest[["part", "score", "year"]].to_dict("records")
    told = "; ".join(w("{part:part} {score:2} in {year}", **row) for row in latest)
    alt = w("Scores of {place} by year; lines break where the measure changed.", place=name) + " " + told
    caption = w("Points by year. Dotted lines mark years from which scores no longer compare with those before.")
    columns = {
        "year": (w("year"), ""), "score": (name, "2"), "low": (w("95% from"), "2"), "high": (w("95% to"), "2"),
        "beside": (other, "2"), "difference": (w("difference"), "+2"), "gap_se": (w("standard error of the difference"), "2"),
    }  # fmt: skip
    return pictures.describe(panels[0], caption, alt, frame.set_index("part"), columns=columns)


def _panel(ax: Axes, frame: pd.DataFrame, names: Sequence[str], colour: dict) -> None:
    """Draw one part by year; where the measure changed, a missing value keeps lines apart."""
    name, other, middle = names
    segment = frame["segment"].to_numpy()
    breaks, alone = np.flatnonzero(np.diff(segment)) + 1, ~frame["segment"].duplicated(keep=False).to_numpy()
    values = frame[["year", "score", "beside", "lower_quartile", "upper_quartile"]].to_numpy(float)
    year, score, beside, low, high = np.insert(values, breaks, np.nan, axis=0).T
    ax.fill_between(year, low, high, color=colour["range"], alpha=0.6, lw=0, label=middle)
    if alone.any():
        ax.vlines(*values[alone][:, [0, 3, 4]].T, color=colour["range"], lw=6, alpha=0.6)
    ax.plot(year, beside, color=colour["whole"], lw=1.3, marker="_", ms=7, label=other)
    ax.plot(year, score, color=colour["place"], lw=1.8, marker="o", ms=4.5, label=name)
    ax.vlines(values[:, 0], frame["low"], frame["high"], color=colour["place"], lw=0.9, alpha=0.8)
    if len(breaks):
        between = {"ls": ":", "lw": 1, "transform": ax.get_xaxis_transform()}
        ax.vlines(segment[breaks] - 0.5, 0, 1, color="#64748b", **between)
    ax.locator_params(axis="x", integer=True, nbins=8, steps=[1, 2, 5, 10])
    ax.xaxis.set_major_formatter("{x:.0f}")


@pictures.style()
def gaps(
    frame: pd.DataFrame, place: Place, *, lang: str = "vi", ax: Axes | None = None, title: str = "",
    palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw differences with their margins of error, a row a part; those within theirs are hollow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by part, in points: ``difference``, ``margin`` and ``clear``, as from
        `papi_lib.estimates.gaps`.
    place : Place
        The place.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    title : str
        What the differences are, in the picture's language.
    palette : mapping, optional
        Colours that differ from `PALETTE`.
    """
    frame = frame.dropna(subset="difference")
    if frame.empty:
        return None
    w, colour = Words(lang), colours(palette)
    ax = pictures.axes(w, 7, 0.95 + 0.4 * len(frame), margins=(2.4, 0.2, 0.35, 0.5)) if ax is None else ax
    ax.axvline(0, color=colour["whole"], lw=1)
    dots(ax, frame, "difference", rows(ax, map(w.part, frame.index)), colour["place"])
    ax.xaxis.set_major_formatter(pictures.Numbers(w, signed=True))
    ax.set(xlabel=w("points"), title=title)
    told = "; ".join(
        w("{part:part} {difference:+2}" if row.clear else "{part:part} {difference:+2} (within its margin of error)", part=row.Index, difference=row.difference)
        for row in frame.itertuples()
    )  # fmt: skip
    columns = {"difference": (w("difference"), "+2"), "margin": (w("margin of error ±"), "2")}
    caption = w("Differences with their margins of error, all looked at together; hollow dots are within theirs.")
    return pictures.describe(ax, caption, f"{title or place.name(lang)}: {told}", frame, columns=columns)

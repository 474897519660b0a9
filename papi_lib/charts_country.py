"""Pictures of all provinces at once: tile map, ranks, two sub-dimensions against each other.

One call with a tidy frame each, as in `papi_lib.charts`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from papi_lib import places
from papi_lib.labels import group_name, part_name, province_name
from papi_lib.naming import name_dots, spread
from papi_lib.pictures import (
    BEST,
    FAINT,
    GROUP_COLOURS,
    PLACE,
    Picture,
    bars,
    decimal_axis,
    figure,
    mark_axis,
    style,
    wrap,
)
from papi_lib.places import Place
from papi_lib.wording import Words

#: Colours and marks of the regions, told apart without colour vision: seaborn's, which takes a second to import.
_LOOKS = [
    ("#0173b2", "o"),
    ("#de8f05", "X"),
    ("#029e73", "s"),
    ("#d55e00", "P"),
    ("#cc78bc", "D"),
    ("#ca9161", (4, 1, 0)),
]


def tiles(groups: pd.Series, w: Words, place: Place | None = None) -> Picture | None:
    """Draw the 63 provinces as a tile map coloured by group.

    Parameters
    ----------
    groups : pandas.Series
        Group 1 (highest) to 4 by ``province_code``; missing where not published.
    w : Words
        Language of the picture.
    place : Place, optional
        Province to outline.
    """
    grid = places.tiles(w.lang)
    groups = groups.reindex(grid.index)
    if groups.isna().all():
        return None
    with style():
        fig = figure(6.6, 9.2, left=0.05, right=0.05, top=0.05, bottom=0.05)
        ax = fig.subplots()
        for code, tile in grid.iterrows():
            group = groups[code]
            known = pd.notna(group)
            ax.add_patch(
                Rectangle(
                    (tile["column"], tile["row"]),
                    0.94,
                    0.92,
                    facecolor=GROUP_COLOURS[int(group)] if known else "white",
                    edgecolor="#94a3b8",
                    lw=0.6,
                    hatch=None if known else "////",
                )
            )
            text = wrap(tile["name"].replace(" - ", " "), 8) + (f"\n{int(group)}" if known else "\n–")
            ax.text(
                tile["column"] + 0.47,
                tile["row"] + 0.47,
                text,
                ha="center",
                va="center",
                fontsize=6.3,
                color="white" if known and group <= 2 else "#111827",
                linespacing=1.05,
            )
            if isinstance(tile["islands"], str):
                _islands(ax, tile)
        if place is not None and place.province_code in grid.index:
            tile = grid.loc[place.province_code]
            ax.add_patch(
                Rectangle((tile["column"], tile["row"]), 0.94, 0.92, fill=False, edgecolor=PLACE, lw=3, zorder=5)
            )
        labels = [(GROUP_COLOURS[g], f"{g} · {group_name(g, w)}", None) for g in GROUP_COLOURS]
        labels.append(("white", "– · " + w("not published"), "////"))
        handles = [Rectangle((0, 0), 1, 1, facecolor=c, edgecolor="#94a3b8", hatch=h, label=t) for c, t, h in labels]
        ax.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, 0.60),
            title=w("group (quartile)"),
            fontsize=8,
            title_fontsize=8,
        )
        ax.set(xlim=(-0.1, 9.6), ylim=(grid["row"].max() + 1.2, -0.1), aspect=1 / 1.15)
        ax.set_axis_off()
    shown = pd.DataFrame({w("group (quartile)"): groups.astype("Int64")}).set_index(grid["name"].rename(w("province")))
    shown = shown.loc[sorted(shown.index, key=places.sort_key)]
    counts = ", ".join(f"{group_name(g, w)} {int((groups == g).sum())}" for g in GROUP_COLOURS)
    alt = (
        w("Tile map of the 63 provinces by group:")
        + f" {counts}, "
        + w("not published")
        + f" {int(groups.isna().sum())}."
    )
    if place is not None and pd.notna(groups.get(place.province_code)):
        alt += " " + w("{place} is in group {group}.", place=place.name(w.lang), group=int(groups[place.province_code]))
    caption = w("One tile a province, by its group in the year (1 = highest quarter). Positions are schematic.")
    return Picture(fig, alt, caption, w, shown)


def _islands(ax: Axes, tile: pd.Series) -> None:
    """Note a province's islands: east of the map, or under a tile on the west coast."""
    if tile["column"] == 0:
        ax.text(
            0.47, tile["row"] + 1.45, wrap(tile["islands"], 9), fontsize=6.3, ha="center", va="center", color="#334155"
        )
        return
    ax.annotate(
        tile["islands"],
        (tile["column"] + 0.95, tile["row"] + 0.5),
        (7.25, tile["row"] + 0.5),
        fontsize=7,
        va="center",
        color="#334155",
        arrowprops={"arrowstyle": "-", "color": "#94a3b8", "lw": 0.7},
    )


def ranks(frame: pd.DataFrame, w: Words, place: Place, reconstructed: pd.Series | None = None) -> Picture | None:
    """Draw every province's rank with its confidence set, the place and the five cities named.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.precision.rank_sets`: ``rank``, ``lower``, ``upper`` by ``province_code``.
    w : Words
        Language of the picture.
    place : Place
        Province to point out.
    reconstructed : pandas.Series, optional
        For the provinces of 2025 (`papi_lib.merged`): their names by the frame's index. The picture
        then says that the scores are reconstructed.
    """
    names = places.provinces()[f"name_{w.lang}"] if reconstructed is None else reconstructed
    frame = frame.dropna(subset=["rank"]).sort_values("rank", kind="stable")
    if frame.empty:
        return None
    order = np.arange(1, len(frame) + 1)
    with style():
        fig = figure(7, 4.1, bottom=0.4)
        ax = fig.subplots()
        here = frame.index == place.code
        bars(ax, order, frame["lower"], frame["upper"], color=FAINT, lw=4)
        bars(ax, order[here], frame["lower"][here], frame["upper"][here], color=PLACE, lw=4, alpha=0.6)
        ax.plot(order, frame["rank"].astype(float), "o", ms=3, color=BEST, zorder=3)
        ax.plot(order[here], frame["rank"][here].astype(float), "o", ms=7, color=PLACE, zorder=4)
        rank_axes(ax, order, frame["lower"], names, w, place)
        ax.set_xlabel(
            w("provinces by published score")
            if reconstructed is None
            else w("provinces of 2025 by reconstructed score")
        )
    shown = frame[["score", "rank", "lower", "upper"]].copy()
    shown.index = pd.Index([names[c] for c in frame.index], name=w("province"))
    shown.columns = [w("score"), w("rank"), w("set from"), w("set to")]
    alt = w("Ranks of {n} provinces with their 95% confidence sets.", n=len(frame))
    if here.any():
        row = frame.loc[place.code]
        alt += " " + w(
            "{place}: rank {rank}, set {lower} to {upper}.",
            place=place.name(w.lang),
            rank=int(row["rank"]),
            lower=int(row["lower"]),
            upper=int(row["upper"]),
        )
    caption = w(
        "Dots are ranks by published score (our ordering), bars the ranks that noise in the scores leaves possible (95%, each province by itself)."
    )
    if reconstructed is not None:
        caption = w(
            "Dots are ranks of the provinces of 2025 by scores that we reconstructed, bars the ranks that noise leaves possible (95%, each province by itself)."
        )
    return Picture(fig, alt, caption, w, shown)


def rank_axes(ax: Axes, order: np.ndarray, above: pd.Series, names: pd.Series, w: Words, place: Place) -> None:
    """Set the axes of a picture of all provinces' ranks; name the place, the five cities, the first and the last.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to write.
    order : numpy.ndarray
        Where the provinces stand on the horizontal axis, ascending.
    above : pandas.Series
        By province: the rank from which a line leads to the name.
    names : pandas.Series
        Names by province.
    w : Words
        Language of the picture.
    place : Place
        Province to point out.
    """
    named = set(places.peers(place, "cities")) | {place.code, above.index[0], above.index[-1]}
    foot = -1.5  # where names begin, above all bars
    rows = [(x, code, low) for x, (code, low) in zip(order, above.items(), strict=True) if code in named]
    for (x, code, low), beside in zip(rows, spread([x for x, *_ in rows], 2.2, len(above)), strict=True):
        own = code == place.code
        ax.plot([x, x, beside], [low, 0, foot], color=PLACE if own else "#94a3b8", lw=0.6)
        ax.annotate(
            names[code], (beside, foot), rotation=60, rotation_mode="anchor", ha="left", va="center",
            fontsize=7.5, color=PLACE if own else "#334155", weight="bold" if own else None,
        )  # fmt: skip
    ax.set(xlim=(0, len(above) + 4), ylim=(len(above) + 1, -22))
    mark_axis(ax, "y", [1, *range(10, len(above) + 1, 10)])
    ax.set_xticks([])
    ax.set_ylabel(w("rank (1 = highest)"))


def scatter(frame: pd.DataFrame, x: str, y: str, w: Words, place: Place) -> Picture | None:
    """Draw all provinces by two sub-dimensions, the place and the five cities named.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by ``province_code``, columns `x` and `y` (sub-dimension keys), in points.
    x, y : str
        Columns to draw.
    w : Words
        Language of the picture.
    place : Place
        Province to point out.
    """
    frame = frame[[x, y]].dropna()
    if frame.empty:
        return None
    regions = places.provinces()["region"].reindex(frame.index)
    names = {key: places.region_name(key, w.lang) for key in regions.unique()}
    with style():
        fig = figure(7, 5.0, bottom=1.15)
        ax = fig.subplots()
        for (region, name), (colour, mark) in zip(names.items(), _LOOKS, strict=False):
            dots = frame[regions == region].to_numpy().T
            ax.plot(*dots, ls="", marker=mark, ms=6.5, color=colour, mec="white", mew=0.5, alpha=0.85, label=name)
        if place.code in frame.index:
            ax.plot(*frame.loc[place.code], "o", ms=13, mfc="none", mec=PLACE, mew=2.2, zorder=4)
        ax.axvline(frame[x].mean(), color=FAINT, lw=1, zorder=0)
        ax.axhline(frame[y].mean(), color=FAINT, lw=1, zorder=0)
        decimal_axis(ax, w, "x")
        decimal_axis(ax, w, "y")
        peers = [c for c in places.peers(place, "cities") if c in frame.index and c != place.code]
        named = [(c, {"fontsize": 7.5, "color": "#334155"}) for c in peers]
        if place.code in frame.index:
            named.insert(0, (place.code, {"fontsize": 8.5, "color": PLACE, "weight": "bold"}))
        name_dots(ax, frame.to_numpy(), [(frame.index.get_loc(c), province_name(c, w), look) for c, look in named])
        ax.set_xlabel(part_name(x, w) + w(" (points)"))
        ax.set_ylabel(part_name(y, w) + w(" (points)"))
        fig.legend(loc="lower center", ncols=2, fontsize=8)
    provinces = places.provinces()[f"name_{w.lang}"].reindex(frame.index)
    shown = frame.set_axis(pd.Index(provinces, name=w("province")))
    shown = shown.loc[sorted(shown.index, key=places.sort_key)].set_axis([part_name(x, w), part_name(y, w)], axis=1)
    alt = w(
        "{n} provinces by {x} and {y}; correlation {r}.",
        n=len(frame),
        x=part_name(x, w),
        y=part_name(y, w),
        r=w.number(frame[x].corr(frame[y])),
    )
    if place.code in frame.index:
        alt += " " + w(
            "{place}: {x} and {y} points.",
            place=place.name(w.lang),
            x=w.number(frame.loc[place.code, x]),
            y=w.number(frame.loc[place.code, y]),
        )
    return Picture(fig, alt, w("One dot a province; grey lines are the means of the provinces."), w, shown)

"""Pictures of all places at once: scores on a strip, districts by name, tile map, names on a cloud of dots.

Charts as in `papi_lib.page.charts`: a tidy frame and a place in, axes out.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from papi_lib import places
from papi_lib.page import pictures
from papi_lib.page.charts import chart, colours, resolve, rows
from papi_lib.page.colours import GROUPS, INKS
from papi_lib.page.pictures import ONLY_NARROW, ONLY_WIDE
from papi_lib.page.words import Words
from papi_lib.places import Place

#: Most districts or communes that one picture names: of more those that lie nearest.
_MOST = 40
#: Where a name may stand about its dot, best first: direction, and distance in points.
_SPOTS = [(dx, dy, far) for far in (10, 20, 32) for dx, dy in ((1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1))]  # fmt: skip
_SIDES = {1: ("left", "bottom"), 0: ("center", "center"), -1: ("right", "top")}


def group_name(group: int, w: Words) -> str:
    """Return the name of a quartile group, 1 = highest."""
    return [w("highest"), w("upper middle"), w("lower middle"), w("lowest")][int(group) - 1]


@chart
def strip(
    frame: pd.DataFrame, place: Place | str | int, *, before: float | None = None, lang: str = "vi", ax: Axes | None = None,
    reconstructed: bool = False, palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw every province's score on one line, with the four groups; name the place, the cities under central government, first and last.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.posterior.standing`: ``score``, ``low``, ``high``, ``rank``, ``lower``, ``upper``, ``group`` by
        place.
    place : Place
        Province to point out, with the 95% interval of its score.
    before : float, optional
        The place's score of the year before, if it compares: a hollow dot.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    reconstructed : bool
        Say that the scores are those of provinces since 2025, reconstructed for a year before.
    palette : mapping, optional
        Colours that differ from `papi_lib.page.charts.PALETTE`.
    """
    frame = frame.dropna(subset="rank").sort_values("score")
    if frame.empty:
        return None
    w, colour, n = Words(lang, place.year), colours(palette), len(frame)
    names, own = places.provinces(place.year)[f"name_{lang}"], frame.index == place.code
    caption = w("A dot a province of 2025 by the score that we reconstructed, in four groups by our ordering." if reconstructed else "A dot a province by published score, in four groups by our ordering.")  # fmt: skip
    ax = pictures.axes(w, 7, 2.7, margins=(0.2, 0.2, 1.05, 0.5)) if ax is None else ax
    first, last = frame["score"].iloc[[0, -1]]
    room = 0.04 * (last - first or 1)
    ends = frame.groupby("group")["score"].agg(["min", "max"]).sort_index(ascending=False)
    edges = [first - room, *((ends["max"].iloc[:-1].to_numpy() + ends["min"].iloc[1:].to_numpy()) / 2), last + room]
    for group, (left, right) in zip(ends.index, pairwise(edges), strict=True):
        ax.axvspan(left, right, color=colour[group], alpha=0.25, lw=0)
        spot = {"x": (left + right) / 2, "y": -1.5, "ha": "center", "va": "bottom", "fontsize": pictures.size(8)}
        ax.text(s=pictures.wrap(group_name(group, w), 6), gid=ONLY_WIDE, **spot)
        ax.text(s=str(group), gid=ONLY_NARROW, visible=False, **spot)
    height = (7 * np.arange(n) % 9 - 4) / 8  # dots beside each other do not hide each other
    ax.scatter(frame["score"], np.where(own, 0, height), s=np.where(own, 0, 14), color=colour["best"], lw=0, zorder=3)
    if own.any():
        row = frame.loc[place.code]
        beside = int(frame["score"].between(row["low"], row["high"]).sum()) - 1
        caption = w("{place} ranks {rank:th} of {n}, with {beside:places} besides it within the 95% interval of its score (the bar).", place=place.name(lang), n=n, rank=row["rank"], beside=beside) + f" {caption}"  # fmt: skip
        ax.plot(row[["low", "high"]], [0, 0], color=colour["place"], lw=2.5, alpha=0.5, zorder=4, solid_capstyle="butt")
        ax.plot(row["score"], 0, "o", color=colour["place"], ms=9, zorder=6)
        if before is not None and np.isfinite(before):
            ax.plot(before, 0, "o", mfc=colour["paper"], mec=colour["place"], mew=1.6, ms=8, zorder=5)
            caption += " " + w("The hollow dot is {place} the year before.", place=place.name(lang))
    chosen = own | frame.index.isin([*places.peers(place, "cities"), *frame.index[[0, -1]]])
    beside = spread(frame["score"][chosen].to_numpy(), 0.045 * (last - first or 1), last)
    turned = {"rotation": 60, "rotation_mode": "anchor", "va": "center", "annotation_clip": False}
    turned["fontsize"] = pictures.size(7.6)
    for x, code, y, foot in zip(frame["score"][chosen], frame.index[chosen], height[chosen], beside, strict=True):
        mine = code == place.code
        line, text, weight = ("place", "place", "bold") if mine else ("line", "text", "normal")
        gid = None if mine or x in (first, last) else ONLY_WIDE
        ax.plot([x, x, foot], [0 if mine else y, 1, 1.07], color=colour[line], lw=0.6, clip_on=False, gid=gid)
        ax.annotate(names[code], (foot, 1.07), color=colour[text], weight=weight, gid=gid, **turned)
    ax.set(ylim=(-1.6, 1), yticks=[], xlabel=w("points"))
    ax.set_xlim(min(edges[0], frame["low"].where(own).min()), max(edges[-1], frame["high"].where(own).max()))
    ax.spines["left"].set_visible(False)
    alt = w("Scores of {n} provinces from {first:2} to {last:2} points.", n=n, first=first, last=last)
    if own.any():
        told = {"place": place.name(lang), **row}
        alt += " " + w("{place}: {score:2} points, rank {rank}, probably {lower} to {upper}.", **told)
    columns = {
        "score": (w("score"), "2"), "rank": (w("rank"), "n"), "lower": (w("probable from"), "n"), "upper": (w("probable to"), "n"),
    }  # fmt: skip
    shown = frame[::-1].set_axis(names[frame.index[::-1]])
    return pictures.describe(ax, caption, alt, shown, columns=columns, rows=(w("province"), ""))


def spread(positions: Sequence[float], gap: float, last: float) -> np.ndarray:
    """Move rising positions apart as little as brings them `gap` from each other, none beyond `last`.

    Examples
    --------
    >>> spread([1, 2, 9, 10], 2, 10).tolist()
    [1, 3, 8, 10]
    """
    steps = gap * np.arange(len(positions))
    return np.minimum(np.maximum.accumulate(positions - steps), last - steps[-1:].sum()) + steps


@chart
def areas(
    frame: pd.DataFrame, place: Place | str | int, whole: float, *, lang: str = "vi", ax: Axes | None = None, whole_name: str = "",
    palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw every district's or commune's score with its interval in the order of their names, and the whole's.

    An order by score would rank what the data cannot tell apart. Of more than `_MOST` those that lie nearest are drawn.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by district or commune, in points: ``score``, ``low`` and ``high`` (95% interval) and, if the picture is to show
        it, ``model``, the model estimate.
    place : Place
        District or commune to point out.
    whole : float
        Score of all of them together.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    whole_name : str
        What the whole is called, in the picture's language; by default the province's name.
    palette : mapping, optional
        Colours that differ from `papi_lib.page.charts.PALETTE`.
    """
    if frame["score"].isna().all():
        return None
    w, colour = Words(lang, place.year), colours(palette)
    every, frame = len(frame), frame[_near(frame.index, place)]
    frame = frame.assign(name=frame.index.map(w.place))
    frame = frame.sort_values("name", key=lambda column: column.map(places.sort_key))
    kinds, whole_name = places.types(frame.index, lang, place.year), whole_name or w.place(place.province_code)
    alone = ax is None
    ax = pictures.axes(w, 7, 1.3 + 0.2 * len(frame), margins=(2.35, 0.2, 0.1, 0.95)) if alone else ax
    at, own = rows(ax, frame["name"]), frame.index == place.code
    ax.axvline(whole, color=colour["whole"], lw=1, label=whole_name)
    for chosen, key, label in ((~own, "cities", w("direct estimate, 95% interval")), (own, "place", place.name(lang))):
        if chosen.any():
            drawn, look = frame[chosen], {"fmt": "o", "ms": 5, "elinewidth": 1.4, "color": colour[key], "label": label}
            ends = np.clip([drawn["score"] - drawn["low"], drawn["high"] - drawn["score"]], 0, None)
            ax.errorbar(drawn["score"], at[chosen], xerr=ends, **look)
    if "model" in frame:
        look = {"ms": 5.5, "mfc": colour["paper"], "mec": colour["peers"], "zorder": 4}
        ax.plot(frame["model"], at, "D", label=w("model estimate"), **look)
    for tick, chosen in zip(ax.get_yticklabels(), own, strict=True):
        tick.set(color=colour["place"] if chosen else colour["text"], weight="bold" if chosen else "normal")
    ax.set_xlabel(w("points"))
    pictures.legend(ax, alone, 2)
    caption = w("In the order of names, not of scores. Bars are 95% intervals, each by itself: one in twenty misses the truth by chance, so a bar beside the line is no finding.")  # fmt: skip
    if len(frame) < every:
        caption += " " + w("Drawn are the {n} of {every} {units} that are nearest to {place}.", n=len(frame), every=every, units=kinds, place=place.name(lang))  # fmt: skip
    alt = w("Scores of {n} {units} in the order of their names.", n=frame["score"].notna().sum(), units=kinds)
    if own.any() and pd.notna(frame["score"][place.code]):
        known = {"place": place.name(lang), "whole": whole_name, "value": whole} | dict(frame.loc[place.code])
        claim = w("{place}: {score:2} points, 95% interval {low:2} to {high:2}; {whole}: {value:2}.", **known)
        alt, caption = f"{alt} {claim}", f"{claim} {caption}"
    columns = {
        "score": (w("direct estimate"), "2"), "low": (w("95% from"), "2"), "high": (w("95% to"), "2"),
        "model": (w("model estimate"), "2"),
    }  # fmt: skip
    return pictures.describe(ax, caption, alt, frame.set_index("name"), columns=columns, rows=(w("place"), ""))


def _near(codes: pd.Index, place: Place) -> np.ndarray:
    """Tell which of some places are drawn with one: all, or of many the nearest; until 2025 those of its district."""
    table = places.below(place.level, place.year).loc[codes]
    if len(table) <= _MOST:
        return np.ones(len(table), dtype=bool)
    if "latitude" not in table:
        return (table["district_code"] == table.at[place.code, "district_code"]).to_numpy()
    away = (table[["latitude", "longitude"]] - table.loc[place.code, ["latitude", "longitude"]]).astype(float)
    return ((away**2).sum(axis=1).rank(method="first") <= _MOST).to_numpy()


@chart
def tiles(
    frame: pd.DataFrame, place: Place | str | int | None = None, *, lang: str = "vi", ax: Axes | None = None,
    palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw the provinces of a year as a tile map coloured by group.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        By province, as from `papi_lib.posterior.standing`: ``group``, 1 (highest) to 4, missing where not published.
    place : Place, optional
        Province to outline.
    lang : {"vi", "en"}
        Language of the picture.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    palette : mapping, optional
        Colours that differ from `papi_lib.page.charts.PALETTE`: of groups under their numbers.
    """
    year = place.year if place else None
    w, colour = Words(lang, year), colours(palette)
    groups = frame["group"] if isinstance(frame, pd.DataFrame) else frame
    grid = places.tiles(lang, year).assign(group=groups.astype("Int64"))
    if grid["group"].isna().all():
        return None
    if ax is None:
        ax = pictures.axes(w, 6.6, 9.2)
        ax.set_position((0, 0, 1, 1))  # nothing stands outside, which a layout takes long to find out
    looks = {g: {"facecolor": colour[g], "edgecolor": colour["line"]} for g in GROUPS}
    looks[0] = {"facecolor": colour["paper"], "edgecolor": colour["line"], "hatch": "////"}
    middle, small = {"ha": "center", "va": "center"}, {"fontsize": pictures.size(7.2)}
    for tile in grid.fillna({"group": 0}).itertuples():
        ax.add_patch(Rectangle((tile.column, tile.row), 0.94, 0.92, lw=0.6, **looks[tile.group]))
        ground = None if tile.group else {"fc": colour["paper"], "lw": 0, "pad": 0.5}  # hatching is hard to read
        look = {"color": INKS.get(tile.group, colour["text"]), "bbox": ground} | middle
        name, number = pictures.wrap(tile.name.replace(" - ", " "), 7), tile.group or "–"
        at, text = (tile.column + 0.47, tile.row + 0.47), f"{name}{' ' if name.count(chr(10)) > 1 else chr(10)}{number}"
        ax.text(*at, text, linespacing=1.05, gid=ONLY_WIDE, **look, **small)
        ax.text(*at, number, gid=ONLY_NARROW, visible=False, **look)
        if pd.notna(tile.islands) and tile.column == 0:  # under a tile on the west coast
            ax.text(0, tile.row + 1.45, pictures.wrap(tile.islands, 4), color=colour["text"], va="center", linespacing=1, **small)  # fmt: skip
        elif pd.notna(tile.islands):  # east of the map
            look = {"arrowprops": {"arrowstyle": "-", "color": colour["line"], "lw": 0.7}} | small
            spots = (tile.column + 0.95, tile.row + 0.5), (7.25, tile.row + 0.5)
            ax.annotate(pictures.wrap(tile.islands, 9), *spots, va="center", color=colour["text"], **look)
    code = place.province_code if place else None
    if code in grid.index:
        spot = tuple(grid.loc[code, ["column", "row"]])
        ax.add_patch(Rectangle(spot, 0.94, 0.92, fill=False, edgecolor=colour["place"], lw=3, zorder=5))
    names = {g: f"{g} · {group_name(g, w)}" for g in GROUPS} | {0: "– · " + w("not published")}
    handles = [Rectangle((0, 0), 1, 1, label=name, **looks[g]) for g, name in names.items()]
    if code in grid.index:
        own = {"edgecolor": colour["place"], "lw": 2, "label": w.place(code)}
        handles.insert(0, Rectangle((0, 0), 1, 1, fill=False, **own))
    look = {"handlelength": 1, "handletextpad": 0.4, "borderpad": 0, "borderaxespad": 0, "title_fontsize": pictures.size(8)}  # fmt: skip
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0.57), title=w("group (quartile)"), **look)
    ax.set(xlim=(-0.1, 9.6), ylim=(grid["row"].max() + 1.2, -0.1), aspect=1 / 1.15)
    ax.set_axis_off()
    counts = grid["group"].value_counts()
    sizes = [f"{group_name(g, w)} {counts.get(g, 0)}" for g in GROUPS]
    sizes.append(f"{w('not published')} {grid['group'].isna().sum()}")
    alt = w("Tile map of the {n} provinces by group:", n=len(grid)) + f" {', '.join(sizes)}."
    caption = w("One tile a province, roughly where it lies, by its group in the year (1 = highest quarter).")
    if code in grid.index and pd.notna(own := grid.loc[code, "group"]):
        region = grid.loc[grid.index.isin(places.peers(place, "region")), "group"].drop(code, errors="ignore").dropna()
        told = {"place": w.place(code), "region": places.region_name(place.region, lang), "group": own}
        claim = w("{place} is in group {group}, with {higher:places} in a higher one and {lower:places} in a lower one among the {n} other provinces of its region, {region}.", higher=(region < own).sum(), lower=(region > own).sum(), n=len(region), **told)  # fmt: skip
        alt, caption = f"{alt} {claim}", f"{claim} {caption}"
    shown = grid.set_index("name").sort_index(key=lambda names: names.map(places.sort_key))
    columns = {"group": (w("group (quartile)"), "n")}
    return pictures.describe(ax, caption, alt, shown, columns=columns, rows=(w("province"), ""))


def point_out(
    ax: Axes, frame: pd.DataFrame, x: str, y: str, place: Place | str | int, *, lang: str = "vi", means: bool = True,
    palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Point out a place and its region among all provinces' dots, drawn already; name them and the central cities.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where `frame` is drawn, its limits and legend final.
    frame : pandas.DataFrame
        Indexed by province, columns `x` and `y`, in points.
    x, y : int or str
        Columns that are drawn: parts of the index.
    place : Place
        Province to point out.
    lang : {"vi", "en"}
        Language of the picture.
    means : bool
        Draw the means of the provinces as grey lines.
    palette : mapping, optional
        Colours that differ from `papi_lib.page.charts.PALETTE`.
    """
    place, frame = resolve(place, frame), frame[[x, y]].dropna()
    if frame.empty:
        return None
    w, colour, code = Words(lang, place.year), colours(palette), place.code
    if means:
        ax.axvline(frame[x].mean(), color=colour["range"], lw=1, zorder=0)
        ax.axhline(frame[y].mean(), color=colour["range"], lw=1, zorder=0)
    ax.set(xlabel=w.part(x) + w(" (points)"), ylabel=w.part(y) + w(" (points)"))
    cities, region = ([key for key in places.peers(place, k) if key in frame.index] for k in ("cities", "region"))
    ax.scatter(frame.loc[region, x], frame.loc[region, y], s=26, color=colour["peers"], lw=0, zorder=3)
    small, bold = {"fontsize": pictures.size(8.3), "color": colour["text"]}, {"fontsize": pictures.size(9), "color": colour["place"], "weight": "bold"}  # fmt: skip
    r = frame[x].corr(frame[y])
    alt = w("{n} provinces by {x:part} and {y:part}; correlation {r:2}.", n=len(frame), x=x, y=y, r=r)
    if code in frame.index:
        here = frame.loc[code]
        ax.plot(*here, "o", ms=13, mfc="none", mec=colour["place"], mew=2.2, zorder=4)
        alt += " " + w("{place}: {x:2} and {y:2} points.", place=place.name(lang), x=here[x], y=here[y])
    looks = dict.fromkeys(region, small | {"color": colour["peers"]}) | dict.fromkeys(cities, small) | {code: bold}
    order = [key for key in dict.fromkeys([code, *cities, *region]) if key in frame.index]
    named = {key: (w.place(key), looks[key]) for key in order}
    _name(ax, frame, named, colour["line"], ONLY_WIDE)
    with pictures.narrow(ax.figure):
        few = order[: 7 if code in named else 6]
        _name(ax, frame, {key: named[key] for key in few}, colour["line"], ONLY_NARROW)
    shown = frame.set_axis(frame.index.map(w.place)).sort_index(key=lambda names: names.map(places.sort_key))
    columns = {x: (w.part(x), "2"), y: (w.part(y), "2")}
    caption = w("One dot a province, those of {region} in colour; grey lines are the means of the provinces.", region=places.region_name(place.region, lang))  # fmt: skip
    return pictures.describe(ax, caption, alt, shown, columns=columns, rows=(w("province"), ""))


def _name(ax: Axes, frame: pd.DataFrame, names: Mapping[Hashable, tuple[str, dict]], colour: str, gid: str) -> None:
    """Write names beside dots, each where it covers least; one that stands far off gets a line to its dot.

    A name beyond the first six that would lie over another or outside is left out.
    """
    if layout := ax.figure.get_layout_engine():
        layout.execute(ax.figure)  # from now on it is what it will be
    points, inside, scale = ax.transData.transform(frame), ax.get_window_extent(), ax.figure.dpi / 72
    taken = [ax.get_legend().get_window_extent()] if ax.get_legend() else []
    directions, reach = np.array(_SPOTS)[:, :2], np.array(_SPOTS)[:, 2:]
    for number, (code, (name, look)) in enumerate(names.items()):
        row = frame.index.get_loc(code)
        note = ax.annotate(name, frame.loc[code], (0, 0), textcoords="offset points", gid=gid, **look)
        size = np.array(note.get_window_extent().size)
        low = points[row] + directions * reach * scale + size * (directions - 1) / 2
        boxes = [Bbox([corner, corner + size]) for corner in low]
        others = np.delete(points, row, axis=0)
        # How bad a spot is: names under it, then how far it leaves the axes, then dots under it.
        costs = [
            100 * box.count_overlaps(taken)
            + 20 * (np.maximum(inside.min - box.min, 0).sum() + np.maximum(box.max - inside.max, 0).sum())
            + box.padded(3).count_contains(others)
            for box in boxes
        ]
        best = int(np.argmin(costs))
        if number > 5 and costs[best] >= 20:
            note.remove()
            continue
        dx, dy, far = _SPOTS[best]
        taken.append(boxes[best])
        note.set(position=(dx * far, dy * far), ha=_SIDES[dx][0], va=_SIDES[dy][1], visible=gid == ONLY_WIDE)
        if far > 10:
            line = {"arrowstyle": "-", "color": colour, "lw": 0.7}
            look = {"textcoords": "offset points", "arrowprops": line, "gid": gid, "visible": gid == ONLY_WIDE}
            ax.annotate("", frame.loc[code], note.get_position(), **look)

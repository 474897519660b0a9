"""Pictures of published scores: one call with a tidy frame each, one look, alt text with each.

Every function returns a `papi_lib.pictures.Picture`, or None where there is nothing to draw.
Scores are in points on PAPI's scale; whiskers are 95% intervals.
"""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from papi_lib import index, places
from papi_lib.pictures import BEST, CITIES, COUNTRY, FAINT, GROUP_COLOURS, PLACE, REGION, Picture, figure, style
from papi_lib.places import Place
from papi_lib.wording import Words

Z95 = 1.96


def part_name(part: int | str, w: Words) -> str:
    """Return the name of a dimension, a sub-dimension or the total in the page's language."""
    return w("Total") if part == "total" else index.name(part, w.lang)


def group_name(group: int, w: Words) -> str:
    """Return the name of a quartile group, 1 = highest."""
    return [w("highest"), w("upper middle"), w("lower middle"), w("lowest")][int(group) - 1]


def profile(frame: pd.DataFrame, w: Words, place: Place, *, se: pd.Series | None = None) -> Picture | None:
    """Draw a place's score in each part against country, region, the five cities and the best.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.published.profile`.
    w : Words
        Language of the picture.
    place : Place
        The place.
    se : pandas.Series, optional
        Standard errors of the scores, indexed by part, in points; drawn as 95% intervals.
    """
    if frame.empty:
        return None
    with style():
        fig = figure(7, 1.25 + 0.52 * len(frame))
        ax = fig.subplots()
        rows = np.arange(len(frame))[::-1]
        ax.hlines(rows, frame["worst"], frame["best"], color=FAINT, lw=7, zorder=1, label=w("lowest to highest province"))
        marks = [
            ("country", "|", COUNTRY, w("mean of provinces")),
            ("region", "s", REGION, w("region")),
            ("cities", "^", CITIES, w("five central cities")),
            ("best", "D", BEST, w("best province")),
        ]
        for column, marker, colour, label in marks:
            size = 150 if marker == "|" else 26
            ax.scatter(frame[column], rows, marker=marker, s=size, color=colour, zorder=3, label=label, lw=2 if marker == "|" else 0)
        if se is not None:
            ax.errorbar(frame["score"], rows, xerr=Z95 * se.reindex(frame.index), fmt="none", ecolor=PLACE, lw=1.4, zorder=4)
        ax.scatter(frame["score"], rows, s=64, color=PLACE, zorder=5, label=place.name(w.lang))
        for y, score in zip(rows, frame["score"], strict=True):
            if pd.notna(score):
                ax.annotate(w.number(score), (score, y), (0, 9), textcoords="offset points", ha="center", color=PLACE, weight="bold")
        ax.set_yticks(rows, [_wrap(part_name(p, w), 30) for p in frame.index])
        ax.set_ylim(-0.6, len(frame) - 0.3)
        ax.set_xlim(frame["lower"].min(), frame["upper"].max())
        _decimal_axis(ax, w, "x")
        ax.set_xlabel(w("points, over the range of the scale"))
        fig.legend(loc="outside lower center", ncols=3, fontsize=8)
    shown = frame.assign(part=[part_name(p, w) for p in frame.index]).set_index("part")
    shown["best_province"] = [_province(c, w) for c in frame["best_province"]]
    shown = shown[["score", "country", "region", "cities", "best", "best_province"]]
    shown.columns = [place.name(w.lang), w("mean of provinces"), w("region"), w("five central cities"), w("best province"), w("who")]
    shown.index.name = w("part")
    alt = w("Scores of {place} beside the mean of provinces:", place=place.name(w.lang)) + " " + "; ".join(
        w("{part} {score} (mean {country})", part=part, score=w.number(row.iloc[0]), country=w.number(row.iloc[1]))
        for part, row in shown.iterrows()
    )
    caption = w("Score by part, with the 95% interval where the noise is known; grey bars span all provinces.")
    return Picture(fig, alt, caption, w, shown)


def history(frame: pd.DataFrame, w: Words, place: Place, *, se: pd.DataFrame | None = None) -> Picture | None:
    """Draw scores year by year, one panel a part; no line crosses a break in the series.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.published.history`.
    w : Words
        Language of the picture.
    place : Place
        The place.
    se : pandas.DataFrame, optional
        Columns ``part``, ``year``, ``se`` in points; drawn as 95% intervals.
    """
    if frame["score"].isna().all() and frame["country"].isna().all():
        return None
    if se is not None:
        frame = frame.merge(se, on=["part", "year"], how="left")
    parts = list(dict.fromkeys(frame["part"]))
    columns = min(2, len(parts))
    lines = -(-len(parts) // columns)
    with style():
        fig = figure(7, 0.5 + (2.1 if columns > 1 else 2.6) * lines)
        axes = fig.subplots(lines, columns, squeeze=False, sharex=True)
        for ax, part in zip(axes.flat, parts, strict=False):
            _history_panel(ax, frame[frame["part"] == part], w, place)
            ax.set_title(_wrap(part_name(part, w), 40))
            ax.set_xlim(frame["year"].min() - 0.6, frame["year"].max() + 0.6)
        for ax in axes.flat[len(parts) :]:
            ax.set_axis_off()
        handles, labels = axes.flat[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    latest = frame.dropna(subset="score").groupby("part", sort=False).last()
    alt = w("Scores of {place} by year; lines break where the measure changed.", place=place.name(w.lang)) + " " + "; ".join(
        w("{part} {score} in {year}", part=part_name(part, w), score=w.number(row["score"]), year=int(row["year"]))
        for part, row in latest.iterrows()
    )
    table = frame.assign(part=[part_name(p, w) for p in frame["part"]]).set_index("part")[["year", "score", "country"]]
    table.columns = [w("year"), place.name(w.lang), w("mean of provinces")]
    table.index.name = w("part")
    caption = w("Points by year. Dotted lines mark years from which scores no longer compare with those before.")
    return Picture(fig, alt, caption, w, table)


def _history_panel(ax: Axes, frame: pd.DataFrame, w: Words, place: Place) -> None:
    for number, (start, run) in enumerate(frame.groupby("segment")):
        label = {"label": None} if number else {}
        ax.fill_between(run["year"], run["lower_quartile"], run["upper_quartile"], color=FAINT, alpha=0.6, lw=0,
                        **({"label": w("middle half of provinces")} | label))
        ax.plot(run["year"], run["country"], color=COUNTRY, lw=1.3, marker="_", ms=7,
                **({"label": w("mean of provinces")} | label))
        if len(run) == 1:
            ax.vlines(run["year"], run["lower_quartile"], run["upper_quartile"], color=FAINT, lw=6, alpha=0.6)
        ax.plot(run["year"], run["score"], color=PLACE, lw=1.8, marker="o", ms=4.5,
                **({"label": place.name(w.lang)} | label))
        if "se" in run:
            ax.errorbar(run["year"], run["score"], yerr=Z95 * run["se"], fmt="none", ecolor=PLACE, lw=0.9, alpha=0.8)
        if number:
            ax.axvline(start - 0.5, color="#64748b", ls=":", lw=1)
    ax.xaxis.get_major_locator().set_params(integer=True)
    _decimal_axis(ax, w, "y")


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
        fig = figure(6.6, 9.2)
        ax = fig.subplots()
        for code, tile in grid.iterrows():
            group = groups[code]
            known = pd.notna(group)
            ax.add_patch(Rectangle((tile["column"], tile["row"]), 0.94, 0.92, facecolor=GROUP_COLOURS[int(group)] if known else "white",
                                   edgecolor="#94a3b8", lw=0.6, hatch=None if known else "////"))
            text = _wrap(tile["name"].replace(" - ", " "), 9) + (f"\n{int(group)}" if known else "\n–")
            ax.text(tile["column"] + 0.47, tile["row"] + 0.47, text, ha="center", va="center", fontsize=6.3,
                    color="white" if known and group <= 2 else "#111827", linespacing=1.05)
            if isinstance(tile["islands"], str):
                ax.annotate(tile["islands"], (tile["column"] + (0.95 if tile["column"] else 0), tile["row"] + 0.5),
                            (7.25 if tile["column"] else 0.47, tile["row"] + (0.5 if tile["column"] else 1.35)), fontsize=7,
                            ha="left" if tile["column"] else "center", va="center", color="#334155",
                            arrowprops={"arrowstyle": "-", "color": "#94a3b8", "lw": 0.7} if tile["column"] else None)
        if place is not None and place.province_code in grid.index:
            tile = grid.loc[place.province_code]
            ax.add_patch(Rectangle((tile["column"], tile["row"]), 0.94, 0.92, fill=False, edgecolor=PLACE, lw=3, zorder=5))
        labels = [(GROUP_COLOURS[g], f"{g} · {group_name(g, w)}", None) for g in GROUP_COLOURS]
        labels.append(("white", "– · " + w("not published"), "////"))
        handles = [Rectangle((0, 0), 1, 1, facecolor=c, edgecolor="#94a3b8", hatch=h, label=t) for c, t, h in labels]
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0.60), title=w("group (quartile)"), fontsize=8, title_fontsize=8)
        ax.set(xlim=(-0.1, 9.6), ylim=(grid["row"].max() + 1.2, -0.1), aspect=1 / 1.15)
        ax.set_axis_off()
    shown = pd.DataFrame({w("group (quartile)"): groups.astype("Int64")}).set_index(grid["name"].rename(w("province")))
    shown = shown.loc[sorted(shown.index, key=places.sort_key)]
    counts = ", ".join(f"{group_name(g, w)} {int((groups == g).sum())}" for g in GROUP_COLOURS)
    alt = w("Tile map of the 63 provinces by group:") + f" {counts}, " + w("not published") + f" {int(groups.isna().sum())}."
    if place is not None and pd.notna(groups.get(place.province_code)):
        alt += " " + w("{place} is in group {group}.", place=place.name(w.lang), group=int(groups[place.province_code]))
    caption = w("One tile a province, by its group in the year (1 = highest quarter). Positions are schematic.")
    return Picture(fig, alt, caption, w, shown)


def ranks(frame: pd.DataFrame, w: Words, place: Place) -> Picture | None:
    """Draw every province's rank with its confidence set, the place and the five cities named.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.precision.rank_sets`: ``rank``, ``lower``, ``upper`` by ``province_code``.
    w : Words
        Language of the picture.
    place : Place
        Province to point out.
    """
    frame = frame.dropna(subset=["rank"]).sort_values("rank", kind="stable")
    if frame.empty:
        return None
    order = np.arange(1, len(frame) + 1)
    named = set(places.peers(place, "cities")) | {place.code, frame.index[0], frame.index[-1]}
    with style():
        fig = figure(7, 3.9)
        ax = fig.subplots()
        ax.vlines(order, frame["lower"].astype(float), frame["upper"].astype(float), color=FAINT, lw=4)
        ax.scatter(order, frame["rank"].astype(float), s=9, color=BEST, zorder=3)
        here = frame.index == place.code
        ax.vlines(order[here], frame["lower"][here].astype(float), frame["upper"][here].astype(float), color=PLACE, lw=4, alpha=0.6)
        ax.scatter(order[here], frame["rank"][here].astype(float), s=50, color=PLACE, zorder=4)
        for x, (code, row) in zip(order, frame.iterrows(), strict=True):
            if code in named:
                ax.annotate(_province(code, w), (x, row["lower"]), (0, 4), textcoords="offset points", rotation=60, ha="left", va="bottom",
                            fontsize=7.5, color=PLACE if code == place.code else "#334155", weight="bold" if code == place.code else None)
        ax.set(xlim=(0, len(frame) + 4), ylim=(len(frame) + 1, -9))
        ax.set_yticks([1, *range(10, len(frame) + 1, 10)])
        ax.set_xticks([])
        ax.set_xlabel(w("provinces by published score"))
        ax.set_ylabel(w("rank (1 = highest)"))
    shown = frame[["score", "rank", "lower", "upper"]].copy()
    shown.index = pd.Index([_province(c, w) for c in frame.index], name=w("province"))
    shown.columns = [w("score"), w("rank"), w("set from"), w("set to")]
    alt = w("Ranks of {n} provinces with their 95% confidence sets.", n=len(frame))
    if here.any():
        row = frame.loc[place.code]
        alt += " " + w("{place}: rank {rank}, set {lower} to {upper}.", place=place.name(w.lang), rank=int(row["rank"]),
                       lower=int(row["lower"]), upper=int(row["upper"]))
    caption = w("Dots are ranks by published score (our ordering), bars the ranks that noise in the scores leaves possible (95%).")
    return Picture(fig, alt, caption, w, shown)


def gaps(frame: pd.DataFrame, w: Words, place: Place, *, title: str) -> Picture | None:
    """Draw differences with their 95% intervals, one row a part; those within noise are hollow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by part: ``difference`` and ``se``, in points.
    w : Words
        Language of the picture.
    place : Place
        The place.
    title : str
        What the differences are, in the page's language.
    """
    frame = frame.dropna(subset=["difference"])
    if frame.empty:
        return None
    clear = frame["difference"].abs() > Z95 * frame["se"]
    with style():
        fig = figure(7, 0.9 + 0.4 * len(frame))
        ax = fig.subplots()
        rows = np.arange(len(frame))[::-1]
        ax.axvline(0, color=COUNTRY, lw=1)
        ax.errorbar(frame["difference"], rows, xerr=Z95 * frame["se"], fmt="none", ecolor=PLACE, lw=1.4)
        ax.scatter(frame["difference"], rows, s=50, facecolor=[PLACE if c else "white" for c in clear], edgecolor=PLACE, zorder=3)
        ax.set_yticks(rows, [_wrap(part_name(p, w), 34) for p in frame.index])
        ax.set_ylim(-0.6, len(frame) - 0.4)
        _decimal_axis(ax, w, "x", signed=True)
        ax.set_xlabel(w("points"))
        ax.set_title(title)
    shown = frame[["difference", "se"]].copy()
    shown.index = pd.Index([part_name(p, w) for p in frame.index], name=w("part"))
    shown.columns = [w("difference"), w("standard error")]
    alt = title + ": " + "; ".join(
        f"{part} {w.signed(row.iloc[0])}" + ("" if ok else f" ({w('within noise')})")
        for (part, row), ok in zip(shown.iterrows(), clear, strict=True)
    )
    return Picture(fig, alt, w("Differences with 95% intervals; hollow dots are within noise."), w, shown)


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
        fig = figure(7, 4.6)
        ax = fig.subplots()
        sns.scatterplot(data=frame.assign(region=regions.map(names)), x=x, y=y, hue="region", style="region", palette="colorblind", s=42, ax=ax, alpha=0.85)
        for code in {place.code, *places.peers(place, "cities")} & set(frame.index):
            here = code == place.code
            if here:
                ax.scatter(*frame.loc[code], s=170, facecolor="none", edgecolor=PLACE, lw=2.2, zorder=4)
            ax.annotate(_province(code, w), frame.loc[code], (7, 5), textcoords="offset points", fontsize=8.5 if here else 7.5,
                        color=PLACE if here else "#334155", weight="bold" if here else None)
        ax.axvline(frame[x].mean(), color=FAINT, lw=1, zorder=0)
        ax.axhline(frame[y].mean(), color=FAINT, lw=1, zorder=0)
        _decimal_axis(ax, w, "x")
        _decimal_axis(ax, w, "y")
        ax.set_xlabel(part_name(x, w) + w(" (points)"))
        ax.set_ylabel(part_name(y, w) + w(" (points)"))
        handles, labels = ax.get_legend_handles_labels()
        ax.get_legend().remove()
        fig.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    shown = frame.set_axis(pd.Index([_province(c, w) for c in frame.index], name=w("province")))
    shown = shown.loc[sorted(shown.index, key=places.sort_key)].set_axis([part_name(x, w), part_name(y, w)], axis=1)
    alt = w("{n} provinces by {x} and {y}; correlation {r}.", n=len(frame), x=part_name(x, w), y=part_name(y, w), r=w.number(frame[x].corr(frame[y])))
    if place.code in frame.index:
        alt += " " + w("{place}: {x} and {y} points.", place=place.name(w.lang), x=w.number(frame.loc[place.code, x]), y=w.number(frame.loc[place.code, y]))
    return Picture(fig, alt, w("One dot a province; grey lines are the means of the provinces."), w, shown)


def _province(code: float, w: Words) -> str:
    return "–" if pd.isna(code) else places.provinces()[f"name_{w.lang}"][int(code)]


def _wrap(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False)


def _decimal_axis(ax: Axes, w: Words, which: str, *, signed: bool = False) -> None:
    """Label an axis's ticks in the page's number format, with as many decimals as the step needs."""
    axis = getattr(ax, f"{which}axis")

    def label(value: float, _position: int | None = None) -> str:
        step = np.diff(axis.get_majorticklocs()[:2])
        decimals = 0 if not len(step) else max(0, min(2, int(np.ceil(-np.log10(step[0]) - 1e-9))))
        return w.signed(value, decimals) if signed else w.number(value, decimals)

    axis.set_major_formatter(label)

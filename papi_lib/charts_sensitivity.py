"""Pictures of ranks rebuilt otherwise: shares of runs, single changes, what moves ranks, all provinces.

One call with a tidy frame each, as in `papi_lib.charts`; the frames come from `papi_lib.sensitivity`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import places
from papi_lib.charts_country import rank_axes
from papi_lib.labels import choice_name, group_name, province_name, step_name
from papi_lib.pictures import (
    COUNTRY,
    FAINT,
    GROUP_COLOURS,
    PLACE,
    REGION,
    Picture,
    bars,
    figure,
    mark_axis,
    round_values,
    style,
    wrap,
)
from papi_lib.places import Place
from papi_lib.wording import Words

#: What a colour stands for in every picture here.
_COLOURS = {"methods": REGION, "sampling": "#64748b", "all": PLACE}
_SOURCE_COLOURS = {"sampling": "#64748b", "weights": REGION, "aggregation": "#5eead4", "normalisation": "#fbbf24"}
#: Shares below this are not written into their bar.
_READABLE = 0.07


def group_shares(shares: pd.DataFrame, group: int, w: Words, place: Place) -> Picture:
    """Draw by scenario the shares of runs in which a province falls in each of the four groups.

    Parameters
    ----------
    shares : pandas.DataFrame
        Indexed by scenario (of `papi_lib.sensitivity.SCENARIOS`), a column a group (1 = highest); shares of 1.
    group : int
        The province's group by the published scores.
    w : Words
        Language of the picture.
    place : Place
        The province.
    """
    names = [step_name(scenario, w) for scenario in shares.index]
    with style():
        fig = figure(7, 1.35 + 0.36 * len(shares), left=1.95, bottom=0.95)
        ax = fig.subplots()
        labels = {g: group_name(g, w) + (f" ({w('as published')})" if g == group else "") for g in GROUP_COLOURS}
        looks = {g: (colour, "white" if g <= 2 else "#111827") for g, colour in GROUP_COLOURS.items()}
        _stacked(ax, shares.set_axis(names), labels, looks, w, height=0.7, ec="#94a3b8")
        ax.set_xlabel(w("share of runs"))
        fig.legend(loc="lower center", ncols=4, fontsize=8, columnspacing=1.2)
    shown = shares.set_axis([group_name(g, w) for g in shares], axis=1)
    shown.index = pd.Index(names, name=w("what varies"))
    alt = w("Share of runs in which {place} falls in each group:", place=place.name(w.lang)) + " " + "; ".join(
        f"{name}: " + ", ".join(f"{g} {w.percent(share)}" for g, share in row.items()) for name, row in shown.iterrows()
    )  # fmt: skip
    caption = w("A bar for each thing that varies, the rest as published; the last two rows have noise in them.")
    return Picture(fig, alt, caption, w, shown)


def rank_shares(shares: pd.DataFrame, spread: pd.DataFrame, rank: int, w: Words, place: Place) -> Picture:
    """Draw how often each rank comes up for a province, a panel a scenario.

    Parameters
    ----------
    shares : pandas.DataFrame
        Ranks × scenarios, shares of 1.
    spread : pandas.DataFrame
        Indexed by scenario: ``lower`` and ``upper``, the middle of the ranks as in `papi_lib.sensitivity.Runs.spread`.
    rank : int
        The province's rank by the published scores.
    w : Words
        Language of the picture.
    place : Place
        The province.
    """
    with style():
        fig = figure(7, 0.9 + 1.0 * shares.shape[1], left=0.3, top=0.3, bottom=0.85)
        fig.subplots_adjust(hspace=0.75)
        axes = fig.subplots(shares.shape[1], 1, sharey=True)
        for ax, scenario in zip(axes, shares, strict=True):
            ax.bar(shares.index, shares[scenario], width=0.85, color=_COLOURS[scenario])
            low, high = spread.loc[scenario, ["lower", "upper"]]
            foot = -0.06 * shares.to_numpy().max()
            bars(ax, [foot], low - 0.4, high + 0.4, across=True, color=_COLOURS[scenario], lw=4)
            ax.axvline(rank, color=COUNTRY, lw=1, ls="--", label=w("as published") if ax is axes[0] else None)
            ax.set_title(f"{step_name(scenario, w)}: {low:.0f}–{high:.0f}")
            ax.set_yticks([])
            ax.spines["left"].set_visible(False)
            ax.set_xlim(0, len(shares) + 1)
            mark_axis(ax, "x", [1, *range(10, len(shares) + 1, 10)], None if ax is axes[-1] else ())
        ax.set_xlabel(w("rank (1 = highest)"))
        fig.legend(loc="lower right", fontsize=8)
    names = [step_name(scenario, w) for scenario in shares]
    shown = shares.set_axis(names, axis=1).rename_axis(w("rank (1 = highest)"))
    shown = shown[(shown >= 0.0005).any(axis=1)]
    alt = w("Ranks of {place} in the middle 90% of runs:", place=place.name(w.lang)) + " " + "; ".join(
        w("{what} {low} to {high}", what=name, low=int(row.lower), high=int(row.upper))
        for name, row in zip(names, spread.loc[list(shares)].itertuples(), strict=True)
    )  # fmt: skip
    caption = w("Height is the share of runs with the rank; lines below and figures above are the middle 90% of runs.")
    return Picture(fig, alt, caption, w, shown)


def variants(frame: pd.DataFrame, noise: tuple[float, float], w: Words, place: Place) -> Picture:
    """Draw a province's rank with one step done otherwise, beside the ranks that noise alone makes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by ``step`` and ``choice`` as the columns of `papi_lib.sensitivity.variants`, as published
        first: ``rank`` and ``group`` of the province, ``moved``: how many places provinces move on average.
    noise : tuple of float
        First and last rank of the middle 90% of runs with noise alone.
    w : Words
        Language of the picture.
    place : Place
        The province.
    """
    names = [choice_name(choice, w) for _, choice in frame.index]
    steps = [step_name(step, w) if step != "left_out" else "" for step, _ in frame.index]
    with style():
        fig = figure(7, 1.3 + 0.3 * len(frame), left=3.0, bottom=0.95)
        ax = fig.subplots()
        rows = np.arange(len(frame))[::-1]
        ax.axvspan(noise[0] - 0.5, noise[1] + 0.5, color=FAINT, alpha=0.55, lw=0, label=w("middle 90% with noise alone"))  # fmt: skip
        ax.axvline(frame["rank"].iloc[0], color=COUNTRY, lw=1, ls="--", label=w("as published"))
        bars(ax, rows, frame["rank"].iloc[0], frame["rank"], across=True, color=PLACE, lw=1.2)
        ax.plot(frame["rank"], rows, "o", ms=6.5, color=PLACE, zorder=3)
        ax.plot(frame["rank"].iloc[0], rows[0], "o", ms=7.7, color=PLACE, zorder=3)
        for y, rank in zip(rows, frame["rank"], strict=True):
            ax.annotate(str(rank), (rank, y), (0, 6), textcoords="offset points", ha="center", color=PLACE, fontsize=8,
                        bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.4})  # fmt: skip
        ax.set_ylim(-0.6, len(frame) - 0.2)
        n = frame.attrs["provinces"]
        ax.set_xlim(0, n + 1)
        mark_axis(ax, "y", rows, [wrap(name, 42) for name in names])
        mark_axis(ax, "x", [1, *range(10, n + 1, 10)])
        ax.set_xlabel(w("rank (1 = highest)"))
        fig.legend(loc="lower center", ncols=2, fontsize=8)
    shown = pd.DataFrame(
        {w("step"): steps, w("rank"): frame["rank"].to_numpy(), w("group"): frame["group"].to_numpy(),
         w("places that provinces move on average"): frame["moved"].to_numpy()},
        index=pd.Index(names, name=w("one step done otherwise")),
    )  # fmt: skip
    alt = w("Rank of {place} with one step done otherwise:", place=place.name(w.lang)) + " " + "; ".join(
        f"{name} {rank}" for name, rank in zip(names, frame["rank"], strict=True)
    )  # fmt: skip
    return Picture(fig, alt, w("One dot a way of building the index, without noise."), w, shown)


def variance(shares: pd.DataFrame, w: Words) -> Picture:
    """Draw the variance of ranks split by what makes it.

    Parameters
    ----------
    shares : pandas.DataFrame
        A row a bar, named in the page's language; columns the sources and ``together``; shares of 1.
    w : Words
        Language of the picture.
    """
    names = {source: w("acting together") if source == "together" else step_name(source, w) for source in shares}
    with style():
        fig = figure(7, 1.35 + 0.45 * len(shares), left=1.95, bottom=1.15)
        ax = fig.subplots()
        looks = {
            source: (_SOURCE_COLOURS.get(source, FAINT), "white" if source in ("sampling", "weights") else COUNTRY)
            for source in names
        }
        _stacked(ax, shares, names, looks, w, height=0.65, ec="white")
        ax.set_xlabel(w("share of the variance of ranks"))
        fig.legend(loc="lower center", ncols=3, fontsize=8)
    shown = shares.rename(columns=names).rename_axis(w("what"))
    alt = w("Variance of ranks by what makes it:") + " " + "; ".join(
        f"{bar}: " + ", ".join(f"{name} {w.percent(share)}" for name, share in row.items()) for bar, row in shown.iterrows()
    )  # fmt: skip
    return Picture(fig, alt, w("First Sobol indices; the rest is what sources do only together."), w, shown)


def everyone(frame: pd.DataFrame, w: Words, place: Place) -> Picture:
    """Draw every province's ranks in the middle 90% of runs, by choices of method alone and by noise alone.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by ``province_code``: ``rank`` as published, ``stays`` (share of all runs in the published
        group), and ``lower`` and ``upper`` under each of ``methods`` and ``sampling`` (columns are pairs).
    w : Words
        Language of the picture.
    place : Place
        Province to point out.
    """
    frame = frame.sort_values(("published", "rank"), kind="stable")
    order = np.arange(1, len(frame) + 1)
    with style():
        fig = figure(7, 4.4, bottom=0.75)
        ax = fig.subplots()
        for scenario, shift in (("methods", -0.2), ("sampling", 0.2)):
            ends = frame[scenario]
            bars(ax, order + shift, ends["lower"], ends["upper"], color=_COLOURS[scenario], lw=2, alpha=0.75, label=step_name(scenario, w))  # fmt: skip
        ax.plot(order, frame["published", "rank"], "o", ms=3, color=COUNTRY, zorder=3, label=w("as published"))
        here = frame.index == place.code
        ax.plot(order[here], frame["published", "rank"][here], "o", ms=7.4, color=PLACE, zorder=4)
        top = frame[[("methods", "lower"), ("sampling", "lower")]].min(axis=1)
        rank_axes(ax, order, top, places.provinces()[f"name_{w.lang}"], w, place)
        ax.set_xlabel(w("provinces by published score"))
        fig.legend(loc="lower center", ncols=3, fontsize=8)
    span = {
        step_name(scenario, w): [
            f"{low:.0f}–{high:.0f}" for low, high in frame[scenario][["lower", "upper"]].to_numpy()
        ]
        for scenario in ("methods", "sampling")
    }
    shown = pd.DataFrame(
        {w("rank"): frame["published", "rank"].to_numpy()} | span
        | {w("share of runs in the published group"): frame["published", "stays"].to_numpy()},
        index=pd.Index([province_name(c, w) for c in frame.index], name=w("province")),
    )  # fmt: skip
    alt = w("Ranks of {n} provinces in the middle 90% of runs.", n=len(frame))
    if here.any():
        alt += f" {place.name(w.lang)}: " + "; ".join(
            f"{name} {spans[int(np.flatnonzero(here)[0])]}" for name, spans in span.items()
        )
    caption = w("Bars are the middle 90% of runs, dots the ranks by published score (our ordering).")
    return Picture(fig, alt, caption, w, shown)


def _stacked(ax, shares: pd.DataFrame, labels: dict, looks: dict, w: Words, **bars) -> None:
    """Draw each row's shares as one bar; `looks` are the colours of bar and writing by column."""
    rows, left = np.arange(len(shares))[::-1], np.zeros(len(shares))
    for column, (colour, ink) in looks.items():
        ax.barh(rows, shares[column], left=left, color=colour, lw=0.6, label=labels[column], **bars)
        for y, start, share in zip(rows, left, shares[column], strict=True):
            if share >= _READABLE:
                ax.text(start + share / 2, y, w.percent(share), ha="center", va="center", fontsize=7.5, color=ink)
        left += shares[column].to_numpy()
    ax.set_xlim(0, 1)
    mark_axis(ax, "y", rows, [wrap(name, 26) for name in shares.index])
    mark_axis(ax, "x", (at := round_values(ax, "x")), map(w.percent, at))

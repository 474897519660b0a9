"""Pictures of a target: the fan of possible ranks, the climb in steps, the track record."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from papi_lib.labels import part_name
from papi_lib.pictures import (
    COUNTRY,
    FAINT,
    PLACE,
    Picture,
    bars,
    decimal_axis,
    figure,
    mark_axis,
    round_values,
    style,
    wrap,
)
from papi_lib.places import Place
from papi_lib.targets import Climb
from papi_lib.wording import Words


def fan(climbs: list[Climb], w: Words, place: Place) -> Picture:
    """Draw the ranks that were possible year by year, seen from the base year, and what came.

    Parameters
    ----------
    climbs : list of Climb
        From `papi_lib.targets.climb`: one place and base year, horizons 1, 2, …
    w : Words
        Language of the picture.
    place : Place
        The place.
    """
    first = climbs[0]
    frame = pd.DataFrame([c.ranks for c in climbs], index=[c.target_year for c in climbs])
    came = {c.target_year: c.outcome["rank"] for c in climbs if c.outcome}
    sets = pd.DataFrame(
        {first.base_year: {"lower": first.lower, "upper": first.upper}}
        | {c.target_year: {key: c.outcome[key] for key in ("lower", "upper")} for c in climbs if c.outcome}
    ).T
    asked = {c.target_year: c.target_rank for c in climbs}
    with style():
        fig = figure(7, 3.6, bottom=0.95)
        ax = fig.subplots()
        years = np.concatenate([[first.base_year], frame.index])
        for low, high, shade in ((0.05, 0.95, 0.35), (0.25, 0.75, 0.8)):
            ax.fill_between(years, np.r_[first.rank, frame[low]], np.r_[first.rank, frame[high]], color=FAINT, alpha=shade, lw=0,
                            label=w("{share} of simulations", share=w.percent(high - low)))  # fmt: skip
        ax.plot(years, np.r_[first.rank, frame[0.5]], color=COUNTRY, lw=1.2, label=w("middle of simulations"))
        ax.plot(
            list(asked), list(asked.values()), color="#0f766e", ls="--", lw=1.4, marker="v", ms=6, label=w("target")
        )
        ax.plot(
            [first.base_year, *came],
            [first.rank, *came.values()],
            color=PLACE,
            marker="o",
            lw=1.6,
            label=w("what came"),
        )
        bars(ax, sets.index, sets["lower"], sets["upper"], color=PLACE, lw=4, alpha=0.25, label=w("95% set of what came"))  # fmt: skip
        last = max(first.of, *sets["upper"])
        ax.set_ylim(last + 1, 0)
        mark_axis(ax, "y", [1, *range(10, last + 1, 10)])
        mark_axis(ax, "x", years)
        ax.set_ylabel(w("rank (1 = highest)"))
        fig.legend(loc="lower center", ncols=3, fontsize=8)
    shown = pd.DataFrame(
        {w("target"): pd.Series(asked), w("middle of simulations"): frame[0.5], w("90% from"): frame[0.05],
         w("90% to"): frame[0.95], w("what came"): pd.Series(came, dtype="Int64"),
         w("set from"): sets["lower"].reindex(frame.index).astype("Int64"), w("set to"): sets["upper"].reindex(frame.index).astype("Int64")}
    ).rename_axis(w("year"))  # fmt: skip
    alt = w("Ranks of {place} that were possible, seen from {year}:", place=place.name(w.lang), year=first.base_year) + " " + "; ".join(
        w("{year}: {low} to {high}, target {target}", year=year, low=row[0.05], high=row[0.95], target=asked[year])
        for year, row in frame.iterrows()
    )  # fmt: skip
    return Picture(
        fig,
        alt,
        w(
            "Simulated ranks, seen from the base year, beside the target and what came with the ranks that noise leaves possible."
        ),
        w,
        shown,
    )


def steps(gains: pd.Series, w: Words) -> Picture | None:
    """Draw gains by sub-dimension as steps that add up.

    Parameters
    ----------
    gains : pandas.Series
        Points by sub-dimension, from `papi_lib.targets.Climb.steps`.
    w : Words
        Language of the picture.
    """
    if gains.empty:
        return None
    with style():
        fig = figure(7, 1.0 + 0.32 * len(gains), left=2.6)
        ax = fig.subplots()
        rows = np.arange(len(gains))[::-1]
        ax.barh(rows, gains, left=gains.cumsum().shift(fill_value=0), color=PLACE, height=0.6)
        ax.set_xlim(0, gains.sum() * 1.05)
        mark_axis(ax, "y", rows, [wrap(part_name(p, w), 32) for p in gains.index])
        decimal_axis(ax, w, "x")
        ax.set_xlabel(w("points gained, one after another"))
    shown = pd.DataFrame(
        {w("gain (points)"): gains.to_numpy()}, index=pd.Index([part_name(p, w) for p in gains.index], name=w("part"))
    )
    alt = (
        w("Gains that add up to {points} points:", points=w.number(gains.sum()))
        + " "
        + "; ".join(f"{part} {w.signed(gain)}" for part, gain in shown.iloc[:, 0].items())
    )
    return Picture(
        fig, alt, w("The fewest sub-dimensions whose gains within reach add up to what is needed."), w, shown
    )


def track_record(record: pd.DataFrame, climb: Climb, w: Words) -> Picture | None:
    """Draw how often so many places were ever gained, by where provinces started.

    Parameters
    ----------
    record : pandas.DataFrame
        From `papi_lib.targets.starts`, over as many years as the target.
    climb : Climb
        The target; the band that it starts from stands out, with its simulated chance beside it.
    w : Words
        Language of the picture.
    """
    if record.empty:
        return None
    last = int(record["start"].max())
    edges = [*range(0, last - 9, 10), last]  # bands of ten ranks, the last of as many as are left
    bands = pd.cut(record["start"], edges, labels=[f"{a + 1}–{b}" for a, b in pairwise(edges)])
    made = (record["gain"] >= climb.places).groupby(bands, observed=False).agg(["mean", "sum", "size"])
    own = sum(climb.rank > edge for edge in edges[1:])
    with style():
        fig = figure(7, 3.0, bottom=0.85)
        ax = fig.subplots()
        rows = np.arange(len(made))
        ax.bar(rows, made["mean"], width=0.7, color=[PLACE if row == own else FAINT for row in rows])
        for row, (share, count, n) in zip(rows, made.to_numpy(), strict=True):
            top = max(share, climb.probability) if row == own else share
            ax.annotate(w("{made} of {n}", made=int(count), n=int(n)), (row, top), (0, 6 if row == own else 3), textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
        ax.plot(own, climb.probability, color=COUNTRY, marker="D", ms=7, mec="white", ls="none", label=w("simulated chance of this target"))  # fmt: skip
        ax.set_ylim(0, min(max(made["mean"].max(), climb.probability) + 0.12, 1.05))
        mark_axis(ax, "x", rows, made.index)
        mark_axis(ax, "y", (at := round_values(ax, "y")), map(w.percent, at))
        ax.set_xlabel(w("starting rank"))
        fig.legend(loc="lower center", fontsize=8)
    shown = made.set_axis([w("share that made it"), w("made"), w("started")], axis=1).rename_axis(w("starting rank"))
    shown.index = shown.index.astype(str)
    alt = (
        w("Share of provinces that rose at least {places} places, by starting rank:", places=climb.places)
        + " "
        + "; ".join(f"{band}: {w.percent(share)}" for band, share in made["mean"].items())
    )
    caption = w("Every start in the panel; the coloured bar is the band that the target starts from.")
    return Picture(fig, alt, caption, w, shown)

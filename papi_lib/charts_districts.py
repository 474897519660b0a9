"""Pictures of districts from a survey: all districts with their intervals, one district's parts, its answers.

One call with a tidy frame each, as in `papi_lib.charts`. Districts stand in the order of their names:
an order by score would rank what the data cannot tell apart.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import places
from papi_lib.charts import score_rows
from papi_lib.labels import part_name
from papi_lib.pictures import (
    CITIES,
    COUNTRY,
    FAINT,
    PLACE,
    REGION,
    Picture,
    bars,
    decimal_axis,
    figure,
    mark_axis,
    style,
)
from papi_lib.places import Place
from papi_lib.wording import Words


def districts(frame: pd.DataFrame, city: float, w: Words, place: Place, whole: str) -> Picture | None:
    """Draw every district's direct and model estimate with the direct one's interval, and the score of all together.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by district code: ``estimate``, ``noise`` (direct, half its 95% interval) and ``model``, in points.
    city : float
        The score of all together.
    w : Words
        Language of the picture.
    place : Place
        District to point out.
    whole : str
        What all are together, as `papi_lib.page.Page.whole`.
    """
    if frame["estimate"].isna().all():
        return None
    frame = frame.assign(low=frame["estimate"] - frame["noise"], high=frame["estimate"] + frame["noise"])
    names = {code: places.district(code).name(w.lang) for code in frame.index}
    frame = frame.loc[sorted(frame.index, key=lambda code: places.sort_key(names[code]))]
    rows = np.arange(len(frame))[::-1]
    here = frame.index == place.code
    with style():
        fig = figure(7, 1.25 + 0.2 * len(frame), left=1.75, bottom=0.95)
        ax = fig.subplots()
        ax.axvline(city, color=COUNTRY, lw=1, label=whole)
        for own, colour in ((~here, CITIES), (here, PLACE)):
            bars(ax, rows[own], frame["low"][own], frame["high"][own], across=True, color=colour, lw=1.4, alpha=0.8)
            ax.plot(frame["estimate"][own], rows[own], "o", ms=5.1, color=colour, zorder=3, label=None if own is here else w("direct estimate, 95% interval"))  # fmt: skip
        ax.plot(frame["model"], rows, "D", ms=5.5, mfc="white", mec=REGION, zorder=4, label=w("model estimate"))
        ax.set_ylim(-0.8, len(frame) - 0.2)
        mark_axis(ax, "y", rows, map(names.get, frame.index))
        for label, own in zip(ax.get_yticklabels(), here, strict=True):
            if own:
                label.set(color=PLACE, weight="bold")
        decimal_axis(ax, w, "x")
        ax.set_xlabel(w("points"))
        fig.legend(loc="lower center", ncols=3, fontsize=8)
    shown = frame[["estimate", "low", "high", "model"]].set_axis(
        [w("direct estimate"), w("95% from"), w("95% to"), w("model estimate")], axis=1
    )
    shown.index = pd.Index(list(map(names.get, frame.index)), name=w("district"))
    alt = w("Scores of {n} districts in the order of their names.", n=int(frame["estimate"].notna().sum()))
    if here.any() and pd.notna(frame["estimate"][place.code]):
        row = frame.loc[place.code]
        alt += " " + w(
            "{place}: {score} points, 95% interval {low} to {high}; {whole}: {city}.",
            place=names[place.code], score=w.number(row["estimate"]), low=w.number(row["low"]),
            high=w.number(row["high"]), city=w.number(city), whole=whole,
        )  # fmt: skip
    caption = w("Districts in the order of their names, not of their scores; bars are 95% intervals.")
    return Picture(fig, alt, caption, w, shown)


def profile(frame: pd.DataFrame, w: Words, place: Place, whole: str) -> Picture | None:
    """Draw a district's score in each part beside that of all districts and that of districts of its kind.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by part: ``estimate``, ``noise`` (half the 95% interval), ``city``, ``alike``, ``lower`` and ``upper`` (the
        scale), in points.
    w : Words
        Language of the picture.
    place : Place
        The district.
    whole : str
        What all districts are together, as `papi_lib.page.Page.whole`.
    """
    frame = frame.dropna(subset=["estimate"])
    if frame.empty:
        return None
    frame = frame.assign(low=frame["estimate"] - frame["noise"], high=frame["estimate"] + frame["noise"])
    rows = np.arange(len(frame))[::-1]
    with style():
        fig = figure(7, 1.45 + 0.5 * len(frame), left=2.15, bottom=1.05)
        ax = fig.subplots()
        bars(ax, rows, frame["lower"], frame["upper"], across=True, color=FAINT, lw=5, label=w("range of the scale"))
        ax.plot(frame["city"], rows, "|", ms=13, mew=2, color=COUNTRY, zorder=3, label=whole)
        ax.plot(frame["alike"], rows, "s", ms=5.1, color=REGION, zorder=3, label=w("districts of its kind"))
        bars(ax, rows, frame["low"], frame["high"], across=True, color=PLACE, lw=1.6, zorder=4)
        ax.plot(frame["estimate"], rows, "o", ms=7.7, color=PLACE, zorder=5, label=place.name(w.lang))
        score_rows(ax, rows, frame["estimate"], frame, w)
        fig.legend(loc="lower center", ncols=4, fontsize=8)
    shown = frame[["estimate", "low", "high", "city", "alike"]].set_axis(
        [place.name(w.lang), w("95% from"), w("95% to"), whole, w("districts of its kind")], axis=1
    )
    shown.index = pd.Index([part_name(p, w) for p in frame.index], name=w("part"))
    alt = w("Scores of {place} beside {whole}:", place=place.name(w.lang), whole=whole) + " " + "; ".join(
        w("{part} {score} ({whole}: {city})", part=part, score=w.number(row.iloc[0]), whole=whole, city=w.number(row.iloc[3]))
        for part, row in shown.iterrows()
    )  # fmt: skip
    return Picture(fig, alt, w("Score by part with its 95% interval; grey bars are the range of the scale."), w, shown)

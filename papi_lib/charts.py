"""Pictures of one place's scores: profile, history, differences.

One call with a tidy frame each, one look, alt text with each. Every function returns a
`papi_lib.pictures.Picture`, or None where there is nothing to draw. Scores are in points on PAPI's
scale; whiskers are 95% intervals.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from papi_lib.labels import part_name, province_name
from papi_lib.pictures import (
    BEST,
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
    round_values,
    style,
    wrap,
)
from papi_lib.places import Place
from papi_lib.wording import Words


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
        fig = figure(7, 1.45 + 0.52 * len(frame), left=2.15, bottom=1.1)
        ax = fig.subplots()
        rows = np.arange(len(frame))[::-1]
        label = w("lowest to highest province")
        bars(ax, rows, frame["worst"], frame["best"], across=True, color=FAINT, lw=7, label=label)
        marks = [
            ("country", "|", COUNTRY, w("mean of provinces")),
            ("region", "s", REGION, w("mean of the region")),
            ("cities", "^", CITIES, w("mean of five central cities")),
            ("best", "D", BEST, w("best province")),
        ]
        for column, marker, colour, label in marks:
            size, edge = (12.2, 2) if marker == "|" else (5.1, 0)
            ax.plot(frame[column], rows, marker, ms=size, mew=edge, color=colour, zorder=3, label=label)
        if se is not None:
            noise = 1.96 * se.reindex(frame.index)
            bars(ax, rows, frame["score"] - noise, frame["score"] + noise, across=True, color=PLACE, lw=1.4, zorder=4)
        ax.plot(frame["score"], rows, "o", ms=8, color=PLACE, zorder=5, label=place.name(w.lang))
        score_rows(ax, rows, frame["score"], frame, w)
        fig.legend(loc="lower center", ncols=3, fontsize=8)
    shown = frame.assign(part=[part_name(p, w) for p in frame.index]).set_index("part")
    shown["best_province"] = [province_name(c, w) for c in frame["best_province"]]
    shown = shown[["score", "country", "region", "cities", "best", "best_province"]]
    shown.columns = [
        place.name(w.lang),
        w("mean of provinces"),
        w("mean of the region"),
        w("mean of five central cities"),
        w("best province"),
        w("who"),
    ]
    shown.index.name = w("part")
    alt = (
        w("Scores of {place} beside the mean of provinces:", place=place.name(w.lang))
        + " "
        + "; ".join(
            w("{part} {score} (mean {country})", part=part, score=w.number(row.iloc[0]), country=w.number(row.iloc[1]))
            for part, row in shown.iterrows()
        )
    )
    caption = w("Score by part, with the 95% interval where the noise is known; grey bars span all provinces.")
    return Picture(fig, alt, caption, w, shown)


def score_rows(ax: Axes, rows: np.ndarray, scores: pd.Series, scale: pd.DataFrame, w: Words) -> None:
    """Write scores over their dots, name the parts and set the axis to the whole scale.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to write.
    rows : numpy.ndarray
        Height of each part's row.
    scores : pandas.Series
        Points, indexed by part; nothing is written for a missing one.
    scale : pandas.DataFrame
        ``lower`` and ``upper``: the parts' ranges in points.
    w : Words
        Language of the picture.
    """
    for y, score in zip(rows, scores, strict=True):
        if pd.notna(score):
            ax.annotate(w.number(score), (score, y), (0, 9), textcoords="offset points", ha="center", color=PLACE, weight="bold")  # fmt: skip
    ax.set_ylim(-0.6, len(scores) - 0.3)
    ax.set_xlim(scale["lower"].min(), scale["upper"].max())
    mark_axis(ax, "y", rows, [wrap(part_name(p, w), 26) for p in scores.index])
    decimal_axis(ax, w, "x")
    ax.set_xlabel(w("points, over the range of the scale"))


def history(frame: pd.DataFrame, w: Words, place: Place, *, beside: str = "country") -> Picture | None:
    """Draw scores year by year, one panel a part; no line crosses a break in the series.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `papi_lib.published.history`, where a column ``se`` may be added (standard errors in
        points, drawn as 95% intervals), or from `papi_lib.comparison.history`, which knows them
        and the differences as well.
    w : Words
        Language of the picture.
    place : Place
        The place.
    beside : str
        Column to draw beside the place's scores: what `papi_lib.comparison.history` was asked for.
    """
    if frame.empty or frame["score"].isna().all() and frame["country"].isna().all():
        return None
    parts = list(dict.fromkeys(frame["part"]))
    columns = min(2, len(parts))
    lines = -(-len(parts) // columns)
    span = frame["year"].min() - 0.6, frame["year"].max() + 0.6
    with style():
        fig = figure(7, 1.1 + (1.75 if columns > 1 else 2.1) * lines, left=0.45, top=0.35, bottom=0.8)
        fig.subplots_adjust(wspace=0.16, hspace=0.32)
        for i, part in enumerate(parts):
            ax = fig.add_subplot(lines, columns, i + 1, xlim=span, title=wrap(part_name(part, w), 40))
            _history_panel(ax, frame[frame["part"] == part], w, place, beside)
            ax.xaxis.get_major_locator().set_params(integer=True)
            years = [int(year) for year in round_values(ax, "x") if year % 1 == 0]
            mark_axis(ax, "x", years, None if i + columns >= len(parts) else ())
            decimal_axis(ax, w, "y")
        fig.legend(*fig.axes[0].get_legend_handles_labels(), loc="lower center", ncols=3, fontsize=8)
    latest = frame.dropna(subset="score").drop_duplicates("part", keep="last").set_index("part")
    alt = (
        w("Scores of {place} by year; lines break where the measure changed.", place=place.name(w.lang))
        + " "
        + "; ".join(
            w("{part} {score} in {year}", part=part_name(part, w), score=w.number(row["score"]), year=int(row["year"]))
            for part, row in latest.iterrows()
        )
    )
    caption = w("Points by year. Dotted lines mark years from which scores no longer compare with those before.")
    return Picture(fig, alt, caption, w, _history_table(frame, w, place, beside))


def _history_panel(ax: Axes, frame: pd.DataFrame, w: Words, place: Place, beside: str) -> None:
    """Draw one part's scores; all columns but texts are numbers by year."""
    segment = frame["segment"].to_numpy()
    breaks = np.flatnonzero(np.diff(segment)) + 1
    columns = ["year", "score", beside, "lower_quartile", "upper_quartile"]
    # A missing value between two runs: no line there.
    year, score, other, low, high = np.insert(frame[columns].to_numpy(float), breaks, np.nan, axis=0).T
    ax.fill_between(year, low, high, color=FAINT, alpha=0.6, lw=0, label=w("middle half of provinces"))
    ax.plot(year, other, color=COUNTRY, lw=1.3, marker="_", ms=7, label=w("mean of provinces"))
    ax.plot(year, score, color=PLACE, lw=1.8, marker="o", ms=4.5, label=place.name(w.lang))
    alone = frame[~frame["segment"].duplicated(keep=False)]
    if len(alone):
        bars(ax, alone["year"], alone["lower_quartile"], alone["upper_quartile"], color=FAINT, lw=6, alpha=0.6)
    for scores, errors, colour, aside in (("score", "se", PLACE, 0), (beside, "comparison_se", COUNTRY, 0.1)):
        if errors in frame and scores not in ("country", "median"):  # theirs are too small to see
            middle, noise = frame[scores], 1.96 * frame[errors]
            bars(ax, frame["year"] + aside, middle - noise, middle + noise, color=colour, lw=0.9, alpha=0.8)
    bars(ax, segment[breaks] - 0.5, 0, 1, color="#64748b", ls=":", lw=1, zorder=2, transform=ax.get_xaxis_transform())


def _history_table(frame: pd.DataFrame, w: Words, place: Place, beside: str) -> pd.DataFrame:
    """Return the figures behind the picture, with intervals and differences where the frame has them."""
    other = w("mean of provinces")
    if "difference" not in frame:
        names = {part: part_name(part, w) for part in frame["part"].unique()}
        table = frame.assign(part=[names[part] for part in frame["part"]]).set_index("part")
        table = table[["year", "score", beside]].set_axis([w("year"), place.name(w.lang), other], axis="columns")
        return table.rename_axis(w("part"))
    table = pd.DataFrame({
        place.name(w.lang): frame["score"],
        w("95% from"): frame["score"] - 1.96 * frame["se"],
        w("95% to"): frame["score"] + 1.96 * frame["se"],
        other: frame[beside],
        w("difference"): frame["difference"],
        w("noise of the difference (95%, ±)"): 1.96 * frame["difference_se"],
    })  # fmt: skip
    return table.set_index(pd.Index(frame["year"], name=w("year")))


def gaps(frame: pd.DataFrame, w: Words, place: Place, *, title: str) -> Picture | None:
    """Draw differences with their 95% intervals, one row a part; those within noise are hollow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by part: ``difference`` and ``se``, in points, and optionally ``noise``, half the 95%
        interval where this is not 1.96 standard errors.
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
    noise = frame["noise"] if "noise" in frame else 1.96 * frame["se"]
    clear = frame["difference"].abs() > noise
    with style():
        fig = figure(7, 1.0 + 0.4 * len(frame), left=2.4, top=0.35)
        ax = fig.subplots()
        rows = np.arange(len(frame))[::-1]
        ax.axvline(0, color=COUNTRY, lw=1)
        low, high = frame["difference"] - noise, frame["difference"] + noise
        bars(ax, rows, low, high, across=True, color=PLACE, lw=1.4, zorder=2)
        ax.scatter(
            frame["difference"],
            rows,
            s=50,
            facecolor=[PLACE if c else "white" for c in clear],
            edgecolor=PLACE,
            zorder=3,
        )
        ax.set_ylim(-0.6, len(frame) - 0.4)
        mark_axis(ax, "y", rows, [wrap(part_name(p, w), 30) for p in frame.index])
        decimal_axis(ax, w, "x", signed=True)
        ax.set_xlabel(w("points"))
        fig.suptitle(title, x=0.01, ha="left", va="top")
    shown = frame[["difference", "se"]].copy()
    shown.index = pd.Index([part_name(p, w) for p in frame.index], name=w("part"))
    shown.columns = [w("difference"), w("standard error")]
    alt = (
        title
        + ": "
        + "; ".join(
            f"{part} {w.signed(row.iloc[0])}" + ("" if ok else " " + w("(within noise)"))
            for (part, row), ok in zip(shown.iterrows(), clear, strict=True)
        )
    )
    return Picture(fig, alt, w("Differences with 95% intervals; hollow dots are within noise."), w, shown)

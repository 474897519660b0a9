"""The questions of single dimensions: what goes together, what lags, what changed since the start.

Like `papi_lib.sections`, each function shows one question with its answer and returns the frame
behind it; parts that the page's year lacks are passed over, and so are questions about provinces on a
district's page.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import association, charts, charts_country, datafiles, district_sections, precision, published, tables
from papi_lib.labels import group_name, part_name
from papi_lib.page import Page


@datafiles.held()
def together(page: Page, x: str, y: str) -> pd.DataFrame | None:
    """Ask whether two sub-dimensions go together across provinces.

    Parameters
    ----------
    page : Page
        The page.
    x, y : str
        Keys of two sub-dimensions.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by ``province_code``, columns `x` and `y` in points; None if the year lacks one.
    """
    if page.survey or not {x, y} <= set(page.parts):
        return None
    w = page.w
    frame = published.wide(page.year, page.dimension)[[x, y]]
    n, r = len(frame.dropna()), frame[x].corr(frame[y])
    low, high = association.interval(r, 1 / (n - 3))
    page.ask("Do these go together: {x} and {y}?", x=part_name(x, w), y=part_name(y, w))
    numbers = {"r": w.number(r), "low": w.number(low), "high": w.number(high), "n": n}
    if low > 0:
        page.say(
            "Yes, across {n} provinces: where one is higher, so is the other (correlation {r}, 95% interval {low} to {high}).",
            **numbers,
        )
    elif high < 0:
        page.say(
            "They pull apart across {n} provinces: where one is higher, the other is lower (correlation {r}, 95% interval {low} to {high}).",
            **numbers,
        )
    else:
        page.say(
            "The figures of {n} provinces do not show it (correlation {r}, 95% interval {low} to {high}).", **numbers
        )
    page.note("Noise in both scores pulls a correlation towards zero; it says nothing about cause.")
    page.show(charts_country.scatter(frame, x, y, w, page.place))
    return frame


@datafiles.held()
def shares(page: Page, question: str, parts: list[str]) -> pd.DataFrame | None:
    """Ask which of several parts has come least far along its scale.

    Parameters
    ----------
    page : Page
        The page.
    question : str
        The question, in English.
    parts : list of str
        Keys of sub-dimensions; those the year lacks are left out.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by part, as shares of the scale's range (0-1): ``score``, ``se``, ``country``,
        ``cities``, ``best``; lowest score first. None if the year has none of the parts.
    """
    parts = [p for p in parts if p in page.parts]
    if page.survey or not parts:
        return None
    w = page.w
    raw = published.profile(page.place.code, page.year, page.dimension).loc[parts]
    width = raw["upper"] - raw["lower"]
    frame = raw[["score", "country", "cities", "best"]].sub(raw["lower"], axis=0).div(width, axis=0)
    frame.insert(1, "se", precision.standard_errors(page.year, page.place.code)["se"].reindex(parts) / width)
    frame = frame.sort_values("score")
    page.ask(question)
    known = frame.dropna(subset=["score"])
    if len(known) > 1:
        least, after = known.iloc[0], known.iloc[1]
        names = [part_name(p, w) for p in known.index[:2]]
        page.say(
            "{part} has come least far: {share} of its scale (mean of provinces {country}).",
            part=names[0],
            share=w.percent(least["score"]),
            country=w.percent(least["country"]),
        )
        apart = after["score"] - least["score"] > 1.96 * np.hypot(least["se"], after["se"])
        second = {"part": names[1], "share": w.percent(after["score"])}
        if apart:
            page.say("Next is {part} with {share}; the two differ by more than noise.", **second)
        else:
            page.say("Next is {part} with {share}; noise does not let us say which of the two is lower.", **second)
    shown = (100 * frame).set_axis(
        [page.name, w("95% interval ±"), w("mean of provinces"), w("mean of five central cities"), w("best province")],
        axis=1,
    )
    shown[w("95% interval ±")] *= 1.96
    shown.index = pd.Index([part_name(p, w) for p in frame.index], name=w("part"))
    page.show(tables.Table(shown, w("Share of the scale reached, in percent"), w, decimals=0))
    return frame


@datafiles.held()
def since_start(page: Page, question: str, part: str) -> pd.DataFrame | None:
    """Ask how a sub-dimension changed over each run of years that compare.

    Parameters
    ----------
    page : Page
        The page.
    question : str
        The question, in English.
    part : str
        Key of a sub-dimension.

    Returns
    -------
    pandas.DataFrame or None
        One row a run of at least two years: ``first``, ``last``, ``change`` of the place and its
        ``se``, ``country`` (mean change of the provinces with both years) and ``country_se``, in
        points; None if the year lacks the part.
    """
    if page.survey or part not in page.parts:
        return None
    w = page.w
    wide = published.series(part, page.year)
    runs = published.history(page.place.code, [part], page.year).groupby("segment")["year"].agg(["min", "max"])
    rows = []
    for first, last in runs.query("min < max").itertuples(index=False):
        moved = (wide[last] - wide[first]).dropna()
        se = np.hypot(
            precision.standard_error(part, first, page.place.code),
            precision.standard_error(part, last, page.place.code),
        )
        rows.append(
            {
                "first": first,
                "last": last,
                "change": moved.get(page.place.code, np.nan),
                "se": se,
                "country": moved.mean(),
                "country_se": moved.std() / np.sqrt(len(moved)),
            }
        )
    frame = pd.DataFrame(rows, columns=["first", "last", "change", "se", "country", "country_se"])
    page.ask(question)
    for row in frame.itertuples():
        page.say(
            "{first} to {last}: the mean of provinces moved by {country} (95% interval ±{country_noise}), {place} by {change} (±{noise}).",
            first=row.first,
            last=row.last,
            country=w.signed(row.country),
            country_noise=w.number(1.96 * row.country_se),
            place=page.name,
            change=w.signed(row.change),
            noise=w.number(1.96 * row.se),
        )
    if frame.empty:
        page.say("There is no earlier year whose scores compare with those of {year}.", year=page.year)
    return frame


@datafiles.held()
def reliability(page: Page) -> pd.DataFrame | None:
    """Ask whether the published scores can tell provinces apart.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by part: ``se`` and ``signal_sd`` (points), ``reliability`` (0-1), from
        `papi_lib.precision.standard_errors`; None if the year lacks the dimension.
    """
    if page.survey or not page.measured:
        return None
    w = page.w
    frame = precision.standard_errors(page.year, page.place.code).loc[
        [page.dimension, *page.parts], ["se", "signal_sd", "reliability"]
    ]
    page.ask("Can the figures tell provinces apart here?", "how-noisy-are-published-scores")
    page.say(
        "About {share} of the spread between provinces in this dimension is real difference, the rest is noise.",
        share=w.percent(frame["reliability"].iloc[0]),
    )
    shown = frame.assign(reliability=100 * frame["reliability"]).set_axis(
        [w("standard error (points)"), w("real spread (points)"), w("real share (%)")], axis=1
    )
    shown.index = pd.Index([part_name(p, w) for p in frame.index], name=w("part"))
    page.show(tables.Table(shown, w("Noise and real spread between provinces"), w, decimals={shown.columns[2]: 0}))
    return frame


@datafiles.held()
def gaps(page: Page) -> pd.DataFrame | None:
    """Ask which part is furthest behind the five cities under central government.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by part, in points: ``difference`` to the five cities' mean and its ``se``, and
        the differences to ``region`` and ``best``; None if the year lacks the dimension.
    """
    if not page.measured or page.standing is None:
        return None
    w = page.w
    raw = published.profile(page.place.code, page.year, page.dimension)
    frame = pd.DataFrame(
        {
            "difference": raw["score"] - raw["cities"],
            "se": precision.standard_errors(page.year, page.place.code)["se"].reindex(raw.index),
            "region": raw["score"] - raw["region"],
            "best": raw["score"] - raw["best"],
        }
    ).sort_values("difference")
    page.ask("Which part has furthest to go to the five cities?", "how-noisy-are-published-scores")
    part, row = frame.index[0], frame.iloc[0]
    if row["difference"] < -1.96 * row["se"]:
        page.say(
            "{part}: {points} points below the mean of the five cities, more than noise.",
            part=part_name(part, w),
            points=w.number(-row["difference"]),
        )
    else:
        page.say("No part is behind the mean of the five cities by more than noise.")
    page.show(charts.gaps(frame, w, page.place, title=w("Difference to the mean of the five cities")))
    return frame


@datafiles.held()
def groups(page: Page) -> pd.Series | None:
    """Ask where the four groups of provinces are; a district's page does not, as districts have no groups.

    Returns
    -------
    pandas.Series or None
        Group 1 (highest) to 4 by ``province_code``.
    """
    if page.survey:
        return None
    found = page.rank_sets["group"]
    page.ask("Where are the groups?")
    page.show(charts_country.tiles(found, page.w, page.place))
    return found


@datafiles.held()
def dimensions(page: Page) -> pd.DataFrame:
    """Ask how the place stands in each dimension.

    Returns
    -------
    pandas.DataFrame
        Indexed by dimension: ``score``, ``group``, ``rank``, ``lower`` and ``upper`` (95% set).
    """
    if page.survey:
        return district_sections.dimensions(page)
    w = page.w
    frame = pd.DataFrame({d: precision.rank_sets(page.year, d).loc[page.place.code] for d in page.parts}).T
    page.ask("How does {place} stand in each dimension?", "confidence-sets-for-ranks")
    shown = pd.DataFrame(
        {
            w("score"): frame["score"].astype(float).to_numpy(),
            w("group"): ["–" if pd.isna(g) else f"{int(g)} · {group_name(g, w)}" for g in frame["group"]],
            w("rank"): frame["rank"].astype("Int64").to_numpy(),
            w("95% set of ranks"): [
                "–" if pd.isna(r.lower) else f"{int(r.lower)}–{int(r.upper)}" for r in frame.itertuples()
            ],
        },
        index=pd.Index([part_name(d, w) for d in frame.index], name=w("dimension")),
    )
    page.show(tables.Table(shown, w("Score, group and rank by dimension, {year}", year=page.year), w))
    return frame

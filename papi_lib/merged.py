"""Scores of the 34 provinces of 1 July 2025, reconstructed for the years before.

No survey before 2025 sampled these provinces. A province that was formed of several gets their
scores' mean, weighted by the interviews that the survey's design plans in each
(``data/places/sample.csv``), as if their respondents had been one sample. That is a base to measure
later years against, not a published score: the numbers of people behind the interviews differ, and
the survey of the new province draws its districts anew. The 11 provinces that stayed as they were
keep their published scores.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from papi_lib import datafiles, places, precision, published, ranks

#: First survey of the 34 provinces.
FIRST_YEAR = 2025


@datafiles.cached
def provinces() -> pd.DataFrame:
    """Return the 34 provinces.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``merged_2025`` (Vietnamese name): ``name_vi``, ``name_en``, ``parts`` (list of the codes of
        the provinces it was formed of) and ``reconstructed`` (its scores before 2025 are
        combinations, not published).

    Examples
    --------
    >>> len(provinces()), provinces().loc["Hưng Yên", "parts"]
    (34, [33, 34])
    """
    table = places.provinces()
    frame = table.reset_index().groupby("merged_2025", sort=False)["province_code"].agg(list).to_frame("parts")
    frame.insert(0, "name_vi", frame.index)
    frame.insert(1, "name_en", places.provinces_2025().set_index("name_vi")["name_en"].reindex(frame.index))
    return frame.assign(reconstructed=frame["parts"].map(len) > 1)


@datafiles.cached
def series(part: int | str | None = None) -> pd.DataFrame:
    """Return one score by province of 2025 and year: a sub-dimension, a dimension or the total.

    Parameters
    ----------
    part : int, str or None
        Dimension (number), sub-dimension (key) or None for the total.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``merged_2025`` (34 names), one column per year that has the part, in points;
        missing where the score of any of the combined provinces was not published. Columns on two
        sides of a break do not compare: see `papi_lib.index.segment`.

    Examples
    --------
    >>> series(8).loc["Hưng Yên"].tail(2).round(2).to_dict()
    {2023: 3.35, 2024: 3.42}
    """
    scores = published.series(part)
    shares = _shares()
    combined = pd.DataFrame(shares.to_numpy() @ scores.fillna(0).to_numpy(), shares.index, scores.columns)
    missing = (shares > 0).to_numpy() @ scores.isna().to_numpy()
    return combined.mask(missing)


@datafiles.cached
def standard_errors(part: int | str | None, year: int) -> pd.Series:
    """Return the standard error of one score for each of the 34 provinces, in points.

    The noise of the combined provinces is taken as independent, as in `papi_lib.precision`.

    Examples
    --------
    >>> standard_errors(8, 2024).loc[["Hà Nội", "Hưng Yên"]].round(2).to_dict()
    {'Hà Nội': 0.09, 'Hưng Yên': 0.09}
    """
    noise = precision.standard_errors_by_province(part, year) ** 2
    return np.sqrt(_shares() ** 2 @ noise).rename("se")


@datafiles.cached
def rank_sets(year: int, part: int | str | None = None) -> pd.DataFrame:
    """Return a year's scores of the 34 provinces, with what the noise leaves possible of their ranks.

    Parameters
    ----------
    year : int
        Year of the survey.
    part : int, str or None
        Dimension (number), sub-dimension (key) or None for the total.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``merged_2025``: ``score`` and ``se`` (points), ``rank`` (1 = highest), ``lower``
        and ``upper`` (95% confidence set, each by itself), ``group`` (1-4, quartiles of the
        34), ``reconstructed``; missing where the score of any of the combined provinces is.

    Examples
    --------
    >>> rank_sets(2024, 8).loc["Hưng Yên", ["rank", "lower", "upper"]].astype(int).to_dict()
    {'rank': 14, 'lower': 4, 'upper': 29}
    """
    frame = published.standing(series(part)[year].rename("score"))
    frame.insert(1, "se", standard_errors(part, year))
    sets = ranks.rank_confidence_sets(frame["score"], frame["se"], simultaneous=False)
    return frame.assign(lower=sets["lower"], upper=sets["upper"], reconstructed=provinces()["reconstructed"])


def unit(place: places.Place) -> places.Place:
    """Return the province of 2025 that a province belongs to; its code is its Vietnamese name.

    Examples
    --------
    >>> unit(places.province("Thái Bình")).name_vi
    'Hưng Yên'
    """
    name = place.merged_2025
    return replace(place, code=name, slug=places.slug(name), **provinces().loc[name, ["name_vi", "name_en"]])


def base(place: places.Place, year: int, rise: int) -> pd.Series:
    """Return where a province of 2025 starts from when it sets a target in places.

    Parameters
    ----------
    place : Place
        A province of 2025, from `unit`, or one of the 63.
    year : int
        Last year to use.
    rise : int
        Places to rise among the 34.

    Returns
    -------
    pandas.Series
        ``year`` (the last one up to `year` with a total of the province), ``score``, ``se`` (points),
        ``rank``, ``lower``, ``upper`` and ``of`` (provinces with a total); ``target_rank`` and
        ``needed``, the points that would have put it there in that year.

    Raises
    ------
    ValueError
        No year up to `year` has a total of the province.

    Examples
    --------
    >>> base(unit(places.province("Thái Bình")), 2024, rise=3)[["rank", "of", "target_rank"]].astype(int).to_dict()
    {'rank': 10, 'of': 32, 'target_rank': 7}
    """
    scores = series().loc[place.merged_2025]
    known = [y for y in scores.dropna().index if y <= year]
    if not known:
        raise ValueError(f"no total of {place.merged_2025} can be reconstructed up to {year}")
    frame = rank_sets(known[-1])
    row = frame.loc[place.merged_2025]
    target = max(1, int(row["rank"]) - rise)
    needed = frame["score"].nlargest(target).iloc[-1] - row["score"]
    found = row[["score", "se", "rank", "lower", "upper"]].to_dict()
    return pd.Series(
        {"year": known[-1], **found, "of": frame["score"].count(), "target_rank": target, "needed": needed},
    )


@datafiles.cached
def _shares() -> pd.DataFrame:
    """Return each old province's share of the interviews in its province of 2025: 34 × 63."""
    interviews = datafiles.read("sample").set_index("province_code")["respondents"]
    table = places.provinces()
    whole = table["merged_2025"].map(interviews.groupby(table["merged_2025"]).sum())
    shares = pd.DataFrame({"merged_2025": table["merged_2025"], "share": interviews / whole}).reset_index()
    shares = shares.pivot(index="merged_2025", columns="province_code", values="share").fillna(0)
    return shares.loc[provinces().index, table.index]

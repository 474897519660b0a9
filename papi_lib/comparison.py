"""A province beside what it can be compared with, and how sure the difference is: for pages and the explorer alike.

The noise of a difference is that of the province and of what it is compared with, taken as
independent between provinces (see `papi_lib.precision`); a province that is itself part of a mean
counts on both sides. A difference is clear where it exceeds its margin (`papi_lib.intervals.clear`). The noise of a median is taken as that of a mean, times √(π/2), as for normal
scores. The best province is the best partly by luck, so that its lead is rather smaller than it looks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import datafiles, index, intervals, places, precision, published

#: What a province can be compared with, besides another province's name: mean and median of all
#: provinces published, mean of the region, mean of the five central cities, the best province.
KINDS = ("country", "median", "region", "cities", "best")


def history(
    province: str | int,
    part: int | str | None = None,
    beside: str = "country",
    first: int | None = None,
    last: int | None = None,
) -> pd.DataFrame:
    """Follow one score of a province year by year beside what it is compared with.

    Parameters
    ----------
    province : str or int
        Name or code.
    part : int, str or None
        Dimension (number), sub-dimension (key) or None for the total.
    beside : str
        One of `KINDS`, or another province's name.
    first, last : int, optional
        First and last year; by default all.

    Returns
    -------
    pandas.DataFrame
        The columns of `papi_lib.published.history`, one named as `beside` (points; ``country`` is
        there anyway), and ``se``, ``comparison_se``, ``difference``, ``difference_se`` (points) and
        ``clear``. A row a year that has the part; none if there is no such year. Across two segments neither
        scores nor differences compare.

    Raises
    ------
    ValueError
        Unknown province or year.

    Examples
    --------
    >>> history("Hà Nội", 8, "cities", 2021, 2024)[["score", "cities"]].shape
    (4, 2)
    """
    place = places.province(province)
    frame = published.history(place.code, [part], last)
    frame = frame[frame["year"] >= (first or index.years()[0])].reset_index(drop=True)
    return frame.join(
        differences(place.code, part, beside).drop(columns=["score", "country"], errors="ignore"), on="year"
    )


@datafiles.cached
def parts(
    province: str | int, dimension: int | None = None, beside: str = "country", year: int | None = None
) -> pd.DataFrame:
    """Compare a province part by part in one year.

    Parameters
    ----------
    province : str or int
        Name or code.
    dimension : int or None
        The dimension whose sub-dimensions to compare; None compares the dimensions.
    beside : str
        One of `KINDS`, or another province's name.
    year : int, optional
        Year of the survey, by default the latest.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part``: ``score``, one column named as `beside`, ``difference`` and its ``se``, in
        points, and ``clear``, for `papi_lib.charts.gaps`; empty if the year lacks the dimension, missing
        where not published.

    Examples
    --------
    >>> parts("Hà Nội", 8, "cities", 2024)["clear"].to_list()
    [True, True, True]
    """
    code, year = places.province(province).code, index.check_year(year or index.years()[-1])
    scores = published.dimension_scores(year) if dimension is None else published.wide(year, dimension)
    noise = pd.DataFrame(
        {key: precision.standard_errors_by_province(key, year) for key in scores.columns}, scores.index
    )
    frame = _beside(code, scores, noise, beside)[["score", beside, "difference", "difference_se", "clear"]]
    return frame.rename(columns={"difference_se": "se"}).rename_axis("part")


@datafiles.cached
def differences(province: str | int, part: int | str | None = None, beside: str = "country") -> pd.DataFrame:
    """Return one score of a province by year, what it is compared with, and the noise of each.

    Parameters
    ----------
    province, part, beside
        As in `history`.

    Returns
    -------
    pandas.DataFrame
        Indexed by year: ``score``, ``se``, one column named as `beside`, ``comparison_se``,
        ``difference``, ``difference_se``, in points, and ``clear``; missing where not published.
    """
    scores = published.series(part)
    noise = pd.DataFrame({year: precision.standard_errors_by_province(part, year) for year in scores.columns})
    return _beside(places.province(province).code, scores, noise, beside)


def _beside(code: int, scores: pd.DataFrame, noise: pd.DataFrame, beside: str) -> pd.DataFrame:
    """Compare a province in each column of scores (provinces × years or parts) with standard errors alike."""
    weights = _weights(scores, code, beside)
    own = pd.DataFrame(0.0, scores.index, scores.columns)
    own.loc[code] = 1.0
    values = scores.median() if beside == "median" else (scores * weights).sum(min_count=1)
    spread = np.sqrt(np.pi / 2) if beside == "median" else 1.0  # of a median, to that of a mean
    frame = pd.DataFrame({
        "score": scores.loc[code],
        "se": noise.loc[code].where(scores.loc[code].notna()),
        beside: values,
        "comparison_se": intervals.of_contrast(weights * spread, noise),
        "difference": scores.loc[code] - values,
        "difference_se": intervals.of_contrast(own - weights * spread, noise),
    })  # fmt: skip
    frame["difference_se"] = frame["difference_se"].where(frame["difference"].notna())
    return frame.assign(clear=intervals.clear(frame["difference"], frame["difference_se"]))


def _weights(scores: pd.DataFrame, code: int, beside: str) -> pd.DataFrame:
    """Return each province's weight in what is compared with, provinces × years; each year's sum is one."""
    if beside == "best":
        members = scores.eq(scores.max())
    else:
        place = places.province(code)
        if beside in KINDS:
            named = places.peers(place, "country" if beside == "median" else beside)
        else:
            named = [places.province(beside).code]
        members = scores.notna() & scores.index.isin(named)[:, None]
    return members / members.sum()

"""Scores of the 34 provinces of 1 July 2025, reconstructed for the years before.

No survey before 2025 sampled these provinces. A province that was formed of several gets their
scores' mean, weighted by the interviews that the survey's design plans in each
(``data/places/sample.csv``), as if their respondents had been one sample. That is a base to measure
later years against, not a published score: the numbers of people behind the interviews differ, and
the survey of the new province draws its districts anew. The 11 provinces that stayed as they were
keep their published scores.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import datafiles, places, precision, published, ranks


@datafiles.cached
def provinces() -> pd.DataFrame:
    """Return the 34 provinces.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``merged_2025`` (Vietnamese name): ``name_en``, ``parts`` (list of the codes of
        the provinces it was formed of) and ``reconstructed`` (its scores before 2025 are
        combinations, not published).
    """
    table = places.provinces()
    frame = table.reset_index().groupby("merged_2025", sort=False)["province_code"].agg(list).to_frame("parts")
    english = table.set_index("name_vi")["name_en"]  # Huế took a new name: its own without diacritics
    frame.insert(0, "name_en", [english.get(name, places.plain(name).title()) for name in frame.index])
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
    """
    noise = precision.standard_errors_by_province(part, year) ** 2
    return np.sqrt(_shares() ** 2 @ noise).rename("se")


@datafiles.cached
def totals(year: int) -> pd.DataFrame:
    """Return a year's totals of the 34 provinces, with what the noise leaves possible of their ranks.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``merged_2025``: ``total`` and ``se`` (points), ``rank`` (1 = highest), ``lower``
        and ``upper`` (95% confidence set, each by itself), ``group`` (1-4, quartiles of the
        34), ``reconstructed``; missing where any of the combined provinces has no total.
    """
    frame = published.standing(series()[year].rename("total"))
    frame.insert(1, "se", standard_errors(None, year))
    sets = ranks.rank_confidence_sets(frame["total"], frame["se"], simultaneous=False)
    return frame.assign(lower=sets["lower"], upper=sets["upper"], reconstructed=provinces()["reconstructed"])


@datafiles.cached
def _shares() -> pd.DataFrame:
    """Return each old province's share of the interviews in its province of 2025: 34 × 63."""
    interviews = datafiles.read("sample").set_index("province_code")["respondents"]
    table = places.provinces()
    whole = table["merged_2025"].map(interviews.groupby(table["merged_2025"]).sum())
    shares = pd.DataFrame({"merged_2025": table["merged_2025"], "share": interviews / whole}).reset_index()
    shares = shares.pivot(index="merged_2025", columns="province_code", values="share").fillna(0)
    return shares.loc[provinces().index, table.index]

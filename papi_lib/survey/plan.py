"""How many villages and people it takes: margins of a survey that is still to be made, from the records of another.

A city that measures its districts or communes has to say how many villages (or residential groups) it goes to in each
place, and how many people it asks in each. What that gives follows from what records of an earlier survey show of each
part of the index: how far people's scores lie apart, how much more alike neighbours answer than others, how many are
asked a question at all, and what weights cost (`papi_lib.survey.units.Survey.components`). Neighbours tell less than
strangers, so that more villages help more than more people in each (L. Kish, Survey Sampling, 1965, chapter 5).

Whether a change would be seen is asked of any calculator of power with the `effective` number of people, as
``statsmodels.stats.power.NormalIndPower`` (notebook ``21_sample_plan``).
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import pandas as pd

from papi_lib import estimates

#: The most villages in a place that are tried.
MOST = 2000


def effective(parts: pd.DataFrame, villages: int, people: int, *, of: int | None = None) -> pd.Series:
    """Return how many people drawn one by one would tell as much, by part.

    Parameters
    ----------
    parts : pandas.DataFrame
        From `papi_lib.survey.units.Survey.components`, or one's own assumptions: indexed by part, ``icc`` (0-1),
        ``answered``, ``near`` (0-1) and ``weighting`` (one or more).
    villages, people : int
        Villages drawn in a place, and people asked in each.
    of : int, optional
        Villages that the place has, if those drawn are a good part of them; by default many more.

    Examples
    --------
    >>> parts = pd.DataFrame({"icc": [0.1], "answered": 1.0, "near": 1.0, "weighting": 1.0}, index=["total"])
    >>> [float(effective(parts, 10, people)["total"]) for people in (1, 11, 40)]
    [10.0, 55.0, 81.63265306122449]
    """
    free = 1.0 if of is None else max(1 - villages / of, 0)
    near = 1 + (people - 1) * parts["near"]
    deff = parts["weighting"] * (1 - parts["icc"] + near * parts["icc"] * free)
    return villages * people * parts["answered"] / deff


def margins(
    parts: pd.DataFrame, villages: int, people: int, *, places: int = 1, of: int | None = None,
    level: float = estimates.LEVEL,
) -> pd.DataFrame:  # fmt: skip
    """Return the margins of a survey's scores, by part.

    Parameters
    ----------
    parts, villages, people, of
        As in `effective`; `parts` also has ``spread``, the standard deviation of single people's scores in points.
    places : int
        Places that the survey covers: their errors are pooled, so that more of them know the error better.
    level : float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Indexed as `parts`: ``effective`` (people), ``se`` and ``margin`` (half the interval), in points.

    Raises
    ------
    ValueError
        Fewer than two villages, or fewer than one person in each: nothing tells the error.
    """
    if villages < 2 or people < 1 or places < 1:
        raise ValueError(f"{villages} villages with {people} people in {places} places; take at least 2, 1 and 1")
    count = effective(parts, villages, people, of=of)
    se = parts["spread"] / np.sqrt(count)
    reach = estimates.quantile(pd.Series(float(places * (villages - 1)), parts.index), level)
    return pd.DataFrame({"effective": count, "se": se, "margin": reach * se})


def villages_for(
    parts: pd.DataFrame, margin: float, people: int, part: int | str = "total", *, places: int = 1,
    of: int | None = None,
) -> int:  # fmt: skip
    """Return the fewest villages in a place that give a part's score the margin.

    Parameters
    ----------
    margin : float
        Half the 95% interval that is wanted, in points.
    part : int or str
        The part of the index that it is wanted of.
    parts, people, places, of
        As in `margins`.

    Raises
    ------
    ValueError
        Not even all villages of the place, or `MOST`, give it.
    """
    own, most = parts.loc[[part]], MOST if of is None else of

    def enough(villages: int) -> bool:
        return margins(own, villages, people, places=places, of=of)["margin"].iloc[0] <= margin

    found = bisect_left(range(2, most + 1), True, key=enough) + 2
    if found <= most:
        return found
    raise ValueError(f"{most} villages with {people} people each do not give ±{margin:g}; ask more people, or want less")  # fmt: skip

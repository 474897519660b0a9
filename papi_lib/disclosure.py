"""Which figures must not be shown, so that nobody's answers can be told from them.

An estimate on too few respondents or clusters is hidden. What is hidden must not come out by
subtraction: a dimension is the sum of its sub-dimensions, and the city the weighted mean of its
districts. So a figure that would be the only one hidden in such a sum takes another with it, the one
with the fewest respondents (complementary suppression; A. Hundepool et al., Statistical Disclosure
Control, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

#: The smallest numbers of respondents and clusters that an estimate may stand on. They may be raised.
LEAST_RESPONDENTS, LEAST_CLUSTERS = 10, 3


def hidden(
    respondents: pd.DataFrame,
    clusters: pd.DataFrame,
    sums: Mapping[object, Sequence],
    *,
    least_respondents: int = LEAST_RESPONDENTS,
    least_clusters: int = LEAST_CLUSTERS,
) -> pd.DataFrame:
    """Return which cells of a table are not to be shown.

    Parameters
    ----------
    respondents, clusters : pandas.DataFrame
        Areas × series: how many an estimate stands on. The figure of all areas together is taken to be
        shown for every series.
    sums : mapping
        Series that are the sum of others, to those others: ``{1: ["civic_knowledge", …], "total": [1, 2, …]}``.
    least_respondents, least_clusters : int
        The smallest numbers that may be shown.

    Returns
    -------
    pandas.DataFrame
        Areas × series, true where the figure must not be shown.

    Raises
    ------
    ValueError
        A bound is lower than `LEAST_RESPONDENTS` or `LEAST_CLUSTERS`.

    Examples
    --------
    >>> n = pd.DataFrame({"a": [5, 40, 30], "b": [20, 40, 30], "sum": [20, 40, 30]}, index=["x", "y", "z"])
    >>> hidden(n, n, {"sum": ["a", "b"]}).to_numpy().tolist()
    [[True, True, False], [False, False, False], [True, True, False]]
    """
    for bound, least in ((least_respondents, LEAST_RESPONDENTS), (least_clusters, LEAST_CLUSTERS)):
        if bound < least:
            raise ValueError(f"the bound {bound} is below {least}; bounds may only be raised")
    hide = (respondents < least_respondents) | (clusters < least_clusters)
    while True:
        before = hide.copy()
        for whole, parts in sums.items():
            parts = list(parts)
            hide.loc[hide[whole], parts] = True  # the parts together would tell the whole
            alone = hide[parts].sum(axis=1).eq(1) & ~hide[whole]
            for area in hide.index[alone]:
                others = [part for part in parts if not hide.loc[area, part]]
                hide.loc[area, respondents.loc[area, others].idxmin() if others else whole] = True
        for series in hide.columns[hide.sum() == 1]:
            others = hide.index[~hide[series]]
            if len(others):
                hide.loc[respondents.loc[others, series].idxmin(), series] = True
        if np.array_equal(hide, before):
            return hide

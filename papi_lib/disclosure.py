"""Which figures must not be shown, so that nobody's answers can be told from them.

An estimate on too few respondents or clusters is hidden. What is hidden must not come out by
subtraction: a dimension is the sum of its sub-dimensions, and a group of districts the weighted mean of
its members. All these sums make a system of linear equations; as long as one of the hidden figures follows
from it, another figure of one of its sums is hidden with it, the one with the fewest respondents
(complementary suppression; A. Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.linalg import null_space

#: The smallest numbers of respondents and clusters that an estimate may stand on. They may be raised.
LEAST_RESPONDENTS, LEAST_CLUSTERS = 10, 3


def hidden(
    respondents: pd.DataFrame,
    clusters: pd.DataFrame,
    sums: Mapping[object, Sequence],
    groups: pd.Series,
    *,
    least_respondents: int = LEAST_RESPONDENTS,
    least_clusters: int = LEAST_CLUSTERS,
) -> pd.DataFrame:
    """Return which cells of a table are not to be shown.

    Parameters
    ----------
    respondents, clusters : pandas.DataFrame
        Areas × series: how many an estimate stands on.
    sums : mapping
        Series that are the sum of others, to those others: ``{1: ["civic_knowledge", …], "total": [1, 2, …]}``.
    groups : pandas.Series
        Group of each area: the figure of a whole group is taken to be shown for every series.
    least_respondents, least_clusters : int
        The smallest numbers that may be shown.

    Returns
    -------
    pandas.DataFrame
        Areas × series, true where the figure must not be shown.

    Raises
    ------
    ValueError
        A bound is lower than `LEAST_RESPONDENTS` or `LEAST_CLUSTERS`, or a hidden figure cannot be protected
        (a group of one area).

    Examples
    --------
    >>> n = pd.DataFrame({"a": [5, 40, 30], "b": [20, 40, 30], "sum": [20, 40, 30]}, index=["x", "y", "z"])
    >>> hidden(n, n, {"sum": ["a", "b"]}, pd.Series("all", n.index)).to_numpy().tolist()
    [[True, True, False], [False, False, False], [True, True, False]]
    """
    for bound, least in ((least_respondents, LEAST_RESPONDENTS), (least_clusters, LEAST_CLUSTERS)):
        if bound < least:
            raise ValueError(f"the bound {bound} is below {least}; bounds may only be raised")
    hide = (respondents < least_respondents) | (clusters < least_clusters)
    relations = _relations(hide, sums, groups)
    while told := _told(hide, relations):
        own = [cells for cells in relations if set(told) & set(cells) and not all(hide.loc[at] for at in cells)]
        if not own:
            raise ValueError(f"the figure of {told[0]} cannot be hidden: everything it adds up with is hidden already")
        tightest = min(own, key=lambda cells: sum(hide.loc[at] for at in cells))
        shown = [at for at in tightest if not hide.loc[at]]
        # a sum is worth more to readers than one of its parts
        hide.loc[min(shown, key=lambda at: (at[1] in sums, respondents.loc[at]))] = True
    return hide


def _relations(hide: pd.DataFrame, sums: Mapping[object, Sequence], groups: pd.Series) -> list[list[tuple]]:
    """Return the cells of each sum that an attacker can set up: over series in an area, over areas in a group."""
    over_series = [[(area, whole), *((area, part) for part in parts)] for area in hide.index for whole, parts in sums.items()]  # fmt: skip
    members = groups.groupby(groups).groups.values()
    return over_series + [[(area, series) for area in own] for own in members for series in hide.columns]


def _told(hide: pd.DataFrame, relations: list[list[tuple]]) -> list[tuple]:
    """Return the hidden cells that the shown ones determine: those that no solution of the sums leaves free."""
    cells = {cell: k for k, cell in enumerate(hide.stack()[lambda gone: gone].index)}
    share = dict(zip(hide.index, np.random.default_rng(0).uniform(1, 2, len(hide)), strict=True))
    system = np.zeros((len(relations), len(cells)))
    for row, own in enumerate(relations):
        over_series = own[0][0] == own[-1][0]  # parts of an area count once, areas of a group by their share
        for cell in own:
            if cell in cells:
                system[row, cells[cell]] = 1.0 if over_series else share[cell[0]]
    system = system[system.any(axis=1)]
    free = null_space(system)
    return [cell for cell, k in cells.items() if np.abs(free[k]).max(initial=0) < 1e-9]

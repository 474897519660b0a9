"""From a figure and its standard error to an interval, and to whether it is more than noise.

A claim needs a standard error that is a number above zero: where there is none, nothing is more than noise.

Quantiles come from scipy.special: importing scipy.stats takes longer than a page does.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

#: Half the 95% interval of a normal error, in standard errors.
Z95 = 1.96


def of_correlation(r: ArrayLike, variance: ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a correlation by Fisher's z.

    Parameters
    ----------
    r : array_like
        Correlations, between -1 and 1.
    variance : array_like
        Variance of Fisher's z: ``1 / (n - 3)`` for Pearson's correlation of n pairs.
    level : float
        Confidence level.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends.

    Examples
    --------
    >>> [round(float(end), 2) for end in of_correlation(0.4, 1 / (61 - 3))]
    [0.16, 0.59]
    """
    z, reach = np.arctanh(r), special.ndtri((1 + level) / 2) * np.sqrt(variance)
    return np.tanh(z - reach), np.tanh(z + reach)


def margin(se: ArrayLike, df: ArrayLike | None = None, level: float = 0.95) -> np.ndarray:
    """Return half the interval of a figure; missing where its standard error is no number above zero.

    Parameters
    ----------
    se : array_like
        Standard errors, in the figure's unit.
    df : array_like, optional
        Degrees of freedom of standard errors that come from few clusters (Student's t); below one there is no margin.
    level : float
        Confidence level.

    Examples
    --------
    >>> margin([0.5, 0.0, np.nan], level=0.95).round(2).tolist()
    [0.98, nan, nan]
    """
    se, tail = np.asarray(se, dtype=float), (1 + level) / 2
    if df is None:
        times = special.ndtri(tail)
    else:
        df = np.asarray(df, dtype=float)
        times = special.stdtrit(np.where(df >= 1, df, np.nan), tail)
    return times * np.where((se > 0) & np.isfinite(se), se, np.nan)


def clear(difference: ArrayLike, se: ArrayLike, df: ArrayLike | None = None, level: float = 0.95) -> np.ndarray:
    """Tell whether a difference that is looked at by itself exceeds its margin: the one rule for all of these.

    Without a standard error above zero nothing is clear. Several differences that are looked at together
    are judged by `tell_apart`.

    Parameters
    ----------
    difference, se, df, level
        As in `margin`, in one unit.

    Examples
    --------
    >>> clear([1.0, 1.0, 1.0], [0.5, 0.0, np.nan]).tolist()
    [True, False, False]
    """
    return np.abs(np.asarray(difference, dtype=float)) > margin(se, df, level)


def of_contrast(weights: pd.DataFrame | pd.Series, se: pd.DataFrame | pd.Series) -> pd.Series | float:
    """Return the standard error of a weighted sum of independent figures.

    Of a difference between a unit and a mean that it is part of, the weights are those of the unit less those of
    the mean: so both sides' noise counts, and what they share.

    Parameters
    ----------
    weights, se : pandas.DataFrame or pandas.Series
        Weights and standard errors by unit; weights in columns if there are several sums.

    Examples
    --------
    >>> float(of_contrast(pd.Series([1, 0, 0]) - 1 / 3, pd.Series([1.0, 1.0, 1.0])).round(3))
    0.816
    """
    return np.sqrt((weights**2).mul(se**2, axis=0).sum(min_count=1))


def tell_apart(differences: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Tell which of several differences exceed their noise when they are looked at together.

    Parameters
    ----------
    differences : pandas.DataFrame
        Columns ``difference`` and ``se``, in one unit, and where standard errors come from few clusters
        ``df``, their degrees of freedom (Student's t); further columns are kept.
    level : float
        With at least this probability no difference that is only noise is called clear (Holm's
        step-down procedure, Scandinavian Journal of Statistics 6, 1979).

    Returns
    -------
    pandas.DataFrame
        The rows with ``z`` (difference over standard error) and ``clear``, from the largest ``z`` in size down. A
        row without a difference or without a standard error above zero has no ``z``, comes last, is never clear
        and does not count among those that are looked at.

    Examples
    --------
    >>> tell_apart(pd.DataFrame({"difference": [0.1, 3.0, -2.0, 9.0], "se": [1.0, 1.0, 1.0, 0.0]}))["clear"].to_dict()
    {1: True, 2: False, 0: False, 3: False}
    """
    known = ~np.isnan(margin(differences["se"], differences.get("df")))
    z = (differences["difference"] / differences["se"]).where(known)
    frame = differences.assign(z=z).sort_values("z", key=abs, ascending=False)
    tail = special.stdtr(frame["df"], -frame["z"].abs()) if "df" in frame else special.ndtr(-frame["z"].abs())
    # By hand: statsmodels' multipletests collects garbage at each call, slower than all else on a page.
    p = 2 * np.asarray(tail, dtype=float)
    smallest_first, few = np.argsort(p), np.maximum(z.notna().sum() - np.arange(len(frame)), 1)
    holds = np.empty(len(frame), dtype=bool)
    holds[smallest_first] = np.logical_and.accumulate(p[smallest_first] <= (1 - level) / few)
    return frame.assign(clear=holds)

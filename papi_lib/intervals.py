"""From a figure and its standard error to an interval, and to whether it is more than noise.

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
        The rows with ``z`` (difference over standard error) and ``clear``, from the largest ``z`` in size down.

    Examples
    --------
    >>> tell_apart(pd.DataFrame({"difference": [0.1, 3.0, -2.0], "se": 1.0}))["clear"].to_dict()
    {1: True, 2: False, 0: False}
    """
    z = differences["difference"] / differences["se"]
    frame = differences.assign(z=z).sort_values("z", key=abs, ascending=False)
    tail = special.stdtr(frame["df"], -frame["z"].abs()) if "df" in frame else special.ndtr(-frame["z"].abs())
    # By hand: statsmodels' multipletests collects garbage at each call, slower than all else on a page.
    smallest_first, few = np.argsort(2 * np.asarray(tail)), np.arange(len(frame), 0, -1)
    clear = np.empty(len(frame), dtype=bool)
    clear[smallest_first] = ~np.maximum.accumulate((2 * np.asarray(tail))[smallest_first] > (1 - level) / few)
    return frame.assign(clear=clear)

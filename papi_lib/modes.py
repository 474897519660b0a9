"""Whether scores lie in one heap or in two."""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import datafiles, published

#: So many smoothed samples are drawn, and the density is looked at in so many points.
DRAWS, POINTS = 300, 200


def two_humps(scores: np.ndarray, draws: int = DRAWS, seed: int = 0, enough: float = 1.0) -> tuple[float, float]:
    """Test whether values have one hump, against two or more (Silverman's test).

    The smallest width of a normal kernel is sought whose density estimate has a single hump. Samples are drawn from
    that density; where few of them need a width as large, one hump does not explain the values.

    B. W. Silverman, Using kernel density estimates to investigate multimodality, Journal of the Royal Statistical
    Society B 43 (1981), 97-99. The test is conservative: it finds two humps rather too seldom.

    Parameters
    ----------
    scores : numpy.ndarray
        The values, none missing, at least ten.
    draws, seed : int
        Number of samples; the seed makes the same draws again.
    enough : float
        Where the probability is at least this, it need not be known better, which saves most of the time.

    Returns
    -------
    p, between : float
        Probability of so clear a second hump if there is one, and the lowest place between the two largest humps.

    Examples
    --------
    >>> apart = np.r_[np.linspace(0, 1, 30), np.linspace(4, 5, 30)]
    >>> p, between = two_humps(apart)
    >>> p < 0.01, 1 < between < 4
    (True, True)
    """
    x, rng = np.asarray(scores, dtype=float), np.random.default_rng(seed)
    low, high = 0.0, np.ptp(x)  # with the whole range as width there is one hump
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if _humps(x, middle).sum() <= 1 else (middle, high)
    spread = x.std()
    drawn = rng.choice(x, (draws, x.size)) + high * rng.standard_normal((draws, x.size))
    drawn = x.mean() + (drawn - x.mean()) / np.sqrt(1 + (high / spread) ** 2)  # as wide as the values themselves
    grid, density = np.linspace(x.min(), x.max(), POINTS), _density(x, low)
    tops = np.flatnonzero(_humps(x, low))[:2] + 1
    between = grid[tops[0] + density[tops[0] : tops[-1] + 1].argmin()]
    hits = 0
    for sample in drawn:
        hits += _humps(sample, high).sum() > 1
        if hits >= enough * draws:
            break
    return float(hits / draws), float(between)


@datafiles.cached
def of_published(part: int | str, year: int, level: float = 0.01) -> float | None:
    """Return where the published scores of a part fall into two groups; None if one hump may explain them.

    Examples
    --------
    >>> round(of_published("primary_education", 2024), 1), of_published("total", 2024)
    (1.6, None)
    """
    scores = published.series(part, year).get(year, pd.Series(dtype=float)).dropna().to_numpy()
    p, between = two_humps(scores, enough=level) if len(scores) >= 20 else (1.0, np.nan)
    return between if p < level else None


def _density(x: np.ndarray, width: float) -> np.ndarray:
    grid = np.linspace(x.min(), x.max(), POINTS)
    return np.exp(-0.5 * ((grid[:, None] - x) / width) ** 2).sum(axis=1)


def _humps(x: np.ndarray, width: float) -> np.ndarray:
    """Return at which inner points of the grid the density has a top."""
    slope = np.diff(_density(x, width)) > 0
    return slope[:-1] & ~slope[1:]

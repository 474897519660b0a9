"""Would the order of provinces stand if the index were built otherwise?

The index is rebuilt from its published sub-dimension scores: with the dimensions' weights drawn near the published
ones, or with one step done otherwise (OECD/JRC Handbook on Constructing Composite Indicators, 2008, steps 4 to 7).
No noise is added, for the published scores have it already: what the margin of error does to a rank is its
confidence set (`papi_lib.ranks`), which stands beside what the choice of method does.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import association, datafiles, estimates, index, published

#: Published points, as 1-10; the observed minimum to maximum as 1-10; standard scores with mean 100 and
#: standard deviation 10, which cannot reach zero with fewer than 100 provinces; the share of provinces
#: that are not better.
NORMALISATIONS = ("published", "minmax", "zscore", "percentile")
#: Within dimensions and across them: sums, or products, where a low part weighs more.
AGGREGATIONS = ("arithmetic", "geometric")
#: Of dimensions: all equal, as published; by their number of sub-dimensions; by their squared
#: loadings on the first principal component.
WEIGHTS = ("published", "subdimensions", "pca")
#: The steps that `variants` does otherwise, one at a time.
STEPS = ("normalisation", "aggregation", "weights", "left_out")
#: How far `drawn_weights` may move a weight, as a share of it.
NEAR = 0.25


def drawn_weights(year: int, n: int = 10_000, near: float | None = NEAR, seed: int = 0) -> pd.DataFrame:
    """Draw weights of the dimensions, which add up to 1.

    Parameters
    ----------
    year : int
        Year of the survey.
    n : int
        Draws.
    near : float or None
        Each weight is drawn evenly between this share less and more than its published one, then all are scaled to
        add up to 1. None stands for the flat prior, any weights at all (Dirichlet with all parameters 1), where one
        dimension may decide almost alone.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Draws × dimensions. ``drawn @ published.dimension_scores(year).dropna().T`` has the scores.

    Examples
    --------
    >>> drawn = drawn_weights(2024, 1000)
    >>> drawn.sum(axis=1).round(9).unique().tolist(), bool(drawn.max(axis=None) < 1.25 / (0.75 * 7 + 1.25))
    ([1.0], True)
    """
    dimensions, rng = index.dimensions(year), np.random.default_rng(seed)
    size = n, len(dimensions)
    drawn = rng.exponential(size=size) if near is None else rng.uniform(1 - near, 1 + near, size)
    return pd.DataFrame(drawn / drawn.sum(axis=1, keepdims=True), columns=dimensions).rename_axis(columns="dimension")


def rebuild(
    year: int, *, normalisation: str = "published", aggregation: str = "arithmetic", weights: str = "published",
    left_out: int | None = None,
) -> pd.Series:  # fmt: skip
    """Rebuild the index.

    Parameters
    ----------
    year : int
        Year of the survey.
    normalisation, aggregation, weights : str
        One of `NORMALISATIONS`, `AGGREGATIONS` and `WEIGHTS`.
    left_out : int or None
        Dimension to leave out.

    Returns
    -------
    pandas.Series
        Score by ``province_code`` of the provinces with a published total; with everything as
        published, the mean of the dimensions, 1-10.

    Raises
    ------
    ValueError
        No such method or dimension.

    Examples
    --------
    >>> int(rebuild(2024).rank(ascending=False)[1])
    29
    """
    for value, known in ((normalisation, NORMALISATIONS), (aggregation, AGGREGATIONS), (weights, WEIGHTS)):
        if value not in known:
            raise ValueError(f"no method {value!r}; choose from {', '.join(known)}")
    dimension = index.structure(year).set_index("subdimension")["dimension"]
    if left_out is not None and left_out not in dimension.to_numpy():
        raise ValueError(f"no dimension {left_out!r} in {year}; choose from {index.dimensions(year)}")
    wide = estimates.wide(estimates.from_published(year, tuple(dimension.index)))
    wide = wide[published.totals(year)["total"].notna()].rename_axis("province_code")
    scores = _normalise(wide * dimension.map(dimension.value_counts())[wide.columns], normalisation)
    weight = fixed_weights(year)[weights].drop([left_out], errors="ignore")
    inside = (scores.map(np.log) if aggregation == "geometric" else scores).T.groupby(dimension).mean().T[weight.index]
    across = inside @ (weight / weight.sum())
    return (np.exp(across) if aggregation == "geometric" else across).rename("score")


def variants(year: int) -> pd.DataFrame:
    """Return ranks with one step done otherwise and the rest as published.

    Returns
    -------
    pandas.DataFrame
        By ``province_code``; the columns are pairs of ``step`` (of `STEPS`) and ``choice``, the method
        or the dimension left out; the first, ``("published", "published")``, has nothing changed.
    """
    others = (NORMALISATIONS[1:], AGGREGATIONS[1:], WEIGHTS[1:], index.dimensions(year))
    scores = {("published", "published"): rebuild(year)}
    for step, choices in zip(STEPS, others, strict=True):
        scores |= {(step, choice): rebuild(year, **{step: choice}) for choice in choices}
    ranks = pd.DataFrame(scores).rank(ascending=False, method="min").astype(int)
    return ranks.rename_axis(columns=["step", "choice"])


@datafiles.cached
def fixed_weights(year: int) -> pd.DataFrame:
    """Return the dimensions' weights of each of `WEIGHTS`, adding up to 1: dimensions × ways."""
    parts = index.structure(year)["dimension"].value_counts()[index.dimensions(year)]
    ways = {"published": parts**0, "subdimensions": parts, "pca": association.loadings(year)[1] ** 2}
    frame = pd.DataFrame(ways).rename_axis("dimension")
    return frame / frame.sum()


def _normalise(scores: pd.DataFrame, how: str) -> pd.DataFrame:
    """Return scores (provinces × sub-dimensions) on one scale, all above zero."""
    if how == "minmax":
        return 1 + 9 * (scores - scores.min()) / (scores.max() - scores.min())
    if how == "zscore":
        return 100 + 10 * (scores - scores.mean()) / scores.std(ddof=0)
    return scores.rank(pct=True) if how == "percentile" else scores

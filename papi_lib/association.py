"""How the parts of the index hang together in a year or an edition, and which provinces are alike.

All figures describe the published scores. An *interval* takes the provinces as a sample of such provinces
(Fisher's z, Feldt's F). It does not hold the *noise* of the scores (`papi_lib.precision`): that of two parts
comes from the same people and villages, so it may push a correlation up as well as down, and parts that have
nothing to do with each other often correlate clearly. No correlation here is corrected for it, and none is a
cause. `similar` alone takes noise into account.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import f
from statsmodels.multivariate.pca import PCA

from papi_lib import datafiles, estimates, index, places, precision, published

Parts = str | int | Iterable[int | str]


def correlations(years: int | Iterable[int], parts: Parts = "dimensions", level: float = 0.95) -> pd.DataFrame:
    """Correlate scores between provinces, part by part, within one edition.

    Parameters
    ----------
    years : int or iterable of int
        Years of one edition. With several, every province's mean over them is taken: less noise,
        and a province still counts once.
    parts : {"dimensions", "subdimensions"}, int or iterable
        All dimensions; all sub-dimensions; the sub-dimensions of one dimension (number); or the
        dimensions (numbers), sub-dimensions (keys) and ``"total"`` that are listed.
    level : float
        Confidence level of each interval.

    Returns
    -------
    pandas.DataFrame
        A row a pair, strongest first: ``first``, ``second``, ``r`` (Pearson's), ``lower`` and
        ``upper`` (Fisher's z), ``provinces`` (how many have both), ``clear``: differs from zero
        when all pairs are looked at together (Holm).

    Raises
    ------
    ValueError
        The years do not compare for one of the parts, or a year lacks a part.

    Examples
    --------
    >>> correlations(2024, 3).set_index(["first", "second"])[["r", "lower", "upper"]].round(2).iloc[0].to_dict()
    {'r': 0.3, 'lower': 0.05, 'upper': 0.51}
    """
    chosen = [index.check_year(y) for y in ([years] if isinstance(years, int | str) else years)]
    means = {}
    for part in _parts(chosen, parts):
        index.must_compare(min(chosen), max(chosen), part)
        means[part] = published.series(part, max(chosen))[chosen].mean(axis=1, skipna=False)
    scores = pd.DataFrame(means)
    r, both = scores.corr(), scores.notna().astype(int).T @ scores.notna().astype(int)
    rows = [
        (*pair, r.at[pair], *interval(r.at[pair], 1 / (both.at[pair] - 3), level), both.at[pair])
        for pair in combinations(scores, 2)
    ]
    frame = pd.DataFrame(rows, columns=["first", "second", "r", "lower", "upper", "provinces"])
    tested = pd.DataFrame({"difference": np.arctanh(frame["r"]), "se": 1 / np.sqrt(frame["provinces"] - 3)})
    frame["clear"] = estimates.together(tested, level=level)["clear"]
    return frame.sort_values("r", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def interval(r: ArrayLike, variance: ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
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
    >>> [round(float(end), 2) for end in interval(0.4, 1 / (61 - 3))]
    [0.16, 0.59]
    """
    z, reach = np.arctanh(r), ndtri((1 + level) / 2) * np.sqrt(variance)
    return np.tanh(z - reach), np.tanh(z + reach)


def stability(part: int | str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Compare the order of provinces between all pairs of years, also across breaks of the measure.

    Scores do not compare across a break, but the order of provinces may. An order that changes more
    across a break than between years of one edition points to the new measure only where parts whose
    measure was kept (a placebo) do not change as much: else the sample was probably drawn anew.

    Parameters
    ----------
    part : int, str or None
        Dimension (number), sub-dimension (key), or None for the total.
    level : float
        Confidence level of each interval.

    Returns
    -------
    pandas.DataFrame
        A row a pair of years: ``earlier``, ``later``, ``apart`` (years), ``comparable`` (no break
        between them), ``rho`` (Spearman's rank correlation) with ``lower`` and ``upper`` (Fisher's z
        with the variance of Bonett and Wright, Psychometrika 65, 2000), ``provinces`` with both scores.

    Examples
    --------
    >>> orders = stability(4)
    >>> orders[orders["apart"] == 1].groupby("comparable")["rho"].median().round(2).to_dict()
    {False: 0.48, True: 0.56}
    """
    wide = published.series(part)
    wide = wide[[year for year in wide if places.since_reform(year) == places.since_reform()]]  # published ones
    frame = pd.DataFrame(combinations(wide, 2), columns=["earlier", "later"])
    frame["apart"] = frame["later"] - frame["earlier"]
    pairs, order, known = list(frame[["earlier", "later"]].itertuples(index=False)), wide.corr("spearman"), wide.notna()
    frame["comparable"] = [index.comparable(*pair, part) for pair in pairs]
    frame["rho"], n = [order.at[pair] for pair in pairs], [int(known[list(pair)].all(axis=1).sum()) for pair in pairs]
    frame["lower"], frame["upper"] = interval(frame["rho"], (1 + frame["rho"] ** 2 / 2) / (np.array(n) - 3), level)
    return frame.assign(provinces=n)


@datafiles.cached
def alpha(year: int, *, level: float = 0.95) -> pd.DataFrame:
    """Return how far the parts of each dimension, and the dimensions of the total, measure one thing.

    Parameters
    ----------
    year : int
        Year of the survey.
    level : float
        Confidence level of the interval.

    Returns
    -------
    pandas.DataFrame
        Indexed by dimension and ``"total"``: ``parts``, ``provinces`` (with all parts), ``alpha``
        (Cronbach's, of the published points; 1 = all parts say the same; Psychometrika 16, 1951),
        ``lower`` and ``upper`` (Feldt, Psychometrika 30, 1965), ``standardised`` (alpha of the
        parts with equal variance).

    Examples
    --------
    >>> alpha(2024).round(2).loc[4, ["alpha", "lower", "upper"]].to_list()
    [0.83, 0.75, 0.89]
    """
    scores = estimates.wide(estimates.from_published(year, tuple(index.subdimensions(year))))
    tables: dict[int | str, pd.DataFrame] = {d: scores[index.subdimensions(year, d)] for d in index.dimensions(year)}
    tables["total"] = published.dimension_scores(year)
    rows = {part: cronbach(table, level) for part, table in tables.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")
    return frame.astype({"parts": int, "provinces": int})


def cronbach(items: pd.DataFrame, level: float = 0.95) -> pd.Series:
    """Return Cronbach's alpha of any table of items with its interval.

    Parameters
    ----------
    items : pandas.DataFrame
        Units × items, at least two of each; units that miss an item are left out.
    level : float
        Confidence level of the interval.

    Returns
    -------
    pandas.Series
        ``parts``, ``provinces`` (units), ``alpha``, ``lower``, ``upper``, ``standardised``, as in `alpha`.

    Examples
    --------
    >>> float(cronbach(pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4]}))["alpha"].round(2))
    0.89
    """
    items = items.dropna()
    (n, k), cov = items.shape, items.cov().to_numpy()
    mean_r = items.corr().to_numpy()[np.triu_indices(k, k=1)].mean()
    value = k / (k - 1) * (1 - np.trace(cov) / cov.sum())
    low, high = f.ppf([(1 + level) / 2, (1 - level) / 2], n - 1, (n - 1) * (k - 1))
    return pd.Series({
        "parts": k, "provinces": n, "alpha": value, "lower": 1 - (1 - value) * low, "upper": 1 - (1 - value) * high,
        "standardised": k * mean_r / (1 + (k - 1) * mean_r),
    })  # fmt: skip


@datafiles.cached
def components(year: int, *, level: float = 0.95, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Return how many things the dimensions measure: principal components of a year's standardised scores.

    Parameters
    ----------
    year : int
        Year of the survey.
    level : float
        Confidence level of the intervals.
    draws : int
        Resamples of provinces for the intervals, and tables without any correlation for chance.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``component`` (1 = largest): ``variance`` (eigenvalue; 1 = that of one dimension),
        ``share`` of the variance with ``lower`` and ``upper`` (bootstrap over provinces), ``chance``
        (the eigenvalue that dimensions without any correlation exceed with probability 1 − `level`) and
        ``kept``: this one and all before it exceed chance (parallel analysis; Horn, Psychometrika
        30, 1965). Noise that dimensions share makes components as real differences do.

    Examples
    --------
    >>> found = components(2024)
    >>> int(found["kept"].sum()), found["share"].round(2).to_list()[:2]
    (2, [0.46, 0.21])
    """
    table = published.dimension_scores(year).dropna()
    values, (n, k), rng = _eigenvalues(table.to_numpy()), table.shape, np.random.default_rng(seed)
    again = np.array([_eigenvalues(table.to_numpy()[rng.integers(0, n, n)]) for _ in range(draws)]) / k
    alone = np.array([_eigenvalues(rng.standard_normal((n, k))) for _ in range(draws)])
    chance = np.quantile(alone, level, axis=0)
    lower, upper = np.quantile(again, [(1 - level) / 2, (1 + level) / 2], axis=0)
    found = {"variance": values, "share": values / k, "lower": lower, "upper": upper, "chance": chance}
    found["kept"] = np.logical_and.accumulate(values > chance)
    return pd.DataFrame(found, index=pd.RangeIndex(1, k + 1, name="component"))


@datafiles.cached
def loadings(year: int) -> pd.DataFrame:
    """Return the dimensions' correlations with their principal components.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Dimensions × components (1, 2, …); every component points to where most dimensions are higher.

    Examples
    --------
    >>> loadings(2024)[1].round(2).loc[[2, 7]].to_dict()
    {2: 0.92, 7: 0.15}
    """
    table = published.dimension_scores(year).dropna()
    found = PCA(table, standardize=True)
    scaled = found.loadings * np.sqrt(found.eigenvals.to_numpy() / len(table))
    scaled = scaled * np.sign(scaled.sum())
    return scaled.set_axis(range(1, table.shape[1] + 1), axis=1).rename_axis(index=table.columns.name)


@datafiles.cached
def similar(province: str | int, year: int, *, nearest: int = 5, draws: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Return which provinces have the profile of dimensions most like one province's, and how sure that is.

    Parameters
    ----------
    province : str or int
        Name or code.
    year : int
        Year of the survey.
    nearest : int
        How many count as near.
    draws : int
        Draws of what the scores would be without noise.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code``, likeliest first: ``distance`` between the published profiles
        (root mean square over the dimensions, each in standard deviations between provinces) and
        ``share``, of the draws in which the province is among the `nearest`. A draw is from what is
        known of each score: the published one pulled towards the mean by its noise, normal, dimensions
        independent (an empirical Bayes posterior; Morris, Journal of the American Statistical
        Association 78, 1983).

    Raises
    ------
    ValueError
        The province's profile was not published in full.

    Examples
    --------
    >>> near = similar("Hà Nội", 2024)
    >>> places.province(int(near.index[0])).name_en, round(float(near["share"].iloc[0]), 1)
    ('Ho Chi Minh City', 0.7)
    """
    place, table = places.province(province, year), published.dimension_scores(year).dropna()
    if place.code not in table.index:
        raise ValueError(f"PAPI did not publish all scores of {place.name_vi} in {year}: choose another year")
    noise = np.column_stack([precision.standard_errors_by_province(p, year)[table.index] ** 2 for p in table])
    real = np.array([precision.standard_errors(year).loc[p, "signal_sd"] for p in table]) ** 2
    scale, own = table.std(ddof=0).to_numpy(), table.index.get_loc(place.code)
    drawn = drawn_profiles(table.to_numpy(), noise, real, draws, seed) / scale
    far = ((drawn - drawn[:, [own]]) ** 2).sum(axis=2)
    far[:, own] = np.inf
    near = far <= np.partition(far, nearest - 1, axis=1)[:, [nearest - 1]]
    profile = table / scale
    distance = np.sqrt(((profile - profile.loc[place.code]) ** 2).mean(axis=1))
    frame = pd.DataFrame({"distance": distance, "share": near.mean(axis=0)}, index=table.index)
    return frame.drop(index=place.code).sort_values(["share", "distance"], ascending=[False, True])


def drawn_profiles(scores: np.ndarray, noise: np.ndarray, real: np.ndarray, draws: int, seed: int = 0) -> np.ndarray:
    """Draw what scores would be without noise, given the scores.

    Parameters
    ----------
    scores, noise : numpy.ndarray
        Units × parts: scores, and the variance of their noise.
    real : numpy.ndarray
        By part, the variance of real differences between units.
    draws, seed : int
        Number and seed of the draws.

    Returns
    -------
    numpy.ndarray
        Draws × units × parts, in the scores' unit.

    Examples
    --------
    >>> still = drawn_profiles(np.array([[1.0], [3.0]]), np.zeros((2, 1)), np.ones(1), draws=2)
    >>> still[:, :, 0].tolist()
    [[1.0, 3.0], [1.0, 3.0]]
    """
    with np.errstate(invalid="ignore"):
        kept = np.where(noise > 0, real / (real + noise), 1.0)
    middle = scores.mean(axis=0) + kept * (scores - scores.mean(axis=0))
    normal = np.random.default_rng(seed).standard_normal((draws, *scores.shape))
    return middle + np.sqrt(kept * noise) * normal


def _parts(years: list[int], parts: Parts) -> list[int | str]:
    """Return the parts that are meant, each of which all years must have."""
    if isinstance(parts, int):
        parts = index.subdimensions(years[0], parts)
    if isinstance(parts, str):
        if parts not in ("dimensions", "subdimensions"):
            raise ValueError(f"parts are 'dimensions', 'subdimensions', a dimension's number or a list, not {parts!r}")
        parts = getattr(index, parts)(years[0])
    return [index.check_part(part, *years) for part in parts]


def _eigenvalues(table: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of a table's correlation matrix, largest first; parts without variance count none."""
    return np.linalg.eigvalsh(np.nan_to_num(np.corrcoef(table.T)))[::-1]

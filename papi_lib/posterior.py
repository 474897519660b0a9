"""What is probably true of all provinces together: ranks, groups and rises as chances, given the published scores.

A confidence set says which ranks cannot be refuted; with errors as large as PAPI's that is most of them. A chance
answers what people ask: did we truly rise by five places? True values are taken as drawn from a normal distribution
over provinces, of one year or of two that correlate. Its variances, its correlation and the size of the errors are
not known either: each draw takes them from what the scores leave likely, all spreads and correlations being equally
likely beforehand. Given these the true values are normal; all provinces are drawn together and ranked, so that what
is counted are joint ranks.

T. A. Louis and W. Shen, Innovations in Bayes and empirical Bayes methods: estimating parameters, populations and ranks,
Statistics in Medicine 18 (1999); H. Goldstein and D. J. Spiegelhalter, League tables and their limitations, Journal
of the Royal Statistical Society A 159 (1996). `benchmarks/chances.py` measures whether what is told so often comes so
often.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import chi2

from papi_lib import datafiles, estimates, index, precision, published

#: What is known of errors and variances is drawn so often, and the true values so often for each.
_KNOWN, _DRAWS = 60, 50
#: Standard deviation of the true values, in that of the scores, and their correlation: all equally likely beforehand.
_SPREADS, _CORRELATIONS = np.arange(0.1, 1.15, 0.1), np.arange(0.05, 1.0, 0.1)
#: Sizes of the errors that are tried, as shares of what they are known to be.
_SIZES = 10


def true_values(scores: np.ndarray, noise: np.ndarray, df: float = np.inf, seed: int = 0) -> np.ndarray:
    """Draw the true values behind the scores of one time or two.

    Parameters
    ----------
    scores : numpy.ndarray
        Units × times, without gaps.
    noise : numpy.ndarray
        Units × times × times: covariances of the errors, independent between units.
    df : float
        Degrees of freedom of the size of the errors; infinite where it is known.
    seed : int
        Seed of the draws.

    Returns
    -------
    numpy.ndarray
        Draws × units × times.

    Examples
    --------
    >>> drawn = true_values(np.array([[0.0], [1.0], [8.0], [9.0]]), np.full((4, 1, 1), 0.01))
    >>> drawn.mean(axis=0).round(1).ravel().tolist()
    [0.0, 1.0, 8.0, 9.0]
    """
    rng, (units, times) = np.random.default_rng(seed), scores.shape
    distance = scores - scores.mean(axis=0)
    spreads = np.array(list(product(*[_SPREADS * spread for spread in scores.std(axis=0)])))
    correlations = np.where(np.eye(times), 1.0, _CORRELATIONS[:, None, None]) if times > 1 else np.ones((1, 1, 1))
    priors = (spreads[:, None, :, None] * spreads[:, None, None, :] * correlations).reshape(-1, times, times)
    quantiles = (np.arange(_SIZES) + 0.5) / _SIZES
    sizes = df / chi2.isf(quantiles, df) if np.isfinite(df) else np.ones(1)
    # How likely the scores are with each size of the errors and each covariance of the true values.
    likely = np.stack([_likelihood(distance, noise, priors, size) for size in sizes])
    weight = np.exp(likely - likely.max()).ravel()
    size, known = np.divmod(rng.choice(weight.size, _KNOWN, p=weight / weight.sum()), len(priors))
    prior = priors[known][:, None]
    gain = prior @ np.linalg.inv(prior + sizes[size][:, None, None, None] * noise)
    left = np.linalg.cholesky(prior - gain @ prior + 1e-12 * np.eye(times))
    spread = np.einsum("kuij,kduj->kdui", left, rng.standard_normal((_KNOWN, _DRAWS, units, times)))
    return scores.mean(axis=0) + ((gain @ distance[:, :, None])[:, None, :, :, 0] + spread).reshape(-1, units, times)


def _likelihood(distance: np.ndarray, noise: np.ndarray, priors: np.ndarray, size: float) -> np.ndarray:
    """Return the log likelihood of the distances to the mean under each covariance of the true values."""
    kinds, own = np.unique(noise.round(12), axis=0, return_inverse=True)
    total = np.zeros(len(priors))
    for kind, errors in enumerate(kinds):  # provinces whose errors are alike, together
        there = distance[own.ravel() == kind]
        covariance = priors + size * errors
        fit = np.trace(np.linalg.solve(covariance, there.T @ there), axis1=1, axis2=2)
        total -= 0.5 * (len(there) * np.linalg.slogdet(covariance)[1] + fit)
    return total


def standing(frame: pd.DataFrame, part: int | str, year: int | None = None) -> pd.DataFrame:
    """Order places by their score in one part, with the ranks that they probably have and the chance of each group.

    Parameters
    ----------
    frame : pandas.DataFrame
        An estimates frame whose errors are independent.
    part, year
        As in `papi_lib.estimates.standing`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``place``: the columns of `papi_lib.estimates.standing`, but ``lower`` and ``upper`` are the ranks
        between which nine in ten draws lie, and ``middle`` is the middle one; ``group_1`` to ``group_4``, the chance of
        each group (0-1). Missing where the score is.

    Examples
    --------
    >>> standing(estimates.from_published(2024, (8,)), 8).loc[1, ["lower", "upper"]].astype(int).to_list()
    [1, 5]
    """
    own = estimates.standing(frame, part, year, sets=False)
    known = own.dropna(subset=["score", "se"])
    if len(known) < 2:
        return own.assign(lower=pd.NA, middle=pd.NA, upper=pd.NA, **{f"group_{g}": np.nan for g in range(1, 5)})
    noise = known["se"].to_numpy()[:, None, None] ** 2
    ranks = _ranks(true_values(known[["score"]].to_numpy(), noise, float(known["df"].min())))[..., 0]
    ends = pd.DataFrame(np.quantile(ranks, [0.05, 0.5, 0.95], axis=0, method="nearest").T, known.index).astype("Int64")
    groups = published.groups(ranks, len(known))
    chances = pd.DataFrame({f"group_{g}": (groups == g).mean(axis=0) for g in range(1, 5)}, known.index)
    return own.join(ends.set_axis(["lower", "middle", "upper"], axis=1)).join(chances)


@datafiles.cached
def published_standing(year: int, part: int | str, margin: str = "level", of: int | None = None) -> pd.DataFrame:
    """Return `standing` of all provinces' published scores in a part of the index: the same on all their pages.

    `of` is as in `papi_lib.estimates.from_published`.

    Examples
    --------
    >>> published_standing(2024, 8).loc[1, ["rank", "lower", "upper"]].astype(int).to_dict()
    {'rank': 2, 'lower': 1, 'upper': 5}
    """
    return standing(estimates.from_published(year, (part,), margin, of), part)


@datafiles.cached
def rises(before: int, year: int, part: int | str = "total", margin: str = "level", places: int = 1) -> pd.DataFrame:
    """Return the chance that provinces truly rose, or fell, in the order of provinces between two years.

    Ranks are those among the provinces published in both years. Between years of one sample the same villages were
    asked, so that what sets these apart moves nobody; between two samples it moves everybody.

    Parameters
    ----------
    before, year : int
        Years of the survey; ranks compare across a break, but then a place gained may come from the new measure.
    part : int or str
        ``"total"``, a dimension's number or a sub-dimension's key.
    margin : str
        ``level``, or one other of `papi_lib.precision.MARGINS` to see what the verdict would be with that alone.
    places : int
        Places that the rise has at least.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code``: ``rank_before``, ``rank``, ``gain`` (places, as published), ``of`` (provinces
        published in both years), ``rose`` (chance of a true rise by at least so many places, 0-1), ``fell`` (chance
        of a true fall by at least as many).

    Examples
    --------
    >>> rises(2020, 2021, margin="passing", places=5).loc[1].round(2).to_dict()
    {'rank_before': 45.0, 'rank': 9.0, 'gain': 36.0, 'of': 60.0, 'rose': 0.96, 'fell': 0.01}
    """
    if places < 1:
        raise ValueError(f"a rise has at least one place, not {places}")
    part = index.check_part(part, before, year)
    gains, ranks = _gains(index.check_year(before), index.check_year(year), part, margin)
    table = pd.DataFrame(
        {"rank_before": ranks[before], "rank": ranks[year], "gain": ranks[before] - ranks[year], "of": len(ranks)}
    )
    rose, fell = ((hits.sum(axis=0) + 0.5) / (len(gains) + 1) for hits in (gains >= places, gains <= -places))
    return table.assign(rose=rose, fell=fell)


@datafiles.cached
def _gains(before: int, year: int, part: int | str, margin: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Return places truly gained (draws × provinces) and published ranks among the provinces of both years."""
    scores = published.series(part, year)[[before, year]].dropna()
    same_places = margin == "level" and precision.margin_of_change(before, year) == "passing"
    once = "passing" if same_places else margin
    noise, df = np.zeros((len(scores), 2, 2)), np.inf
    for at, own in enumerate((before, year)):
        noise[:, at, at] = precision.standard_errors_by_province(part, own, once, year)[scores.index] ** 2
        df = min(df, float(precision.standard_errors(own, margin=once).loc[part, "df"]))
    if same_places:  # what sets the places apart is the same both times
        drawn = [precision.standard_errors_by_province(part, own, "redraw", year)[scores.index] for own in scores]
        apart = np.stack(drawn, axis=1)
        noise += apart[:, :, None] * apart[:, None, :]
    ranks = _ranks(true_values(scores.to_numpy(), noise, df))
    return (ranks[..., 0] - ranks[..., 1]).astype(np.int16), scores.rank(ascending=False, method="min").astype(int)


def _ranks(drawn: np.ndarray) -> np.ndarray:
    """Return ranks within each draw, 1 = highest."""
    order = np.argsort(-drawn, axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, drawn.shape[1] + 1)[None, :, None], axis=1)
    return ranks

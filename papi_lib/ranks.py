"""Ranks and confidence sets for ranks.

Method: M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, "Inference for Ranks with
Applications to Mobility across Neighbourhoods and Academic Achievement across Countries", Review
of Economic Studies 91 (2024) 476-518. A unit's rank is bounded by the units from which it differs
for sure: all differences are tested together, with the paper's stepwise improvement.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def rank_confidence_sets(
    estimates: pd.Series,
    se: pd.Series | np.ndarray | float,
    *,
    level: float = 0.95,
    simultaneous: bool = True,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return ranks and confidence sets for ranks.

    Parameters
    ----------
    estimates : pandas.Series
        One estimate a unit, of any scale; missing ones stay missing and are not ranked.
    se : pandas.Series, array or float
        Standard errors in the estimates' unit: one for all, one a unit (then the estimates are
        taken as independent), or the full covariance matrix (units × units). Zero is allowed.
    level : float
        Confidence level of the sets.
    simultaneous : bool
        True: all sets hold together with probability `level` (for a league table). False: each
        set holds by itself (for a statement on one unit).
    draws : int
        Draws of the normal distribution of the errors.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Indexed like `estimates`: ``rank`` (1 = highest estimate, equal estimates share the better
        rank), ``lower`` and ``upper``, the first and last rank of the set; Int64.

    Raises
    ------
    ValueError
        Standard errors are missing, negative, or do not fit the estimates.

    Examples
    --------
    >>> sets = rank_confidence_sets(pd.Series([9.0, 5.0, 1.0]), 0.5)
    >>> sets.to_numpy().tolist()
    [[1, 1, 1], [2, 2, 2], [3, 3, 3]]
    """
    x = pd.Series(estimates, dtype=float)
    known = x.notna().to_numpy()
    cov = _covariance(se, x, known)
    theta, errors = x.to_numpy()[known], _draws(cov, draws, seed)
    units = len(theta)
    first, second = np.triu_indices(units, k=1)
    higher, lower = np.zeros((2, units), dtype=int)
    if simultaneous:
        wins, losses = _surely_apart(theta, cov, errors, first, second, level)
        higher += np.bincount(first[losses], minlength=units) + np.bincount(second[wins], minlength=units)
        lower += np.bincount(first[wins], minlength=units) + np.bincount(second[losses], minlength=units)
    else:
        for unit in range(units):
            others = np.delete(np.arange(units), unit)
            wins, losses = _surely_apart(theta, cov, errors, np.full(units - 1, unit), others, level)
            higher[unit], lower[unit] = losses.sum(), wins.sum()
    frame = pd.DataFrame({"rank": x.rank(ascending=False, method="min").astype("Int64")})
    frame["lower"], frame["upper"] = pd.array([pd.NA] * len(x), "Int64"), pd.array([pd.NA] * len(x), "Int64")
    frame.loc[known, "lower"], frame.loc[known, "upper"] = higher + 1, units - lower
    return frame


def _covariance(se: pd.Series | np.ndarray | float, x: pd.Series, known: np.ndarray) -> np.ndarray:
    """Return the covariance matrix of the known estimates."""
    if isinstance(se, pd.Series):
        se = se.reindex(x.index)
    elif isinstance(se, pd.DataFrame):
        se = se.reindex(index=x.index, columns=x.index)
    values = np.asarray(se, dtype=float)
    if values.ndim == 0:
        values = np.full(len(x), float(values))
    if values.shape not in {(len(x),), (len(x), len(x))}:
        raise ValueError(f"standard errors of shape {values.shape} do not fit {len(x)} estimates")
    cov = np.diag(values[known] ** 2) if values.ndim == 1 else values[np.ix_(known, known)]
    if np.isnan(cov).any() or (values.ndim == 1 and (values[known] < 0).any()) or (np.diag(cov) < 0).any():
        raise ValueError("a standard error is missing or negative for a unit that has an estimate")
    return cov


def _draws(cov: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return errors drawn from the normal distribution with this covariance: draws × units."""
    normal = np.random.default_rng(seed).standard_normal((draws, len(cov)))
    off_diagonal = cov - np.diag(np.diag(cov))
    if not off_diagonal.any():
        return (normal * np.sqrt(np.diag(cov))).astype(np.float32)
    values, vectors = np.linalg.eigh(cov)
    return (normal @ (vectors * np.sqrt(np.maximum(values, 0))).T).astype(np.float32)


def _surely_apart(
    theta: np.ndarray, cov: np.ndarray, errors: np.ndarray, first: np.ndarray, second: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Tell in which pairs the first unit is surely higher, and in which it is surely lower.

    Both one-sided hypotheses of every pair are one family, tested stepwise: after each step the
    critical value is taken over the hypotheses that still stand.
    """
    difference = theta[first] - theta[second]
    spread = np.sqrt(np.maximum(cov[first, first] + cov[second, second] - 2 * cov[first, second], 0))
    noisy = spread > 1e-12 * max(1.0, np.sqrt(np.diag(cov).max(initial=0)))
    wins, losses = ~noisy & (difference > 0), ~noisy & (difference < 0)  # no noise, no doubt
    statistic = difference[noisy] / spread[noisy]
    noise = (errors[:, first[noisy]] - errors[:, second[noisy]]) / spread[noisy].astype(np.float32)
    up, down = np.ones((2, len(statistic)), dtype=bool)
    while up.any() or down.any():
        largest = np.maximum(noise[:, up].max(axis=1, initial=-np.inf), -noise[:, down].min(axis=1, initial=np.inf))
        critical = np.quantile(largest, level)
        rejected = (up & (statistic > critical)), (down & (-statistic > critical))
        if not (rejected[0].any() or rejected[1].any()):
            break
        up, down = up & ~rejected[0], down & ~rejected[1]
    wins[noisy], losses[noisy] = ~up, ~down
    return wins, losses

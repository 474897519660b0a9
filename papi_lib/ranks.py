"""Ranks, and confidence sets for them.

Method: M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, "Inference for Ranks with
Applications to Mobility across Neighbourhoods and Academic Achievement across Countries", Review
of Economic Studies 91 (2024) 476-518. A unit's rank is bounded by the units from which it differs
for sure: all differences are tested together, with the paper's stepwise improvement.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

StandardErrors = pd.Series | pd.DataFrame | np.ndarray | float


def rank_confidence_sets(
    estimates: pd.Series, se: StandardErrors, *, level: float = 0.95, simultaneous: bool = True,
    only: Hashable | None = None, draws: int = 10_000, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Return ranks and confidence sets for ranks.

    Parameters
    ----------
    estimates : pandas.Series
        One estimate a unit, of any scale; missing ones stay missing and are not ranked.
    se : pandas.Series, DataFrame, array or float
        Standard errors in the estimates' unit: one for all, one a unit (then the estimates are
        taken as independent), or the full covariance matrix (units × units). Zero stands for noise that is not
        known: two units whose difference has none are not told apart.
    level : float
        Confidence level of the sets.
    simultaneous : bool
        True: all sets hold together with probability `level` (for a league table). False: each
        set holds by itself (for a statement on one unit).
    only : label of a unit, optional
        The one unit whose set is wanted, where each set holds by itself: the same set in a
        fraction of the time; those of the other units are then missing.
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
    if only is not None and simultaneous:
        raise ValueError("sets that hold together need all units; ask for one unit with simultaneous=False")
    values = pd.Series(estimates, dtype=float)
    known = values.notna().to_numpy()
    theta, cov = values[known].to_numpy(), _covariance(se, values, known)
    errors, units, wanted = _draws(cov, draws, seed), np.arange(known.sum()), values.index[known]
    above, below = np.zeros((2, len(units)), dtype=int)
    if simultaneous:
        first, second = np.triu_indices(len(units), k=1)
        wins, losses = _surely_apart(theta, cov, errors, first, second, level)
        for one, lost, won in ((first, losses, wins), (second, wins, losses)):
            above += np.bincount(one[lost], minlength=len(theta))
            below += np.bincount(one[won], minlength=len(theta))
    else:
        wanted = wanted if only is None else wanted[wanted == only]
        for own in units[values.index[known].isin(wanted)]:
            rivals = units[units != own]
            wins, losses = _surely_apart(theta, cov, errors, np.full_like(rivals, own), rivals, level)
            above[own], below[own] = losses.sum(), wins.sum()
    ends = pd.DataFrame({"lower": above + 1, "upper": len(units) - below}, values.index[known]).loc[wanted]
    return pd.DataFrame({"rank": values.rank(ascending=False, method="min")}).join(ends).astype("Int64")


def _covariance(se: StandardErrors, x: pd.Series, known: np.ndarray) -> np.ndarray:
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
    """Return errors drawn from the normal distribution with this covariance: units × draws."""
    normal = np.random.default_rng(seed).standard_normal((len(cov), draws), dtype=np.float32)
    variance = np.diag(cov)
    if np.array_equal(cov, np.diag(variance)):
        return normal * np.sqrt(variance, dtype=np.float32)[:, None]
    values, vectors = np.linalg.eigh(cov)
    return (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32) @ normal


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
    wins, losses = np.zeros((2, len(difference)), dtype=bool)  # a difference without noise claims nothing
    first, second, spread = first[noisy], second[noisy], spread[noisy]
    statistic = difference[noisy] / spread
    up, down = np.ones((2, len(statistic)), dtype=bool)
    while up.any() or down.any():
        critical = np.quantile(_largest(errors, first, second, spread.astype(np.float32), up, down), level)
        rejected = (up & (statistic > critical)), (down & (-statistic > critical))
        if not (rejected[0].any() or rejected[1].any()):
            break
        up, down = up & ~rejected[0], down & ~rejected[1]
    wins[noisy], losses[noisy] = ~up, ~down
    return wins, losses


def _largest(
    errors: np.ndarray, first: np.ndarray, second: np.ndarray, spread: np.ndarray, up: np.ndarray, down: np.ndarray
) -> np.ndarray:
    """Return, draw by draw, the largest studentised difference that is only noise in the standing hypotheses."""
    largest = np.full(errors.shape[1], -np.inf, dtype=np.float32)
    noise = np.empty_like(largest)
    for one, other, scale, rise, fall in zip(first, second, 1 / spread, up, down, strict=True):
        if rise or fall:
            np.subtract(errors[one], errors[other], out=noise)
            noise *= scale if rise else -scale
            np.maximum(largest, np.abs(noise, out=noise) if rise and fall else noise, out=largest)
    return largest

"""Replicates of a survey through a whole chain of computation: what linearised standard errors are held against.

The replicates are the rescaled bootstrap of J. N. K. Rao and C. F. J. Wu, "Resampling Inference With Complex Survey
Data", Journal of the American Statistical Association 83 (1988) 231-241.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from papi_lib.survey.means import Cells, Design


@dataclass(frozen=True)
class Replicates:
    """Replicate weights, kept by cluster: all respondents of a cluster share their factor.

    Attributes
    ----------
    weight : numpy.ndarray
        The respondents' weights, in the frame's order.
    cluster : numpy.ndarray
        Their clusters, as rows of `factors`.
    factors : numpy.ndarray
        Clusters × replicates: what the weights are multiplied with. Mean one over the replicates.
    """

    weight: np.ndarray
    cluster: np.ndarray
    factors: np.ndarray


def replicate_weights(
    frame: pd.DataFrame,
    *,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    fpc: str | None = None,
    lonely: str = "adjust",
    replicates: int = 1000,
    seed: int = 0,
) -> Replicates:
    """Draw replicates of a sample: the rescaled bootstrap of Rao and Wu.

    From the n clusters of a stratum, n - 1 are drawn with replacement, and a cluster that came t times
    has its weights multiplied by t n / (n - 1); with a finite population correction the difference
    from one is multiplied by the root of the share of the clusters that is not in the sample. So the
    variance over the replicates is that of `domain_means`, but for what is not linear. A single cluster
    of a stratum keeps its weights under the rule "certainty"; under "adjust" they are multiplied by 0
    or 2, each half of the time, which adds as much variance as in `domain_means`.

    Parameters
    ----------
    frame, weight, strata, cluster, fpc
        As in `domain_means`.
    lonely : {"adjust", "certainty"}
        What to do about strata with a single cluster.
    replicates : int
        Number of replicates. A standard error from r of them is itself off by about 1 / sqrt(2 r).
    seed : int
        Seed of the draws.

    Returns
    -------
    Replicates

    Raises
    ------
    ValueError
        As in `domain_means`.
    """
    design = Design(frame, weight, strata, cluster, fpc, lonely)
    rng = np.random.default_rng(seed)
    factors = np.ones((len(design.stratum), replicates))
    members = np.split(np.argsort(design.stratum, kind="stable"), np.cumsum(design.size)[:-1])
    for own, n, free in zip(members, design.size, design.free, strict=True):
        if n > 1:
            times = rng.multinomial(n - 1, np.full(n, 1 / n), size=replicates).T
            factors[own] += np.sqrt(free) * (times * n / (n - 1) - 1)
        elif lonely == "adjust":
            factors[own] += np.sqrt(free) * rng.choice([-1.0, 1.0], size=replicates)
    return Replicates(design.weight, design.cluster, factors)


def replicate(
    frame: pd.DataFrame,
    values: str | Sequence[str],
    weights: Replicates,
    statistic: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    by: str | Sequence[str] | None = None,
) -> np.ndarray:
    """Return means by domain, or what is made of them, for the sample and for each of its replicates.

    Parameters
    ----------
    frame, values, by
        As in `domain_means`; the same rows that `weights` were drawn for.
    weights : Replicates
        From `replicate_weights`.
    statistic : callable or None
        Takes the means, an array (1 + replicates) × domains × series in the order of `domain_means`,
        and returns what is wanted with the replicates still first: sub-dimensions, dimensions, total,
        ranks. Called once, for all replicates together. None: the means themselves.

    Returns
    -------
    numpy.ndarray
        First the figures of the sample itself, then those of the replicates: with ``x = replicate(…)``
        the standard errors are ``np.nanstd(x[1:], axis=0)``. A mean is missing in a replicate where no
        respondent who answered has weight left.

    Raises
    ------
    ValueError
        The weights were drawn for another number of rows, or a column is missing.

    Examples
    --------
    >>> people = pd.DataFrame({"d": list("aaabbb"), "v": [1, 2, 3, 4, 5, 6], "y": [0, 1, 1, 0, 0, 1.0]})
    >>> weights = replicate_weights(people, strata="d", cluster="v", replicates=5)
    >>> replicate(people, "y", weights, by="d").shape
    (6, 2, 1)
    """
    if len(frame) != len(weights.weight):
        raise ValueError(f"the frame has {len(frame)} rows, the weights were drawn for {len(weights.weight)}")
    values = [values] if isinstance(values, str) else list(values)
    cells = Cells(frame, values, by, weights.weight, weights.cluster)
    factors = np.column_stack([np.ones(len(weights.factors)), weights.factors])
    shape = (len(cells.labels), len(values), factors.shape[1])
    place = cells.domain[:, None] * len(values) + np.arange(len(values))
    rows, clusters = place.ravel(), np.repeat(cells.cluster, len(values))
    sums, totals = (
        (sparse.csr_array((x.ravel(), (rows, clusters)), (shape[0] * shape[1], len(factors))) @ factors).reshape(shape)
        for x in (cells.sums, cells.totals)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.moveaxis(np.where(totals > 0, sums / totals, np.nan), 2, 0)
    return means if statistic is None else statistic(means)

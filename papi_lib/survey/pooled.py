"""Errors of small domains that borrow from each other: one variance function for each figure.

A variance from the 8 to 11 degrees of freedom of a district is itself off by a third, its design effect is noise, and
it is zero where all answers are at an end of the scale. So three numbers are estimated for each figure from all
domains together, and the rest follows from how many answered where:

- the *unit variance*, that of one person's share of the scale, as a multiple of π(1 - π) (one for a yes-or-no question);
- the *intraclass correlation* ρ, how much more alike neighbours answer than others (0-1);
- the *effective sample size* of a domain: as many yes-or-no answers, drawn one by one, would tell as much.

The variance of a share is then π(1 - π) over the effective sample size (L. Kish, Survey Sampling, 1965, chapters 5 and
8, for the design effect; K. M. Wolter, Introduction to Variance Estimation, 2007, chapter 7, for the variance function).
Its π is the domain's own for an interval, and that of the hypothesis for a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Pooled:
    """What `pooled` returns.

    Attributes
    ----------
    parts : pandas.DataFrame
        By series: ``unit`` (unit variance), ``icc`` (intraclass correlation), ``df`` (degrees of freedom of both: those
        of all domains together); on average over domains ``answered`` (0-1, the share of respondents that its figures stand
        on, in a sum the more on those items that add more), ``near`` (0-1: the same of the others in a cluster of one who
        answered) and ``weighting`` (how many times larger weights make a variance).
    deff, effective : pandas.DataFrame
        Domains × series: the design effect, one or more, and the effective sample size.
    """

    parts: pd.DataFrame
    deff: pd.DataFrame
    effective: pd.DataFrame


def pooled(
    table: pd.DataFrame, frame: pd.DataFrame, values: Sequence[str], *, by: str, weight: str, strata: str, cluster: str,
    combine: pd.DataFrame | None = None, lower: pd.Series | float = 0.0, upper: pd.Series | float = 1.0,
) -> Pooled:  # fmt: skip
    """Pool the errors of all domains.

    Parameters
    ----------
    table : pandas.DataFrame
        From `papi_lib.survey.domain_means`, of domains that share no respondent.
    frame, values, by, weight, strata, cluster, combine
        What it was made of. Respondents whose domain is not in the table do not count.
    lower, upper : pandas.Series or float
        By series: the least and the most that an estimate can be.

    Returns
    -------
    Pooled

    Notes
    -----
    In a sum of items that different people answered, an item counts with the square of what it adds. Weights are taken
    to have nothing to do with the answers, so that they cost what L. Kish (Journal of Official Statistics 8, 1992) says.
    Variances of domains where few answered are raised, since linearised ones are then too small.
    The correlation is no less than 0 and no more than 1, so no design effect is less than one.
    """
    values = list(values)
    combine = pd.DataFrame(np.eye(len(values)), values, values) if combine is None else combine.loc[values]
    square = (combine / combine.abs().max()) ** 2
    square = square / square.sum()
    estimate, se, df, deff = (table[c].unstack("series")[combine.columns] for c in ("estimate", "se", "df", "deff"))
    given, people = frame[values].notna().astype(float), frame[weight]
    n = given.groupby(frame[by]).sum().reindex(estimate.index)
    n = n.where(n > 0)
    weights, squares = (given.mul(people**power, axis=0).groupby(frame[by]).sum() for power in (1, 2))
    kish = weights**2 / squares
    clusters = given.groupby([frame[by], frame[strata], frame[cluster]]).sum()
    drawn = clusters.groupby(level=0).size().reindex(n.index)
    near = (clusters**2).groupby(level=0).sum() / n
    one = (1 / n).fillna(0) @ square
    weighting = ((1 / kish.reindex(n.index)).fillna(0) @ square / one).clip(lower=1)
    neighbours = ((near.reindex(n.index) / n).fillna(0) @ square / one - 1).clip(lower=0)
    share = ((estimate - lower) / (upper - lower)).clip(0, 1)
    variance = (se / (upper - lower)) ** 2
    simple = variance / deff
    # where few answered, linearised values lie too near the mean that they make, by the share that a cluster has in it
    variance = variance.div((1 - one * (neighbours + 1)).where(lambda free: free > 0)).mul(1 - 1 / drawn, axis=0)
    df = df.where(simple.notna() & variance.notna() & (df > 0), 0)
    unit = (df * simple).sum() / (df * share * (1 - share) * one).sum()
    unclustered = df * simple * weighting
    icc = ((df * variance).sum() - unclustered.sum()) / (unclustered * neighbours).sum()
    icc = icc.replace([np.inf, -np.inf], np.nan).fillna(0).clip(0, 1)
    deff = weighting * (1 + neighbours * icc)
    everybody = frame.groupby([frame[by], frame[strata], frame[cluster]]).size()
    people = everybody.groupby(level=0).sum().reindex(n.index)
    others = (everybody**2).groupby(level=0).sum().reindex(n.index) / people - 1
    parts = pd.DataFrame({"unit": unit, "icc": icc, "df": df.sum()})
    parts["answered"] = (1 / one.where(one > 0)).div(people, axis=0).mean()
    parts["near"] = neighbours.div(others.where(others > 0), axis=0).mean().clip(0, 1)
    parts["weighting"] = weighting.mean()
    return Pooled(parts, deff, (1 / (one * deff * unit)).where(estimate.notna()))


def drawn_in(share: pd.DataFrame, effective: pd.DataFrame) -> pd.DataFrame:
    """Return shares as if two of four more people had said yes: the middle of Wilson's interval.

    The variance there is what a figure at an end of the scale has, where its own is zero: A. Agresti and B. A. Coull, The
    American Statistician 52 (1998) 119-126.
    """
    pull = 1.96**2 / effective
    return (share + pull / 2) / (1 + pull)


def wilson(share: np.ndarray, effective: np.ndarray, reach: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of an interval for a share that never leaves 0-1 and has a width also at 0 and 1.

    All shares π belong to it that a test with the variance π(1 - π) over the sample size does not refuse: E. B. Wilson,
    Journal of the American Statistical Association 22 (1927) 209-212, here with the effective sample size, as
    ``svyciprop(method="wilson")`` of R's survey; C. Franco, R. J. A. Little, T. A. Louis and E. V. Slud, Journal of
    Survey Statistics and Methodology 7 (2019) 334-364, compare it with others.

    Parameters
    ----------
    share : array
        Estimated shares, 0-1.
    effective : array
        Effective sample sizes.
    reach : array or float
        How many standard errors half an interval is: the quantile of the normal or Student's distribution.

    Examples
    --------
    >>> low, high = wilson(np.array([0.0, 15 / 148]), np.array([20, 148]), 1.959964)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.0624], [0.1611, 0.1605])
    """
    pull = reach**2 / effective
    centre = (share + pull / 2) / (1 + pull)
    half = np.sqrt(pull * share * (1 - share) + pull**2 / 4) / (1 + pull)
    return (centre - half).clip(0, 1), (centre + half).clip(0, 1)


class Errors:
    """Errors of all domains' scores, from those of the units in them, who are drawn apart from each other.

    Parameters
    ----------
    found : Pooled
        Of the units.
    people : numpy.ndarray
        Domains × units: people of a unit that are in the domain.
    shares : pandas.DataFrame
        Domains × series: the estimates as shares of the scale.
    span : pandas.Series
        By series: the scale's length in points.
    whole : str
        The domain that holds all others.
    """

    def __init__(self, found: Pooled, people: np.ndarray, shares: pd.DataFrame, span: pd.Series, whole: str) -> None:
        self.parts, self._whole = found.parts, whole
        self._one = (1 / found.effective).fillna(0)
        weight = people[:, :, None] * (self._one > 0).to_numpy()
        with np.errstate(invalid="ignore"):
            self._weight = weight / weight.sum(axis=1, keepdims=True)
        self.shares, self.span = shares[self._one.columns], span[self._one.columns]
        #: Effective sample sizes: domains × series.
        self.effective = 1 / self._added(self._weight)

    def _added(self, contrast: np.ndarray) -> pd.DataFrame:
        sums = np.einsum("gdp,dp->gp", contrast**2, self._one.to_numpy())
        return pd.DataFrame(sums, self.shares.index, self._one.columns)

    def of_all(self, alike: bool = False) -> pd.DataFrame:
        """Return the variances of all scores, points²: with each domain's own share, or the city's, drawn in from the ends."""
        return self._unit(alike) / self.effective

    def of_gap(self) -> pd.DataFrame:
        """Return the variances of the differences to the city, points², as if there were none."""
        city = self._weight[[self.shares.index.get_loc(self._whole)]]
        return self._added(self._weight - city) * self._unit(alike=True)

    def covariance(self, parts: list, alike: bool, rounding: np.ndarray) -> dict[int | str, pd.DataFrame]:
        """Return the covariances of all domains' scores, as they are shown, in each of the parts, points²: domains × domains.

        `rounding` is the standard error of what the scores are rounded to: domains × series.
        """
        variance, domains, found = self.of_all(alike), self.shares.index, {}
        for part in parts:
            at = self._one.columns.get_loc(part)
            own, weight = variance[part][self._one.index].fillna(0).to_numpy(), self._weight[:, :, at]
            same = (weight[:, None] == weight).all(axis=2)  # a kind of which there is one district
            told = (weight * own) @ weight.T + same * np.outer(rounding[:, at], rounding[:, at])
            found[part] = pd.DataFrame(told, domains, domains)
        return found

    def _unit(self, alike: bool) -> pd.DataFrame:
        shares = self.shares * 0 + self.shares.loc[self._whole] if alike else self.shares
        share = drawn_in(shares, self.effective)
        return self.span**2 * share * (1 - share)

"""Design-based estimation: means by domain with standard errors, and what small domains borrow from each other for these.

A *domain* is a group one wants a figure for (a district), a *stratum* a group inside which the sample
was drawn by itself, a *cluster* what was drawn first inside a stratum (a commune, a village), with all
its respondents. A mean is a ratio of weighted sums; its variance is that of its linearised values,
added up by cluster and compared between the clusters of a stratum (Taylor linearisation with one-stage
correction for finite populations; Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 1992,
sections 5.5-5.8 and 10.3; Binder, International Statistical Review 51, 1983). Clusters without
respondents in a domain count, with zero, so that the size of a domain is random as it should be.

Strata with a single cluster say nothing about the differences between their clusters. The rules:

========== ==============================================================================================
rule       what a single cluster adds to the variance
========== ==============================================================================================
certainty  nothing: it was in the sample for sure (what R's survey calls "certainty" and "remove")
adjust     its squared difference from the whole domain's mean instead of its stratum's (rather too much)
========== ==============================================================================================

A district that was in the sample for sure, with several communes or villages drawn inside it, is no such
case: it is a stratum, and what was drawn inside it are its clusters.

Errors of small domains that borrow from each other: one variance function for each figure.

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
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from scipy import sparse

#: What may be done about strata with a single cluster; the module says what each means.
LONELY = ("adjust", "certainty")
#: Design effects of real samples are hardly ever outside.
USUAL_DEFF = (0.3, 20.0)


@np.errstate(divide="ignore", invalid="ignore")
def domain_means(
    frame: pd.DataFrame, values: str | Sequence[str], *, by: str | Sequence[str] | None = None,
    weight: str | None = None, strata: str | None = None, cluster: str | None = None, fpc: str | None = None,
    lonely: str = "adjust", combine: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return means of series by domain with design-based standard errors.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent, the whole sample: leave no one out, use `by` for domains instead.
    values : str or sequence of str
        Columns with the series, numbers of any unit. A missing value is an item without an answer: the
        respondent is left out of this series only.
    by : str, sequence of str or None
        Columns that make the domains; a respondent with a missing one is in no domain. None: one domain.
    weight : str or None
        Column with the weights (of any scale, zero or more); None weighs all alike.
    strata, cluster : str or None
        Columns of the design. Cluster codes need only be unique inside their stratum. None: one
        stratum; each respondent a cluster.
    fpc : str or None
        Column for the finite population correction, constant inside a stratum: the number of clusters
        that the stratum has in the population or, if no value is above one, the share of its clusters
        that is in the sample. None: drawn with replacement, or nearly so.
    lonely : {"adjust", "certainty"}
        What to do about strata with a single cluster; see the module.
    combine : pandas.DataFrame or None
        Weighted sums of the means instead of the means themselves: indexed by series, one column a sum
        (sub-dimensions into dimensions into the total). A sum is missing where one of its parts is.

    Returns
    -------
    pandas.DataFrame
        One row for each domain and series, sorted by domain, then in the order of the series. The index
        has the levels of `by`, then ``series``; ``series`` is dropped where `values` is a single name
        and `by` is given. Columns: ``estimate`` and ``se`` in the series' unit; ``df``, the degrees of
        freedom (clusters less strata with an answer from the domain; of a sum, those of the series with the fewest); ``n``, respondents with an answer
        (for sums: to any part); ``clusters`` they come from; ``deff``, the design effect: the variance
        as a multiple of that of a simple random sample of as many respondents, drawn with replacement.
        ``se`` is missing where all answers are from one cluster of which there are more.
        ``.attrs["lonely"]`` is the number of strata with a single cluster that is not all there is.

    Raises
    ------
    ValueError
        A column is missing or holds what it must not; the message names column and row.

    Examples
    --------
    >>> people = pd.DataFrame({"d": list("aaabbb"), "v": [1, 2, 2, 3, 3, 4], "y": [0, 1, 1, 0, 0, 1.0]})
    >>> domain_means(people, "y", by="d", cluster="v")["estimate"].round(3).to_dict()
    {'a': 0.667, 'b': 0.333}
    """
    names = [values] if isinstance(values, str) else list(values)
    if combine is not None and not combine.index.isin(names).all():
        strange = ", ".join(map(repr, combine.index[~combine.index.isin(names)]))
        raise ValueError(f"combine has rows for {strange}, which are not among the values")
    design = Design(frame, weight, strata, cluster, fpc, lonely)
    cells = Cells(frame, names, by, design.weight, design.cluster)
    factors = np.eye(len(names)) if combine is None else combine.reindex(names).fillna(0).to_numpy(dtype=float)
    parts, domains = (factors != 0).astype(float), len(cells.labels)
    to_domain = gather(cells.domain, domains)
    totals = to_domain @ cells.totals
    means = np.where(totals > 0, (to_domain @ cells.sums) / totals, 0.0)
    share = np.where(totals > 0, 1 / totals, 0.0)
    complete = (totals <= 0).astype(float) @ parts == 0
    value = ((cells.sums - means[cells.domain] * cells.totals) * share[cells.domain]) @ factors
    # the same for single respondents: what a simple random sample of them would give
    answered = (cells.answered.astype(float) @ parts > 0).astype(float)
    simple = ((cells.given - means[cells.number] * cells.answered) * share[cells.number]) @ factors
    weighted = gather(cells.number, domains, cells.weight)
    n = gather(cells.number, domains) @ answered
    simple_variance = (weighted @ answered) * (weighted @ simple**2) / (n - 1)
    # clusters and strata that have answers from a domain, and whether the variance can be known
    stratum = design.stratum[cells.cluster]
    keys, group = np.unique(stratum * domains + cells.domain, return_inverse=True)
    group_stratum, group_domain = np.divmod(keys, domains)
    in_group, by_stratum = gather(group, len(keys)), gather(group_domain, domains)
    given = (cells.totals > 0).astype(float)
    free = to_domain @ given - by_stratum @ (in_group @ given > 0).astype(float)
    df = np.column_stack([free[:, own != 0].min(axis=1) for own in factors.T])
    present = (given @ parts > 0).astype(float)
    clusters, random = to_domain @ present, to_domain @ (present * (design.scale > 0)[stratum, None])
    known = complete & ~((clusters == 1) & (random == 1))
    size, scale = design.size[group_stratum, None], design.scale[group_stratum, None]
    spread = in_group @ value**2 - np.where(size > 1, (in_group @ value) ** 2 / size, 0)
    variance = np.where(known, by_stratum @ (scale * np.maximum(spread, 0)), np.nan)
    counts = {"df": df, "n": n, "clusters": clusters}
    figures = {"estimate": np.where(complete, means @ factors, np.nan), "se": np.sqrt(variance)} | counts
    index: pd.Index = pd.Index(names if combine is None else combine.columns, name="series")
    if by is not None:
        labels = cells.labels.to_frame(index=False)
        index = pd.MultiIndex.from_frame(labels.merge(index.to_frame(index=False), how="cross"))
    table = pd.DataFrame({name: of.ravel() for name, of in figures.items()}, index).astype(dict.fromkeys(counts, int))
    table["deff"] = table["se"] ** 2 / simple_variance.ravel()
    table.attrs["lonely"] = int(design.lonely.sum())
    return table.droplevel("series") if isinstance(values, str) and combine is None and by is not None else table


class Design:
    """Weights, strata and clusters of a sample.

    Parameters
    ----------
    frame, weight, strata, cluster, fpc, lonely
        As in `papi_lib.survey.domain_means`.

    Attributes
    ----------
    weight, cluster : numpy.ndarray
        By respondent: weight and code of the cluster; clusters lie inside strata.
    stratum : numpy.ndarray
        By cluster: code of the stratum.
    size, free, scale : numpy.ndarray
        By stratum: clusters in the sample; share of the population's clusters that are not; what squared
        values of clusters are multiplied with.
    lonely : numpy.ndarray
        By stratum: has a single cluster out of several.

    Raises
    ------
    ValueError
        A column is missing or holds what it must not; the message names column and row.
    """

    def __init__(self, frame: pd.DataFrame, weight=None, strata=None, cluster=None, fpc=None, lonely="adjust") -> None:
        if lonely not in LONELY:
            raise ValueError(f"lonely={lonely!r} is no rule for strata with a single cluster; take one of {LONELY}")
        check_columns(frame, [c for c in (weight, strata, cluster, fpc) if c is not None])
        self.weight = np.ones(len(frame)) if weight is None else numbers(frame, weight)
        if weight is not None:
            _refuse(frame, weight, ~(self.weight >= 0), "is no weight", "give numbers, zero or more")
        stratum = np.zeros(len(frame), dtype=np.int64) if strata is None else _codes(frame, strata)
        within = np.arange(len(frame)) if cluster is None else _codes(frame, cluster)
        nested, self.cluster = np.unique(stratum * (within.max() + 1) + within, return_inverse=True)
        self.stratum = nested // (within.max() + 1)
        self.size = np.bincount(self.stratum)
        self.free = np.ones(len(self.size)) if fpc is None else self._free(frame, fpc, stratum)
        self.lonely = (self.size == 1) & (self.free > 0)
        self.scale = np.where(self.size > 1, self.free * self.size / np.maximum(self.size - 1, 1), 0.0)
        if lonely == "adjust":
            self.scale[self.lonely] = self.free[self.lonely]

    def _free(self, frame: pd.DataFrame, fpc: str, stratum: np.ndarray) -> np.ndarray:
        given = numbers(frame, fpc)
        _refuse(frame, fpc, ~(given > 0), "is not positive", "give numbers of clusters, or the shares drawn")
        size = np.zeros(len(self.size))
        size[stratum] = given
        _refuse(frame, fpc, given != size[stratum], "differs from others of its stratum", "give each stratum one value")
        taken = self.size / size if (given > 1).any() else size
        wrong = taken[stratum] > 1 + 1e-9
        _refuse(frame, fpc, wrong, "is less than the clusters in the sample", "count the population's, by stratum")
        return np.maximum(1 - taken, 0)


class Cells:
    """Weighted sums of series by cell: the respondents of one cluster in one domain.

    Parameters
    ----------
    frame, values, by
        As in `papi_lib.survey.domain_means`.
    weight, cluster : numpy.ndarray
        By respondent, as in `Design`.

    Attributes
    ----------
    labels : pandas.Index
        The domains.
    number, weight, given, answered : numpy.ndarray
        By respondent with a domain and a weight above zero: domain, weight, values (zero where
        missing) and whether they were given: respondents × series.
    cluster, domain : numpy.ndarray
        By cell: its cluster and its domain.
    sums, totals : numpy.ndarray
        Cells × series: sums of weighted values, and of the weights of those who gave them.

    Raises
    ------
    ValueError
        A column is missing or no number, or no respondent has a domain.
    """

    def __init__(self, frame: pd.DataFrame, values: Sequence[str], by, weight: np.ndarray, cluster: np.ndarray) -> None:
        check_columns(frame, values)
        number, self.labels = _domains(frame, by)
        if not len(self.labels):
            raise ValueError(f"no respondent has a value in {by!r}, so there is no domain to estimate for")
        rows = np.flatnonzero((number >= 0) & (weight > 0))
        self.number, self.weight = number[rows], weight[rows]
        self.given = np.column_stack([numbers(frame, column)[rows] for column in values])
        self.answered = ~np.isnan(self.given)
        self.given[~self.answered] = 0
        keys, cell = np.unique(cluster[rows] * len(self.labels) + self.number, return_inverse=True)
        self.cluster, self.domain = np.divmod(keys, len(self.labels))
        weights = gather(cell, len(keys), self.weight)
        self.sums, self.totals = weights @ self.given, weights @ self.answered.astype(float)


def gather(code: np.ndarray, groups: int, data: np.ndarray | None = None) -> sparse.csr_array:
    """Return the matrix that adds up rows by their code, each times its datum: groups × rows."""
    from scipy import sparse  # slow to import, and only surveys need it

    data = np.ones(len(code)) if data is None else data
    return sparse.csr_array((data, (code, np.arange(len(code)))), (groups, len(code)))


def check_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise ValueError unless the frame has rows and all these columns."""
    for column in columns:
        if column not in frame.columns:
            raise ValueError(f"there is no column {column!r}; there are {', '.join(map(str, frame.columns))}")
    if not len(frame):
        raise ValueError("the frame has no rows")


def numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as floats, missing as NaN; ValueError if something in it is no number."""
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.isinf(values)
    if not pd.api.types.is_numeric_dtype(frame[column]):
        wrong |= np.isnan(values) & frame[column].notna().to_numpy()
    _refuse(frame, column, wrong, "is no number", "recode it, or leave it missing")
    return values


def _codes(frame: pd.DataFrame, column: str) -> np.ndarray:
    codes, _ = pd.factorize(frame[column], sort=True)
    _refuse(frame, column, codes < 0, "is missing", "the design must be known for every respondent")
    return codes.astype(np.int64)


def _domains(frame: pd.DataFrame, by: str | Sequence[str] | None) -> tuple[np.ndarray, pd.Index]:
    """Return each respondent's domain (-1: none) and the index of the domains; without names for one for all."""
    if by is None:
        return np.zeros(len(frame), dtype=np.int64), pd.Index([0])
    by = [by] if isinstance(by, str) else list(by)
    check_columns(frame, by)
    grouped = frame.groupby(by, sort=True, observed=True)
    return grouped.ngroup().fillna(-1).to_numpy(dtype=np.int64), grouped.size().index


def _refuse(frame: pd.DataFrame, column: str, wrong: np.ndarray, what: str, remedy: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        value, label = frame[column].tolist()[row], frame.index[row]
        raise ValueError(f"column {column!r}, row {label!r}: {value!r} {what} ({wrong.sum()} such rows); {remedy}")


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

"""Design-based estimation: means by domain with standard errors, and replicates through a whole chain.

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
fail       an error that names the strata
certainty  nothing: it was in the sample for sure (what R's survey calls "certainty" and "remove")
adjust     its squared difference from the whole domain's mean instead of its stratum's (rather too much)
average    as much as the domain's other strata do on average
========== ==============================================================================================

The replicates are the rescaled bootstrap of J. N. K. Rao and C. F. J. Wu, "Resampling Inference With
Complex Survey Data", Journal of the American Statistical Association 83 (1988) 231-241.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

#: What may be done about strata with a single cluster.
LONELY = ("fail", "certainty", "adjust", "average")


def domain_means(
    frame: pd.DataFrame,
    values: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    fpc: str | None = None,
    lonely: str = "adjust",
    combine: pd.DataFrame | None = None,
) -> pd.DataFrame:
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
    lonely : {"adjust", "certainty", "average", "fail"}
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
        freedom (clusters less strata with an answer from the domain); ``n``, respondents with an answer
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
    line = _linearise(frame, values, by, weight, strata, cluster, fpc, lonely, combine)
    table = pd.DataFrame(
        {
            "estimate": line.estimate.ravel(),
            "se": np.sqrt(line.variance()).ravel(),
            "df": (line.clusters - line.strata).ravel().astype(int),
            "n": line.n.ravel().astype(int),
            "clusters": line.clusters.ravel().astype(int),
        },
        index=line.index,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        table["deff"] = table["se"] ** 2 / line.srs_variance.ravel()
    table.attrs["lonely"] = int(line.design.lonely.sum())
    if isinstance(values, str) and combine is None and by is not None:
        table.index = table.index.droplevel("series")
    return table


def domain_covariance(
    frame: pd.DataFrame,
    values: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    fpc: str | None = None,
    lonely: str = "adjust",
    combine: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the covariance matrix of all means that `domain_means` gives for the same arguments.

    Parameters
    ----------
    frame, values, by, weight, strata, cluster, fpc, lonely, combine
        As in `domain_means`.

    Returns
    -------
    pandas.DataFrame
        Square, rows and columns indexed by the levels of `by` and ``series`` in the order of
        `domain_means`; in squared units. It has (domains × series)² cells.

    Raises
    ------
    ValueError
        As in `domain_means`.
    """
    line = _linearise(frame, values, by, weight, strata, cluster, fpc, lonely, combine)
    return pd.DataFrame(line.covariance(), index=line.index, columns=line.index)


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
    lonely : {"adjust", "certainty", "fail"}
        What to do about strata with a single cluster; "average" has no replicates.
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
        As in `domain_means`; or the rule is "average".
    """
    if lonely == "average":
        raise ValueError("lonely='average' has no replicates; use 'adjust', 'certainty' or 'fail'")
    design = _Design(frame, weight, strata, cluster, fpc, lonely)
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
        the standard errors are ``x[1:].std(axis=0)``. A mean without any weight left is missing.

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
    cells = _Cells(frame, values, by, weights.weight, weights.cluster)
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


class _Design:
    """Weights, strata and clusters of a sample as codes: by respondent, by cluster, by stratum."""

    def __init__(self, frame, weight, strata, cluster, fpc, lonely):
        if lonely not in LONELY:
            raise ValueError(f"lonely={lonely!r} is no rule for strata with a single cluster; take one of {LONELY}")
        _check_columns(frame, [c for c in (weight, strata, cluster, fpc) if c is not None])
        self.weight = np.ones(len(frame)) if weight is None else _numbers(frame, weight)
        if weight is not None:
            _refuse(frame, weight, self.weight < 0, "is negative", "weights are zero or more")
        stratum, names = (np.zeros(len(frame), dtype=np.int64), [0]) if strata is None else _codes(frame, strata)
        within = np.arange(len(frame)) if cluster is None else _codes(frame, cluster)[0]
        nested, self.cluster = np.unique(stratum * (within.max(initial=0) + 1) + within, return_inverse=True)
        self.stratum = nested // (within.max(initial=0) + 1)
        self.size = np.bincount(self.stratum, minlength=len(names))
        self.free = self._free(frame, fpc, stratum, strata)
        self.lonely = (self.size == 1) & (self.free > 0)
        if lonely == "fail" and self.lonely.any():
            listed = ", ".join(str(names[h]) for h in np.flatnonzero(self.lonely)[:10])
            raise ValueError(
                f"column {strata!r}: {self.lonely.sum()} strata have a single cluster ({listed}); "
                "join them with others or choose lonely='adjust', 'certainty' or 'average'"
            )
        #: What a cluster's squared value is multiplied with, by stratum, and whether its mean is taken off.
        self.scale = np.where(self.size > 1, self.free * self.size / np.maximum(self.size - 1, 1), 0.0)
        self.centred = self.size > 1
        if lonely == "adjust":
            self.scale[self.lonely] = self.free[self.lonely]
        self.averaged = self.lonely & (lonely == "average")

    def _free(self, frame, fpc, stratum, strata):
        """Return by stratum the share of the population's clusters that is not in the sample."""
        if fpc is None:
            return np.ones(len(self.size))
        given = _numbers(frame, fpc)
        _refuse(frame, fpc, given <= 0, "is not positive", "give numbers of clusters, or shares of them")
        size = np.zeros(len(self.size))
        size[stratum] = given
        _refuse(frame, fpc, given != size[stratum], "differs from others of its stratum", "give each stratum one value")
        taken = self.size / size if (given > 1).any() else size
        _refuse(
            frame,
            fpc,
            taken[stratum] > 1 + 1e-9,
            "is below the sample's clusters",
            "give the population's, per stratum",
        )
        return np.maximum(1 - taken, 0)


class _Cells:
    """Weighted sums of the series by cell: the respondents of one cluster in one domain."""

    def __init__(self, frame, values, by, weight, cluster):
        _check_columns(frame, values)
        number, self.labels = _domains(frame, by)
        self.rows = np.flatnonzero((number >= 0) & (weight > 0))
        self.number, self.weight = number[self.rows], weight[self.rows]
        given = frame[values].to_numpy(dtype=float)[self.rows]
        self.answered = ~np.isnan(given)
        self.given = np.where(self.answered, given, 0.0)
        keys, cell = np.unique(cluster[self.rows] * len(self.labels) + self.number, return_inverse=True)
        self.cluster, self.domain = np.divmod(keys, len(self.labels))
        gather = _gather(cell, len(keys), self.weight)
        self.sums, self.totals = gather @ self.given, gather @ self.answered.astype(float)


class _Linear:
    """Means or sums of means with the linearised values of each cell, and what follows from these."""

    def __init__(self, design, cells, values, combine):
        self.design = design
        weights = np.eye(len(values)) if combine is None else combine.reindex(values).fillna(0).to_numpy(dtype=float)
        series = list(values if combine is None else combine.columns)
        parts = (weights != 0).astype(float)
        domains, gather = len(cells.labels), _gather(cells.domain, len(cells.labels))
        totals = gather @ cells.totals
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.where(totals > 0, (gather @ cells.sums) / totals, 0.0)
            per_total = np.where(totals > 0, 1 / totals, 0.0)
        known = ((totals <= 0).astype(float) @ parts) == 0
        self.estimate = np.where(known, means @ weights, np.nan)
        self.known, self.cells = known, cells
        self.value = ((cells.sums - means[cells.domain] * cells.totals) * per_total[cells.domain]) @ weights
        present = ((cells.totals > 0).astype(float) @ parts) > 0
        # strata × domains, as far as they occur
        keys, self.group = np.unique(design.stratum[cells.cluster] * domains + cells.domain, return_inverse=True)
        self.group_stratum, self.group_domain = np.divmod(keys, domains)
        in_group = (_gather(self.group, len(keys)) @ present.astype(float)) > 0
        to_domain = _gather(self.group_domain, domains)
        self.clusters, self.strata = gather @ present.astype(float), to_domain @ in_group.astype(float)
        sound = to_domain @ (in_group & ~design.averaged[self.group_stratum][:, None]).astype(float)
        random = (design.scale > 0) | design.averaged
        lone = (self.clusters == 1) & ((gather @ (present & random[design.stratum[cells.cluster]][:, None])) == 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.inflate = np.where(known & ~lone & (sound > 0), self.strata / sound, np.nan)
        self._simple(weights, parts, means, per_total)
        levels = cells.labels.to_frame(index=False)
        index = levels.loc[np.repeat(np.arange(domains), len(series))].assign(series=series * domains)
        columns = [c for c in index.columns if c is not None and c != _NO_DOMAINS]
        self.index = (
            pd.MultiIndex.from_frame(index[columns]) if len(columns) > 1 else pd.Index(index["series"], name="series")
        )

    def _simple(self, weights, parts, means, per_total):
        """Count the respondents and work out the variance that a simple random sample would have."""
        cells = self.cells
        count = _gather(cells.number, len(cells.labels))
        answered = (cells.answered.astype(float) @ parts > 0).astype(float)
        self.n = count @ answered
        value = ((cells.given - means[cells.number] * cells.answered) * per_total[cells.number]) @ weights
        weighted = _gather(cells.number, len(cells.labels), cells.weight)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.srs_variance = (weighted @ answered) * (weighted @ value**2) / (self.n - 1)

    def variance(self):
        """Return the variances: domains × series."""
        design, h = self.design, self.group_stratum
        gather = _gather(self.group, len(h))
        spread = (
            gather @ self.value**2
            - np.where(design.centred, 1 / design.size, 0)[h][:, None] * (gather @ self.value) ** 2
        )
        by_group = design.scale[h][:, None] * np.maximum(spread, 0)
        return (_gather(self.group_domain, len(self.known)) @ by_group) * self.inflate

    def covariance(self):
        """Return the covariance matrix of all domains × series."""
        design, cells, width = self.design, self.cells, self.value.shape[1]
        value = self.value * np.sqrt(self.inflate)[cells.domain]
        place = cells.domain[:, None] * width + np.arange(width)
        shape = (len(design.stratum), self.known.size)
        by_cluster = sparse.csr_array(
            (np.nan_to_num(value).ravel(), (np.repeat(cells.cluster, width), place.ravel())), shape
        )
        by_stratum = _gather(design.stratum, len(design.size)) @ by_cluster
        own = sparse.diags_array(design.scale[design.stratum])
        mean = sparse.diags_array(np.where(design.centred, design.scale / design.size, 0))
        result = (by_cluster.T @ own @ by_cluster - by_stratum.T @ mean @ by_stratum).toarray()
        unknown = np.isnan(self.inflate).ravel()
        result[unknown, :] = result[:, unknown] = np.nan
        return result


def _linearise(frame, values, by, weight, strata, cluster, fpc, lonely, combine):
    values = [values] if isinstance(values, str) else list(values)
    if combine is not None and not combine.index.isin(values).all():
        strange = [str(v) for v in combine.index[~combine.index.isin(values)]]
        raise ValueError(f"combine has rows for {strange}, which are not among the values")
    design = _Design(frame, weight, strata, cluster, fpc, lonely)
    return _Linear(design, _Cells(frame, values, by, design.weight, design.cluster), values, combine)


#: Name of the level of an index that has no domains.
_NO_DOMAINS = "_all"


def _domains(frame, by):
    """Return each respondent's domain (-1: none) and the index of the domains."""
    if by is None:
        return np.zeros(len(frame), dtype=np.int64), pd.Index([0], name=_NO_DOMAINS)
    by = [by] if isinstance(by, str) else list(by)
    _check_columns(frame, by)
    grouped = frame.groupby(by[0] if len(by) == 1 else by, sort=True, observed=True)
    return grouped.ngroup().fillna(-1).to_numpy(dtype=np.int64), grouped.size().index


def _gather(code, groups, data=None):
    """Return the matrix that adds up rows by their code: groups × rows."""
    data = np.ones(len(code)) if data is None else data
    return sparse.csr_array((data, (code, np.arange(len(code)))), (groups, len(code)))


def _check_columns(frame, columns):
    missing = [str(c) for c in columns if c not in frame.columns]
    if missing:
        raise ValueError(f"there is no column {missing[0]!r}; there are {', '.join(map(str, frame.columns))}")


def _codes(frame, column):
    codes, names = pd.factorize(frame[column], sort=True)
    _refuse(frame, column, codes < 0, "is missing", "the design must be known for every respondent")
    return codes.astype(np.int64), names


def _numbers(frame, column):
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
    _refuse(frame, column, ~np.isfinite(numbers), "is missing or no number", "give every respondent a number")
    return numbers


def _refuse(frame, column, wrong, what, remedy):
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        value = frame[column].iloc[row]
        raise ValueError(
            f"column {column!r}, row {frame.index[row]!r}: {value!r} {what} ({wrong.sum()} rows); {remedy}"
        )

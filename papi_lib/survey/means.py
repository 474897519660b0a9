"""Design-based estimation: means by domain with standard errors.

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
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
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

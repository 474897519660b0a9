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
fail       an error that names the strata
certainty  nothing: it was in the sample for sure (what R's survey calls "certainty" and "remove")
adjust     its squared difference from the whole domain's mean instead of its stratum's (rather too much)
average    as much as the domain's other strata do on average
========== ==============================================================================================

A district that was in the sample for sure, with several communes or villages drawn inside it, is no such
case: it is a stratum, and what was drawn inside it are its clusters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from papi_lib.survey.design import Cells, Design, gather

#: Design effects of real samples are hardly ever outside.
USUAL_DEFF = (0.3, 20.0)


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
    table = _table(_Means(frame, values, by, weight, strata, cluster, fpc, lonely, combine))
    if isinstance(values, str) and combine is None and by is not None:
        table.index = table.index.droplevel("series")
    return table


def domain_estimates(
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
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `domain_means` gives, and the covariance matrix of all its estimates.

    Parameters
    ----------
    frame, values, by, weight, strata, cluster, fpc, lonely, combine
        As in `domain_means`.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        The table of `domain_means`, always with ``series`` in its index; and a square of (domains × series)²
        cells in squared units, rows and columns in the order of the table.

    Raises
    ------
    ValueError
        As in `domain_means`.
    """
    means = _Means(frame, values, by, weight, strata, cluster, fpc, lonely, combine)
    return _table(means), pd.DataFrame(means.covariance(), index=means.index, columns=means.index)


def _table(means: _Means) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "estimate": means.estimate.ravel(),
            "se": np.sqrt(means.variance()).ravel(),
            "df": means.df.ravel().astype(int),
            "n": means.n.ravel().astype(int),
            "clusters": means.clusters.ravel().astype(int),
        },
        index=means.index,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        table["deff"] = table["se"] ** 2 / means.simple_variance.ravel()
    table.attrs["lonely"] = int(means.design.lonely.sum())
    return table


class _Means:
    """Means, or sums of means, with what each cell adds to their errors (linearised values)."""

    def __init__(self, frame, values, by, weight, strata, cluster, fpc, lonely, combine):
        values = [values] if isinstance(values, str) else list(values)
        if combine is not None and not combine.index.isin(values).all():
            strange = ", ".join(map(repr, combine.index[~combine.index.isin(values)]))
            raise ValueError(f"combine has rows for {strange}, which are not among the values")
        self.design = design = Design(frame, weight, strata, cluster, fpc, lonely)
        self.cells = cells = Cells(frame, values, by, design.weight, design.cluster)
        factors = np.eye(len(values)) if combine is None else combine.reindex(values).fillna(0).to_numpy(dtype=float)
        parts, domains = (factors != 0).astype(float), len(cells.labels)
        to_domain = gather(cells.domain, domains)
        totals = to_domain @ cells.totals
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.where(totals > 0, (to_domain @ cells.sums) / totals, 0.0)
            share = np.where(totals > 0, 1 / totals, 0.0)
        complete = (totals <= 0).astype(float) @ parts == 0
        self.estimate = np.where(complete, means @ factors, np.nan)
        self.value = ((cells.sums - means[cells.domain] * cells.totals) * share[cells.domain]) @ factors
        # the same for single respondents: what a simple random sample of them would give
        answered = (cells.answered.astype(float) @ parts > 0).astype(float)
        simple = ((cells.given - means[cells.number] * cells.answered) * share[cells.number]) @ factors
        weighted = gather(cells.number, domains, cells.weight)
        self.n = gather(cells.number, domains) @ answered
        with np.errstate(divide="ignore", invalid="ignore"):
            self.simple_variance = (weighted @ answered) * (weighted @ simple**2) / (self.n - 1)
        # clusters and strata that have answers from a domain, and how far the variance can be known
        present = (cells.totals > 0).astype(float) @ parts > 0
        stratum = design.stratum[cells.cluster]
        keys, self.group = np.unique(stratum * domains + cells.domain, return_inverse=True)
        self.group_stratum, self.group_domain = np.divmod(keys, domains)
        in_group = gather(self.group, len(keys)) @ present.astype(float) > 0
        by_stratum = gather(self.group_domain, domains)
        self.clusters, self.strata = to_domain @ present.astype(float), by_stratum @ in_group.astype(float)
        given = cells.totals > 0
        strata_given = by_stratum @ (gather(self.group, len(keys)) @ given.astype(float) > 0).astype(float)
        free = to_domain @ given.astype(float) - strata_given
        self.df = np.column_stack([free[:, own != 0].min(axis=1) for own in factors.T])
        sound = by_stratum @ (in_group & ~design.averaged[self.group_stratum, None]).astype(float)
        random = (design.scale > 0) | design.averaged
        alone = (self.clusters == 1) & (to_domain @ (present & random[stratum, None]).astype(float) == 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.inflate = np.where(complete & ~alone & (sound > 0), self.strata / sound, np.nan)
        self.index = _index(cells.labels, values if combine is None else combine.columns, by)

    def variance(self) -> np.ndarray:
        """Return the variances: domains × series."""
        size, scale = self.design.size[self.group_stratum, None], self.design.scale[self.group_stratum, None]
        add = gather(self.group, len(self.group_stratum))
        spread = add @ self.value**2 - np.where(size > 1, (add @ self.value) ** 2 / size, 0)
        return gather(self.group_domain, len(self.estimate)) @ (scale * np.maximum(spread, 0)) * self.inflate

    def covariance(self) -> np.ndarray:
        """Return the covariance matrix of all domains × series."""
        design, cells, width = self.design, self.cells, self.value.shape[1]
        value = np.nan_to_num(self.value * np.sqrt(self.inflate)[cells.domain])
        place = (cells.domain[:, None] * width + np.arange(width)).ravel()
        shape = (len(design.stratum), self.estimate.size)
        by_cluster = sparse.csr_array((value.ravel(), (np.repeat(cells.cluster, width), place)), shape)
        by_stratum = gather(design.stratum, len(design.size)) @ by_cluster
        own = sparse.diags_array(design.scale[design.stratum])
        mean = sparse.diags_array(np.where(design.size > 1, design.scale / design.size, 0))
        result = (by_cluster.T @ own @ by_cluster - by_stratum.T @ mean @ by_stratum).toarray()
        unknown = np.isnan(self.inflate).ravel()
        result[unknown, :] = result[:, unknown] = np.nan
        return result


def _index(labels: pd.Index, series: Sequence[str], by: str | Sequence[str] | None) -> pd.Index:
    """Return the index of a result: the levels of the domains, then the series."""
    series = pd.Index(list(series), name="series")
    if by is None:
        return series
    index = labels.repeat(len(series)).to_frame(index=False)
    index["series"] = np.tile(series, len(labels))
    return pd.MultiIndex.from_frame(index)

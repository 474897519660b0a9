"""A survey's design and its answers as arrays: codes of strata and clusters, sums by cluster and domain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

#: What may be done about strata with a single cluster; `papi_lib.survey` says what each means.
LONELY = ("fail", "certainty", "adjust", "average")


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
    lonely, averaged : numpy.ndarray
        By stratum: has a single cluster out of several; its variance is that of the others on average.

    Raises
    ------
    ValueError
        A column is missing or holds what it must not; the message names column and row.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        weight: str | None,
        strata: str | None,
        cluster: str | None,
        fpc: str | None,
        lonely: str,
    ) -> None:
        if lonely not in LONELY:
            raise ValueError(f"lonely={lonely!r} is no rule for strata with a single cluster; take one of {LONELY}")
        check_columns(frame, [c for c in (weight, strata, cluster, fpc) if c is not None])
        self.weight = np.ones(len(frame)) if weight is None else numbers(frame, weight)
        if weight is not None:
            _refuse(frame, weight, ~(self.weight >= 0), "is no weight", "give numbers, zero or more")
        stratum, names = (np.zeros(len(frame), dtype=np.int64), [0]) if strata is None else _codes(frame, strata)
        within = np.arange(len(frame)) if cluster is None else _codes(frame, cluster)[0]
        nested, self.cluster = np.unique(stratum * (within.max() + 1) + within, return_inverse=True)
        self.stratum = nested // (within.max() + 1)
        self.size = np.bincount(self.stratum)
        self.free = np.ones(len(self.size)) if fpc is None else self._free(frame, fpc, stratum)
        self.lonely = (self.size == 1) & (self.free > 0)
        self.averaged = self.lonely & (lonely == "average")
        if lonely == "fail" and self.lonely.any():
            listed = ", ".join(str(names[h]) for h in np.flatnonzero(self.lonely)[:10])
            raise ValueError(
                f"column {strata!r}: {self.lonely.sum()} strata have a single cluster ({listed}); "
                "join them with others or choose lonely='adjust', 'certainty' or 'average'"
            )
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

    def __init__(
        self,
        frame: pd.DataFrame,
        values: Sequence[str],
        by: str | Sequence[str] | None,
        weight: np.ndarray,
        cluster: np.ndarray,
    ) -> None:
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


def _codes(frame: pd.DataFrame, column: str) -> tuple[np.ndarray, pd.Index]:
    codes, names = pd.factorize(frame[column], sort=True)
    _refuse(frame, column, codes < 0, "is missing", "the design must be known for every respondent")
    return codes.astype(np.int64), names


def _domains(frame: pd.DataFrame, by: str | Sequence[str] | None) -> tuple[np.ndarray, pd.Index]:
    """Return each respondent's domain (-1: none) and the index of the domains; without names for one for all."""
    if by is None:
        return np.zeros(len(frame), dtype=np.int64), pd.Index([0])
    by = [by] if isinstance(by, str) else list(by)
    check_columns(frame, by)
    grouped = frame.groupby(by[0] if len(by) == 1 else by, sort=True, observed=True)
    return grouped.ngroup().fillna(-1).to_numpy(dtype=np.int64), grouped.size().index


def _refuse(frame: pd.DataFrame, column: str, wrong: np.ndarray, what: str, remedy: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        value, label = frame[column].tolist()[row], frame.index[row]
        raise ValueError(f"column {column!r}, row {label!r}: {value!r} {what} ({wrong.sum()} such rows); {remedy}")

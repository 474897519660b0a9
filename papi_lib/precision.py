"""How sure published scores are: their margins by name, estimated from the panel or as published.

Three things move a province's score though nothing real changed there for good:

``passing``
    What passes within a year, and which people are asked in the same villages. Real change adds up over the years,
    this does not: the mean squared difference between two years of one sample is ``2 r + q h`` at a distance of
    ``h`` years, with the passing variance ``r`` and the yearly real change ``q`` (a local level model; its
    variogram). Fitting this line over all provinces gives ``r``. It is the margin of a *change* between two surveys
    of the same districts and villages.
``redraw``
    Which districts and villages were drawn. As long as the survey returns to the same ones, what sets them apart
    from the rest of their province looks lasting. It shows when they are drawn anew (`papi_lib.index.redraws`;
    suspected, not published): between 2020 and 2021 the orders of provinces became unlike in nearly all parts at once. The
    share of the lasting differences that did not outlast that year is taken as the share that the sample brought.
``sampling``
    Both as far as other people and places might have been drawn, as the programme's workbooks publish it for a few
    years (`data/published/standard_errors.csv`); used for a year and part when all its provinces have it.

The margin of a *level*, and of a change between two samples, is ``level``: passing and redraw together; where the
sampling error is published it stands for the redraw. Scores are taken as differences to the year's mean, so that what
moves the whole country does not count.

Assumptions: errors are independent between provinces, and their variance goes with one over the number of districts
in the sample (`data/places/sample.csv`; `benchmarks/noise.py` tests it). All are estimates: how sure they are
themselves comes from leaving out one province at a time (jackknife), and enters as degrees of freedom (Satterthwaite),
so that whoever tests with them uses Student's t.

See A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), chapter 2; N. Cressie,
Statistics for Spatial Data (1993), section 2.4; B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans
(1982), chapter 3.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from papi_lib import datafiles, index, places, published

#: What a standard error holds.
MARGINS = ("level", "passing", "redraw", "sampling")
#: A sample that was visited in at least so many years of an edition tells passing from lasting by itself.
_ENOUGH_YEARS = 3


@datafiles.cached
def standard_errors(year: int, margin: str = "level") -> pd.DataFrame:
    """Return the standard errors of a year's published scores, of a province with the usual three districts in the sample.

    Parameters
    ----------
    year : int
        Year of the survey.
    margin : str
        One of `MARGINS`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part`` (sub-dimension keys, dimension numbers, ``"total"``): ``se`` (points; missing where the
        margin is not known), its degrees of freedom ``df``; ``signal_sd``, the standard deviation between provinces
        of what is no such error, in points; ``reliability``, the share of the variance between usual provinces that
        is none (0-1); ``basis``: ``edition`` where the edition's own years tell passing from lasting, ``borrowed``
        where they are too few and the share is that of the part's longer samples, ``published``.

    Raises
    ------
    ValueError
        There is no such margin.
    papi_lib.datafiles.DataError
        A published standard error names a part that the year does not have.

    Examples
    --------
    >>> standard_errors(2024).loc["total"].drop("basis").astype(float).round(2).to_dict()
    {'se': 1.74, 'df': 40.61, 'signal_sd': 0.95, 'reliability': 0.23}
    """
    if margin not in MARGINS:
        raise ValueError(f"no margin {margin!r}; choose from {', '.join(MARGINS)}")
    frame, relative = _variances(year), _relative_noise(places.since_reform(year))
    signal = (frame["spread"] - frame[margin] * relative.mean()).clip(lower=0)
    return pd.DataFrame({
        "se": np.sqrt(frame[margin]),
        "df": frame[f"{margin}_df"],
        "signal_sd": np.sqrt(signal),
        "reliability": signal / (signal + frame[margin]),
        "basis": frame["basis"] if margin != "sampling" else "published",
    })  # fmt: skip


@datafiles.cached
def standard_errors_by_province(
    part: int | str | None, year: int, margin: str = "level", of: int | None = None
) -> pd.Series:
    """Return the standard error of one score for each province of the year `of`, in points, by ``province_code``.

    The part may be None for the total, the margin is one of `MARGINS`. Scores that are reconstructed (`papi_lib.published.series`) have the error of a weighted mean.

    Examples
    --------
    >>> standard_errors_by_province(8, 2024).loc[[1, 2]].round(2).to_dict()
    {1: 0.09, 2: 0.13}
    """
    new = places.since_reform(year)
    variance = _relative_noise(new) * _variances(year).loc[part or "total", margin]
    if not new and places.since_reform(of or year):
        variance = (variance * places.shares() ** 2).groupby(places.merged()).sum().rename_axis("province_code")
    return np.sqrt(variance).rename("se")


def margin_of_change(before: int, year: int) -> str:
    """Return which margin the scores of two years have when they are compared: other villages may have been asked.

    Examples
    --------
    >>> margin_of_change(2021, 2024), margin_of_change(2020, 2021)
    ('passing', 'level')
    """
    return "passing" if before in index.sample_years(year) else "level"


def noise_and_change(
    scores: np.ndarray, years: list[int], relative: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Tell noise from real change in a panel: the line through its variogram, by weighted least squares.

    Parameters
    ----------
    scores : numpy.ndarray
        Differences to each year's mean, units × years; may have gaps.
    years : list of int
        The columns' years.
    relative : numpy.ndarray
        Each unit's noise variance as a multiple of the usual one.
    weights : numpy.ndarray, optional
        How often each unit counts: one row of weights for each estimate that is wanted.

    Returns
    -------
    tuple of numpy.ndarray
        Variance of the usual noise, and of the real change in a year; neither below zero; one of each for each row
        of weights.

    Examples
    --------
    >>> scores = np.random.default_rng(0).normal(0, 0.5, (1000, 4))  # noise alone
    >>> noise, change = noise_and_change(scores, [2021, 2022, 2023, 2024], np.ones(1000))
    >>> round(float(noise[0]), 2), round(float(change[0]), 2)
    (0.25, 0.0)
    """
    weights = np.ones((1, len(scores))) if weights is None else weights
    first, last = np.triu_indices(len(years), k=1)
    squares, distance = (scores[:, last] - scores[:, first]) ** 2, np.subtract(*np.take(years, [last, first]))
    known = np.isfinite(squares)
    count = weights @ known
    mean = weights @ np.nan_to_num(squares) / count
    twice = 2 * weights @ (known * relative[:, None]) / count
    across, along, both = (
        (count * a * b).sum(axis=1) for a, b in ((twice, twice), (distance, distance), (twice, distance))
    )
    noisy, moving = (count * twice * mean).sum(axis=1), (count * distance * mean).sum(axis=1)
    determinant = across * along - both**2
    with np.errstate(invalid="ignore", divide="ignore"):
        noise, change = (along * noisy - both * moving) / determinant, (across * moving - both * noisy) / determinant
    steady, restless = ~(change > 0), ~(noise > 0)  # else the least squares with that one at zero
    return (
        np.where(steady, noisy / across, np.where(restless, 0, noise)),
        np.where(steady, 0, np.where(restless, moving / along, change)),
    )


@datafiles.cached
def _relative_noise(new: bool) -> pd.Series:
    """Return each province's noise variance as a share of that with the usual number of districts.

    How the 34 provinces since 2025 are sampled is not known: all are taken as usual.
    """
    if new:
        return pd.Series(1.0, places.provinces(places.REFORM).index)
    districts = datafiles.read("sample").set_index("province_code")["districts"].reindex(places.merged().index)
    usual = districts.mode()[0]
    return usual / districts.fillna(usual)


@datafiles.cached
def _variances(year: int) -> pd.DataFrame:
    """Return by part: the variance of each of `MARGINS` in a usual province and its ``_df``, ``spread``, ``basis``."""
    parts = (*index.subdimensions(year), *index.dimensions(year), "total")
    return pd.DataFrame.from_dict({part: _variance(part, year) for part in parts}, orient="index").rename_axis("part")


def _variance(part: int | str, year: int) -> dict:
    """Return one part's row of `_variances`. First of each estimate is that of all provinces, then those without one."""
    new = places.since_reform(year)
    years, mean = _span(year, part), _relative_noise(new).mean()
    spread, own = _spread(part, years), len(years) >= _ENOUGH_YEARS
    every = {years} if own else {_span(y, part) for y in _deviations(part)}
    shares = [_passing_share(part, span) for span in sorted(every) if len(span) >= _ENOUGH_YEARS]
    share = np.mean(shares, axis=0)
    outlasting, sampling = _outlasting(part), _sampling(part, year)
    if new:  # two sets of provinces: first those of today are left out one by one, then those before
        spread, sampling = (_over_both(values, True) for values in (spread, sampling))
        share, outlasting = _over_both(share, own), _over_both(outlasting, False)
    passing = spread * share
    redraw = (1 - outlasting) * np.maximum(spread - passing * mean, 0) / mean
    level = passing + (redraw if np.isnan(sampling).all() else sampling)
    row = {"spread": spread[0], "basis": "edition" if own else "borrowed"}
    for margin, variance in zip(MARGINS, (level, passing, redraw, sampling), strict=True):
        doubt = (len(variance) - 2) * np.var(variance[1:])  # of those that leave out one province (jackknife)
        row |= {margin: variance[0], f"{margin}_df": 2 * variance[0] ** 2 / doubt if doubt > 0 else np.inf}
    return row


def _leave_one_out(new: bool) -> np.ndarray:
    """Return rows of weights: all provinces, then all but one."""
    count = len(_relative_noise(new))
    return np.vstack([np.ones(count), 1 - np.eye(count)])


def _over_both(values: np.ndarray, new: bool) -> np.ndarray:
    """Return an estimate and those that leave out one of a set of provinces as those that leave out one of both sets."""
    rest = np.broadcast_to(values, len(_leave_one_out(new)))[1:]
    other = np.full(len(_leave_one_out(not new)) - 1, values[0])
    return np.concatenate([values[:1], *((rest, other) if new else (other, rest))])


@datafiles.cached
def _deviations(part: int | str, new: bool = False) -> pd.DataFrame:
    """Return differences to each year's mean, provinces × published years before or since 2025."""
    wide = published.series(part, of=places.REFORM - 1 + new)
    wide = wide[[year for year in wide if places.since_reform(year) == new]]
    return wide - wide.mean()


@datafiles.cached
def _span(year: int, part: int | str) -> tuple[int, ...]:
    """Return the years whose noise is taken as one: of the segment and the same sample; for sums, of a long edition.

    A sum keeps its noise when one of its many parts is rescaled; the rescaled part does not.
    """
    edition = tuple(y for y in index.edition_years(year) if y in index.sample_years(year))
    if (not isinstance(part, str) or part == "total") and len(edition) >= _ENOUGH_YEARS:
        return edition
    return tuple(y for y in index.segment(year, part) if y in edition)


@datafiles.cached
def _spread(part: int | str, years: tuple[int, ...]) -> np.ndarray:
    """Return the variance between provinces, points²."""
    new = places.since_reform(years[0])
    squares, weights = _deviations(part, new)[list(years)].to_numpy() ** 2, _leave_one_out(new)
    return (weights @ np.nan_to_num(squares)).sum(axis=1) / (weights @ np.isfinite(squares)).sum(axis=1)


@datafiles.cached
def _passing_share(part: int | str, years: tuple[int, ...]) -> np.ndarray:
    """Return the usual province's passing variance as a share of the variance between provinces."""
    new = places.since_reform(years[0])
    scores, relative = _deviations(part, new)[list(years)].to_numpy(), _relative_noise(new).to_numpy()
    noise, _change = noise_and_change(scores, list(years), relative, _leave_one_out(new))
    return np.minimum(noise / _spread(part, years), 1.0)


@datafiles.cached
def _outlasting(part: int | str) -> np.ndarray:
    """Return the share of lasting differences between provinces that outlast a new drawing of the sample (0-1).

    How the order of provinces correlates across the year in which all seems to have been drawn anew, over how
    neighbouring years of the samples before and after do. The usual share of the sub-dimensions where that cannot
    be told.
    """
    share = _correlation_kept(part)
    if share is None:
        every = (_correlation_kept(p) for p in index.subdimensions(max(index.years())))
        known = [found for found in every if found is not None]
        share = np.median(known, axis=0) if known else np.ones(1)
    return np.clip(share, 0, 1)


@datafiles.cached
def _correlation_kept(part: int | str) -> np.ndarray | None:
    """Return the correlation across a redraw as a share of the usual one inside samples; None where it is not known."""
    wide = _deviations(part)
    for year in index.redraws(whole=True):
        if {year - 1, year} <= set(wide):
            inside = [[y for y in index.sample_years(own) if y in wide] for own in (year - 1, year)]
            usual = [
                np.mean([_correlation(wide, *pair) for pair in pairwise(own)], axis=0) for own in inside if len(own) > 1
            ]
            if len(usual) == len(inside) and (product := np.prod(usual, axis=0)).min() > 0:
                return _correlation(wide, year - 1, year) / np.sqrt(product)
    return None


def _correlation(wide: pd.DataFrame, first: int, last: int) -> np.ndarray:
    """Return the correlation between provinces' scores of two years."""
    both = wide[[first, last]].dropna()
    weights = _leave_one_out(False)[:, wide.index.isin(both.index)]
    x, y = (both[year].to_numpy() for year in both)
    mean = [weights @ v / weights.sum(axis=1) for v in (x, y, x * y, x * x, y * y)]
    return (mean[2] - mean[0] * mean[1]) / np.sqrt((mean[3] - mean[0] ** 2) * (mean[4] - mean[1] ** 2))


@datafiles.cached
def _published(year: int) -> pd.DataFrame:
    """Return the standard errors that a year's scores were published with, provinces × parts."""
    table = published.standard_errors()
    return table[table["year"] == year].pivot(index="province_code", columns="part", values="se")


def _sampling(part: int | str, year: int) -> np.ndarray:
    """Return the published sampling variance of a usual province; missing unless all published provinces have it.

    A single one rests on three to six districts and is hardly to be trusted, their mean is.
    """
    new = places.since_reform(year)
    weights, own = _leave_one_out(new), _published(year).get(part, pd.Series(dtype=float)).dropna()
    scores = published.series(part, of=year)[year].dropna() if len(own) else own
    if own.empty or not scores.index.isin(own.index).all():
        return np.full(len(weights), np.nan)
    usual = (own**2 / _relative_noise(new)).reindex(_relative_noise(new).index)
    return (weights @ usual.fillna(0)) / (weights @ usual.notna())

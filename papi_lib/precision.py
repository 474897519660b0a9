"""How sure published scores are: standard errors estimated from the panel, rank sets, gains of places.

The programme publishes no standard errors. What moves a province's score from year to year is real
change and noise (sampling, above all: three districts, six communes and twelve villages stand for a
province). Real change adds up over the years, noise does not: the mean squared difference between
two years of one edition is ``2 r + q h`` at a distance of ``h`` years, with the noise variance ``r``
and the yearly real change ``q`` (a local level model; its variogram). Fitting this line over all
provinces gives ``r``. Scores are taken as differences to the year's mean, so that what moves the
whole country does not count.

Assumptions: noise is independent between provinces and years, and its variance goes with one over
the number of districts in the sample (`data/places/sample.csv`). Six provinces have six districts
instead of three, among them Ha Noi and Ho Chi Minh City; estimated without this assumption their
noise variance is about half that of the others, as the design says (`benchmarks/noise.py`). Where the
survey returns to the same villages year after year, what sets these apart from the rest of their
province stays the same and is not seen here, so that standard errors are rather too small.

See A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), chapter 2,
and N. Cressie, Statistics for Spatial Data (1993), section 2.4. Standard errors that are known go
into `data/published/standard_errors.csv` and are used instead.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from papi_lib import datafiles, index, places, published, ranks

#: An edition with at least so many years tells noise from change by itself.
_ENOUGH_YEARS = 3


def standard_error(part: int | str | None, year: int, province: str | int | None = None) -> float:
    """Return the standard error of a province's published score, in points.

    Parameters
    ----------
    part : int, str or None
        Dimension (number), sub-dimension (key), or None or ``"total"`` for the total.
    year : int
        Year of the survey.
    province : str, int or None
        Name or code; None for a province with the usual three districts in the sample.

    Examples
    --------
    >>> round(standard_error(8, 2024), 2), round(standard_error(8, 2024, "Hà Nội"), 2)
    (0.13, 0.09)
    """
    return float(standard_errors(year, province).loc[part or "total", "se"])


@datafiles.cached
def standard_errors(year: int, province: str | int | None = None) -> pd.DataFrame:
    """Return the standard errors of a year's published scores.

    Parameters
    ----------
    year : int
        Year of the survey.
    province : str, int or None
        Name or code; None for a province with the usual three districts in the sample.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part`` (sub-dimension keys, dimension numbers, ``"total"``): ``se`` and
        ``signal_sd``, the standard deviation of the real differences between provinces, in
        points; ``reliability``, the share of the variance between such provinces that is real
        (0-1); ``basis``: ``edition`` where the edition's own years tell noise from change,
        ``borrowed`` where they are too few and the share of noise is that of the part's longer
        editions, ``given`` where the data have the standard error.

    Raises
    ------
    papi_lib.datafiles.DataError
        A given standard error names a part that the year does not have.

    Examples
    --------
    >>> standard_errors(2024).loc["total"].drop("basis").astype(float).round(2).to_dict()
    {'se': 0.84, 'signal_sd': 1.76, 'reliability': 0.81}
    """
    frame = _variances(year)
    noise, basis = frame["noise"], frame["basis"]
    if province is not None:
        code = places.province(province).code
        noise = _noise(year).loc[code]
        basis = basis.where(_given(year).reindex(index=[code], columns=frame.index).loc[code].isna(), "given")
    return pd.DataFrame({
        "se": np.sqrt(noise),
        "signal_sd": np.sqrt(frame["signal"]),
        "reliability": frame["signal"] / (frame["signal"] + noise),
        "basis": basis,
    })  # fmt: skip


def standard_errors_by_province(part: int | str | None, year: int) -> pd.Series:
    """Return the standard error of one score for each of the 63 provinces, in points, by ``province_code``.

    Examples
    --------
    >>> standard_errors_by_province(8, 2024).loc[[1, 2]].round(2).to_dict()
    {1: 0.09, 2: 0.13}
    """
    return np.sqrt(_noise(year)[part or "total"]).rename("se")


def noise_and_change(scores: np.ndarray, years: list[int], relative: np.ndarray) -> tuple[float, float]:
    """Tell noise from real change in a panel: the line through its variogram, by weighted least squares.

    Parameters
    ----------
    scores : numpy.ndarray
        Differences to each year's mean, units × years; may have gaps.
    years : list of int
        The columns' years.
    relative : numpy.ndarray
        Each unit's noise variance as a multiple of the usual one.

    Returns
    -------
    tuple of float
        Variance of the usual noise, and of the real change in a year; neither below zero.

    Examples
    --------
    >>> scores = np.random.default_rng(0).normal(0, 0.5, (1000, 4))  # noise alone
    >>> noise, change = noise_and_change(scores, [2021, 2022, 2023, 2024], np.ones(1000))
    >>> round(float(noise), 2), round(float(change), 2)
    (0.25, 0.0)
    """
    moves = {(a, b): scores[:, b] - scores[:, a] for b in range(len(years)) for a in range(b)}
    there = [~np.isnan(move) for move in moves.values()]
    weight = np.sqrt([t.sum() for t in there])
    squares = np.array([np.mean(move[t] ** 2) for move, t in zip(moves.values(), there, strict=True)])
    noise = np.array([2 * relative[t].mean() for t in there])
    distance = np.array([years[b] - years[a] for a, b in moves])
    (noise, change), _ = nnls(np.column_stack([noise * weight, distance * weight]), squares * weight)
    return noise, change


@datafiles.cached
def rank_changes(
    previous: int, year: int, part: int | str | None = None, level: float = 0.95, simultaneous: bool = False
) -> pd.DataFrame:
    """Return how many places every province gained between two years, with the set that the noise leaves possible.

    Ranks compare across a break, where scores do not; but then a place gained may come from the
    new measure.

    Parameters
    ----------
    previous, year : int
        Years of the survey.
    part : int, str or None
        Dimension (number), sub-dimension (key) or None for the total.
    level, simultaneous
        Confidence level, and whether all sets hold together or each by itself.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code`` (all 63): ``before``, ``after``, ``gain`` (places gained, each
        year among the provinces published then), ``lower``, ``upper`` and ``clear``, true where
        the set leaves only gains or only losses; missing where not published in both years.

    Examples
    --------
    >>> rank_changes(2023, 2024, 8).loc[1, ["before", "after", "lower", "upper"]].astype(int).to_dict()
    {'before': 1, 'after': 2, 'lower': -19, 'upper': 12}
    """
    wide = published.series(part)
    noise = (standard_errors_by_province(part, y) for y in (previous, year))
    frame = ranks.change_sets(wide[previous], wide[year], *noise, level=level, simultaneous=simultaneous)
    return frame.assign(clear=(frame["lower"] > 0) | (frame["upper"] < 0))


@datafiles.cached
def _relative_noise() -> pd.Series:
    """Return each province's noise variance as a share of that with the usual number of districts."""
    districts = datafiles.read("sample").set_index("province_code")["districts"].reindex(places.provinces().index)
    usual = districts.mode()[0]
    return usual / districts.fillna(usual)


def _given(year: int) -> pd.DataFrame:
    """Return a year's standard errors that the data have: provinces × parts."""
    table = published.standard_errors()
    return table[table["year"] == year].pivot(index="province_code", columns="part", values="se")


@datafiles.cached
def _noise(year: int) -> pd.DataFrame:
    """Return the noise variance of every score of a year, given or else estimated: provinces × parts."""
    usual, relative = _variances(year)["noise"], _relative_noise()
    estimated = pd.DataFrame(np.outer(relative, usual), relative.index, usual.index)
    return _given(year).pow(2).reindex_like(estimated).fillna(estimated)


@datafiles.cached
def _variances(year: int) -> pd.DataFrame:
    """Return by part: ``noise`` (with the usual number of districts), ``signal`` (points²) and ``basis``."""
    parts = (*index.subdimensions(year), *index.dimensions(year), None)
    rows = {part or "total": _variance(part, year) for part in parts}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")


def _variance(part: int | str | None, year: int) -> dict:
    """Return one part's row of `_variances`."""
    years = _span(year, part)
    spread = np.nanmean(_deviations(part)[years].to_numpy() ** 2)
    own = len(years) >= _ENOUGH_YEARS
    noise = spread * np.mean([_noise_share(part, e) for e in ([index.edition(year)] if own else _long_editions(part))])
    signal = max(spread - noise * _relative_noise().mean(), 0)
    return {"noise": noise, "signal": signal, "basis": "edition" if own else "borrowed"}


@datafiles.cached
def _deviations(part: int | str | None) -> pd.DataFrame:
    """Return differences to each year's mean, provinces × years."""
    return (wide := published.series(part)) - wide.mean()


def _span(year: int, part: int | str | None) -> list[int]:
    """Return the years whose noise is taken as one: of the segment; for sums, of a long enough edition.

    A sum keeps its noise when one of its many parts is rescaled; the rescaled part does not.
    """
    edition = index.edition_years(year)
    return index.segment(year, part) if isinstance(part, str) or len(edition) < _ENOUGH_YEARS else edition


@datafiles.cached
def _long_editions(part: int | str | None) -> list[int]:
    """Return the editions in which the part has enough years to tell noise from change."""
    return sorted({index.edition(y) for y in published.series(part) if len(_span(y, part)) >= _ENOUGH_YEARS})


@datafiles.cached
def _noise_share(part: int | str | None, edition: int) -> float:
    """Return the usual province's noise as a share of the variance between provinces, in an edition."""
    years = max((_span(y, part) for y in index.edition_years(edition)), key=len)
    scores = _deviations(part)[years].to_numpy()
    noise, _change = noise_and_change(scores, years, _relative_noise().to_numpy())
    return min(noise / np.nanmean(scores**2), 1.0)

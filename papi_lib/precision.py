"""How sure published scores are: standard errors estimated from the panel, rank sets, changes.

The programme publishes no standard errors. What moves a province's score from year to year is real
change and noise (sampling, above all: three districts, six communes and twelve villages stand for a
province). Real change adds up over the years, noise does not: the mean squared difference between
two years of one edition is ``2 r + q h`` at a distance of ``h`` years, with the noise variance ``r``
and the yearly real change ``q`` (a local level model; its variogram). Fitting this line over all
provinces gives ``r``. Scores are taken as differences to the year's mean, so that what moves the
whole country does not count.

Assumptions: the noise is alike in all provinces and independent between provinces and years. Ha Noi
and Ho Chi Minh City have six districts in the sample instead of three, so for them the standard
errors are rather too large. See A. C. Harvey, Forecasting, Structural Time Series Models and the
Kalman Filter (1989), chapter 2, and N. Cressie, Statistics for Spatial Data (1993), section 2.4.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import nnls
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from papi_lib import datafiles, index, places, published, ranks

#: An edition with at least so many years tells noise from change by itself.
_ENOUGH_YEARS = 3


def standard_error(part: int | str | None, year: int) -> float:
    """Return the estimated standard error of a province's published score, in points.

    Parameters
    ----------
    part : int, str or None
        Dimension (number), sub-dimension (key), or None or ``"total"`` for the total.
    year : int
        Year of the survey.
    """
    return float(standard_errors(year).loc["total" if part is None else part, "se"])


@datafiles.cached
def standard_errors(year: int) -> pd.DataFrame:
    """Return the estimated standard errors of a year's published scores.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part`` (sub-dimension keys, dimension numbers, ``"total"``): ``se`` and
        ``signal_sd``, the standard deviation of the real differences between provinces, in
        points; ``reliability``, the share of the variance between provinces that is real (0-1);
        ``basis``: ``edition`` where the edition's own years tell noise from change, ``borrowed``
        where they are too few and the share of noise is that of the part's longer editions.
    """
    parts = [*index.subdimensions(year), *index.dimensions(year), "total"]
    rows = []
    for part in parts:
        key = None if part == "total" else part
        wide = published.series(key)
        spread = np.nanmean(_deviations(wide[_span(year, key)]) ** 2)
        own = _noise_share(key, index.edition(year)) if len(_span(year, key)) >= _ENOUGH_YEARS else np.nan
        share = np.nanmean([_noise_share(key, e) for e in _long_editions(key)]) if np.isnan(own) else own
        rows.append({
            "se": np.sqrt(share * spread),
            "signal_sd": np.sqrt((1 - share) * spread),
            "reliability": 1 - share,
            "basis": "borrowed" if np.isnan(own) else "edition",
        })  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(parts, name="part"))


@datafiles.cached
def rank_sets(
    year: int, part: int | str | None = None, level: float = 0.95, simultaneous: bool = False
) -> pd.DataFrame:
    """Return every province's score, rank and set of ranks that the noise leaves possible.

    Parameters
    ----------
    year : int
        Year of the survey.
    part : int, str or None
        Dimension (number), sub-dimension (key) or None for the total.
    level : float
        Confidence level of the sets.
    simultaneous : bool
        False: each set holds by itself, for a statement on one province. True: all hold together.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code`` (all 63): ``score`` and ``se`` (points), ``rank``, ``lower``,
        ``upper`` and ``group`` (1-4); missing where not published.
    """
    scores = published.series(part)[year].rename("score")
    frame = published.standing(scores)
    frame.insert(1, "se", standard_error(part, year))
    sets = ranks.rank_confidence_sets(scores, frame["se"], level=level, simultaneous=simultaneous)
    return frame.assign(lower=sets["lower"], upper=sets["upper"])


def change(province: str | int, year: int, part: int | str | None = None, previous: int | None = None) -> pd.Series:
    """Return a province's change since an earlier year that compares, with its noise.

    Parameters
    ----------
    province : str or int
        Name or code.
    year : int
        Year of the survey.
    part : int, str or None
        Dimension (number), sub-dimension (key) or None for the total.
    previous : int, optional
        Year to compare with; by default the last year before `year` that compares.

    Returns
    -------
    pandas.Series
        ``previous`` (missing if no earlier year compares), ``change`` and its ``se``,
        ``country_change`` (mean over the provinces published in both years), ``relative_change``
        (less the country's), all in points, and ``clear``: the change exceeds its 95% interval.

    Raises
    ------
    ValueError
        Scores of `previous` do not compare with those of `year`.
    """
    wide, code = published.series(part), places.province(province).code
    if previous is None:
        previous = max((y for y in index.segment(year, part) if y < year), default=None)
    elif not index.comparable(previous, year, part):
        raise ValueError(f"scores of {previous} and {year} do not compare: the measure changed in between")
    if previous is None:
        moved, se, country = np.nan, np.nan, np.nan
    else:
        both = wide[year] - wide[previous]
        moved, country = both[code], both.mean()
        se = np.hypot(standard_error(part, previous), standard_error(part, year))
    return pd.Series({
        "previous": np.nan if previous is None else previous,
        "change": moved,
        "se": se,
        "country_change": country,
        "relative_change": moved - country,
        "clear": bool(abs(moved) > norm.ppf(0.975) * se),
    })  # fmt: skip


def tell_apart(differences: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Tell which of several differences exceed their noise when they are looked at together.

    Parameters
    ----------
    differences : pandas.DataFrame
        Columns ``difference`` and ``se``, in one unit; further columns are kept.
    level : float
        With at least this probability no difference that is only noise is called clear (Holm's
        step-down procedure, Scandinavian Journal of Statistics 6, 1979).

    Returns
    -------
    pandas.DataFrame
        The rows with ``z`` (difference over standard error) and ``clear``, largest |z| first.
    """
    z = differences["difference"] / differences["se"]
    frame = differences.assign(z=z).sort_values("z", key=abs, ascending=False)
    clear = multipletests(2 * norm.sf(frame["z"].abs()), alpha=1 - level, method="holm")[0] if len(frame) else []
    return frame.assign(clear=np.asarray(clear, dtype=bool))


def _deviations(wide: pd.DataFrame) -> np.ndarray:
    """Return differences to each year's mean, provinces × years."""
    return (wide - wide.mean()).to_numpy()


def _span(year: int, part: int | str | None) -> list[int]:
    """Return the years whose noise is taken as one: of the edition for sums, else of the segment.

    A sum keeps its noise when one of its parts is rescaled, unless that part is rescaled out of
    all proportion; a rescaled part does not.
    """
    if isinstance(part, str) or index.edition(year) == 2019:
        return index.segment(year, part)
    return index.edition_years(year)


def _long_editions(part: int | str | None) -> list[int]:
    """Return the editions in which the part has enough years to tell noise from change."""
    years = published.series(part).columns
    return sorted({index.edition(y) for y in years if len(_span(y, part)) >= _ENOUGH_YEARS})


@datafiles.cached
def _noise_share(part: int | str | None, edition: int) -> float:
    """Return the share of noise in the variance between provinces, from the edition's variogram."""
    spans = [_span(y, part) for y in index.edition_years(edition)]
    years = max(spans, key=len)
    scores = _deviations(published.series(part)[years])
    moves = [(years[b] - years[a], scores[:, b] - scores[:, a]) for b in range(len(years)) for a in range(b)]
    pairs = [(distance, move[~np.isnan(move)]) for distance, move in moves]
    distance = np.array([h for h, _ in pairs], dtype=float)
    squares = np.array([np.mean(d**2) for _, d in pairs])
    weight = np.sqrt([len(d) for _, d in pairs])
    (noise, _change), _ = nnls(np.column_stack([2 * weight, distance * weight]), squares * weight)
    return min(noise / np.nanmean(scores**2), 1.0)

"""What the next years' totals may be: all provinces simulated together from what was known.

Every dimension's score is a lasting part and noise. The lasting part is the region's usual level and
the province's own distance to it, of which a share is *carried over* from year to year; the rest is
replaced by something new. How much is carried over differs by year and is the same for all
provinces: almost everything in most years, about two thirds in 2015 and 2018 and less than a half in
2021, also for parts that did not change. Those are the years in which the survey may have gone to
other places; the figures alone cannot tell that from real change. Future years are taken to carry
over as much as some past year did, drawn at random; one made-up year that carries over a half stands
among them for what has not been seen yet.

Scores are standardised each year (distance to the mean of provinces, in standard deviations between
provinces), so that breaks in the index and national shifts do not matter. All quantities come from
the years up to the base year: reliability and carry-over from how the totals of two years correlate,
for all pairs of years together; how dimensions hang together from their products; noise is halved
where the survey visits six districts. The standing is then filtered by Kalman's recursions over all
dimensions: A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989),
chapter 3. `benchmarks/backtest.py` measures how well it predicts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.special import logit

from papi_lib import datafiles, index, places, precision, published

#: The first year with two years before it.
FIRST_BASE = 2013
#: What a year that is like none before carries over: the middle of all that is possible.
_UNSEEN = 0.5
#: Places of the rises by which chances are put to the test.
_RISE = 5
#: Noise variance that stands for "not published".
_UNKNOWN = 1e6


@dataclass(frozen=True)
class Model:
    """What was known of the standings in a base year.

    Attributes
    ----------
    base_year : int
        Last year used.
    carried : pandas.Series
        By year: share of the lasting part carried over from the year before (0-1).
    lasting : float
        Variance of the lasting part, in variances between provinces.
    noise : pandas.Series
        By ``province_code``: variance of the noise, in variances between provinces.
    home, mean, variance : pandas.Series
        By ``province_code``: the region's usual standing, and mean and variance of the province's
        lasting distance to it, in standard deviations between provinces.
    """

    base_year: int
    carried: pd.Series
    lasting: float
    noise: pd.Series
    home: pd.Series
    mean: pd.Series
    variance: pd.Series


def standings(until: int | None = None, dimension: int | None = None, of: int | None = None) -> pd.DataFrame:
    """Return standardised totals, or scores of a dimension; `until` and `of` as in `papi_lib.published.series`.

    Returns
    -------
    pandas.DataFrame
        Provinces × years, mean 0 and standard deviation 1 in each year.
    """
    scores = published.series(dimension, until, of)
    return (scores - scores.mean()) / scores.std(ddof=0)


@datafiles.cached
def fit(base_year: int, of: int | None = None) -> Model:
    """Estimate the model from the years up to a base year.

    Parameters
    ----------
    base_year : int
        Last year to use; at least the third of the index.
    of : int, optional
        Year whose provinces to fit: the 34 since 2025 by their reconstructed scores before; by default the base year.

    Raises
    ------
    ValueError
        Too few years.
    """
    of = of or base_year
    total = standings(base_year, of=of)
    if total.shape[1] < 3:
        raise ValueError(
            f"too few years up to {base_year} to tell lasting differences from noise; choose 2013 or later"
        )
    dimensions, carried = index.dimensions(base_year), _carried_over(total)
    by_dimension = [standings(base_year, d, of).reindex(columns=total.columns) for d in dimensions]
    region = places.provinces(of)["region"]
    home = np.stack([z.mean(axis=1).groupby(region).transform("mean") for z in by_dimension], axis=-1)
    z = np.stack(by_dimension, axis=-1)  # province × year × dimension
    lasting, noise = _covariances(z, carried.to_numpy())
    relative = precision.standard_errors_by_province(None, base_year, "passing", of) ** 2
    relative = relative / relative.mean()
    mean, variance = _filtered(z - home[:, None, :], lasting, noise, relative.to_numpy(), carried.to_numpy())
    # The total's standing is the sum of the dimensions', weighted by how much they spread.
    spread = np.array([published.series(d, base_year, of)[base_year].std(ddof=0) for d in dimensions])
    weight = spread / published.series(None, base_year, of)[base_year].std(ddof=0)
    return Model(
        base_year=base_year,
        carried=carried,
        lasting=float(weight @ lasting @ weight),
        noise=relative * (weight @ noise @ weight),
        home=pd.Series(home @ weight, total.index),
        mean=pd.Series(mean @ weight, total.index),
        variance=pd.Series(weight @ variance @ weight, total.index),
    )


def simulate(model: Model, horizon: int = 1, draws: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Draw standings of all provinces some years after the base year, with noise.

    Parameters
    ----------
    model : Model
        From `fit`.
    horizon : int
        Years ahead.
    draws : int
        Draws; in each, every year carries over as much as some past year did, or the unseen one.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Draws × ``province_code``, in standard deviations between provinces.
    """
    rng = np.random.default_rng(seed)
    seen = np.append(model.carried, _UNSEEN)
    kept = rng.choice(seen, (draws, horizon)).prod(axis=1)[:, None]
    variance = kept**2 * model.variance.to_numpy() + (1 - kept**2) * model.lasting + model.noise.to_numpy()
    drawn = kept * model.mean.to_numpy() + np.sqrt(variance) * rng.standard_normal((draws, len(model.mean)))
    return pd.DataFrame(model.home.to_numpy() + drawn, columns=model.mean.index)


@datafiles.cached
def correction(base_year: int, horizon: int = 1) -> float:
    """Return by which log odds chances of a rise were told too high in earlier years: to be added to them.

    From the chances of rising at least five places that the model would have told in all earlier base years, and what
    came until the base year, of the 63 provinces until 2024. Zero where no earlier chance has been put to the test.

    Examples
    --------
    >>> round(correction(2023), 2)
    -0.1
    """
    base_year = min(base_year, places.REFORM - 1)
    totals, told, came = published.series(until=base_year), [], []
    for base in range(FIRST_BASE, base_year - horizon + 1):
        both = totals[[base, base + horizon]].dropna()
        rank, later = (both[year].rank(ascending=False, method="min") for year in both)
        drawn = simulate(fit(base), horizon, draws=1000)[both.index]
        told.append((drawn.rank(axis=1, ascending=False) <= rank - _RISE).mean())
        came.append(rank - later >= _RISE)
    return float(logit(pd.concat(came).mean()) - logit(pd.concat(told).mean())) if told else 0.0


def _carried_over(total: pd.DataFrame) -> pd.Series:
    """Return the share carried over into each year after the first.

    Totals of two years correlate by the reliability times all shares between them; reliability and
    shares are fitted to the correlations of all pairs of years by least squares.
    """
    pairs = np.transpose(np.triu_indices(total.shape[1], k=1))
    years = total.to_numpy().T
    products = years[pairs[:, 0]] * years[pairs[:, 1]]
    seen, weight = np.nanmean(products, axis=1), np.sqrt(np.isfinite(products).sum(axis=1))

    def misfit(parameters: np.ndarray) -> np.ndarray:
        reliability, shares = parameters[0], parameters[1:]
        along = np.concatenate([[0.0], np.log(shares).cumsum()])
        return weight * (reliability * np.exp(along[pairs[:, 1]] - along[pairs[:, 0]]) - seen)

    start = np.concatenate([[0.65], np.full(len(years) - 1, 0.9)])
    found = least_squares(misfit, start, bounds=(np.full(len(years), 0.05), np.full(len(years), 0.999)))
    return pd.Series(found.x[1:], index=total.columns[1:], name="carried")


def _covariances(z: np.ndarray, carried: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return covariances between dimensions of the lasting parts and of the noise.

    Products of a year's scores with another year's show the lasting part, as far as it was carried
    over; products inside a year show it with the noise. A dimension seen in one year only is taken
    to last like the others, by itself.
    """
    there, z = (~np.isnan(z)).astype(float), np.nan_to_num(z)
    along = np.concatenate([[0.0], np.log(carried).cumsum()])
    kept = np.triu(np.exp(along - along[:, None]), k=1)  # from an earlier year to a later one
    sums = np.einsum("tu,ptd,pue->de", kept, z, z, optimize=True)
    weights = np.einsum("tu,ptd,pue->de", kept**2, there, there, optimize=True)
    sums, weights = sums + sums.T, weights + weights.T
    lasting = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)
    seen = np.diag(weights) > 0
    lasting[~seen, ~seen] = np.diag(lasting)[seen].mean()
    all_years = np.einsum("ptd,pte->de", z, z) / np.einsum("ptd,pte->de", there, there)
    return _positive(lasting, 0.005), _positive(all_years - lasting, 0.03)


def _positive(matrix: np.ndarray, least: float) -> np.ndarray:
    """Return the nearest symmetric matrix without eigenvalues below `least`."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, least)) @ vectors.T


def _filtered(
    distance: np.ndarray, lasting: np.ndarray, noise: np.ndarray, relative: np.ndarray, carried: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of each province's lasting distances after the last year (Kalman filter)."""
    mean, variance = np.zeros(distance[:, 0].shape), np.repeat(lasting[None], len(distance), axis=0)
    noise = noise * relative[:, None, None]
    for step in range(distance.shape[1]):
        if step:
            kept = carried[step - 1]
            mean, variance = kept * mean, kept**2 * variance + (1 - kept**2) * lasting
        now = distance[:, step]
        unknown = np.isnan(now)[:, :, None] * np.eye(now.shape[1]) * _UNKNOWN
        gain = variance @ np.linalg.inv(variance + noise + unknown)
        mean = mean + (gain @ (np.nan_to_num(now) - mean)[:, :, None])[:, :, 0]
        variance = variance - gain @ variance
    return mean, variance

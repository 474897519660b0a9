"""What the next years' totals may be: all provinces simulated together from what was known.

A province's standing (its total less the year's mean, in standard deviations between provinces, so
that breaks in the index do not matter) is a lasting part and noise. The lasting part drifts back to
the mean of the province's region and is pushed by real change; both, and the share of noise, come
from how the standings of all provinces correlate over one to six years, up to the base year only.
This is a first-order autoregression with noise, filtered by Kalman's recursions: A. C. Harvey,
Forecasting, Structural Time Series Models and the Kalman Filter (1989), chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from papi_lib import datafiles, places, published

#: The first year with two years before it.
FIRST_BASE = 2013
_LAGS = range(1, 7)
_REGION_YEARS = 3
#: How much of a region's recent mean a province drifts back to; the rest is the country's mean.
_REGION_WEIGHT = 0.8


@dataclass(frozen=True)
class Model:
    """What was known of the standings in a base year.

    Attributes
    ----------
    base_year : int
        Last year used.
    reliability : float
        Share of the variance between provinces that lasts (0-1); the rest is noise.
    persistence : float
        Share of the lasting part's distance to its long-run mean that is left after a year (0-1).
    home, mean, variance : pandas.Series
        By ``province_code``: the long-run mean, and mean and variance of the lasting part's
        distance to it, in standard deviations between provinces.
    """

    base_year: int
    reliability: float
    persistence: float
    home: pd.Series
    mean: pd.Series
    variance: pd.Series


def standings(until: int | None = None) -> pd.DataFrame:
    """Return standardised totals: provinces × years, mean 0 and standard deviation 1 in each year."""
    totals = published.series(until=until)
    return (totals - totals.mean()) / totals.std(ddof=0)


@datafiles.cached
def fit(base_year: int) -> Model:
    """Estimate the model from the years up to a base year.

    Parameters
    ----------
    base_year : int
        Last year to use; at least the third of the index.

    Raises
    ------
    ValueError
        Too few years.
    """
    known = standings(base_year)
    if known.shape[1] < 3:
        raise ValueError(
            f"too few years up to {base_year} to tell lasting differences from noise; choose 2013 or later"
        )
    reliability, persistence = _correlations(known)
    region = places.provinces()["region"]
    home = _REGION_WEIGHT * known.iloc[:, -_REGION_YEARS:].mean(axis=1).groupby(region).transform("mean")
    distance = known.sub(home, axis=0)
    mean, variance = pd.Series(0.0, known.index), pd.Series(reliability, known.index)
    for step, year in enumerate(known.columns):
        if step:
            elapsed = year - known.columns[step - 1]
            mean, variance = _ahead(mean, variance, reliability, persistence, elapsed)
        gain = (variance / (variance + 1 - reliability)).where(distance[year].notna(), 0.0)
        mean = mean + gain * (distance[year].fillna(0.0) - mean)
        variance = variance * (1 - gain)
    return Model(base_year, reliability, persistence, home, mean, variance)


def simulate(model: Model, horizon: int = 1, draws: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Draw standings of all provinces some years after the base year, with noise.

    Parameters
    ----------
    model : Model
        From `fit`.
    horizon : int
        Years ahead.
    draws : int
        Draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Draws × ``province_code``, in standard deviations between provinces.
    """
    rng = np.random.default_rng(seed)
    shape = (draws, len(model.mean))
    mean, variance = _ahead(model.mean, model.variance, model.reliability, model.persistence, horizon)
    lasting = mean.to_numpy() + np.sqrt(variance.to_numpy()) * rng.standard_normal(shape)
    noise = np.sqrt(1 - model.reliability) * rng.standard_normal(shape)
    return pd.DataFrame(model.home.to_numpy() + lasting + noise, columns=model.mean.index)


def _ahead(mean, variance, reliability: float, persistence: float, steps: int) -> tuple:
    """Return mean and variance of the lasting part so many years later."""
    kept = persistence**steps
    return kept * mean, kept**2 * variance + (1 - kept**2) * reliability


def _correlations(known: pd.DataFrame) -> tuple[float, float]:
    """Return reliability and persistence from the autocorrelations: reliability × persistence^lag."""
    years = list(known.columns)
    lags, heights, weights = [], [], []
    for lag in _LAGS:
        products = [known[y] * known[y + lag] for y in years if y + lag in years]
        if products:
            together = pd.concat(products).dropna()
            lags.append(lag)
            heights.append(max(together.mean(), 0.02))
            weights.append(np.sqrt(len(together)))
    slope, start = np.polyfit(lags, np.log(heights), 1, w=weights)
    return float(min(np.exp(start), 0.95)), float(min(np.exp(slope), 0.995))

"""Does the gap between units close, when their scores have noise?

Noise in the first score pulls the slope of the change on it downwards, and noise in both years makes the
spread larger. Both are taken out by the moment correction for errors in variables (W. A. Fuller, Measurement
Error Models, 1987, section 1.2); the doubt about the size of the noise is in the intervals.
`benchmarks/convergence.py` measures how often these hold.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import precision


def measure(
    scores: pd.DataFrame, noise: pd.DataFrame, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Tell whether the gap closes in any panel of scores with noise.

    Parameters
    ----------
    scores : pandas.DataFrame
        Units × years, without gaps.
    noise : pandas.DataFrame
        Units × the first and the last year: the variance of the scores' noise. With three years or more, the
        resamples estimate its size anew (`papi_lib.precision.noise_and_change`).
    level : float
        Confidence level of the intervals.
    draws : int
        Resamples of units.
    seed : int
        Seed of the resamples.

    Returns
    -------
    pandas.DataFrame
        Rows and columns as from `papi_lib.changes.convergence`.

    Examples
    --------
    >>> scores = pd.DataFrame({2023: [1.0, 2.0, 3.0, 4.0, 5.0], 2024: [2.0, 2.5, 3.0, 3.5, 4.0]})
    >>> measure(scores, 0 * scores).loc[["sd_ratio", "beta"], "real"].round(2).to_dict()
    {'sd_ratio': 0.5, 'beta': -0.5}
    """
    years, variance = list(scores.columns), noise.to_numpy()
    values, ends = (scores - scores.mean()).to_numpy(), [0, len(years) - 1]
    relative = variance[:, 0] / variance[:, 0].mean() if variance[:, 0].any() else np.ones(len(values))
    usual = precision.noise_and_change(values, years, relative)[0] if len(years) > 2 else 0.0
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(draws):
        some = rng.integers(0, len(values), len(values))
        again = precision.noise_and_change(values[some], years, relative[some])[0] / usual if usual else 1.0
        drawn.append(_gap(values[some][:, ends], variance[some].mean(axis=0) * again))
    lower, upper = _bounds(np.array(drawn), level)
    columns = {
        "published": _gap(values[:, ends], np.zeros(2)),
        "real": _gap(values[:, ends], variance.mean(axis=0)),
        "lower": lower,
        "upper": upper,
    }
    frame = pd.DataFrame(columns, index=["sd_first", "sd_last", "sd_ratio", "beta"])
    frame.attrs = {"first": years[0], "last": years[-1], "provinces": len(values)}
    return frame


def _gap(ends: np.ndarray, noise: np.ndarray) -> list[float]:
    """Return both years' real standard deviation, their ratio and the slope of the change on the first score."""
    cov = np.cov(ends.T)
    first, last = np.diag(cov) - noise
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt([first, last])
        slope = cov[0, 1] / first - 1 if first > 0 else np.nan
        return [*sd, sd[1] / sd[0], slope]


def _bounds(drawn: np.ndarray, level: float) -> np.ndarray:
    """Return lower and upper bound by column; missing where more resamples than the tails hold have no figure."""
    tails = (1 - level) / 2
    bounds = np.nanquantile(drawn, [tails, 1 - tails], axis=0)
    bounds[:, np.isnan(drawn).mean(axis=0) > tails] = np.nan
    return bounds

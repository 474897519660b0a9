"""Better estimates for areas with small samples: the area-level model of Fay and Herriot.

Each area's direct estimate is its true value and a sampling error of known variance; the true values
scatter about a regression on what is known of the areas, with a variance that is the same for all. The
best predictor lies between the direct and the regression (synthetic) estimate, the nearer to the
regression the less is known from the area itself. It makes the estimates better on the whole, and
hardly changes who is ahead of whom: promise no better ranks from it.

Methods: R. E. Fay and R. A. Herriot, "Estimates of Income for Small Places", Journal of the American
Statistical Association 74 (1979) 269-277; N. G. N. Prasad and J. N. K. Rao, JASA 85 (1990) 163-171, and
G. S. Datta and P. Lahiri, "A unified measure of uncertainty of estimated best linear unbiased predictors
in small area estimation problems", Statistica Sinica 10 (2000) 613-627, for the mean squared error;
H. Li and P. Lahiri, "An adjusted maximum likelihood method for solving small area estimation problems",
Journal of Multivariate Analysis 101 (2010) 882-892; J. Wang, W. A. Fuller and Y. Qu, "Small area
estimation under a restriction", Survey Methodology 34 (2008) 29-36, for the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import brentq


def fay_herriot(
    direct: pd.Series, variance: pd.Series, covariates: pd.DataFrame | None = None, *,
    benchmark: tuple[pd.Series, float] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return model estimates of areas with their mean squared errors.

    Parameters
    ----------
    direct : pandas.Series
        Direct estimates, one an area, of any unit; missing where an area has no sample.
    variance : pandas.Series
        Their sampling variances in the squared unit, indexed alike. Where it is missing (one
        respondent, one cluster) the direct estimate is not used and the area gets the synthetic one.
        An area with variance zero keeps its direct estimate, as known without error, and has no say in
        the model. Estimated variances of small samples are noisy: smooth them first.
    covariates : pandas.DataFrame or None
        What is known of all areas, numbers, indexed alike. An intercept is added; None: only that.
    benchmark : (pandas.Series, float) or None
        The areas' shares (of any scale, say populations) and the figure for all areas together that the
        weighted mean of the estimates is to equal. The difference is spread over the areas in
        proportion to their share and mean squared error, so that what is known well moves little.

    Returns
    -------
    pandas.DataFrame
        Indexed like `direct`: ``eblup`` (the model estimate), ``mse`` (its estimated mean squared error,
        second-order correct: g1 + g2 + 2 g3, less Li and Lahiri's bias where their variance
        is taken, as far as g1 stays above zero), ``synthetic`` (the regression's estimate), ``gamma`` (the
        direct estimate's weight, 0-1; one less this is what was borrowed) and, with `benchmark`,
        ``benchmarked``. ``.attrs["refvar"]`` is the variance of the true values about the regression, by
        restricted maximum likelihood; where this is zero, Li and Lahiri's adjusted one, which never is
        (then ``.attrs["adjusted"]`` is true). ``.attrs["coefficients"]``: the regression's.

    Raises
    ------
    ValueError
        The parts are not indexed alike, a variance is negative, a covariate is missing or depends on the
        others, or there are too few areas with a variance.

    Examples
    --------
    >>> areas = pd.Series([4.0, 5.0, 6.0, 7.0, 3.0])
    >>> fay_herriot(areas, pd.Series([0.5, 0.1, 0.5, 0.1, None]))["eblup"].round(2).to_list()
    [4.41, 5.04, 5.88, 6.9, 5.56]
    """
    y = pd.Series(direct, dtype=float)
    d = _aligned(variance, y, "variances")
    if (d < 0).any():
        raise ValueError(f"the variance of {y.index.tolist()[np.flatnonzero(d < 0)[0]]!r} is negative")
    d = np.where(y.isna(), np.nan, d)
    x = _regressors(covariates, y)
    fit = d > 0
    # with one area less, Li and Lahiri's likelihood rises for ever
    if fit.sum() < x.shape[1] + 3:
        raise ValueError(f"{fit.sum()} areas have a variance; {x.shape[1]} coefficients need {x.shape[1] + 3} or more")
    refvar, adjusted = _refvar(y.to_numpy()[fit], x[fit], d[fit])
    total = refvar + d[fit]
    inverse = np.linalg.inv((x[fit].T / total) @ x[fit])
    beta = inverse @ (x[fit].T / total) @ y.to_numpy()[fit]
    gamma = np.where(np.isnan(d), 0.0, refvar / (refvar + np.nan_to_num(d)))
    synthetic = x @ beta
    known = np.nan_to_num(y.to_numpy())
    g1 = (1 - gamma) * refvar
    g2 = (1 - gamma) ** 2 * np.einsum("ij,jk,ik->i", x, inverse, x)
    spread = 2 / (1 / total**2).sum()
    g3 = (1 - gamma) ** 2 * gamma / refvar * spread
    # what the adjusted variance is too high by, on average, makes g1 too high; g1 itself cannot be below zero
    excess = np.minimum((1 - gamma) ** 2 * spread / refvar, g1) if adjusted else 0
    found = {"eblup": gamma * known + (1 - gamma) * synthetic, "mse": g1 + g2 + 2 * g3 - excess}
    table = pd.DataFrame(found | {"synthetic": synthetic, "gamma": gamma}, index=y.index)
    if benchmark is not None:
        table["benchmarked"] = _benchmarked(table, *benchmark)
    names = ["intercept", *([] if covariates is None else map(str, covariates.columns))]
    table.attrs.update(refvar=refvar, adjusted=adjusted, coefficients=dict(zip(names, beta.tolist(), strict=True)))
    return table


def _aligned(part: pd.Series | pd.DataFrame, areas: pd.Series, what: str) -> np.ndarray:
    if not part.index.equals(areas.index):
        raise ValueError(f"the {what} are not indexed like the areas; give them the same index in the same order")
    return part.to_numpy(dtype=float)


def _regressors(covariates: pd.DataFrame | None, areas: pd.Series) -> np.ndarray:
    x = np.ones((len(areas), 1))
    if covariates is None:
        return x
    values = _aligned(covariates, areas, "covariates")
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        name, area = covariates.columns.tolist()[column], covariates.index.tolist()[row]
        raise ValueError(f"covariate {name!r} is missing for {area!r}")
    x = np.column_stack([x, values])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError("the covariates depend on each other (or one is constant); leave one out")
    return x


def _refvar(y: np.ndarray, x: np.ndarray, d: np.ndarray) -> tuple[float, bool]:
    """Return the areas' variance by restricted likelihood; adjusted, and true, where this is zero."""

    def likelihood(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the restricted log-likelihood of each variance and its slope there."""
        inverse = 1 / (a[:, None] + d)
        weighted = x.T * inverse[:, None, :]
        information = weighted @ x
        beta = np.linalg.solve(information, (weighted @ y)[..., None])[..., 0]
        rest = (y - beta @ x.T) * inverse
        value = np.linalg.slogdet(information)[1] - np.log(inverse).sum(axis=1) + rest @ y
        lost = np.linalg.solve(information, weighted @ weighted.swapaxes(1, 2))
        trace = inverse.sum(axis=1) - np.trace(lost, axis1=1, axis2=2)
        return -value / 2, ((rest**2).sum(axis=1) - trace) / 2

    def adjusted(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, slope = likelihood(a)
        return value + np.log(a), slope + 1 / a

    grid = max(np.var(y), d.max()) * np.geomspace(1e-6, 100, 200)
    peak = _highest(likelihood, np.concatenate([[0.0], grid]))
    return (peak, False) if peak > 0 else (_highest(adjusted, grid), True)


def _highest(function: Callable, grid: np.ndarray) -> float:
    """Return where a function is highest: where its slope turns from up to down, or where the grid starts."""
    slope = function(grid)[1]
    turns = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    at = [brentq(lambda a: function(np.array([a]))[1][0], *grid[i : i + 2], xtol=1e-15, rtol=1e-14) for i in turns]
    peaks = np.array([*at, *grid[:1][slope[:1] <= 0]])
    return float(peaks[function(peaks)[0].argmax()])


def _benchmarked(table: pd.DataFrame, shares: pd.Series, figure: float) -> pd.Series:
    share = _aligned(shares, table["eblup"], "shares")
    if not (np.isfinite(share).all() and (share >= 0).all() and share.sum() > 0):
        raise ValueError("the shares must be numbers, zero or more, not all zero")
    share = share / share.sum()
    gap = figure - share @ table["eblup"]
    give = share * table["mse"]
    if not give.sum() > 0:
        raise ValueError("no estimate may move: all are known without error")
    return table["eblup"] + gap * give / (share @ give)

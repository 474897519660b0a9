"""What changed inside an edition, beyond noise: convergence, gains that lasted, what made a change.

Scores of two sides of a break do not compare, so every function here refuses them (see
`papi_lib.index.must_compare`). The noise of scores is that of `papi_lib.precision`; what passes within a year is
taken as independent between years, so it looks like falling back after a gain, and like catching up. Each
function says what it does about that.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import datafiles, estimates, index, places, precision, published


@datafiles.cached
def convergence(
    year: int, part: int | str | None = None, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Tell whether the gap between provinces closes, over the years that compare with one year.

    *Sigma* convergence: the spread between provinces becomes smaller. *Beta* convergence: those
    behind gain more than those ahead. Noise in the first year's score alone makes those behind gain,
    as chance evens out, and makes the spread of both years larger; the real figures are without it.
    Where provinces only change places, those behind gain as well though the gap stays as wide: that
    those behind catch up takes both, an upper bound of beta below 0 and one of the ratio below 1.
    How often the interval holds is measured in ``benchmarks/convergence.py``.

    Parameters
    ----------
    year : int
        Any year of those that compare.
    part : int, str or None
        Dimension (number), sub-dimension (key), or None for the total.
    level : float
        Confidence level of the intervals.
    draws : int
        Resamples of provinces, each with its noise estimated anew; with two years only, it counts as known.
    seed : int
        Seed of the resamples.

    Returns
    -------
    pandas.DataFrame
        Rows ``sd_first``, ``sd_last`` (standard deviations between provinces, points), ``sd_ratio`` (last to
        first; below 1 = sigma convergence) and ``beta`` (slope of the change on the first score over
        the whole span; below 0 = beta convergence, −1 = gone in full); columns ``published``,
        ``real`` (noise taken out: for beta the moment correction for errors in variables, Fuller,
        Measurement Error Models, 1987, section 1.2), ``lower`` and ``upper`` (bootstrap; of the real figure;
        missing where noise is too large to tell). In ``.attrs``: ``first``, ``last``, ``provinces``.

    Raises
    ------
    ValueError
        No other year compares.

    Examples
    --------
    >>> convergence(2024, 7).round(2).loc["beta"].to_dict()
    {'published': -0.42, 'real': -0.36, 'lower': -0.53, 'upper': -0.13}
    """
    years = index.segment(year, part)
    if len(years) < 2:
        raise ValueError(f"no other year compares with {year}, so there is no change to look at")
    wide = published.series(part, years[-1])[years].dropna()
    margin = precision.margin_of_change(years[0], years[-1])
    noise = {y: precision.standard_errors_by_province(part, y, margin)[wide.index] ** 2 for y in (years[0], years[-1])}
    return convergence_of(wide, pd.DataFrame(noise), level, draws, seed)


def convergence_of(
    scores: pd.DataFrame, noise: pd.DataFrame, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Tell whether the gap between units closes in any panel of scores with noise.

    The moment correction for errors in variables takes the noise out of slope and spread; the doubt about its size
    is in the intervals.

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
        Rows and columns as from `convergence`.

    Examples
    --------
    >>> scores = pd.DataFrame({2023: [1.0, 2.0, 3.0, 4.0, 5.0], 2024: [2.0, 2.5, 3.0, 3.5, 4.0]})
    >>> convergence_of(scores, 0 * scores).loc[["sd_ratio", "beta"], "real"].round(2).to_dict()
    {'sd_ratio': 0.5, 'beta': -0.5}
    """
    years, variance = list(scores.columns), noise.to_numpy()
    values, ends = (scores - scores.mean()).to_numpy(), [0, len(years) - 1]
    relative = variance[:, 0] / variance[:, 0].mean() if variance[:, 0].any() else np.ones(len(values))
    usual = precision.noise_and_change(values, years, relative)[0].item() if len(years) > 2 else 0.0
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(draws):
        some = rng.integers(0, len(values), len(values))
        again = precision.noise_and_change(values[some], years, relative[some])[0].item() / usual if usual else 1.0
        drawn.append(_gap(values[some][:, ends], variance[some].mean(axis=0) * again))
    lower, upper = _bounds(np.array(drawn), level)
    told = {"published": _gap(values[:, ends], np.zeros(2)), "real": _gap(values[:, ends], variance.mean(axis=0))}
    frame = pd.DataFrame(told | {"lower": lower, "upper": upper}, index=["sd_first", "sd_last", "sd_ratio", "beta"])
    frame.attrs = {"first": years[0], "last": years[-1], "provinces": len(values)}
    return frame


@datafiles.cached
def kept(
    year: int, part: int | str | None = None, *, first: int | None = None, then: int | None = None,
    relative: bool = False, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Tell which provinces improved and kept the gain, beyond noise.

    Parameters
    ----------
    year : int
        Year by which the gain must still be there.
    part : int, str or None
        Dimension (number), sub-dimension (key), or None for the total.
    first, then : int, optional
        From when to when the province improved; by default from the first year that compares to the
        middle one.
    relative : bool
        Count changes less those of the mean of provinces.
    level : float
        With at least this probability nobody is named who owes it to noise alone (Holm), for each
        of the two questions.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code``, largest gain left first: ``gain`` (from `first` to `then`) and
        its ``gain_se``, ``left`` (from `first` to `year`) and its ``left_se``, in points; ``improved``
        (the gain is clear), ``kept`` (and so is what is left). Provinces with all three scores. In
        ``.attrs``: ``years``.

    Raises
    ------
    ValueError
        The years do not compare, or are not in order.

    Examples
    --------
    >>> found = kept(2024, 8)
    >>> found.attrs["years"], int(found["improved"].sum()), int(found["kept"].sum())
    ([2021, 2023, 2024], 5, 5)
    """
    alike = [y for y in index.segment(year, part) if y <= year]
    first = alike[0] if first is None else first
    then = alike[len(alike) // 2] if then is None else then
    if not first < then < year:
        raise ValueError(f"three years in order are needed, not {first}, {then} and {year}")
    index.must_compare(first, year, part)
    wide = published.series(part, year)[[first, then, year]].dropna()
    margin = precision.margin_of_change(first, year)
    df = precision.standard_errors(year, margin=margin).loc[part or "total", "df"]
    variance = {y: precision.standard_errors_by_province(part, y, margin)[wide.index] ** 2 for y in wide}
    wide, found = wide - wide.mean() if relative else wide, {}
    for name, last in (("gain", then), ("left", year)):
        noise = variance[first] + variance[last]
        if relative:  # a province is part of the mean
            noise = noise * (1 - 2 / len(wide)) + noise.mean() / len(wide)
        tested = pd.DataFrame({"difference": wide[last] - wide[first], "se": np.sqrt(noise), "df": df})
        found[name] = estimates.together(tested, level=level)
    gain, left = found.values()
    frame = pd.DataFrame(
        {"gain": gain["difference"], "gain_se": gain["se"], "left": left["difference"], "left_se": left["se"]}
    )
    frame["improved"] = gain["clear"] & (frame["gain"] > 0)
    frame["kept"] = frame["improved"] & left["clear"] & (frame["left"] > 0)
    frame = frame.sort_values("left", ascending=False)
    frame.attrs = {"years": [first, then, year]}
    return frame


@datafiles.cached
def largest(year: int, part: int | str, least: int = 1, years: tuple[int, ...] | None = None) -> pd.DataFrame:
    """Return every province's largest move in the order of provinces, up to a year, since one that compares.

    Parameters
    ----------
    year : int
        Year of the survey.
    part : int or str
        Dimension (number), sub-dimension (key), or ``"total"``.
    least : int
        A move has at least so many places.
    years : tuple of int, optional
        Earlier years; by default all that compare.

    Returns
    -------
    pandas.DataFrame
        By ``province_code``: ``since``, ``gain`` (places, negative if fallen) among the provinces of both years, and ``z``,
        the move in points beside the country's in standard errors, without sign; ``gain`` and ``z`` are 0 where there
        is none.

    Examples
    --------
    >>> largest(2024, 5).loc[1, ["since", "gain"]].to_list()
    [2021.0, -36.0]
    """
    scores, found = published.series(part, year), []
    for since in [y for y in index.segment(year, part) if y < year] if years is None else years:
        both, margin = scores[[since, year]].dropna(), precision.margin_of_change(since, year)
        ranks, move = both.rank(ascending=False, method="min"), both[year] - both[since]
        error = np.hypot(*(precision.standard_errors_by_province(part, y, margin, year) for y in both))
        z = (move - move.mean()).abs() / error
        told = {"since": since, "gain": ranks[since] - ranks[year], "z": z}
        found.append(pd.DataFrame(told, both.index))
    every = pd.concat(found) if found else pd.DataFrame(columns=["since", "gain", "z"], dtype=float)
    every = every[every["gain"].abs() >= least].sort_values("gain", key=abs, ascending=False, kind="stable")
    frame = every[~every.index.duplicated()].reindex(scores.index)
    return frame.fillna({"gain": 0, "z": 0})


def decompose(province: str | int, first: int, last: int, part: int | None = None, level: float = 0.95) -> pd.DataFrame:
    """Split a province's change into its sub-dimensions, each with its noise.

    Parameters
    ----------
    province : str or int
        Name or code.
    first, last : int
        Years of the survey that compare.
    part : int or None
        A dimension (number), or None for the total.
    level : float
        Confidence level of what is called clear.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part``: the sub-dimensions in the index's order, then the dimension or
        ``"total"``, whose scores and change are exactly their sums. Columns ``before``, ``after``,
        ``change``, ``se`` (of the change), ``country_change`` (of the mean of provinces with both
        years), in points, and ``clear``: the change is more than noise (the sub-dimensions looked at
        together, Holm). The noise of the sum is its own: noises of its parts are not independent.

    Raises
    ------
    ValueError
        The years do not compare, or a score was not published.

    Examples
    --------
    >>> split = decompose("Hà Nội", 2022, 2024)
    >>> float(split.loc["total", "change"].round(2)), float(split["change"].drop("total").sum().round(2))
    (-0.13, -0.13)
    """
    place = places.province(province, last)
    index.must_compare(first, last, part)
    keys = index.subdimensions(last, part)
    moved = estimates.changes(*estimates.between(first, last, (*keys, part or "total")), place.code)
    names = {"before": "before", "score": "after", "change": "change", "change_se": "se", "country": "country_change"}
    frame = moved[list(names)].rename(columns=names)
    if frame["change"].isna().any():
        lost = frame.index[frame["change"].isna()][0]
        raise ValueError(f"PAPI did not publish {lost} of {place.name_vi} in both years; choose other years or a part")
    tested = moved.assign(difference=moved["change"], se=moved["change_se"], sum=~moved.index.isin(keys))
    return frame.assign(clear=estimates.together(tested, by="sum", level=level)["clear"])


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

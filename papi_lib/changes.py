"""What changed inside an edition, beyond noise: panels, regressions, convergence, gains that lasted.

Scores of two sides of a break do not compare, so every function here refuses them (see
`papi_lib.index.must_compare`). The noise of scores is that of `papi_lib.precision`; it is taken as independent
between years, so it looks like falling back after a gain, like catching up, and like no relation
between what in truth goes together. Each function says what it does about that.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from papi_lib import closing, datafiles, index, intervals, places, precision, published


@datafiles.cached
def panel(year: int | None = None) -> pd.DataFrame:
    """Return all scores of an edition side by side.

    Parameters
    ----------
    year : int or None
        Any year of the edition; None for all editions, whose scores do not compare.

    Returns
    -------
    pandas.DataFrame
        A row a province and year: ``province_code``, ``year``, ``edition`` (its first year), then
        a column a part in points: sub-dimensions (keys), dimensions (numbers), ``"total"``; missing
        where not published.

    Examples
    --------
    >>> frame = panel(2024)
    >>> len(frame), sorted(set(frame["year"]))
    (252, [2021, 2022, 2023, 2024])
    """
    years = index.years() if year is None else index.edition_years(year)
    parts = dict.fromkeys([p for y in years for p in (*index.subdimensions(y), *index.dimensions(y))] + ["total"])
    columns = {p: published.series(None if p == "total" else p).reindex(columns=years).stack(future_stack=True) for p in parts}  # fmt: skip
    frame = pd.DataFrame(columns).rename_axis(["province_code", "year"]).reset_index()
    frame.insert(2, "edition", frame["year"].map(index.edition))
    return frame.sort_values(["year", "province_code"], ignore_index=True)


def panel_regression(
    outcome: int | str,
    covariates: Iterable[int | str],
    frame: pd.DataFrame,
    effects: str = "both",
    level: float = 0.95,
) -> pd.DataFrame:
    """Regress a score on others, or on own figures, with effects of provinces and years.

    Parameters
    ----------
    outcome : int or str
        Column of `frame`: a dimension (number), a sub-dimension (key), ``"total"`` or an own column.
    covariates : iterable of int or str
        Columns likewise.
    frame : pandas.DataFrame
        From `panel`, perhaps with own columns (`papi_lib.covariates.join`) or fewer years; rows that miss
        a figure are left out.
    effects : {"both", "year"}
        ``"both"``: of provinces and years, so that a province is compared with itself. ``"year"``:
        of years only, so that provinces are compared with each other, as figures that never change ask for.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``covariate``: ``estimate`` (points of the outcome for one unit of the covariate),
        ``se`` (clustered by province; Arellano, Oxford Bulletin of Economics and Statistics 49,
        1987, with the usual small-sample factor), ``lower``, ``upper`` and ``p`` (Student's t,
        provinces less one), and ``real_share``: the part of a published covariate's remaining variance
        that is not noise (missing for own figures). Noise in a single covariate multiplies its estimate by
        about this share; noise that outcome and covariate share, being answers of the same people,
        adds to the estimate. In ``.attrs``: ``observations``, ``provinces``, ``years``.

    Raises
    ------
    ValueError
        Scores do not compare over the frame's years; a column is missing or is no number; nothing
        is left of a covariate when the effects are taken out; covariates say the same.

    Examples
    --------
    >>> found = panel_regression(6, [2], panel(2024))
    >>> found.attrs["observations"], found.index.to_list()
    (243, [2])
    """
    names = [outcome, *covariates]
    if effects not in ("both", "year"):
        raise ValueError(f"effects are 'both' or 'year', not {effects!r}")
    for name in names:
        if name not in frame:
            raise ValueError(f"the frame has no column {name!r}")
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise ValueError(f"column {name!r} holds text; give numbers, for example 1 for yes and 0 for no")
    used = frame[["province_code", "year", *names]].dropna().reset_index(drop=True)
    published_parts = [name for name in names if name in _known_parts()]
    for name in published_parts if len(used) else ():
        index.must_compare(int(used["year"].min()), int(used["year"].max()), None if name == "total" else name)
    years = pd.get_dummies(used["year"], dtype=float).iloc[:, 1:]
    table = pd.concat([used[names].astype(float), years], axis="columns", keys=["own", "year"])
    groups = used["province_code"].to_numpy()
    table = table - (table.groupby(groups).transform("mean") if effects == "both" else table.mean())
    own = table.drop(columns=[("own", outcome)])
    _check_identified(own, used, effects)
    design = np.column_stack([own, np.ones(len(own))])  # the constant is zero, and counts as a parameter
    fitted = OLS(table[("own", outcome)].to_numpy(), design).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    units = len(set(groups)) if effects == "both" else 1
    left = 1 - (units + years.shape[1]) / len(used)
    result = {}
    for i, name in enumerate(names[1:]):
        lower, upper = fitted.conf_int(1 - level)[i]
        result[name] = {
            "estimate": fitted.params[i],
            "se": fitted.bse[i],
            "lower": lower,
            "upper": upper,
            "p": fitted.pvalues[i],
            "real_share": _real_share(name, used, own, left) if name in published_parts else np.nan,
        }
    found = pd.DataFrame.from_dict(result, orient="index").rename_axis("covariate")
    found.attrs = {"observations": len(used), "provinces": len(set(groups)), "years": sorted({int(y) for y in used["year"]})}  # fmt: skip
    return found


@datafiles.cached
def convergence(
    year: int, part: int | str | None = None, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Tell whether the gap between provinces closes, over the years that compare with one year.

    *Sigma* convergence: the spread between provinces becomes smaller. *Beta* convergence: those
    behind gain more than those ahead. Noise in the first year's score alone makes those behind gain,
    as chance evens out, and makes the spread of both years larger; the real figures are without it.
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
    wide = published.series(part)[years].dropna()
    noise = {y: precision.standard_errors_by_province(part, y)[wide.index] ** 2 for y in (years[0], years[-1])}
    return closing.measure(wide, pd.DataFrame(noise), level, draws, seed)


@datafiles.cached
def kept(
    year: int,
    part: int | str | None = None,
    *,
    first: int | None = None,
    then: int | None = None,
    relative: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
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
    ([2021, 2023, 2024], 9, 8)
    """
    alike = [y for y in index.segment(year, part) if y <= year]
    first = alike[0] if first is None else first
    then = alike[len(alike) // 2] if then is None else then
    if not first < then < year:
        raise ValueError(f"three years in order are needed, not {first}, {then} and {year}")
    index.must_compare(first, year, part)
    wide = published.series(part)[[first, then, year]].dropna()
    wide = wide - wide.mean() if relative else wide
    se = {y: precision.standard_errors_by_province(part, y)[wide.index] for y in wide}
    own = pd.DataFrame(np.eye(len(wide)) - (1 / len(wide) if relative else 0), wide.index, wide.index)
    frame = pd.DataFrame({
        "gain": wide[then] - wide[first],
        "gain_se": intervals.of_contrast(own, np.hypot(se[first], se[then])),
        "left": wide[year] - wide[first],
        "left_se": intervals.of_contrast(own, np.hypot(se[first], se[year])),
    })  # fmt: skip
    clear = {
        name: intervals.tell_apart(
            frame[[name, f"{name}_se"]].set_axis(["difference", "se"], axis="columns"), level
        ).query("clear and z > 0")
        for name in ("gain", "left")
    }
    frame["improved"] = frame.index.isin(clear["gain"].index)
    frame["kept"] = frame["improved"] & frame.index.isin(clear["left"].index)
    frame = frame.sort_values("left", ascending=False)
    frame.attrs = {"years": [first, then, year]}
    return frame


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
    place = places.province(province)
    index.must_compare(first, last, part)
    keys, rows = index.subdimensions(last, part), {}
    for key in [*keys, part]:
        wide = published.series(key)[[first, last]]
        before, after = wide.loc[place.code]
        se = [precision.standard_error(key, y, place.code) for y in (first, last)]
        rows["total" if key is None else key] = {
            "before": before,
            "after": after,
            "change": after - before,
            "se": float(np.hypot(*se)),
            "country_change": (wide[last] - wide[first]).mean(),
        }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")
    if frame["change"].isna().any():
        lost = frame.index[frame["change"].isna()][0]
        raise ValueError(f"PAPI did not publish {lost} of {place.name_vi} in both years; choose other years or a part")
    together = frame.loc[keys, ["change", "se"]].set_axis(["difference", "se"], axis="columns")
    clear = intervals.tell_apart(together, level)["clear"].reindex(frame.index)
    alone = pd.Series(intervals.clear(frame["change"], frame["se"], level=level), frame.index)
    return frame.assign(clear=clear.where(clear.notna(), alone).astype(bool))


@datafiles.cached
def _known_parts() -> set[int | str]:
    table = datafiles.read("structure")
    return {*table["subdimension"], *(int(d) for d in table["dimension"]), "total"}


def _check_identified(own: pd.DataFrame, used: pd.DataFrame, effects: str) -> None:
    """Raise if a covariate cannot be told from the effects or from the other covariates."""
    if used.empty or used["province_code"].nunique() < 2:
        raise ValueError("no rows with all figures are left of two provinces or more")
    left = own["own"].std(ddof=0) <= 1e-9 * used[list(own["own"])].abs().max().clip(lower=1e-300)
    if left.any():
        name = left.index[left][0]
        hint = "; effects='year' compares provinces with each other" if effects == "both" else ""
        raise ValueError(f"{name!r} does not change within the effects, so that nothing is left to explain with{hint}")
    scaled = own / np.sqrt((own**2).sum()).replace(0, 1)
    if np.linalg.matrix_rank(scaled.to_numpy()) < own.shape[1]:
        raise ValueError("covariates say the same as each other or as the years; leave one out")


def _real_share(name: int | str, used: pd.DataFrame, own: pd.DataFrame, left: float) -> float:
    """Return the part of a score's variance, after effects and other covariates, that is not noise."""
    part = None if name == "total" else name
    by_year = {y: precision.standard_errors_by_province(part, int(y)) ** 2 for y in used["year"].unique()}
    noise = np.mean([by_year[y][p] for y, p in zip(used["year"], used["province_code"], strict=True)])
    others = own.drop(columns=[("own", name)]).to_numpy()
    own_values = own[("own", name)].to_numpy()
    rest = own_values - others @ np.linalg.lstsq(others, own_values, rcond=None)[0] if others.size else own_values
    return float(max(1 - noise * left / np.mean(rest**2), 0.0))

"""Published province scores as tidy tables: indicators, sub-dimensions, dimensions, totals, groups.

The programme publishes scores and shows them in four groups. Ranks and groups here are this project's ordering
of those scores; `papi_lib.posterior` and `papi_lib.ranks` say how sure they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd

from papi_lib import datafiles, index, places


def load(
    years: int | Iterable[int] | None = None, provinces: Iterable[str | int] | str | int | None = None
) -> pd.DataFrame:
    """Return the published sub-dimension scores.

    Parameters
    ----------
    years : int, iterable of int or None
        Years to return; None for all.
    provinces : name, code, iterable of these or None
        Provinces to return, in any spelling `papi_lib.places.province` accepts; None for all.

    Returns
    -------
    pandas.DataFrame
        Columns ``year``, ``province_code`` (of the year: 63 until 2024, 34 since), ``dimension`` (1-8),
        ``subdimension`` (key), ``score`` (points on the sub-dimension's range, see `papi_lib.index.structure`). A score
        that was not published has no row.

    Raises
    ------
    papi_lib.datafiles.DataError
        A data file breaks its schema, the index's structure, or misses a score not known as a gap.
    ValueError
        Unknown year or province.

    Examples
    --------
    >>> float(load(2020, "Hà Nội")["score"].sum().round(3))
    41.629
    """
    if years is None:
        years = index.years()
    wanted = [index.check_year(y) for y in ([years] if pd.api.types.is_scalar(years) else years)]
    frame = pd.concat([_year(y) for y in wanted], ignore_index=True) if wanted else _year(index.years()[0]).iloc[:0]
    if provinces is None:
        return frame
    names = [provinces] if pd.api.types.is_scalar(provinces) else provinces
    codes = {y: {places.province(p, y).code for p in names} for y in wanted}
    own = [code in codes[y] for y, code in zip(frame["year"], frame["province_code"], strict=True)]
    return frame[own].reset_index(drop=True)


@datafiles.cached
def dimension_scores(year: int) -> pd.DataFrame:
    """Return a year's dimension scores: the sum of each dimension's sub-dimensions.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code`` (all of the year), one column per dimension (1-8), in points 1-10;
        missing where the programme did not publish the dimension.

    Examples
    --------
    >>> dimension_scores(2024).loc[1].round(2).to_dict()
    {1: 5.39, 2: 5.71, 3: 4.36, 4: 6.7, 5: 7.12, 6: 7.57, 7: 2.87, 8: 4.05}
    """
    scores = {part: series(part, year)[index.check_year(year)] for part in index.dimensions(year)}
    return pd.DataFrame(scores).rename_axis(columns="dimension")


@datafiles.cached
def totals(year: int) -> pd.DataFrame:
    """Return a year's totals with rank and group.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code`` (all of the year): ``total`` in points, the unweighted sum of the
        dimensions, missing unless all were published; ``rank`` (1 = highest total, our ordering)
        and ``group`` (quartile, 1 = highest), missing where the total is.

    Examples
    --------
    >>> totals(2024).round(2).loc[[1]].to_dict("records")
    [{'total': 43.77, 'rank': 29, 'group': 2}]
    """
    return standing(series(until=index.check_year(year))[int(year)].rename("total"))


def standing(scores: pd.Series) -> pd.DataFrame:
    """Order scores of one year: rank and quartile group.

    Parameters
    ----------
    scores : pandas.Series
        One score per province; its name becomes the first column.

    Returns
    -------
    pandas.DataFrame
        The scores, ``rank`` (1 = highest, equal scores share the better rank) and ``group``
        (1-4, quartiles of the published provinces, see `groups`); both missing where the score is.

    Examples
    --------
    >>> standing(pd.Series([9.0, 5.0, 7.0, None], name="score"))["rank"].to_list()
    [1, 3, 2, <NA>]
    """
    rank = scores.rank(ascending=False, method="min")
    group = pd.Series(groups(rank.to_numpy(), scores.count()), scores.index).where(scores.notna())
    return pd.DataFrame({scores.name: scores, "rank": rank.astype("Int64"), "group": group.astype("Int64")})


def groups(ranks: np.ndarray, n: int) -> np.ndarray:
    """Return the quartile group of ranks among n provinces, 1 = highest.

    A group begins at a quartile of the scores (numpy's, between neighbours where it falls between two) and
    has all that reach it, as the programme's four groups do: 63 provinces make groups of 16, 16, 15 and 16,
    61 of 16, 15, 15 and 15, 60 of 15 each.

    Examples
    --------
    >>> np.bincount(groups(np.arange(1, 64), 63))[1:].tolist()
    [16, 16, 15, 16]
    """
    n = np.asarray(n)[..., None]
    last = n - np.ceil(np.array([0.75, 0.5, 0.25]) * (n - 1))
    return 1 + (ranks[..., None] > last).sum(axis=-1)


@datafiles.cached
def orders(province: str | int, until: int) -> pd.DataFrame:
    """Return where a province stood in every part of the index and every year until one, among the provinces of that one.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part`` and ``year``: ``score`` (points), ``rank`` (1 = highest) among ``of`` published provinces
        and ``group`` as in `standing`, both missing where the score is; ``mean`` of the provinces.

    Examples
    --------
    >>> orders("Hà Nội", 2024).loc[("total", 2024)].round(2).to_list()
    [43.77, 29.0, 61.0, 43.43, 2.0]
    """
    panel, code = _panel(places.since_reform(until)), places.province(province, until).code
    panel = panel.loc[:, (panel.columns.get_level_values("year") <= until) & panel.notna().any()]
    rank = panel.rank(ascending=False, method="min").loc[code]
    frame = pd.DataFrame({"score": panel.loc[code], "rank": rank, "of": panel.count(), "mean": panel.mean()})
    return frame.assign(group=np.where(rank > 0, groups(rank.to_numpy(), frame["of"]), np.nan))


@datafiles.cached
def series(part: int | str | None = None, until: int | None = None, of: int | None = None) -> pd.DataFrame:
    """Return one score by province and year: a sub-dimension, a dimension or the total.

    Parameters
    ----------
    part : int, str or None
        Dimension (number), sub-dimension (key), or None or ``"total"`` for the total.
    until : int or None
        Last year to return; None for all.
    of : int or None
        Year whose provinces to follow; by default the last year returned.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code`` (all of the year `of`), one column per year that has the part, in points.
        Columns on two sides of a break do not compare: see `papi_lib.index.segment`.

    Notes
    -----
    No survey before 2025 sampled the 34 provinces. Where these are followed, what they have before is reconstructed:
    a province that was formed of several gets their scores' mean, weighted by their people
    (`papi_lib.places.shares`), as a survey of the new province weighs whom it asks, and none where one of them was
    not published. Planned interviews would not do: they are the same in provinces of half a million and of two
    million people. That is a base to measure later years against, not a published score. The 11 provinces that
    stayed as they were keep their published scores. Years since 2025 have no scores of the 63.

    Examples
    --------
    >>> series(8).loc[1].round(2).to_dict()
    {2018: 3.32, 2019: 3.86, 2020: 2.92, 2021: 3.61, 2022: 3.66, 2023: 3.97, 2024: 4.05}
    >>> series(8, of=2025).loc[33, 2024].round(2)  # Hưng Yên with Thái Bình
    np.float64(3.42)
    """
    table = _scores(index.check_part(part), places.since_reform(of or until))
    return table[[year for year in table.columns if until is None or year <= until]]


@datafiles.cached
def _scores(part: int | str, new: bool) -> pd.DataFrame:
    """Return one part's scores in all years that have it: `_panel` itself is large to copy."""
    return _panel(new)[part].dropna(axis="columns", how="all")


@datafiles.cached
def _panel(new: bool) -> pd.DataFrame:
    """Return all scores of one set of provinces at once: a row a province, columns by part and year."""
    if new:
        share, home = places.shares(), places.merged()
        old = _panel(False)
        weighted = old.mul(share, axis=0).groupby(home)
        before = weighted.sum().where(weighted.count().eq(home.value_counts(), axis=0))
        since = [year for year in index.years() if year >= places.REFORM]
        tables = [before, *([_sums(since)] if since else [])]
        return pd.concat(tables, axis="columns").reindex(places.provinces(places.REFORM).index)
    years = [year for year in index.years() if year < places.REFORM]
    return _sums(years).reindex(places.provinces(places.REFORM - 1).index)


def _sums(years: list[int]) -> pd.DataFrame:
    """Return the sub-dimensions' scores of some years and their sums: a row a province, columns by part and year."""
    rows = load(years)
    parts = rows.pivot(index="province_code", columns=["subdimension", "year"], values="score")
    sums = rows.pivot_table(index="province_code", columns=["dimension", "year"], values="score", aggfunc="sum")
    every = {year: sums.xs(year, level="year", axis="columns") for year in years}
    total = pd.DataFrame({("total", year): table.sum(axis=1, skipna=False) for year, table in every.items()})
    panel = pd.concat([parts, sums, total], axis="columns")
    return panel.set_axis(pd.MultiIndex.from_tuples(panel.columns, names=["part", "year"]), axis="columns")


def missing(province: str | int, year: int) -> list[int]:
    """Return the dimensions that were measured in a year but not published for a province.

    Examples
    --------
    >>> missing("Bắc Ninh", 2022)
    [2, 3, 4, 8]
    """
    row = dimension_scores(year).loc[places.province(province, year).code]
    return [int(d) for d in row.index[row.isna()]]


@datafiles.cached
def standard_errors() -> pd.DataFrame:
    """Return the standard errors that the data have of published scores: ``year``, ``province_code``, ``part``, ``se`` (points).

    Raises
    ------
    papi_lib.datafiles.DataError
        A row names a part that its year does not have.

    Examples
    --------
    >>> standard_errors().iloc[0].to_dict()  # few are delivered; `papi import` takes those of a workbook
    {'year': 2023, 'province_code': 1, 'part': 'total', 'se': 0.157685}
    """
    table = datafiles.read("standard-errors")
    table["part"] = [int(p) if p.isdigit() else p for p in table["part"]]
    parts = {y: {*index.subdimensions(y), *index.dimensions(y), "total"} for y in table["year"].unique()}
    odd = pd.Series([p not in parts[year] for year, p in zip(table["year"], table["part"], strict=True)], table.index)
    datafiles.refuse("standard-errors", table, "part", odd, "is no part of the index in its year; correct it")
    return table


@datafiles.cached
def indicators(year: int) -> pd.DataFrame:
    """Return the indicators below the sub-dimensions of a year: none unless they were imported (`papi import`).

    An indicator's key is the number of the score that it stands under and its place there (``1.1.2`` is the second under
    1.1, ``1.0.1`` the first right under dimension 1). In another year the same key may be another question, so that
    indicators of two years are one only where name and scale are the same.

    Returns
    -------
    pandas.DataFrame
        Tidy: ``year``, ``province_code``, ``indicator`` (key), ``part`` (sub-dimension's key or dimension's number),
        ``name_vi``, ``name_en`` (missing where not printed), ``scale`` (as ``0%-100%``), ``value`` (percentages as
        shares of 1), in the workbook's order.

    Raises
    ------
    papi_lib.datafiles.DataError
        A value has no name, or a name stands under a part that the year does not have.

    Examples
    --------
    >>> list(indicators(2024))
    ['year', 'province_code', 'indicator', 'part', 'name_vi', 'name_en', 'scale', 'value']
    """
    columns = ["year", "province_code", "indicator", "part", "name_vi", "name_en", "scale", "value"]
    names, table = datafiles.read("indicator-names"), f"indicators-{index.check_year(year)}"
    names = names[names["year"] == year]
    names = names.assign(part=[int(p) if p.isdigit() else p for p in names["part"]])
    parts = {*index.dimensions(year), *index.subdimensions(year)}
    odd = ~names["part"].isin(parts)
    datafiles.refuse("indicator-names", names, "part", odd, f"is no part of the index in {year}; correct it")
    if table not in datafiles.resource_names():
        return names.assign(province_code=0, value=0.0).iloc[:0][columns]
    values = datafiles.read(table)
    frame = values.merge(names.drop(columns="year"), on="indicator", how="left")
    lost = f"has no row of {year} in published/indicators/names.csv; add it"
    datafiles.refuse(table, frame, "indicator", frame["part"].isna(), lost)
    order = {key: n for n, key in enumerate(names["indicator"])}
    return frame.sort_values("indicator", key=lambda keys: keys.map(order), kind="stable", ignore_index=True)[columns]


@datafiles.cached
def indicators_beside(place: int, year: int, dimension: int) -> pd.DataFrame:
    """Compare a province's indicators of a dimension with the country and its region, and with the year before.

    Parameters
    ----------
    place : int
        The province's code.
    year : int
        Year of the survey.
    dimension : int
        The dimension.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``indicator``: ``part``, ``name_vi``, ``name_en``, ``scale``, ``value``, ``country`` and ``region``
        (unweighted means of the published provinces), ``rank`` (1 = highest value, which need not be the best) and
        ``of``, ``change`` since the year before (missing where that year has no indicator of this name and scale under
        this part, or does not compare); empty where there are none.

    Examples
    --------
    >>> len(indicators_beside(1, 2024, 1))  # none are delivered
    0
    """
    about = ["part", "name_vi", "name_en", "scale"]
    own = [dimension, *index.subdimensions(year, dimension)]
    rows = indicators(year)
    rows = rows[rows["part"].isin(own)]
    wide = rows.pivot(index="indicator", columns="province_code", values="value").reindex(
        columns=places.provinces(year).index
    )
    frame = rows.drop_duplicates("indicator").set_index("indicator")[about]
    wide = wide.loc[frame.index]
    frame["value"], frame["country"] = wide[place], wide.mean(axis=1)
    frame["region"] = wide[places.peers(places.province(place, year), "region", year)].mean(axis=1)
    frame["rank"], frame["of"] = wide.rank(axis=1, ascending=False, method="min")[place], wide.count(axis=1)
    before = indicators(year - 1) if year - 1 in index.segment(year, dimension) else rows.iloc[:0]
    before = before[before["province_code"] == place].drop_duplicates(about, keep=False)
    earlier = frame.reset_index().merge(before[[*about, "value"]], on=about, how="left", suffixes=("", "_before"))
    return frame.assign(change=frame["value"] - earlier["value_before"].to_numpy())


@datafiles.cached
def _year(year: int) -> pd.DataFrame:
    """Read and check one year's file against the index's structure and the known gaps."""
    table = f"scores-{year}"
    frame = datafiles.read(table)
    expected, refuse = index.structure(year), partial(datafiles.refuse, table, frame)
    try:
        places.check_set(frame["province_code"], year)
    except ValueError as error:
        raise datafiles.DataError(f"{datafiles.where(table, 0, 'province_code')}: {error}") from None
    refuse("year", frame["year"] != year, f"in the file of {year}; move the row to its own year's file")
    found = expected.set_index("subdimension").reindex(frame["subdimension"]).set_axis(frame.index)
    edition = index.edition(year)
    refuse("subdimension", found["upper"].isna(), f"is not a sub-dimension of the {edition} edition; correct it")
    refuse("dimension", frame["dimension"] != found["dimension"], "is not the sub-dimension's dimension; correct it")
    # The programme prints ranges with two decimals (0.33-3.33) and has scores down to 0.3317.
    outside = ~frame["score"].between(found["lower"] - 0.005, found["upper"] + 0.005)
    span = found["lower"].map("{:.2f}".format) + " to " + found["upper"].map("{:.2f}".format)
    refuse("score", outside, "is outside the range of " + frame["subdimension"] + ", " + span + "; correct it")
    unpublished = expected.merge(datafiles.read("gaps").query("year == @year"), on="dimension")
    known = pd.concat([frame.dropna(subset="score"), unpublished])[["subdimension", "province_code"]]
    every = pd.MultiIndex.from_product([expected["subdimension"], places.provinces(year).index])
    for part, province in every[~every.isin(pd.MultiIndex.from_frame(known))]:
        raise datafiles.DataError(
            f"{datafiles.where(table, len(frame), 'score')}: no score of {part} for province {province}; "
            "add the row, or list the province and dimension in published/gaps.csv if it was not published"
        )
    return frame

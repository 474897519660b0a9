"""Indicators below the sub-dimensions, as PAPI's workbooks publish them: shares, means and codes.

An indicator's key is the number of the score that it stands under and its place there (``1.1.2`` is the second under
1.1, ``1.0.1`` the first right under dimension 1). In another year the same key may be another question, so that
indicators of two years are one only where name and scale are the same.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import datafiles, index, places


@datafiles.cached
def load(year: int) -> pd.DataFrame:
    """Return the indicators of a year: none unless they were imported (`papi import`).

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
    >>> list(load(2024))
    ['year', 'province_code', 'indicator', 'part', 'name_vi', 'name_en', 'scale', 'value']
    """
    names, table = datafiles.read("indicator-names"), f"indicators-{index.check_year(year)}"
    names = names[names["year"] == year]
    names = names.assign(part=[int(p) if p.isdigit() else p for p in names["part"]])
    parts = {*index.dimensions(year), *index.subdimensions(year)}
    odd = ~names["part"].isin(parts)
    datafiles.refuse("indicator-names", names, "part", odd, f"is no part of the index in {year}; correct it")
    if table not in datafiles.resource_names():
        return names.assign(province_code=0, value=0.0).iloc[:0][_COLUMNS]
    values = datafiles.read(table)
    frame = values.merge(names.drop(columns="year"), on="indicator", how="left")
    lost = f"has no row of {year} in published/indicators/names.csv; add it"
    datafiles.refuse(table, frame, "indicator", frame["part"].isna(), lost)
    order = {key: n for n, key in enumerate(names["indicator"])}
    return frame.sort_values("indicator", key=lambda keys: keys.map(order), kind="stable", ignore_index=True)[_COLUMNS]


@datafiles.cached
def beside(place: int, year: int, dimension: int) -> pd.DataFrame:
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
    >>> len(beside(1, 2024, 1))  # none are delivered
    0
    """
    about = ["part", "name_vi", "name_en", "scale"]
    own = [dimension, *index.subdimensions(year, dimension)]
    rows = load(year)
    rows = rows[rows["part"].isin(own)]
    wide = rows.pivot(index="indicator", columns="province_code", values="value").reindex(
        columns=places.provinces(year).index
    )
    frame = rows.drop_duplicates("indicator").set_index("indicator")[about]
    wide = wide.loc[frame.index]
    frame["value"], frame["country"] = wide[place], wide.mean(axis=1)
    frame["region"] = wide[places.peers(places.province(place, year), "region", year)].mean(axis=1)
    frame["rank"], frame["of"] = wide.rank(axis=1, ascending=False, method="min")[place], wide.count(axis=1)
    before = load(year - 1) if year - 1 in index.segment(year, dimension) else rows.iloc[:0]
    before = before[before["province_code"] == place].drop_duplicates(about, keep=False)
    earlier = frame.reset_index().merge(before[[*about, "value"]], on=about, how="left", suffixes=("", "_before"))
    return frame.assign(change=frame["value"] - earlier["value_before"].to_numpy())


_COLUMNS = ["year", "province_code", "indicator", "part", "name_vi", "name_en", "scale", "value"]

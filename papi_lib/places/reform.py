"""What became of a place on 1 July 2025, and what it was made of: provinces and communes, whole or in part.

A province went wholly into one of the 34. Of the old communes 471 were split, so that a new one may hold whole ones and
parts; figures of the old can then not be added up to figures of the new, and never to those of an old district.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import datafiles
from papi_lib.places.registers import REFORM, Place, communes, provinces


@datafiles.cached
def merged() -> pd.Series:
    """Return the code since 2025 of the province that each of the 63 became part of, by ``province_code``.

    Examples
    --------
    >>> merged().loc[[2, 15]].to_list()
    [8, 15]
    """
    table = datafiles.read("provinces").set_index("province_code")["merged_2025"]
    codes = {name: code for code, name in provinces(REFORM)["name_vi"].items()}
    return table.map(codes).rename("code_2025")


@datafiles.cached
def shares() -> pd.Series:
    """Return each of the 63 provinces' share of the people of its province since 2025, by ``province_code`` (0-1).

    Of the census of 1 April 2019, ``data/places/population.csv``, where other figures may be put.

    Raises
    ------
    papi_lib.datafiles.DataError
        A province has no row.

    Examples
    --------
    >>> shares()[[33, 34]].round(2).to_list()  # Hưng Yên and Thái Bình
    [0.4, 0.6]
    """
    people = datafiles.read("population").set_index("province_code")["population"].reindex(merged().index)
    if people.isna().any():
        lacking = provinces(REFORM - 1)["name_vi"][people.index[people.isna()][0]]
        raise datafiles.DataError(f"{datafiles.folder() / 'places' / 'population.csv'}: {lacking} has no row; add it")
    return people / people.groupby(merged()).transform("sum")


@datafiles.cached
def taken_over(level: str = "commune") -> pd.DataFrame:
    """Return which place of today took over which, for a level.

    Parameters
    ----------
    level : {"province", "district", "commune"}
        Level of the old places; of districts, whose communes went each its own way, by their communes.

    Returns
    -------
    pandas.DataFrame
        ``before`` (code until 30 June 2025), ``since`` (code of the province or commune since), ``share``: ``whole``,
        ``main`` (the larger part) or ``part``.

    Examples
    --------
    >>> taken_over().query("since == '00004'")["share"].value_counts().to_dict()
    {'part': 6, 'whole': 2, 'main': 2}
    """
    if level == "province":
        return pd.DataFrame({"before": merged().index, "since": merged().to_numpy(), "share": "whole"})
    table = datafiles.read("taken-over").set_axis(["before", "since", "share"], axis=1)
    if level == "district":
        home = communes(REFORM - 1)["district_code"]
        table["before"] = table["before"].map(home).fillna(table["before"])
        outside = table.groupby("since")["before"].transform("nunique") > 1
        whole = ~outside & (table["share"] == "whole")
        table["share"] = whole.map({True: "whole", False: "part"})
        table = table.sort_values("share").drop_duplicates(["before", "since"]).reset_index(drop=True)
    return table


def successors(place: Place) -> pd.DataFrame:
    """Return what a place until 2025 became: ``code`` and ``share`` of it, as `taken_over` has them; empty if it is of today.

    Examples
    --------
    >>> from papi_lib import places
    >>> successors(places.province("Hà Giang", 2024)).to_dict("records")
    [{'code': 8, 'share': 'whole'}]
    """
    table = taken_over(place.level)
    table = table[table["before"] == place.code] if place.until else table.iloc[:0]
    return table[["since", "share"]].set_axis(["code", "share"], axis=1).reset_index(drop=True)


def predecessors(place: Place) -> pd.DataFrame:
    """Return what a place since 2025 was made of: ``code`` and ``share``, as `taken_over` has them; empty if it is older.

    Figures of the predecessors make figures of the place where each ``share`` is ``whole``, and not otherwise.

    Examples
    --------
    >>> from papi_lib import places
    >>> predecessors(places.province("Tuyên Quang", 2026))["code"].to_list()
    [2, 8]
    """
    table = taken_over(place.level)
    table = table[table["since"] == place.code] if place.since else table.iloc[:0]
    return table[["before", "share"]].set_axis(["code", "share"], axis=1).reset_index(drop=True)


def told(place: Place) -> str:
    """Return in a few words what became of a place, or since when it is, for messages.

    Examples
    --------
    >>> from papi_lib import places
    >>> told(places.province("Hà Giang", 2024))
    'Hà Giang is part of Tuyên Quang since 1 July 2025'
    """
    if place.since:
        return f"{place.name_vi} exists since 1 July {REFORM}"
    names = provinces(REFORM)["name_vi"] if place.level == "province" else communes(REFORM)["name_vi"]
    heirs = names[successors(place)["code"]].to_list()
    into = ", ".join(heirs[:3]) + (f" and {len(heirs) - 3} more" if len(heirs) > 3 else "")
    if place.level == "district":
        return f"{place.name_vi} ended on 30 June {REFORM}, its communes are part of {into}"
    return f"{place.name_vi} is part of {into} since 1 July {REFORM}"

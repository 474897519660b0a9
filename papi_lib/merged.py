"""Scores of the 34 provinces of 1 July 2025, reconstructed for the years before.

No survey before 2025 sampled these provinces. A province that was formed of several gets their
scores' mean, weighted by their people (``data/places/population.csv``: the census of 1 April 2019), as a
survey of the new province weighs whom it asks. Planned interviews would not do: they are the same in
provinces of half a million and of two million people. That is a base to measure later years against, not
a published score, because the survey of the new province draws its districts anew. The 11 provinces that
stayed as they were keep their published scores.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from papi_lib import datafiles, places
from papi_lib.estimates import from_published

#: First survey of the 34 provinces.
FIRST_YEAR = 2025


@datafiles.cached
def provinces() -> pd.DataFrame:
    """Return the 34 provinces.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``merged_2025`` (Vietnamese name): ``name_vi``, ``name_en``, ``parts`` (list of the codes of
        the provinces it was formed of) and ``reconstructed`` (its scores before 2025 are
        combinations, not published).

    Examples
    --------
    >>> len(provinces()), provinces().loc["Hưng Yên", "parts"]
    (34, [33, 34])
    """
    table = places.provinces()
    frame = table.reset_index().groupby("merged_2025", sort=False)["province_code"].agg(list).to_frame("parts")
    frame.insert(0, "name_vi", frame.index)
    frame.insert(1, "name_en", places.provinces_2025().set_index("name_vi")["name_en"].reindex(frame.index))
    return frame.assign(reconstructed=frame["parts"].map(len) > 1)


@datafiles.cached
def estimates(years: int | tuple[int, ...], parts: tuple[int | str, ...] | None = None) -> pd.DataFrame:
    """Return reconstructed scores as an estimates frame: see `papi_lib.estimates`.

    Parameters
    ----------
    years, parts
        As in `papi_lib.estimates.from_published`.

    Returns
    -------
    pandas.DataFrame
        An estimates frame of the 34 provinces; ``place`` is ``merged_2025``. ``score`` and ``se`` are missing where
        the score of any of the combined provinces was not published. Their noise is taken as independent, as in
        `papi_lib.precision`.

    Examples
    --------
    >>> estimates(2024, (8,)).query("place == 'Hưng Yên'")[["score", "se"]].round(2).to_dict("records")
    [{'score': 3.42, 'se': 0.1}]
    """
    old = from_published(years, parts)
    share = old["place"].map(_shares())
    weighted = old.assign(
        score=old["score"] * share,
        se=(old["se"] * share) ** 2,
        place=old["place"].map(places.provinces()["merged_2025"]),
    )
    groups = weighted.groupby(["part", "year", "place"], sort=False)
    frame = groups[["score", "se"]].sum().where(groups["score"].count() == groups.size()).reset_index()
    frame["se"] = np.sqrt(frame["se"])
    frame = frame.assign(df=groups["df"].first().to_numpy(), n=np.nan)[list(old)]
    frame.attrs = old.attrs | {"source": "reconstructed"}
    return frame


def unit(place: places.Place) -> places.Place:
    """Return the province of 2025 that a province belongs to; its code is its Vietnamese name.

    Examples
    --------
    >>> unit(places.province("Thái Bình")).name_vi
    'Hưng Yên'
    """
    name = place.merged_2025
    return replace(place, code=name, slug=places.slug(name), **provinces().loc[name, ["name_vi", "name_en"]])


@datafiles.cached
def _shares() -> pd.Series:
    """Return each old province's share of the people of its province of 2025, by ``province_code``; DataError if one lacks."""
    people = datafiles.read("population").set_index("province_code")["population"].reindex(places.provinces().index)
    if people.isna().any():
        lacking = places.province(people.index[people.isna()][0]).name_vi
        raise datafiles.DataError(f"{datafiles.folder() / 'places' / 'population.csv'}: {lacking} has no row; add it")
    return people / people.groupby(places.provinces()["merged_2025"]).transform("sum")

"""Who there is, and when: provinces, districts and communes, each with its code and the years it has it.

On 1 July 2025 the 63 provinces became 34, the districts ended, and 10,035 communes became 3,321. Codes were given
anew: 15 was Yên Bái's and is Lào Cai's, 00004 was phường Trúc Bạch's and is phường Ba Đình's. So a code or a name
means a place of a year only.

A province went wholly into one of the 34. Of the old communes 471 were split, so that a new one may hold whole ones and
parts; figures of the old can then not be added up to figures of the new, and never to those of an old district.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from papi_lib import datafiles, spelling

__all__ = [
    "REFORM", "Place", "below", "communes", "districts", "latest", "level", "merged", "peers", "predecessors", "provinces",
    "region_name", "shares", "sides", "since_reform", "successors", "taken_over", "tiles", "types",
]  # fmt: skip

#: First year of the 34 provinces and of the communes of today; the districts' last.
REFORM = 2025
#: Words for each type of place, as they stand before or behind a name; the first is the official one, the last English.
TYPE_WORDS = {
    "province": {
        "city": ("Thành phố", "TP", "T P", "City", "Province", "Province of"),
        "province": ("Tỉnh", "T", "Province", "Province of"),
    },
    "district": {
        "quan": ("Quận", "Q", "District"),
        "huyen": ("Huyện", "H", "Huyện đảo", "District"),
        "thi-xa": ("Thị xã", "TX", "T X", "Town"),
        "thanh-pho": ("Thành phố", "TP", "T P", "City"),
    },
    "commune": {
        "xa": ("Xã", "X", "Commune"),
        "phuong": ("Phường", "P", "Ward"),
        "thi-tran": ("Thị trấn", "TT", "T T", "Township"),
        "dac-khu": ("Đặc khu", "DK", "Special Zone"),
    },
}
#: Most digits of a code.
WIDTH = {"province": 2, "district": 3, "commune": 5}


@dataclass(frozen=True)
class Place:
    """One province, district or commune of its time.

    Attributes
    ----------
    level : str
        ``"province"``, ``"district"`` or ``"commune"``.
    code : int or str
        Code of the General Statistics Office: int for provinces, three digits for districts, five for communes.
    name_vi, name_en : str
        Names; below provinces the English name is the Vietnamese one without diacritics.
    slug : str
        Name for files and addresses: lower-case ASCII with hyphens.
    type : str
        ``city`` or ``province``; ``quan``, ``huyen``, ``thi-xa`` or ``thanh-pho``; ``xa``, ``phuong``,
        ``thi-tran`` or ``dac-khu``.
    region : str
        Key of the socio-economic region.
    province_code : int
        The province itself, or the province that the place belongs to.
    since, until : int or None
        First and last year in which the code is the place's; None where that is before 2011, or not over.

    Examples
    --------
    >>> from papi_lib import places
    >>> places.province("Hà Nội").slug, places.province("Hà Nội").name("en")
    ('ha-noi', 'Ha Noi')
    """

    level: str
    code: int | str
    name_vi: str
    name_en: str
    slug: str
    type: str
    region: str
    province_code: int
    since: int | None = None
    until: int | None = None

    def name(self, lang: str = "vi") -> str:
        """Return the name in Vietnamese (``"vi"``) or English (``"en"``)."""
        return self.name_vi if lang == "vi" else self.name_en

    @property
    def year(self) -> int:
        """A year in which the place's code is its own: the one to look it up for."""
        return self.until or self.since or REFORM - 1


@datafiles.cached
def latest() -> int:
    """Return the latest year of the index: the one that a name or code is looked up for where none is given.

    Examples
    --------
    >>> latest()
    2024
    """
    return int(datafiles.read("years")["year"].max())


def since_reform(year: int | None = None) -> bool:
    """Return whether the places of a year, by default the latest, are those since the reform of 2025.

    Examples
    --------
    >>> since_reform(2024), since_reform(2026)
    (False, True)
    """
    return (latest() if year is None else int(year)) >= REFORM


def sides(years: Iterable[int]) -> list[list[int]]:
    """Return years before and since the reform apart, without an empty side: a code means one place within each.

    Examples
    --------
    >>> sides([2023, 2024, 2026]), sides([2024])
    ([[2023, 2024], [2026]], [[2024]])
    """
    years = list(years)
    return [own for new in (False, True) if (own := [year for year in years if since_reform(year) == new])]


@datafiles.cached
def provinces(year: int | None = None) -> pd.DataFrame:
    """Return the provinces of a year, by default the latest: 63 until 2024, 34 since.

    Returns
    -------
    pandas.DataFrame
        Index ``province_code``, columns ``name_vi``, ``name_en``, ``type`` (``city`` under central government, or
        ``province``) and ``region``.

    Examples
    --------
    >>> provinces().loc[1, ["name_vi", "type", "region"]].to_list()
    ['Hà Nội', 'city', 'red_river_delta']
    >>> len(provinces(2026)), provinces(2025).loc[15, "name_vi"], provinces(2024).loc[15, "name_vi"]
    (34, 'Lào Cai', 'Yên Bái')
    """
    columns = ["name_vi", "name_en", "type", "region"]
    if not since_reform(year):
        return datafiles.read("provinces").set_index("province_code")[columns]
    table = datafiles.read("provinces-2025").set_index("code_2025").rename_axis("province_code")
    late = table["city_since"] > (latest() if year is None else year)
    return table.assign(type=table["type"].mask(late, "province"))[columns]


@datafiles.cached
def districts() -> pd.DataFrame:
    """Return the districts as of 30 June 2025: index ``district_code``, columns ``province_code``, ``name_vi``, ``type``.

    Raises
    ------
    papi_lib.datafiles.DataError
        A name does not begin with the word for its type, or a province has it twice.

    Examples
    --------
    >>> districts().iloc[0].to_dict()
    {'province_code': 1, 'name_vi': 'Quận Ba Đình', 'type': 'quan'}
    """
    return _checked("districts", datafiles.read("districts"), "district", "province_code").set_index("district_code")


@datafiles.cached
def communes(year: int = REFORM) -> pd.DataFrame:
    """Return the communes of a year: 3,321 since 2025, 10,035 before.

    Returns
    -------
    pandas.DataFrame
        Index ``commune_code``, columns ``province_code``, ``name_vi`` and ``type``; since 2025 also ``latitude`` and
        ``longitude`` (degrees) and ``area_km2``, before ``district_code``.

    Raises
    ------
    papi_lib.datafiles.DataError
        As in `districts`.

    Examples
    --------
    >>> communes().loc["00004", "name_vi"], communes(2024).loc["00004", "name_vi"]
    ('Phường Ba Đình', 'Phường Trúc Bạch')
    """
    new = since_reform(year)
    name, home = ("communes-2025", "province_code") if new else ("communes-before-2025", "district_code")
    table = datafiles.read(name)
    if not new:
        table.insert(1, "province_code", table["district_code"].map(districts()["province_code"]))
    return _checked(name, table, "commune", home).set_index("commune_code")


def level(code: int | str) -> str:
    """Return the level that a code is of.

    Examples
    --------
    >>> level(1), level("001"), level("00004")
    ('province', 'district', 'commune')
    """
    return next(own for own, width in WIDTH.items() if width == len(code)) if isinstance(code, str) else "province"


def below(level: str, year: int) -> pd.DataFrame:
    """Return all `provinces`, `districts` or `communes` of a year.

    Raises
    ------
    ValueError
        Districts of a year after 2025, when there were none.

    Examples
    --------
    >>> len(below("district", 2024)), len(below("commune", 2026))
    (696, 3321)
    """
    if level != "district":
        return communes(year) if level == "commune" else provinces(year)
    if year > REFORM:
        raise ValueError(f"the districts ended on 30 June {REFORM}; {year} has communes")
    return districts()


def types(codes: Iterable[str], lang: str = "vi", year: int | None = None) -> str:
    """Return the types of districts or communes as a reader calls them: ``quận, huyện``; English has one word for all.

    Examples
    --------
    >>> types(["001", "016"]), types(["001", "016"], "en"), types(["00004"], year=2026)
    ('quận, huyện', 'districts', 'phường')
    """
    codes = list(codes)
    kind = level(codes[0])
    found = set(below(kind, year or REFORM - 1).loc[codes, "type"])
    return (
        f"{kind}s" if lang == "en" else ", ".join(w[0].lower() for own, w in TYPE_WORDS[kind].items() if own in found)
    )


def peers(place: Place, kind: str, year: int | None = None) -> list[int]:
    """Return province codes to compare with.

    Parameters
    ----------
    place : Place
        The place in question.
    kind : {"region", "cities"}
        The provinces of the place's region, or the cities under central government.
    year : int, optional
        The year of the comparison; by default one of the place's own.

    Examples
    --------
    >>> from papi_lib import places
    >>> peers(places.province("Hà Nội"), "cities"), len(peers(places.province("Hà Nội"), "cities", 2026))
    ([1, 31, 48, 79, 92], 7)
    """
    table = provinces(year or place.year)
    return table.index[table["type"] == "city" if kind == "cities" else table["region"] == place.region].tolist()


def region_name(key: str, lang: str = "vi") -> str:
    """Return the name of a socio-economic region in Vietnamese or English.

    Examples
    --------
    >>> region_name("red_river_delta", "en")
    'Red River Delta'
    """
    return datafiles.read("regions").set_index("region").at[key, f"name_{lang}"]


@datafiles.cached
def tiles(lang: str = "vi", year: int | None = None) -> pd.DataFrame:
    """Return the tile map's grid of a year: index ``province_code``, columns ``row``, ``column``, ``islands``, ``name``.

    Examples
    --------
    >>> tiles("en").loc[1].to_dict()
    {'row': 3, 'column': 4, 'islands': nan, 'name': 'Ha Noi'}
    """
    new = since_reform(year)
    frame = datafiles.read("tiles-2025" if new else "tiles").set_index("code_2025" if new else "province_code")
    frame = frame.rename_axis("province_code")
    return frame[["row", "column"]].assign(islands=frame[f"islands_{lang}"], name=provinces(year)[f"name_{lang}"])


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


def table_of(level: str, new: bool) -> Iterable[tuple[Place, list[str]]]:
    """Yield every place of a level before or since the reform, each with its other names."""
    year, era = (REFORM, {"since": REFORM}) if new else (REFORM - 1, {"until": REFORM - 1})
    table, regions = below(level, year), provinces(year)["region"]
    if level == "province":
        aliases = datafiles.read("provinces-2025" if new else "provinces")["aliases"].to_numpy()
        for row, others in zip(table.itertuples(), aliases, strict=True):
            short = spelling.slug(row.name_en.removesuffix(" City"))
            names = [row.name_en, *(others.split("|") if isinstance(others, str) else [])]
            yield Place(level, row.Index, row.name_vi, row.name_en, short, row.type, row.region, row.Index, **era), names  # fmt: skip
        return
    for row in table.itertuples():
        official, *_, word = TYPE_WORDS[level][row.type]
        bare = spelling.unmarked(row.name_vi.removeprefix(f"{official} "))
        english = f"{word} {bare}" if bare.isdigit() else f"{bare} {word}"
        home, name = row.province_code, row.name_vi
        if level == "commune" and not new:
            name += f" {row.Index}"  # several of a province had one name
        yield Place(level, row.Index, row.name_vi, english, spelling.slug(name), row.type, regions[home], home, **era), []  # fmt: skip


def _checked(name: str, table: pd.DataFrame, level: str, home: str) -> pd.DataFrame:
    """Return a table of places whose names begin with the words for their types, each once in its `home`."""
    twice = table.duplicated([home, "name_vi"])
    official = table["type"].map({kind: words[0] for kind, words in TYPE_WORDS[level].items()})
    wrong = [not full.startswith(f"{word} ") for full, word in zip(table["name_vi"], official, strict=True)]
    wrong = pd.Series(wrong, table.index)
    again = f"is another {level} of the {home.removesuffix('_code')} already; correct it"
    datafiles.refuse(name, table, "name_vi", twice, again)
    datafiles.refuse(name, table, "name_vi", wrong, "does not begin with '" + official + "'; correct it")
    return table

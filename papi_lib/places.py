"""Provinces and districts: what a name or a code means, regions, the 2025 merger, Vietnamese sort order.

A code is a code where nothing but its digits stand there, in the width of its level: at most two for a
province, at most three for a district. A name is spelled with all its marks or without some of them, in any
Unicode form and case, with its type word (Quận, H., TP., …) or without; a mark or a type word that is
there belongs to the name, so that "Quận 1" is no code and "Huyện Ba Đình" no place. What fits two places is none.
"""

from __future__ import annotations

import difflib
import numbers
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from papi_lib import datafiles, spelling
from papi_lib.spelling import plain as plain
from papi_lib.spelling import slug as slug
from papi_lib.spelling import sort_key as sort_key

#: Words for each type of place, as they stand before or behind a name; the first is the official one.
_TYPE_WORDS = {
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
}
#: Most digits of a code.
_WIDTH = {"province": 2, "district": 3}
#: Headers of columns that hold places, in plain letters.
_HEADERS = {
    "province": r"((ma|ten|id) )?(tinh( thanh)?( pho| tp)?( truc thuoc (trung uong|tw))?|dia phuong|province) ?(code|name|id)?",
    "district": r"((ma|ten|id) )?(quan|huyen|quan huyen|huyen quan|district)( thi xa| tx)?( thanh pho| tp)? ?(code|name|id)?",
}
#: So many of the 34 provinces since 2025 and no other province: the file is of these.
_ALMOST_ALL = 30
#: Where all names are.
_ALL = {
    "province": "papi list shows all names",
    "district": "data/places/districts.csv has the names of 30 June 2025; add a row for an older district",
}
#: So many unknown names of a column are told with the nearest ones, the search for which takes a while.
_HINTS = 20


@dataclass(frozen=True)
class Place:
    """One province or district.

    Attributes
    ----------
    level : str
        ``"province"`` or ``"district"``.
    code : int or str
        Code of the General Statistics Office: int for provinces, three digits for districts.
    name_vi, name_en : str
        Names; a district's English name is its Vietnamese one without diacritics.
    slug : str
        Name for files and addresses: lower-case ASCII with hyphens.
    type : str
        ``city`` or ``province``; ``quan``, ``huyen``, ``thi-xa`` or ``thanh-pho``.
    region : str
        Key of the socio-economic region.
    province_code : int
        The province itself, or the province that the district belongs to.
    merged_2025 : str
        Vietnamese name of the province since 1 July 2025.

    Examples
    --------
    >>> province("Hà Nội").slug, province("Hà Nội").name("en")
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
    merged_2025: str

    def name(self, lang: str = "vi") -> str:
        """Return the name in Vietnamese (``"vi"``) or English (``"en"``)."""
        return self.name_vi if lang == "vi" else self.name_en


def aliases(place: Place) -> list[str]:
    """Return other names in use of a province, as the data have them.

    Examples
    --------
    >>> aliases(province("Hồ Chí Minh"))[-1]
    'Sài Gòn'
    """
    table = datafiles.read("provinces").set_index("province_code")["aliases"].dropna()
    return table[place.code].split("|") if place.code in table else []


@datafiles.cached
def provinces() -> pd.DataFrame:
    """Return the 63 provinces: index ``province_code``, columns names, ``type``, ``region``, ``merged_2025``.

    Examples
    --------
    >>> provinces().loc[1, ["name_vi", "type", "region"]].to_list()
    ['Hà Nội', 'city', 'red_river_delta']
    """
    return datafiles.read("provinces").set_index("province_code").drop(columns="aliases")


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
    table = datafiles.read("districts")
    twice = table.duplicated(["province_code", "name_vi"])
    for row in table.itertuples():
        word = _TYPE_WORDS["district"][row.type][0]
        why = "is another district of the province already" if twice[row.Index] else f"does not begin with '{word}'"
        if twice[row.Index] or not row.name_vi.startswith(f"{word} "):
            where = datafiles.where("districts", row.Index, "name_vi")
            raise datafiles.DataError(f"{where}: '{row.name_vi}' {why}; correct it")
    return table.set_index("district_code")


def provinces_2025() -> pd.DataFrame:
    """Return the 34 provinces since 1 July 2025: index ``code_2025``, columns ``name_vi``, ``name_en``.

    Seven of the codes belonged to another province before: 15, 24, 44, 52, 80, 82 and 91.

    Examples
    --------
    >>> provinces_2025().loc[15, "name_vi"], provinces().loc[15, "name_vi"]
    ('Lào Cai', 'Yên Bái')
    """
    return datafiles.read("provinces-2025").set_index("code_2025")


@datafiles.cached
def province(name: str | int) -> Place:
    """Find one of the 63 provinces by name or code.

    Parameters
    ----------
    name : str or int
        Vietnamese name with or without its marks and type word, English name, another name in use, or
        code of the General Statistics Office: ``"Hà Nội"``, ``"TP. Hà Nội"``, ``"hanoi"``, ``1``, ``1.0``, ``"01"``.

    Returns
    -------
    Place

    Raises
    ------
    ValueError
        No such province; the message gives the nearest names.

    Examples
    --------
    >>> province("hanoi").name_vi, province(1).code
    ('Hà Nội', 1)
    """
    return _one(name, "province")


def nearest(name: str) -> list[str]:
    """Return the Vietnamese names of the provinces that are spelled most like `name`, at most three.

    Examples
    --------
    >>> nearest("Hanoii")[0]
    'Hà Nội'
    """
    return [place.name_vi for place in _nearest(name, "province")]


@datafiles.cached
def district(name: str | int, province: str | int | Place | None = None) -> Place:
    """Find a district by name or code.

    Parameters
    ----------
    name : str or int
        Name with or without its marks and type word, or code of the General Statistics Office:
        ``"Ba Đình"``, ``"Q. Ba Đình"``, ``"ba dinh"``, ``"001"``, ``1``.
    province : Place, str, int or None
        The district's province, which tells equal names apart; None looks in all.

    Returns
    -------
    Place

    Raises
    ------
    ValueError
        No such district in the province, or several; the message names them, or the nearest names.

    Examples
    --------
    >>> district("ba dinh").name_vi, district("Huyện Châu Thành", "Tiền Giang").code
    ('Quận Ba Đình', '821')
    """
    return _one(name, "district", _home(province))


def codes(
    values: pd.Series,
    province: str | int | Place | pd.Series | None = None,
    level: str = "province",
    names: pd.Series | None = None,
) -> tuple[pd.Series, pd.DataFrame]:
    """Return the codes of a whole column of names or codes, and what did not match.

    Parameters
    ----------
    values : pandas.Series
        Names or codes, as `province` and `district` take them.
    province : Place, str, int, pandas.Series or None
        The districts' province, or that of each row. Without it a name that several provinces have is
        that of the province in which all the column's other districts lie.
    level : {"province", "district"}
        What the column is of.
    names : pandas.Series, optional
        A second column, of names beside codes: where a row has both, both must mean one place.

    Returns
    -------
    (pandas.Series, pandas.DataFrame)
        Codes like `values`, missing where there is no match: Int64 for provinces, three digits as text for
        districts. And what did not match: ``row`` (label in the index), ``value``, ``problem``; the rows
        in which code and name disagree are in ``.attrs["conflicts"]`` also.

    Raises
    ------
    ValueError
        The column has the names or codes of the 34 provinces since 1 July 2025.

    Examples
    --------
    >>> found, problems = codes(pd.Series(["Hà Nội", 31.0, "Hanoii"]))
    >>> found.to_list(), problems.loc[0, "problem"].split(",")[0]
    ([1, 31, <NA>], 'is not known; did you mean Hà Nội')
    """
    homes = codes(province)[0] if isinstance(province, pd.Series) else [_home(province)] * len(values)
    beside = [None] * len(values) if names is None else names
    rows = [(_cell(value), _cell(name), _cell(home)) for value, name, home in zip(values, beside, homes, strict=True)]
    cells = dict.fromkeys(cell for row in rows for cell in row[:2] if cell)
    found = {cell: _candidates(cell[1], level) for cell in cells}
    sure = {spots[0].province_code for spots in found.values() if len(spots) == 1}
    likely = sure.pop() if level == "district" and len(sure) == 1 else None
    answers = {}
    for row in dict.fromkeys(rows):
        home = row[2][1] if row[2] else likely
        answers[row] = _settled([(c[1], found[c]) for c in row[:2] if c], level, home, hint=len(answers) < _HINTS)
    matched = [getattr(answers[row], "code", None) for row in rows]
    if level == "province":
        check_63(code for code in matched if code)
    told = [(label, value, answers[row]) for label, value, row in zip(values.index, values, rows, strict=True) if isinstance(answers[row], str)]  # fmt: skip
    problems = pd.DataFrame(told, columns=["row", "value", "problem"])
    problems.attrs["conflicts"] = [label for label, _, why in told if isinstance(why, _Conflict)]
    return pd.Series(matched, values.index, dtype="Int64" if level == "province" else "str"), problems


def in_table(
    table: pd.DataFrame, column: str, level: str = "province", beside: Iterable[str] | None = None
) -> tuple[pd.Series, pd.DataFrame]:
    """Return the codes of the places in a table's column, held against what the other columns say of them.

    Parameters
    ----------
    table : pandas.DataFrame
        With names or codes of places in `column`.
    column : str
        The column.
    level : {"province", "district"}
        What it is of; districts are looked for in the province that another column names, if one does.
    beside : iterable of str, optional
        Columns that may name the same places; by default those whose headers say so (`key_columns`).

    Returns
    -------
    (pandas.Series, pandas.DataFrame)
        As from `codes`; the column that was held against is in ``.attrs["beside"]`` of the second, None if there is none.

    Raises
    ------
    ValueError
        As `codes`.

    Examples
    --------
    >>> table = pd.DataFrame({"ma_tinh": [1, 15], "tinh": ["Hà Nội", "Lào Cai"]})
    >>> found, problems = in_table(table, "ma_tinh")
    >>> found.to_list(), problems.attrs
    ([1, <NA>], {'conflicts': [1], 'beside': 'tinh'})
    """
    others = [c for c in (key_columns(table.columns, level) if beside is None else beside) if c != column]
    known = (c for c in others if any(_candidates(value, level) for value in table[c].dropna().unique()))
    homes = key_columns(table.columns) if level == "district" else []
    other = next(known, None)
    names = None if other is None else table[other]
    found, problems = codes(table[column], table[homes[0]] if homes else None, level, names)
    problems.attrs["beside"] = other
    return found, problems


def check_63(codes: Iterable[int]) -> None:
    """Refuse codes of provinces that are those of the 34 since 1 July 2025, of which 23 were formed of several.

    Parameters
    ----------
    codes : iterable of int
        Codes as they stand there, or of the 63 provinces that have the names.

    Raises
    ------
    ValueError
        At least 30 of the 34 are there, and no other province.

    Examples
    --------
    >>> check_63(provinces().index)
    >>> check_63(provinces_2025().index)
    Traceback (most recent call last):
    ValueError: these are the 34 provinces since 1 July 2025, and the scores are of the 63 before; give figures of the 63
    """
    found, table = set(codes), provinces_2025()
    same_name = {province(name).code for name in table["name_vi"]}
    if len(found) >= _ALMOST_ALL and (found <= set(table.index) or found <= same_name):
        raise ValueError("these are the 34 provinces since 1 July 2025, and the scores are of the 63 before; give figures of the 63")  # fmt: skip


def key_columns(columns: Iterable[str], level: str = "province") -> list[str]:
    """Return the columns whose names say that they hold places of a level: ``Tỉnh/thành``, ``ma_huyen``, …

    Examples
    --------
    >>> key_columns(["Năm", "Mã tỉnh", "Tỉnh/thành phố", "visits"])
    ['Mã tỉnh', 'Tỉnh/thành phố']
    """
    return [c for c in columns if re.fullmatch(_HEADERS[level], " ".join(re.findall("[a-z0-9]+", plain(c))))]


def types(codes: Iterable[str], lang: str = "vi") -> str:
    """Return the types of districts as a reader calls them: ``quận, huyện``; English has one word for all.

    Examples
    --------
    >>> types(["001", "016"]), types(["001", "016"], "en")
    ('quận, huyện', 'districts')
    """
    found = set(districts().loc[list(codes), "type"])
    named = [words[0].lower() for kind, words in _TYPE_WORDS["district"].items() if kind in found]
    return "districts" if lang == "en" else ", ".join(named)


def peers(place: Place, kind: str) -> list[int]:
    """Return province codes to compare with.

    Parameters
    ----------
    place : Place
        The place in question.
    kind : {"country", "region", "cities"}
        All provinces, those of the place's region, or the five cities under central government.

    Examples
    --------
    >>> peers(province("Hà Nội"), "cities")
    [1, 31, 48, 79, 92]
    """
    table = provinces()
    chosen = {"country": table["type"] != "", "region": table["region"] == place.region, "cities": table["type"] == "city"}  # fmt: skip
    return [int(code) for code in table.index[chosen[kind]]]


def region_name(key: str, lang: str = "vi") -> str:
    """Return the name of a socio-economic region in Vietnamese or English.

    Examples
    --------
    >>> region_name("red_river_delta", "en")
    'Red River Delta'
    """
    return datafiles.read("regions").set_index("region").at[key, f"name_{lang}"]


@datafiles.cached
def tiles(lang: str = "vi") -> pd.DataFrame:
    """Return the tile map's grid: index ``province_code``, columns ``row``, ``column``, ``islands``, ``name``.

    Examples
    --------
    >>> tiles("en").loc[1].to_dict()
    {'row': 3, 'column': 4, 'islands': nan, 'name': 'Ha Noi'}
    """
    frame = datafiles.read("tiles").set_index("province_code")
    return frame[["row", "column"]].assign(islands=frame[f"islands_{lang}"], name=provinces()[f"name_{lang}"])


class _Conflict(str):
    """Why a code and a name beside each other are not one place."""


@lru_cache(maxsize=4)
def _register(_stamp: tuple, level: str) -> tuple[dict[int, Place], dict[str, list[tuple]]]:
    """Return a level's places by the number of their code; and by key of its names the place, its type and the words."""
    known, names = {}, {}
    made, table = (_province, datafiles.read("provinces")) if level == "province" else (_district, districts())
    for place, others in map(made, table.itertuples()):
        known[int(place.code)] = place
        for name in (place.name_vi, *others):
            kind, words = place.type, spelling.words(name)
            for other, (official, *_) in _TYPE_WORDS[level].items():
                if words[: len(head := spelling.words(official))] == head:
                    kind, words = other, words[len(head) :]
            names.setdefault(spelling.key(words), []).append((place, kind, words))
    return known, names


def _province(row) -> tuple[Place, list[str]]:
    """Return a province and its other names."""
    short = slug(row.name_en.removesuffix(" City"))
    others = [row.name_en, *(row.aliases.split("|") if isinstance(row.aliases, str) else [])]
    return Place("province", row.province_code, row.name_vi, row.name_en, short, row.type, row.region, row.province_code, row.merged_2025), others  # fmt: skip


def _district(row) -> tuple[Place, list[str]]:
    """Return a district and its other names."""
    home, (official, *_, word) = province(row.province_code), _TYPE_WORDS["district"][row.type]
    bare = spelling.unmarked(row.name_vi.removeprefix(f"{official} "))
    english = f"{word} {bare}" if bare.isdigit() else f"{bare} {word}"
    return Place("district", row.Index, row.name_vi, english, slug(row.name_vi), row.type, home.region, home.code, home.merged_2025), []  # fmt: skip


def _candidates(value: object, level: str) -> list[Place]:
    """Return the places that a name or code may mean; several where a name is that of several."""
    known, names = _register(datafiles.stamp(), level)
    number = _number(value, level)
    if number is not None:
        return [known[number]] if number in known else []
    like = {}
    for kind, rest in _readings(value, level) if isinstance(value, str) else ():
        key = spelling.key(rest)
        for place, own, words in names.get(key, ()):
            if kind == own or (kind is None and not key.isdigit()):
                like[place] = max(like.get(place, 0), spelling.likeness(rest, words))
    return [place for place, n in like.items() if n == max(like.values()) > 0]


def _number(value: object, level: str) -> int | None:
    """Return the number of a code; None for what is none."""
    if isinstance(value, str):
        found = re.fullmatch(rf"([0-9]{{1,{_WIDTH[level]}}})(\.0+)?", spelling.visible(value).strip())
        return int(found[1]) if found else None
    whole = isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value // 1
    return int(value) if whole else None


def _readings(text: str, level: str) -> list[tuple[str | None, tuple[str, ...]]]:
    """Return how a name can be read: without a type word, or with one in front or behind, and the other words."""
    words = spelling.words(text)
    found = [(None, words)] if words else []
    for kind, spellings in _TYPE_WORDS[level].items():
        for head in map(spelling.words, spellings):
            n = len(head)
            for said, rest in ((words[:n], words[n:]), (words[-n:], words[:-n])):
                if rest and spelling.key(said) == spelling.key(head) and spelling.likeness(said, head):
                    found.append((kind, rest))
    return found


def _settled(given: list[tuple[object, list[Place]]], level: str, home: int | None, hint: bool = True) -> Place | str:
    """Return the one place that what is given means together, or why there is none.

    `given` are a code or name, and what stands beside it, each with what it may mean; `home` is the province.
    """
    if not given:
        return "is empty; fill it in"
    for n, (value, found) in enumerate(given):
        if not found:
            why = f"is not known; {_hint(value, level, home) if hint else _ALL[level]}"
            return f"stands beside '{_shown(value)}', which {why}" if n else why
    both = [place for place in given[0][1] if all(place in found for _, found in given[1:])]
    if not both:
        first, second = (_join(found) for _, found in given)
        return _Conflict(f"is {first}, but '{_shown(given[1][0])}' beside it is {second}{_since_2025(*given)}")
    inside = [place for place in both if home in (None, place.province_code)]
    if len(inside) == 1:
        return inside[0]
    if not inside:
        return f"is not in {province(home).name_vi}; it is {_join(both)}"
    alike = len({place.province_code for place in inside}) == 1
    return f"fits {_join(inside)}; {'write the whole name or the code' if alike else 'say of which province'}"


def _since_2025(*given: tuple[object, list[Place]]) -> str:
    """Return that a code is that of the name beside it since 1 July 2025, if that is so."""
    for (code, _), (_, named) in (given, given[::-1]):
        number = _number(code, "province")
        if named[0].level == "province" and named[0].name_vi == provinces_2025()["name_vi"].get(number):
            return f" (whose code {number} is since 1 July 2025; the scores are of the 63 provinces before)"
    return ""


def _one(value: object, level: str, home: int | None = None) -> Place:
    if not _cell(value):
        raise ValueError(f"no {level} is named: the value is missing; give a name or a code")
    found = _settled([(value, _candidates(value, level))], level, home)
    if isinstance(found, Place):
        return found
    unknown, given = found.removeprefix("is not known"), f"'{_shown(value)}'"
    raise ValueError(f"no {level} named {given}{unknown}" if unknown != found else f"{given} {found}")


def _home(province_of: str | int | Place | None) -> int | None:
    """Return the code of a province that is given, if one is."""
    if province_of is None or isinstance(province_of, Place):
        return province_of and province_of.province_code
    return province(province_of).code


def _cell(value: object) -> tuple | None:
    """Return a value with its type, to look it up by; None if it is missing."""
    if not pd.api.types.is_hashable(value):
        return type(value), str(value)
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else (type(value), value)


def _hint(value: object, level: str, home: int | None) -> str:
    if near := _nearest(value, level, home) if isinstance(value, str) else []:
        return f"did you mean {', '.join(place.name_vi if home else _label(place) for place in near)}?"
    digits = f"a {level}'s code has at most {_WIDTH[level]} digits, and " if re.search(r"\d", str(value)) else ""
    return f"{digits}{_ALL[level]}"


def _nearest(value: str, level: str, home: int | None = None) -> list[Place]:
    """Return the places that are spelled most like a name, at most three: those that differ in type or marks, or else letters."""
    _, names = _register(datafiles.stamp(), level)
    keys = [spelling.key(rest) for _, rest in reversed(_readings(value, level))]
    keys = [key for key in keys or [re.sub("[^a-z0-9]", "", plain(value))] if not key.isdigit()]
    inside = {key: [p for p, *_ in found if home in (None, p.province_code)] for key, found in names.items()}
    here = {key: found for key, found in inside.items() if found}
    if keys and not here.keys() & set(keys):
        keys = difflib.get_close_matches(keys[0], here, n=5, cutoff=0.5)
    return list(dict.fromkeys(place for key in keys for place in here.get(key, ())))[:3]


def _join(found: list[Place]) -> str:
    return " and ".join(map(_label, found[:2])) + (f" and {len(found) - 2} more" if len(found) > 2 else "")


def _label(place: Place) -> str:
    """Return a place's name for messages, a district's with its province."""
    return place.name_vi if place.level == "province" else f"{place.name_vi} ({province(place.province_code).name_vi})"


def _shown(value: object) -> str:
    """Return what was given as it can be shown in one line."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return f"{text[:60]}…" if len(text) > 60 else text

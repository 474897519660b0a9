"""Provinces, districts and communes by year: what a name or a code means, alone or down a whole column, and what to write where it means nothing.

Who there is, and what the reform of 2025 made of them, is in `papi_lib.places.registers`, whose functions are reached here too.

A code is a code where nothing but its digits stand there, in the width of its level: at most two for a
province, three for a district, five for a commune. A name is spelled with all its marks or without some of them, in any
Unicode form and case, with its type word (Quận, H., TP., …) or without; a mark or a type word that is
there belongs to the name, so that "Quận 1" is no code and "Huyện Ba Đình" no place. What fits two places is none.
"""

from __future__ import annotations

import difflib
import numbers
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from papi_lib import datafiles, reads, spelling
from papi_lib.findings import shown
from papi_lib.places.registers import *  # noqa: F403
from papi_lib.places.registers import REFORM, TYPE_WORDS, WIDTH, Place, provinces, since_reform, table_of, told
from papi_lib.spelling import plain, slug, sort_key  # noqa: F401

#: Headers of columns that hold places, in plain letters.
_HEADERS = {
    "province": r"((ma|ten|id) )?(tinh( thanh)?( pho| tp)?( truc thuoc (trung uong|tw))?|dia phuong|province) ?(code|name|id)?",
    "district": r"((ma|ten|id) )?(quan|huyen|quan huyen|huyen quan|district)( thi xa| tx)?( thanh pho| tp)? ?(code|name|id)?",
    "commune": r"((ma|ten|id) )?(xa|phuong|xa phuong|phuong xa|commune|ward)( thi tran| tt| dac khu)* ?(code|name|id)?",
}
#: So many of the 34 provinces since 2025 and no other province: the file is of these.
_ALMOST_ALL = 30
#: Where all names are.
_ALL = {
    "province": "places.provinces() and papi list show all names",
    "district": "data/places/districts.csv has the names of 30 June 2025; add a row for an older district",
    "commune": "data/places/ has the names until and since 2025",
}
#: So many unknown names of a column are told with the nearest ones, the search for which takes a while.
_HINTS = 20


class _Which(NamedTuple):
    """A level of places, before or since the reform."""

    level: str
    new: bool


def aliases(place: Place) -> list[str]:
    """Return other names in use of a province, as the data have them.

    Examples
    --------
    >>> aliases(province("Hồ Chí Minh"))[-1]
    'Sài Gòn'
    """
    table = datafiles.read("provinces-2025" if place.since else "provinces")
    found = table.loc[(table["name_vi"] == place.name_vi) & table["aliases"].notna(), "aliases"]
    return [] if found.empty else found.iloc[0].split("|")


@datafiles.cached
def province(name: str | int, year: int | None = None) -> Place:
    """Find a province by name or code.

    Parameters
    ----------
    name : str or int
        Vietnamese name with or without its marks and type word, English name, another name in use, or
        code of the General Statistics Office: ``"Hà Nội"``, ``"TP. Hà Nội"``, ``"hanoi"``, ``1``, ``1.0``, ``"01"``.
    year : int, optional
        Year that it is a province of: one of 63 until 2024, one of 34 since; by default the index's latest year.

    Returns
    -------
    Place

    Raises
    ------
    ValueError
        No such province; the message gives the nearest names, or what became of it.

    Examples
    --------
    >>> province("hanoi").name_vi, province(1).code
    ('Hà Nội', 1)
    >>> province(15, 2024).name_vi, province(15, 2026).name_vi
    ('Yên Bái', 'Lào Cai')
    """
    return _one(name, _which("province", year))


def nearest(name: str) -> list[str]:
    """Return the Vietnamese names of the provinces that are spelled most like `name`, at most three.

    Examples
    --------
    >>> nearest("Hanoii")[0]
    'Hà Nội'
    """
    return [place.name_vi for place in _nearest(name, _which("province", None))]


@datafiles.cached
def district(name: str | int, province: str | int | Place | None = None, year: int = REFORM) -> Place:
    """Find a district by name or code.

    Parameters
    ----------
    name : str or int
        Name with or without its marks and type word, or code of the General Statistics Office:
        ``"Ba Đình"``, ``"Q. Ba Đình"``, ``"ba dinh"``, ``"001"``, ``1``.
    province : Place, str, int or None
        The district's province, which tells equal names apart; None looks in all.
    year : int
        Year of the question; there were districts until 30 June 2025.

    Returns
    -------
    Place

    Raises
    ------
    ValueError
        No such district in the province, or several; the message names them, or the nearest names. Or none any more.

    Examples
    --------
    >>> district("ba dinh").name_vi, district("Huyện Châu Thành", "Tiền Giang").code
    ('Quận Ba Đình', '821')
    """
    if year > REFORM:
        known = _best(_candidates(name, _Which("district", False)), _home(province, REFORM - 1))
        what = told(known[0]) if len(known) == 1 else f"they ended on 30 June {REFORM}"
        raise ValueError(f"there are no districts in {year}: {what}; name a commune")
    return _one(name, _Which("district", False), _home(province, REFORM - 1))


@datafiles.cached
def commune(name: str | int, province: str | int | Place | None = None, year: int = REFORM) -> Place:
    """Find a commune, ward, township or special zone of a year by name or code.

    Parameters
    ----------
    name : str or int
        Name with or without its marks and type word, or code of the General Statistics Office, up to five digits.
    province : Place, str, int or None
        Its province (of the same year), which tells equal names apart; None looks in all.
    year : int
        Year that it is a commune of: one of 10,035 until 2024, one of 3,321 since.

    Returns
    -------
    Place

    Raises
    ------
    ValueError
        No such commune in the province, or several; the message names them, what became of it, or the nearest names.

    Examples
    --------
    >>> commune("P. Ba Đình", "Hà Nội").code, commune("00004", year=2024).name_vi
    ('00004', 'Phường Trúc Bạch')
    """
    return _one(name, _which("commune", year), _home(province, year))


def find(name: str | int, level: str, year: int, province: str | int | Place | None = None) -> Place:
    """Find a place of a level: `province`, `district` or `commune`.

    Examples
    --------
    >>> find("ba dinh", "commune", 2026, "Hà Nội").name_vi
    'Phường Ba Đình'
    """
    if level == "province":
        return globals()["province"](name, year)
    return {"district": district, "commune": commune}[level](name, province, year)


def codes(
    values: pd.Series, province: str | int | Place | pd.Series | None = None, level: str = "province",
    names: pd.Series | None = None, year: int | None = None,
) -> tuple[pd.Series, pd.DataFrame]:  # fmt: skip
    """Return the codes of a whole column of names or codes, and what did not match.

    Parameters
    ----------
    values : pandas.Series
        Names or codes, as `province`, `district` and `commune` take them.
    province : Place, str, int, pandas.Series or None
        The places' province, or that of each row. Without it a name that several provinces have is
        that of the province in which all the column's other places lie.
    level : {"province", "district", "commune"}
        What the column is of.
    names : pandas.Series, optional
        A second column, of names beside codes: where a row has both, both must mean one place.
    year : int, optional
        Year of the places; by default the index's latest.

    Returns
    -------
    (pandas.Series, pandas.DataFrame)
        Codes like `values`, missing where there is no match: Int64 for provinces, digits as text for
        districts and communes. And what did not match: ``row`` (label in the index), ``value``, ``problem``; the rows
        in which code and name disagree are in ``.attrs["conflicts"]`` also.

    Raises
    ------
    ValueError
        The column has the names or codes of the 34 provinces since 1 July 2025, and `year` is before.

    Examples
    --------
    >>> found, problems = codes(pd.Series(["Hà Nội", 31.0, "Hanoii"]))
    >>> found.to_list(), problems.loc[0, "problem"].split(",")[0]
    ([1, 31, <NA>], 'is not known; did you mean Hà Nội')
    """
    which = _which(level, year)
    homes = codes(province, year=year)[0] if isinstance(province, pd.Series) else [_home(province, year)] * len(values)
    beside = [None] * len(values) if names is None else names
    rows = [(_cell(value), _cell(name), _cell(home)) for value, name, home in zip(values, beside, homes, strict=True)]
    cells = dict.fromkeys(cell for row in rows for cell in row[:2] if cell)
    found = {cell: _candidates(cell[1], which) for cell in cells}
    sure = {spots[0].province_code for spots in (_best(f, None) for f in found.values()) if len(spots) == 1}
    likely = sure.pop() if level != "province" and len(sure) == 1 else None
    answers = {}
    for row in dict.fromkeys(rows):
        home = row[2][1] if row[2] else likely
        answers[row] = _settled([(c[1], found[c]) for c in row[:2] if c], which, home, hint=len(answers) < _HINTS)
    matched = [getattr(answers[row], "code", None) for row in rows]
    if level == "province":
        check_set((code for code in matched if code), year)
    rest = [(label, value, answers[row]) for label, value, row in zip(values.index, values, rows, strict=True) if isinstance(answers[row], str)]  # fmt: skip
    problems = pd.DataFrame(rest, columns=["row", "value", "problem"])
    problems.attrs["conflicts"] = [label for label, _, why in rest if isinstance(why, _Conflict)]
    return pd.Series(matched, values.index, dtype="Int64" if level == "province" else "str"), problems


def in_table(
    table: pd.DataFrame, column: str, level: str = "province", beside: Iterable[str] | None = None,
    year: int | None = None,
) -> tuple[pd.Series, pd.DataFrame]:  # fmt: skip
    """Return the codes of the places in a table's column, held against what the other columns say of them.

    Parameters
    ----------
    table : pandas.DataFrame
        With names or codes of places in `column`.
    column : str
        The column.
    level : {"province", "district", "commune"}
        What it is of; districts and communes are looked for in the province that another column names, if one does.
    beside : iterable of str, optional
        Columns that may name the same places; by default those whose headers say so (`key_columns`).
    year : int, optional
        As in `codes`.

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
    which = _which(level, year)
    others = [c for c in (key_columns(table.columns, level) if beside is None else beside) if c != column]
    known = (c for c in others if any(_candidates(value, which) for value in table[c].dropna().unique()))
    homes = key_columns(table.columns) if level != "province" else []
    other = next(known, None)
    names = None if other is None else table[other]
    found, problems = codes(table[column], table[homes[0]] if homes else None, level, names, year)
    problems.attrs["beside"] = other
    return found, problems


def check_set(codes: Iterable[int], year: int | None = None) -> None:
    """Refuse codes of provinces that are those of the other side of the reform of 1 July 2025.

    Parameters
    ----------
    codes : iterable of int
        Codes as they stand there, or of the 63 provinces that have the names.
    year : int, optional
        Year that they are of; by default the index's latest.

    Raises
    ------
    ValueError
        Before 2025, at least 30 of the 34 are there, and no other province; since, one that the 34 have not.

    Examples
    --------
    >>> check_set(provinces(2024).index, 2024)
    >>> check_set(provinces(2025).index, 2024)
    Traceback (most recent call last):
    ValueError: these are the 34 provinces since 1 July 2025, and the scores are of the 63 before; give figures of the 63
    """
    found, table = set(codes), provinces(REFORM)
    if since_reform(year):
        if ended := sorted(found - set(table.index)):
            names = provinces(REFORM - 1)["name_vi"].get(ended[0], "none")
            raise ValueError(f"code {ended[0]} ({names}) is of no province since 1 July 2025; give figures of the 34")
        return
    same_name = {province(name, REFORM - 1).code for name in table["name_vi"]}
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


class _Conflict(str):
    """Why a code and a name beside each other are not one place."""


def _which(level: str, year: int | None) -> _Which:
    return _Which(level, level != "district" and since_reform(year))


@reads.noted
@lru_cache(maxsize=8)
def _register(_stamp: tuple, which: _Which) -> tuple[dict[int, Place], dict[str, list[tuple]]]:
    """Return a level's places by the number of their code; and by key of its names the place, its type and the words."""
    known, names = {}, {}
    heads = {kind: spelling.words(official) for kind, (official, *_) in TYPE_WORDS[which.level].items()}
    for place, others in table_of(*which):
        known[int(place.code)] = place
        for name in (place.name_vi, *others):
            kind, words = place.type, spelling.words(name)
            for other, head in heads.items():
                if words[: len(head)] == head:
                    kind, words = other, words[len(head) :]
            names.setdefault(spelling.key(words), []).append((place, kind, words))
    return known, names


def _candidates(value: object, which: _Which) -> dict[Place, int]:
    """Return the places that a name or code may mean, each with how like it is spelled: see `papi_lib.spelling.likeness`."""
    known, names = _register(datafiles.stamp(), which)
    number = _number(value, which.level)
    if number is not None:
        return {known[number]: 2} if number in known else {}
    like = {}
    for kind, rest in _readings(value, which.level) if isinstance(value, str) else ():
        key = spelling.key(rest)
        for place, own, words in names.get(key, ()):
            if kind == own or (kind is None and not key.isdigit()):
                like[place] = max(like.get(place, 0), spelling.likeness(rest, words))
    return {place: n for place, n in like.items() if n}


def _best(found: dict[Place, int], home: int | None) -> list[Place]:
    """Return the likeliest of what a name or code may mean: of those in the home province, if any is there."""
    inside = {place: n for place, n in found.items() if home in (None, place.province_code)} or found
    return [place for place, n in inside.items() if n == max(inside.values())]


def _number(value: object, level: str) -> int | None:
    """Return the number of a code; None for what is none."""
    if isinstance(value, str):
        found = re.fullmatch(rf"([0-9]{{1,{WIDTH[level]}}})(\.0+)?", spelling.visible(value).strip())
        return int(found[1]) if found else None
    whole = isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value // 1
    return int(value) if whole else None


def _readings(text: str, level: str) -> list[tuple[str | None, tuple[str, ...]]]:
    """Return how a name can be read: without a type word, or with one in front or behind, and the other words."""
    words = spelling.words(text)
    found = [(None, words)] if words else []
    for kind, spellings in TYPE_WORDS[level].items():
        for head in map(spelling.words, spellings):
            n = len(head)
            for said, rest in ((words[:n], words[n:]), (words[-n:], words[:-n])):
                if rest and spelling.key(said) == spelling.key(head) and spelling.likeness(said, head):
                    found.append((kind, rest))
    return found


def _settled(
    options: list[tuple[object, dict[Place, int]]], which: _Which, home: int | None, hint: bool = True
) -> Place | str:
    """Return the one place that what is given means together, or why there is none.

    `options` are a code or name, and what stands beside it, each with what it may mean; `home` is the province.
    """
    if not options:
        return "is empty; fill it in"
    given = [(value, _best(found, home)) for value, found in options]
    for n, (value, found) in enumerate(given):
        if not found:
            why = f"is not known; {_hint(value, which, home) if hint else _ALL[which.level]}"
            return f"stands beside '{shown(value)}', which {why}" if n else why
    both = [place for place in given[0][1] if all(place in found for _, found in options)]
    if not both:
        first, second = (_join(found) for _, found in given)
        return _Conflict(f"is {first}, but '{shown(given[1][0])}' beside it is {second}{_other_side(which, *given)}")
    inside = [place for place in both if home in (None, place.province_code)]
    if len(inside) == 1:
        return inside[0]
    if not inside:
        return f"is not in {provinces(both[0].year)['name_vi'][home]}; it is {_join(both)}"
    alike = len({place.province_code for place in inside}) == 1
    return f"fits {_join(inside)}; {'write the whole name or the code' if alike else 'say of which province'}"


def _other_side(which: _Which, *given: tuple[object, list[Place]]) -> str:
    """Return that a code is that of the name beside it on the other side of the reform, if that is so."""
    other = _register(datafiles.stamp(), _Which(which.level, not which.new))[0] if which.level != "district" else {}
    for (code, _), (_, named) in (given, given[::-1]):
        there = other.get(_number(code, which.level))
        if there and there.name_vi == named[0].name_vi:
            when = "until 30 June 2025" if which.new else "since 1 July 2025; the figures are of before"
            return f" (whose code {int(there.code)} is {when})"
    return ""


def _one(value: object, which: _Which, home: int | None = None) -> Place:
    if not _cell(value):
        raise ValueError(f"no {which.level} is named: the value is missing; give a name or a code")
    found = _settled([(value, _candidates(value, which))], which, home)
    if isinstance(found, Place):
        return found
    unknown, given = found.removeprefix("is not known"), f"'{shown(value)}'"
    raise ValueError(f"no {which.level} named {given}{unknown}" if unknown != found else f"{given} {found}")


def _home(province_of: str | int | Place | None, year: int | None) -> int | None:
    """Return the code of a province that is given, if one is."""
    if province_of is None or isinstance(province_of, Place):
        return province_of and province_of.province_code
    return province(province_of, year).code


def _cell(value: object) -> tuple | None:
    """Return a value with its type, to look it up by; None if it is missing."""
    if not pd.api.types.is_hashable(value):
        return type(value), str(value)
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else (type(value), value)


def _hint(value: object, which: _Which, home: int | None) -> str:
    if which.level != "district" and (there := _candidates(value, _Which(which.level, not which.new))):
        return "; ".join(map(told, _best(there, None)[:2]))
    if near := _nearest(value, which, home) if isinstance(value, str) else []:
        return f"did you mean {', '.join(place.name_vi if home else _label(place) for place in near)}?"
    level = which.level
    digits = f"a {level}'s code has at most {WIDTH[level]} digits, and " if re.search(r"\d", str(value)) else ""
    return f"{digits}{_ALL[level]}"


def _nearest(value: str, which: _Which, home: int | None = None) -> list[Place]:
    """Return the places that are spelled most like a name, at most three: those that differ in type or marks, or else letters."""
    _, names = _register(datafiles.stamp(), which)
    keys = [spelling.key(rest) for _, rest in reversed(_readings(value, which.level))]
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
    if place.level == "province":
        return place.name_vi
    return f"{place.name_vi} ({provinces(place.year).at[place.province_code, 'name_vi']})"

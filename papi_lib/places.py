"""Provinces and districts: their names in and out, regions, the 2025 merger, Vietnamese sort order."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

from papi_lib import datafiles

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng: the dictionary's order
_PREFIXES = r"^(tinh|thanh pho|tp\.?|province of|quan|huyen|thi xa|tx\.?|q\.|h\.|district)\s+"
_SUFFIXES = r"\s+(province|city|district|town)$"


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
        ``city`` or ``province``; ``quan``, ``huyen`` or ``thi-xa``.
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


def plain(text: str) -> str:
    """Return `text` in lower-case ASCII letters: diacritics dropped, đ as d, spaces collapsed.

    Examples
    --------
    >>> plain("Đắk Lắk")
    'dak lak'
    """
    text = unicodedata.normalize("NFD", str(text)).replace("đ", "d").replace("Đ", "D")
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(text.lower().split())


def slug(text: str) -> str:
    """Return `text` as a name for files and addresses: ``"Bà Rịa - Vũng Tàu"`` → ``"ba-ria-vung-tau"``.

    Names that Windows keeps for devices (``con``, ``aux``) get a hyphen behind.

    Examples
    --------
    >>> slug("Bà Rịa - Vũng Tàu")
    'ba-ria-vung-tau'
    """
    name = re.sub(r"[^a-z0-9]+", "-", plain(text)).strip("-")
    return f"{name}-" if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", name) else name


def sort_key(text: str) -> tuple:
    """Return a key that sorts Vietnamese text as a dictionary does.

    Letters first (a ă â b c d đ e ê …), then tones (none, huyền, hỏi, ngã, sắc, nặng), then case:
    the collation of the Unicode locale data for Vietnamese.

    Examples
    --------
    >>> sorted(["Đà Nẵng", "Hà Nội", "An Giang", "Dak"], key=sort_key)
    ['An Giang', 'Dak', 'Đà Nẵng', 'Hà Nội']
    """
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", char)
        tone = next((c for c in parts if c in _TONES), "")
        base = unicodedata.normalize("NFC", parts.replace(tone, "") if tone else parts).lower()
        letters.append(_LETTERS.find(base) + 1000 if base in _LETTERS else ord(base[0]) if base else 0)
        tones.append(_TONES.find(tone) + 1 if tone else 0)
    return tuple(letters), tuple(tones), text.swapcase()


@datafiles.cached
def provinces() -> pd.DataFrame:
    """Return the 63 provinces: index ``province_code``, columns names, ``type``, ``region``, ``merged_2025``.

    Examples
    --------
    >>> provinces().loc[1, ["name_vi", "type", "region"]].to_list()
    ['Hà Nội', 'city', 'red_river_delta']
    """
    return datafiles.read("provinces").set_index("province_code").drop(columns="aliases")


def districts() -> pd.DataFrame:
    """Return the districts: index ``district_code``, columns ``province_code``, ``name_vi``, ``type``.

    Examples
    --------
    >>> districts().iloc[0].to_dict()
    {'province_code': 1, 'name_vi': 'Quận Ba Đình', 'type': 'quan'}
    """
    return datafiles.read("districts").set_index("district_code")


@datafiles.cached
def province(name: str | int) -> Place:
    """Find a province by name or code.

    Parameters
    ----------
    name : str or int
        Vietnamese name with or without diacritics, in any Unicode form and case, English name,
        another name in use, or GSO code: ``"Hà Nội"``, ``"Ha Noi"``, ``"hanoi"``, ``1``.

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
    table = datafiles.read("provinces")
    row = table.loc[_find(name, _province_spellings(), table["name_vi"], "province")]
    return Place(
        "province",
        int(row.province_code),
        row.name_vi,
        row.name_en,
        slug(row.name_en.removesuffix(" City")),
        row.type,
        row.region,
        int(row.province_code),
        row.merged_2025,
    )


def nearest(name: str) -> list[str]:
    """Return the Vietnamese names of the provinces that are spelled most like `name`, at most three.

    Examples
    --------
    >>> nearest("Hanoii")[0]
    'Hà Nội'
    """
    return _nearest(_bare(name), _province_spellings(), datafiles.read("provinces")["name_vi"])


def district(name: str | int) -> Place:
    """Find a district by name, with or without its type and diacritics, or by GSO code.

    Parameters
    ----------
    name : str or int
        ``"Ba Đình"``, ``"Quận Ba Đình"``, ``"ba dinh"``, ``"001"`` or ``1``.

    Raises
    ------
    ValueError
        No such district; the message gives the nearest names.

    Examples
    --------
    >>> district("ba dinh").name_vi, district("001").province_code
    ('Quận Ba Đình', 1)
    """
    table = datafiles.read("districts")
    names = {}
    for row in table.itertuples():
        names.update({_bare(row.name_vi): row.Index, str(int(row.district_code)): row.Index})
    key = str(name).strip()
    row = table.loc[_find(key.lstrip("0") if key.isdigit() else key, names, table["name_vi"], "district")]
    home = province(row.province_code)
    kind, bare = re.match(r"(Quận|Huyện|Thị xã) (.+)", row.name_vi).groups()
    english = f"{plain(bare).title()} {'Town' if kind == 'Thị xã' else 'District'}"
    return Place(
        "district",
        row.district_code,
        row.name_vi,
        english,
        slug(row.name_vi),
        row.type,
        home.region,
        home.code,
        home.merged_2025,
    )


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
    chosen = {
        "country": table.index == table.index,
        "region": table["region"] == place.region,
        "cities": table["type"] == "city",
    }[kind]
    return [int(code) for code in table.index[chosen]]


def region_name(key: str, lang: str = "vi") -> str:
    """Return the name of a socio-economic region in Vietnamese or English.

    Examples
    --------
    >>> region_name("red_river_delta", "en")
    'Red River Delta'
    """
    return _region_names(f"name_{lang}")[key]


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


def _bare(text: str) -> str:
    """Return a spelling without prefix, suffix and separators, for look-ups."""
    text = plain(text)
    text = re.sub(_SUFFIXES, "", re.sub(_PREFIXES, "", text))
    return re.sub(r"[^a-z0-9]", "", text)


def _find(name: str | int, names: dict[str, int], shown: pd.Series, what: str) -> int:
    key = _bare(str(name))
    if key in names:
        return names[key]
    hint = ", ".join(_nearest(key, names, shown))
    hint = f"did you mean {hint}?" if hint else "papi list shows all names"
    raise ValueError(f"no {what} named '{name}'; {hint}")


def _nearest(key: str, names: dict[str, int], shown: pd.Series) -> list[str]:
    near = dict.fromkeys(names[k] for k in difflib.get_close_matches(key, list(names), n=5, cutoff=0.5))
    return [shown[i] for i in list(near)[:3]]


@datafiles.cached
def _region_names(column: str) -> dict[str, str]:
    """Return the names of the regions by key."""
    table = datafiles.read("regions")
    return dict(zip(table["region"], table[column], strict=True))


@datafiles.cached
def _province_spellings() -> dict[str, int]:
    """Return the row of each province in the data by each of its spellings, bare."""
    names = {}
    for row in datafiles.read("provinces").itertuples():
        spellings = [row.name_vi, row.name_en, *str(row.aliases or "").split("|"), str(row.province_code)]
        names.update({_bare(s): row.Index for s in spellings if s and s != "nan"})
    return names

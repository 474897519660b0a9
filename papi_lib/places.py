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
    """Return `text` in lower-case ASCII letters: diacritics dropped, đ as d, spaces collapsed."""
    text = unicodedata.normalize("NFD", str(text)).replace("đ", "d").replace("Đ", "D")
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(text.lower().split())


def slug(text: str) -> str:
    """Return `text` as a name for files and addresses: ``"Bà Rịa - Vũng Tàu"`` → ``"ba-ria-vung-tau"``."""
    return re.sub(r"[^a-z0-9]+", "-", plain(text)).strip("-")


def sort_key(text: str) -> tuple:
    """Return a key that sorts Vietnamese text as a dictionary does.

    Letters first (a ă â b c d đ e ê …), then tones (none, huyền, hỏi, ngã, sắc, nặng), then case:
    the collation of the Unicode locale data for Vietnamese.
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
    """Return the 63 provinces: index ``province_code``, columns names, ``type``, ``region``, ``merged_2025``."""
    return datafiles.read("provinces").set_index("province_code").drop(columns="aliases")


def districts() -> pd.DataFrame:
    """Return the districts: index ``district_code``, columns ``province_code``, ``name_vi``, ``type``."""
    return datafiles.read("districts").set_index("district_code")


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
    """
    table, names = _spellings()
    row = table.loc[_find(name, names, table["name_vi"], "province")]
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


@datafiles.cached
def _spellings() -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the table of provinces, and its row for every way to write one."""
    table, names = datafiles.read("provinces"), {}
    for row in table.itertuples():
        spellings = [row.name_vi, row.name_en, *str(row.aliases or "").split("|"), str(row.province_code)]
        names.update({_bare(s): row.Index for s in spellings if s and s != "nan"})
    return table, names


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
    """
    table = provinces()
    chosen = {
        "country": table.index == table.index,
        "region": table["region"] == place.region,
        "cities": table["type"] == "city",
    }[kind]
    return [int(code) for code in table.index[chosen]]


def region_name(key: str, lang: str = "vi") -> str:
    """Return the name of a socio-economic region in Vietnamese or English."""
    return datafiles.read("regions").set_index("region")[f"name_{lang}"][key]


def tiles(lang: str = "vi") -> pd.DataFrame:
    """Return the tile map's grid: index ``province_code``, columns ``row``, ``column``, ``islands``, ``name``."""
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
    near = dict.fromkeys(names[k] for k in difflib.get_close_matches(key, list(names), n=5, cutoff=0.5))
    hint = ", ".join(shown[i] for i in list(near)[:3])
    hint = f"did you mean {hint}?" if hint else "papi list shows all names"
    raise ValueError(f"no {what} named '{name}'; {hint}")

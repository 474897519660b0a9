"""Words and number formats of the two languages of outputs, Vietnamese and English.

Sentences are written in English in the code and the notebooks; the gettext catalogue
``locale/vi/LC_MESSAGES/papi.po`` holds the Vietnamese ones and is read as it stands, so that there
is no compiled copy to forget. Dates are formatted by Babel.

A sentence carries the formats of its values, so that each is written once, in the page's language:

==============  ===========================================  ============================
in a text       what it writes                               in Vietnamese
==============  ===========================================  ============================
``{x:2}``       a number with two decimals                   ``43,77``
``{x:+2}``      a difference, with its sign                  ``+1,34``
``{x:move}``    a change, with its verb                      ``tăng 1,34 điểm``
``{x:apart}``   a distance to what is named next             ``cao hơn 1,34 điểm so với``
``{x:%}``       a share of 1 as a whole percentage           ``34%``
``{x:part}``    the name of a part, or of several as a list  ``Môi trường``
``{x:full}``    the official name of a dimension in full     ``Công khai, minh bạch trong việc ra quyết định ở địa phương``
``{x:place}``   the name of a province or district           ``Hà Nội``
``{x:list}``    several texts as a list                      ``Huế và Hà Nội``
``{x:places}``  a count of places; ``parts``, ``ways`` …     ``không nơi nào``
``{x:share}``   a share of 1 of all places                   ``34% số nơi``
``{x}``         text, or a whole number                      ``2024``
==============  ===========================================  ============================
"""

from __future__ import annotations

import gettext
import io
import math
import string
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from babel.dates import format_datetime
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from papi_lib import index, places


def mark(sentence: str) -> str:
    """Return `sentence` as it is; marks for extraction a sentence that is translated elsewhere."""
    return sentence


#: The languages of outputs; the first is the default.
LANGUAGES = ("vi", "en")
#: Differences in words, by their sign.
_MOVES = {1: mark("rose by {points:2} points"), -1: mark("fell by {points:2} points"), 0: mark("did not change")}
_APART = {1: mark("{points:2} points above"), -1: mark("{points:2} points below"), 0: mark("level with")}
#: Counts with what is counted: none, one, several; and shares of all places.
_COUNTS = {
    "places": (mark("no place"), mark("1 place"), mark("{n} places")),
    "ways": (mark("no way"), mark("1 way"), mark("{n} ways")),
    "parts": (mark("no sub-dimension"), mark("1 sub-dimension"), mark("{n} sub-dimensions")),
    "pages": (mark("no page"), mark("1 page"), mark("{n} pages")),
    "cases": (mark("no case"), mark("1 case"), mark("{n} cases")),
}
_SHARES = {0: mark("none of the places"), 1: mark("all of the places")}
LOCALE = Path(__file__).parents[1] / "locale"


class Words:
    """Words and numbers in one language.

    Parameters
    ----------
    lang : {"vi", "en"}
        Language of the output.
    year : int, optional
        Year whose places are meant by codes; by default the latest.

    Raises
    ------
    ValueError
        There is no such language.

    Examples
    --------
    >>> w = Words("vi")
    >>> w.number(41.629, 2)
    '41,63'
    """

    def __init__(self, lang: str = "vi", year: int | None = None) -> None:
        if lang not in LANGUAGES:
            raise ValueError(f"no language '{lang}'; there are {', '.join(LANGUAGES)}")
        self.lang, self.year = lang, year
        self._catalogue = _catalogue(lang)
        self._signs = str.maketrans({",": get_group_symbol(lang), ".": get_decimal_symbol(lang), "-": "−"})

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Translate an English sentence and fill in its ``{names}``."""
        text = self._catalogue.gettext(sentence)
        return unicodedata.normalize("NFC", _Filler(self).vformat(text, (), values) if values else text)

    def part(self, key: int | str) -> str:
        """Return the name of a dimension, a sub-dimension or the total."""
        return self("Total") if key == "total" else index.name(key, self.lang)

    def full(self, key: int | str) -> str:
        """Return the official name of a dimension in full, of any other part its name."""
        return index.official(key, self.lang) if isinstance(key, int) else self.part(key)

    def place(self, code: int | str) -> str:
        """Return the name of a province (a number), district or commune (text) of the year by its code."""
        return places.find(code, places.level(code), self.year or places.latest()).name(self.lang)

    def value(self, value: Any, kind: str = "") -> str:
        """Write one value in a format: see the module. A missing one becomes a dash."""
        if kind in {"list", "part"} and not isinstance(value, int | str | np.integer):
            return self.join(self.value(one, "part" if kind == "part" else "") for one in value)
        if pd.isna(value):
            return "–"
        if kind in ("part", "full", "place"):
            return getattr(self, kind)(value if isinstance(value, str) else int(value))
        if kind == "%":
            return self.percent(float(value))
        if kind == "share":
            return self(_SHARES.get(value, mark("{share:%} of the places")), share=value)
        if kind in _COUNTS:
            return self(_COUNTS[kind][min(int(value), 2)], n=value)
        if kind == "th":
            return self.ordinal(int(value))
        if kind in ("move", "apart"):
            return self((_MOVES if kind == "move" else _APART)[np.sign(round(value, 2))], points=abs(value))
        if kind and kind != "n":
            return (self.signed if kind[0] == "+" else self.number)(float(value), int(kind))
        return str(int(value)) if isinstance(value, float | np.number) and float(value).is_integer() else str(value)

    def number(self, value: float, decimals: int = 2) -> str:
        """Format a number with fixed decimals; a missing one becomes a dash."""
        if value is None or not math.isfinite(float(value)):
            return "–"
        # Babel knows the signs; its patterns take ten times as long, and a page has some 500 numbers.
        return f"{round(float(value), decimals) + 0.0:,.{decimals}f}".translate(self._signs)

    def signed(self, value: float, decimals: int = 2) -> str:
        """Format a difference, with its sign; one that rounds to zero has none."""
        text = self.number(value, decimals)
        return f"+{text}" if value is not None and round(float(value), decimals) > 0 else text

    def percent(self, share: float) -> str:
        """Format a share of 1 as a whole percentage; what is not all or nothing is not told as such."""
        return f"{self.number(min(max(100 * share, share > 0), 100 - (share < 1)), 0)}%"

    def ordinal(self, rank: int) -> str:
        """Format a rank: ``41st`` in English; in Vietnamese the number, since its sentence says "thứ" or "hạng"."""
        ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
        return f"{rank}{ending}" if self.lang == "en" else str(rank)

    def date(self, moment: datetime) -> str:
        """Format a date with its time of day."""
        pattern = "HH:mm, d/M/y" if self.lang == "vi" else "d MMM y, HH:mm"
        return format_datetime(moment, pattern, locale=self.lang)

    def years(self, years: Iterable[int]) -> str:
        """Format a run of years: ``2021–2024``, or the one year."""
        first, last = min(years := list(years)), max(years)
        return str(first) if first == last else f"{first}–{last}"

    def join(self, items: Iterable[str]) -> str:
        """Join items as a list in a sentence: ``A, B và C``."""
        return format_list(list(items), locale=self.lang)


class _Filler(string.Formatter):
    """Fills in a sentence's values by the formats that it carries; names of parts begin small inside a sentence."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def parse(self, sentence: str) -> Iterator[tuple]:
        before = ""
        for literal, name, spec, conversion in super().parse(sentence):
            before = (before + literal).rstrip()
            inside = spec in ("part", "list") and before and before[-1] not in ".!?"
            yield literal, name, f"{spec} inside" if inside else spec, conversion
            before += "…"

    def format_field(self, value: Any, spec: str) -> str:
        kind, _, inside = spec.partition(" ")
        if kind in {"list", "part"} and not isinstance(value, int | str | np.integer):
            items = [self.words.value(item, "part" if kind == "part" else "") for item in value]
            return self.words.join([self._small(item) if inside or at else item for at, item in enumerate(items)])
        text = self.words.value(value, kind)
        return self._small(text) if inside else text

    def _small(self, text: str) -> str:
        """Return text with a small letter first if it begins with the name of a part."""
        return text[:1].lower() + text[1:] if text.startswith(_names(self.words.lang)) else text


@lru_cache
def _names(lang: str) -> tuple[str, ...]:
    """Return the names of all parts of the index."""
    return (Words(lang)("Total"), *index.names(lang).values())


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text cell: what is translated as one."""
    return text.strip().split("\n\n")


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(lang: str) -> gettext.NullTranslations:
    path = LOCALE / lang / "LC_MESSAGES" / "papi.po"
    if not path.exists():
        return gettext.NullTranslations()  # the source language
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

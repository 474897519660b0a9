"""What is chosen in the explorer: a place, a comparison, a part of the index, years, a language.

A `Choice` knows its picture, what there is to say about it, and the calls that make it, so that
what was clicked becomes a cell. It knows nothing of widgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from papi_lib import charts, comparison, index, places, precision, published
from papi_lib.intervals import Z95
from papi_lib.labels import comparison_name, part_name, rank_sentence
from papi_lib.page.words import Words
from papi_lib.pictures import Picture
from papi_lib.places import Place

#: Each kind of picture, named as its data in `papi_lib.comparison`, and its chart in `papi_lib.charts`.
PICTURES = {"history": "history", "parts": "gaps"}


@dataclass(frozen=True)
class Choice:
    """One state of the explorer's controls.

    Attributes
    ----------
    province : str
        Name of the province, in any spelling `papi_lib.places.province` accepts.
    beside : str
        What it is compared with: one of `papi_lib.comparison.KINDS` or another province's name.
    dimension : int or None
        Dimension; None for the total.
    subdimension : str or None
        Key of one of its sub-dimensions; None for the whole dimension.
    first, last : int
        Years from and to, by default all; a picture of one year shows the last.
    picture : {"history", "parts"}
        Year by year, or part by part in the last year.
    lang : {"vi", "en"}
        Language of picture and sentences.
    """

    province: str = "Hà Nội"
    beside: str = "country"
    dimension: int | None = None
    subdimension: str | None = None
    first: int = field(default_factory=lambda: index.years()[0])
    last: int = field(default_factory=lambda: index.years()[-1])
    picture: str = "history"
    lang: str = "vi"

    @property
    def w(self) -> Words:
        """Words in the chosen language."""
        return Words(self.lang)

    @property
    def place(self) -> Place:
        """The place; raises ValueError if there is none of that name."""
        return places.province(self.province)

    @property
    def part(self) -> int | str | None:
        """The part of the index that the sentences are about."""
        return self.dimension if self.picture == "parts" or self.subdimension is None else self.subdimension

    @property
    def years(self) -> list[int]:
        """The chosen years: the last one alone where the picture shows one year."""
        return [self.last] if self.picture == "parts" else list(range(self.first, self.last + 1))

    def subdimensions(self) -> list[str]:
        """Return the sub-dimensions of the chosen dimension in the chosen years, the latest edition's first."""
        if self.dimension is None:
            return []
        return list(dict.fromkeys(key for y in reversed(self.years) for key in index.subdimensions(y, self.dimension)))

    def change(self, **values: object) -> Choice:
        """Return the choice with other values; a sub-dimension that does not belong to them is given up."""
        new = replace(self, **values)
        return new if new.subdimension in new.subdimensions() else replace(new, subdimension=None)

    def title(self) -> str:
        """Return the picture's title: what, who, when."""
        subject = part_name("total" if self.part is None else self.part, self.w)
        return self.w(
            "{subject}: {place}, {year}",
            subject=subject,
            place=self.place.name(self.lang),
            year=self.w.years(self.years),
        )

    def draw(self) -> Picture | None:
        """Return the picture with its figures; None where there is nothing to draw, which `say` explains."""
        frame = getattr(comparison, self.picture)(*self._asked())
        return getattr(charts, PICTURES[self.picture])(frame, self.w, self.place, **self._drawn())

    def code(self) -> str:
        """Return the code of a cell that makes the picture: the calls that `draw` makes."""
        asked = ", ".join(map(_literal, self._asked()))
        drawn = ", ".join(f"{name}={_literal(value)}" for name, value in self._drawn().items())
        return "\n".join([
            "from papi_lib import charts, comparison, places",
            "from papi_lib.page.words import Words",
            "",
            f"place = places.province({_literal(self.place.name_vi)})",
            f"frame = comparison.{self.picture}({asked})",
            f"charts.{PICTURES[self.picture]}(frame, Words({_literal(self.lang)}), place, {drawn})",
        ])  # fmt: skip

    def say(self) -> list[str]:
        """Return sentences on the picture: the latest score and rank with their noise, and what is missing."""
        known = published.series(self.part)
        measured = [y for y in self.years if y in known.columns]
        if not measured:
            return [
                self.w(
                    "Nothing to draw: PAPI did not measure “{part}” in {years}, but it did in {measured}.",
                    part=part_name("total" if self.part is None else self.part, self.w),
                    years=self.w.years(self.years),
                    measured=self._runs(known.columns),
                )
            ]
        scores = known.loc[self.place.code, measured]
        there = [y for y in measured if pd.notna(scores[y])]
        return [*(self._standing(max(there)) if there else []), *self._missing([y for y in measured if y not in there])]

    def _asked(self) -> list:
        name = self.place.name_vi
        if self.picture == "parts":
            return [name, self.dimension, self.beside, self.last]
        return [name, self.part, self.beside, self.first, self.last]

    def _drawn(self) -> dict:
        if self.picture == "history":
            return {"beside": self.beside}
        other = comparison_name(self.beside, self.w, self.place)
        name = self.place.name(self.lang)
        return {"title": self.w("{place} less {other}, {year}", place=name, other=other, year=self.last)}

    def _standing(self, year: int) -> list[str]:
        w, name = self.w, self.place.name(self.lang)
        row = comparison.differences(self.place.code, self.part, self.beside).loc[year]
        rank = precision.rank_set(self.place.code, year, self.part)
        known = {
            "place": name,
            "year": year,
            "score": w.number(row["score"]),
            "low": w.number(row["score"] - Z95 * row["se"]),
            "high": w.number(row["score"] + Z95 * row["se"]),
        }
        said = [w("In {year} {place} has {score} points (95% interval {low} to {high}).", **known)]
        other = comparison_name(self.beside, w, self.place)
        if pd.isna(row["difference"]):
            said.append(w("{other} has no score in {year} to compare with.", other=other, year=year))
        elif row["difference_se"] > 0:
            compared = {
                "other": other,
                "value": w.number(row[self.beside]),
                "difference": w.signed(row["difference"]),
            }
            if row["clear"]:
                said.append(
                    w("Compared with {other} ({value}), the difference of {difference} is more than noise.", **compared)
                )
            else:
                said.append(
                    w("Compared with {other} ({value}), the difference of {difference} is within noise.", **compared)
                )
        said.append(rank_sentence(rank, w))
        return said

    def _missing(self, years: list[int]) -> list[str]:
        if not years:
            return []
        w, name = self.w, self.place.name(self.lang)
        if self.part is None:
            return [
                w(
                    "{place} has no total for {years}: PAPI did not publish all of its dimensions, and a sum over fewer dimensions is not a total.",
                    place=name,
                    years=self._runs(years),
                )
            ]
        return [w("PAPI published no score of {place} for this in {years}.", place=name, years=self._runs(years))]

    def _runs(self, years: Iterable[int]) -> str:
        """Return years in words, each unbroken run as first and last: ``2011–2017 and 2019``."""
        years = np.array(sorted(years))
        return self.w.join(self.w.years(run) for run in np.split(years, np.flatnonzero(np.diff(years) > 1) + 1))


def _literal(value: object) -> str:
    """Return a value as it is written in code, text in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)

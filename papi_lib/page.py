"""A notebook's page: who it is about, in which language, and how its sentences are shown.

A notebook makes one `Page` from its parameters; titles, questions and sentences that a reader
sees go through it, are written in English and come out in the page's language.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from html import escape

import numpy as np
import pandas as pd
from IPython.display import display

from papi_lib import datafiles, districts, index, places, precision, provenance, published
from papi_lib.labels import part_name
from papi_lib.pictures import Picture
from papi_lib.places import Place
from papi_lib.wording import Words, mark

#: Mime type of the facts that a page tells the site.
FACTS = "application/vnd.papi.page+json"
#: What every page on made-up answers says at its top.
SIMULATED = mark(
    "Simulated data: the answers behind this page are made up, to show how such a page reads. No figure on it is about the real district."
)


@dataclass
class Page:
    """One page: a place, a year, a language and, on most pages, one dimension.

    Attributes
    ----------
    province : str or int
        Name or code of the province.
    year : int or None
        Year of the survey; None for the latest.
    lang : {"vi", "en"}
        Language of the page.
    dimension : int or None
        Dimension the page is about; None for the whole index.
    district : str, int or None
        Name or code of a district of the province; None for the province itself.
    records : str or None
        File with the records that a district's page stands on; None for the simulated survey.

    Raises
    ------
    ValueError
        Unknown province, district, year or language; the message says what there is. The records are of
        another province, or have no respondent of the district.
    """

    province: str | int
    year: int | None
    lang: str = "vi"
    dimension: int | None = None
    district: str | int | None = None
    records: str | None = None

    def __post_init__(self) -> None:
        self.w = Words(self.lang)
        self.place: Place = places.province(self.province)
        self.survey: districts.Survey | None = None
        if self.district is not None:
            self.survey = districts.load(self.records, self.year)
            self.place = self.survey.place(self.district, self.place)
            self.year = self.survey.year
        self.year = index.years()[-1] if self.year is None else index.check_year(self.year)

    @property
    def simulated(self) -> bool:
        """Whether the page shows made-up answers."""
        return self.survey is not None and self.survey.simulated

    @property
    def series(self) -> int | str:
        """The page's series in a survey: its dimension, or ``total``."""
        return "total" if self.dimension is None else self.dimension

    @property
    def name(self) -> str:
        """The place's name in the page's language."""
        return self.place.name(self.lang)

    @property
    def edition(self) -> str:
        """The edition's years, as ``2021–2024``."""
        return self.w.years(index.edition_years(self.year))

    @property
    def measured(self) -> bool:
        """Whether the index of the year has the page's dimension."""
        return self.dimension is None or self.dimension in index.dimensions(self.year)

    @property
    def parts(self) -> list:
        """The parts the page compares: a dimension's sub-dimensions, or the dimensions."""
        return index.dimensions(self.year) if self.dimension is None else index.subdimensions(self.year, self.dimension)

    @cached_property
    def rank_sets(self):
        """Score, rank and rank set of every province, from `papi_lib.precision.rank_sets`."""
        return precision.rank_sets(self.year, self.dimension) if self.measured else None

    @property
    def standing(self):
        """The province's row of `rank_sets`, or None where it has no score."""
        if not self.measured or self.survey:
            return None
        row = self.rank_sets.loc[self.place.code]
        return None if row.isna()["score"] else row

    @datafiles.held()
    def title(self, subject: str | None = None) -> None:
        """Show the title, by default the dimension's name, and tell the site the page's facts."""
        subject = self.w(subject) if subject else index.name(self.dimension, self.lang)
        title = self.w("{subject}: {place}, {year}", subject=subject, place=self.name, year=self.year)
        self._html(f"<h1>{escape(title)}</h1>", {FACTS: self._facts(title)})
        if self.simulated:
            self._html(f'<p class="simulated">{escape(self.w(SIMULATED))}</p>')

    @datafiles.held()
    def lead(self, purpose: str) -> None:
        """Show the page's purpose, and what is missing and why."""
        self._html(f'<p class="lead">{escape(self.w(purpose))}</p>')
        for sentence in self.missing():
            self.note(sentence)

    def ask(self, question: str, method: str = "", **values: object) -> None:
        """Show a question as a heading; `method` is the section of the notebook on methods that explains the answer."""
        known = f' data-method="{method}"' if method else ""
        self._html(f"<h2{known}>{escape(self.w(question, place=self.name, year=self.year, **values))}</h2>")

    def say(self, sentence: str, **values: object) -> None:
        """Show a sentence that answers."""
        self._html(f'<p class="finding">{escape(self.w(sentence, **values))}</p>')

    def note(self, sentence: str, **values: object) -> None:
        """Show a caveat."""
        self._html(f'<p class="note">{escape(self.w(sentence, **values))}</p>')

    def show(self, *shown: object, of_answers: bool = True) -> None:
        """Show pictures and tables; None, which stands for nothing to draw, is passed over.

        What is of simulated answers says so; `of_answers` is false for what is not.
        """
        for item in shown:
            if item is not None:
                if self.simulated and of_answers:
                    item.caption += " " + self.w("(simulated data)")
                    if isinstance(item, Picture):
                        item.simulated = True
                display(item)

    def tell_findings(self, sentences: list[str]) -> None:
        """Show what stands out as a list, and tell it to the site."""
        items = "".join(f"<li>{escape(s)}</li>" for s in sentences)
        self._html(f'<ul class="findings">{items}</ul>', {FACTS: {"findings": sentences}})

    def missing(self) -> list[str]:
        """Return sentences on what the page cannot show, and why."""
        w, year = self.w, self.year
        if self.survey:
            return self._hidden()
        if not self.measured:
            return [
                w(
                    "This dimension was not part of PAPI in {year}: it has been measured since {first}.",
                    year=year,
                    first=index.first_year(self.dimension),
                )
            ]
        gaps = published.missing(self.place.code, year)
        found = []
        if self.dimension in gaps:
            found.append(
                w(
                    "PAPI published no score of {place} for this dimension in {year}; the page shows the other provinces.",
                    place=self.name,
                    year=year,
                )
            )
        elif self.dimension is None and gaps:
            names = w.join(index.name(d, self.lang) for d in gaps)
            if len(gaps) == len(index.dimensions(year)):
                found.append(
                    w(
                        "PAPI published no scores of {place} in {year}; the page shows the other provinces.",
                        place=self.name,
                        year=year,
                    )
                )
            else:
                found.append(
                    w(
                        "PAPI did not publish {names} of {place} in {year}: a sum over fewer dimensions is not a total, so there is none.",
                        names=names,
                        place=self.name,
                        year=year,
                    )
                )
        if index.edition(year) == year and year != index.years()[0]:
            found.append(
                w(
                    "{year} is the first year of an edition: its scores do not compare with those of earlier years.",
                    year=year,
                )
            )
        return found

    def _hidden(self) -> list[str]:
        """Return sentences on the figures of the district that protect its respondents by being hidden."""
        table = self.survey.scores.loc[self.place.code, "estimate"]
        gone = [part for part in [self.series, *self.parts] if pd.isna(table[part])]
        if not gone:
            return []
        return [
            self.w(
                "Not shown, because too few people answered or because the figure would give another away: {parts}.",
                parts=self.w.join(part_name(part, self.w) for part in gone),
            )
        ]

    def _facts(self, title: str) -> dict:
        row = self.standing
        facts = {
            "title": title,
            "lang": self.lang,
            "dimension": self.dimension,
            "place": {
                "level": self.place.level,
                "code": self.place.code,
                "name": self.name,
                "slug": self.place.slug,
                "region": self.place.region,
            }
            | ({"parent": self._parent()} if self.survey else {}),
            "year": self.year,
            "edition": self.edition,
            "score": None if row is None else round(float(row["score"]), 4),
            "rank": None if row is None else int(row["rank"]),
            "rank_lower": None if row is None else int(row["lower"]),
            "rank_upper": None if row is None else int(row["upper"]),
            "group": None if row is None else int(row["group"]),
            "change": self._change(),
            "missing": self.missing(),
            "simulated": self.simulated,
            "source": provenance.source(),
            "data_version": provenance.data_version(),
            "data_hash": datafiles.fingerprint(),
            "code_version": provenance.code_version(),
        }
        if self.survey:
            return facts | self._survey_facts()
        if self.dimension is None:
            groups = self.rank_sets["group"].dropna()
            facts["groups"] = {str(code): int(group) for code, group in groups.items()}
        return facts

    def _parent(self) -> dict:
        home = places.province(self.place.province_code)
        return {"code": home.code, "name": home.name(self.lang), "slug": home.slug}

    def _survey_facts(self) -> dict:
        """Return what a district's page tells in place of a province's standing: no rank, only its set."""
        row = self.survey.scores.loc[(self.place.code, self.series)]
        sets = self.survey.rank_sets(self.series)
        among = int(sets["lower"].notna().sum())
        sets = sets.loc[self.place.code]
        known = pd.notna(row["estimate"])
        return {
            "score": round(float(row["estimate"]), 4) if known else None,
            "se": round(float(row["se"]), 4) if known else None,
            "noise": round(float(row["noise"]), 4) if known else None,
            "rank_lower": int(sets["lower"]) if known else None,
            "rank_upper": int(sets["upper"]) if known else None,
            "among": among,
            "sample": {"respondents": int(row["n"]), "clusters": int(row["clusters"])},
            "suppressed": self.missing(),
            "source": self.survey.name,
        }

    def _change(self) -> dict | None:
        """Return the change since the last year that compares, None where there is none."""
        if self.survey or not self.measured:
            return None
        moved = change(self.place.code, self.year, self.dimension)
        if math.isnan(moved["change"]):
            return None
        return {
            "since": int(moved["previous"]),
            "points": round(float(moved["change"]), 4),
            "noise": round(1.96 * float(moved["se"]), 4),
            "clear": bool(moved["clear"]),
        }

    @staticmethod
    def _html(fragment: str, more: dict | None = None) -> None:
        display({"text/html": fragment} | (more or {}), raw=True)


def change(province: str | int, year: int, part: int | str | None = None, previous: int | None = None) -> pd.Series:
    """Return a province's change since an earlier year that compares, with its noise."""
    wide, code = published.series(part), places.province(province).code
    if previous is None:
        previous = max((y for y in index.segment(year, part) if y < year), default=None)
    elif not index.comparable(previous, year, part):
        raise ValueError(f"scores of {previous} and {year} do not compare: the measure changed in between")
    moved = se = country = np.nan
    if previous is not None:
        both = wide[year] - wide[previous]
        moved, country = both[code], both.mean()
        se = np.hypot(precision.standard_error(part, previous, code), precision.standard_error(part, year, code))
    return pd.Series({
        "previous": np.nan if previous is None else previous,
        "change": moved,
        "se": se,
        "country_change": country,
        "relative_change": moved - country,
        "clear": bool(abs(moved) > 1.96 * se),
    })  # fmt: skip

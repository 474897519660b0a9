"""A notebook's page: who it is about, in which language, and how what it finds is shown.

A notebook opens one `Page` from its parameters; titles, questions, sentences, tables and pictures that a reader
sees go through it, are written in English and come out in the page's language.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes

from papi_lib import datafiles, estimates, index, places, posterior, published
from papi_lib.page import basis, charts, pictures, tables
from papi_lib.page.words import Words, mark
from papi_lib.places import Place
from papi_lib.survey import units

#: What a province can be compared with.
_BESIDE = {
    "peers": mark("the mean of {region}"),
    "region": mark("the mean of {region}"),
    "median": mark("the median of provinces"),
    "cities": mark("the mean of the cities under central government"),
    "best": mark("the best province"),
}
#: What every page on made-up answers says at its top.
SIMULATED = mark(
    "Simulated data: the answers behind this page are made up, to show how such a page reads. No figure on it is about a real place."
)


@dataclass(frozen=True)
class Page:
    """One page: a place, a year, a language and, on most pages, one dimension, and how the place stands; made by `Page.open`.

    Attributes
    ----------
    place : papi_lib.places.Place
        The place.
    year : int
        Year of the survey.
    words : papi_lib.page.words.Words
        The page's language.
    dimension : int or None
        Dimension the page is about; None for the whole index.
    survey : papi_lib.survey.units.Survey or None
        The respondents' records behind the page of a district or commune; None where the page stands on published scores.
    """

    place: Place
    year: int
    words: Words
    dimension: int | None = None
    survey: units.Survey | None = None

    @classmethod
    def open(
        cls, province: str | int, year: int | None = None, lang: str = "vi", *, dimension: int | None = None,
        district: str | int | None = None, commune: str | int | None = None, records: str | None = None,
    ) -> Page:  # fmt: skip
        """Open a page from a notebook's parameters: names, codes and years become places and numbers here.

        Pictures have the look of pages from now on (`papi_lib.page.pictures.theme`); a theme set afterwards replaces it.

        Parameters
        ----------
        province, district, commune : str or int
            Name or code; without a district or commune the page is about the province.
        year : int, optional
            Year of the survey; by default the latest published, or that of the records.
        lang : {"vi", "en"}
            Language of the page.
        dimension : int, optional
            Dimension the page is about; by default the whole index.
        records : str, optional
            File of the records that a district's or commune's page stands on; by default the simulated survey.

        Raises
        ------
        ValueError
            Unknown province, district, commune, year, dimension or language; the message says what there is. The
            records are of another province, or have no respondent of the place.
        """
        named = {level: name for level, name in (("district", district), ("commune", commune)) if name is not None}
        if len(named) > 1:
            raise ValueError("a page is about a district or a commune; name one of the two")
        survey = units.load(records, year, *named) if named else None
        if survey:
            place, year = survey.place(*named.values(), province), survey.year
        else:
            year = index.years()[-1] if year is None else index.check_year(year)
            place = places.province(province, year)
        if dimension is not None:
            dimension = index.check_part(dimension)
        pictures.theme()
        return cls(place, year, Words(lang, year), dimension, survey)

    @property
    def lang(self) -> str:
        """The page's language."""
        return self.words.lang

    @property
    def name(self) -> str:
        """The place's name in the page's language."""
        return self.place.name(self.lang)

    @property
    def series(self) -> int | str:
        """What the page is about: its dimension's number, or ``"total"``."""
        return "total" if self.dimension is None else self.dimension

    @property
    def parts(self) -> list:
        """The parts the page compares: a dimension's sub-dimensions, or the dimensions."""
        return index.dimensions(self.year) if self.dimension is None else index.subdimensions(self.year, self.dimension)

    @property
    def in_index(self) -> bool:
        """Whether the index of the year has the page's dimension."""
        return self.dimension is None or self.dimension in index.dimensions(self.year)

    @cached_property
    def measured(self) -> bool:
        """Whether the index of the year has the page's dimension, and of a province any score for the page."""
        if not self.in_index or self.survey:
            return self.in_index
        gaps = published.missing(self.place.code, self.year)
        return self.dimension not in gaps if self.dimension else len(gaps) < len(self.parts)

    @property
    def simulated(self) -> bool:
        """Whether the page shows made-up answers."""
        return self.survey is not None and self.survey.simulated

    @property
    def source(self) -> str:
        """Where the page's figures are from: the citation of the published scores, or the survey's name."""
        cited = "title_vi" if self.lang == "vi" else "title"
        return self.survey.name if self.survey else datafiles.package()["sources"][0][cited]

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The estimates frame of the page's series and parts: all places of the year."""
        parts = (self.series, *self.parts) if self.in_index else ()
        return self.survey.estimates(parts) if self.survey else estimates.from_published(self.year, parts)

    @cached_property
    def standing(self) -> pd.DataFrame:
        """Every place's score in the page's series, with intervals and ranks; of provinces those that are probable.

        Of a survey with the model estimates.
        """
        if self.survey:
            models = self.survey.models.xs(self.series, level="series").rename(columns={"se": "model_se"})
            return self.survey.standing(self.series).join(models)
        return posterior.published_standing(self.year, self.series)

    @cached_property
    def claims(self) -> pd.DataFrame:
        """All differences that the page tells, each with its one verdict: see `papi_lib.estimates.claims`."""
        make = self.survey.claims if self.survey else lambda *about: estimates.claims(about[0], self.year, *about[1:])
        if not self.in_index:
            known = ["part", "kind", "score", "beside", "difference", "se", "margin", "z", "clear"]
            return pd.DataFrame(columns=[*known, *estimates.CHANGES])
        frame = make(self.place.code)
        if self.dimension is not None:
            own = frame[frame["part"] == self.dimension]
            frame = pd.concat([own, make(self.place.code, self.dimension)], ignore_index=True)
        return frame.reindex(columns=frame.columns.union(estimates.CHANGES, sort=False))

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The parts of the page's score, beside the whole, places of its kind, and of provinces the best.

        Indexed by part, in points: ``score``, ``margin`` (of the difference to the whole), ``whole``, ``peers``, of
        provinces ``cities``, ``best`` and ``worst``, ``rank`` and ``of``, ``difference`` (to the whole) and ``clear``.
        """
        code, scores = self.place.code, estimates.intervals(self.scores[self.scores["part"].isin(self.parts)])
        verdicts = self.gaps.reindex(self.parts)
        frame = scores[scores["place"] == code].set_index("part")[["score", "se", "margin", "n"]]
        frame["whole"] = verdicts["beside"]
        for beside in ("peers",) if self.survey else ("peers", "cities", "best"):
            frame[beside] = estimates.gaps(scores, code, beside)["beside"]
        if not self.survey:
            frame["worst"] = scores.groupby("part")["score"].min()
            frame["best_place"] = [own["place"][own["score"].idxmax()] for _, own in scores.groupby("part", sort=False)]
            frame = frame.join(published.orders(code, self.year).xs(self.year, level="year")[["rank", "of"]])
        frame["margin"] = verdicts["margin"]  # so that a whisker reaches the whole just where the dot is hollow
        return frame.join(verdicts[["difference", "clear"]])

    @cached_property
    def history(self) -> pd.DataFrame:
        """The page's series and its parts year by year: see `papi_lib.estimates.history`."""
        return estimates.history(self.place.code, [self.series, *self.parts], until=self.year)

    @cached_property
    def last_change(self) -> pd.Series | None:
        """The change of the page's series since the last year that compares; None of a survey, and without such a year."""
        return None if self.survey or not self.measured else estimates.since(self.place.code, self.year, self.series)

    @property
    def gaps(self) -> pd.DataFrame:
        """The page's claims on how far the place is from the whole: indexed by part, columns of `estimates.gaps`."""
        return self.claims[self.claims["kind"] == "gap"].set_index("part")

    @property
    def units(self) -> str:
        """What the survey's places are called together: districts or communes, in Vietnamese by their types."""
        return places.types(self.survey.units, self.lang, self.year) if self.survey else ""

    @property
    def whole(self) -> str:
        """What the place is compared with first, in the page's language."""
        return self.survey.whole_name(self.words) if self.survey else self.words("the mean of provinces")

    def choose(self, *keys: str) -> list[str]:
        """Return those of some sub-dimensions of the page's dimension that its year has, in the order given.

        Raises
        ------
        ValueError
            A key is none, and the message names the nearest, or another dimension's.
        """
        for key in keys:
            if (home := index.dimension_of(key)) != self.dimension:
                raise ValueError(f"{key!r} is of dimension {home}, and this page is about dimension {self.dimension}")
        return [key for key in keys if key in self.parts]

    def beside(self, what: int | str | Sequence[int | str]) -> str:
        """Return the name of what the place is compared with: one of `papi_lib.estimates.BESIDE`, or codes of places."""
        if isinstance(what, list | tuple):
            return self.words("the mean of {places:list}", places=[self.words.place(code) for code in what])
        if what == "whole" or (what == "peers" and self.survey):
            return self.whole if what == "whole" else self.words("the {units} of its kind", units=self.units)
        region = places.region_name(self.place.region, self.lang)
        return self.words(_BESIDE[what], region=region) if what in _BESIDE else self.words.place(what)

    def order(self, part: int | str, short: bool = False) -> str:
        """Return where the place stands in a part: its rank and the probable ones; of a survey the possible ones alone.

        It is in words, or `short` for a cell of a table.
        """
        part = index.check_part(part, index.edition(self.year))
        if self.survey:
            frame = estimates.standing(self.scores, part, self.year, only=self.place.code)
        else:
            frame = posterior.published_standing(self.year, part)
        row, n = frame.loc[self.place.code], int(frame["score"].notna().sum())
        if pd.isna(row["lower"]):
            return self.words("not known")
        if self.survey:
            return self.words("{lower}–{upper} of {n}" if short else "place {lower} to {upper} of {n}", n=n, **row[["lower", "upper"]])  # fmt: skip
        return self.words("{rank}/{n} ({lower}–{upper})" if short else "{rank:th} of {n} (probably {lower} to {upper})", n=n, **row[["rank", "lower", "upper"]])  # fmt: skip

    def title(self, subject: str | None = None) -> None:
        """Show the title, by default the dimension's name, and tell the site the page's facts."""
        w = self.words
        of = w(subject) if subject else w.full(self.dimension)
        title = w("{subject}: {place}, {year}", subject=of, place=self.name, year=self.year)
        self._html(f"<h1>{escape(title)}</h1>", {basis.MIME: basis.facts(self, title)})
        if self.simulated:
            self._html(f'<p class="simulated">{escape(w(SIMULATED))}</p>')

    def lead(self, purpose: str) -> None:
        """Show the page's purpose, which lists tell too, and what is missing and why."""
        text = self.words(purpose)
        self._html(f'<p class="lead">{escape(text)}</p>', {basis.MIME: {"about": text}})
        for sentence in basis.missing(self):
            self._html(f'<p class="note">{escape(sentence)}</p>')

    def ask(self, question: str, method: str = "", /, **values: object) -> None:
        """Show a question as a heading; `method` is the section of the notebook on methods that explains the answer."""
        known = f' data-method="{method}"' if method else ""
        self._html(f"<h2{known}>{escape(self._text(question, values))}</h2>")

    def say(self, sentence: str, /, **values: object) -> None:
        """Show a sentence that answers; ``{place}``, ``{year}`` and ``{units}`` are known, formats as in `papi_lib.page.words`."""
        self._html(f'<p class="finding">{escape(self._text(sentence, values))}</p>')

    def note(self, sentence: str, /, **values: object) -> None:
        """Show a caveat."""
        self._html(f'<p class="note">{escape(self._text(sentence, values))}</p>')

    def findings(self, sentences: list[str]) -> None:
        """Show what stands out as a list, and tell it to the site."""
        items = "".join(f"<li>{escape(s)}</li>" for s in sentences)
        self._html(f'<ul class="findings">{items}</ul>', {basis.MIME: {"findings": sentences}})

    def table(
        self, frame: pd.DataFrame, caption: str, columns: tables.Columns, rows: tuple[str, str] = ("part", "part"),
        *, of_answers: bool = True, looks: pd.DataFrame | None = None, **values: object,
    ) -> None:  # fmt: skip
        """Show a table: see `papi_lib.page.tables.html`; the caption is an English sentence with `values`.

        What is of simulated answers says so; `of_answers` is false for what is not.
        """
        text = self._text(caption, values) + self._mark(of_answers)
        self._html(tables.html(frame, self.words, text, columns, rows, looks))

    def workbook(self, name: str, label: str, content: bytes) -> None:
        """Offer an Excel workbook to save; it is inside the page. `label` is an English sentence."""
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        data = b64encode(content).decode()
        link = f'download="{escape(name)}.xlsx" href="data:{kind};base64,{data}"'
        self._html(f'<p><a class="csv" {link}>{escape(self.words(label))}</a></p>')

    def axes(self, width: float = 7, height: float = 3.6, rows: int = 1, columns: int = 1) -> Axes:
        """Return empty axes in the project's look; several as a flat array. Sizes are in inches."""
        return pictures.axes(self.words, width, height, rows, columns)

    def picture(
        self, ax: Axes | None, caption: str = "", alt: str = "", data: pd.DataFrame | None = None, *,
        columns: tables.Columns | None = None, rows: tuple[str, str] = ("part", "part"), **values: object,
    ) -> None:  # fmt: skip
        """Show what is drawn on axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None
            Axes of the picture; None, which stands for nothing to draw, is passed over.
        caption, alt : str
            English sentences with `values`; by default what the chart says of itself.
        data : pandas.DataFrame, optional
            The figures behind the picture, shown folded under it; `columns` and `rows` as in `table`.
        """
        if ax is None:
            return
        about = getattr(ax.figure, "description", None)
        if not caption and about is None:
            raise ValueError("picture: no chart of papi_lib drew this, so say what it shows: caption, alt, data")
        if caption:
            about = pictures.Description(self._text(caption, values), self._text(alt, values), data, columns, rows)
        about = pictures.Description(about.caption + self._mark(True), about.alt, about.data, about.columns, about.rows)
        note = self.words("SIMULATED DATA") if self.simulated else ""
        plt.close(ax.figure)  # one of pyplot's would be shown once more
        self._html(pictures.html(ax.figure, about, self.words, note, charts.code(self, ax.figure)))

    def _text(self, sentence: str, values: dict) -> str:
        return self.words(sentence, **({"place": self.name, "year": self.year, "units": self.units} | values))

    def _mark(self, of_answers: bool) -> str:
        return " " + self.words("(simulated data)") if self.simulated and of_answers else ""

    @staticmethod
    def _html(fragment: str, more: dict | None = None) -> None:
        display({"text/html": fragment} | (more or {}), raw=True)

"""A notebook's page: who it is about, in which language, and how what it finds is shown.

A notebook opens one `Page` from its parameters; titles, questions, sentences, tables and pictures that a reader
sees go through it, are written in English and come out in the page's language.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes

from papi_lib import index, places
from papi_lib.page import facts, pictures, snippets, tables
from papi_lib.page.view import View
from papi_lib.page.words import Words, mark
from papi_lib.survey import units

#: What every page on made-up answers says at its top.
SIMULATED = mark(
    "Simulated data: the answers behind this page are made up, to show how such a page reads. No figure on it is about a real place."
)


class Page(View):
    """A view with what shows it to a reader; made by `Page.open`."""

    @classmethod
    def open(
        cls,
        province: str | int,
        year: int | None = None,
        lang: str = "vi",
        *,
        dimension: int | None = None,
        district: str | int | None = None,
        commune: str | int | None = None,
        records: str | None = None,
    ) -> Page:
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
        named, survey = {"district": district, "commune": commune}, None
        for level in (level for level, name in named.items() if name is not None):
            if survey:
                raise ValueError("a page is about a district or a commune; name one of the two")
            survey = units.load(records, year, level)
        if survey:
            place, year = survey.place(named[survey.level], province), survey.year
        else:
            year = index.years()[-1] if year is None else index.check_year(year)
            place = places.province(province, year)
        if dimension is not None:
            dimension = index.check_part(dimension)
        pictures.theme()
        return cls(place, year, Words(lang, year), dimension, survey)

    def title(self, subject: str | None = None) -> None:
        """Show the title, by default the dimension's name, and tell the site the page's facts."""
        w = self.words
        title = w(
            "{subject}: {place}, {year}",
            subject=w(subject) if subject else w.full(self.dimension),
            place=self.name,
            year=self.year,
        )
        self._html(f"<h1>{escape(title)}</h1>", {facts.MIME: facts.of(self, title)})
        if self.simulated:
            self._html(f'<p class="simulated">{escape(w(SIMULATED))}</p>')

    def lead(self, purpose: str) -> None:
        """Show the page's purpose, which lists tell too, and what is missing and why."""
        text = self.words(purpose)
        self._html(f'<p class="lead">{escape(text)}</p>', {facts.MIME: {"about": text}})
        for sentence in facts.missing(self):
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
        self._html(f'<ul class="findings">{items}</ul>', {facts.MIME: {"findings": sentences}})

    def table(
        self,
        frame: pd.DataFrame,
        caption: str,
        columns: tables.Columns,
        rows: tuple[str, str] = ("part", "part"),
        *,
        of_answers: bool = True,
        looks: pd.DataFrame | None = None,
        **values: object,
    ) -> None:
        """Show a table: see `papi_lib.page.tables.html`; the caption is an English sentence with `values`.

        What is of simulated answers says so; `of_answers` is false for what is not.
        """
        text = self._text(caption, values) + self._mark(of_answers)
        self._html(tables.html(frame, self.words, text, columns, rows, looks))

    def workbook(self, name: str, label: str, content: bytes) -> None:
        """Offer an Excel workbook to save; it is inside the page. `label` is an English sentence."""
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        data = b64encode(content).decode()
        self._html(
            f'<p><a class="csv" download="{escape(name)}.xlsx" href="data:{kind};base64,{data}">{escape(self.words(label))}</a></p>'
        )

    def axes(self, width: float = 7, height: float = 3.6, rows: int = 1, columns: int = 1) -> Axes:
        """Return empty axes in the project's look; several as a flat array. Sizes are in inches."""
        return pictures.axes(self.words, width, height, rows, columns)

    def picture(
        self,
        ax: Axes | None,
        caption: str = "",
        alt: str = "",
        data: pd.DataFrame | None = None,
        *,
        columns: tables.Columns | None = None,
        rows: tuple[str, str] = ("part", "part"),
        **values: object,
    ) -> None:
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
        if caption:
            about = pictures.Description(self._text(caption, values), self._text(alt, values), data, columns, rows)
        about = pictures.Description(about.caption + self._mark(True), about.alt, about.data, about.columns, about.rows)
        note = self.words("SIMULATED DATA") if self.simulated else ""
        plt.close(ax.figure)  # one of pyplot's would be shown once more
        self._html(pictures.html(ax.figure, about, self.words, note, snippets.of(self, ax.figure)))

    def _text(self, sentence: str, values: dict) -> str:
        return self.words(sentence, **({"place": self.name, "year": self.year, "units": self.units} | values))

    def _mark(self, of_answers: bool) -> str:
        return " " + self.words("(simulated data)") if self.simulated and of_answers else ""

    @staticmethod
    def _html(fragment: str, more: dict | None = None) -> None:
        display({"text/html": fragment} | (more or {}), raw=True)

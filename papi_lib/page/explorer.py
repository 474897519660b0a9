"""The explorer: controls for place, comparison, part of the index and years; picture, sentences and table below.

What is chosen is a `Choice`, which knows its picture, what there is to say about it, and the code that makes it, so
that what was clicked becomes a cell. `Explorer` has the controls: each change of one makes a new choice, and a new
choice is shown as a whole.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import escape

import ipywidgets as widgets
import numpy as np
import pandas as pd
from IPython.display import Javascript
from matplotlib.axes import Axes

from papi_lib import datafiles, estimates, index, places, posterior, published
from papi_lib.page import charts, country, pictures, story, tables
from papi_lib.page.page import Page
from papi_lib.page.words import Words, mark

#: What a province can be compared with besides another province: kinds of `papi_lib.estimates.BESIDE`, and their names.
KINDS = ("whole", "median", "region", "cities", "best")
PICTURES = {"history": mark("year by year"), "parts": mark("part by part")}
#: The controls in their order, and their names.
CONTROLS = {
    "place": mark("Province"), "picture": mark("Picture"), "beside": mark("Compared with"),
    "dimension": mark("Dimension"), "subdimension": mark("Sub-dimension"), "years": mark("Years"), "lang": mark("Language"),
}  # fmt: skip
_TIGHT = 'style="margin: 0 0 0.3em; line-height: 1.4"'


@dataclass(frozen=True)
class Choice:
    """One state of the explorer's controls.

    Attributes
    ----------
    page : papi_lib.page.page.Page
        Province, last year, language, and dimension or total.
    beside : str or int
        What the province is compared with: one of `KINDS`, or another province's code.
    subdimension : str or None
        Key of one of the dimension's sub-dimensions; None for the whole dimension.
    first : int
        First year; a picture of one year shows the last.
    picture : {"history", "parts"}
        Year by year, or part by part in the last year.
    """

    page: Page
    beside: str | int = "whole"
    subdimension: str | None = None
    first: int = field(default_factory=lambda: index.years()[0])
    picture: str = "history"

    @property
    def years(self) -> list[int]:
        """The chosen years: the last one alone where the picture shows one year."""
        return list(range(self.page.year if self.picture == "parts" else self.first, self.page.year + 1))

    @property
    def subdimensions(self) -> list[str]:
        """The sub-dimensions of the chosen dimension in the chosen years, the latest edition's first."""
        years = reversed(self.years) if self.page.dimension else ()
        return list(dict.fromkeys(key for year in years for key in index.subdimensions(year, self.page.dimension)))

    @property
    def part(self) -> int | str:
        """The part of the index that the sentences are about; a sub-dimension that the years lack is given up."""
        chosen = self.picture == "history" and self.subdimension in self.subdimensions
        return self.subdimension if chosen else self.page.series

    @property
    def title(self) -> str:
        """The picture's title: what, who, when."""
        w, place = self.page.words, self.page.name
        return w("{subject}: {place}, {year}", subject=w.part(self.part), place=place, year=w.years(self.years))

    def draw(self) -> Axes | None:
        """Return the axes of the picture; None where there is nothing to draw, which `say` explains."""
        page, other = self.page, self.page.beside(self.beside)
        if not self._measured:
            return None
        if self.picture == "parts":
            frame = estimates.verdict(page.place.code, page.year, page.parts, self.beside)
            title = page.words("{place} less {other}, {year}", place=page.name, other=other, year=page.year)
            return charts.profile(frame, page.place, lang=page.lang, title=title)
        frame = estimates.history(page.place.code, [self.part], self.beside, self.first, page.year)
        return charts.history(frame, page.place, lang=page.lang, beside_name=other)

    def code(self, ax: Axes | None = None) -> str:
        """Return the code of a cell that makes the picture, drawn already if `ax` is given: the calls that `draw` makes."""
        part = "page.series" if self.part == self.page.series else repr(self.part)
        frame = f"history(page.place.code, [{part}], {self.beside!r}, {self.first}, page.year)"
        if self.picture == "parts":
            frame = f"verdict(page.place.code, page.year, page.parts, {self.beside!r})"
        ax = ax or self.draw()
        return "" if ax is None else charts.code(self.page, ax.figure, f"estimates.{frame}")

    def say(self) -> list[str]:
        """Return sentences on the picture: the latest score and rank with their margins, and what is missing."""
        w, place, years = self.page.words, self.page.name, self._measured
        if not years:
            told = {"years": w.years(self.years), "measured": self._runs(self._scores.columns)}
            return [w("Nothing to draw: PAPI did not measure “{part:part}” in {years}, but it did in {measured}.", part=self.part, **told)]  # fmt: skip
        known = self._scores.loc[self.page.place.code, years].notna()
        said = self._standing(int(known.index[known].max())) if known.any() else []
        if not known.all():
            said.append(w("{place} has no total for {years}: PAPI did not publish all of its dimensions, and a sum over fewer dimensions is not a total." if self.part == "total" else "PAPI published no score of {place} for this in {years}.", place=place, years=self._runs(known.index[~known])))  # fmt: skip
        return said

    @property
    def _scores(self) -> pd.DataFrame:
        """Published scores of the part, provinces × years."""
        return published.series(self.part, of=self.page.year)

    @property
    def _measured(self) -> list[int]:
        """The years of those chosen in which PAPI measured the part."""
        return [year for year in self.years if year in self._scores]

    def _standing(self, year: int) -> list[str]:
        """Return sentences on the score of one year, what it is compared with, and the ranks that are probable."""
        w, code = self.page.words, self.page.place.code
        order = posterior.published_standing(year, self.part)
        row, gap = order.loc[code], estimates.verdict(code, year, [self.part], self.beside).loc[self.part]
        about = {**row, **gap, "n": order["score"].count(), "group": country.group_name(row["group"], w)}
        about |= {"place": self.page.name, "other": self.page.beside(self.beside)}
        said = [w("In {year} {place} has {score:2} points (95% interval {low:2} to {high:2}).", **about)]
        if pd.isna(gap["difference"]):
            said.append(w("{other} has no score in {year} to compare with.", **about))
        elif gap["margin"] > 0:
            said.append(w("Compared with {other} ({beside:2}), the difference of {difference:+2} points (±{margin:2}) is more than its margin of error." if gap["clear"] else "Compared with {other} ({beside:2}), the difference of {difference:+2} points (±{margin:2}) is within its margin of error: there may be none.", **about))  # fmt: skip
        return [*said, w(story.RANK, **about)]

    def _runs(self, years: Iterable[int]) -> str:
        """Return years in words, each unbroken run as first and last: ``2011–2017 and 2019``."""
        years = sorted(years)
        runs = np.split(years, np.flatnonzero(np.diff(years) > 1) + 1)
        return self.page.words.join(map(self.page.words.years, runs))


class Explorer(widgets.VBox):
    """Controls with a linked picture, sentences, table and the code of the picture.

    Parameters
    ----------
    choice : Choice
        What to show first.

    Attributes
    ----------
    choice : Choice
        What is shown.
    """

    def __init__(self, choice: Choice) -> None:
        look = {"style": {"description_width": "11em"}, "layout": {"width": "33em", "max_width": "100%"}}
        self.place = widgets.Combobox(continuous_update=False, **look)
        self.picture, self.beside, self.dimension, self.subdimension = (widgets.Dropdown(**look) for _ in range(4))
        self.years = widgets.SelectionRangeSlider(options=index.years(), continuous_update=False, **look)
        self.lang = widgets.Dropdown(options=[("Tiếng Việt", "vi"), ("English", "en")], **look)
        self.title, self.said, self.drawing, self.table = (widgets.HTML(layout={"width": "100%"}) for _ in range(4))
        self.code = widgets.Textarea(rows=7, layout={"width": "99%"})
        self.copy = widgets.Button(icon="copy", layout={"width": "auto", "align_self": "flex-start"})
        self.copied = widgets.Output(layout={"height": "0", "overflow": "hidden"})
        controls = widgets.HBox([getattr(self, name) for name in CONTROLS], layout={"flex_flow": "row wrap"})
        shown = [self.title, self.said, self.drawing, self.table, self.copy, self.code, self.copied]
        super().__init__([controls, *shown])
        self._show(choice)
        for control in controls.children:
            control.observe(self._changed, "value")
        self.copy.on_click(self._copy)

    def _changed(self, _change: dict) -> None:
        """Answer a click, but not a control that is set to agree with the choice meanwhile."""
        if self._busy:
            return
        page, complaint, beside = self.choice.page, [], self.beside.value
        (first, last), place, typed = self.years.value, page.place, self.place.value.strip()
        try:
            place = places.province(typed, last) if typed else place
        except ValueError:
            complaint, near = [page.words("There is no province named “{name}”.", name=typed)], places.nearest(typed)
            complaint += [page.words("Did you mean {near:list}?", near=near)] if near else []
        if places.since_reform(place.year) != places.since_reform(last):
            last = page.year  # there is no such province in that year
        if beside not in (*KINDS, *places.provinces(place.year).index):
            beside = "whole"
        words, dimension = Words(self.lang.value, place.year), self.dimension.value or None
        page = replace(page, place=place, year=last, words=words, dimension=dimension)
        choice = Choice(page, beside, self.subdimension.value or None, first, self.picture.value)
        self._show(choice, " ".join(complaint))

    @datafiles.held()
    def _show(self, choice: Choice, complaint: str = "") -> None:
        """Show a choice: controls, title, sentences, picture, table, code."""
        self.choice, self._busy = choice, True
        try:
            self._settle()
        finally:
            self._busy = False
        w, ax = choice.page.words, choice.draw()
        self.title.value = f"<h2>{escape(choice.title)}</h2>"
        said = filter(None, [complaint, *choice.say()])
        self.said.value = "".join(f"<p {_TIGHT}>{escape(sentence)}</p>" for sentence in said)
        self.drawing.value = self.table.value = self.code.value = ""
        if ax is not None:
            about = ax.figure.description
            figures = tables.html(about.data, w, w("Data behind the picture"), about.columns, about.rows)
            self.drawing.value = f"{pictures.svg(ax.figure, about.alt)}<p {_TIGHT}>{escape(about.caption)}</p>"
            self.table.value = f'<div class="jp-RenderedHTMLCommon">{figures}</div>'
            self.code.value = choice.code(ax)
        self.copy.disabled = ax is None

    def _settle(self) -> None:
        """Make the controls and their names agree with the choice."""
        choice, page, w = self.choice, self.choice.page, self.choice.page.words
        offered, dimensions = choice.subdimensions, index.dimensions(index.years()[-1])
        for name, text in CONTROLS.items():
            getattr(self, name).description = w(text)
        names = places.provinces(page.place.year)[f"name_{w.lang}"]
        names = names.sort_values(key=lambda own: own.map(places.sort_key))
        self.place.options, self.place.placeholder = list(names), w("a name, with or without accents")
        self.picture.options = [(w(name), key) for key, name in PICTURES.items()]
        self.beside.options = [*((page.beside(k), k) for k in KINDS), *((name, code) for code, name in names.items())]
        self.dimension.options = [(w.part("total"), 0), *((f"{d}. {w.part(d)}", d) for d in dimensions)]
        self.subdimension.options = [(w("the whole dimension"), ""), *((w.part(key), key) for key in offered)]
        self.copy.description, self.code.placeholder = w("Copy as code"), w("no picture, no code")
        self.place.value, self.picture.value, self.beside.value = page.name, choice.picture, choice.beside
        self.dimension.value = page.dimension or 0
        self.subdimension.value = choice.part if choice.part in offered else ""
        self.subdimension.disabled = choice.picture == "parts" or not offered
        self.years.value, self.lang.value = (choice.first, page.year), w.lang

    def _copy(self, _button: widgets.Button) -> None:
        """Put the code on the reader's clipboard, by the browser."""
        self.copied.outputs = ()
        self.copied.append_display_data(Javascript(f"navigator.clipboard.writeText({json.dumps(self.code.value)})"))


def start(
    province: str | int = "Hà Nội", lang: str = "vi", *, dimension: int | None = None, beside: str | int = "whole"
) -> Explorer:
    """Return the explorer, which a notebook shows as the last line of a cell.

    Parameters
    ----------
    province : str or int
        Name or code of the province to start with.
    lang : {"vi", "en"}
        Language of controls, picture and sentences.
    dimension : int, optional
        Dimension to start with; by default the total.
    beside : str or int
        One of `KINDS`, or another province's name or code.

    Raises
    ------
    ValueError
        Unknown province, dimension or language.
    """
    gc.freeze()  # libraries stay: looking through them for garbage made a click in ten slow
    page = Page.open(province, lang=lang, dimension=dimension)
    return Explorer(Choice(page, beside if beside in KINDS else places.province(beside, page.year).code))

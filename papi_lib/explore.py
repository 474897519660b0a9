"""The explorer: controls for place, comparison, part of the index and years; picture and table below.

Everything that is shown comes from `papi_lib.choice.Choice`; here are only the controls. Each change
of a control makes a new choice, and a new choice is shown as a whole.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable
from contextlib import contextmanager
from html import escape

import ipywidgets as widgets
from IPython.display import Javascript

from papi_lib import comparison, datafiles, index, places, tables
from papi_lib.choice import PICTURES, Choice
from papi_lib.labels import comparison_name, part_name
from papi_lib.page.words import Words

#: The value of the control for the comparison that opens the field for another province's name.
ANOTHER = "another"
TIGHT = 'style="margin: 0 0 0.3em; line-height: 1.4"'


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
        self.choice = choice
        self._settling = False
        wide = {"width": "100%"}
        look = {"style": {"description_width": "11em"}, "layout": {"width": "33em", "max_width": "100%"}}
        self.place = widgets.Combobox(continuous_update=False, **look)
        self.beside = widgets.Dropdown(**look)
        self.other = widgets.Combobox(continuous_update=False, **look)
        self.dimension = widgets.Dropdown(**look)
        self.subdimension = widgets.Dropdown(**look)
        self.years = widgets.SelectionRangeSlider(options=index.years(), continuous_update=False, **look)
        self.picture = widgets.Dropdown(**look)
        self.lang = widgets.Dropdown(options=[("Tiếng Việt", "vi"), ("English", "en")], **look)
        self.title, self.said, self.drawing, self.table = (widgets.HTML(layout=wide) for _ in range(4))
        self.code = widgets.Textarea(rows=6, layout={"width": "99%"})
        self.copy = widgets.Button(icon="copy", layout={"width": "auto", "align_self": "flex-start"})
        self.copied = widgets.Output(layout={"height": "0", "overflow": "hidden"})
        self._controls = [self.place, self.picture, self.beside, self.dimension, self.other, self.subdimension]
        self._controls += [self.years, self.lang]
        for control in self._controls:
            control.observe(self._changed, "value")
        self.copy.on_click(self._copy)
        controls = widgets.HBox(self._controls, layout={"flex_flow": "row wrap"})
        shown = [self.title, self.said, self.drawing, self.table, self.copy, self.code, self.copied]
        super().__init__([controls, *shown])
        with datafiles.held():
            self._name_controls()
            self._show()

    @contextmanager
    def _settle(self):
        """Set controls without taking it for a click."""
        self._settling = True
        try:
            yield
        finally:
            self._settling = False

    def _changed(self, change: dict) -> None:
        """Answer a click, but not a control that was set to agree with the choice."""
        if not self._settling:
            with datafiles.held():
                self._take()

    def _take(self) -> None:
        """Make a choice of what the controls say, and show it."""
        complaints: list[str] = []
        province = self._province(self.place, self.choice.province, complaints)
        beside = self.beside.value
        if beside == ANOTHER:
            beside = self._province(self.other, self._other_than(province), complaints)
        renamed = self.lang.value != self.choice.lang
        self.choice = self.choice.change(
            province=province,
            beside=beside,
            dimension=self.dimension.value or None,
            subdimension=self.subdimension.value or None,
            first=self.years.value[0],
            last=self.years.value[1],
            picture=self.picture.value,
            lang=self.lang.value,
        )
        if renamed:
            self._name_controls()
        self._show(complaints)

    def _province(self, control: widgets.Combobox, otherwise: str, complaints: list[str]) -> str:
        """Return the name of the province that is typed; of none, complain and return the other one."""
        if not control.value.strip():
            return otherwise
        try:
            return places.province(control.value).name_vi
        except ValueError:
            w, near = self.choice.w, places.nearest(control.value)
            complaints.append(w("There is no province named “{name}”.", name=control.value))
            if near:
                complaints[-1] += " " + w("Did you mean {near}?", near=w.join(near))
            return otherwise

    def _other_than(self, province: str) -> str:
        """Return a province to compare with for a start: the last one, or another central city."""
        if self.choice.beside not in comparison.KINDS:
            return self.choice.beside
        place = places.province(province)
        return next(places.province(c).name_vi for c in places.peers(place, "cities") if c != place.code)

    def _name_controls(self) -> None:
        """Write the controls' names and what they offer in the chosen language."""
        w = self.choice.w
        names = sorted(places.provinces()[f"name_{w.lang}"], key=places.sort_key)
        kinds = [(comparison_name(kind, w, self.choice.place), kind) for kind in comparison.KINDS]
        dimensions = [index.name(d, w.lang) for d in index.dimensions(index.years()[-1])]
        with self._settle():
            for control, name in zip(
                self._controls,
                (
                    w("Province"),
                    w("Picture"),
                    w("Compared with"),
                    w("Dimension"),
                    w("Other province"),
                    w("Sub-dimension"),
                    w("Years"),
                    w("Language"),
                ),
                strict=True,
            ):
                control.description = name
            self.place.options = self.other.options = names
            self.place.placeholder = self.other.placeholder = w("a name, with or without accents")
            self.beside.options = [*kinds, (w("another province"), ANOTHER)]
            self.dimension.options = [
                (part_name("total", w), 0),
                *((f"{number}. {name}", number) for number, name in enumerate(dimensions, 1)),
            ]
            self.picture.options = [
                (name, kind) for kind, name in zip(PICTURES, (w("year by year"), w("part by part")), strict=True)
            ]
            self.copy.description = w("Copy as code")
            self.code.placeholder = w("no picture, no code")

    def _settle_controls(self) -> None:
        """Make the controls agree with the choice."""
        choice, w = self.choice, self.choice.w
        with self._settle():
            self.place.value = choice.place.name(w.lang)
            if choice.beside in comparison.KINDS:
                self.beside.value = choice.beside
            else:
                self.beside.value, self.other.value = ANOTHER, places.province(choice.beside).name(w.lang)
            self.other.layout.display = "" if self.beside.value == ANOTHER else "none"
            self.dimension.value = choice.dimension or 0
            offered = [(index.name(key, w.lang), key) for key in choice.subdimensions()]
            self.subdimension.options = [(w("the whole dimension"), ""), *offered]
            self.subdimension.value = choice.subdimension or ""
            self.subdimension.disabled = choice.picture == "parts" or not offered
            self.years.value = (choice.first, choice.last)
            self.picture.value, self.lang.value = choice.picture, choice.lang

    def _show(self, complaints: Iterable[str] = ()) -> None:
        """Show the choice: title, sentences, picture, table, code."""
        self._settle_controls()
        choice, w = self.choice, self.choice.w
        picture = choice.draw()
        self.title.value = f"<h2>{escape(choice.title())}</h2>"
        self.said.value = "".join(f"<p {TIGHT}>{escape(sentence)}</p>" for sentence in (*complaints, *choice.say()))
        self.drawing.value = "" if picture is None else f"{picture.svg()}<p {TIGHT}>{escape(picture.caption)}</p>"
        self.table.value = "" if picture is None else _table(picture.data, w)
        self.code.value = "" if picture is None else choice.code()
        self.copy.disabled = picture is None

    def _copy(self, _button: widgets.Button) -> None:
        """Put the code on the reader's clipboard, by the browser."""
        self.copied.outputs = ()
        self.copied.append_display_data(Javascript(f"navigator.clipboard.writeText({json.dumps(self.code.value)})"))


def start(province: str | int = "Hà Nội", lang: str = "vi", **more: object) -> Explorer:
    """Return the explorer, which a notebook shows as the last line of a cell.

    Parameters
    ----------
    province : str or int
        Name or code of the province to start with.
    lang : {"vi", "en"}
        Language of controls, picture and sentences.
    **more
        Other attributes of `papi_lib.choice.Choice` to start with, for example ``dimension=8``.

    Raises
    ------
    ValueError
        Unknown province or language.
    """
    name = places.province(province).name_vi
    gc.freeze()  # libraries stay: looking through them for garbage made a click in ten slow
    return Explorer(Choice(name, lang=Words(lang).lang, **more))


def _table(frame, w: Words) -> str:
    """Return the figures behind the picture as a table in the notebook's own look."""
    body = tables.html(frame, w, caption=w("Data behind the picture"))
    return f'<div class="jp-RenderedHTMLCommon">{body}</div>'

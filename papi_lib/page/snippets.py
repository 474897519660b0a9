"""The code of a picture: the cell that draws it again by itself, written from what its chart was given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from papi_lib import places

if TYPE_CHECKING:
    from papi_lib.page.page import Page


def of(page: Page, figure: Figure, frame: str = "") -> str:
    """Return the Python of a cell that draws a picture of a page again.

    Parameters
    ----------
    page : papi_lib.page.page.Page
        The page.
    figure : matplotlib.figure.Figure
        What a chart drew (`papi_lib.page.charts.chart`).
    frame : str
        The Python of the chart's frame; by default it is looked for among what the page has.

    Returns
    -------
    str
        Empty where the frame is a notebook's own, whose cell has the code, and where no chart drew.
    """
    draw, given, args, look = getattr(figure, "drawn", (None, None, (), {}))
    frame = frame or next((f"page.{name}" for name, value in vars(page).items() if value is given is not None), "")
    if not frame or draw is None:
        return ""
    about = {"dimension": page.dimension} | ({page.survey.level: page.place.code} if page.survey else {})
    if page.survey and not page.simulated:
        about["records"] = page.survey.name
    home = places.province(page.place.province_code, page.place.year).name_vi
    opened = [*map(_python, (home, page.year, page.lang)), *_arguments(about)]
    drawn = ["frame", "page.place", *map(_python, args), "lang=page.lang", *_arguments(look)]
    module = draw.__module__.rpartition(".")[2]
    more = "from papi_lib import estimates\n" if frame.startswith("estimates.") else ""
    return f"""\
{more}from papi_lib.page import {module}
from papi_lib.page.page import Page

page = Page.open({", ".join(opened)})
frame = {frame}
page.picture({module}.{draw.__name__}({", ".join(drawn)}))"""


def _python(value: object) -> str:
    """Return a value as it is written in Python; what is not known is None."""
    value = getattr(value, "item", lambda: value)()
    if isinstance(value, str | dict | list):
        return json.dumps(value, ensure_ascii=False)
    return repr(None if value != value else value)


def _arguments(given: Mapping[str, object]) -> list[str]:
    """Return arguments as they are written in a call, without the language and those that are not given."""
    return [f"{name}={_python(value)}" for name, value in given.items() if name != "lang" and value is not None]

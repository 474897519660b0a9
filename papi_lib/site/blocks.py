"""What executed notebooks and parts of pages tell a reader, as blocks of text, tables and pictures.

Nothing is computed: every sentence, figure and picture is one that a page of the place shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode

from papi_lib.page.words import Words
from papi_lib.site.pages import for_reader

_DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)


class Cell(NamedTuple):
    """A cell of a table: its text in the page's language, and the classes that tell how it looks."""

    text: str
    looks: tuple[str, ...] = ()


class Block(NamedTuple):
    """One piece of a page.

    Attributes
    ----------
    kind : str
        ``finding``, ``note``, ``lead``, ``simulated``, ``print``, ``table`` or ``picture``.
    text : str
        The sentence, or the caption of a table or picture.
    rows : list of list of Cell
        A table's rows, or those of the figures behind a picture; the header is the first.
    drawing, alt : str
        A picture as SVG, and what it shows in words.
    """

    kind: str
    text: str
    rows: Sequence[Sequence[Cell]] = ()
    drawing: str = ""
    alt: str = ""


class Section(NamedTuple):
    """A question of a page and the blocks that answer it; what stands before the first has no question."""

    question: str
    blocks: list[Block]


def sections(notebook: NotebookNode, w: Words) -> list[Section]:
    """Return what an executed notebook tells a reader in a page's language, by question."""
    made = [Section("", [])]
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        for fragment in for_reader(cell, w)[0]:
            for found in _read(fragment):
                if isinstance(found, Block):
                    made[-1].blocks.append(found)
                else:
                    made.append(Section(found, []))
    return made


def blocks(markup: str) -> list[Block]:
    """Return the blocks of a part of a page."""
    return [found for found in _read(markup) if isinstance(found, Block)]


def _read(markup: str) -> Iterator[Block | str]:
    """Yield the blocks of markup, and the texts of its headings."""
    drawings = _DRAWING.findall(markup)
    for tag in BeautifulSoup(_DRAWING.sub("<svg></svg>", markup), "html.parser").find_all(True):
        if tag.name == "h2":
            yield _text(tag)
        elif found := _block(tag, drawings):
            yield found


def _block(tag: Tag, drawings: list[str]) -> Block | None:
    """Return the block that begins at an element, taking its drawing; None if none does."""
    if tag.name == "figure" and drawings:
        drawing, caption, table = drawings.pop(0), tag.find("figcaption"), tag.find("table")
        alt = BeautifulSoup(drawing.partition(">")[0] + ">", "html.parser").find(True)
        about = str(alt.get("aria-label") or "") if alt else ""
        return Block("picture", _text(caption), _rows(table), drawing, about)
    if tag.find_parent("figure"):
        return None
    if tag.name == "table":
        return Block("table", _text(tag.find("caption")), _rows(tag))
    if tag.name == "pre":
        return Block("print", tag.get_text())
    if tag.name in ("p", "li") and (text := _text(tag)) and not tag.find("a", class_="csv"):
        kind = tag.get("class") or ["finding"]
        return Block(kind[0], text)
    return None


def _rows(table: Tag | None) -> list[list[Cell]]:
    rows = table.find_all("tr") if table else []
    return [[Cell(_text(c), tuple(c.get("class") or ())) for c in row.find_all(["th", "td"])] for row in rows]


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""

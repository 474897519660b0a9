"""What executed notebooks tell a reader, as blocks of text, tables and pictures, and the brief that is made of them.

Nothing is computed: every sentence, figure and picture is one that a page of the place shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode

from papi_lib.page.words import Words, mark
from papi_lib.site.pages import for_reader

_DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)
#: The questions of notebooks whose answers make the brief, in its order, and the kinds of blocks taken of each.
PARTS = (
    (mark("How does {place} stand in each dimension?"), ("table",)),
    (mark("Which are the priorities?"), ("finding", "table")),
    (mark("Which parts make it so?"), ("finding", "picture")),
    (mark("How did it move?"), ("finding",)),
    (mark("What was asked, and what came?"), ("finding",)),
    (mark("Who is asked to act?"), ("table",)),
    (mark("What does the plan ask districts to do?"), ("table",)),
    (mark("How sure is the score?"), ("table",)),
    (mark("How was this made?"), ("note",)),
)
#: A table of the brief that has more rows is shortened.
MOST_ROWS = 12


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
            drawings = _DRAWING.findall(fragment)
            for tag in BeautifulSoup(_DRAWING.sub("<svg></svg>", fragment), "html.parser").find_all(True):
                if tag.name == "h2":
                    made.append(Section(_text(tag), []))
                elif found := _block(tag, drawings):
                    made[-1].blocks.append(found)
    return made


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


def brief(pages: Iterable[Sequence[Section]], w: Words, place: str, year: int) -> list[Section]:
    """Return a place's brief: what its first page answers at once, then the questions of `PARTS`.

    Parameters
    ----------
    pages : iterable of list of Section
        The place's pages, as `sections` returns them; the first that answers a question counts.
    w : Words
        Their language.
    place, year : str, int
        As the pages name them.
    """
    pages = [page for page in pages if page]
    opening = next((page[0].blocks for page in pages if any(b.kind == "finding" for b in page[0].blocks)), [])
    made = [Section(w("In short"), [block for block in opening if block.kind != "lead"])]
    for question, kinds in PARTS:
        asked = w(question, place=place, year=year)
        answers = next((s.blocks for page in pages for s in page if s.question == asked), [])
        pictures = [block for block in answers if block.kind == "picture"][:1]
        blocks = [b for b in answers if b.kind in kinds and (b.kind != "picture" or b in pictures)]
        made += [Section(asked, [_by_first(b) if len(b.rows) > MOST_ROWS else b for b in blocks])] if blocks else []
    return made


def _by_first(table: Block) -> Block:
    """Return a long table with a row for each name in its first column, its second column's texts together."""
    head, *rows = table.rows
    texts: dict[str, list[str]] = {}
    for name, text, *_ in rows:
        texts.setdefault(name.text, []).append(text.text)
    return table._replace(rows=[head[:2], *([Cell(name), Cell("; ".join(own))] for name, own in texts.items())])

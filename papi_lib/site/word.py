"""A place's brief as a Word document: styles, numbered captions, texts beside pictures, a header row on every page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import matplotlib
import resvg_py
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from papi_lib.page.words import Words, mark
from papi_lib.site.blocks import Block, Section

_FONT, _BLUE = "Arial", RGBColor(0x08, 0x30, 0x6B)
_WIDTH = Cm(17)  # of A4 without its margins
_NUMBERED = {"table": mark("Table {n}. {caption}"), "picture": mark("Figure {n}. {caption}")}
_STYLES = {"finding": "List Bullet", "note": "Quote", "simulated": "Intense Quote"}
_SIZES = {"Normal": 10, "List Bullet": 10, "Quote": 8.5, "Caption": 8.5, "Title": 17, "Heading 1": 12, "Intense Quote": 10}  # fmt: skip


def document(title: str, contents: Sequence[Section], w: Words, made: str, facts: dict) -> bytes:
    """Return a brief as a .docx file.

    Parameters
    ----------
    title : str
        Its title, in the page's language.
    contents : list of Section
        See `papi_lib.site.blocks.brief`.
    w : Words
        The language.
    made : str
        When the run was made, in words.
    facts : dict
        What the place's first page tells of itself; its source and versions stand below the text.
    """
    paper = Document()
    _look(paper, w.lang)
    paper.core_properties.title, paper.core_properties.author = title, "PAPI"
    paper.core_properties.language, paper.core_properties.comments = w.lang, ""
    paper.core_properties.created = paper.core_properties.modified = datetime(1980, 1, 1)
    paper.add_heading(title, 0)
    counts = dict.fromkeys(_NUMBERED, 0)
    for section in contents:
        paper.add_heading(section.question, 1)
        for block in section.blocks:
            if block.kind in counts:
                counts[block.kind] += 1
                caption = w(_NUMBERED[block.kind], n=counts[block.kind], caption=block.text)
                (_table if block.kind == "table" else _picture)(paper, block, caption)
            else:
                paper.add_paragraph(block.text, _STYLES.get(block.kind))
    foot = paper.sections[0].footer.paragraphs[0]
    foot.text = w("{source}. Data {data}, made {made}. Page ", source=facts.get("source", ""), data=facts.get("data_version", ""), made=made)  # fmt: skip
    foot.style.font.size = Pt(7.5)
    _field(foot, "PAGE")
    content = io.BytesIO()
    paper.save(content)
    return content.getvalue()


def _look(paper, lang: str) -> None:
    """Set paper, margins, language and fonts; Word's own fonts for East Asian text must not take Vietnamese letters."""
    page = paper.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin = page.bottom_margin = Cm(1.5)
    for name, size in _SIZES.items():
        style = paper.styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{kind}"), _FONT)
        style.paragraph_format.space_after = Pt(2)
        style.paragraph_format.space_before = Pt(8 if name == "Heading 1" else 0)
        if name in ("Title", "Heading 1", "Caption"):
            style.font.color.rgb = _BLUE
            style.paragraph_format.keep_with_next = name != "Title"
    tongue = OxmlElement("w:lang")
    tongue.set(qn("w:val"), {"vi": "vi-VN", "en": "en-GB"}[lang])
    paper.styles["Normal"].element.get_or_add_rPr().append(tongue)


def _table(paper, block: Block, caption: str) -> None:
    paper.add_paragraph(caption, "Caption")
    table = paper.add_table(0, len(block.rows[0]), "Light Grid Accent 1")
    longest = [min(max(len(cell.text) for cell in column), 40) + 4 for column in zip(*block.rows, strict=True)]
    table.autofit = False
    for column, share in zip(table.columns, longest, strict=True):
        column.width = int(_WIDTH * share / sum(longest))
    for at, cells in enumerate(block.rows):
        row = table.add_row()
        properties = row._tr.get_or_add_trPr()
        for name in ["w:cantSplit"] + ["w:tblHeader"] * (at == 0):
            properties.append(OxmlElement(name))
        for cell, column, (text, looks) in zip(row.cells, table.columns, cells, strict=True):
            cell.width = column.width
            written = cell.paragraphs[0]
            written.add_run(text).font.size = Pt(8.5)
            written.paragraph_format.space_after = Pt(0)
            if "number" in looks:
                written.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _picture(paper, block: Block, caption: str) -> None:
    """Add a drawing as a picture of 200 dots an inch, with its text beside it for who cannot see it."""
    fonts = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")
    drawn = resvg_py.svg_to_bytes(
        svg_string=block.drawing, zoom=2.5, font_dirs=[fonts], skip_system_fonts=True, font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
    )  # fmt: skip
    shape = paper.add_picture(io.BytesIO(bytes(drawn)), width=int(_WIDTH * 0.6))
    shape._inline.docPr.set("descr", block.alt)
    paragraph = paper.paragraphs[-1]
    paragraph.alignment, paragraph.paragraph_format.keep_with_next = WD_ALIGN_PARAGRAPH.CENTER, True
    paper.add_paragraph(caption, "Caption").paragraph_format.keep_with_next = False


def _field(paragraph, name: str) -> None:
    """Add a field that the word processor fills in, as the page's number."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    paragraph._p.append(field)

"""A run as documents to hand over: of each place its summary (.docx), all its tables (.xlsx), one page that opens alone.

They are made from executed notebooks and the manifest, as pages are, and lie in the run's folder ``documents``.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import matplotlib
import resvg_py
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from papi_lib import atomic
from papi_lib.batch.jobs import parse
from papi_lib.page.colours import GROUPS
from papi_lib.page.words import Words, mark
from papi_lib.site.booklet import bound, summary, title
from papi_lib.site.files import full_name, of_places, read_file, read_run
from papi_lib.site.pages import Block, Cell, Section, blocks, sections, value
from papi_lib.survey.disclosure import LEAST_CLUSTERS, LEAST_RESPONDENTS

FOLDER = "documents"
KINDS = ("docx", "xlsx", "html")
_FONT, _BLUE = "Arial", RGBColor(0x08, 0x30, 0x6B)
_WIDTH = Cm(17)  # of A4 without its margins
_NUMBERED = {"table": mark("Table {n}. {caption}"), "picture": mark("Figure {n}. {caption}")}
_STYLES = {"finding": "List Bullet", "note": "Quote", "simulated": "Intense Quote"}
_SIZES = {"Normal": 10, "List Bullet": 10, "Quote": 8.5, "Caption": 8.5, "Title": 17, "Heading 1": 12, "Intense Quote": 10}  # fmt: skip
_BOLD, _HEAD = Font(bold=True), PatternFill("solid", fgColor="DDE7F3")
_TOLD = ("score", "noise", "rank", "rank_lower", "rank_upper", "group")


def export(out: Path, kinds: tuple[str, ...] = KINDS[:2]) -> Iterator[Path]:
    """Write a run's documents and yield each one's path.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.
    kinds : tuple of {"docx", "xlsx", "html"}
        Which documents each place gets, of each year and language: ``documents/2024/vi/ha-noi.docx``. With
        ``xlsx`` there is one workbook of all places besides, ``documents/vi.xlsx``, and where figures of a survey
        are hidden, a list of them for reviewers, ``documents/protected.vi.xlsx``, which is not handed over.

    Raises
    ------
    ValueError
        There is no finished run, or it is damaged, or the executed notebook of a page is missing.
    papi_lib.atomic.WriteError
        A document cannot be written; those before it are.
    """
    for name, content in _documents(out, kinds):
        atomic.write(out / FOLDER / name, content)
        yield out / FOLDER / name


def _documents(out: Path, kinds: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield each document by its name."""
    run = read_run(out)
    jobs = [job for job in of_places(run["jobs"]) if job["status"] != "failed"]
    for folder, own in groupby(jobs, key=lambda job: posixpath.dirname(job["path"])):
        for kind, content in _of_place(out, list(own), run, kinds):
            yield f"{folder}.{kind}", content
    for lang in dict.fromkeys(job["labels"]["lang"] for job in jobs if "xlsx" in kinds):
        told, w = [job for job in jobs if job["labels"]["lang"] == lang], Words(lang)
        yield f"{lang}.xlsx", of_run(told, w)
        if protected := of_protected(told, w):
            yield f"protected.{lang}.xlsx", protected


def _of_place(out: Path, jobs: list[dict], run: dict, kinds: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield a place's documents by their ending."""
    labels, facts = jobs[0]["labels"], jobs[0]["facts"]
    w, name = Words(labels["lang"], labels["year"]), full_name(labels)
    about = w.date(datetime.fromisoformat(run["finished"])), facts
    if "docx" in kinds:
        styles, parts = summary(out, jobs, w)
        contents = [Section(name, blocks(markup)) for name, markup in parts]
        yield "docx", word(title(labels, w), contents, styles, w, *about)
    if "xlsx" in kinds:
        pages = {}
        for job in jobs:
            path = out / "notebooks" / f"{job['path']}.ipynb"
            pages[job["labels"]["title"]] = sections(parse(read_file(path), str(path)), w)
        yield "xlsx", of_place(w("PAPI {year}: {place}", place=name, year=labels["year"]), pages, w, *about)
    if "html" in kinds:
        whole = bound([out / "site" / f"{job['path']}.html" for job in jobs], labels)
        yield "html", re.sub(r' href="(?!#|https?:)[^"]*"', "", whole).encode()


def hand_over(out: Path, target: Path) -> int:
    """Write a run's pages and documents, without notebooks and records, as one zip; return how many files it has."""
    content, files = io.BytesIO(), [p for folder in ("site", FOLDER) for p in sorted((out / folder).rglob("*"))]
    kept = [p for p in files if p.is_file() and not p.is_symlink() and not p.name.startswith((".", "protected."))]
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in kept:
            packed.write(path, path.relative_to(out).as_posix())
    atomic.write(target, content.getvalue())
    return len(kept)


def word(title: str, contents: Sequence[Section], styles: dict, w: Words, made: str, facts: dict) -> bytes:
    """Return a summary as a .docx file.

    Parameters
    ----------
    title : str
        Its title, in the page's language.
    contents : list of Section
        Its parts.
    styles : dict
        The style rules of its pictures, by class: see `papi_lib.site.booklet.summary`.
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
                (_table if block.kind == "table" else _picture)(paper, block, caption, styles)
            else:
                paper.add_paragraph(block.text, _STYLES.get(block.kind))
    foot = paper.sections[0].footer.paragraphs[0]
    foot.text = w("{source}. Data {data}, made {made}. Page ", source=facts.get("source", ""), data=facts.get("data_version", ""), made=made)  # fmt: skip
    foot.style.font.size = Pt(7.5)
    page = OxmlElement("w:fldSimple")  # which the word processor fills in
    page.set(qn("w:instr"), "PAGE")
    foot._p.append(page)
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
        fonts.attrib.clear()
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


def _table(paper, block: Block, caption: str, _: dict) -> None:
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


def _picture(paper, block: Block, caption: str, styles: dict) -> None:
    """Add a drawing as a picture of 200 dots an inch, with its text beside it for who cannot see it."""
    fonts = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")
    rules = "".join(f".{name}{{{rule}}}" for name, rule in styles.items())
    drawing = re.sub(r"var\([^,()]*,([^()]*)\)", r"\1", block.drawing.replace(">", f"><style>{rules}</style>", 1))
    drawn = resvg_py.svg_to_bytes(
        svg_string=drawing, zoom=2.5, font_dirs=[fonts], skip_system_fonts=True, font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
    )  # fmt: skip
    shape = paper.add_picture(io.BytesIO(bytes(drawn)), width=int(_WIDTH * 0.7))
    shape._inline.docPr.set("descr", block.alt)
    paragraph = paper.paragraphs[-1]
    paragraph.alignment, paragraph.paragraph_format.keep_with_next = WD_ALIGN_PARAGRAPH.CENTER, True
    paper.add_paragraph(caption, "Caption").paragraph_format.keep_with_next = False


def of_place(title: str, pages: Mapping[str, Sequence[Section]], w: Words, made: str, facts: dict) -> bytes:
    """Return the workbook of a place: what it holds and is from, what stands out, and a sheet a table.

    Tables are those of the pages and those behind their pictures, each once. What is a number on a page is one here;
    where a cell holds a score and its rank, the rank stands in a column of its own, and the colour is the group's.

    Parameters
    ----------
    title, made : str
        The workbook's title and when the run was made, in words.
    pages : mapping of str to list of Section
        The place's pages by title.
    w : Words
        The language.
    facts : dict
        What the first page tells of itself.
    """
    book = Workbook()
    first = book.active
    first.title = w("Contents")
    _row(first, [title], bold=True)
    _row(first, [w("Source"), facts.get("source")])
    _row(first, [w("Data and code"), f"{facts.get('data_version')}, {facts.get('code_version')}"])
    _row(first, [w("Made"), made])
    _row(first, [None])
    told = book.create_sheet(w("Findings"))
    _row(told, [w("page"), w("question"), w("finding")], bold=True)
    seen = set()
    for page, own in pages.items():
        for question, answer in own:
            for block in answer:
                key = block.text, tuple(map(tuple, block.rows))
                if block.rows and key not in seen:
                    caption = question if block.kind == "picture" else block.text
                    name = re.sub(r"[\[\]:*?/\\']", " ", caption)
                    sheet = book.create_sheet(f"{len(book.sheetnames) - 1:02} {name}"[:31].rstrip())
                    _row(sheet, [block.text], bold=True)
                    _fill(sheet, block.rows, w)
                    _row(first, [sheet.title, page, question, block.text])
                    first.cell(first.max_row, 1).hyperlink = f"#'{sheet.title}'!A1"
                elif not block.rows and block.kind in ("finding", "note", "simulated") and key not in seen:
                    _row(told, [page, question, block.text])
                seen.add(key)
    return _saved(book)


def of_run(jobs: Sequence[dict], w: Words) -> bytes:
    """Return the workbook of a run in one language: a row a page, its findings, and what is missing and why."""
    about = [w("place"), w("level"), w("year"), w("page")]
    named = [w("score"), "±", w("rank"), w("possible from rank"), w("to rank"), w("group"), w("compared with"), w("change"), "±", w("simulated data")]  # fmt: skip
    pages, told, gaps = [about + named], [[*about, w("finding")]], [[*about, w("missing")]]
    for job in jobs:
        facts, place = job["facts"], _about(job, w)
        moved = [(facts.get("change") or {}).get(name) for name in ("since", "points", "noise")]
        pages.append(place + [facts.get(name) for name in _TOLD] + moved + ["x" if facts.get("simulated") else None])
        told += [[*place, sentence] for sentence in facts.get("findings") or []]
        gaps += [[*place, sentence] for sentence in facts.get("missing") or []]
    return _book({w("Pages"): pages, w("Findings"): told, w("Missing"): gaps})


def of_protected(jobs: Sequence[dict], w: Words) -> bytes | None:
    """Return the list for reviewers of what a survey's pages hide and why; None where nothing is hidden.

    A number of respondents or villages that is itself too small is told as below the least that is shown.
    """
    rows = [[w("place"), w("level"), w("year"), w("page"), w("respondents"), w("villages"), w("hidden, and why")]]
    for job in jobs:
        sample = job["facts"].get("sample") or {}
        least = {"respondents": LEAST_RESPONDENTS, "clusters": LEAST_CLUSTERS}
        counts = [f"<{n}" if (sample.get(name) or 0) < n else sample[name] for name, n in least.items()]
        rows += [[*_about(job, w), *counts, sentence] for sentence in job["facts"].get("suppressed") or []]
    return _book({w("Protected"): rows}) if rows[1:] else None


def _about(job: dict, w: Words) -> list:
    labels = job["labels"]
    levels = {"province": w("province"), "district": w("district"), "commune": w("commune")}
    return [full_name(labels), levels[labels["level"]], labels["year"], labels["title"]]


def _fill(sheet: Worksheet, rows: Sequence[Sequence[Cell]], w: Words) -> None:
    """Add a table; where cells hold a score and its rank, each column becomes two."""
    ranked = [any(re.fullmatch(r"\S+ \(\d+\)", cell.text) for cell in column) for column in zip(*rows, strict=False)]
    for at, row in enumerate(rows):
        values, fills = list[object](), list[str]()
        for (text, looks), two in zip(row, ranked, strict=False):
            score, _, rank = text.removesuffix(")").partition(" (") if two else (text, "", "")
            values.append(text if at == 0 else value(score, w) if two or "number" in looks else text)
            fills.append(next((GROUPS[int(c[-1])] for c in looks if re.fullmatch("group-[1-4]", c)), ""))
            if two:
                values.append(w("{column}, rank", column=text) if at == 0 else value(rank, w))
                fills.append(fills[-1])
        _row(sheet, values, bold=at == 0)
        for cell, colour in zip(sheet[sheet.max_row], fills, strict=False):
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour[1:])
                cell.font = Font(color="FFFFFF" if colour in (GROUPS[1], GROUPS[2]) else "000000")


def _row(sheet: Worksheet, values: Iterable, bold: bool = False) -> None:
    """Add a row; text stays text, also where a program would take it for a formula."""
    sheet.append([ILLEGAL_CHARACTERS_RE.sub("\ufffd", one) if isinstance(one, str) else one for one in values])
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"
        if bold:
            cell.font, cell.fill = _BOLD, _HEAD


def _book(tables: Mapping[str, Iterable[Iterable]]) -> bytes:
    """Return a workbook with a sheet a table, whose first row is its header."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for at, row in enumerate(rows):
            _row(sheet, row, bold=at == 0)
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    """Return a workbook as a file: columns as wide as their words, the header in sight."""
    for sheet in book:
        for at, column in enumerate(sheet.iter_cols(), start=1):
            widest = max((len(str(cell.value)) for cell in column[1:] if cell.value is not None), default=8)
            sheet.column_dimensions[get_column_letter(at)].width = min(max(widest + 2, 9), 70)
            for cell in column:
                cell.alignment = Alignment(vertical="top", wrap_text=len(str(cell.value or "")) > 70 and at > 1)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()

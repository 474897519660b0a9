"""Workbooks of a run: of a place a sheet for each table of its pages, of a run a row for each page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from papi_lib.page.colours import GROUPS
from papi_lib.page.words import Words
from papi_lib.site.blocks import Cell, Section
from papi_lib.site.files import full_name
from papi_lib.survey.disclosure import LEAST_CLUSTERS, LEAST_RESPONDENTS

_BOLD, _HEAD = Font(bold=True), PatternFill("solid", fgColor="DDE7F3")
_TOLD = ("score", "noise", "rank", "rank_lower", "rank_upper", "group")


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
        for question, blocks in own:
            for block in blocks:
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
    book = Workbook()
    sheet, told, gaps = book.active, book.create_sheet(w("Findings")), book.create_sheet(w("Missing"))
    sheet.title = w("Pages")
    about = [w("place"), w("level"), w("year"), w("page")]
    named = [w("score"), "±", w("rank"), w("possible from rank"), w("to rank"), w("group"), w("compared with"), w("change"), "±", w("simulated data")]  # fmt: skip
    for one, more in ((sheet, named), (told, [w("finding")]), (gaps, [w("missing")])):
        _row(one, about + more, bold=True)
    for job in jobs:
        facts = job["facts"]
        place = _about(job, w)
        change = facts.get("change") or {}
        moved = [change.get(name) for name in ("since", "points", "noise")]
        _row(sheet, place + [facts.get(name) for name in _TOLD] + moved + ["x" if facts.get("simulated") else None])
        for one, name in ((told, "findings"), (gaps, "missing")):
            for sentence in facts.get(name) or []:
                _row(one, [*place, sentence])
    return _saved(book)


def of_protected(jobs: Sequence[dict], w: Words) -> bytes | None:
    """Return the list for reviewers of what a survey's pages hide and why; None where nothing is hidden.

    A number of respondents or villages that is itself too small is told as below the least that is shown.
    """
    book = Workbook()
    sheet = book.active
    sheet.title = w("Protected")
    head = [w("place"), w("level"), w("year"), w("page"), w("respondents"), w("villages"), w("hidden, and why")]
    _row(sheet, head, bold=True)
    for job in jobs:
        sample = job["facts"].get("sample") or {}
        least = {"respondents": LEAST_RESPONDENTS, "clusters": LEAST_CLUSTERS}
        counts = [f"<{n}" if (sample.get(name) or 0) < n else sample[name] for name, n in least.items()]
        for sentence in job["facts"].get("suppressed") or []:
            _row(sheet, [*_about(job, w), *counts, sentence])
    return _saved(book) if sheet.max_row > 1 else None


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


def value(text: str, w: Words) -> float | int | str | None:
    """Return the number that a page's text is, in its language; None for a dash, the text where it is none.

    Examples
    --------
    >>> value("−1.234,50", Words("vi")), value("34%", Words("en")), value("–", Words("vi"))
    (-1234.5, 0.34, None)
    """
    if text in ("", "–"):
        return None
    point, group = w.number(0.5, 1)[1], w.number(1000, 0)[1]
    plain = text.replace("−", "-").replace(group, "").replace(point, ".").lstrip("+")
    if not re.fullmatch(r"-?\d+(\.\d+)?%?", plain):
        return text
    number = float(plain.rstrip("%"))
    return number / 100 if plain.endswith("%") else int(number) if "." not in plain else number


def _row(sheet: Worksheet, values: Iterable, bold: bool = False) -> None:
    """Add a row; text stays text, also where a program would take it for a formula."""
    sheet.append([ILLEGAL_CHARACTERS_RE.sub("\ufffd", one) if isinstance(one, str) else one for one in values])
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"
        if bold:
            cell.font, cell.fill = _BOLD, _HEAD


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

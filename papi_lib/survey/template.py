"""An empty workbook for a survey's records: a column an item with its question, answers to choose from, places by name."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from papi_lib import index, places
from papi_lib.page.words import Words, mark
from papi_lib.places import registers
from papi_lib.survey import codebook

#: Rows with answers to choose from.
ROWS = 5000
#: The columns of the design: what each is called and what it holds.
DESIGN = {
    "unit": (mark("Place"), mark("The district or commune that the respondent lives in, chosen from the list on the sheet of places.")),
    "stratum": (mark("Stratum"), mark("What the sample was drawn in by itself, for example the town and the villages of a district. Where nothing was drawn apart, write the place again.")),
    "cluster": (mark("Cluster"), mark("What was drawn first in the stratum: a commune or village. All respondents from there have the same name here, and it belongs to one stratum only.")),
    "weight": (mark("Weight"), mark("How many people the respondent stands for, above zero. Where everybody had the same chance, write 1 for all.")),
}  # fmt: skip


def workbook(province: places.Place, level: str, lang: str, year: int) -> bytes:
    """Return the template for a survey of a province's districts or communes, as .xlsx.

    Filled in it passes ``papi check``: the second row has the names of columns, answers are told as ``1. Có``.

    Parameters
    ----------
    province : papi_lib.places.Place
        The province.
    level : {"district", "commune"}
        What the survey is to tell apart.
    lang : {"vi", "en"}
        Language of questions and explanations.
    year : int
        Year of the survey.

    Raises
    ------
    ValueError
        The province has no such units in the year.
    """
    w = Words(lang)
    units = _units(province, level, year)
    book = Workbook()
    sheet: Any = book.active
    sheet.title = w("Answers of respondents")
    names = mark("How to fill it in"), mark("Places to choose"), mark("Answers to choose")
    about, listed, codes = (book.create_sheet(w(name)) for name in names)
    items = codebook.items(index.years()[-1])
    columns: dict[str, tuple[str, str, list[str]]] = {}
    for name, (title, text) in DESIGN.items():
        columns[f"{level}_code" if name == "unit" else name] = (w(title), w(text), units if name == "unit" else [])
    columns["year"] = (w("Year"), w("Year of the survey."), [])
    for item, row in items.iterrows():
        choices = [*(f"{code}. {text}" for code, text in row[f"answers_{lang}"].items()), *map(str, row["missing"])]
        when = ""
        if row["asked_item"]:
            given = items.loc[row["asked_item"], f"answers_{lang}"]
            when = w("Only if to '{question}' the answer was: {answers:list}. Else leave it empty.", question=items.loc[row["asked_item"], f"question_{lang}"], answers=[given[c] for c in row["asked_codes"]])  # fmt: skip
        columns[item] = (row[f"question_{lang}"], when, choices)
    about.append([w("Fill in one row for each respondent on the sheet '{sheet}', from row 3 on; leave rows 1 and 2 as they are.", sheet=sheet.title)])  # fmt: skip
    about.append([w("Codes without words (as 99) stand for answers that were refused or are not known. Then check the file:")])  # fmt: skip
    about.append(["papi check survey.xlsx" + (f" --year {year}" if level == "district" else "")])
    about.append([])
    for at, (name, (title, text, choices)) in enumerate(columns.items(), start=1):
        sheet.cell(1, at, title)
        sheet.cell(2, at, name)
        about.append([name, title, text, "; ".join(choices) if len(choices) < 20 else w("see the sheet of places")])
        target = listed if choices is units else codes
        column = get_column_letter(1 if choices is units else at)
        for row_number, choice in enumerate(choices, start=1):
            target.cell(row_number, 1 if choices is units else at, choice)
        _rule(sheet, at, name, text, f"'{target.title}'!${column}$1:${column}${len(choices)}" if choices else "")
    _look(sheet, about, len(columns))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _units(province: places.Place, level: str, year: int) -> list[str]:
    """Return the names of a province's districts or communes; the codes of those whose names others have too."""
    table = registers.below(level, year)
    names = table["name_vi"].mask(table["name_vi"].duplicated(keep=False), table.index)
    if not (found := list(names[table["province_code"] == province.code])):
        raise ValueError(f"{province.name_vi} has no {level}s in {year}; name another level or year")
    return found


def _rule(sheet: Any, at: int, name: str, text: str, choices: str) -> None:
    """Let a column's cells take what belongs there, and tell what that is beside them."""
    kind: dict[str, Any] = {"type": "list", "formula1": choices} if choices else {}
    kind = kind or ({"type": "decimal", "operator": "greaterThan", "formula1": "0"} if name == "weight" else {"type": None})  # fmt: skip
    rule = DataValidation(**kind, allow_blank=True, showErrorMessage=bool(kind["type"]))
    rule.promptTitle, rule.prompt, rule.showInputMessage = name[:32], text[:255] or None, bool(text)
    sheet.add_data_validation(rule)
    column = get_column_letter(at)
    rule.add(f"{column}3:{column}{ROWS + 2}")


def _look(sheet: Any, about: Any, wide: int) -> None:
    for cell in sheet[1]:
        cell.alignment, cell.font = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DDE7F3")
        sheet.column_dimensions[cell.column_letter].width = 24
    for cell in sheet[2]:
        cell.font, cell.protection = Font(italic=True, color="666666"), Protection(locked=True)
    sheet.row_dimensions[1].height = 90
    sheet.freeze_panes = "F3"
    for letter, width in zip("ABCD", (24, 50, 70, 60), strict=True):
        about.column_dimensions[letter].width = width

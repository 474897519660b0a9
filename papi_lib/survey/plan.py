"""A survey that is still to be made: how many villages and people it takes, by the records of another, and the workbook to fill in.

A city that measures its districts or communes has to say how many villages (or residential groups) it goes to in each
place, and how many people it asks in each. What that gives follows from what records of an earlier survey show of each
part of the index: how far people's scores lie apart, how much more alike neighbours answer than others, how many are
asked a question at all, and what weights cost (`papi_lib.survey.units.Survey.components`). Neighbours tell less than
strangers, so that more villages help more than more people in each (L. Kish, Survey Sampling, 1965, chapter 5).

Whether a change would be seen is asked of any calculator of power with the `effective` number of people, as
``statsmodels.stats.power.NormalIndPower`` (notebook ``21_sample_plan``).
"""

from __future__ import annotations

import io
from bisect import bisect_left
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from papi_lib import estimates, index, places
from papi_lib.page.words import Words, mark
from papi_lib.places import registers
from papi_lib.survey import codebook

#: The most villages in a place that are tried.
MOST = 2000
#: Rows with answers to choose from.
ROWS = 5000
#: The columns of the design: what each is called and what it holds.
DESIGN = {
    "unit": (mark("Place"), mark("The district or commune that the respondent lives in, chosen from the list on the sheet of places.")),
    "stratum": (mark("Stratum"), mark("What the sample was drawn in by itself, for example the town and the villages of a district. Where nothing was drawn apart, write the place again.")),
    "cluster": (mark("Cluster"), mark("What was drawn first in the stratum: a commune or village. All respondents from there have the same name here, and it belongs to one stratum only.")),
    "weight": (mark("Weight"), mark("How many people the respondent stands for, above zero. Where everybody had the same chance, write 1 for all.")),
}  # fmt: skip


def effective(parts: pd.DataFrame, villages: int, people: int, *, of: int | None = None) -> pd.Series:
    """Return how many people drawn one by one would tell as much, by part.

    Parameters
    ----------
    parts : pandas.DataFrame
        From `papi_lib.survey.units.Survey.components`, or one's own assumptions: indexed by part, ``icc`` (0-1),
        ``answered``, ``near`` (0-1) and ``weighting`` (one or more).
    villages, people : int
        Villages drawn in a place, and people asked in each.
    of : int, optional
        Villages that the place has, if those drawn are a good part of them; by default many more.

    Examples
    --------
    >>> parts = pd.DataFrame({"icc": [0.1], "answered": 1.0, "near": 1.0, "weighting": 1.0}, index=["total"])
    >>> [float(effective(parts, 10, people)["total"]) for people in (1, 11, 40)]
    [10.0, 55.0, 81.63265306122449]
    """
    free = 1.0 if of is None else max(1 - villages / of, 0)
    near = 1 + (people - 1) * parts["near"]
    deff = parts["weighting"] * (1 - parts["icc"] + near * parts["icc"] * free)
    return villages * people * parts["answered"] / deff


def margins(
    parts: pd.DataFrame, villages: int, people: int, *, places: int = 1, of: int | None = None,
    level: float = estimates.LEVEL,
) -> pd.DataFrame:  # fmt: skip
    """Return the margins of a survey's scores, by part.

    Parameters
    ----------
    parts, villages, people, of
        As in `effective`; `parts` also has ``spread``, the standard deviation of single people's scores in points.
    places : int
        Places that the survey covers: their errors are pooled, so that more of them know the error better.
    level : float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Indexed as `parts`: ``effective`` (people), ``se`` and ``margin`` (half the interval), in points.

    Raises
    ------
    ValueError
        Fewer than two villages, or fewer than one person in each: nothing tells the error.
    """
    if villages < 2 or people < 1 or places < 1:
        raise ValueError(f"{villages} villages with {people} people in {places} places; take at least 2, 1 and 1")
    count = effective(parts, villages, people, of=of)
    se = parts["spread"] / np.sqrt(count)
    reach = estimates.quantile(pd.Series(float(places * (villages - 1)), parts.index), level)
    return pd.DataFrame({"effective": count, "se": se, "margin": reach * se})


def villages_for(
    parts: pd.DataFrame, margin: float, people: int, part: int | str = "total", *, places: int = 1,
    of: int | None = None,
) -> int:  # fmt: skip
    """Return the fewest villages in a place that give a part's score the margin.

    Parameters
    ----------
    margin : float
        Half the 95% interval that is wanted, in points.
    part : int or str
        The part of the index that it is wanted of.
    parts, people, places, of
        As in `margins`.

    Raises
    ------
    ValueError
        Not even all villages of the place, or `MOST`, give it.
    """
    own, most = parts.loc[[part]], MOST if of is None else of

    def enough(villages: int) -> bool:
        return margins(own, villages, people, places=places, of=of)["margin"].iloc[0] <= margin

    found = bisect_left(range(2, most + 1), True, key=enough) + 2
    if found <= most:
        return found
    raise ValueError(f"{most} villages with {people} people each do not give ±{margin:g}; ask more people, or want less")  # fmt: skip


def template(province: places.Place, level: str, lang: str, year: int) -> bytes:
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

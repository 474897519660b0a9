"""The questionnaire as data: which answers stand for how much, and how they add up to the index.

An item's answer becomes a share (0-1). A sub-dimension is the weighted mean of its items, stretched to
its range (the dimension's 1-10 points divided by the number of its parts); a dimension is the sum of its
sub-dimensions, the total the sum of the dimensions. All of it is linear in the items' means, which is
what lets `papi_lib.survey` carry covariances and replicates through.

The items in ``data/survey/codebook.csv`` are the project's own wording of what the questionnaire asks,
with equal weights inside a sub-dimension except where an item is one of a list of criteria. The
programme's own coding differs in details that are not published.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from papi_lib import datafiles, index, places


@datafiles.cached
def items(year: int) -> pd.DataFrame:
    """Return the items of a year's questionnaire.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``item``: ``subdimension`` (missing for an item that only decides what is asked next),
        ``question_vi``, ``question_en``; ``answers_vi`` and ``answers_en`` (code: label), ``values`` (code:
        share, 0-1), ``missing`` (codes of refused and "don't know" answers); ``direction`` (``lower`` where
        fewer is better), ``weight`` in the sub-dimension; ``asked_item`` and ``asked_codes`` (asked only of
        those who gave one of these answers there; empty: of all) and ``skipped`` (share that stands for
        those not asked; missing: they are left out).

    Raises
    ------
    papi_lib.datafiles.DataError
        A cell of the codebook cannot be understood, or the year's edition has no codebook.
    """
    table = datafiles.read("codebook")
    rows = np.flatnonzero(table["edition"] == index.edition(year))
    if not len(rows):
        where = datafiles.where("codebook", 0, "edition")
        raise datafiles.DataError(f"{where}: no items of the edition {index.edition(year)}; add them")
    known = set(table["item"].iloc[rows])
    parts = set(index.subdimensions(year))
    found = [_understood(row, table.loc[row].to_dict(), known, parts) for row in rows]
    frame = pd.DataFrame(found).set_index("item").drop(columns=["edition", "asked_if"])
    without = [part for part in index.subdimensions(year) if not (frame["subdimension"] == part).any()]
    if without:
        place = datafiles.where("codebook", 0, "subdimension")
        raise datafiles.DataError(f"{place}: no item for {', '.join(without)} of the edition; add one")
    return frame


def _understood(row: int, line: dict, known: set[str], parts: set[str]) -> dict:
    """Return a row with its cells as data."""
    answers = {lang: _pairs(line[f"answers_{lang}"], str) for lang in ("vi", "en")}
    scored, missing = isinstance(line["subdimension"], str), [int(code) for code in line["missing"].split("|")]
    values = _pairs(line["values"], float) if scored and isinstance(line["values"], str) else {}
    asked, _, codes = line["asked_if"].partition("=") if isinstance(line["asked_if"], str) else ("", "", "")
    twice = set(missing) & set(answers["vi"])
    given = set(values) == set(answers["vi"]) and all(0 <= v <= 1 for v in values.values())
    for wrong, column, why in (
        (set(answers["vi"]) != set(answers["en"]), "answers_en", "has other codes than answers_vi; give both the same"),
        (scored and line["subdimension"] not in parts, "subdimension", f"'{line['subdimension']}' is not in the edition; correct the key"),
        (scored and not given, "values", f"'{line['values']}' must give each answer a share from 0 to 1"),
        (scored and not line["weight"] > 0, "weight", "must be above zero"),
        (asked and asked not in known, "asked_if", f"'{asked}' is not an item; correct it"),
        (twice, "missing", f"has {', '.join(map(str, twice))}, which answers_vi has too; a code is one of the two"),
    ):  # fmt: skip
        if wrong:
            raise datafiles.DataError(f"{datafiles.where('codebook', row, column)}: {why}")
    return line | {
        "answers_vi": answers["vi"], "answers_en": answers["en"], "values": values, "missing": tuple(missing),
        "asked_item": asked, "asked_codes": tuple(map(int, codes.split(","))) if asked else (),
    }  # fmt: skip


def _pairs(text: str, kind: type) -> dict:
    return {int(code): kind(said) for code, said in (pair.split("=", 1) for pair in text.split("|"))}


def plain(label: object) -> str:
    """Return an answer's wording in lower-case ASCII letters and digits, for comparison.

    Examples
    --------
    >>> plain("1. Rất có ích")
    '1 rat co ich'
    """
    return " ".join(re.findall("[a-z0-9]+", places.plain(label)))


@datafiles.cached
def labels(year: int) -> dict[str, dict[str, int]]:
    """Return, for each item, the code that each wording stands for.

    The wordings are `plain`, Vietnamese and English, alone and after their code. A code that is missing here
    and an answer of other items ("does not know") has its wording there. What could be two codes is left out.
    """
    book, elsewhere = items(year), {}
    for row in book.itertuples():
        for code, label in [*row.answers_vi.items(), *row.answers_en.items()]:
            elsewhere.setdefault(code, set()).add(plain(label))
    found = {}
    for row in book.itertuples():
        said = {code: {plain(row.answers_vi[code]), plain(row.answers_en[code])} for code in row.answers_vi}
        said |= {code: elsewhere.get(code, set()) for code in row.missing}
        codes = {}
        for code, own in said.items():
            for text in [*own, *(f"{code} {label}" for label in own)]:
                codes.setdefault(text, set()).add(code)
        found[row.Index] = {text: min(meant) for text, meant in codes.items() if len(meant) == 1}
    return found


def score(answers: pd.DataFrame, year: int, skipped: bool = True) -> pd.DataFrame:
    """Return answers as shares.

    Parameters
    ----------
    answers : pandas.DataFrame
        One row a respondent, a column of codes for each item; missing where there is no answer.
    year : int
        Year of the survey.
    skipped : bool
        Whether something may stand for those who were not to be asked.

    Returns
    -------
    pandas.DataFrame
        The scored items, 0-1 as float32, indexed like `answers`: missing where the item was not answered,
        or not asked and nothing stands for that. Items asked only after another answer count only where
        that answer was given.

    Raises
    ------
    KeyError
        A column is missing; `papi_lib.survey.records` checks files before.
    """
    book = items(year)
    scored = {}
    for item, row in book[book["subdimension"].notna()].iterrows():
        shares = _recode(answers[item], row["values"])
        if row["asked_item"]:
            given = answers[row["asked_item"]].to_numpy(dtype=float, na_value=np.nan)
            asked = np.isin(given, row["asked_codes"])
            known = skipped & np.isin(given, list(book.loc[row["asked_item"], "answers_vi"]))
            shares = np.where(asked, shares, np.where(known, np.float32(row["skipped"]), np.float32(np.nan)))
        scored[item] = shares
    return pd.DataFrame(scored, index=answers.index, copy=False)  # a copy of 300,000 rows takes 160 MB


def asked(answers: pd.DataFrame, year: int) -> pd.DataFrame:
    """Tell who was asked each scored item and answered it: what stands for those not asked is no answer.

    Parameters
    ----------
    answers, year
        As in `score`.

    Returns
    -------
    pandas.DataFrame
        The scored items, true or false, indexed like `answers`.
    """
    return score(answers, year, skipped=False).notna()


def _recode(column: pd.Series, values: dict[int, float]) -> np.ndarray:
    """Return each code's share, by a table that is looked up; missing for any other code."""
    top = max(values) + 1
    table = np.full(top + 1, np.nan, dtype=np.float32)
    table[list(values)] = list(values.values())
    codes = column.to_numpy(dtype=np.float32, na_value=np.nan)
    place = np.where((codes >= 0) & (codes < top), codes, top).astype(np.intp)
    return table[np.where(place == codes, place, top)]


@datafiles.cached
def combination(year: int) -> pd.DataFrame:
    """Return how items' means add up to the index.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Scored items × series (sub-dimension keys, then dimension numbers, then ``total``): points that
        the item's mean share brings to the series. ``.attrs["constant"]`` maps each series to the points
        that it has where all shares are zero.
    """
    book = items(year)
    book = book[book["subdimension"].notna()]
    structure = index.structure(year)
    parts = {}
    for row in structure.itertuples():
        own = book["weight"].where(book["subdimension"] == row.subdimension, 0.0)
        parts[row.subdimension] = (row.upper - row.lower) * own / own.sum()
    frame = pd.DataFrame(parts)
    constant = dict(zip(structure["subdimension"], structure["lower"], strict=True))
    for dimension in index.dimensions(year):
        own = index.subdimensions(year, dimension)
        frame[dimension] = frame[own].sum(axis=1)
        constant[dimension] = sum(constant[part] for part in own)
    frame["total"] = frame[index.dimensions(year)].sum(axis=1)
    constant["total"] = sum(constant[dimension] for dimension in index.dimensions(year))
    frame.attrs["constant"] = constant
    return frame

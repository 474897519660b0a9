"""Respondents' records: files of any usual format, checked against the codebook, all faults at once.

A file has one row a respondent and these columns, besides one for each item of the codebook:

=============  =======================================================================================
column         what it holds
=============  =======================================================================================
district_code  the district's code of the General Statistics Office, or its name; a name that several provinces
               have is of the one that all others lie in, or that a column ``province`` names
stratum        what the sample was drawn in by itself; strata lie inside districts or hold whole ones
cluster        what was drawn first inside the stratum (primary sampling unit): a village, a commune
weight         how many people the respondent stands for, above zero
=============  =======================================================================================

A column ``simulated`` that is above zero says that the answers are made up; all pages then say so. Other
columns are passed over. Files in legacy text come out as composed Unicode (NFC): UTF-8 with or
without a byte-order mark, decomposed letters, Windows-1258. Text in TCVN3 fonts cannot be told from
other letters by any library that is kept up, so it is refused where a name is needed.
"""

from __future__ import annotations

import csv
import os
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import codebook, places, whole
from papi_lib.datafiles import DataError

DESIGN = ["district_code", "stratum", "cluster", "weight"]
SUFFIXES = (".csv", ".dta", ".parquet", ".sav", ".xlsx")
#: Suffixes of files that have a header as their first row.
_WITH_HEADER = (".csv", ".xlsx")


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read a file of records as it is, with text composed (NFC) and column names stripped.

    Parameters
    ----------
    path : path
        A ``.csv``, ``.dta``, ``.parquet``, ``.sav`` or ``.xlsx`` file (its first sheet). Stata and SPSS
        files give codes, not labels.

    Returns
    -------
    pandas.DataFrame
        One row a respondent.

    Raises
    ------
    papi_lib.datafiles.DataError
        The file is missing, of another format or cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path}: '{path.suffix}' files cannot be read; save it as one of {', '.join(SUFFIXES)}")
    try:
        frame = _READERS[path.suffix.lower()](path)
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing; correct the name") from None
    except DataError:
        raise
    except Exception as error:  # each format's reader has errors of its own
        raise DataError(f"{path}: cannot be read ({str(error).splitlines()[0]}); open and save it again") from error
    frame.columns = [unicodedata.normalize("NFC", str(name)).strip() for name in frame.columns]
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].map(_composed, na_action="ignore")
    return frame


def check(frame: pd.DataFrame, year: int, first_row: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check records against the codebook.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `read`.
    year : int
        Year of the survey.
    first_row : int
        Number of the first respondent's row in the file: 2 below a header.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        The records, ready for `papi_lib.codebook.score` (design columns, the items as ``Int16`` with missing
        codes as missing, ``simulated``), and the problems: ``row``, ``column``, ``value``, ``problem``, by row.
        The records serve only where there is no problem.
    """
    import pandera.pandas as pa

    book = codebook.items(year)
    frame = frame.reset_index(drop=True)
    design = {
        "stratum": pa.Column(nullable=False, checks=_rule(lambda s: s.astype(str) != "", "is empty")),
        "cluster": pa.Column(nullable=False, checks=_rule(lambda s: s.astype(str) != "", "is empty")),
        "weight": pa.Column(
            nullable=False, checks=_rule(lambda s: _number(s) > 0, "is no weight; give a number above zero")
        ),
        "district_code": pa.Column(nullable=False),
    }
    asked = {
        item: pa.Column(
            nullable=True,
            checks=_rule(
                lambda s, codes=(*row["answers_vi"], *row["missing"]): _number(s).isin(codes),
                f"is no code of the item; it has {', '.join(map(str, (*row['answers_vi'], *row['missing'])))}",
            ),
        )
        for item, row in book.iterrows()
    }
    found = []
    try:
        pa.DataFrameSchema(design | asked).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as faults:
        found = [_told(row, frame, first_row) for row in faults.failure_cases.itertuples()]
    clean = pd.DataFrame(index=frame.index)
    for column in [*DESIGN, *book.index]:
        clean[column] = _clean(frame, column, book)
    clean["district_code"], wrong = _district_codes(frame, first_row)
    found += wrong
    clean["simulated"] = _number(frame["simulated"]).gt(0) if "simulated" in frame else False
    found += _skipped(clean, book, frame, first_row)
    columns = ["row", "column", "value", "problem"]
    problems = pd.DataFrame(found, columns=columns).drop_duplicates().sort_values(["row", "column"], kind="stable")
    return clean, problems.reset_index(drop=True)


def load(path: str | os.PathLike, year: int) -> pd.DataFrame:
    """Read a file of records that must be faultless.

    Raises
    ------
    papi_lib.datafiles.DataError
        It has problems; the message tells the first and how many there are.
    """
    path = Path(path)
    clean, problems = check(read(path), year, first_row(path))
    if len(problems):
        raise DataError(
            f"{tell(path, problems.iloc[0])} ({len(problems)} problems in the file; papi check {path} shows all)"
        )
    return clean


def write(clean: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write checked records as Parquet, whole or not at all."""
    path = Path(path)
    if path.suffix.lower() != ".parquet":
        raise DataError(f"{path}: records are written as Parquet; give a name that ends in .parquet")
    whole.write(path, clean.to_parquet(index=False))


def first_row(path: Path) -> int:
    """Return the number of the first respondent's row in a file, counting a header."""
    return 2 if path.suffix.lower() in _WITH_HEADER else 1


def tell(path: Path, problem: pd.Series) -> str:
    """Return a problem as one line: file, row, column, value, what is wrong."""
    where = f"{path}, column '{problem['column']}'" if problem["row"] == 0 else f"{path}, row {problem['row']}, column '{problem['column']}'"  # fmt: skip
    return f"{where}: {problem['problem']}" if problem["row"] == 0 else f"{where}: '{problem['value']}' {problem['problem']}"  # fmt: skip


def _rule(test, why: str):
    import pandera.pandas as pa

    return pa.Check(test, name=why, error=why, ignore_na=True)


def _told(case, frame: pd.DataFrame, first: int) -> tuple:
    """Return one of pandera's failures as row, column, value and problem."""
    if case.check == "column_in_dataframe":
        near = [name for name in frame.columns if name.lower() == str(case.failure_case).lower()]
        hint = f"; rename '{near[0]}'" if near else "; add it, or rename the file's own column"
        return 0, case.failure_case, "", f"the column is missing{hint}"
    row = int(case.index)
    if case.check == "not_nullable":
        return row + first, case.column, "", "is empty; fill it in"
    return row + first, case.column, frame[case.column].iloc[row], case.check


def _clean(frame: pd.DataFrame, column: str, book: pd.DataFrame) -> pd.Series:
    """Return one column as `check` gives it; missing where it is not in the file or not understood."""
    if column not in frame:
        return pd.Series(pd.NA, frame.index)
    if column == "weight":
        return _number(frame[column])
    if column in DESIGN:
        return frame[column].map(lambda v: str(int(v)) if isinstance(v, float) and v.is_integer() else str(v))
    known = list(book.loc[column, "answers_vi"])
    values = _number(frame[column])
    return values.where(values.isin(known)).astype("Int16")


def _skipped(clean: pd.DataFrame, book: pd.DataFrame, frame: pd.DataFrame, first: int) -> list[tuple]:
    """Return the answers to items that the respondent should not have been asked."""
    found = []
    for item, row in book[book["asked_item"] != ""].iterrows():
        before = clean[row["asked_item"]]
        wrong = clean[item].notna() & before.notna() & ~before.isin(row["asked_codes"])
        why = f"is answered though '{row['asked_item']}' says that it was not to be asked; leave it empty"
        found += [(int(i) + first, item, frame[item].iloc[i], why) for i in np.flatnonzero(wrong)]
    return found


def _district_codes(frame: pd.DataFrame, first: int) -> tuple[pd.Series, list[tuple]]:
    """Return the districts' codes, missing where a row names none, and what is wrong with them."""
    if "district_code" not in frame:
        return pd.Series(pd.NA, frame.index), []
    codes, unmatched = places.in_table(frame, "district_code", "district")
    told = unmatched[unmatched["value"].notna()].replace(
        {"problem": {"^is not known": "is no district's code or name"}}, regex=True
    )
    return codes, [(row + first, "district_code", value, why) for row, value, why in told.itertuples(index=False)]


def _number(column: pd.Series) -> pd.Series:
    """Return numbers, also those written with a decimal comma; missing where there is none."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype("str").str.strip().str.replace(",", ".", regex=False)
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _composed(value: object) -> object:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


def _csv(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1258")
    first = text.split("\n", 1)[0]
    rows = list(csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count)))
    if len(rows) < 2:
        raise DataError(f"{path}, row 1: the file has no rows below its header; add them")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise DataError(f"{path}, row {number}, column '{rows[0][min(len(row), len(rows[0])) - 1]}': {len(row)} values where {len(rows[0])} belong; quote text that holds the separator")  # fmt: skip
    frame = pd.DataFrame(rows[1:], columns=rows[0], dtype="str")
    return frame.mask(frame.apply(lambda column: column.str.strip() == ""))


def _stata(path: Path) -> pd.DataFrame:
    import pyreadstat

    return pyreadstat.read_dta(str(path))[0]


def _spss(path: Path) -> pd.DataFrame:
    import pyreadstat

    return pyreadstat.read_sav(str(path))[0]


def _parquet(path: Path) -> pd.DataFrame:
    """Read without Arrow's threads: a process that is to be forked may have one only."""
    from pyarrow import parquet

    with parquet.ParquetFile(path, memory_map=True, pre_buffer=False) as file:
        return file.read(use_threads=False).to_pandas(use_threads=False)


_READERS = {".csv": _csv, ".dta": _stata, ".sav": _spss, ".parquet": _parquet, ".xlsx": pd.read_excel}

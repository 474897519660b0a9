"""Respondents' records: files of any usual format, checked against the codebook, all faults at once.

A file has one row a respondent and these columns, besides one for each item of the codebook:

=============  =======================================================================================
column         what it holds
=============  =======================================================================================
district_code  the district's code of the General Statistics Office, or its name
stratum        what the sample was drawn in by itself; strata lie inside districts or hold whole ones
cluster        what was drawn first inside the stratum (primary sampling unit): a village, a commune
weight         how many people the respondent stands for, above zero
=============  =======================================================================================

A column ``simulated`` that is above zero says that the answers are made up; all pages then say so. Other
columns are passed over. Text in TCVN3 fonts cannot be told from other letters by any library that is kept up,
so it is refused where a name is needed.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import codebook, datafiles, places, tablefiles, whole
from papi_lib.cells import ERRORS
from papi_lib.datafiles import DataError

DESIGN = ["district_code", "stratum", "cluster", "weight"]


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read a file of records as it is: `papi_lib.tablefiles.read`, with the names that records have.

    Raises
    ------
    papi_lib.datafiles.DataError
        As there.
    """
    return tablefiles.read(path, expected=[*DESIGN, *datafiles.read("codebook")["item"]], keys=DESIGN[:3])


def check(frame: pd.DataFrame, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check records against the codebook.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `read`: its index has the rows' numbers in the file.
    year : int
        Year of the survey.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        The records, ready for `papi_lib.codebook.score` (design columns, the items as ``Int16`` with missing
        codes as missing, ``simulated``), and the problems: ``row``, ``column``, ``value``, ``problem``, by row.
        The records serve only where there is no problem.
    """
    import pandera.pandas as pa

    book = codebook.items(year)
    rows = frame.index if frame.index.name == "row" else frame.index + 1
    frame = frame.reset_index(drop=True)
    design = {
        "stratum": pa.Column(
            nullable=False, checks=_rule(lambda s: ~s.isin(ERRORS), "is an error of a spreadsheet; mend the cell")
        ),
        "cluster": pa.Column(
            nullable=False, checks=_rule(lambda s: ~s.isin(ERRORS), "is an error of a spreadsheet; mend the cell")
        ),
        "weight": pa.Column(
            nullable=False, checks=_rule(lambda s: tablefiles.numbers(s) > 0, "is no weight; give a number above zero")
        ),
        "district_code": pa.Column(
            nullable=False, checks=_rule(lambda s: _district_codes(s).notna(), "is no district's code or name")
        ),
    }
    asked = {
        item: pa.Column(
            nullable=True,
            checks=_rule(
                lambda s, codes=(*row["answers_vi"], *row["missing"]): tablefiles.numbers(s).isin(codes),
                f"is no code of the item; it has {', '.join(map(str, (*row['answers_vi'], *row['missing'])))}",
            ),
        )
        for item, row in book.iterrows()
    }
    found = []
    try:
        pa.DataFrameSchema(design | asked).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as faults:
        found = [_told(row, frame, rows) for row in faults.failure_cases.itertuples()]
    if "weight" in frame:
        why = {rows[at]: reason for at, reason in tablefiles.numbers(frame["weight"]).attrs["faults"].items()}
        found = [(*case[:3], why.get(case[0], case[3]) if case[1] == "weight" else case[3]) for case in found]
    clean = pd.DataFrame(index=frame.index)
    for column in [*DESIGN, *book.index]:
        clean[column] = _clean(frame, column, book)
    clean["simulated"] = tablefiles.numbers(frame["simulated"]).gt(0) if "simulated" in frame else False
    found += _skipped(clean, book, frame, rows)
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
    clean, problems = check(read(path), year)
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


def tell(path: Path, problem: pd.Series) -> str:
    """Return a problem as one line: file, row, column, value, what is wrong."""
    where = f"{path}, row {problem['row']}, " if problem["row"] else f"{path}, "
    value = f"'{problem['value']}' " if problem["row"] else ""
    return datafiles.shown(f"{where}column '{problem['column']}': {value}{problem['problem']}")


def _rule(test, why: str):
    import pandera.pandas as pa

    return pa.Check(test, name=why, error=why, ignore_na=True)


def _told(case, frame: pd.DataFrame, rows: pd.Index) -> tuple:
    """Return one of pandera's failures as row, column, value and problem."""
    if case.check == "column_in_dataframe":
        near = [name for name in frame.columns if name.lower() == str(case.failure_case).lower()]
        hint = f"; rename '{near[0]}'" if near else "; add it, or rename the file's own column"
        return 0, case.failure_case, "", f"the column is missing{hint}"
    row = int(case.index)
    if case.check == "not_nullable":
        return rows[row], case.column, "", "is empty; fill it in"
    return rows[row], case.column, frame[case.column].iloc[row], case.check


def _clean(frame: pd.DataFrame, column: str, book: pd.DataFrame) -> pd.Series:
    """Return one column as `check` gives it; missing where it is not in the file or not understood."""
    if column not in frame:
        return pd.Series(pd.NA, frame.index)
    if column == "district_code":
        return _district_codes(frame[column])
    if column == "weight":
        return tablefiles.numbers(frame[column])
    if column in DESIGN:
        return frame[column].map(lambda v: str(int(v)) if isinstance(v, float) and v.is_integer() else str(v))
    known = list(book.loc[column, "answers_vi"])
    values = tablefiles.numbers(frame[column])
    return values.where(values.isin(known)).astype("Int16")


def _skipped(clean: pd.DataFrame, book: pd.DataFrame, frame: pd.DataFrame, rows: pd.Index) -> list[tuple]:
    """Return the answers to items that the respondent should not have been asked."""
    found = []
    for item, row in book[book["asked_item"] != ""].iterrows():
        before = clean[row["asked_item"]]
        wrong = clean[item].notna() & before.notna() & ~before.isin(row["asked_codes"])
        why = f"is answered though '{row['asked_item']}' says that it was not to be asked; leave it empty"
        found += [(rows[i], item, frame[item].iloc[i], why) for i in np.flatnonzero(wrong)]
    return found


def _district_codes(column: pd.Series) -> pd.Series:
    """Return the districts' codes of a column of codes or names; missing where there is no such district."""

    def code(value: object) -> str | None:
        try:
            return places.district(int(value) if isinstance(value, float) and value.is_integer() else value).code
        except ValueError:
            return None

    return column.map({value: code(value) for value in column.dropna().unique()})

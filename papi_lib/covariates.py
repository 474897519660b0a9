"""A researcher's own figures beside the published scores: joined by province, with what did not match.

A file has one row a province, or one row a province and year, in any format that `papi_lib.tablefiles` reads.
Provinces are named in any spelling that `papi_lib.places.province` takes, or by code. Nothing is guessed and nothing is dropped in
silence: unknown names are reported, repeated rows are refused.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pandas as pd

from papi_lib import atomic, findings, index, places, plaintext, tablefiles
from papi_lib.cells import TWO_WAYS, name_key, numbers
from papi_lib.datafiles import DataError

#: Column names, in plain letters, that may be of provinces besides those that say so, and that are of years.
_PROVINCE = ("code", "name")
_YEAR = ("year", "nam")
#: Column names by which the header's row is found.
_HEADER = ("province_code", "province", "tinh", "tinh thanh", "tinh thanh pho", "ma tinh", "ten tinh", *_PROVINCE, *_YEAR)  # fmt: skip
#: Where a spreadsheet program begins to read a formula: at the start, and where it takes a sign as the end of a cell.
_FORMULA = re.compile(r'(^|[;|\t\r\n\v\f\x85\u2028\u2029])(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠−])')


def join(frame: pd.DataFrame, file: str | os.PathLike, by: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join a file's own columns to a frame of scores, by province and, if the file has years, by year.

    Parameters
    ----------
    frame : pandas.DataFrame
        With ``province_code`` as a column or the index, and ``year`` as a column if the file has years:
        from `papi_lib.panel`, `papi_lib.published.load`, `papi_lib.published.totals` and so on.
    file : path
        A ``.csv``, ``.dta``, ``.parquet``, ``.sav`` or ``.xlsx`` file. `papi_lib.cells.numbers` says how numbers may
        be written.
    by : str, optional
        The column that names the provinces; by default the first whose name says so (province_code,
        province, tỉnh/thành, mã tỉnh, …; else code, name). A second one, of names beside codes, must mean the same.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        The frame with the file's columns, missing where the file has nothing, in the frame's order;
        and what did not match: ``row`` (of the file; 0 for what the file lacks), ``column``,
        ``value``, ``problem``; in its ``.attrs`` the ``notes`` of `papi_lib.tablefiles.read`. Both keep all that they
        had.

    Raises
    ------
    papi_lib.datafiles.DataError
        The file cannot be read, names no provinces, has a code beside another province's name, is of the 34
        provinces since 1 July 2025, repeats a province (and year), has a number that may be read in two
        ways, or a column that the frame has already.
    ValueError
        The frame has no ``province_code``.

    Examples
    --------
    >>> import tempfile, papi_lib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "my.csv"
    ...     _ = file.write_text("province,visits\\nHà Nội,3\\nhai phong,5\\nHanoii,7\\n", encoding="utf-8")
    ...     joined, unmatched = join(papi_lib.panel("total", 2024), file)
    >>> joined.set_index("province_code")["visits"][[1, 31]].to_list(), unmatched.loc[0, "value"]
    ([3.0, 5.0], 'Hanoii')
    """
    own, unmatched = read(file, by)
    path, keys = Path(file), [k for k in ("province_code", "year") if k in own]
    flat = frame if "province_code" in frame else frame.reset_index()
    if "province_code" not in flat:
        raise ValueError("the frame has no column or index 'province_code' to join by")
    if "year" in keys and "year" not in flat:
        raise DataError(f"{path}, column 'year': the file has years and the frame has none; choose one year, or a frame of several")  # fmt: skip
    for column in own.columns.difference(keys, sort=False):
        if column in flat:
            raise DataError(f"{path}, row 1, column '{column}': the frame has this column already; rename it")
    joined = flat.merge(own, on=keys, how="left", validate="many_to_one", indicator=True)
    lost = joined.pop("_merge") == "left_only"
    names = places.provinces()["name_vi"]
    when = {code: sorted(rows["year"].unique()) if "year" in keys else [] for code, rows in joined[lost].groupby("province_code")}  # fmt: skip
    told = [(0, "", names[code], f"the file has no row for it{' in ' * bool(years)}{', '.join(map(str, years))}") for code, years in when.items()]  # fmt: skip
    notes, lacks = unmatched.attrs, pd.DataFrame(told, columns=unmatched.columns)
    unmatched = pd.concat([part for part in (unmatched, lacks) if len(part)] or [unmatched], ignore_index=True)
    unmatched.attrs = notes
    joined.index, joined.attrs = frame.index, frame.attrs
    return joined[[*frame.columns, *own.columns.difference(keys, sort=False)]], unmatched


def read(file: str | os.PathLike, by: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a file of own figures by province.

    Parameters
    ----------
    file, by
        As in `join`.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        ``province_code``, ``year`` if the file has years, and the file's other columns, numbers as
        float64; and what was not understood, as in `join`: rows that
        name no province or year of the index, and values that make text of a column of numbers.

    Raises
    ------
    papi_lib.datafiles.DataError
        As in `join`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "my.csv"
    ...     _ = file.write_text("tỉnh;năm;số\\nHuế;2024;1,5\\n", encoding="utf-8")
    ...     read(file)[0].to_dict("records")
    [{'province_code': 46, 'year': 2024, 'số': 1.5}]
    """
    path = Path(file)
    table = tablefiles.read(path, expected=(by,) if by else _HEADER, keys=(by,) if by else _HEADER)
    columns = {name_key(column): column for column in reversed(table.columns)}
    loose = [columns[key] for key in map(name_key, [by] if by else _PROVINCE) if key in columns]
    named = [*places.key_columns(table.columns), *loose]
    chosen = loose if by else named
    if not chosen:
        asked = f"no column '{by}'" if by else "no column names the provinces"
        raise DataError(f"{path}, row 1: {asked}; the file has {', '.join(table.columns)}")
    try:
        of = next((c for c in chosen if places.codes(table[c])[0].notna().any()), chosen[0])
        codes, unmatched = places.in_table(table, of, beside=named)
    except ValueError as error:
        raise DataError(f"{path}, column '{chosen[0]}': {error}") from None
    problems = unmatched.set_index("row")["problem"]
    for row in unmatched.attrs["conflicts"]:
        raise DataError(f"{path}, row {row}, column '{of}': '{table[of][row]}' {problems[row]}; correct one of them")
    own, dated = codes.rename("province_code").to_frame(), next((columns[key] for key in _YEAR if key in columns), None)
    told = [(row, of, value, why) for row, value, why in unmatched.fillna("").itertuples(index=False)]
    if dated is not None:
        own["year"], unknown = _years(table[dated])
        told += unknown
    for column in table.columns.drop([c for c in (of, unmatched.attrs["beside"], dated) if c is not None]):
        own[column], faults = _values(path, table[column])
        told += faults
    own = own.dropna(subset=[k for k in ("province_code", "year") if k in own])
    keys = {k: "int64" for k in ("province_code", "year") if k in own}
    for row in own.index[own.duplicated(list(keys))]:
        alike = own.index[(own[list(keys)] == own.loc[row, list(keys)]).all(axis="columns")][0]
        when = f" in {own['year'][row]}" if dated is not None else ""
        raise DataError(f"{path}, row {row}, column '{of}': '{table[of][row]}'{when} repeats row {alike} ('{table[of][alike]}'); keep one of the two")  # fmt: skip
    unmatched = pd.DataFrame(told, columns=["row", "column", "value", "problem"]).sort_values("row", kind="stable")
    unmatched.attrs["notes"] = table.attrs["notes"]
    return own.astype(keys).reset_index(drop=True), unmatched.reset_index(drop=True)


def report(unmatched: pd.DataFrame, file: str | os.PathLike) -> list[str]:
    """Return what did not match as lines to read: the file's faults, how it was read, what it lacks.

    Parameters
    ----------
    unmatched : pandas.DataFrame
        From `join`.
    file : path
        The file's name.

    Examples
    --------
    >>> report(pd.DataFrame([(0, "", "Huế", "")], columns=["row", "column", "value", "problem"]), "my.csv")
    ['my.csv: nothing for 1 of the provinces: Huế']
    """
    faults = unmatched[unmatched["row"] > 0].itertuples()
    lines = [findings.tell(file, one.column, one.problem, [one.row], filter(None, [one.value])) for one in faults]
    lines += [plaintext.shown(f"{file}: {note}") for note in unmatched.attrs.get("notes", [])]
    lacking = unmatched.loc[unmatched["row"] == 0, "value"].to_list()
    if lacking:
        shown = ", ".join(lacking[:10]) + (", …" if len(lacking) > 10 else "")
        lines.append(f"{file}: nothing for {len(lacking)} of the provinces: {shown}")
    return lines


def write(frame: pd.DataFrame, file: str | os.PathLike) -> None:
    """Write a frame, whole or not at all, without cells that a spreadsheet program would run.

    Parameters
    ----------
    frame : pandas.DataFrame
        What to write, without its index. Stata's files have labels: of variables, from ``.attrs["labels"]`` as
        `papi_lib.panel` gives them, and of the values of categories and of ``province_code``, from ``province`` beside.
    file : path
        A name that ends in ``.csv`` (UTF-8), ``.dta`` (Stata 14 and later), ``.parquet`` or ``.xlsx``.

    Raises
    ------
    ValueError
        The name has another ending, Stata cannot take a column, or its folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(pd.DataFrame({"note": ["=1+1", "fine"], "x": [-1.5, 2]}), Path(folder) / "a.csv")
    ...     (Path(folder) / "a.csv").read_text().split()
    ['note,x', "'=1+1,-1.5", 'fine,2.0']
    """
    path = Path(file)
    if path.suffix.lower() not in _WRITERS:
        raise ValueError(f"{path}: tables are written as {', '.join(_WRITERS)}; give a name with one of these endings")
    safe = frame.rename(columns=_harmless)
    for i, kind in enumerate(safe.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(i, safe.iloc[:, i].map(_harmless))
    content, safe.attrs = io.BytesIO(), frame.attrs
    _WRITERS[path.suffix.lower()](safe, content)
    atomic.write(path, content.getvalue())


def _to_stata(frame: pd.DataFrame, to: io.BytesIO) -> None:
    told = {column: text[:80] for column, text in frame.attrs.get("labels", {}).items() if column in frame}
    named = {"province_code", "province"} <= set(frame)  # a code may be of two provinces, before 2025 and since
    names = frame.groupby("province_code")["province"].unique().map(" / ".join).to_dict() if named else None
    values = {"province_code": names} if names else None
    frame.to_stata(to, write_index=False, version=118, variable_labels=told, value_labels=values)


_WRITERS = {
    ".csv": lambda frame, to: frame.to_csv(to, index=False, lineterminator="\n"),
    ".dta": _to_stata,
    ".parquet": lambda frame, to: frame.to_parquet(to, index=False),
    ".xlsx": lambda frame, to: frame.to_excel(to, index=False),
}


def _harmless(value: object) -> object:
    if not isinstance(value, str) or re.fullmatch(r"\s*[-+−]?[\d.,]+%?\s*", value):
        return value
    return _FORMULA.sub(r"\1'", value)


def _years(column: pd.Series) -> tuple[pd.Series, list[tuple]]:
    """Return a column of years, missing where it names none of the index, and why."""
    known = index.years()
    years = column.map(str).str.strip().str.removesuffix(".0").map({str(y): y for y in known}).astype("Int64")
    why = f"is not known; there are scores for {known[0]}-{known[-1]}"
    unknown = [(row, "") if pd.isna(value) else (row, value) for row, value in column[years.isna()].items()]
    return years, [(row, column.name, value, why if value else "is empty; fill it in") for row, value in unknown]


def _values(path: Path, column: pd.Series) -> tuple[pd.Series, list[tuple]]:
    """Return a column as numbers if all of it is numbers, or else as it is, and what is wrong with single cells."""
    values = numbers(column)
    faults = values.attrs.pop("faults")
    for row, why in faults.items():
        if why == TWO_WAYS:
            raise DataError(f"{path}, row {row}, column '{column.name}': '{column[row]}' {why}")
    told = [(row, column.name, column[row], f"{why}; it is left out") for row, why in faults.items()]
    other = column.index[column.notna() & values.isna() & ~column.index.isin(list(faults))]
    if other.empty:
        return values, told
    if values.notna().any():
        why = "is no number, so that the column stays text; leave the cell empty if there is no figure"
        told.append((other[0], column.name, column[other[0]], why))
    return column.mask(column.index.isin(list(faults))), told

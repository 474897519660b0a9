"""Published scores, standard errors and names in one frame, for a model or a file."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Hashable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import atomic, datafiles, estimates, findings, index, places, plaintext, published, tablefiles
from papi_lib import places as register
from papi_lib.cells import TWO_WAYS, name_key, numbers
from papi_lib.datafiles import DataError

#: What columns hold, in Vietnamese and English: labels in files that have some.
_LABELS = {
    "year": ("Năm khảo sát", "Year of the survey"),
    "edition": ("Năm đầu của giai đoạn có cùng cấu trúc chỉ số", "First year of the edition"),
    "province_code": ("Mã tỉnh của cơ quan thống kê", "Province, code of the statistics office"),
    "province": ("Tỉnh", "Province"),
    "region": ("Vùng", "Region"),
    "part": ("Phần của chỉ số", "Part of the index"),
    "part_name": ("Tên phần của chỉ số", "Name of the part"),
    "score": ("Điểm công bố", "Published score, points"),
    "se": ("Sai số chuẩn của điểm", "Standard error of the score, points"),
    "reconstructed": ("Điểm dựng lại từ các tỉnh cũ", "Reconstructed from provinces before 2025"),
}


def panel(
    parts: Hashable | Iterable[Hashable] | None = None,
    years: Hashable | Iterable[Hashable] | None = None,
    places: Hashable | Iterable[Hashable] | None = None,
    labels: bool | str = True,
    wide: bool = False,
    errors: bool = True,
    of: int | None = None,
) -> pd.DataFrame:
    """Return published scores as one frame: sub-dimensions, dimensions and totals of provinces and years.

    Parameters
    ----------
    parts, years, places : one, several or None
        Parts as `papi_lib.index.check_part` takes them, years, provinces by name or code; None for all. Lists and
        numpy's types do as well.
    labels : bool or {"vi", "en"}
        Whether names of provinces, regions and parts stand beside codes, and in which language (True: ``vi``).
    wide : bool
        A row a province and year, with a column a part and one more with ``_se``; else a row a score.
    errors : bool
        Whether scores have their standard errors, which take some seconds for all years and parts.
    of : int, optional
        Year whose provinces to follow, as in `papi_lib.published.series`; by default each year's own.

    Returns
    -------
    pandas.DataFrame
        ``year``, ``edition`` (scores of two editions do not compare), ``province_code``; with labels ``province`` and
        ``region``; with `of` also ``reconstructed``, whether the scores are our means of several published ones; then
        ``part`` (text: ``total``, a dimension's or a sub-dimension's key), with labels ``part_name``, and ``score``
        and ``se`` in points; or, wide, the parts as columns, whose names formulas take. ``se`` is of the level, as
        `papi_lib.precision` has it. What was not published has no row, or is missing. ``.attrs`` has ``labels``, what
        each column holds, which `write` writes into files for Stata and R.

    Raises
    ------
    ValueError
        An unknown part, year, place or language, with the nearest ones or what there is; no year has a part.

    Examples
    --------
    >>> panel("egovernance", [2023, 2024], "Hà Nội", labels="en")[["year", "province", "score", "se"]].round(2).values.tolist()
    [[2023, 'Ha Noi', 3.97, 0.09], [2024, 'Ha Noi', 4.05, 0.09]]
    >>> panel(["participation", "internet_access"], 2024, wide=True, labels=False).shape
    (61, 7)
    """
    lang = "vi" if labels is True else labels
    if lang not in (False, "vi", "en"):
        raise ValueError(f"labels are in 'vi' or 'en', or left out with False; not {labels!r}")
    span = tuple(dict.fromkeys(index.check_year(year) for year in _several(years, index.years())))
    known = {"total", *(part for y in span for part in (*index.dimensions(y), *index.subdimensions(y)))}
    there = [part for part in ("total", *index.names()) if part in known]
    chosen = tuple(dict.fromkeys(index.check_part(part) for part in _several(parts, there)))
    for part in set(chosen) - known:
        index.check_part(part, *span)
    formed = register.merged().value_counts().loc[lambda n: n > 1].index
    frames = []
    for own in [span] if of else map(tuple, register.sides(span)):
        scores = (estimates.from_published if errors else _scores)(own, chosen, of=of or own[0]).dropna(subset="score")
        if places is not None:
            codes = [register.province(one, of or own[0]).code for one in _several(places, [])]
            scores = scores[scores["place"].isin(codes)]
        about = register.provinces(of or own[0])
        regions = {key: register.region_name(key, lang or "vi") for key in about["region"].unique()}
        scores["province"] = scores["place"].map(about[f"name_{lang or 'vi'}"])
        scores["region"] = scores["place"].map(about["region"]).map(regions)
        before = scores["year"] < register.REFORM
        scores["reconstructed"] = before & scores["place"].isin(formed) & register.since_reform(of or own[0])
        frames.append(scores)
    names = {**index.names(lang or "vi"), "total": "PAPI"}
    keys = {part: str(datafiles.read("dimensions").set_index("dimension")["key"].get(part, part)) for part in names}
    frame = pd.concat(frames, ignore_index=True).rename(columns={"place": "province_code"})
    frame["edition"] = frame["year"].map({year: index.edition(year) for year in span})
    order = dict.fromkeys(names[part] for part in chosen)
    frame["part_name"] = pd.Categorical(frame["part"].map(names), order, ordered=True)
    frame["part"] = frame["part"].map(keys).astype(str)
    head = ["year", "edition", "province_code", *["province", "region"] * bool(lang), *["reconstructed"] * bool(of)]
    figures = ["score", "se"] if errors else ["score"]
    said = {column: told[lang == "en"] for column, told in _LABELS.items()}
    if wide:
        table = frame.pivot(index=head, columns="part", values=figures)
        table.columns = [part if kind == "score" else f"{part}_se" for kind, part in table.columns]
        said |= {keys[part]: names[part] for part in chosen} | {f"{keys[part]}_se": f"{names[part]}: {said['se']}" for part in chosen}  # fmt: skip
        order = [column for part in chosen for column in (keys[part], f"{keys[part]}_se")]
        frame = table.reset_index().reindex(columns=[*head, *(column for column in order if column in table)])
    else:
        frame = frame.sort_values(["year", "province_code"], kind="stable", ignore_index=True)
        frame = frame[[*head, "part", *["part_name"] * bool(lang), *figures]]
    frame.attrs = {"labels": {column: said[column] for column in frame}}
    return frame


def _scores(years: tuple[int, ...], parts: tuple[int | str, ...], of: int) -> pd.DataFrame:
    """Return an estimates frame's places, parts, years and scores."""
    wide = {part: published.series(part, of=of).reindex(columns=list(years)) for part in parts}
    frames = [table[year].rename("score").rename_axis("place").reset_index().assign(part=part, year=year) for year in years for part, table in wide.items()]  # fmt: skip
    return pd.concat(frames, ignore_index=True).astype({"part": object})


def _several(given: object, all_: list) -> list:
    """Return one or several as a list."""
    if given is None:
        return all_
    given = given.tolist() if isinstance(given, np.ndarray | np.generic) else given
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]


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
    more = own.columns.difference(keys, sort=False)
    if both := [column for column in more if column in flat]:
        raise DataError(f"{path}, row 1, column '{both[0]}': the frame has this column already; rename it")
    joined = flat.merge(own, on=keys, how="left", validate="many_to_one", indicator=True)
    lost = joined.pop("_merge") == "left_only"
    names = places.provinces()["name_vi"]
    when = {code: sorted(rows["year"].unique()) if "year" in keys else [] for code, rows in joined[lost].groupby("province_code")}  # fmt: skip
    told = [(0, "", names[code], f"the file has no row for it{' in ' * bool(years)}{', '.join(map(str, years))}") for code, years in when.items()]  # fmt: skip
    notes, lacks = unmatched.attrs, pd.DataFrame(told, columns=unmatched.columns)
    unmatched = pd.concat([part for part in (unmatched, lacks) if len(part)] or [unmatched], ignore_index=True)
    unmatched.attrs = notes
    joined.index, joined.attrs = frame.index, frame.attrs
    return joined[[*frame.columns, *more]], unmatched


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
    keys = {k: "int64" for k in ("province_code", "year") if k in own}
    own = own.dropna(subset=list(keys))
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
    if lacking := unmatched.loc[unmatched["row"] == 0, "value"].to_list():
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

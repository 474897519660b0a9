"""Respondents' records: files of any usual format, checked against the codebook, all faults at once.

A file has one row a respondent and these columns, besides one for each item of the codebook:

=============  =======================================================================================
column         what it holds
=============  =======================================================================================
commune_code   code of the General Statistics Office, or name, of the commune, ward or special zone of the survey's year;
               or ``district_code``, the same of the district (until June 2025)
stratum        what the sample was drawn in by itself; strata lie inside the units or hold whole ones
cluster        what was drawn first inside the stratum (primary sampling unit): a village, a commune
weight         how many people the respondent stands for, above zero
=============  =======================================================================================

The districts or communes are the survey's *units*; which they are is told. Without these names a column serves whose
header says the same (``Mã xã``). A column ``year`` gives the survey's year; ``simulated`` above zero says that the answers
are made up, and all pages then say so. Columns whose names begin with ``unit_`` hold a number that is known of the
whole unit, as ``unit_poor``: the model for small samples borrows by them. Other columns are passed over. What is wrong in a file is told by column and kind (`papi_lib.findings`); what is only
doubtful, `papi_lib.survey.plausible` tells. Text is UTF-8 and comes out as composed Unicode (NFC). Text in TCVN3 fonts
cannot be told from other letters by any library that is kept up, so it is refused where a name is needed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import atomic, datafiles, findings, index, places, tablefiles
from papi_lib.cells import ERRORS, numbers
from papi_lib.datafiles import DataError
from papi_lib.findings import at, finding
from papi_lib.survey import codebook

DESIGN = ["unit", "stratum", "cluster", "weight"]
#: Levels that units may have, each with the column of their codes or names.
LEVELS = {"commune": "commune_code", "district": "district_code"}
#: How the names of columns begin that hold what is known of a whole unit.
KNOWN = "unit_"
#: More people than one respondent can stand for: as many as live in the country.
MOST_PEOPLE = 100_000_000
#: Different values in a column beyond which these are neither labels nor units.
_MOST_VALUES = 600
#: Answers from which on it is no chance that two respondents gave the same, with the same weight and cluster.
_ENOUGH_ANSWERS = 20
#: Share of repeated respondents from which on a file is refused.
MANY_COPIES = 0.05
#: A code in text: nothing but its digits, as a whole number.
_CODE = r"0*[0-9]{1,3}([.,]0*)?"


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read a file of records as it is: `papi_lib.tablefiles.read`, with the names that records have.

    Raises
    ------
    papi_lib.datafiles.DataError
        As there.
    """
    keys = [*LEVELS.values(), *DESIGN[1:3]]
    return tablefiles.read(path, expected=[*keys, "weight", *datafiles.read("codebook")["item"]], keys=keys)


def check(frame: pd.DataFrame, year: int | str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check records against the codebook.

    Column names are taken in any case, and labels of the codebook in place of codes. Value labels that the file
    has itself (``frame.attrs["labels"]``) must not contradict the codebook, and codes that its format could not
    keep (``frame.attrs["lost"]``) must not be ones that score.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `read`: its index ``row`` is the row in the file; rows of other frames are counted from 1.
    year : int, optional
        Year of the survey; by default that of the column ``year``, or of districts' records the index's latest.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        The records, ready for `papi_lib.survey.codebook.score` (`DESIGN`, where ``unit`` is the unit's code, the items as
        ``Int16`` with missing codes as missing, ``simulated``, what is known of units; ``.attrs["level"]`` and
        ``.attrs["year"]``), and the problems as `papi_lib.findings.table` has them, a row for each
        column and kind: ``column``, ``problem``, ``values`` (examples), ``count`` and ``rows``;
        ``.attrs["notes"]`` are lines on how the file was read. The records serve only where there is no problem.

    Raises
    ------
    ValueError
        It is not told, or told twice differently, which year or whose places the records are of.
    """
    about = frame.attrs
    level, year, key = _about(frame, year)
    book, labels = codebook.items(year), codebook.labels(year)
    if frame.index.name != "row":
        frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"))
    frame, found = _columns(frame, book, key)
    clean = {column: _names(frame[column]) for column in ("stratum", "cluster")}
    clean["unit"], wrong_units = _units(frame, key, level, year)
    clean["weight"], wrong_weights = _weights(frame)
    for column in (key, *DESIGN[1:]):
        found += at(frame, column, _empty(frame[column]), "is empty; fill it in")
        found += at(frame, column, frame[column].isin(ERRORS), "is an error of a spreadsheet; mend the cell")
    found += wrong_units + wrong_weights
    for item, row in book.iterrows():
        clean[item], wrong = _answers(frame[item], row, labels[item])
        codes = ", ".join([f"{c}={label}" for c, label in row["answers_vi"].items()] + [*map(str, row["missing"])])
        found += at(frame, item, wrong, f"is no code of the item; it has {codes}")
    clean["simulated"], wrong = _simulated(frame["simulated"])
    found += at(frame, "simulated", wrong, "is neither 1 (made up) nor 0")
    known, wrong_known = _known(frame, key)
    clean = pd.DataFrame(clean | known, index=frame.index)[[*DESIGN, *book.index, "simulated", *known]]
    found += wrong_known + _skipped(frame, clean, book) + _lost(about.get("lost", {}), book)
    found += _nested(frame, clean, key, level, year)
    repeated = copies(clean.assign(unit=frame[key]))
    found += [one for one in repeated if one["count"] > MANY_COPIES * len(clean)]
    contradictions, strange = _own_labels(about.get("labels", {}), year)
    problems = findings.table(found + contradictions)
    others = [name for name in LEVELS.values() if name != key and name in frame]
    notes = [f"units are the {level}s of {year} in the column '{key}'; '{name}' is passed over" for name in others]
    problems.attrs["notes"] = [*about.get("notes", []), *notes, *strange]
    clean.attrs = {"level": level, "year": year}
    return clean, problems


def load(path: str | os.PathLike, year: int | str | None = None) -> pd.DataFrame:
    """Read a file of records that must be faultless.

    Raises
    ------
    papi_lib.datafiles.DataError
        It has problems; the message tells the first and how many there are.
    """
    frame = read(path)
    try:
        clean, problems = check(frame, year)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    if len(problems):
        more = f" (papi check {path} tells {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DataError(findings.lines(path, problems)[0] + more)
    return clean


def write(clean: pd.DataFrame, path: str | os.PathLike, source: str | os.PathLike | None = None) -> None:
    """Write checked records as Parquet, whole or not at all, for who may read their source, or else its owner alone."""
    path = Path(path)
    if path.suffix.lower() != ".parquet":
        raise DataError(f"{path}: records are written as Parquet; give a name that ends in .parquet")
    own = clean.rename(columns={"unit": LEVELS[clean.attrs["level"]]}).assign(year=clean.attrs["year"])
    atomic.clear_parts(path.parent, below=False)  # of a process that was killed while it wrote answers
    mode = Path(source).stat().st_mode & 0o666 if source else atomic.PRIVATE
    atomic.write(path, tablefiles.sealed(own), mode=mode)


def place_year(level: str, year: int) -> int:
    """Return the year of whose provinces the units are: districts of 2025 lie in those until then."""
    return min(year, places.REFORM - 1) if level == "district" else year


def copies(clean: pd.DataFrame) -> list[dict]:
    """Return the respondents who repeat an earlier one in design and answers, as one finding or none."""
    same = pd.util.hash_pandas_object(clean, index=False)
    repeated = same.duplicated() & (clean.drop(columns=DESIGN).notna().sum(axis=1) > _ENOUGH_ANSWERS)
    if not repeated.any():
        return []
    rows = clean.index[repeated]
    first = clean.index[same == same[rows[0]]][0]
    many = "every respondent is there twice" if 2 * len(rows) == len(clean) else f"{len(rows)} of {len(clean)} respondents repeat an earlier one, answer by answer"  # fmt: skip
    return [finding("", f"{many} (row {rows[0]} is row {first}); keep each once", rows)]


def _about(frame: pd.DataFrame, year: int | str | None) -> tuple[str, int, str]:
    """Return the level of the units, the survey's year, and the column of the units."""
    names = {str(name).strip().lower(): name for name in frame.columns}
    named = pd.to_numeric(frame[names["year"]], errors="coerce").dropna().unique() if "year" in names else []
    if len(named) > 1 or (year is not None and len(named) and index.survey_year(year) != named[0]):
        other = ", ".join(f"{one:g}" for one in named)
        raise ValueError(f"column 'year' has {other}" + ("; give one file a year" if len(named) > 1 else f", asked is {year}; give one of the two"))  # fmt: skip
    asked = named[0] if year is None and len(named) else year
    asked = asked if asked is None else index.survey_year(asked)
    alike = {level: places.key_columns(names, level) for level in LEVELS}
    there = {level: name for level, name in LEVELS.items() if name in names}
    there = there or {level: columns[0] for level, columns in alike.items() if columns}
    order = sorted(there, reverse=asked is None or asked <= places.REFORM)  # until 2025 districts, if there are both
    level = order[0] if order else "commune" if asked and asked > places.REFORM else "district"
    if level == "commune" and asked is None:
        raise ValueError("communes have other codes since 1 July 2025; tell the survey's year, by --year or a column 'year'")  # fmt: skip
    return level, index.years()[-1] if asked is None else asked, there.get(level, LEVELS[level])


def _columns(frame: pd.DataFrame, book: pd.DataFrame, key: str) -> tuple[pd.DataFrame, list[dict]]:
    """Return the frame with the codebook's names and all its columns, and what is wrong with them."""
    given = pd.Index([str(name).strip() for name in frame.columns])
    names, wanted = given.str.lower(), [key, *DESIGN[1:], *book.index]
    known = names.isin([*wanted, "simulated"])
    found = [] if len(frame) else [finding("", "the file has no respondents; add their rows below the header")]
    missing = [name for name in wanted if name not in names]
    if missing:
        listed = ", ".join(missing[:20]) + (f" and {len(missing) - 20} more" if len(missing) > 20 else "")
        why = "add them, or rename the file's own; an item that was not asked stays as an empty column"
        found.append(finding("", f"columns are missing: {listed}; {why}", count=len(missing)))
    for name, times in names[known].value_counts().items():
        if times > 1:
            found.append(finding(name, f"the column is there {times} times; keep one"))
    frame = frame.set_axis(names.where(known, given), axis=1).loc[:, ~(known & names.duplicated())]
    return frame.reindex(columns=[*frame.columns, *missing, *({"simulated"} - set(names))]), found


def _empty(column: pd.Series) -> pd.Series:
    return column.isna() | column.eq("").fillna(False)


def _answers(column: pd.Series, row: pd.Series, labels: dict[str, int]) -> tuple[pd.Series, np.ndarray]:
    """Return an item's answers, and which cells are wrong; each different text is looked up once."""
    if not pd.api.types.is_numeric_dtype(column) or column.dtype == bool:
        column = column.astype("str").str.strip()
        texts = column.dropna().unique()
        coded = {text: float(text.replace(",", ".")) for text in texts if re.fullmatch(_CODE, text)}
        words = [text for text in texts if text and text not in coded][:_MOST_VALUES]
        worded = {text: labels.get(codebook.plain(text), np.nan) for text in words}
        meant = column.map(coded | worded).astype("float64")
    else:
        meant = column.astype("float64")
    given = meant.isin(list(row["answers_vi"])).to_numpy()
    wrong = ~(given | meant.isin(row["missing"]) | _empty(column)).to_numpy(dtype=bool)
    return pd.arrays.IntegerArray(meant.where(given, 0).to_numpy("int16"), ~given), wrong


def _names(column: pd.Series) -> np.ndarray:
    """Return the codes of a design column as text, whole numbers without decimals."""
    codes, values = pd.factorize(column)
    names = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v).strip() for v in values]
    return np.array([*names, None], dtype=object)[codes]


def _weights(frame: pd.DataFrame) -> tuple[pd.Series, list[dict]]:
    """Return the weights, missing where there is none, and what is wrong with them."""
    number = numbers(frame["weight"])
    why = pd.Series(number.attrs["faults"], dtype=object).reindex(frame.index)
    why = why.mask(why.isna() & (number > MOST_PEOPLE), "is more people than the country has; correct it")
    nothing = why.isna() & ~_empty(frame["weight"]) & ~(number > 0)
    why = why.mask(nothing, "is no weight; give a number above zero")
    found = [one for what in why.dropna().unique() for one in at(frame, "weight", why == what, what)]
    return number.where(why.isna()), found


def _units(frame: pd.DataFrame, key: str, level: str, year: int) -> tuple[pd.Series, list[dict]]:
    """Return the units' codes, missing where there is none, and what is wrong with them."""
    column = frame[key]
    if (many := column.nunique()) > _MOST_VALUES:
        why = f"is one of {many} different values; a province has fewer {level}s: name them here, not what lies in them"
        return pd.Series(pd.NA, frame.index), at(frame, key, column.notna(), why)
    codes, unmatched = places.in_table(frame, key, level, year=year)
    found = []
    for why, rows in unmatched[unmatched["value"].notna()].groupby("problem", sort=False)["row"]:
        told = why.replace("is not known", f"is no {level}'s code or name", 1)
        found += at(frame, key, frame.index.isin(rows), told)
    return codes, found


def _known(frame: pd.DataFrame, key: str) -> tuple[dict[str, pd.Series], list[dict]]:
    """Return what is known of whole units, by column, and what is wrong with it."""
    known, found = {}, []
    for column in (name for name in frame.columns if str(name).lower().startswith(KNOWN)):
        number = numbers(frame[column])
        found += at(frame, column, number.isna(), "is no number; what is known of a unit must be known of each")
        several = number.groupby(frame[key]).transform("nunique") > 1
        found += at(frame, column, several, f"differs among respondents of one {key}; give a unit one number")
        known[column.lower()] = number
    return known, found


def _simulated(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return who is made up, and which cells do not say."""
    number = numbers(column.astype("str").str.lower().replace({"true": "1", "false": "0"}))
    return number.gt(0), number.isna() & ~_empty(column)


def _skipped(frame: pd.DataFrame, clean: pd.DataFrame, book: pd.DataFrame) -> list[dict]:
    """Return the answers to items that the respondent should not have been asked."""
    found = []
    for item, row in book[book["asked_item"] != ""].iterrows():
        before = clean[row["asked_item"]]
        wrong = clean[item].notna() & before.notna() & ~before.isin(row["asked_codes"])
        why = f"is answered though '{row['asked_item']}' says that it was not to be asked; leave it empty"
        found += at(frame, item, wrong, why)
    return found


def _nested(frame: pd.DataFrame, clean: pd.DataFrame, key: str, level: str, year: int) -> list[dict]:
    """Return the units of a second province, and the clusters that lie in two strata."""
    home = places.below(level, year)["province_code"].reindex(clean["unit"]).set_axis(frame.index)
    of = place_year(level, year)
    names, found = [places.province(int(code), of).name_en for code in home.value_counts().index], []
    if len(names) > 1:
        elsewhere = home.notna() & (home != home.mode()[0])
        why = f"lies in {', '.join(names[1:])}, most others in {names[0]}; give one file a province"
        found += at(frame, key, elsewhere, why)
    first = clean.groupby("cluster")["stratum"].transform("first")
    if (wrong := first.notna() & clean["stratum"].notna() & (clean["stratum"] != first)).any():
        both = f"{first[wrong].iloc[0]} and {clean['stratum'][wrong].iloc[0]}"
        why = "a cluster lies in one; where numbers begin anew in each stratum, write the stratum before them"
        found += at(frame, "cluster", wrong, f"lies in the strata {both}; {why}")
    return found


def _lost(lost: dict[str, dict[str, int]], book: pd.DataFrame) -> list[dict]:
    """Return the columns with missing codes of which the format kept no number though the codebook counts one."""
    unsaid, found = set().union(*book["missing"]), []
    for name, letters in lost.items():
        item = str(name).lower()
        counted = sorted(unsaid & set(book["values"].get(item, {})))
        if counted and letters:
            code, count = counted[0], sum(letters.values())
            label, share = book.at[item, "answers_en"][code].lower(), book.at[item, "values"][code]
            gone, first = ", ".join(sorted(letters)), min(letters)
            why = f"{count} answers are {gone}, which may be {code} ({label}): that counts as {share:g} and would be left out, which moves the score; write {code} as a number again (replace {item} = {code} if {item} == {first})"  # fmt: skip
            found.append(finding(item, why, count=count))
    return found


def _own_labels(labels: dict[str, dict], year: int) -> tuple[list[dict], list[str]]:
    """Return the columns whose own labels contradict the codebook, and a line on those worded otherwise."""
    book, found, other = codebook.items(year), [], {}
    for name, pairs in labels.items():
        item = str(name).lower()
        if item not in book.index:
            continue
        numbered = {code: label for code, label in pairs.items() if isinstance(code, int | float | np.number)}
        coded = {int(code): label for code, label in numbered.items() if code % 1 == 0}
        meant = {code: codebook.labels(year)[item].get(codebook.plain(label)) for code, label in coded.items()}
        wrong = {code: known for code, known in meant.items() if known not in (None, code)}
        if wrong:
            said = ", ".join(f"{code}={coded[code]}" for code in wrong)
            answers = book.at[item, "answers_vi"]
            own = ", ".join(f"{known}={answers.get(known, '')}" for known in sorted(wrong.values()))
            found.append(finding(item, f"the file's own labels say {said}, the codebook {own}; recode one of them"))
        strange = [f"{item}: {code}={coded[code]}" for code, known in meant.items() if known is None and code in book.at[item, "answers_vi"]]  # fmt: skip
        other |= {item: strange[0]} if strange else {}
    note = f"labels of {len(other)} columns are worded otherwise than the codebook's; compare them ({next(iter(other.values()), '')})"  # fmt: skip
    return found, [note] if other else []

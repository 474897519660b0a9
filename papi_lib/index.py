"""The index's structure: dimensions and sub-dimensions by edition, their ranges, which years compare.

An *edition* is a run of years with one structure, named by its first year. Scores compare only
inside an edition, and there only where no *break* (a rescaling of one sub-dimension) lies between.
"""

from __future__ import annotations

import difflib

import pandas as pd

from papi_lib import datafiles, places
from papi_lib.spelling import plain

#: Lowest and highest score of a dimension, in points.
DIMENSION_RANGE = (1.0, 10.0)
#: No survey is of this year or later.
_NO_YEAR = 2100


@datafiles.cached
def years() -> list[int]:
    """Return all years of the index, ascending.

    Examples
    --------
    >>> years()[0], years()[-1]
    (2011, 2024)
    """
    return sorted(int(y) for y in datafiles.read("years")["year"])


def check_year(year: int | str) -> int:
    """Return `year` as int if the index has it.

    Raises
    ------
    ValueError
        The year has no published scores; the message gives the years there are.

    Examples
    --------
    >>> check_year("2024")
    2024
    """
    known = years()
    text = str(year).strip().removesuffix(".0")  # as a merge or R leaves it
    if text not in {str(y) for y in known}:
        raise ValueError(f"no PAPI scores for the year {year!r}; there are scores for {known[0]}-{known[-1]}")
    return int(text)


@datafiles.cached
def check_part(part: int | str | None, *years: int) -> int | str:
    """Return a part of the index as it is called here: "total", a dimension's number or a sub-dimension's key.

    Parameters
    ----------
    part : int, str or None
        None is the total; numbers may be of any type, or text; a dimension may go by its key.
    *years : int
        Years in which the index must have the part.

    Raises
    ------
    ValueError
        There is no such part, and the message has the nearest ones, or a year does not have it.

    Examples
    --------
    >>> check_part("8"), check_part("egovernance"), check_part(None)
    (8, 8, 'total')
    >>> try:
    ...     check_part("internet_acces")
    ... except ValueError as error:
    ...     print(error)
    no part 'internet_acces' of the index; nearest: internet_access, interactions
    """
    text = "total" if part is None else str(part).strip().removesuffix(".0")
    keys = datafiles.read("dimensions").set_index("key")["dimension"]
    key = int(text) if text.isascii() and text.isdigit() else int(keys[text]) if text in keys else text
    if key != "total" and key not in names():
        named = {name.casefold(): key for lang in ("vi", "en") for key, name in names(lang).items()}
        known = {str(key): key for key in names()} | {key: key for key in keys.index} | named | {"total": "total"}
        near = ", ".join(
            dict.fromkeys(str(known[one]) for one in difflib.get_close_matches(text.casefold(), known, n=3))
        )
        said = "give 'total', a dimension's number (1-8) or a sub-dimension's key (papi_lib.find)"
        raise ValueError(f"no part {part!r} of the index; {f'nearest: {near}' if near else said}")
    for year in years:
        if key not in ("total", *dimensions(check_year(year)), *subdimensions(year)):
            raise ValueError(f"the index of {year} has no part {key!r} ({name(key, 'en')})")
    return key


def survey_year(year: int | str) -> int:
    """Return `year` as int if respondents' records can be of it: a year of the index, or a later one.

    Examples
    --------
    >>> survey_year("2026")
    2026
    """
    text = str(year).strip().removesuffix(".0")
    later = text.isdecimal() and years()[-1] < int(text) < _NO_YEAR
    return int(text) if later else check_year(year)


@datafiles.cached
def edition(year: int) -> int:
    """Return the edition of a year, named by the edition's first year (2024 → 2021); of one that is still to come the latest.

    Examples
    --------
    >>> edition(2024), edition(2026)
    (2021, 2021)
    """
    table = datafiles.read("years").set_index("year")["edition"]
    return int(table[min(survey_year(year), years()[-1])])


@datafiles.cached
def edition_years(year: int) -> list[int]:
    """Return all years of the edition that `year` belongs to, ascending.

    Examples
    --------
    >>> edition_years(2023)
    [2021, 2022, 2023, 2024]
    """
    table = datafiles.read("years")
    return sorted(int(y) for y in table.loc[table["edition"] == edition(year), "year"])


@datafiles.cached
def structure(year: int) -> pd.DataFrame:
    """Return the parts of the index in a year, in the index's order.

    Parameters
    ----------
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        Columns ``dimension`` (1-8), ``position``, ``subdimension`` (key), ``lower`` and ``upper``:
        the sub-dimension's range in points, the dimension's 1-10 divided by the number of parts.

    Examples
    --------
    >>> structure(2024).tail(1).round(2).drop(columns="position").to_dict("records")
    [{'dimension': 8, 'subdimension': 'provincial_eresponsiveness', 'lower': 0.33, 'upper': 3.33}]
    """
    table = datafiles.read("structure")
    table = table[table["edition"] == edition(year)].drop(columns="edition").sort_values(["dimension", "position"])
    parts = table.groupby("dimension")["subdimension"].transform("size")
    lower, upper = DIMENSION_RANGE
    return table.assign(lower=lower / parts, upper=upper / parts).reset_index(drop=True)


@datafiles.cached
def dimensions(year: int) -> list[int]:
    """Return the dimensions that the index has in a year: six until 2017, eight since 2018.

    Examples
    --------
    >>> dimensions(2017), dimensions(2018)
    ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7, 8])
    """
    return sorted(int(d) for d in structure(year)["dimension"].unique())


@datafiles.cached
def subdimensions(year: int, dimension: int | None = None) -> list[str]:
    """Return the keys of a year's sub-dimensions in order, of one dimension or of all.

    Examples
    --------
    >>> subdimensions(2024, 8)
    ['egov_portal_access', 'internet_access', 'provincial_eresponsiveness']
    """
    table = structure(year)
    return list(table.loc[table["dimension"].eq(dimension) if dimension else slice(None), "subdimension"])


@datafiles.cached
def dimension_of(subdimension: str) -> int:
    """Return the dimension that a sub-dimension belongs to (it never changed between editions).

    Examples
    --------
    >>> dimension_of("internet_access")
    8
    """
    key, table = check_part(subdimension), datafiles.read("structure")
    if key not in table["subdimension"].to_numpy():
        raise ValueError(f"{subdimension!r} is no sub-dimension; papi_lib.find has their keys")
    return int(table.loc[table["subdimension"] == key, "dimension"].iloc[0])


@datafiles.cached
def name(part: int | str, lang: str = "vi") -> str:
    """Return the name of a dimension (by number) or sub-dimension (by key) in Vietnamese or English.

    Examples
    --------
    >>> name(4, "en"), name("internet_access", "vi")
    ('Control of corruption', 'Tiếp cận và sử dụng internet')
    """
    return names(lang)[check_part(part)]


def breaks(first: int, last: int, part: int | str | None = None) -> pd.DataFrame:
    """Return what changed between two years, so that scores do not compare.

    Parameters
    ----------
    first, last : int
        Years, in either order; a break counts when it lies after the earlier one.
    part : int, str or None
        A dimension (number), a sub-dimension (key), or None for the total. A break in a part is
        a break in every sum that contains it.

    Returns
    -------
    pandas.DataFrame
        Columns ``year``, ``subdimension`` (missing where all are touched), ``basis`` (``edition``, ``published``,
        ``figures``, or ``provinces`` for the reform of 2025), ``note_vi``, ``note_en``; empty if the years compare.

    Examples
    --------
    >>> breaks(2020, 2024)[["year", "basis"]].to_dict("records")
    [{'year': 2021, 'basis': 'edition'}, {'year': 2022, 'basis': 'figures'}]
    """
    early, late = sorted((check_year(first), check_year(last)))
    starts = [y for y in range(early + 1, late + 1) if y in _all_anew()]
    basis = ["provinces" if y == places.REFORM else "edition" for y in starts]
    editions = pd.DataFrame({"year": starts, "subdimension": None, "basis": basis, "note_vi": "", "note_en": ""})
    inside = _breaks_inside(part)
    inside = inside[inside["year"].between(early + 1, late)]
    found = [frame for frame in (editions, inside) if len(frame)] or [inside]
    return pd.concat(found).sort_values("year", kind="stable").reset_index(drop=True)


@datafiles.cached
def comparable(first: int, last: int, part: int | str | None = None) -> bool:
    """Tell whether scores of two years may be compared, for a dimension, a sub-dimension or the total.

    Examples
    --------
    >>> comparable(2021, 2024, 8), comparable(2020, 2021, 8)
    (True, False)
    """
    return check_year(first) in segment(check_year(last), part)


def must_compare(first: int, last: int, part: int | str | None = None) -> None:
    """Refuse to compare scores of two years across a break.

    Parameters
    ----------
    first, last : int
        Years, in either order.
    part : int, str or None
        As in `breaks`.

    Raises
    ------
    ValueError
        Scores of the part do not compare, the message says what changed, and which years compare; or there is no
        such part or year.

    Examples
    --------
    >>> must_compare(2022, 2024)
    >>> try:
    ...     must_compare(2021, 2024)
    ... except ValueError as error:
    ...     print(str(error)[:52])
    scores of the total in 2021 and 2024 do not compare:
    """
    early, late = sorted((check_year(first), check_year(last)))
    found = breaks(early, late, part)
    if len(found):
        year, changed, basis = found.iloc[0][["year", "subdimension", "basis"]]
        what = "the total" if part in (None, "total") else f"dimension {part}" if isinstance(part, int) else part
        whys = {"edition": f"the edition of {year} measures anew", "provinces": f"the provinces of {year} are others"}
        why, alike = whys.get(basis, f"{changed} changed in {year}"), segment(late, part)
        raise ValueError(
            f"scores of {what} in {early} and {late} do not compare: {why}; "
            f"those of {min(alike)}-{max(alike)} compare with each other"
        )


@datafiles.cached
def segment(year: int, part: int | str | None = None) -> list[int]:
    """Return the years whose scores compare with those of `year`: the line that may be drawn.

    Examples
    --------
    >>> segment(2024), segment(2024, 8)
    ([2022, 2023, 2024], [2021, 2022, 2023, 2024])
    """
    starts = _all_anew() | set(_breaks_inside(part)["year"])
    return [y for y in edition_years(year) if not any(min(y, year) < start <= max(y, year) for start in starts)]


@datafiles.cached
def redraws(whole: bool = False) -> list[int]:
    """Return the years in which the survey seems to have gone to other districts and villages, at least to some.

    When these are drawn anew is not published; `data/structure/breaks.csv` says why it is suspected. In 2025 they were:
    the provinces are others, and there are no districts.

    Parameters
    ----------
    whole : bool
        Only years in which all seem to have been drawn anew.

    Examples
    --------
    >>> redraws(), redraws(whole=True)
    ([2015, 2018, 2021], [2021])
    """
    table = datafiles.read("breaks")
    seen = table.loc[table["basis"].isin(["redraw"] if whole else ["redraw", "partial-redraw"]), "year"]
    return [*seen, *(year for year in years() if year == places.REFORM)]


@datafiles.cached
def sample_years(year: int) -> list[int]:
    """Return the years whose surveys seem to have gone to the same districts and villages as that of `year`.

    Examples
    --------
    >>> sample_years(2020), sample_years(2024)
    ([2018, 2019, 2020], [2021, 2022, 2023, 2024])
    """
    drawn = {y: sum(y >= redraw for redraw in redraws()) for y in years()}
    return [y for y in drawn if drawn[y] == drawn[check_year(year)]]


@datafiles.cached
def names(lang: str = "vi") -> dict[int | str, str]:
    """Return the names of all dimensions (by number) and sub-dimensions (by key).

    Examples
    --------
    >>> names("en")[4]
    'Control of corruption'
    """
    column = f"name_{lang}"
    dimensions, subdimensions = datafiles.read("dimensions"), datafiles.read("subdimensions")
    return dict(zip(dimensions["dimension"], dimensions[column], strict=True)) | dict(
        zip(subdimensions["subdimension"], subdimensions[column], strict=True)
    )


def official(dimension: int, lang: str = "vi") -> str:
    """Return a dimension's name in full, as the programme writes it.

    Examples
    --------
    >>> official(2, "en")
    'Transparency in local decision-making'
    """
    return datafiles.read("dimensions").set_index("dimension")[f"official_{lang}"][dimension]


@datafiles.cached
def _all_anew() -> set[int]:
    """Return the years in which an edition began, or the provinces became others."""
    return set(datafiles.read("years")["edition"]) | {places.REFORM}


@datafiles.cached
def _breaks_inside(part: int | str | None) -> pd.DataFrame:
    """Return the breaks inside editions that touch a part."""
    inside, table = datafiles.read("breaks").dropna(subset="subdimension"), datafiles.read("structure")
    part = check_part(part)
    if part == "total":
        return inside
    own = table.loc[table["subdimension" if isinstance(part, str) else "dimension"] == part, "subdimension"]
    return inside[inside["subdimension"].isin(own)]


def find(words: str = "") -> pd.DataFrame:
    """Find dimensions, sub-dimensions, indicators and items whose key or name has all words, in either language.

    Parameters
    ----------
    words : str
        Words or their beginnings, with or without Vietnamese marks, in any case; none finds all there is.

    Returns
    -------
    pandas.DataFrame
        ``part`` (what functions take: a dimension's number or a key), ``kind`` (``dimension``, ``sub-dimension``,
        ``indicator`` or ``item`` of the survey's codebook), ``dimension``, ``name_vi``, ``name_en`` (of an item: its
        question), ``first`` and ``last`` year (missing for items), in the index's order.

    Raises
    ------
    ValueError
        Nothing has these words.

    Examples
    --------
    >>> find("tham nhũng")["part"].to_list()[:3] == find("tham nhung")["part"].to_list()[:3]
    True
    >>> find("internet access")[["part", "kind", "first"]].to_dict("records")[0]
    {'part': 'internet_access', 'kind': 'sub-dimension', 'first': 2018}
    """
    table = _all_parts()
    text = [f" {plain(' '.join(map(str, row)).replace('_', ' '))}" for row in table[["part", "name_vi", "name_en"]].fillna("").itertuples(index=False)]  # fmt: skip
    wanted = [f" {word}" for word in plain(words.replace("_", " ")).split()]
    found = table[[all(word in one for word in wanted) for one in text]]
    if found.empty:
        raise ValueError(f"nothing in the index is called {words!r}; papi_lib.find() without words has all parts")
    return found.reset_index(drop=True)


@datafiles.cached
def _all_parts() -> pd.DataFrame:
    spans: dict[int | str, list[int]] = {}
    for year in years():
        for part in (*dimensions(year), *subdimensions(year)):
            spans.setdefault(part, []).append(year)
    order = sorted((p if isinstance(p, int) else dimension_of(p), isinstance(p, str), n, p) for n, p in enumerate(spans))  # fmt: skip
    rows = [
        (p, "sub-dimension" if below else "dimension", d, name(p, "vi"), name(p, "en"), spans[p][0], spans[p][-1])
        for d, below, _, p in order
    ]  # fmt: skip
    names = datafiles.read("indicator-names")
    for (key, part, vi, en), own in names.groupby(["indicator", "part", "name_vi", "name_en"], dropna=False)["year"]:
        part = check_part(part)
        dimension = part if isinstance(part, int) else dimension_of(part)
        rows.append((key, "indicator", dimension, vi, en, own.min(), own.max()))
    for item in datafiles.read("codebook").dropna(subset="subdimension").itertuples():
        dimension = dimension_of(item.subdimension)
        rows.append((item.item, "item", dimension, item.question_vi, item.question_en, None, None))
    table = pd.DataFrame(rows, columns=["part", "kind", "dimension", "name_vi", "name_en", "first", "last"])
    return table.astype({"part": object, "first": "Int64", "last": "Int64"})

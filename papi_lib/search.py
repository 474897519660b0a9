"""Find parts of the index by words: dimensions, sub-dimensions, indicators and the questionnaire's items."""

from __future__ import annotations

import pandas as pd

from papi_lib import datafiles, index
from papi_lib.spelling import plain


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
    table = _all()
    text = [f" {plain(' '.join(map(str, row)).replace('_', ' '))}" for row in table[["part", "name_vi", "name_en"]].fillna("").itertuples(index=False)]  # fmt: skip
    wanted = [f" {word}" for word in plain(words.replace("_", " ")).split()]
    found = table[[all(word in one for word in wanted) for one in text]]
    if found.empty:
        raise ValueError(f"nothing in the index is called {words!r}; papi_lib.find() without words has all parts")
    return found.reset_index(drop=True)


@datafiles.cached
def _all() -> pd.DataFrame:
    spans: dict[int | str, list[int]] = {}
    for year in index.years():
        for part in (*index.dimensions(year), *index.subdimensions(year)):
            spans.setdefault(part, []).append(year)
    order = sorted((p if isinstance(p, int) else index.dimension_of(p), isinstance(p, str), n, p) for n, p in enumerate(spans))  # fmt: skip
    rows = [
        (p, "sub-dimension" if below else "dimension", d, index.name(p, "vi"), index.name(p, "en"), spans[p][0], spans[p][-1])
        for d, below, _, p in order
    ]  # fmt: skip
    names = datafiles.read("indicator-names")
    for (key, part, vi, en), own in names.groupby(["indicator", "part", "name_vi", "name_en"], dropna=False)["year"]:
        part = index.check_part(part)
        dimension = part if isinstance(part, int) else index.dimension_of(part)
        rows.append((key, "indicator", dimension, vi, en, own.min(), own.max()))
    for item in datafiles.read("codebook").dropna(subset="subdimension").itertuples():
        dimension = index.dimension_of(item.subdimension)
        rows.append((item.item, "item", dimension, item.question_vi, item.question_en, None, None))
    table = pd.DataFrame(rows, columns=["part", "kind", "dimension", "name_vi", "name_en", "first", "last"])
    return table.astype({"part": object, "first": "Int64", "last": "Int64"})

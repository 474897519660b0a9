"""Published scores, standard errors and names in one frame, for a model or a file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from papi_lib import datafiles, estimates, index, published
from papi_lib import places as register

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
        each column holds, which `papi_lib.covariates.write` writes into files for Stata and R.

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
    frame["part_name"] = pd.Categorical(
        frame["part"].map(names), dict.fromkeys(names[part] for part in chosen), ordered=True
    )
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

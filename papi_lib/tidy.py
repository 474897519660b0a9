"""Published scores, standard errors and names in one frame, for a model or a file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pandas as pd

from papi_lib import datafiles, estimates, index, published
from papi_lib import places as register


def panel(
    parts: Hashable | Iterable[Hashable] | None = None,
    years: int | Iterable[int] | None = None,
    places: Hashable | Iterable[Hashable] | None = None,
    labels: bool | str = True,
    wide: bool = False,
    errors: bool = True,
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
        Whether scores have their standard errors, which take a second or more for each year and many parts.

    Returns
    -------
    pandas.DataFrame
        ``year``, ``edition`` (scores of two editions do not compare), ``province_code``; with labels ``province`` and
        ``region``; then ``part`` (text: ``total``, a dimension's or a sub-dimension's key), with labels
        ``part_name``, and ``score`` and ``se`` in points; or, wide, the parts as columns, whose names formulas take.
        ``se`` is of the level, as `papi_lib.precision` has it. What was not published has no row, or is missing.

    Raises
    ------
    ValueError
        An unknown part, year, place or language; the message has the nearest ones, or what there is.

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
    span = [index.check_year(year) for year in _several(years, index.years())]
    chosen = tuple(index.check_part(part) for part in _several(parts, ["total", *index.names()]))
    span, chosen = tuple(dict.fromkeys(span)), tuple(dict.fromkeys(chosen))
    frames = []
    for own in map(tuple, register.sides(span)):
        scores = (estimates.from_published if errors else _scores)(own, chosen).dropna(subset="score")
        if places is not None:
            scores = scores[scores["place"].isin([register.province(one, own[0]).code for one in _several(places, [])])]
        if lang:
            about = register.provinces(own[0])
            scores["province"] = scores["place"].map(about[f"name_{lang}"])
            scores["region"] = scores["place"].map(about["region"]).map(lambda key: register.region_name(key, lang))
        frames.append(scores)
    frame = pd.concat(frames, ignore_index=True)
    keys = datafiles.read("dimensions").set_index("dimension")["key"].to_dict()
    frame = frame.assign(edition=frame["year"].map(index.edition), name=frame["part"], part=frame["part"].replace(keys))
    frame = frame.rename(columns={"place": "province_code"}).astype({"part": str})
    head, shown = ["year", "edition", "province_code"], ["part", "score", "se"] if errors else ["part", "score"]
    if lang:
        head, shown = [*head, "province", "region"], ["part", "part_name", *shown[1:]]
        frame["part_name"] = frame["name"].map({**index.names(lang), "total": "PAPI"})
    frame.attrs = {}
    if not wide:
        return frame.sort_values(["year", "province_code"], kind="stable", ignore_index=True)[[*head, *shown]]
    table = frame.pivot(index=head, columns="part", values=shown[-2:] if errors else ["score"])
    table.columns = [part if kind == "score" else f"{part}_se" for kind, part in table.columns]
    order = [column for part in chosen for column in (keys.get(part, part), f"{keys.get(part, part)}_se")]
    return table.reset_index().reindex(columns=[*head, *dict.fromkeys(c for c in order if c in table)])


def _scores(years: tuple[int, ...], parts: tuple[int | str, ...]) -> pd.DataFrame:
    """Return an estimates frame's places, parts, years and scores."""
    wide = {part: published.series(part, of=years[0]).reindex(columns=list(years)) for part in parts}
    frames = [table[year].rename("score").rename_axis("place").reset_index().assign(part=part, year=year) for year in years for part, table in wide.items()]  # fmt: skip
    return pd.concat(frames, ignore_index=True).astype({"part": object})


def _several(given: Hashable | Iterable[Hashable] | None, all_: list) -> list:
    """Return one or several as a list."""
    return all_ if given is None else [given] if pd.api.types.is_scalar(given) else list(given)

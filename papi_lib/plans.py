"""A province's plan as data: its targets and what came, the gains it names, and what each block is asked to do about which part.

The tables in ``data/plans/`` are meant to be replaced by a province's own.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from papi_lib import datafiles, index, places, published


def of(province: str | int | places.Place, year: int | None = None) -> pd.DataFrame:
    """Return a province's plans.

    Parameters
    ----------
    province : Place, str or int
        The province, its name or code.
    year : int or None
        Only plans that are for this year; None for all.

    Returns
    -------
    pandas.DataFrame
        One row a plan: ``plan``, ``base_year``, ``first_year``, ``last_year``, ``source_vi``, ``source_en``; empty if
        the province has none.
    """
    table = datafiles.read("plans")
    place = province if isinstance(province, places.Place) else places.province(province, year)
    whose = []
    for row, code, first in table[["province_code", "first_year"]].itertuples():
        try:
            whose.append(places.province(code, first))
        except ValueError as error:
            raise datafiles.DataError(f"{datafiles.where('plans', row, 'province_code')}: {error}") from None
    # A plan holds for the province of its name since 2025; where several became one, none is the whole's.
    own = [one == place or one.name_vi == place.name_vi for one in whose]
    table = table[own].drop(columns="province_code")
    if year is not None:
        table = table[(table["first_year"] <= year) & (year <= table["last_year"])]
    return table.reset_index(drop=True)


def targets(province: str | int, year: int | None = None) -> pd.DataFrame:
    """Return the targets of a province's plans.

    Parameters
    ----------
    province, year
        As in `of`.

    Returns
    -------
    pandas.DataFrame
        One row a target: ``plan``, ``part`` (``"total"``, a dimension's number or a sub-dimension's key), ``kind``
        (``places_a_year``: places up a year on average; ``places``: in all; ``rank``; ``score``; ``group``: so or
        better), ``value``, ``by`` (year), and the columns of `of`.

    Raises
    ------
    papi_lib.datafiles.DataError
        A target is about a part that the index does not have, or its year lies outside its plan.
    """
    table = datafiles.read("plan-targets")
    table["part"] = [int(part) if part.isdigit() else part for part in table["part"]]
    known = ["total", *index.names()]
    datafiles.refuse(
        "plan-targets", table, "part", ~table["part"].isin(known), "is no part of the index; correct the key"
    )
    plan = datafiles.read("plans").set_index("plan").loc[table["plan"]].set_axis(table.index)
    span = plan["first_year"].astype(str) + " to " + plan["last_year"].astype(str)
    outside = ~table["by"].between(plan["first_year"], plan["last_year"])
    datafiles.refuse(
        "plan-targets", table, "by", outside, "is not a year of the plan, " + span + "; correct one of them"
    )
    return table.merge(of(province, year), on="plan")


def progress(province: str | int, year: int) -> pd.DataFrame:
    """Hold what came against a province's targets, year by year, as the plan itself counts.

    Places a year are counted from the base year on, so that what was gained early counts later.

    Parameters
    ----------
    province : str or int
        Name or code.
    year : int
        A year that the plans are for; what came later is left out.

    Returns
    -------
    pandas.DataFrame
        One row a target and year of its plan until it is due: ``plan``, ``part``, ``kind``, ``value``, ``by``,
        ``year``, ``wanted`` and ``came`` (rank among the provinces published in the year, group or points; `wanted`
        is what is to be reached by ``by``, for places a year what is to be reached this year), ``ahead`` (by how many
        ranks, groups or points it is exceeded; negative: short of it), ``met``. Missing where not published, or where
        there was no rank to count from.

    Examples
    --------
    >>> progress("Hà Nội", 2024).query("kind == 'places_a_year'")[["year", "wanted", "came", "met"]].dropna().to_numpy().tolist()
    [[2021, 43.0, 9.0, True], [2022, 38.0, 12.0, True], [2023, 33.0, 15.0, True], [2024, 28.0, 29.0, False]]
    """
    orders, frames = published.orders(province, year), []
    for target in targets(province, year).itertuples():
        standing = orders.loc[target.part]
        frame = pd.DataFrame({"year": range(target.first_year, target.by + 1)}).assign(**target._asdict())
        up = {"places": target.value, "places_a_year": target.value * (frame["year"] - target.base_year)}.get(
            target.kind
        )
        base = standing["rank"].get(target.base_year, np.nan)
        frame["wanted"] = target.value if up is None else np.maximum(base - up, 1)
        measure = target.kind if target.kind in ("group", "score") else "rank"
        frame["came"] = standing[measure].reindex(frame["year"]).to_numpy()
        frame["ahead"] = (frame["came"] - frame["wanted"]) * (1 if measure == "score" else -1)
        frames.append(frame)
    columns = ["plan", "part", "kind", "value", "by", "year", "wanted", "came", "ahead"]
    frame = pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    return frame.assign(met=frame["ahead"].ge(0).astype("boolean").mask(frame["ahead"].isna()))


def gains(province: str | int, year: int) -> pd.DataFrame:
    """Return the gains in points that a province's plan names for a year.

    Parameters
    ----------
    province : str or int
        Name or code.
    year : int
        Year that the plan sets a target for.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``subdimension`` (key): ``gain`` (lasting, in points a year), ``remark_vi`` and
        ``remark_en`` (where the plan says so); empty if no plan covers the year or names gains.

    Raises
    ------
    papi_lib.datafiles.DataError
        The index had no such sub-dimension in the plan's base year nor in its first year, or the
        gain is more than its whole scale.
    """
    plan, table = of(province, year).head(1), datafiles.read("plan-gains")
    table = table[table["plan"].isin(plan["plan"])]
    years = [y for y in plan[["base_year", "first_year"]].to_numpy().ravel() if y in index.years()]
    known = pd.concat([index.structure(y) for y in years or [index.years()[-1]]]).drop_duplicates("subdimension")
    scale = table["subdimension"].map(known.set_index("subdimension").eval("upper - lower"))
    refuse = partial(datafiles.refuse, "plan-gains", table)
    refuse("subdimension", scale.isna(), "was not in the index when the plan was made; correct the key")
    told = "is more than the whole scale of '" + table["subdimension"] + "', " + scale.map("{:.2f} points".format)
    refuse("gain", table["gain"].astype(float) > scale.astype(float), told)
    return table.set_index("subdimension").drop(columns="plan")


def tasks(province: str | int | places.Place, dimension: int | None = None, year: int | None = None) -> pd.DataFrame:
    """Return what a province's plans ask of each block.

    Parameters
    ----------
    province : str or int
        Name or code.
    dimension : int or None
        Only tasks that can move the dimension's sub-dimensions; None for all tasks.
    year : int or None
        Only plans that are for this year; None for all.

    Returns
    -------
    pandas.DataFrame
        One row a task in the plan's order: ``plan``, ``block``, ``block_vi``, ``block_en``,
        ``task``, ``task_vi``, ``task_en``, ``subdimensions`` (list of keys, of the dimension if
        one is given; empty for a task about the index as a whole), ``leads_vi``, ``leads_en``
        (who leads the block, separated by ``;``), ``first_year`` (of the plan), ``source_vi``,
        ``source_en``; empty if the province has no plan. The links to sub-dimensions are this project's reading.

    Raises
    ------
    papi_lib.datafiles.DataError
        A task names a sub-dimension that does not exist, or districts in a plan that begins after they ended.
    """
    table = _tasks()
    parts = [[k for k in keys if dimension in (None, index.dimension_of(k))] for keys in table["subdimensions"]]
    table = table.assign(subdimensions=parts)
    if dimension is not None:
        table = table[table["subdimensions"].map(len) > 0]
    return table.merge(of(province, year)[["plan", "first_year", "source_vi", "source_en"]], on="plan")


@datafiles.cached
def _tasks() -> pd.DataFrame:
    """Return the tasks of all plans with their blocks, the sub-dimensions checked."""
    known = datafiles.read("subdimensions")["subdimension"]
    table = datafiles.read("plan-tasks")
    parts = table["subdimensions"].str.split("|").map(lambda keys: [] if keys == ["*"] else keys)
    unknown = parts.map(lambda keys: bool(set(keys) - set(known)))
    datafiles.refuse(
        "plan-tasks", table, "subdimensions", unknown, "has a sub-dimension that there is not; correct the key"
    )
    blocks = datafiles.read("plan-blocks").rename(columns={"name_vi": "block_vi", "name_en": "block_en"})
    first = blocks["plan"].map(datafiles.read("plans").set_index("plan")["first_year"])
    late = (blocks["block"] == "districts") & (first > places.REFORM)
    ended = f"ended on 30 June {places.REFORM}, and the plan begins in " + first.astype(str) + "; write communes"
    datafiles.refuse("plan-blocks", blocks, "block", late, ended)
    return table.assign(subdimensions=parts).merge(blocks, on=["plan", "block"], how="left")

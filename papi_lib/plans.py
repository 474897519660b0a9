"""A province's plan as data: its target, the gains it names, and what each block is asked to do about which part.

The tables in ``data/plans/`` are meant to be replaced by a province's own.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import datafiles, index, places


def targets(province: str | int, year: int | None = None) -> pd.DataFrame:
    """Return the targets of a province's plans.

    Parameters
    ----------
    province : str or int
        Name or code.
    year : int or None
        Only plans that set a target for this year; None for all plans.

    Returns
    -------
    pandas.DataFrame
        One row a plan: ``plan``, ``base_year``, ``first_year``, ``last_year``,
        ``places_per_year``, ``group_by_last_year``, ``source_vi``, ``source_en``; empty if the
        province has none.
    """
    table = datafiles.read("plan-targets")
    table = table[table["province_code"] == places.province(province).code]
    if year is not None:
        table = table[(table["first_year"] <= year) & (year <= table["last_year"])]
    return table.reset_index(drop=True)


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
    plan, table = targets(province, year).head(1), datafiles.read("plan-gains")
    table = table[table["plan"].isin(plan["plan"])]
    known = [index.structure(y) for y in plan[["base_year", "first_year"]].to_numpy().ravel() if y in index.years()]
    for row, part, gain in table[["subdimension", "gain"]].itertuples():
        scale = next((s.loc[part] for s in (k.set_index("subdimension") for k in known) if part in s.index), None)
        if scale is None:
            place = datafiles.where("plan-gains", row, "subdimension")
            raise datafiles.DataError(f"{place}: the index had no '{part}' when the plan was made; correct the key")
        if gain > scale["upper"] - scale["lower"]:
            place = datafiles.where("plan-gains", row, "gain")
            width = f"{scale['upper'] - scale['lower']:.2f} points"
            raise datafiles.DataError(f"{place}: {gain:g} is more than the whole scale of '{part}', {width}")
    return table.set_index("subdimension").drop(columns="plan")


def tasks(province: str | int, dimension: int | None = None) -> pd.DataFrame:
    """Return what a province's plans ask of each block.

    Parameters
    ----------
    province : str or int
        Name or code.
    dimension : int or None
        Only tasks that can move the dimension's sub-dimensions; None for all tasks.

    Returns
    -------
    pandas.DataFrame
        One row a task in the plan's order: ``plan``, ``block``, ``block_vi``, ``block_en``,
        ``task``, ``task_vi``, ``task_en``, ``subdimensions`` (list of keys, of the dimension if
        one is given; empty for a task about the index as a whole), ``leads_vi``, ``leads_en``
        (who leads the block, separated by ``;``), ``source_vi``, ``source_en``; empty if the
        province has no plan. The links to sub-dimensions are this project's reading.

    Raises
    ------
    papi_lib.datafiles.DataError
        A task names a sub-dimension that does not exist.
    """
    table = _tasks()
    parts = [[k for k in keys if dimension in (None, index.dimension_of(k))] for keys in table["subdimensions"]]
    table = table.assign(subdimensions=parts)
    if dimension is not None:
        table = table[table["subdimensions"].map(len) > 0]
    return table.merge(targets(province)[["plan", "source_vi", "source_en"]], on="plan")


@datafiles.cached
def _tasks() -> pd.DataFrame:
    """Return the tasks of all plans with their blocks, the sub-dimensions checked."""
    known = datafiles.read("subdimensions")["subdimension"]
    table = datafiles.read("plan-tasks")
    parts = table["subdimensions"].str.split("|").map(lambda keys: [] if keys == ["*"] else keys)
    for row, keys in enumerate(parts):
        if unknown := set(keys) - set(known):
            place = datafiles.where("plan-tasks", row, "subdimensions")
            raise datafiles.DataError(f"{place}: no sub-dimension '{min(unknown)}'; correct the key")
    blocks = datafiles.read("plan-blocks").rename(columns={"name_vi": "block_vi", "name_en": "block_en"})
    return table.assign(subdimensions=parts).merge(blocks, on=["plan", "block"], how="left")

"""The questions of the target's page: what was asked, how likely, what would do it, what came.

Like `papi_lib.sections`, each function shows one question with its answer and returns what is
behind it; None where the place or the years do not allow an answer, which the page then says.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from papi_lib import charts_country, charts_targets, forecast, index, plans, precision, tables, targets
from papi_lib.labels import part_name
from papi_lib.page import Page
from papi_lib.targets import Climb

#: Places a year where the province has no plan: what Ha Noi asked of itself.
_USUAL_PLACES = 5
_MOST_GAPS = 8


@dataclass(frozen=True)
class Asked:
    """A target: so many places a year from a base year, for the years until the last one."""

    base_year: int
    places: int
    last_year: int


def asked(page: Page, places: int | None = None) -> Asked:
    """Ask what was asked: the province's plan if it covers the year, else so many places in a year."""
    table = plans.targets(page.place.code, page.year)
    page.ask("What was asked?")
    base = page.year - 1
    if len(table) and places is None:
        plan = table.iloc[0]
        page.say(
            "The plan asked to rise by at least {places} places a year on average, from {first} to {last}.",
            places=int(plan["places_per_year"]), first=int(plan["first_year"]), last=int(plan["last_year"]),
        )  # fmt: skip
        page.note("Source of the target: {source}", source=plan[f"source_{page.lang}"])
        return Asked(base, int(plan["places_per_year"]), int(plan["last_year"]))
    places = places or _USUAL_PLACES
    page.say(
        "This page judges a rise of {places} places from {base} to {year}.", places=places, base=base, year=page.year
    )
    page.note("No plan in the project's data sets a target of {place} for {year}.", place=page.name, year=page.year)
    return Asked(base, places, page.year)


def likely(page: Page, target: Asked) -> Climb | None:
    """Ask how likely the target was, from what was known in the base year."""
    w = page.w
    page.ask("How likely was it?", "targets-in-places")
    if target.base_year < forecast.FIRST_BASE:
        page.note("There are too few years before {year} to tell lasting differences from noise.", year=page.year)
        return None
    try:
        climb = targets.climb(page.place.code, target.base_year, target.places)
    except ValueError:
        page.note(
            "PAPI published no total of {place} in {year}, so there is no rank to start from.",
            place=page.name,
            year=target.base_year,
        )
        return None
    page.say(
        "In {base}, {place} had {score} points and rank {rank} in our ordering; noise leaves any rank from {lower} to {upper} possible (95%).",
        base=climb.base_year, place=page.name, score=w.number(climb.score), rank=climb.rank, lower=climb.lower, upper=climb.upper,
    )  # fmt: skip
    page.say(
        "To reach place {target} or better in {year} had a chance of {chance} if nothing special was done.",
        target=climb.target_rank, year=climb.target_year, chance=w.percent(climb.probability),
    )  # fmt: skip
    record = climb.track_record
    page.say(
        "Of {started} times that a province started within five places of this rank, {made} rose at least so far in a year ({share}).",
        started=int(record["started"]), made=int(record["made"]), share=w.percent(record["made"] / record["started"]),
    )  # fmt: skip
    page.show(charts_targets.track_record(targets.starts(), climb, w))
    page.show(charts_country.ranks(precision.rank_sets(climb.base_year), w, page.place))
    page.note(
        "The chance comes from simulating all provinces together: low ones tend to rise and high ones to fall by themselves, real change and noise come on top. Only years up to the base year are used."
    )
    return climb


def needed(page: Page, climb: Climb | None) -> pd.DataFrame | None:
    """Ask what would do it: points needed, and the fewest sub-dimensions that add up to them."""
    if climb is None:
        return None
    w = page.w
    page.ask("What would do it?", "targets-in-places")
    page.say(
        "With {points} points more, {place} would have stood at place {target} in {base} already; the noise in its score alone is about ±{noise} points (95%).",
        points=w.number(climb.needed_now), place=page.name, target=climb.target_rank, base=climb.base_year,
        noise=w.number(1.96 * precision.standard_error(None, climb.base_year, climb.province_code)),
    )  # fmt: skip
    frame = pd.DataFrame({"gain": climb.needed_gain, "parts": {chance: len(s) for chance, s in climb.steps.items()}})
    for chance, gain in climb.needed_gain.items():
        if gain <= 0:
            page.say(
                "A chance of {chance} needed no gain beyond what was to be expected anyway.", chance=w.percent(chance)
            )
        elif climb.steps[chance].empty:
            page.say(
                "A chance of {chance} needed a lasting gain of {points} points: more than all gains within reach add up to.",
                chance=w.percent(chance), points=w.number(gain),
            )  # fmt: skip
        else:
            page.say(
                "A chance of {chance} needed a lasting gain of {points} points, at least {parts} sub-dimensions together.",
                chance=w.percent(chance), points=w.number(gain), parts=len(climb.steps[chance]),
            )  # fmt: skip
    shown = [steps for steps in climb.steps.values() if len(steps)]
    page.show(charts_targets.steps(shown[-1], w) if shown else None)
    page.note("Within reach is a lasting gain that one province in ten makes in a year, net of noise.")
    return frame


def planned(page: Page, climb: Climb | None, gains: dict[str, float] | None = None) -> pd.DataFrame | None:
    """Ask what planned gains do to the chance: those given, else the plan's, else stated ones.

    Parameters
    ----------
    page : Page
        The page.
    climb : Climb or None
        From `likely`.
    gains : dict of str to float, optional
        Lasting gains in points by sub-dimension (key) to judge instead of the plan's.

    Returns
    -------
    pandas.DataFrame or None
        ``points`` (in all) and ``chance`` by row: nothing special done, then each set of gains.

    Raises
    ------
    ValueError
        A sub-dimension that the base year does not have, or a gain that leaves its scale.
    """
    if climb is None:
        return None
    w, unaided = page.w, {page.w("nothing special is done"): {}}
    page.ask("And with planned gains?", "targets-in-places")
    if gains:
        source = pd.Series(w("stated in the notebook"), index=list(gains))
    else:
        gains, source = _plans_gains(page, climb)
    if gains:
        frame = _chances(climb, unaided | {w("with these gains"): gains})
        page.say(
            "The chance of place {target} or better in {year}: {unaided} unaided → {planned} with these gains.",
            target=climb.target_rank, year=climb.target_year,
            unaided=w.percent(frame["chance"].iloc[0]), planned=w.percent(frame["chance"].iloc[1]),
        )  # fmt: skip
        page.show(_planned_table(page, climb, gains, source))
        return frame
    parts = targets.furthest_behind(climb)
    peers = w("the cities under central government") if page.place.type == "city" else w("its region")
    page.note("No plan in the project's data names gains in points (data/plans/gains.csv); the table states some.")
    if parts.empty:
        page.say("No sub-dimension of {place} lay below the mean of {peers}.", place=page.name, peers=peers)
        return None
    page.say(
        "Furthest below the mean of {peers} in {year}: {parts}.", peers=peers, year=climb.base_year,
        parts=w.join(f"{part_name(part, w)} ({w.signed(-gap)})" for part, gap in parts["peers"].items()),
    )  # fmt: skip
    stated = {
        w("what one province in four gains in a year"): parts["usual"].to_dict(),
        w("what one province in ten gains in a year"): parts["reach"].to_dict(),
        w("as far as the mean of {peers}", peers=peers): parts["peers"].to_dict(),
    }
    frame = _chances(climb, unaided | stated)
    page.say(
        "The chance of place {target} or better in {year}: {unaided} unaided → {planned} if each of them gained what one province in four gains in a year.",
        target=climb.target_rank, year=climb.target_year,
        unaided=w.percent(frame["chance"].iloc[0]), planned=w.percent(frame["chance"].iloc[1]),
    )  # fmt: skip
    shown = pd.DataFrame(
        {w("points in all"): frame["points"], w("chance of the target"): frame["chance"].map(w.percent)}
    )
    shown.index.name = w("if each of them gained")
    caption = w("Chance of place {target} or better in {year}", target=climb.target_rank, year=climb.target_year)
    page.show(tables.Table(shown, caption, w))
    page.note("Gains of a year are lasting ones, net of noise, computed from all provinces and years; a part of the distance to others is noise. All rows use the same simulated draws.")  # fmt: skip
    return frame


def _chances(climb: Climb, ways: dict[str, dict[str, float]]) -> pd.DataFrame:
    target = (climb.province_code, climb.base_year, climb.places)
    rows = {way: {"points": sum(g.values()), "chance": targets.chance(*target, g)} for way, g in ways.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _plans_gains(page: Page, climb: Climb) -> tuple[dict[str, float], pd.Series]:
    """Return the plan's gains that the base year can show, and where the plan says so."""
    plan = plans.gains(page.place.code, climb.target_year)
    lost = [part for part in plan.index if part not in climb.gaps.index]
    if lost:
        page.note(
            "The plan also names gains of parts that PAPI {year} does not have: {parts}.",
            year=climb.base_year, parts=page.w.join(part_name(p, page.w) for p in lost),
        )  # fmt: skip
    plan = plan.drop(index=lost)
    return plan["gain"].to_dict(), plan[f"remark_{page.lang}"]


def _planned_table(page: Page, climb: Climb, gains: dict[str, float], source: pd.Series) -> tables.Table:
    w = page.w
    shown = pd.DataFrame({
        f"{page.name}, {climb.base_year}": climb.gaps["score"].reindex(list(gains)),
        w("planned gain"): pd.Series(gains),
        w("gain within reach"): climb.gaps["reach"].reindex(list(gains)),
        w("source"): source,
    })  # fmt: skip
    shown.index = pd.Index([part_name(p, w) for p in gains], name=w("part"))
    return tables.Table(shown, w("Planned gains, lasting, in points a year"), w)


def came(page: Page, climb: Climb | None) -> dict | None:
    """Ask what came, and whether it can be told from noise; without a rank to start from, only what came."""
    if climb is None and page.standing is None:
        return None
    page.ask("What came, and was it more than noise?", "confidence-sets-for-ranks")
    result = page.standing if climb is None else climb.outcome
    if result is None:
        page.say(
            "The total of {place} in {year} has not been published, so there is no verdict.",
            place=page.name,
            year=climb.target_year,
        )
        return None
    page.say(
        "In {year}, {place} had rank {rank} in our ordering; noise leaves any rank from {lower} to {upper} possible (95%).",
        year=page.year, place=page.name, rank=int(result["rank"]), lower=int(result["lower"]), upper=int(result["upper"]),
    )  # fmt: skip
    if climb is None:
        page.say("Whether {place} rose or fell in a year is not known.", place=page.name)
        return None
    if result["reached"]:
        page.say("By the published scores the target, place {target}, was reached.", target=climb.target_rank)
    else:
        page.say("By the published scores the target, place {target}, was not reached.", target=climb.target_rank)
    if result["upper"] <= climb.target_rank:
        page.say("All ranks that noise leaves possible reach it.")
    elif result["lower"] > climb.target_rank:
        page.say("No rank that noise leaves possible reaches it.")
    else:
        page.say("Noise leaves both open: ranks on either side of the target are possible.")
    if result["clear"]:
        page.say("That {place} rose is more than noise.", place=page.name)
    else:
        page.say("Whether {place} rose or fell cannot be told from noise.", place=page.name)
    if not index.comparable(climb.base_year, climb.target_year):
        page.note(
            "Between {base} and {year} the measure changed: part of the move may come from that, not from the province.",
            base=climb.base_year, year=climb.target_year,
        )  # fmt: skip
    return result


def fan(page: Page, target: Asked) -> pd.DataFrame | None:
    """Ask how the ranks of the coming years looked from the plan's base year."""
    table = plans.targets(page.place.code, page.year)
    base = int(table["base_year"].iloc[0]) if len(table) else target.base_year
    last = target.last_year if len(table) else base + 3
    if base < forecast.FIRST_BASE or pd.isna(forecast.standings(base).loc[page.place.code, base]):
        return None
    climbs = [targets.climb(page.place.code, base, target.places * years, years) for years in range(1, last - base + 1)]
    page.ask("How did the years ahead look from {base}?", "targets-in-places", base=base)
    page.show(charts_targets.fan(climbs, page.w, page.place))
    return pd.DataFrame({c.target_year: c.ranks for c in climbs})


def gaps(page: Page, climb: Climb | None) -> pd.DataFrame | None:
    """Ask where the gaps to the provinces to pass, the region and the best were largest."""
    if climb is None:
        return None
    w = page.w
    page.ask("Where were the gaps?")
    frame = climb.gaps.sort_values("above", ascending=False)
    shown = frame.head(_MOST_GAPS)[["score", "above", "region", "best", "reach"]]
    shown = shown.set_axis(
        [page.name, w("gap to those above"), w("gap to the region"), w("gap to the best"), w("gain within reach")],
        axis=1,
    )
    shown.index = pd.Index([part_name(p, w) for p in shown.index], name=w("part"))
    page.show(
        tables.Table(shown, w("Largest gaps to the provinces to pass, {year}, in points", year=climb.base_year), w)
    )
    return frame

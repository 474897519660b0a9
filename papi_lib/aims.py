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
    table = plans.targets(page.place.code)
    table = table[(table["first_year"] <= page.year) & (page.year <= table["last_year"])]
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
    page.ask("How likely was it?")
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
    page.ask("What would do it?")
    page.say(
        "With {points} points more, {place} would have stood at place {target} in {base} already.",
        points=w.number(climb.needed_now), place=page.name, target=climb.target_rank, base=climb.base_year,
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


def came(page: Page, climb: Climb | None) -> dict | None:
    """Ask what came, and whether it can be told from noise."""
    if climb is None:
        return None
    page.ask("What came, and was it more than noise?")
    result = climb.outcome
    if result is None:
        page.say(
            "The total of {place} in {year} has not been published, so there is no verdict.",
            place=page.name,
            year=climb.target_year,
        )
        return None
    page.say(
        "In {year}, {place} had rank {rank} in our ordering; noise leaves any rank from {lower} to {upper} possible (95%).",
        year=climb.target_year, place=page.name, rank=result["rank"], lower=result["lower"], upper=result["upper"],
    )  # fmt: skip
    if result["reached"]:
        page.say("By the published scores the target, place {target}, was reached.", target=climb.target_rank)
    else:
        page.say("By the published scores the target, place {target}, was not reached.", target=climb.target_rank)
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
    table = plans.targets(page.place.code)
    table = table[(table["first_year"] <= page.year) & (page.year <= table["last_year"])]
    base = int(table["base_year"].iloc[0]) if len(table) else target.base_year
    last = target.last_year if len(table) else base + 3
    if base < forecast.FIRST_BASE or pd.isna(forecast.standings(base).loc[page.place.code, base]):
        return None
    climbs = [targets.climb(page.place.code, base, target.places * years, years) for years in range(1, last - base + 1)]
    page.ask("How did the years ahead look from {base}?", base=base)
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

"""The question of the target's page about the provinces of 2025: where a target from then on starts."""

from __future__ import annotations

import pandas as pd

from papi_lib import charts_country, index, merged, precision, tables
from papi_lib.aims import Asked
from papi_lib.labels import part_name, province_name
from papi_lib.page import Page
from papi_lib.wording import mark


def start(page: Page, target: Asked) -> pd.DataFrame | None:
    """Ask where the province of 2025 stands that the place is now or belongs to.

    Only on pages of the last year before the new provinces, from which the targets after it count.

    Parameters
    ----------
    page : Page
        The page.
    target : Asked
        From `papi_lib.aims.asked`; so many places are counted among the new provinces.

    Returns
    -------
    pandas.DataFrame or None
        By part (``total`` and dimensions): ``score``, ``se`` (points), ``rank``, ``lower``, ``upper``.
    """
    if page.year != max(year for year in index.years() if year < merged.FIRST_YEAR):
        return None
    w, unit, all_units = page.w, merged.unit(page.place), merged.provinces()
    base, name, parts = (
        merged.base(unit, page.year, target.places),
        unit.name(page.lang),
        all_units.loc[unit.code, "parts"],
    )
    year = int(base["year"])
    page.ask("Where does a target from {first} on start?", first=merged.FIRST_YEAR)
    if len(parts) > 1:
        page.say(
            "Since 1 July 2025 {parts} are one province, {unit}.",
            unit=name, parts=w.join(province_name(code, w) for code in parts),
        )  # fmt: skip
    else:
        page.say("{place} was not merged on 1 July 2025; its scores are the published ones.", place=page.name)
    if year != page.year:
        page.note(
            "PAPI did not publish the totals of {year} of all parts of {unit}; {last} is the last year with all.",
            year=page.year, unit=name, last=year,
        )  # fmt: skip
    _say_base(page, base, name, target.places)
    sets = {
        part: merged.rank_sets(year, None if part == "total" else part) for part in ["total", *index.dimensions(year)]
    }
    frame = pd.DataFrame({part: units.loc[unit.code] for part, units in sets.items()}).T
    frame = frame[["score", "se"]].astype(float).join(frame[["rank", "lower", "upper"]].astype("Int64"))
    shown = frame.assign(se=1.96 * frame["se"])
    shown.index = pd.Index([part_name(part, w) for part in frame.index], name=w("part"))
    shown.columns = [w("score"), w("noise ±"), w("rank"), w("set from"), w("set to")]
    if len(parts) > 1:
        caption = w(
            "{unit}, {year}: scores reconstructed by us, ranks among the provinces of 2025", unit=name, year=year
        )
    else:
        caption = w(
            "{unit}, {year}: published scores, ranks among the reconstructed provinces of 2025", unit=name, year=year
        )
    page.show(tables.Table(shown, caption, w))
    page.show(charts_country.ranks(sets["total"], w, unit, all_units[f"name_{page.lang}"]))
    page.note(
        "No survey before 2025 sampled the new provinces: a merged one gets the mean of its parts' published scores, weighted by planned interviews. The survey of the new provinces draws its districts anew, so a first difference may come from that."
    )
    return frame


def _say_base(page: Page, base: pd.Series, name: str, rise: int) -> None:
    w, year, noise = page.w, int(base["year"]), 1.96 * base["se"]
    sentence = (
        mark("Reconstructed by us for {year}, {unit} has {score} points (95% interval {low} to {high}) and rank {rank} of the {of} among 34 provinces that have a total; noise leaves any rank from {lower} to {upper} possible (95%).")
        if merged.provinces().loc[page.place.merged_2025, "reconstructed"]
        else mark("In {year} it has {score} points (95% interval {low} to {high}) and, beside the others as reconstructed by us, rank {rank} of the {of} among 34 provinces that have a total; noise leaves any rank from {lower} to {upper} possible (95%).")
    )  # fmt: skip
    page.say(
        sentence, year=year, unit=name, score=w.number(base["score"]),
        low=w.number(base["score"] - noise), high=w.number(base["score"] + noise),
        rank=int(base["rank"]), of=int(base["of"]), lower=int(base["lower"]), upper=int(base["upper"]),
    )  # fmt: skip
    if base["rank"] == 1:
        return
    page.say(
        "Counted from there, place {target} took {points} points more in {year}; the noise in the score alone is about ±{noise} points (95%).",
        target=int(base["target_rank"]), points=w.number(base["needed"]), year=year, noise=w.number(noise),
    )  # fmt: skip
    if base["lower"] <= base["target_rank"]:
        page.say("Place {target} is among the possible ranks already: to reach it may be no change at all.", target=int(base["target_rank"]))  # fmt: skip
    before = int(precision.rank_sets(year)["rank"].count())
    page.note(
        "Among {of} provinces {rise} places are as large a step as {old} were among {before}.",
        of=int(base["of"]), rise=rise, old=w.number(rise * before / base["of"], 0), before=before,
    )  # fmt: skip

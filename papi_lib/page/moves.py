"""How a page's scores moved: from year to year, since the edition began, and whether the place truly rose or fell.

Each function shows one question with its answer and returns the frame behind it, as those of `papi_lib.page.story` do.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import datafiles, index, posterior, precision, published
from papi_lib.page import charts, tables
from papi_lib.page.page import Page
from papi_lib.page.words import mark
from papi_lib.places import since_reform


@datafiles.held()
def history(page: Page) -> pd.DataFrame | None:
    """Ask how the scores moved, inside each run of years that compare.

    Returns
    -------
    pandas.DataFrame or None
        `Page.history`; None for a survey, of which there is one.
    """
    if not page.measured:
        return every_year(page) if page.in_index else None
    page.ask("How did it move?", "scores-editions-breaks")
    if page.survey:
        return page.say("There is one survey of the {units}, so nothing can be said about change.")
    last_year(page)
    course(page)
    for own in ([page.series], page.parts):
        page.picture(charts.history(page.history, page.place, lang=page.lang, parts=own, beside_name=page.whole))
    every_year(page)
    return page.history


def every_year(page: Page) -> pd.DataFrame:
    """Show score and rank of the page's series and all parts below it in every year, the latest first.

    Returns
    -------
    pandas.DataFrame
        Parts × years: ``score``, ``rank``, ``of``, ``group`` and ``break`` on the first level of the columns.
    """
    w, code, year = page.words, page.place.code, page.year
    dimensions = index.dimensions(year) if page.dimension is None else [page.dimension]
    parts = ["total"] * (page.dimension is None)
    parts += [part for d in dimensions for part in (d, *index.subdimensions(year, d))]
    tall = published.orders(code, year).loc[parts, ["score", "rank", "of", "group"]]
    tall["break"] = [(part, y - 1) in tall.index and not index.comparable(y - 1, y, part) for part, y in tall.index]
    known = tall.dropna(subset="score")
    text = pd.Series([w("{score:2} ({rank:0})", score=r.score, rank=r.rank) for r in known.itertuples()], known.index)
    looks = "number group-" + known["group"].astype(int).astype(str) + np.where(known["break"], " break", "")
    frame = tall.assign(text=text, look=looks).unstack().reindex(parts)
    years = sorted(frame["score"].columns, reverse=True)
    page.table(
        frame["text"].fillna("–"), "{place}: points and rank in every year; dark is the highest of four groups, light the lowest; a thick line marks a year whose scores do not compare with those before",
        {year: (str(year), "") for year in years}, looks=frame["look"].fillna("number"),
    )  # fmt: skip
    if page.dimension is None:
        score, rank, group, line = (frame[name][years].set_axis(map(w.part, parts)) for name in ("score", "rank", "group", "break"))  # fmt: skip
        about = f"PAPI: {page.name}, {w.years(years)}. {page.source}"
        content = tables.workbook(about, {w("Score"): (score, "0.00"), w("Rank"): (rank, "0")}, group, line)
        page.workbook(f"papi-{page.place.slug}-{page.series}-{page.year}", "All years as an Excel workbook", content)
    return frame.drop(columns=["text", "look"])


def last_year(page: Page) -> None:
    """Say how far the score moved since the last year that compares, and whether the place truly rose or fell."""
    moved = page.last_change
    if moved is None:
        page.say("No earlier year’s score for {part:part} compares with that of {year}.", part=page.series)
    elif pd.notna(moved["change"]):
        page.say(
            "From {since} to {year} the score of {place} {change:move} (95% interval {low:+2} to {high:+2}); the mean of provinces {country:move}.",
            low=moved["change"] - moved["change_margin"], high=moved["change"] + moved["change_margin"], **moved[["since", "change", "country"]],
        )  # fmt: skip
    since = page.year - 1 if moved is None else int(moved["since"])
    if since in published.series(page.dimension, page.year):
        rise(page, since)


def rise(page: Page, since: int, places: int = 1) -> pd.DataFrame | None:
    """Say how a province moved in the order of provinces, and how likely it is that it truly rose or fell.

    Parameters
    ----------
    page : Page
        The page.
    since : int
        The earlier year.
    places : int
        Places of the rise that is asked about, besides any; told where the place rose.

    Returns
    -------
    pandas.DataFrame or None
        A row for each margin that may hold, the page's own first: as from `papi_lib.posterior.rises`, ``rose_so_far``
        the chance of so many places; None if the province was not published in both years.
    """
    code, own = page.place.code, precision.margin_of_change(since, page.year)
    margins = ["level"] if own == "passing" else ["level", "passing"]
    known = {margin: posterior.rises(since, page.year, page.series, margin) for margin in margins}
    if code not in known["level"].index:
        return page.say("PAPI did not publish {place} in both {since} and {year}, so nothing is known of a rise or fall between them.", since=since)  # fmt: skip
    far = [posterior.rises(since, page.year, page.series, margin, places).loc[code, "rose"] for margin in margins]
    frame = pd.DataFrame({margin: table.loc[code] for margin, table in known.items()}).T.assign(rose_so_far=far)
    told = frame.iloc[0].to_dict() | {"since": since, "places": places, "same": frame.iloc[-1].to_dict()}
    page.say("Among the {of:0} provinces published in both years, {place} went from {rank_before:th} in {since} to {rank:th} in {year}.", **told)  # fmt: skip
    if told["gain"] == 0:
        page.say("The chance that {place} truly rose is {rose:%}, that it truly fell {fell:%}.", **told)
    else:
        way, sure = "rose" if told["gain"] > 0 else "fell", len(frame) == 1
        sentences = {
            ("rose", True): mark("The chance that {place} truly rose is {chance:%}."),
            ("fell", True): mark("The chance that {place} truly fell is {chance:%}."),
            ("rose", False): mark("The chance that {place} truly rose is {chance:%} if the survey went to other districts and villages in between, as the figures suggest, and {same:%} if it went to the same ones."),
            ("fell", False): mark("The chance that {place} truly fell is {chance:%} if the survey went to other districts and villages in between, as the figures suggest, and {same:%} if it went to the same ones."),
        }  # fmt: skip
        page.say(sentences[way, sure], chance=told[way], same=told["same"][way])
    if places > 1 and told["gain"] > 0:
        page.say("{place} truly rose by at least {places} places with a chance of {chance:%}." if len(frame) == 1 else "{place} truly rose by at least {places} places with a chance of {chance:%}, or of {same:%} if the same villages were asked.", places=places, chance=told["rose_so_far"], same=told["same"]["rose_so_far"])  # fmt: skip
    if since_reform(since) != since_reform(page.year):
        page.note("The survey of {year} went to other places, in provinces that are partly others: part of the move may come from that, not from the province.")  # fmt: skip
    elif not index.comparable(since, page.year, page.dimension):
        page.note("Between {since} and {year} the measure changed: part of the move may come from that, not from the province.", since=since)  # fmt: skip
    return frame


def course(page: Page) -> None:
    """Say what moved since the first year that compares, and show it for every part."""
    moved = page.claims.query("kind == 'change'").dropna(subset="change")
    if moved.empty:
        return
    clear = moved[moved["clear"]]
    for row in clear.itertuples():
        page.say("Since {since}, {part:part} of {place} {change:move}, while the mean of provinces {country:move}: that is more than the margin of error.", part=row.part, since=row.since, change=row.change, country=row.country)  # fmt: skip
    if clear.empty:
        most = moved.loc[(moved["difference"] / moved["margin"]).abs().idxmax()]
        page.say("Tested in points and all parts together, which is stricter than the chance of one part by itself, nothing in {place} moved differently from the country by more than the margin of error; {part:part} came nearest: since {since} it {change:move}, while the mean of provinces {country:move}.", **most[["since", "part", "change", "country"]])  # fmt: skip
    columns = {
        "since": ("since", "n"), "before": ("points then", "2"), "score": ("points now", "2"), "change": ("change", "+2"),
        "country": ("change of the mean", "+2"), "difference": ("difference", "+2"), "margin": ("±", "2"),
        "rank_before": ("rank then", "0"), "rank": ("rank now", "0"),
    }  # fmt: skip
    page.table(
        moved.set_index("part"),
        "What moved in {place} since the first year that compares; ranks among the provinces published in both years",
        columns,
    )


def last(page: Page) -> pd.DataFrame | None:
    """Say where a province without a score stood when it last had one; return the frame of that year."""
    own = published.series(page.series, until=page.year).loc[page.place.code].dropna()
    if own.empty:
        return None
    frame = posterior.published_standing(int(own.index[-1]), page.series, of=page.year)
    page.ask("Where did {place} stand last?", "confidence-sets-for-ranks")
    page.say(
        "When PAPI last published it, in {last}, {place} had {score:2} points and ranked {rank:th} of {n:0}; the chances are nine in ten that its true rank lay between {lower:0} and {upper:0}.",
        last=int(own.index[-1]), n=frame["score"].count(), **frame.loc[page.place.code, ["score", "rank", "lower", "upper"]],
    )  # fmt: skip
    return frame


def humps(page: Page) -> None:
    """Say of the page's parts whose scores lie in two heaps, not one, in which of them the place is."""
    code, year = page.place.code, page.year
    for part in page.parts:
        scores, between = published.series(part, year)[year].dropna(), published.two_groups(part, year)
        if between is not None and code in scores:
            lower, upper = scores[scores < between], scores[scores >= between]
            page.say("In {part:part} the provinces are of two kinds, {a} near {low:2} points and {b} near {high:2}, with few between; {place}, with {score:2}, is among the lower." if scores[code] < between else "In {part:part} the provinces are of two kinds, {a} near {low:2} points and {b} near {high:2}, with few between; {place}, with {score:2}, is among the higher.", part=part, a=len(lower), low=lower.median(), b=len(upper), high=upper.median(), score=scores[code])  # fmt: skip

"""The page's answer on its first screen, in at most four sentences.

Of a province: where it stands and stood, what truly moved, where it is first or last, who is to act. Of a district,
of which there is one survey: what differs from the whole by more than its margin of error. Every sentence is made from
the same frames as the sections below it, where it is told with its margins.
"""

from __future__ import annotations

import pandas as pd
from scipy.special import ndtri

from papi_lib import changes, datafiles, index, plans, posterior, published
from papi_lib.page import country, story
from papi_lib.page.page import Page
from papi_lib.page.words import mark

#: A move is told from this chance of being true on, and only if it is by so many places; so many of them.
SURE, LEAST, MOST = 0.9, 5, 2
#: Of so many moves, the largest beside their errors, it is asked how likely they are true.
ASKED = 6


@datafiles.held()
def summary(page: Page) -> pd.DataFrame | None:
    """Show the page's answer, and tell it to the site.

    Returns
    -------
    pandas.DataFrame or None
        Of a province, by part: ``rank`` and ``of`` in the page's year; of its largest move inside the edition ``since``,
        the ``rank_before`` ``of_before`` of that year, ``gain`` and ``z`` (beside its error), and for the largest the
        ``chance`` of being true.
        Of a district, `Page.claims`, the largest ``z`` first. None where the place has no score.
    """
    if not page.measured:
        return None
    if page.survey:
        frame = page.claims.sort_values("z", key=abs, ascending=False)
        page.findings(_clear(page, frame))
        return frame
    if pd.isna(page.standing.loc[page.place.code, "score"]):
        return None
    orders = published.orders(page.place.code, page.year)
    frame = _moves(page).join(orders.xs(page.year, level="year")[["rank", "of"]])
    past = pd.MultiIndex.from_arrays([frame.index, frame["since"]])
    frame[["rank_before", "of_before"]] = orders[["rank", "of"]].reindex(past).to_numpy()
    own = frame.loc[index.subdimensions(page.year, page.dimension)].dropna(subset="rank")
    own["share"] = own["rank"] / own["of"]
    told = [_standing(page, orders), _moved(page, frame), *([] if own.empty else [_ends(page, own), _acts(page, own)])]
    page.findings([sentence for sentence in told if sentence])
    return frame


def _moves(page: Page) -> pd.DataFrame:
    """Return the largest moves of the page's series and all parts below it, the largest with the chance that they are true."""

    def chance(part: int | str, since: int, gain: float) -> float:
        return posterior.rises(int(since), page.year, part).loc[page.place.code, "rose" if gain > 0 else "fell"]

    code, series = page.place.code, page.series
    parts = dict.fromkeys([series, *page.parts, *index.subdimensions(page.year, page.dimension)])
    frame = pd.DataFrame({part: changes.largest(page.year, part, LEAST).loc[code] for part in parts}).T
    sure = frame[frame["z"] > ndtri(SURE)].nlargest(ASKED, "z")
    likely = {row.Index: chance(row.Index, row.since, row.gain) for row in sure.itertuples()}
    frame["chance"] = pd.Series(likely, dtype=float).reindex(frame.index, fill_value=0)
    if frame.loc[series, "chance"] < SURE and page.last_change is not None:
        # The section on moves tells how sure that of the last year is, which is not to be denied here.
        last = changes.largest(page.year, series, years=(int(page.last_change["since"]),)).loc[code]
        if last["gain"] and round(known := chance(series, last["since"], last["gain"]), 2) >= SURE:
            frame.loc[series] = last.to_dict() | {"chance": known}
    return frame


def _clear(page: Page, claims: pd.DataFrame) -> list[str]:
    """Return the clear claims, one a part, the largest against their margin of error."""
    w, about = page.words, {"place": page.name, "whole": page.whole}
    rows = claims[claims["clear"]].drop_duplicates("part").head(MOST + 1)[["part", "difference", "margin"]]
    told = [w("In {part:part}, {place} is {points:2} points above {whole} (margin of error ±{margin:2})." if gap > 0 else "In {part:part}, {place} is {points:2} points below {whole} (margin of error ±{margin:2}).", part=part, points=abs(gap), margin=margin, **about) for part, gap, margin in rows.to_numpy()]  # fmt: skip
    nothing = mark("Nothing in {place} stands out from the margin of error of the scores.")
    return told or [w(nothing if claims["difference"].notna().any() else story.uncompared(page), **about)]


def _standing(page: Page, orders: pd.DataFrame) -> str:
    """Return where the place stands, and stood the year before and when the edition began."""
    w, row, past = page.words, page.standing.loc[page.place.code], orders.loc[page.series]
    told = {"place": page.name, "year": page.year, "n": page.standing["score"].count()} | dict(row[["rank", "lower", "upper"]])  # fmt: skip
    told["group"] = country.group_name(row["group"], w)
    years = dict.fromkeys(y for y in (page.year - 1, index.edition(page.year)) if y != page.year)
    known = past.reindex(years).dropna(subset="rank").reset_index().to_dict("records")
    before = [w("{rank:th} of {of:0} in {year}", **one) for one in known]
    if not before:
        return w("In {year}, {place} ranks {rank:th} of {n:0} (nine chances in ten: between {lower:0} and {upper:0}), in the {group} of four groups.", **told)  # fmt: skip
    said = w("In {year}, {place} ranks {rank:th} of {n:0} (nine chances in ten: between {lower:0} and {upper:0}), in the {group} of four groups; it was {before:list}.", before=before, **told)  # fmt: skip
    apart, first = past["score"] - past["mean"], min(index.segment(page.year, page.dimension))
    if first < page.year and pd.notna(apart[first]):
        said += " " + w("Its score was {then:apart} the mean of provinces in {first} and is {now:apart} it now.", first=first, then=apart[first], now=apart[page.year])  # fmt: skip
    return said


def _moved(page: Page, frame: pd.DataFrame) -> str:
    """Return what moved so far that the move is hardly chance: the page's series and parts first, the surest."""
    w, sure = page.words, frame[frame["chance"].astype(float).round(2) >= SURE]  # as it is told, in whole percent
    sure = sure.assign(own=sure.index.isin([page.series, *page.parts]))
    sure = sure.sort_values(["own", "chance"], ascending=False, kind="stable")
    moves = [w("{part:part} rose from {rank_before:th} of {of_before:0} in {since} to {rank:th} of {of:0} (chance that it truly rose: {chance:%})" if row["gain"] > 0 else "{part:part} fell from {rank_before:th} of {of_before:0} in {since} to {rank:th} of {of:0} (chance that it truly fell: {chance:%})", part=part, **row) for part, row in sure.head(MOST).iterrows()]  # fmt: skip
    if moves:
        return w("{moves:list}.", moves=moves)
    clear = page.claims.query("kind == 'change' and clear").sort_values("z", key=abs, ascending=False)
    if len(clear):
        clear = clear[clear["since"] == clear["since"].iloc[0]]  # one year is named for all
        told = [w("{part:part} {change:move}, while the mean of provinces {country:move}", **row) for row in clear.head(MOST).to_dict("records")]  # fmt: skip
        return w("Since {first}, by more than the margin of error, {moves:list}.", first=clear["since"].iloc[0], moves=told)  # fmt: skip
    first = min(index.segment(page.year, page.dimension))
    if first == page.year:
        return ""
    return w("Since {first}, nothing in {place} has moved far enough for nine chances in ten that the move is true." if page.dimension is None else "Since {first}, nothing in this dimension has moved far enough in {place} for nine chances in ten that the move is true.", first=first, place=page.name)  # fmt: skip


def _ends(page: Page, own: pd.DataFrame) -> str:
    """Return in which sub-dimensions the place is first or last in the country, or strongest and weakest."""
    w = page.words
    best, worst = own["share"].idxmin(), own["share"].idxmax()
    first, last = list(own.index[own["rank"] == 1]), list(own.index[own["share"] == 1])
    told = {"best": best, "worst": worst, "first": first, "last": last, "n": own["of"].max()}
    told |= {"top": own.loc[best, "rank"], "bottom": own.loc[worst, "rank"]}
    if first and last:
        return w("First of all {n:0} provinces in {first:part}; last in {last:part}.", **told)
    if first:
        return w("First of all {n:0} provinces in {first:part}; lowest in {worst:part} ({bottom:th}).", **told)
    if last:
        return w("Last of all {n:0} provinces in {last:part}; highest in {best:part} ({top:th}).", **told)
    return w("Highest in {best:part} ({top:th} of {n:0}), lowest in {worst:part} ({bottom:th}).", **told)


def _acts(page: Page, own: pd.DataFrame) -> str:
    """Return whom the province's plan asks to act on what is weakest; nothing without a plan of the year."""
    w, tasks = page.words, plans.tasks(page.place.province_code, year=page.year)
    if tasks.empty:
        return ""
    weak = list(own.index[own["share"] == 1]) or [own["share"].idxmax()]
    named = [part for part in weak if tasks["subdimensions"].map(lambda parts, part=part: part in parts).any()]
    if not named:
        return w("The plan names no task about {parts:part}.", parts=weak)
    asked = tasks[tasks["subdimensions"].map(lambda parts: bool(set(parts) & set(named)))]
    blocks = [name[:1].lower() + name[1:] for name in asked[f"block_{page.lang}"].unique()]
    return w("On {parts:part} the plan asks these to act: {blocks:list}.", parts=named, blocks=blocks)

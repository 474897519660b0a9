"""The story that all pages share: where the place stands, what makes it so, what people answered, who acts.

Each function shows one question with its answer, for any estimates frame, and returns the frame behind it for the
analyst to go on with. Where the page's year lacks the dimension they show nothing, because the page's opening
already says so.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import datafiles, places, plans, published
from papi_lib.page import charts, country, dots, moves
from papi_lib.page.page import Page
from papi_lib.page.words import Words, mark
from papi_lib.survey import codebook, disclosure
from papi_lib.survey.means import USUAL_DEFF

#: Where a province stands: its group (`papi_lib.page.country.group_name`), rank and probable ranks.
RANK = mark(
    "{place} belongs to the {group} of four groups and ranks {rank:th} of {n} in our ordering of the published scores; the chances are nine in ten that its true rank lies between {lower} and {upper}."
)

#: What is asked about the tasks of a plan, by the level of the page's place.
_ASKED = {
    "province": mark("Who is asked to act?"),
    "district": mark("What does the plan ask districts to do?"),
    "commune": mark("What does the plan ask communes to do?"),
}


@datafiles.held()
def standing(page: Page) -> pd.DataFrame | None:
    """Ask where the place stands: score, interval, the whole beside it, group and rank with the set of ranks.

    Returns
    -------
    pandas.DataFrame or None
        `Page.standing`; None if the year lacks the dimension.
    """
    if not page.measured:
        return moves.last(page) if page.in_index else None
    frame, n = page.standing, int(page.standing["score"].notna().sum())
    page.ask("Where does {place} stand?", "confidence-sets-for-ranks")
    row, claim = frame.loc[page.place.code], page.gaps.loc[page.series]
    if pd.notna(row["score"]):
        known = row[["score", "low", "high"]].to_dict() | claim[["beside", "difference", "margin"]].to_dict()
        if pd.isna(claim["difference"]):
            page.say("{place} has {score:2} points (95% interval {low:2} to {high:2}).", **known)
            page.say(uncompared(page))
        else:
            page.say("{place} has {score:2} points (95% interval {low:2} to {high:2}), {difference:apart} {whole} ({beside:2}); the difference is more than its margin of error (±{margin:2})." if claim["clear"] else "{place} has {score:2} points (95% interval {low:2} to {high:2}), {difference:apart} {whole} ({beside:2}); the difference is within its margin of error (±{margin:2}, with all parts looked at together), so there may be none.", whole=page.whole, **known)  # fmt: skip
    if page.survey:
        _sample(page, frame.loc[page.place.code], n)
        about = {"lang": page.lang, "whole_name": page.whole}
        page.picture(dots.communes(frame, page.place, claim["beside"], **about))
        page.picture(country.areas(frame, page.place, claim["beside"], **about))
    else:
        if pd.notna(row["score"]):
            group = country.group_name(row["group"], page.words)
            page.say(RANK, group=group, n=n, **row[["rank", "lower", "upper"]])
        before = None if page.last_change is None else page.last_change["before"]
        page.picture(country.strip(frame, page.place, before=before, lang=page.lang))
    return frame


def uncompared(page: Page) -> str:
    """Return the sentence on why nothing is compared."""
    if page.survey and len(page.survey.units) == 1:
        return mark("Only people of {place} were asked, so there is nothing to compare it with.")
    return mark("No figure of {place} can be shown here, so there is nothing to compare.")


@datafiles.held()
def parts(page: Page) -> pd.DataFrame | None:
    """Ask which parts make the score, beside the whole, places of its kind, and of provinces the best.

    Returns
    -------
    pandas.DataFrame or None
        `Page.profile`.
    """
    if not page.measured:
        return None
    w, frame = page.words, page.profile
    page.ask("Which parts make it so?", "how-large-is-the-margin-of-error")
    clear = frame.loc[frame["clear"], "difference"]
    for above in (True, False):
        told = [w("{part:part} ({gap:+2})", part=part, gap=gap) for part, gap in clear.items() if (gap > 0) == above]
        if told:
            page.say("{place} is above {whole} by more than the margin of error in {parts:list}." if above else "{place} is below {whole} by more than the margin of error in {parts:list}.", whole=page.whole, parts=told)  # fmt: skip
    if frame["score"].notna().any() and frame["difference"].isna().all():
        page.say(uncompared(page))
    elif frame["score"].notna().any() and clear.empty:
        nearest = (frame["difference"] / frame["margin"]).abs().idxmax()
        gap, margin = frame.loc[nearest, ["difference", "margin"]]
        page.say("No part of {place} differs from {whole} by more than its margin of error; {part:part} comes nearest to that ({gap:+2}, ±{margin:2}).", whole=page.whole, part=nearest, gap=gap, margin=margin)  # fmt: skip
    if not page.survey:
        moves.humps(page)
    peers = w("{units} of its kind", units=page.units) if page.survey else w("mean of the region")
    page.picture(charts.profile(frame, page.place, lang=page.lang, names={"whole": page.whole, "peers": peers}))
    if page.dimension and not page.survey and frame["score"].notna().any():
        orders = frame[["score", "difference", "margin"]].assign(
            order=[page.order(part, short=True) for part in frame.index]
        )
        columns = {"score": ("score", "2"), "difference": ("beside the mean of provinces", "+2"), "margin": ("±", "2"), "order": ("rank (probable ranks)", "")}  # fmt: skip
        page.table(orders, "Where {place} stands in each part, {year}", columns)
    return frame


@datafiles.held()
def groups(page: Page) -> pd.Series | None:
    """Ask where the groups are; show the map. Return each province's group in the page's series; None of a survey."""
    if page.survey or not page.measured:
        return None
    page.ask("Where are the groups?")
    page.picture(country.tiles(page.standing, page.place, lang=page.lang))
    return page.standing["group"]


@datafiles.held()
def answers(page: Page) -> pd.DataFrame | None:
    """Ask what people answered: by item in records, by indicator where those published for the year are there.

    Returns
    -------
    pandas.DataFrame or None
        Of a survey indexed by item: ``subdimension``, ``question``, ``estimate`` and ``se`` (mean share, 0-1, 1 is
        best), ``low`` and ``high`` (95% interval), ``n``, ``gap`` and ``gap_se`` to the whole; of published scores
        `published_indicators`.
    """
    if page.survey is None or not page.measured:
        return published_indicators(page) if page.measured else None
    frame = page.survey.answers(page.dimension).loc[page.place.code]
    page.ask("What did people answer?", "districts-from-answers-to-scores")
    frame = items_table(page, frame, "Answers by item, in percent of the best possible")
    page.note("100 percent means that all gave the best answer; items of the kind “is there bribery” count the other way round, so more is always better.")  # fmt: skip
    return frame


def published_indicators(page: Page) -> pd.DataFrame | None:
    """Show the indicators below the sub-dimensions beside country and region, with rank and change.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.published.indicators_beside`; None where the data have no indicators of the year.
    """
    frame = published.indicators_beside(page.place.code, page.year, page.dimension)
    if frame.empty:
        return None
    page.ask("What did people answer?", "scores-editions-breaks")
    share = frame["scale"].str.contains("%", na=False)
    shown = frame.assign(label=frame[f"name_{page.lang}"].fillna(frame["name_vi"]).fillna(frame["name_en"]))
    for column in ("value", "country", "region"):
        shown[column] = [page.words.value(v, "%" if of else "2") for v, of in zip(frame[column], share, strict=True)]
    moved = frame["change"].where(~share, 100 * frame["change"])
    shown["change"] = [page.words.value(v, "+0" if of else "+2") for v, of in zip(moved, share, strict=True)]
    columns = {
        "part": ("part", "part"), "value": (page.name, "n"), "country": ("mean of provinces", "n"),
        "region": ("mean of the region", "n"), "rank": ("rank by value", "0"), "change": ("change in a year", "n"),
    }  # fmt: skip
    page.table(shown.set_index("label"), "Indicators that PAPI published, by sub-dimension", columns, ("indicator", ""))
    page.note("Rank 1 of {of} is the highest value, which for some indicators is the worst. Changes of shares are in percentage points, and shown only where the year before has the same indicator. No margin of error of the indicators is known here: a single difference may be chance.", of=frame["of"].max())  # fmt: skip
    return frame


def items_table(page: Page, frame: pd.DataFrame, caption: str) -> pd.DataFrame:
    """Show answers by item as a table; return them with question and sub-dimension."""
    book = codebook.items(page.year).reindex(frame.index)
    answered = frame["n"].where(frame["estimate"].notna())
    frame = frame.assign(subdimension=book["subdimension"], question=book[f"question_{page.lang}"], n=answered)
    shown = frame.assign(**{name: 100 * frame[name] for name in ("estimate", "low", "high", "gap")})
    columns = {
        "subdimension": ("part", "part"), "estimate": ("here (%)", "0"), "low": ("95% from", "0"),
        "high": ("95% to", "0"), "gap": ("difference to the whole", "+0"), "n": ("answers", "0"),
    }  # fmt: skip
    if frame["why"].any():
        shown["why"] = [page.words(disclosure.REASONS[key]) if key else "" for key in frame["why"]]
        columns["why"] = ("why not shown", "")
    page.table(shown.set_index("question"), caption, columns, ("question", ""))
    page.note("Single answers are not tested: with so many, some differ much by chance alone. What is more than chance is told of the parts that they make.")  # fmt: skip
    return frame


@datafiles.held()
def tasks(page: Page, about: list | None = None) -> pd.DataFrame | None:
    """Ask what the province's plan asks for about the page's parts: of each block, on a page of a survey of its units.

    Parameters
    ----------
    page : Page
        The page.
    about : list, optional
        Sub-dimensions to which the tasks are narrowed, besides those on the index as a whole.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.plans.tasks`; empty if there is no plan of this province.
    """
    if not page.measured:
        return None
    w, lang = page.words, page.lang
    home = page.survey.home if page.survey else page.place
    frame = plans.tasks(home, page.dimension, page.year)
    wanted = page.parts if about is None else about
    if frame.empty and not page.survey:
        return frame
    page.ask(_ASKED[page.place.level if page.survey else "province"])
    if page.survey:
        reform(page)
        if frame.empty:
            page.note("No plan of {place} for {year} is in the project's data, so nobody is named here.", place=home.name(lang))  # fmt: skip
            return frame
    if (frame["block"].isin(["departments", "districts"]) & (frame["first_year"] < places.REFORM)).any():
        page.note("The plan is older than the reform: departments were merged on 1 March 2025 and the districts ended on 30 June 2025. Who took over which of these tasks is not in the project's data.")  # fmt: skip
    if page.survey:
        frame = frame[frame["block"] == f"{page.place.level}s"]
    if about is not None:
        frame = frame[frame["subdimensions"].map(lambda keys: not keys or any(part in keys for part in about))]
    parts = [w.value(keys, "part") if keys else w("PAPI as a whole") for keys in frame["subdimensions"]]
    shown = frame.assign(about=parts)
    columns = {f"task_{lang}": ("is asked to", ""), "about": ("about", "")}
    if len(shown):
        page.table(shown.set_index(f"block_{lang}"), "Tasks in the plan", columns, ("Block", ""), of_answers=False)
        page.note(
            "Tasks in our words, after {source:list}; the links to parts of the index are our reading.",
            source=list(frame[f"source_{lang}"].unique()),
        )
    named = set(frame["subdimensions"].explode())
    without = [part for part in wanted if isinstance(part, str) and part not in named]
    if without:
        page.note("The plan names no task about: {parts:part}.", parts=without)
    return frame


def reform(page: Page) -> None:
    """Say what is since 1 July 2025 where a district or commune was, or what a commune of today was made of."""
    place, w = page.place, Words(page.lang, places.REFORM if page.place.until else places.REFORM - 1)
    others = [w.place(code) for code in (places.successors if place.until else places.predecessors)(place)["code"]]
    if place.until:
        page.note("Since 1 July 2025 there are, in all or part of {place}: {others:list}.", others=others)
    else:
        page.note("{place} was made on 1 July 2025 of all or parts of {others:list}.", others=others)


def _sample(page: Page, row: pd.Series, n: int) -> None:
    """Say on how many people a survey's figure stands, what a model adds, and which places are possible."""
    ends = {"low": row["model"] - 1.96 * row["model_se"], "high": row["model"] + 1.96 * row["model_se"]}
    model = row[["model", "borrowed"]].to_dict() | ends
    if pd.isna(row["score"]):
        page.say("The figure of {place} is not shown: {why}.", why=page.words(disclosure.REASONS[row["why"]]))
        if pd.notna(row["model"]):
            page.say("What can be said comes from the answers of the other {units} alone: where they are like it, the model expects {model:2} points (95% interval {low:2} to {high:2}). What is {place}’s own is not known.", **model)  # fmt: skip
        return
    effective = row["n"] / max(row["deff"], 1e-9)
    page.say("It stands on {n} respondents in {clusters} villages and residential groups. Standard error {se:2} points, design effect {deff:2} (both from the answers of all {units} together): as much as {effective:0} people drawn one by one would tell.", effective=effective, **row[["n", "clusters", "se", "deff"]])  # fmt: skip
    if not USUAL_DEFF[0] <= row["deff"] <= USUAL_DEFF[1]:
        page.note("So small or large a design effect is rare: check weights, strata and clusters of the records.")
    if pd.notna(row["model"]):
        page.say("With what the answers of the other {units} add, the model estimate is {model:2} points (95% interval {low:2} to {high:2}); {borrowed:%} of it is borrowed from them.", **model)  # fmt: skip
    if pd.notna(row["lower"]):
        page.say("Any place from {lower} to {upper} among the {n} {units} is possible (95%). They are not ranked, because most cannot be told apart.", n=n, **row[["lower", "upper"]])  # fmt: skip

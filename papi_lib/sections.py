"""The questions that every page on published scores asks: standing, profile, history, findings, tasks.

Each function shows one question with its answer, a sentence and a picture, and returns the tidy
frame behind it for the analyst to go on with. A page on a district gets the answers of
`papi_lib.district_sections`. Where the page's year lacks the dimension it shows
nothing, because the page's opening already says so.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import (
    charts,
    charts_country,
    datafiles,
    district_sections,
    estimates,
    index,
    plans,
    precision,
    provenance,
    published,
    tables,
)
from papi_lib.labels import part_name, rank_sentence
from papi_lib.page import Page, change
from papi_lib.wording import mark

MOST_FINDINGS = 3


@datafiles.held()
def standing(page: Page) -> pd.DataFrame | None:
    """Ask where the place stands: score, group, rank and the ranks that noise leaves possible.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.precision.rank_sets`; None if the year lacks the dimension.
    """
    if page.survey:
        return district_sections.standing(page)
    if not page.measured:
        return None
    w, frame, row = page.w, page.rank_sets, page.standing
    page.ask("Where does {place} stand?", "confidence-sets-for-ranks")
    if row is not None:
        page.say(
            "{place} has {score} points (95% interval {low} to {high}); the mean of the {n} provinces published is {mean}.",
            place=page.name,
            score=w.number(row["score"]),
            low=w.number(row["score"] - 1.96 * row["se"]),
            high=w.number(row["score"] + 1.96 * row["se"]),
            n=int(frame["score"].notna().sum()),
            mean=w.number(frame["score"].mean()),
        )
        page.say(rank_sentence(row, w))
    page.show(charts_country.ranks(frame, w, page.place))
    return frame


@datafiles.held()
def profile(page: Page) -> pd.DataFrame | None:
    """Ask which parts make the score, against country, region, the five cities and the best.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.published.profile` with the standard error ``se`` and the ``difference``
        to the mean of provinces, in points.
    """
    if page.survey:
        return district_sections.profile(page)
    if not page.measured:
        return None
    w = page.w
    frame = published.profile(page.place.code, page.year, page.dimension)
    frame["se"] = precision.standard_errors(page.year, page.place.code)["se"].reindex(frame.index)
    frame["difference"] = frame["score"] - frame["country"]
    page.ask("Which parts make it so?", "how-noisy-are-published-scores")
    clear = frame[frame["difference"].abs() > 1.96 * frame["se"]]
    known = frame["score"].notna().any()
    for sign, sentence in (
        (1, mark("Above the mean of provinces by more than noise: {parts}.")),
        (-1, mark("Below the mean of provinces by more than noise: {parts}.")),
    ):
        named = clear[clear["difference"] * sign > 0]
        if len(named):
            page.say(
                sentence,
                parts=w.join(f"{part_name(p, w)} ({w.signed(d)})" for p, d in named["difference"].items()),
            )
    if known and clear.empty:
        page.say("No part differs from the mean of provinces by more than the noise in the scores.")
    page.show(charts.profile(frame, w, page.place, se=frame["se"]))
    return frame


@datafiles.held()
def answers(page: Page) -> pd.DataFrame | None:
    """Ask what people answered, which only a district's page can tell: published scores have no items.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.district_sections.answers`; None on a province's page.
    """
    return district_sections.answers(page) if page.survey else None


@datafiles.held()
def history(page: Page) -> pd.DataFrame | None:
    """Ask how the scores moved, inside each run of years that compare.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.published.history`: the page's dimension (or the total) and its parts.
    """
    if page.survey:
        page.ask("How did it move?", "scores-editions-breaks")
        page.say("There is one survey of the districts, so nothing can be said about change.")
        return None
    if not page.measured:
        return None
    w = page.w
    whole = "total" if page.dimension is None else page.dimension
    frame = published.history(page.place.code, [page.dimension, *page.parts], page.year)
    page.ask("How did it move?", "scores-editions-breaks")
    moved = change(page.place.code, page.year, page.dimension)
    _say_change(page, moved)
    errors = {year: precision.standard_errors(year, page.place.code)["se"] for year in frame["year"].unique()}
    drawn = frame.assign(se=[errors[year][part] for part, year in zip(frame["part"], frame["year"], strict=True)])
    page.show(charts.history(drawn[frame["part"] == whole], w, page.place))
    page.show(charts.history(drawn[frame["part"] != whole], w, page.place))
    reasons = index.breaks(int(frame["year"].min()), page.year, page.dimension).dropna(subset="subdimension")
    for row in reasons.to_dict("records"):
        page.note(
            "{part}, from {year}: {why}",
            part=index.name(row["subdimension"], page.lang),
            year=row["year"],
            why=row[f"note_{page.lang}"],
        )
    return frame


@datafiles.held()
def findings(page: Page) -> pd.DataFrame | None:
    """Ask what stands out: at most three differences or changes, the largest against their noise.

    Differences are between the place and the mean of provinces; changes are since the last year
    that compares, less the country's own change. Candidates are tested together (Holm), so that
    a page full of noise shows no finding.

    Returns
    -------
    pandas.DataFrame or None
        One row a candidate: ``part``, ``kind`` (``gap`` or ``change``), ``difference``, ``se``,
        ``z``, ``clear``; largest absolute ``z`` first.
    """
    if page.survey:
        return district_sections.findings(page)
    if (
        not page.measured
        or page.standing is None
        and published.missing(page.place.code, page.year) == index.dimensions(page.year)
    ):
        return None
    w = page.w
    gaps = published.profile(page.place.code, page.year, page.dimension)
    rows = [
        {
            "part": p,
            "kind": "gap",
            "difference": r["score"] - r["country"],
            "se": precision.standard_error(p, page.year, page.place.code),
        }
        for p, r in gaps.iterrows()
    ]
    for part in page.parts:
        moved = change(page.place.code, page.year, part)
        rows.append(
            {
                "part": part,
                "kind": "change",
                "difference": moved["relative_change"],
                "se": moved["se"],
                "previous": moved["previous"],
            }
        )
    frame = estimates.together(pd.DataFrame(rows).dropna(subset=["difference", "se"])).sort_values("z", key=abs, ascending=False)
    page.ask("What stands out?", "what-stands-out")
    sentences = {
        ("gap", 1): mark("{part}: {points} points above the mean of provinces (noise about ±{noise})."),
        ("gap", -1): mark("{part}: {points} points below the mean of provinces (noise about ±{noise})."),
        ("change", 1): mark(
            "{part}: since {previous} {points} points more than the country moved (noise about ±{noise})."
        ),
        ("change", -1): mark(
            "{part}: since {previous} {points} points less than the country moved (noise about ±{noise})."
        ),
    }
    told = [
        w(
            sentences[row.kind, 1 if row.difference > 0 else -1],
            part=part_name(row.part, w),
            points=w.number(abs(row.difference)),
            noise=w.number(1.96 * row.se),
            previous="" if pd.isna(row.previous) else int(row.previous),
        )
        for row in frame[frame["clear"]].head(MOST_FINDINGS).itertuples()
    ]
    page.tell_findings(told or [w("Nothing stands out from the noise in the scores.")])
    return frame


@datafiles.held()
def tasks(page: Page) -> pd.DataFrame | None:
    """Ask what each block of the province's plan is asked to do about the page's parts.

    Returns
    -------
    pandas.DataFrame or None
        From `papi_lib.plans.tasks`; empty if there is no plan of this province.
    """
    if page.survey:
        return district_sections.tasks(page)
    if not page.measured:
        return None
    w, lang = page.w, page.lang
    frame = plans.tasks(page.place.code, page.dimension)
    page.ask("Who is asked to act?")
    if frame.empty:
        page.note(
            "There is no plan of {place} for this in the project's data; data/plans shows how to add one.",
            place=page.name,
        )
        return frame
    about = [w.join(part_name(s, w) for s in keys) or w("PAPI as a whole") for keys in frame["subdimensions"]]
    shown = pd.DataFrame(
        {w("is asked to"): frame[f"task_{lang}"].to_numpy(), w("about"): about},
        index=pd.Index(frame[f"block_{lang}"], name=w("Block")),
    )
    page.show(tables.Table(shown, w("Tasks in the plan"), w))
    page.note(
        "Tasks in our words, after {source}; the links to parts of the index are our reading.",
        source=w.join(frame[f"source_{lang}"].unique()),
    )
    without = [
        p for p in page.parts if isinstance(p, str) and not frame["subdimensions"].map(lambda k, p=p: p in k).any()
    ]
    if without:
        page.note("The plan names no task about: {parts}.", parts=w.join(part_name(p, w) for p in without))
    return frame


@datafiles.held()
def provenance_table(page: Page) -> pd.DataFrame:
    """Ask how the page was made: data, edition, method, version, and what to keep in mind."""
    if page.survey:
        return district_sections.provenance_table(page)
    w = page.w
    page.ask("How was this made?")
    page.note(
        "PAPI publishes scores and four groups, no ranks and no standard errors. Ranks are our ordering of the published scores; the noise in the scores is our estimate from how they move from year to year."
    )
    page.note(
        "The mean of provinces is the unweighted mean of the provinces published in the year. Scores compare only inside an edition and not across a dotted line."
    )
    frame = pd.DataFrame(
        {
            w("value"): [
                provenance.source(),
                f"{provenance.data_version()} · {datafiles.fingerprint()[:12]}",
                page.edition,
                w.years(index.segment(page.year, page.dimension)) if page.measured else "–",
                provenance.code_version(),
            ]
        },
        index=pd.Index(
            [
                w("Source"),
                w("Data version and hash"),
                w("Edition"),
                w("Years that compare with {year}", year=page.year),
                w("Code version"),
            ],
            name=w("what"),
        ),
    )
    page.show(tables.Table(frame, w("Data, edition and version"), w))
    return frame


def _say_change(page: Page, moved: pd.Series) -> None:
    w = page.w
    if pd.isna(moved["previous"]):
        page.say("There is no earlier year whose scores compare with those of {year}.", year=page.year)
    elif pd.notna(moved["change"]):
        page.say(
            "Since {previous} the score moved by {change} points (95% interval {low} to {high}), the mean of provinces by {country}.",
            previous=int(moved["previous"]),
            change=w.signed(moved["change"]),
            low=w.signed(moved["change"] - 1.96 * moved["se"]),
            high=w.signed(moved["change"] + 1.96 * moved["se"]),
            country=w.signed(moved["country_change"]),
        )
        if moved["clear"]:
            page.say("The move is more than noise.")
        else:
            page.say("The move is within noise: it may be no change at all.")

"""What a page stands on and tells of itself: its facts for the site, what it lacks, how sure its score is, how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from papi_lib import code_version, datafiles, estimates, index, places, posterior, published
from papi_lib.page.words import mark
from papi_lib.survey import disclosure

if TYPE_CHECKING:
    from papi_lib.page.page import Page

#: Mime type of the facts.
MIME = "application/vnd.papi.page+json"
#: What the margins of error hold.
_MARGINS = {
    "level": mark("what passes within a year, and which districts and villages were drawn (suspected)"),
    "passing": mark("what passes within a year, in the districts and villages that were asked"),
    "sampling": mark("which people and places were asked, as published"),
}


def facts(page: Page, title: str) -> dict:
    """Return the facts of a page: who, when, how it stands, from which data and code.

    A province's score and rank; of a district or commune no rank, only its set, and all figures with two decimals, so that two
    releases do not give away one person's answer.
    """
    place = page.place
    about = {"level": place.level, "code": place.code, "name": page.name, "slug": place.slug, "region": place.region}
    told = {
        "title": title, "lang": page.lang, "dimension": page.dimension, "place": about, "year": page.year,
        "edition": page.words.years(index.edition_years(page.year)),
        **dict.fromkeys(("score", "rank", "rank_lower", "rank_upper", "group", "change")), "missing": missing(page),
        "simulated": page.simulated, "source": page.source,
        "link": None if page.survey else datafiles.package()["sources"][0]["path"],
        "data_version": datafiles.package()["version"], "data_hash": datafiles.fingerprint(),
        "code_version": code_version(),
    }  # fmt: skip
    if not page.in_index:
        return told
    row = page.standing.astype(object).loc[place.code]
    known = pd.notna(row["score"])
    told |= {"score": round(float(row["score"]), 2 if page.survey else 4)} if known else {}
    told |= {f"rank_{end}": int(row[end]) for end in ("lower", "upper") if pd.notna(row[end])}
    if page.survey:
        home = page.survey.home
        about["parent"] = {"code": home.code, "name": home.name(page.lang), "slug": home.slug}
        errors = {"se": row["se"], "noise": row["margin"]}
        return told | {name: round(float(x), 2) if pd.notna(x) else None for name, x in errors.items()} | {
            "among": int(page.standing["lower"].notna().sum()),
            "sample": page.survey.sample(place.code, page.series),
            "suppressed": told["missing"],
        }  # fmt: skip
    told |= {name: int(row[name]) for name in ("rank", "group") if known}
    orders = published.orders(place.code, page.year).xs(page.year, level="year")[["score", "rank", "group"]]
    parts = orders.loc[[page.series, *page.parts]].itertuples()
    told["parts"] = [[page.words.part(p), *(None if pd.isna(x) else round(x, 4) for x in own)] for p, *own in parts]
    if page.dimension is None:
        told["groups"] = {str(code): int(group) for code, group in page.standing["group"].dropna().items()}
    if (moved := page.last_change) is not None and pd.notna(moved["change"]):
        change = {name: round(float(moved[key]), 4) for name, key in (("points", "change"), ("noise", "change_margin"))}
        told["change"] = {"since": int(moved["since"])} | change
    return told


def missing(page: Page) -> list[str]:
    """Return sentences on what the page cannot show, and why."""
    w, year, about = page.words, page.year, {"place": page.name, "year": page.year}
    if page.survey:
        return page.survey.missing(page.place.code, [page.series, *page.parts], w)
    if not page.in_index:
        first = next(year for year in index.years() if page.dimension in index.dimensions(year))
        return [w("This dimension was not part of PAPI in {year}: it has been measured since {first}.", first=first, **about)]  # fmt: skip
    gaps, found = published.missing(page.place.code, year), []
    if page.dimension in gaps:
        found.append(w("PAPI published no score of {place} for this dimension in {year}.", **about))  # fmt: skip
    elif page.dimension is None and len(gaps) == len(page.parts):
        found.append(w("PAPI published no scores of {place} in {year}.", **about))
    elif page.dimension is None and gaps:
        found.append(w("PAPI did not publish {names:part} of {place} in {year}: a sum over fewer dimensions is not a total, so there is none.", names=gaps, **about))  # fmt: skip
    if page.place.since:
        before = places.predecessors(page.place)["code"]
        of = [places.province(code, places.REFORM - 1).name(page.lang) for code in before]
        found.append(w("PAPI surveys 34 provinces since {first}. What is told here of the years before is no published score but our reconstruction for the provinces of today: that of {place} is the mean of {parts:list}, weighted by their people." if len(of) > 1 else "PAPI surveys 34 provinces since {first}. {place} is as it was, but its ranks in the years before are those among the provinces of today, most of whose scores we reconstructed.", first=places.REFORM, parts=of, **about))  # fmt: skip
    elif page.dimension is None:
        now = places.province(places.merged()[page.place.code], places.REFORM)
        if now.name_vi != page.place.name_vi:
            found.append(w("Since 1 July 2025 {place} is part of {unit}.", unit=now.name(page.lang), **about))
    if index.edition(year) == year and year != index.years()[0]:
        found.append(w("{year} is the first year of an edition: its scores do not compare with those of earlier years.", year=year))  # fmt: skip
    return found


def margins(page: Page) -> pd.DataFrame | None:
    """Ask how sure the score is, by what may move it though nothing real changed; show what each margin would say.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by margin (those known of `papi_lib.precision.MARGINS`): ``margin`` (half the 95% interval of the score,
        points), ``clear`` (is the difference to the mean of provinces more than its margin of error), ``lower`` and
        ``upper`` (probable ranks), ``first`` and ``last`` (ranks that cannot be refuted, 95%).
    """
    code, series = page.place.code, page.series
    if page.survey or not page.measured or pd.isna(page.standing.loc[code, "score"]):
        return None
    rows = {}
    for margin in ("level", "passing", "sampling"):
        row = posterior.published_standing(page.year, series, margin).loc[code]
        if pd.notna(row["se"]):
            scores = estimates.from_published(page.year, (series,), margin)
            sets = estimates.standing(scores, series, only=code).loc[code]
            gap = estimates.claims(code, page.year, margin=margin).query("kind == 'gap'").set_index("part").loc[series]
            rows[margin] = row[["margin", "lower", "upper"]].to_dict() | {"clear": gap["clear"], "first": sets["lower"], "last": sets["upper"]}  # fmt: skip
    frame = pd.DataFrame.from_dict(rows, orient="index")
    page.ask("How sure is the score?", "how-large-is-the-margin-of-error")
    w = page.words
    told = frame.assign(
        ranks=[f"{int(row.lower)}–{int(row.upper)}" for row in frame.itertuples()],
        sets=[f"{int(row.first)}–{int(row.last)}" for row in frame.itertuples()],
        clear=[w("yes") if clear else w("no") for clear in frame["clear"]],
    ).set_axis([w(_MARGINS[margin]) for margin in frame.index])
    columns = {
        "margin": ("± of the score", "2"), "clear": ("differs from the mean of provinces", ""), "ranks": ("probable ranks (90%)", ""),
        "sets": ("ranks that cannot be refuted (95%)", ""),
    }  # fmt: skip
    page.table(told[list(columns)], "The score of {place} under each margin of error; the page goes by the first", columns, ("what it holds", ""))  # fmt: skip
    return frame


@datafiles.held()
def made(page: Page) -> pd.Series:
    """Ask how the page was made: data, edition, method, version, and what to keep in mind."""
    w = page.words
    margins(page)
    page.ask("How was this made?", "scores-editions-breaks")
    about = {w("Source"): page.source}
    if page.survey:
        page.note("Scores follow the published scale: answers become shares, sub-dimensions their mean over the range of the scale, dimensions sums of sub-dimensions. The items are this project’s own wording, so the scores compare between the {units} of the survey, not with other surveys’.")  # fmt: skip
        page.note("Standard errors follow the sample’s design (strata, clusters, weights). Figures on fewer than {respondents} respondents, as their weights count, or {clusters} clusters are not shown, nor those for which all gave one answer, nor what would give these away. All are rounded to a step of about half their standard error.", respondents=disclosure.LEAST_RESPONDENTS, clusters=disclosure.LEAST_CLUSTERS)  # fmt: skip
        design = page.survey.frame.groupby("stratum")["cluster"].nunique()
        about |= {
            w("Simulated"): w("yes, made up") if page.simulated else w("no"),
            w("Sample"): w("{n} respondents, {clusters} clusters, {strata} strata", n=len(page.survey.frame), clusters=design.sum(), strata=len(design)),
        }  # fmt: skip
    else:
        compare = w.years(index.segment(page.year, page.dimension)) if page.in_index else "–"
        about[w("Years that compare with {year}", year=page.year)] = compare
    about[w("Edition")] = w.years(index.edition_years(page.year))
    frame = pd.Series(about, name="value")
    page.table(
        frame.to_frame(),
        "What this page on {place} stands on",
        {"value": ("value", "")},
        ("what", ""),
        of_answers=False,
    )
    return frame

"""What a page tells the site about itself, and what it cannot show and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from papi_lib import datafiles, estimates, index, places, provenance, published

if TYPE_CHECKING:
    from papi_lib.page.page import Page

#: Mime type of the facts.
MIME = "application/vnd.papi.page+json"


def of(page: Page, title: str) -> dict:
    """Return the facts of a page: who, when, how it stands, from which data and code.

    A province's score and rank; of a district or commune no rank, only its set, and all figures with two decimals, so that two
    releases do not give away one person's answer.
    """
    place = page.place
    about = {"level": place.level, "code": place.code, "name": page.name, "slug": place.slug, "region": place.region}
    facts = {
        "title": title, "lang": page.lang, "dimension": page.dimension, "place": about, "year": page.year,
        "edition": page.words.years(index.edition_years(page.year)),
        **dict.fromkeys(("score", "rank", "rank_lower", "rank_upper", "group", "change")), "missing": missing(page),
        "simulated": page.simulated, "source": page.survey.name if page.survey else provenance.source(page.lang),
        "link": None if page.survey else provenance.link(),
        "data_version": provenance.data_version(), "data_hash": datafiles.fingerprint(),
        "code_version": provenance.code_version(),
    }  # fmt: skip
    if not page.in_index:
        return facts
    row = page.standing.astype(object).loc[place.code]
    known = pd.notna(row["score"])
    facts |= {"score": round(float(row["score"]), 2 if page.survey else 4)} if known else {}
    facts |= {f"rank_{end}": int(row[end]) for end in ("lower", "upper") if pd.notna(row[end])}
    if page.survey:
        home = page.survey.home
        about["parent"] = {"code": home.code, "name": home.name(page.lang), "slug": home.slug}
        errors = {"se": row["se"], "noise": row["margin"]}
        return facts | {name: round(float(x), 2) if pd.notna(x) else None for name, x in errors.items()} | {
            "among": int(page.standing["lower"].notna().sum()),
            "sample": page.survey.sample(place.code, page.series),
            "suppressed": facts["missing"],
        }  # fmt: skip
    facts |= {name: int(row[name]) for name in ("rank", "group") if known}
    scores = estimates.wide(page.scores)
    orders = [(p, published.standing(scores[p].rename("score")).loc[place.code]) for p in (page.series, *page.parts)]
    facts["parts"] = [[page.words.part(part), *(round(float(x), 4) if pd.notna(x) else None for x in row)] for part, row in orders]  # fmt: skip
    if page.dimension is None:
        facts["groups"] = {str(code): int(group) for code, group in page.standing["group"].dropna().items()}
    if (moved := page.last_change) is not None and pd.notna(moved["change"]):
        change = {name: round(float(moved[key]), 4) for name, key in (("points", "change"), ("noise", "change_margin"))}
        facts["change"] = {"since": int(moved["since"])} | change
    return facts


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

"""What a page stands on: how sure its score is, and how it was made."""

from __future__ import annotations

import pandas as pd

from papi_lib import datafiles, estimates, index, posterior, provenance
from papi_lib.page.page import Page
from papi_lib.page.words import mark
from papi_lib.survey import disclosure

#: What the margins of error hold.
_MARGINS = {
    "level": mark("what passes within a year, and which districts and villages were drawn (suspected)"),
    "passing": mark("what passes within a year, in the districts and villages that were asked"),
    "sampling": mark("which people and places were asked, as published"),
}


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
    about = {w("Source"): page.survey.name if page.survey else provenance.source(page.lang)}
    if page.survey:
        page.note(
            "Scores follow the published scale: answers become shares, sub-dimensions their mean over the range of the scale, dimensions sums of sub-dimensions. The items are this project’s own wording, so the scores compare between the {units} of the survey, not with other surveys’."
        )
        page.note(
            "Standard errors follow the sample’s design (strata, clusters, weights). Figures on fewer than {respondents} respondents, as their weights count, or {clusters} clusters are not shown, nor those for which all gave one answer, nor what would give these away. All are rounded to a step of about half their standard error.",
            respondents=disclosure.LEAST_RESPONDENTS, clusters=disclosure.LEAST_CLUSTERS,
        )  # fmt: skip
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

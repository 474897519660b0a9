"""The questions of a district's page, answered from a survey's records.

The counterparts of `papi_lib.sections`, which calls them for a page on a district, and the questions of
the district's plan. Each function shows one question with its answer and returns the frame behind it.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import (
    charts,
    charts_districts,
    codebook,
    datafiles,
    districts,
    estimates,
    index,
    places,
    plans,
    provenance,
    tables,
)
from papi_lib.labels import part_name
from papi_lib.page import Page

#: The block of a plan that districts' pages are about.
_BLOCK = "districts"
MOST_FINDINGS = 3
_FIGURES_TO_BRING = 6


def standing(page: Page) -> pd.DataFrame:
    """Ask where the district stands: direct and model estimate, sample, and the places that are possible.

    Returns
    -------
    pandas.DataFrame
        Indexed by district: ``estimate``, ``se``, ``noise``, ``n``, ``clusters``, ``deff`` (direct),
        ``model``, ``model_se``, ``borrowed``, ``lower``, ``upper`` (95% set of ranks).
    """
    w, survey, code = page.w, page.survey, page.place.code
    frame = survey.scores.xs(page.series, level="series").loc[survey.districts]
    model = survey.models.xs(page.series, level="series").rename(columns={"se": "model_se"})
    frame = frame.join(model).join(survey.rank_sets(page.series))
    row, city = frame.loc[code], survey.scores.loc[(districts.CITY, page.series)]
    home = places.province(page.place.province_code).name(page.lang)
    page.ask("Where does {place} stand?", "districts-how-sure-is-that")
    if pd.isna(row["estimate"]):
        page.say("The figure of {place} is not shown: too few people answered.", place=page.name)
        return frame
    page.say(
        "{place} has {score} points (95% interval {low} to {high}); {city} as a whole has {whole} (±{noise}).",
        place=page.name, score=w.number(row["estimate"]), low=w.number(row["estimate"] - row["noise"]), high=w.number(row["estimate"] + row["noise"]),
        city=home, whole=w.number(city["estimate"]), noise=w.number(city["noise"]),
    )  # fmt: skip
    if abs(row["gap"]) > row["gap_noise"]:
        page.say(
            "The difference to {city}, {gap} points (±{noise}), is more than noise.",
            city=home, gap=w.signed(row["gap"]), noise=w.number(row["gap_noise"]),
        )  # fmt: skip
    else:
        page.say(
            "The difference to {city}, {gap} points (±{noise}), is within noise: there may be none.",
            city=home, gap=w.signed(row["gap"]), noise=w.number(row["gap_noise"]),
        )  # fmt: skip
    page.say(
        "It stands on {n} respondents in {clusters} villages and residential groups. Standard error {se} points, design effect {deff}: as much as {effective} people drawn one by one would tell.",
        n=int(row["n"]), clusters=int(row["clusters"]), se=w.number(row["se"]), deff=w.number(row["deff"]),
        effective=w.number(row["n"] / max(row["deff"], 1e-9), 0),
    )  # fmt: skip
    if pd.notna(row["model"]):
        page.say(
            "With what the other districts’ answers add, the model estimate is {model} points (95% interval {low} to {high}); {borrowed} of it is borrowed from them.",
            model=w.number(row["model"]), low=w.number(row["model"] - 1.96 * row["model_se"]),
            high=w.number(row["model"] + 1.96 * row["model_se"]), borrowed=w.percent(row["borrowed"]),
        )  # fmt: skip
    page.say(
        "Any place from {lower} to {upper} among the {n} districts is possible (95%). Districts are not ranked, because most cannot be told apart.",
        lower=int(row["lower"]), upper=int(row["upper"]), n=int(frame["estimate"].notna().sum()),
    )  # fmt: skip
    page.show(charts_districts.districts(frame, city["estimate"], w, page.place))
    return frame


def profile(page: Page) -> pd.DataFrame:
    """Ask which parts make the score, against the city and the districts of the same kind.

    Returns
    -------
    pandas.DataFrame
        Indexed by part, in points: ``estimate``, ``se``, ``noise``, ``n``, ``city``, ``alike``, ``gap``,
        ``gap_noise``, ``lower``, ``upper`` (the scale).
    """
    w, scores = page.w, page.survey.scores
    frame = scores.loc[page.place.code].loc[page.parts, ["estimate", "se", "noise", "n", "gap", "gap_noise"]]
    frame["city"] = scores.loc[districts.CITY, "estimate"].reindex(frame.index)
    frame["alike"] = scores.loc[page.survey.kind(page.place.code), "estimate"].reindex(frame.index)
    frame["lower"], frame["upper"] = index.DIMENSION_RANGE
    if page.dimension is not None:
        scale = index.structure(page.year).set_index("subdimension")
        frame[["lower", "upper"]] = scale.loc[frame.index, ["lower", "upper"]]
    page.ask("Which parts make it so?", "districts-how-sure-is-that")
    clear = frame[frame["gap"].abs() > frame["gap_noise"]]
    above, below = (
        w.join(f"{part_name(p, w)} ({w.signed(gap)})" for p, gap in clear["gap"].items() if gap * sign > 0)
        for sign in (1, -1)
    )
    if above:
        page.say("Above the city by more than noise: {parts}.", parts=above)
    if below:
        page.say("Below the city by more than noise: {parts}.", parts=below)
    if clear.empty:
        page.say("No part differs from the city by more than noise.")
    page.show(charts_districts.profile(frame, w, page.place))
    return frame


def answers(page: Page) -> pd.DataFrame:
    """Ask what people answered: each item of the dimension, beside the city.

    Returns
    -------
    pandas.DataFrame
        Indexed by item: ``subdimension``, ``estimate`` and ``se`` (mean share, 0-1, 1 is best), ``n``,
        ``gap``, ``gap_se`` and ``gap_noise`` to the city (see `papi_lib.districts.Survey.scores`).
    """
    w, book = page.w, codebook.items(page.year)
    frame = page.survey.answers(page.dimension).loc[page.place.code]
    frame = frame[["estimate", "se", "noise", "n", "gap", "gap_se", "gap_noise"]]
    frame.insert(0, "subdimension", book["subdimension"].reindex(frame.index))
    page.ask("What did people answer?", "districts-from-answers-to-scores")
    page.show(_answers_table(page, frame, w("Answers by item, in percent of the best possible")))
    page.note(
        "100 percent means that all gave the best answer; items of the kind “is there bribery” count the other way round, so more is always better."
    )
    return frame


def findings(page: Page) -> pd.DataFrame:
    """Ask what stands out: at most three differences to the city, the largest against their noise.

    Returns
    -------
    pandas.DataFrame
        One row a part: ``part``, ``difference``, ``se``, ``z``, ``clear`` (tested together, Holm).
    """
    w, frame = page.w, _told_apart(page, page.parts)
    page.ask("What stands out?", "what-stands-out")
    told = []
    for row in frame[frame["clear"]].head(MOST_FINDINGS).itertuples():
        values = {
            "part": part_name(row.part, w),
            "points": w.number(abs(row.difference)),
            "noise": w.number(row.noise),
        }
        if row.difference > 0:
            told.append(w("{part}: {points} points above the city (noise about ±{noise}).", **values))
        else:
            told.append(w("{part}: {points} points below the city (noise about ±{noise}).", **values))
    page.tell_findings(told or [w("Nothing stands out from the noise in the scores.")])
    return frame


def tasks(page: Page) -> pd.DataFrame:
    """Ask what the city's plan asks of districts about the page's parts.

    Returns
    -------
    pandas.DataFrame
        From `papi_lib.plans.tasks`, the rows of the districts' block.
    """
    frame = plans.tasks(page.place.province_code, page.dimension)
    frame = frame[frame["block"] == _BLOCK]
    page.ask("What does the plan ask districts to do?")
    _tasks_table(page, frame)
    return frame


def provenance_table(page: Page) -> pd.DataFrame:
    """Ask how the page was made: records, design, method, versions, and what to keep in mind."""
    w, survey = page.w, page.survey
    page.ask("How was this made?")
    page.note(
        "Scores follow the published scale: answers become shares, sub-dimensions their mean over the range of the scale, dimensions sums of sub-dimensions. The items are this project’s own wording, so the scores compare between districts, not with other surveys’."
    )
    page.note(
        "Standard errors follow the sample’s design (strata, clusters, weights). Figures on fewer than {respondents} respondents or {clusters} clusters are not shown, nor those that would give them away.",
        respondents=districts.disclosure.LEAST_RESPONDENTS, clusters=districts.disclosure.LEAST_CLUSTERS,
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            w("value"): [
                survey.name,
                w("yes, made up") if survey.simulated else w("no"),
                w(
                    "{n} respondents, {clusters} clusters, {strata} strata",
                    n=len(survey.frame), clusters=survey.frame.groupby("stratum")["cluster"].nunique().sum(),
                    strata=survey.frame["stratum"].nunique(),
                ),
                f"{provenance.data_version()} · {datafiles.fingerprint()[:12]}",
                page.edition,
                provenance.code_version(),
            ]
        },
        index=pd.Index(
            [w("Records"), w("Simulated"), w("Sample"), w("Data version and hash"), w("Edition"), w("Code version")],
            name=w("what"),
        ),
    )  # fmt: skip
    page.show(tables.Table(frame, w("Data, edition and version"), w), of_answers=False)
    return frame


def dimensions(page: Page) -> pd.DataFrame:
    """Ask how the district stands in each dimension.

    Returns
    -------
    pandas.DataFrame
        Indexed by dimension: ``estimate``, ``se``, ``n``, ``model``, ``borrowed``, ``lower``, ``upper``.
    """
    w, survey, code = page.w, page.survey, page.place.code
    frame = survey.scores.loc[code].loc[page.parts, ["estimate", "se", "noise", "n"]]
    frame = frame.join(survey.models.loc[code, ["model", "borrowed"]])
    sets = pd.DataFrame({part: survey.rank_sets(part).loc[code] for part in page.parts}).T
    frame = frame.join(sets)
    page.ask("How does {place} stand in each dimension?", "districts-no-ranks-and-what-is-not-shown")
    shown = pd.DataFrame(
        {
            w("direct estimate"): frame["estimate"].to_numpy(),
            w("95% interval ±"): frame["noise"].to_numpy(),
            w("model estimate"): frame["model"].to_numpy(),
            w("borrowed"): [w.percent(share) for share in frame["borrowed"]],
            w("95% set of ranks"): [
                "–" if pd.isna(r.lower) else f"{int(r.lower)}–{int(r.upper)}" for r in frame.itertuples()
            ],
        },
        index=pd.Index([part_name(part, w) for part in frame.index], name=w("dimension")),
    )
    page.show(tables.Table(shown, w("Score by dimension, {year}", year=page.year), w))
    return frame


def priorities(page: Page) -> pd.DataFrame:
    """Ask which sub-dimensions are the district's priorities: behind the city by more than noise.

    Returns
    -------
    pandas.DataFrame
        At most three rows, the surest shortfall first: ``part``, ``difference`` and ``se`` (points, to the
        city), ``z``; empty where no shortfall is more than noise.
    """
    w = page.w
    frame = _told_apart(page, index.subdimensions(page.year))
    behind = frame[frame["difference"] < 0]
    chosen = behind[behind["clear"]].head(MOST_FINDINGS).reset_index(drop=True)
    page.ask("Which are the priorities?", "what-stands-out")
    for row in chosen.itertuples():
        page.say(
            "{number}. {part}: {points} points below the city (noise about ±{noise}).",
            number=row.Index + 1, part=part_name(row.part, w), points=w.number(-row.difference),
            noise=w.number(row.noise),
        )  # fmt: skip
    if len(chosen) < MOST_FINDINGS:
        page.say(
            "Tested together, no other sub-dimension is behind the city by more than noise: the sample names no further priority."
        )
    page.note("Testing all sub-dimensions together keeps one in twenty from being called a priority by chance.")
    frame = frame.set_index("part").loc[behind["part"].head(8)].sort_values("difference")
    page.show(charts.gaps(frame, w, page.place, title=w("Largest shortfalls to the city, in points")))
    return chosen


def asked_of_districts(page: Page, priorities: pd.DataFrame) -> pd.DataFrame:
    """Ask what the city's plan asks districts to do about the priorities.

    Parameters
    ----------
    page : Page
        The page.
    priorities : pandas.DataFrame
        From `priorities`.

    Returns
    -------
    pandas.DataFrame
        From `papi_lib.plans.tasks`: the districts' tasks that name a priority, then those on the index as a whole.
    """
    frame = plans.tasks(page.place.province_code)
    frame = frame[frame["block"] == _BLOCK]
    named = frame["subdimensions"].map(lambda keys: not keys or any(part in keys for part in priorities["part"]))
    frame = frame[named]
    page.ask("What does the plan ask districts to do?")
    if len(frame):
        _tasks_table(page, frame)
    told = frame["subdimensions"].explode().dropna().to_list()
    without = [part_name(part, page.w) for part in priorities["part"] if part not in told]
    if without:
        page.note("The plan asks districts nothing about: {parts}.", parts=page.w.join(without))
    if frame.empty and not without:
        page.note("The plan asks districts nothing about this.")
    return frame


def to_bring(page: Page, priorities: pd.DataFrame) -> pd.DataFrame:
    """Ask which figures to bring to the next dialogue with citizens.

    Parameters
    ----------
    page : Page
        The page.
    priorities : pandas.DataFrame
        From `priorities`; without any, the answers furthest from the city serve.

    Returns
    -------
    pandas.DataFrame
        As from `answers`, the items furthest below the city against their noise, at most six.
    """
    book = codebook.items(page.year)
    wanted = index.dimensions(page.year)
    if len(priorities):
        wanted = list(dict.fromkeys(index.dimension_of(part) for part in priorities["part"]))
    frame = pd.concat([page.survey.answers(d).loc[page.place.code] for d in wanted])
    frame = frame[["estimate", "se", "noise", "n", "gap", "gap_se", "gap_noise"]]
    frame.insert(0, "subdimension", book["subdimension"].reindex(frame.index))
    if len(priorities):
        frame = frame[frame["subdimension"].isin(priorities["part"])]
    frame = frame[frame["gap_se"] > 0]
    frame = frame.loc[(frame["gap"] / frame["gap_se"]).sort_values().index].head(_FIGURES_TO_BRING)
    page.ask("Which figures to bring to the next dialogue with citizens?")
    page.show(
        _answers_table(page, frame, page.w("The answers furthest below the city, in percent of the best possible"))
    )
    page.note("Ask people what lies behind these answers before acting on them: a sample shows where, not why.")
    return frame


def _told_apart(page: Page, parts: list) -> pd.DataFrame:
    """Return differences to the city, tested together; the surest first."""
    table = page.survey.scores.loc[page.place.code].reindex(parts)
    frame = pd.DataFrame(
        {
            "part": parts,
            "difference": table["gap"].to_numpy(),
            "se": table["gap_se"].to_numpy(),
            "df": table["df"].to_numpy(),
            "noise": table["gap_noise"].to_numpy(),
        }
    )
    return estimates.together(frame.dropna()).sort_values("z", key=abs, ascending=False)


def _answers_table(page: Page, frame: pd.DataFrame, caption: str) -> tables.Table:
    w, book = page.w, codebook.items(page.year)
    shown = pd.DataFrame(
        {
            w("part"): [part_name(part, w) for part in frame["subdimension"]],
            page.name: 100 * frame["estimate"].to_numpy(),
            w("95% interval ±"): 100 * frame["noise"].to_numpy(),
            w("difference to the city"): 100 * frame["gap"].to_numpy(),
            w("its 95% interval ±"): 100 * frame["gap_noise"].to_numpy(),
            w("answers"): [int(n) if pd.notna(e) else None for n, e in zip(frame["n"], frame["estimate"], strict=True)],
        },
        index=pd.Index(book.loc[frame.index, f"question_{page.lang}"], name=w("Question")),
    )
    shown[w("answers")] = shown[w("answers")].astype("Int64")
    return tables.Table(shown, caption, w, decimals=0)


def _tasks_table(page: Page, frame: pd.DataFrame) -> None:
    w, lang = page.w, page.lang
    if frame.empty:
        page.note("The plan asks districts nothing about this.")
        return
    about = [w.join(part_name(part, w) for part in keys) or w("PAPI as a whole") for keys in frame["subdimensions"]]
    shown = pd.DataFrame({w("about"): about}, index=pd.Index(frame[f"task_{lang}"], name=w("Districts are asked to")))
    page.show(tables.Table(shown, w("Tasks in the plan"), w), of_answers=False)
    page.note(
        "Tasks in our words, after {source}; the links to parts of the index are our reading.",
        source=w.join(frame[f"source_{lang}"].unique()),
    )

"""Do pages on districts claim what is not there, and do their sets and intervals hold what they promise?

Surveys of Ha Noi's 30 districts are made as the simulated one is (``data/survey/simulate.py``).

- Nothing differs: all districts answer alike, only villages, people and chance differ. Whatever a page calls more than
  its margin of error is then false. Counted are pages, by kind, that claim anything: a district's overview, its pages
  on dimensions, its plan; and districts with a claim on any page. Single tests, as if each were the only one, should
  refuse 5 in 100.
- Districts differ: a population of 150,000 people in 6,000 villages is made once, so that every district's score is
  known, and surveys are drawn from it. Counted is how often the 95% intervals, those of the model, and the sets of
  ranks hold the truth.

Written to ``results/false_claims_survey.json``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from papi_lib import datafiles, estimates, index
from papi_lib.survey import codebook, records, units

SPEC = importlib.util.spec_from_file_location("simulate", datafiles.folder() / "survey" / "simulate.py")
YEAR, LEVEL, VILLAGES, PEOPLE = 2024, 0.95, 200, 25
DRAWN_VILLAGES, DRAWN_PEOPLE = 12, 12


def simulation(alike: bool):
    """Return the module that makes surveys; with `alike`, districts of all kinds have one attitude."""
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    if alike:
        module.SHARES["unit"] = 0
        module.URBAN.clear()
    return module


def surveyed(people: pd.DataFrame, answers: pd.DataFrame) -> units.Survey:
    """Return a survey of made-up people and their answers' codes."""
    kind = people["kind"].eq("quan").map({True: "urban", False: "rural"})
    design = people.rename(columns={"district_code": "unit"})[records.DESIGN]
    frame = design.assign(kind=kind).join(codebook.score(answers, YEAR)).copy()
    return units.Survey("made up", "district", YEAR, 1, True, frame, codebook.asked(answers, YEAR))


def nothing_differs(surveys: int) -> dict:
    """Return the shares of pages with a claim, where none is true, and how often single tests and sets of ranks err."""
    module, pages, tests = simulation(alike=True), defaultdict(list), defaultdict(list)
    for seed in range(surveys):
        rng = np.random.default_rng(1000 + seed)
        people = module.people(rng)
        survey = surveyed(people, module.answers(people, rng))
        for place in survey.units:
            gaps = survey.gaps(place)
            whole = gaps.loc[["total", *index.dimensions(YEAR)]]
            pages["overview"].append(whole["clear"].any())
            for dimension in index.dimensions(YEAR):
                own = [dimension, *index.subdimensions(YEAR, dimension)]
                pages["dimension"].append(gaps.loc[own, "clear"].any())
            parts = gaps.loc[["total", *index.subdimensions(YEAR)]]
            pages["plan"].append(parts["clear"].any())
            pages["plan, a priority"].append((parts["clear"] & (parts["difference"] < 0))[1:].any())
            pages["any page of a district"].append(gaps["clear"].any())
            p = 2 * special.stdtr(gaps["df"].astype(float), -gaps["z"].abs().astype(float)).dropna()
            for part, refused in (p < 1 - LEVEL).items():
                group = part if part == "total" else f"parts of {index.dimension_of(part) if isinstance(part, str) else part}"  # fmt: skip
                tests[group].append(refused)
        for part in ("total", *index.dimensions(YEAR)):
            sets = estimates.standing(survey.estimates([part]), part).dropna(subset="lower")
            pages["set of ranks that leaves a place out"] += (
                (sets["lower"] > 1) | (sets["upper"] < len(sets))
            ).to_list()
    return {
        "surveys": surveys,
        "districts": len(pages["overview"]),
        "pages_with_a_false_claim": {kind: np.mean(claims) for kind, claims in pages.items()},
        "single_tests_refused": {group: np.mean(refused) for group, refused in sorted(tests.items())},
    }


def districts_differ(surveys: int) -> dict:
    """Return how often intervals and sets of ranks hold the truth of a population from which surveys are drawn."""
    module, rng = simulation(alike=False), np.random.default_rng(0)
    one = module.people(rng).drop_duplicates("district_code").reset_index(drop=True)
    people = one.loc[np.repeat(one.index, VILLAGES * PEOPLE)].reset_index(drop=True)
    village = np.arange(len(people)) // PEOPLE
    people = people.assign(stratum=people["district_code"], cluster=village.astype(str), weight=1000.0)
    answers = module.answers(people, rng)
    series = [*index.subdimensions(YEAR), *index.dimensions(YEAR), "total"]
    truth = surveyed(people, answers)._estimates[0]["estimate"].unstack("series")[series]
    held, ranks, widths = defaultdict(list), defaultdict(list), []
    for seed in range(surveys):
        rng = np.random.default_rng(2000 + seed)
        drawn = (
            rng.random((len(one), VILLAGES)).argsort(axis=1)[:, :DRAWN_VILLAGES]
            + VILLAGES * np.arange(len(one))[:, None]
        )
        chosen = rng.random((drawn.size, PEOPLE)).argsort(axis=1)[:, :DRAWN_PEOPLE] + PEOPLE * drawn.reshape(-1, 1)
        chosen = np.sort(chosen.ravel())
        survey = surveyed(people.loc[chosen].reset_index(drop=True), answers.loc[chosen].reset_index(drop=True))
        true = truth.loc[survey.units]
        scores = survey.scores.loc[survey.units].dropna(subset="estimate").reset_index()
        at = pd.Series([true.at[d, s] for d, s in zip(scores["domain"], scores["series"], strict=True)])
        inside = at.between(scores["low"] - 0.005, scores["high"] + 0.005)  # shown with two decimals
        for kind, own in inside.groupby(scores["series"].map(lambda s: s if s == "total" else "parts" if isinstance(s, str) else "dimensions")):  # fmt: skip
            held[f"interval, {kind}"] += own.to_list()
        for part in ("total", *index.dimensions(YEAR)):
            model = survey.models.xs(part, level="series")
            held["model's interval"] += ((model["model"] - true[part]).abs() <= 1.96 * model["se"]).to_list()
            sets = estimates.standing(survey.estimates([part]), part)
            rank = true[part].rank(ascending=False)
            ok = (sets["lower"] <= rank) & (rank <= sets["upper"])
            ranks["total" if part == "total" else "dimensions"] += ok.to_list()
            widths += (sets["upper"] - sets["lower"] + 1).to_list()
    return {
        "surveys": surveys,
        "held": {kind: np.mean(ok) for kind, ok in held.items()},
        "sets_of_ranks_held": {kind: np.mean(ok) for kind, ok in ranks.items()},
        "places_in_a_set": np.mean(widths),
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=40)
    surveys, start = parser.parse_args().surveys, time.perf_counter()
    result = {
        "level": LEVEL,
        "nothing_differs": nothing_differs(surveys),
        "districts_differ": districts_differ(surveys),
    }
    result["seconds"] = time.perf_counter() - start
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 4))
    (Path(__file__).parent / "results" / "false_claims_survey.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

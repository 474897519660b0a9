"""Do pages on districts claim what is not there, and do their sets and intervals hold what they promise?

Surveys of Ha Noi's 30 districts are made as the simulated one is (``data/survey/simulate.py``).

- Nothing differs: all districts answer alike, only villages, people and chance differ. Whatever a page calls more than
  its margin of error is then false. Counted are pages, by kind, that claim anything: a district's overview, its pages
  on dimensions, its plan; and districts with a claim on any page. Single tests, as if each were the only one, should
  refuse 5 in 100.
- Districts differ: a population of 150,000 people in 6,000 villages is made once, so that every district's score is
  known, and surveys are drawn from it. Counted is how often the 95% intervals, those of the model, and the sets of
  ranks hold the truth.

Written to ``results/false_claims_survey.json``; with ``--communes 500`` the second of them for as many surveys of the 126
communes, of five villages with nine people each, to ``results/coverage_communes.json``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from papi_lib import datafiles, estimates, index
from papi_lib.survey import records, units

SPEC = importlib.util.spec_from_file_location("simulate", datafiles.folder() / "survey" / "simulate.py")
YEAR, LEVEL = 2024, 0.95
#: Villages of a unit and people of a village in the population, and how many of both are drawn, by level of the units.
DESIGNS = {"district": (200, 25, 12, 12), "commune": (60, 20, 5, 9)}
#: What `one_survey` draws from, shared by the processes.
POPULATION: dict = {}


def simulation(alike: bool):
    """Return the module that makes surveys; with `alike`, districts of all kinds have one attitude."""
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    if alike:
        module.SHARES["unit"] = 0
        module.URBAN.clear()
    return module


def surveyed(people: pd.DataFrame, answers: pd.DataFrame) -> units.Survey:
    """Return a survey of made-up people, whose first column is their unit's, and their answers' codes."""
    level = people.columns[0].removesuffix("_code")
    clean = people.rename(columns={people.columns[0]: "unit"})[records.DESIGN].join(answers).assign(simulated=True)
    clean.attrs = {"level": level, "year": 2024 if level == "district" else 2026}
    return units.of_records("made up", clean)


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


def population(level: str) -> dict:
    """Return a population, made once: its units, people and their answers, and every unit's scores."""
    of_unit, of_village, *_ = DESIGNS[level]
    module, rng = simulation(alike=False), np.random.default_rng(0)
    key = f"{level}_code"
    one = module.people(rng, level).drop_duplicates(key).reset_index(drop=True)
    people = one.loc[np.repeat(one.index, of_unit * of_village)].reset_index(drop=True)
    village = np.arange(len(people)) // of_village
    people = people.assign(stratum=people[key], cluster=village.astype(str), weight=1000.0)
    answers = module.answers(people, rng)
    series = [*index.subdimensions(YEAR), *index.dimensions(YEAR), "total"]
    truth = surveyed(people, answers)._estimates[0]["estimate"].unstack("series")[series]
    return {"level": level, "units": len(one), "people": people, "answers": answers, "truth": truth}


def one_survey(seed: int) -> dict[str, list]:
    """Return what one survey of `POPULATION` holds: intervals, the model's, sets of ranks and how wide these are.

    Sets are made of districts only; of 126 communes they take as long as all the rest.
    """
    level, n = POPULATION["level"], POPULATION["units"]
    of_unit, of_village, drawn_villages, drawn_people = DESIGNS[level]
    rng, held = np.random.default_rng(seed), defaultdict(list)
    drawn = rng.random((n, of_unit)).argsort(axis=1)[:, :drawn_villages] + of_unit * np.arange(n)[:, None]
    chosen = rng.random((drawn.size, of_village)).argsort(axis=1)[:, :drawn_people] + of_village * drawn.reshape(-1, 1)
    chosen = np.sort(chosen.ravel())
    survey = surveyed(*(POPULATION[what].loc[chosen].reset_index(drop=True) for what in ("people", "answers")))
    true = POPULATION["truth"].loc[survey.units]
    scores = survey.scores.loc[survey.units].dropna(subset="estimate").reset_index()
    at = pd.Series([true.at[d, s] for d, s in zip(scores["domain"], scores["series"], strict=True)])
    inside = at.between(scores["low"] - 0.005, scores["high"] + 0.005)  # shown with two decimals
    for kind, own in inside.groupby(scores["series"].map(lambda s: s if s == "total" else "parts" if isinstance(s, str) else "dimensions")):  # fmt: skip
        held[f"interval, {kind}"] += own.to_list()
    for part in ("total", *index.dimensions(YEAR)):
        model = survey.models.xs(part, level="series")
        inside = (model["model"] - true[part]).abs() <= 1.96 * model["se"]
        held["model's interval"] += inside.to_list()
        held["model's interval, direct estimate hidden"] += inside[model["borrowed"] == 1].to_list()
        if level == "district":
            sets = estimates.standing(survey.estimates([part]), part)
            rank = true[part].rank(ascending=False)
            ok = (sets["lower"] <= rank) & (rank <= sets["upper"])
            held["ranks, total" if part == "total" else "ranks, dimensions"] += ok.to_list()
            held["widths"] += (sets["upper"] - sets["lower"] + 1).to_list()
    return held


def units_differ(surveys: int, level: str) -> dict:
    """Return how often intervals and sets of ranks hold the truth of a population from which surveys are drawn."""
    POPULATION.update(population(level))
    held = defaultdict(list)
    with multiprocessing.get_context("fork").Pool() as pool:
        for found in pool.imap(one_survey, range(2000, 2000 + surveys)):
            for kind, ok in found.items():
                held[kind] += ok
    widths = held.pop("widths", [])
    return {
        "surveys": surveys,
        "held": {kind: np.mean(ok) for kind, ok in held.items() if ok and not kind.startswith("ranks")},
        "sets_of_ranks_held": {kind[7:]: np.mean(ok) for kind, ok in held.items() if kind.startswith("ranks")},
        "places_in_a_set": np.mean(widths) if widths else None,
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=40)
    parser.add_argument("--communes", type=int, default=0, metavar="SURVEYS", help="of communes, and nothing else")
    given, start = parser.parse_args(), time.perf_counter()
    if given.communes:
        name, result = "coverage_communes", {"level": LEVEL} | units_differ(given.communes, "commune")
    else:
        name, result = "false_claims_survey", {"level": LEVEL, "nothing_differs": nothing_differs(given.surveys)}
        result["districts_differ"] = units_differ(given.surveys, "district")
    result["seconds"] = time.perf_counter() - start
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 4))
    (Path(__file__).parent / "results" / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

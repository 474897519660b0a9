"""Make the simulated surveys of Ha Noi, ``python data/survey/simulate.py``: of its 30 districts, 2024, and its 126 communes, 2026.

Respondents' answers to PAPI are not part of this project, so pages of districts and communes are shown with made-up
ones until a real file is given. Nothing in the files is about a real place but its name, its code and its type, and the
city's published scores of 2024, which the answers of both add up to: of 2026 there are none.

The designs are ones that a city could pay for. Each district of 2024 is sampled by itself, a rural one in two
strata (the district town and the communes); in them villages or residential groups are drawn, and about
twelve people in each. Districts of towns get fewer villages, some groups have only a handful of
respondents, and some towns a single group. Each commune of 2026 is a stratum of four to six villages with seven to ten
people in each; a few communes have three villages and a dozen people. Weights bring the units to their (made-up)
populations.

Each answer comes from a hidden attitude: a mean by type of unit, an effect of the unit, one of
the village, one of the person that all items of a dimension share, and chance. Where the attitude is cut
into answers is chosen so that the items' weighted means give the city's published sub-dimension score.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import index, places, published
from papi_lib.survey import codebook

#: Level and seed of the surveys by year.
SURVEYS = {2024: ("district", 20241), 2026: ("commune", 20261)}
PROVINCE, YEAR = 1, 2024
#: Share of the hidden attitude's variance that is between units, villages and people of a dimension.
SHARES = {"unit": 0.04, "village": 0.06, "person": 0.15}
#: How urban units differ from rural ones on the hidden scale (standard deviations), by sub-dimension.
URBAN = {
    "participation_opportunities": -0.3, "election_quality": -0.15, "voluntary_contributions": -0.25,
    "commune_budgets": -0.2, "poverty_lists": 0.1, "interactions": -0.35, "land_plans_prices": 0.1,
    "state_employment_equity": 0.1, "primary_education": 0.2, "basic_infrastructure": 0.9, "public_health": 0.15,
    "law_and_order": -0.25, "air_quality": -0.5, "water_quality": -0.3, "environmental_protection": -0.1,
    "egov_portal_access": 0.5, "internet_access": 0.6, "provincial_eresponsiveness": 0.3,
}  # fmt: skip
#: Share of people who say yes to the items that decide what is asked next.
FILTERS = {
    "contributed": 0.45, "proposal_made": 0.12, "complaint_made": 0.06, "denunciation_made": 0.04, "cert_done": 0.5,
    "lurc_done": 0.12, "commune_done": 0.4, "hospital_used": 0.5, "pupil": 0.35,
}  # fmt: skip
NO_ANSWER = 0.03


def drawn(rng: np.random.Generator, code: str, kind: str) -> tuple[dict[str, int], tuple[int, int], float]:
    """Return how many villages are drawn in each stratum of a unit, how many people in each (from, below), and its inhabitants."""
    if kind in ("phuong", "xa", "dac-khu"):
        few = rng.random() < 0.08
        inhabitants = rng.lognormal(np.log(72_000 if kind == "phuong" else 56_000), 0.35)
        return {code: 3 if few else int(rng.integers(4, 7))}, (3, 6) if few else (7, 11), inhabitants
    town = int(rng.choice([1, 2], p=[0.3, 0.7])) if kind == "huyen" else 0
    villages = {"quan": 12, "thi-xa": 10, "huyen": 10}[kind] - town
    inhabitants = rng.lognormal(np.log(230_000 if kind == "quan" else 200_000), 0.35)
    return {f"{code}-town": town, f"{code}-rest": villages} if town else {code: villages}, (10, 15), inhabitants


def people(rng: np.random.Generator, level: str = "district", province: int = PROVINCE) -> pd.DataFrame:
    """Return the respondents with the design's columns, the unit's code first, and ``kind`` (type of unit)."""
    rows = []
    units = places.below(level, {level: year for year, (level, _) in SURVEYS.items()}[level])
    for code, kind in units.loc[units["province_code"] == province, "type"].items():
        strata, size_of, inhabitants = drawn(rng, code, kind)
        found = []
        for stratum, clusters in strata.items():
            for cluster in range(clusters):
                answered = int(rng.integers(3, 6)) if rng.random() < 0.04 else int(rng.integers(*size_of))
                size = rng.lognormal(0, 0.25)
                found += [(code, stratum, f"{stratum}-{cluster + 1:02}", size * rng.lognormal(0, 0.1), kind)
                          for _ in range(answered)]  # fmt: skip
        weights = np.array([row[3] for row in found])
        share = 0.7 * inhabitants / weights.sum()  # adults
        rows += [(*row[:3], round(row[3] * share, 2), row[4]) for row in found]
    return pd.DataFrame(rows, columns=[f"{level}_code", "stratum", "cluster", "weight", "kind"])


def means(book: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Return what each item's mean is to be: apart from each other, together the published score."""
    published_scores = published.load(YEAR, PROVINCE).set_index("subdimension")["score"]
    found = {}
    for row in index.structure(YEAR).itertuples():
        weight = book.loc[book["subdimension"] == row.subdimension, "weight"]
        share = (published_scores[row.subdimension] - row.lower) / (row.upper - row.lower)
        apart = rng.uniform(-1, 1, len(weight))
        apart -= np.average(apart, weights=weight)
        apart *= 0.6 * min(share, 1 - share) / max(np.abs(apart).max(), 1e-9)
        own = pd.Series(share + apart, weight.index)
        for item in own.index:  # fewer are answered than asked
            asked = book.loc[item, "asked_item"]
            if asked in own and not np.isnan(book.loc[item, "skipped"]) and own[asked] < own[item]:
                own[[asked, item]] = own[[item, asked]].to_numpy()
        found |= own.to_dict()
    return pd.Series(found)


def answers(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the answers' codes, missing where an item was not asked."""
    book = codebook.items(YEAR)
    target = means(book, rng)
    urban = frame["kind"].isin(["quan", "phuong"]).to_numpy() - 0.5
    unit, village = (pd.factorize(frame[c])[0] for c in (frame.columns[0], "cluster"))
    person = {d: rng.standard_normal(len(frame)) for d in index.dimensions(YEAR)}
    effects = {
        part: np.sqrt(SHARES["unit"]) * rng.standard_normal(unit.max() + 1)[unit]
        + np.sqrt(SHARES["village"]) * rng.standard_normal(village.max() + 1)[village]
        + URBAN.get(part, 0.0) * urban
        + np.sqrt(SHARES["person"]) * person[index.dimension_of(part)]
        for part in index.subdimensions(YEAR)
    }
    chance = np.sqrt(1 - sum(SHARES.values()))
    given = {}
    for item, row in book.iterrows():
        part = row["subdimension"]
        attitude = chance * rng.standard_normal(len(frame)) + (effects[part] if isinstance(part, str) else 0)
        asked = np.ones(len(frame), dtype=bool)
        if row["asked_item"]:
            asked = np.isin(given[row["asked_item"]], row["asked_codes"])
        silent = asked & (rng.random(len(frame)) < NO_ANSWER)
        here = np.flatnonzero(asked & ~silent)
        mean = target[item] if isinstance(part, str) else FILTERS[item]
        if not np.isnan(row["skipped"]):  # those not asked count with what stands for them
            known = np.isin(given[row["asked_item"]], list(book.loc[row["asked_item"], "answers_vi"]))
            weight = frame["weight"].to_numpy()
            whole = weight[here].sum() + weight[known & ~asked].sum()
            mean = min(mean * whole / weight[here].sum(), 1.0)
        values = row["values"] or {1: 1.0, 2: 0.0}
        codes = np.zeros(len(frame), dtype=int)
        codes[here] = cut(attitude[here], frame["weight"].to_numpy()[here], mean, values, rng)
        codes[silent] = rng.choice(row["missing"], silent.sum())
        given[item] = codes
    table = pd.DataFrame(given, index=frame.index)
    return table.mask(table == 0).astype("Int16")


def cut(attitude: np.ndarray, weight: np.ndarray, mean: float, values: dict, rng: np.random.Generator) -> np.ndarray:
    """Cut attitudes into answers whose weighted mean share is `mean`; the levels are spread binomially."""
    steps = sorted(set(values.values()))
    chances = np.array([1.0])
    for _ in steps[1:]:
        chances = np.convolve(chances, [1 - mean, mean])
    order = np.argsort(attitude)
    place = np.cumsum(weight[order]) / weight.sum()
    level = np.empty(len(attitude), dtype=int)
    level[order] = np.searchsorted(np.cumsum(chances)[:-1], place - 1e-12)
    pick = {k: [code for code, v in values.items() if v == step] for k, step in enumerate(steps)}
    return np.array([pick[k][0] if len(pick[k]) == 1 else rng.choice(pick[k]) for k in level])


def survey(year: int) -> pd.DataFrame:
    """Return the simulated survey of a year, the same at every call."""
    level, seed = SURVEYS[year]
    rng = np.random.default_rng(seed)
    frame = people(rng, level)
    given = answers(frame, rng)
    frame = frame.drop(columns="kind").assign(simulated=1, note="Dữ liệu mô phỏng, không phải kết quả khảo sát")
    return pd.concat([frame if year == YEAR else frame.assign(year=year), given], axis=1)


if __name__ == "__main__":
    for year in SURVEYS:
        file = Path(__file__).with_name(f"hanoi-{year}-simulated.parquet")
        table = survey(year)
        table.to_parquet(file, index=False, compression="zstd")
        print(f"{file}: {len(table)} simulated respondents, {table['cluster'].nunique()} clusters")

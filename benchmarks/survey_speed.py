"""How fast is design-based estimation, and how does it grow?

A made-up city survey: 30 districts, 29 series, 6,000 respondents in villages that are drawn inside
strata. Means with linearised standard errors are compared with the textbook way, one district and one
series at a time; 1,000 replicates through sub-dimensions, dimensions and the total to ranks with the way
that weighs all respondents anew for each replicate. The simulated city survey through the real chain: from
1,000 replicates of the records' weights to districts' ranks. Then up to a million respondents in 700
districts, a file a province, two processes beside each other: from answers' codes to scores, errors, what
is hidden, models and sets of ranks. Written to ``results/survey_speed.json``; times are also given as multiples.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from replicates import replicate, replicate_weights
from scipy.stats import rankdata

from papi_lib import estimates
from papi_lib.survey import codebook, domain_means, units

YEAR = 2024
SERIES = [f"s{i}" for i in range(29)]
#: Which dimension each series counts for.
DIMENSION = np.arange(len(SERIES)) * 8 // len(SERIES)
DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "village"}


def survey(respondents: int, districts: int) -> pd.DataFrame:
    """Return answers with 5% missing, two strata a district, about twenty respondents a village."""
    rng = np.random.default_rng(0)
    stratum = rng.integers(0, 2 * districts, respondents)
    villages = max(2, respondents // (40 * districts))
    village = stratum * villages + rng.integers(0, villages, respondents)
    right = 0.5 + 0.1 * rng.standard_normal((2 * districts * villages, len(SERIES)), dtype=np.float32)
    answers = (rng.random((respondents, len(SERIES)), dtype=np.float32) < right[village]).astype(float)
    answers[rng.random(answers.shape, dtype=np.float32) < 0.05] = np.nan
    frame = pd.DataFrame(answers, columns=SERIES)
    weight = rng.uniform(0.5, 2, respondents)
    return frame.assign(district=stratum // 2, stratum=stratum, village=village, weight=weight)


def textbook_errors(frame: pd.DataFrame) -> np.ndarray:
    """Return standard errors, districts × series, one at a time."""
    clusters = frame.groupby("village", sort=True)["stratum"].first()
    size = clusters.map(clusters.value_counts())
    result = np.empty((frame["district"].nunique(), len(SERIES)))
    for d in range(len(result)):
        for k, name in enumerate(SERIES):
            part = frame[(frame["district"] == d) & frame[name].notna()]
            mean = np.average(part[name], weights=part["weight"])
            value = part["weight"] * (part[name] - mean) / part["weight"].sum()
            total = value.groupby(part["village"]).sum().reindex(clusters.index, fill_value=0)
            centred = total - total.groupby(clusters).transform("mean")
            result[d, k] = np.sqrt((centred**2 * size / (size - 1)).sum())
    return result


def chain(means: np.ndarray) -> np.ndarray:
    """Return dimensions, total and its rank: replicates × districts × 10."""
    dimensions = np.stack([means[..., d == DIMENSION].mean(axis=-1) for d in range(8)], axis=-1)
    total = dimensions.sum(axis=-1, keepdims=True)
    return np.concatenate([dimensions, total, rankdata(-total, axis=1, method="min")], axis=-1)


def respondent_replicates(frame: pd.DataFrame, weights) -> np.ndarray:
    """Return what `replicate` does, weighing every respondent anew for each replicate."""
    district, count = frame["district"].to_numpy(), frame["district"].nunique()
    answered = [frame[name].notna().to_numpy() for name in SERIES]
    values = [frame[name].fillna(0).to_numpy() for name in SERIES]
    result = np.empty((weights.factors.shape[1], count, len(SERIES)))
    for r, factor in enumerate(weights.factors.T):
        weight = weights.weight * factor[weights.cluster]
        for k in range(len(SERIES)):
            total = np.bincount(district, weight * answered[k], count)
            result[r, :, k] = np.bincount(district, weight * values[k], count) / total
    return chain(result)


def fastest(run, repeats: int) -> tuple[float, object]:
    """Return the fewest seconds of some runs, and what came out."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def real_chain() -> dict:
    """Return seconds from a survey's records to districts' ranks in 1,000 replicates, and Taylor's errors beside."""
    surveyed = units.load()
    combination, items = codebook.combination(surveyed.year), surveyed.scored_items
    matrix = combination.reindex(items).to_numpy()
    last = combination.columns.get_loc("total")

    def to_ranks(means: np.ndarray) -> np.ndarray:
        unknown = np.isnan(means).astype(float) @ (matrix > 0) > 0
        series = np.where(unknown, np.nan, np.nan_to_num(means) @ matrix)
        return np.concatenate([series, rankdata(-series[..., [last]], axis=1, method="min")], axis=-1)

    design = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}
    start = time.perf_counter()
    weights = replicate_weights(surveyed.frame, **design)
    figures = replicate(surveyed.frame, items, weights, to_ranks, by="unit")
    seconds = time.perf_counter() - start
    shown = domain_means(surveyed.frame, items, by="unit", combine=combination, **design)["se"]
    shown = shown.unstack("series")[combination.columns].to_numpy()
    known = shown > 0
    ratio = np.nanstd(figures[1:, :, : last + 1], axis=0)[known] / shown[known]
    return {
        "respondents": len(surveyed.frame),
        "items": len(items),
        "seconds_records_to_ranks": seconds,
        "replicate_over_taylor_mean": ratio.mean(),
        "replicate_over_taylor_median": np.median(ratio),
        "replicate_over_taylor_within_2_percent": (np.abs(ratio - 1) < 0.02).mean(),
        "spread_expected_from_1000_replicates": 1 / np.sqrt(2 * weights.factors.shape[1]),
    }


def records(respondents: int, count: int, seed: int) -> pd.DataFrame:
    """Return made-up answers of a province to the whole questionnaire: codes, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 2 * count, respondents)
    villages = max(2, respondents // (40 * count))
    frame = {
        "stratum": stratum.astype(str),
        "cluster": (stratum * villages + rng.integers(0, villages, respondents)).astype(str),
        "weight": rng.uniform(0.5, 2, respondents),
        "unit": (stratum // 2).astype(str),
    }
    for item, row in codebook.items(YEAR).iterrows():
        codes = np.array([*row["answers_vi"], row["missing"][0]], dtype=np.int16)
        frame[item] = pd.array(rng.choice(codes, respondents), dtype="Int16")
    return pd.DataFrame(frame)


def one_province(task: tuple[int, int, int]) -> tuple[float, int, float]:
    """Return seconds of computing from codes to sets of ranks, how many figures, and this process's largest memory."""
    codes = records(*task)
    start = time.process_time()
    kind = np.where(codes["unit"].astype(int) % 2, "urban", "rural")
    frame = codes[["stratum", "cluster", "weight", "unit"]].assign(kind=kind)
    surveyed = units.Survey(
        "made up", "district", YEAR, 0, True, frame.join(codebook.score(codes, YEAR)), codebook.asked(codes, YEAR)
    )
    figures = len(surveyed.scores) + len(surveyed.models)
    for series in surveyed.models.index.unique("series"):
        figures += len(estimates.standing(surveyed.estimates([series]), series))
    seconds = time.process_time() - start
    return seconds, figures, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_size(respondents: int) -> dict:
    """Return seconds and memory of a large survey in two processes, a province at a time."""
    provinces = max(2, respondents * 63 // 1_000_000)
    wanted = respondents * 700 // 1_000_000
    tasks = [
        (respondents // provinces, (i + 1) * wanted // provinces - i * wanted // provinces, i) for i in range(provinces)
    ]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        done = pool.map(one_province, tasks, chunksize=1)
    seconds, figures, memory = np.array(done).T
    return {
        "respondents": sum(task[0] for task in tasks),
        "districts": sum(task[1] for task in tasks),
        "figures": int(figures.sum()),
        "seconds_over_two_cores": seconds.sum() / 2,
        "peak_mb_of_both": 2 * memory.max(),
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[125_000, 250_000, 500_000, 1_000_000])
    sizes = parser.parse_args().sizes
    frame = survey(6_000, 30)
    seconds, table = fastest(lambda: domain_means(frame, SERIES, by="district", **DESIGN), 5)
    slow, errors = fastest(lambda: textbook_errors(frame), 1)
    drawing, weights = fastest(lambda: replicate_weights(frame, **DESIGN), 5)
    through, figures = fastest(lambda: replicate(frame, SERIES, weights, chain, by="district"), 5)
    slow_through, slow_figures = fastest(lambda: respondent_replicates(frame, weights), 1)
    result = {
        "means": {
            "seconds": seconds,
            "textbook_over_ours": slow / seconds,
            "largest_relative_difference": np.abs(table["se"].to_numpy() / errors.ravel() - 1).max(),
        },
        "replicates": {
            "replicates": weights.factors.shape[1],
            "seconds_drawing": drawing,
            "seconds_through_to_ranks": through,
            "respondent_weights_over_ours": slow_through / through,
            "largest_difference": np.abs(figures[1:, :, :9] - slow_figures[:, :, :9]).max(),
        },
    }
    result["simulated_city"] = real_chain()
    result["growth"] = [one_size(size) for size in sizes]
    first, last = result["growth"][0], result["growth"][-1]
    growth = last["seconds_over_two_cores"] / first["seconds_over_two_cores"]
    result["time_over_size"] = growth / (last["respondents"] / first["respondents"])
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: float(f"{float(x):.3g}"))
    (Path(__file__).parent / "results" / "survey_speed.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

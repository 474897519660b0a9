"""Was the chance of a climb right? Rolling origin over all provinces, using only what was known.

For every base year 2013-2023, and one, two, three and five years ahead: the chance of rising at
least five places (Brier skill against the base rate, reliability), coverage of 90% intervals of the
score and rank, and errors of the total and rank. Chances are corrected as the library does, by how
often earlier ones came true; ``bias`` has what was told before and after that, and what came. One
year ahead also for simpler ways:

- persistence: next year's standing is this year's, give or take past one-year changes;
- shrinkage: this year's standing times the mean correlation of neighbouring years so far;
- starting band: how often provinces from such ranks rose so far in earlier years.

Scores are compared as differences to the year's mean, in points. Skill is against the share of all
cases that rose, known only in hindsight; ``over_starting_band`` is against the starting band, beside
the skill that would come on average if every chance were exactly right. Written to ``results/backtest.json`` and
``results/reliability.svg``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit, logit

from papi_lib import forecast, published, targets

PLACES, DRAWS = 5, 4000
HORIZONS = (2, 3, 5)
BANDS = [0, 10, 20, 30, 43, 53, 63]
RESULTS = Path(__file__).parent / "results"


def model(base: int, horizon: int = 1) -> pd.DataFrame:
    """Return draws of the standings some years later, as the library makes them."""
    return forecast.simulate(forecast.fit(base), horizon, draws=DRAWS)


def persistence(base: int) -> pd.DataFrame:
    """Return draws around this year's standings."""
    known = forecast.standings(base)
    return _around(known[base].fillna(0), known.diff(axis="columns").stack().std())


def shrinkage(base: int) -> pd.DataFrame:
    """Return draws around this year's standings, drawn in towards the mean."""
    known = forecast.standings(base)
    share = np.mean([known[y].corr(known[y - 1]) for y in known.columns[1:]])
    return _around(share * known[base].fillna(0), np.sqrt(1 - share**2))


def _around(centre: pd.Series, spread: float) -> pd.DataFrame:
    noise = np.random.default_rng(0).standard_normal((DRAWS, len(centre)))
    return pd.DataFrame(centre.to_numpy() + spread * noise, columns=centre.index)


def outcomes(way: Callable[[int], pd.DataFrame], horizon: int = 1) -> pd.DataFrame:
    """Return one row a province and base year: chance, what came so many years later, intervals and errors."""
    totals, rows = published.series(), []
    for base in range(forecast.FIRST_BASE, max(totals.columns) + 1 - horizon):
        both = totals[[base, base + horizon]].dropna()
        rank, came = (both[y].rank(ascending=False) for y in both)
        drawn = way(base)[both.index]
        drawn_ranks = drawn.rank(axis=1, ascending=False)
        score = drawn.sub(drawn.mean(axis=1), axis=0) * totals[base].std(ddof=0)
        before, after = (both[y] - both[y].mean() for y in both)
        rows.append(pd.DataFrame({
            "year": base + horizon,
            "start": rank,
            "chance": (drawn_ranks <= rank - PLACES).mean(),
            "rose": rank - came >= PLACES,
            "rank_covered": came.between(drawn_ranks.quantile(0.05), drawn_ranks.quantile(0.95)),
            "score_covered": after.between(score.quantile(0.05), score.quantile(0.95)),
            "rank_error": (drawn_ranks.median() - came).abs(),
            "score_error": (score.median() - after).abs(),
            "rank_unchanged": (rank - came).abs(),
            "score_unchanged": (before - after).abs(),
        }))  # fmt: skip
    return pd.concat(rows)


def corrected(frame: pd.DataFrame, horizon: int = 1) -> pd.DataFrame:
    """Return the outcomes with the chances as the library tells them; ``drawn`` keeps those of the draws."""
    by = frame["year"].map(lambda year: forecast.correction(year - horizon, horizon))
    return frame.assign(drawn=frame["chance"], chance=expit(logit(frame["chance"]) + by))


def starting_band(frame: pd.DataFrame) -> pd.Series:
    """Return the share that rose from the same band of ranks in earlier years, from the first year of the index on."""
    totals, rows = published.series(), []
    for base in totals.columns[:-1]:
        ranks = totals[[base, base + 1]].dropna().rank(ascending=False)
        rose = ranks[base] - ranks[base + 1] >= PLACES
        rows.append(pd.DataFrame({"year": base + 1, "band": pd.cut(ranks[base], BANDS), "rose": rose}))
    past = pd.concat(rows)
    chances = [
        past[past["year"] < year].groupby("band", observed=True)["rose"].mean().reindex(bands).to_numpy()
        for year, bands in pd.cut(frame["start"], BANDS).groupby(frame["year"])
    ]
    return pd.Series(np.concatenate(chances), frame.index)


def brier_skill(frame: pd.DataFrame, rng: np.random.Generator | None = None, over: str | None = None) -> float:
    """Return the Brier skill over the base rate or a column; of provinces drawn again if a generator is given."""
    if rng is not None:
        groups = dict(tuple(frame.groupby(level=0)))
        frame = pd.concat([groups[code] for code in rng.choice(list(groups), len(groups))])
    rose = frame["rose"].astype(float)
    other = rose.var(ddof=0) if over is None else (frame[over] - rose).pow(2).mean()
    return 1 - (frame["chance"] - rose).pow(2).mean() / other


def over_starting_band(frame: pd.DataFrame) -> dict:
    """Return the skill over the starting band, and what it would be on average if every chance were exactly right."""
    chance, rng = frame["chance"], np.random.default_rng(0)
    low, high = np.quantile([brier_skill(frame, rng, "band") for _ in range(300)], [0.05, 0.95])
    left = (chance * (1 - chance)).mean()  # squared error of chances that are right
    return {
        "brier_skill": brier_skill(frame, over="band"),
        "brier_skill_90_low": low,
        "brier_skill_90_high": high,
        "skill_if_chances_were_right": 1 - left / (left + (chance - frame["band"]).pow(2).mean()),
        "brier_skill_before_correction": brier_skill(frame.assign(chance=frame["drawn"]), over="band"),
    }


def summary(frame: pd.DataFrame) -> dict:
    """Return skill, reliability, coverage and mean absolute errors (points, ranks), also of "unchanged"."""
    chance, rng = frame["chance"], np.random.default_rng(0)
    if_right = 1 - (chance * (1 - chance)).mean() / (chance.mean() * (1 - chance.mean()))
    low, high = np.quantile([brier_skill(frame, rng) for _ in range(300)], [0.05, 0.95])
    return {
        "brier_skill": brier_skill(frame),
        "brier_skill_90_low": low,
        "brier_skill_90_high": high,
        "skill_if_chances_were_right": if_right,
        "reliability_slope": np.polyfit(chance, frame["rose"].astype(float), 1)[0],
        "coverage_90_rank": frame["rank_covered"].mean(),
        "coverage_90_score": frame["score_covered"].mean(),
        "score_error": frame["score_error"].mean(),
        "score_error_unchanged": frame["score_unchanged"].mean(),
        "rank_error": frame["rank_error"].mean(),
        "rank_error_unchanged": frame["rank_unchanged"].mean(),
        "n": len(frame),
    }


def by_start(frame: pd.DataFrame, without: int | None = None) -> dict:
    """Return by starting rank: share that rose, mean chance, and the base case (all years of the index).

    The base year `without` is left out of the base case.
    """
    starts = targets.starts()
    starts = starts[starts["year"] != without]
    base_case = (starts["gain"] >= PLACES).groupby(pd.cut(starts["start"], BANDS), observed=True).mean()
    bands = frame.groupby(pd.cut(frame["start"], BANDS), observed=True)
    table = bands.agg(rose=("rose", "mean"), chance=("chance", "mean"), n=("rose", "size"))
    return table.assign(base_case=base_case).rename(index=str).to_dict("index")


def by_horizon(years: int) -> dict:
    """Return the summary of forecasts so many years ahead, with and without those across 2020 to 2021."""
    frame = corrected(outcomes(partial(model, horizon=years), years), years)
    across = (frame["year"] - years <= 2020) & (frame["year"] >= 2021)
    return {"all": summary(frame), "without_2020_to_2021": summary(frame[~across])}


def errors(frames: dict[str, pd.DataFrame]) -> dict:
    """Return mean absolute errors of the next total (points) and rank by way."""
    any_frame = next(iter(frames.values()))
    unchanged = {"score": any_frame["score_unchanged"].mean(), "rank": any_frame["rank_unchanged"].mean()}
    ways = {way: {"score": f["score_error"].mean(), "rank": f["rank_error"].mean()} for way, f in frames.items()}
    ways["this year again"] = unchanged
    return {f"{what}, {way}": error for what in unchanged for way, error in ((w, e[what]) for w, e in ways.items())}


def reliability(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean chance and share that rose by tenths of the cases."""
    tenth = pd.qcut(frame["chance"], 10)
    return frame.groupby(tenth, observed=True).agg(chance=("chance", "mean"), rose=("rose", "mean"), n=("rose", "size"))


def draw(tenths: pd.DataFrame) -> None:
    """Save the reliability plot."""
    mpl.rcParams.update({"svg.hashsalt": "reliability", "svg.fonttype": "none"})
    figure, axes = plt.subplots(figsize=(3.6, 3.6), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", lw=1)
    share = tenths["rose"]
    axes.errorbar(tenths["chance"], share, yerr=1.645 * np.sqrt(share * (1 - share) / tenths["n"]), fmt="o", ms=4, lw=1)
    axes.set(
        xlim=(0, 1), ylim=(0, 1), xlabel=f"chance of rising at least {PLACES} places", ylabel="share that rose (90%)"
    )
    figure.savefig(RESULTS / "reliability.svg", metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Measure, print and save."""
    frames = {way.__name__: outcomes(way) for way in (model, persistence, shrinkage)}
    ours = frames["model"] = corrected(frames["model"])
    ours["band"] = starting_band(ours)
    banded = ours.assign(chance=ours["band"])
    normal = {way: f[f["year"] != 2021] for way, f in frames.items()}
    tenths = reliability(ours)
    result = {
        "all": summary(ours),
        "without_2020_to_2021": summary(normal["model"]),
        "bias": {"drawn": ours["drawn"].mean(), "told": ours["chance"].mean(), "came": ours["rose"].mean()},
        "over_starting_band": {
            "all": over_starting_band(ours),
            "without_2020_to_2021": over_starting_band(normal["model"]),
        },
        "brier_skill_by_way": {
            "all": {way: brier_skill(f) for way, f in (frames | {"starting_band": banded}).items()},
            "without_2020_to_2021": {
                way: brier_skill(f) for way, f in (normal | {"starting_band": banded[banded["year"] != 2021]}).items()
            },
        },
        "errors_2022_2024": errors({way: f[f["year"] >= 2022] for way, f in frames.items()}),
        "errors_all_years": errors(frames),
        "by_start": by_start(ours),
        "by_start_without_2020_to_2021": by_start(normal["model"], without=2020),
        "by_year": {
            int(year): {"brier_skill": brier_skill(f), "coverage_90_rank": f["rank_covered"].mean()}
            | {"score_error": f["score_error"].mean(), "score_unchanged": f["score_unchanged"].mean()}
            for year, f in ours.groupby("year")
        },
        "by_horizon": {years: by_horizon(years) for years in HORIZONS},
        "reliability": tenths.reset_index(drop=True).to_dict("index"),
        "carried_over": forecast.fit(max(published.series().columns)).carried.rename(index=str).to_dict(),
    }
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 3))
    (RESULTS / "backtest.json").write_text(json.dumps(result, indent=1) + "\n")
    draw(tenths)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

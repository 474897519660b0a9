"""Was the chance of a climb right? Rolling origin over all provinces, using only what was known.

For every base year 2013-2023: the chance of rising at least five places by the next year (Brier
skill against the base rate, reliability slope), coverage of 90% intervals of the next rank, and
errors of the next total and rank for 2022-2024 against persistence.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import forecast, published

PLACES = 5
BANDS = [0, 10, 20, 30, 43, 53, 63]


def outcomes() -> pd.DataFrame:
    """Return one row a province and base year: chance, what came, intervals and errors."""
    totals, rows = published.series(), []
    for base in range(2013, max(totals.columns)):
        both = totals[[base, base + 1]].dropna()
        rank, came = (both[y].rank(ascending=False) for y in both)
        drawn = forecast.simulate(forecast.fit(base))[both.index]
        ranks = drawn.rank(axis=1, ascending=False)
        centre = drawn.mean() * totals[base].std(ddof=0)
        rows.append(pd.DataFrame({
            "year": base + 1,
            "start": rank,
            "chance": (ranks <= rank - PLACES).mean(),
            "rose": rank - came >= PLACES,
            "covered": came.between(ranks.quantile(0.05), ranks.quantile(0.95)),
            "rank_error": (ranks.median() - came).abs(),
            "rank_persistence": (rank - came).abs(),
            "total_error": ((centre - centre.mean()) - (both[base + 1] - both[base + 1].mean())).abs(),
            "total_persistence": ((both[base] - both[base].mean()) - (both[base + 1] - both[base + 1].mean())).abs(),
        }))  # fmt: skip
    return pd.concat(rows)


def skill(frame: pd.DataFrame) -> dict:
    """Return Brier skill over the base rate, reliability slope and coverage of 90% intervals."""
    rose, chance = frame["rose"].astype(float), frame["chance"]
    brier = (chance - rose).pow(2).mean()
    return {
        "brier_skill": round(1 - brier / rose.var(ddof=0), 3),
        "skill_if_chances_were_right": round(
            1 - (chance * (1 - chance)).mean() / (chance.mean() * (1 - chance.mean())), 3
        ),
        "reliability_slope": round(float(np.polyfit(chance, rose, 1)[0]), 3),
        "coverage_90_rank": round(float(frame["covered"].mean()), 3),
        "n": len(frame),
    }


def main() -> None:
    """Print the figures and save them in ``benchmarks/results/backtest.json``."""
    frame = outcomes()
    recent = frame[frame["year"] >= 2022]
    bands = pd.cut(frame["start"], BANDS)
    result = {
        "all": skill(frame),
        "without_2020_to_2021": skill(frame[frame["year"] != 2021]),
        "errors_2022_2024": recent[["rank_error", "rank_persistence", "total_error", "total_persistence"]]
        .mean()
        .round(3)
        .to_dict(),
        "by_start": frame.groupby(bands, observed=True)[["rose", "chance"]]
        .mean()
        .round(3)
        .rename(index=str)
        .to_dict("index"),
    }
    (Path(__file__).parent / "results" / "backtest.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

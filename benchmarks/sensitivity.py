"""How wide do noise and the index's methods make ranks, and which counts more? How fast are 10,000 runs?

For one year of each edition: the mean width of the middle 90% of ranks when one source varies, and
the split of the rank variance (Sobol's indices). Written to ``results/sensitivity.json``; the time of
10,000 runs is also given as a share of the time that as many single rebuilds take.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from papi_lib import association, places, sensitivity

YEARS = (2013, 2017, 2018, 2020, 2024)
ALL_METHODS = ("normalisation", "aggregation", "weights", "left_out")


def width(year: int, vary: tuple[str, ...]) -> float:
    """Return the mean width of the middle 90% of ranks, in places."""
    spread = sensitivity.runs(year, 4000, vary=vary).spread()
    return float((spread["upper"] - spread["lower"]).mean())


def widths(year: int) -> dict:
    """Return the width by what varies."""
    ways = {source: (source,) for source in sensitivity.SOURCES}
    return {name: width(year, vary) for name, vary in (ways | {"all methods": ALL_METHODS}).items()}


def shares(year: int, province: str | None = None) -> dict:
    """Return the first and total share of each source in the variance of ranks."""
    frame = sensitivity.variance_shares(year, province)
    return frame.to_dict("index") | {"variance": frame.attrs["variance"]}


def speed(n: int = 10_000, single: int = 200) -> dict:
    """Return processor seconds of `n` runs, of `n` for every scenario of a page, and the first as a share of `n` single rebuilds without noise."""
    sensitivity.runs(2024, 10)  # what is computed once
    start = time.process_time()
    sensitivity.runs(2024, n)
    together = time.process_time() - start
    start = time.process_time()
    sensitivity.scenarios(2024, n)
    page = time.process_time() - start
    start = time.process_time()
    for _ in range(single):
        sensitivity.rebuild(2024, normalisation="zscore").rank()
    alone = (time.process_time() - start) * n / single
    return {
        "runs": n,
        "seconds": together,
        "seconds_of_all_scenarios": page,
        "share_of_single_rebuilds": together / alone,
    }


def main() -> None:
    """Measure, print and save."""
    groups = sensitivity.runs(2024).group_shares().max(axis=1)
    result = {
        "speed": speed(),
        "width_90": {year: widths(year) for year in YEARS},
        "variance_shares": {year: shares(year) for year in YEARS},
        "variance_shares_six_districts": {2024: shares(2024, "Hà Nội")},
        "share_of_runs_in_the_usual_group_2024": {
            "mean": groups.mean(),
            "provinces_above_0.9": int((groups > 0.9).sum()),
            "provinces": len(groups),
            "Hà Nội": groups[places.province("Hà Nội").code],
        },
        "alpha_2024": association.alpha(2024).rename(index=str).to_dict("index"),
    }
    result = json.loads(json.dumps(result, default=np.float64), parse_float=lambda x: round(float(x), 3))
    path = Path(__file__).parent / "results" / "sensitivity.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

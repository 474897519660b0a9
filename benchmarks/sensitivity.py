"""How wide do other weights make ranks beside the margin of error, and who keeps its group?

For one year of each edition: the mean width of the middle 90% of ranks under weights near the published ones and
under any weights, that of the 95% confidence sets, and the mean share of draws in which a province keeps its group.
Written to ``results/sensitivity.json``.
"""

from __future__ import annotations

import json
from pathlib import Path

from papi_lib import association, estimates, published, sensitivity

YEARS = (2013, 2017, 2018, 2020, 2024)


def of_year(year: int) -> dict[str, float]:
    """Return the widths, in places, and shares of one year."""
    scores = published.dimension_scores(year).dropna()
    own = estimates.standing(estimates.from_published(year, ("total",)), "total").loc[scores.index]
    found = {}
    for name, near in (("weights within a quarter", sensitivity.NEAR), ("any weights", None)):
        weights = sensitivity.drawn_weights(year, near=near)
        ranks = (weights @ scores.T).rank(axis="columns", ascending=False, method="min").astype(int)
        low, high = ranks.quantile([0.05, 0.95]).to_numpy()
        groups = published.groups(ranks.to_numpy(), len(scores))
        found[f"{name}: width"] = (high - low).mean()
        found[f"{name}: share in the published group"] = (groups == own["group"].to_numpy(int)).mean()
    return found | {"confidence set: width": (own["upper"] - own["lower"]).astype(float).mean()}


def main() -> None:
    """Measure, print and save."""
    result = {
        "by_year": {year: of_year(year) for year in YEARS},
        "alpha_2024": association.alpha(2024).rename(index=str).to_dict("index"),
    }
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 3))
    path = Path(__file__).parent / "results" / "sensitivity.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

"""What it takes to climb, how likely that is, and afterwards whether it was more than luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from papi_lib import datafiles, forecast, index, precision, published
from papi_lib.places import province as find_province

_CHANCES = (0.5, 0.8)
#: Starting ranks within so many places count as the same position in the track record.
_NEAR = 5
#: Gains that so large a share of provinces stayed below in a year count as within reach.
_WITHIN_REACH = 1.2816  # 90th percentile of the normal distribution


@dataclass(frozen=True)
class Climb:
    """A target in places: what it needed, how likely it was, what came.

    Attributes
    ----------
    province_code, base_year, target_year, places : int
        Who, from when to when, how many places.
    rank, lower, upper : int
        Rank by published total in the base year, and its 95% set.
    target_rank : int
        Rank to reach.
    score, needed_now : float
        Total in the base year, and the points that would have put it at the target rank then.
    gaps : pandas.DataFrame
        By sub-dimension, in points: ``score`` and its distance to the mean of the provinces to
        pass (``above``), of the region (``region``) and to the best (``best``); ``reach``, the
        lasting gain that one province in ten makes a year, over the years to the target and never
        beyond the best score.
    track_record : pandas.Series
        ``started``: how often a province with published totals started within five places of this
        rank, over the same number of years; ``made``: how often it rose that far.
    probability : float
        Chance of the target if nothing special is done.
    needed_gain : dict of float to float
        Lasting gain in points that makes the target so likely; missing if out of reach.
    steps : dict of float to pandas.Series
        The fewest sub-dimensions whose gains within reach add up to it, in points; empty if none.
    ranks : pandas.Series
        Quantiles (0.05, 0.25, 0.5, 0.75, 0.95) of the simulated rank in the target year.
    outcome : dict or None
        If the target year is published: ``rank``, ``lower``, ``upper``, ``reached``, and
        ``clear``: whether the rise is more than noise.
    """

    province_code: int
    base_year: int
    target_year: int
    places: int
    rank: int
    lower: int
    upper: int
    target_rank: int
    score: float
    needed_now: float
    gaps: pd.DataFrame
    track_record: pd.Series
    probability: float
    needed_gain: dict[float, float]
    steps: dict[float, pd.Series]
    ranks: pd.Series
    outcome: dict | None


@datafiles.cached
def climb(province: str | int, base_year: int, places: int, horizon: int = 1) -> Climb:
    """Judge the target of rising so many places within some years.

    Parameters
    ----------
    province : str or int
        Name or code.
    base_year : int
        Year from which places are counted.
    places : int
        Places to rise in all.
    horizon : int
        Years until the target year.

    Returns
    -------
    Climb

    Raises
    ------
    ValueError
        The province has no total in the base year, or there are too few years before it.
    """
    code, base = find_province(province).code, index.check_year(base_year)
    totals = precision.rank_sets(base)
    row = totals.loc[code]
    if pd.isna(row["score"]):
        raise ValueError(f"no published total of {find_province(code).name_vi} in {base}: choose another base year")
    target = max(1, int(row["rank"]) - places)
    model, spread = forecast.fit(base), float(totals["score"].std(ddof=0))
    # The provinces published in the base year compete for the same places then.
    drawn = forecast.simulate(model, horizon)[totals.index[totals["score"].notna()]]
    later = _ranks(drawn, code)
    gains = {chance: _gain_for(drawn, code, target, chance) * spread for chance in _CHANCES}
    parts = _gaps(code, base, totals["rank"], target)
    parts["reach"] = np.minimum(parts["reach"] * horizon, parts["best"].clip(lower=0))
    return Climb(
        province_code=code,
        base_year=base,
        target_year=base + horizon,
        places=places,
        rank=int(row["rank"]),
        lower=int(row["lower"]),
        upper=int(row["upper"]),
        target_rank=target,
        score=float(row["score"]),
        needed_now=float(totals["score"].nlargest(target).iloc[-1] - row["score"]),
        gaps=parts,
        track_record=_track_record(int(row["rank"]), places, horizon),
        probability=float((later <= target).mean()),
        needed_gain=gains,
        steps={chance: _fewest(parts["reach"], gain) for chance, gain in gains.items()},
        ranks=later.quantile([0.05, 0.25, 0.5, 0.75, 0.95]),
        outcome=_outcome(code, base, base + horizon, target),
    )


def _ranks(drawn: pd.DataFrame, code: int) -> pd.Series:
    """Return a province's rank in each draw."""
    return drawn.gt(drawn[code], axis=0).sum(axis=1) + 1


def _gain_for(drawn: pd.DataFrame, code: int, target: int, chance: float) -> float:
    """Return the lasting gain, in standard deviations, that makes the target so likely."""
    to_beat = np.sort(drawn.drop(columns=code).to_numpy(), axis=1)[:, -target]
    return max(float(np.quantile(to_beat - drawn[code].to_numpy(), chance)), 0.0)


def _gaps(code: int, year: int, rank: pd.Series, target: int) -> pd.DataFrame:
    """Return distances by sub-dimension to those above, the region and the best, and gains within reach."""
    above = rank.index[(rank >= target) & (rank < rank[code])]
    rows = {}
    for dimension in index.dimensions(year):
        wide, profile = published.wide(year, dimension), published.profile(code, year, dimension)
        for part, line in profile.iterrows():
            rows[part] = {
                "score": line["score"],
                "above": wide.loc[above, part].mean() - line["score"],
                "region": line["region"] - line["score"],
                "best": line["best"] - line["score"],
                "reach": _yearly_gain(part, year),
            }
    return pd.DataFrame(rows).T.rename_axis("part")


def _yearly_gain(part: str, year: int) -> float:
    """Return the lasting gain over the country's that one province in ten makes in a year, in points."""
    years = index.segment(year, part)
    wide = published.series(part)[years]
    moves = pd.concat(
        [(b_scores - wide[a]).dropna() for a, b_scores in ((y - 1, wide[y]) for y in years[1:])]
        or [pd.Series(dtype=float)]
    )
    real = max(moves.var() - 2 * precision.standard_error(part, year) ** 2, 0.0) if len(moves) > 1 else 0.0
    return float(_WITHIN_REACH * np.sqrt(real))


def _fewest(reach: pd.Series, gain: float) -> pd.Series:
    """Return the largest gains within reach until they add up, the last one only as far as needed."""
    chosen = {}
    for part, most in reach.sort_values(ascending=False).items():
        if gain <= 1e-9:
            break
        chosen[part] = min(most, gain)
        gain -= chosen[part]
    return pd.Series(chosen if gain <= 1e-9 else {}, dtype=float)


def _track_record(rank: int, places: int, horizon: int) -> pd.Series:
    ranks = published.series().rank(ascending=False, method="min")
    started = made = 0
    for year in ranks.columns:
        if year + horizon not in ranks:
            continue
        both = ranks[[year, year + horizon]].dropna()
        near = both[(both[year] - rank).abs() <= _NEAR]
        started += len(near)
        made += int((near[year] - near[year + horizon] >= places).sum())
    return pd.Series({"started": started, "made": made})


def _outcome(code: int, base: int, year: int, target: int) -> dict | None:
    if year not in index.years() or pd.isna(precision.rank_sets(year).loc[code, "score"]):
        return None
    row = precision.rank_sets(year).loc[code]
    change = precision.rank_changes(base, year).loc[code]
    return {
        "rank": int(row["rank"]),
        "lower": int(row["lower"]),
        "upper": int(row["upper"]),
        "reached": bool(row["rank"] <= target),
        "clear": bool(change["lower"] > 0),
    }

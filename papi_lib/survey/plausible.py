"""What is doubtful in respondents' records that are not wrong: weights, design, and what was not asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from papi_lib import findings, index, places, survey
from papi_lib.findings import at, finding
from papi_lib.survey import codebook, records
from papi_lib.survey.means import USUAL_DEFF

#: Times the median from which on a single weight is doubtful.
MOST_WEIGHT = 50
#: Degrees of freedom from which on a low design effect of the total is no chance.
_ENOUGH_FREEDOM = 10
#: Share of empty cells from which on "does not know" may have been lost.
_MANY_EMPTY = 0.05
_SOME_EMPTY = 5


def doubts(clean: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return what is doubtful in records.

    Told are single weights over `MOST_WEIGHT` times the median; design effects of the weights (Kish 1965: one plus
    their squared coefficient of variation) and of the total outside `papi_lib.survey.means.USUAL_DEFF`; a few respondents who
    repeat others; clusters in several units; units with one cluster, which have no standard error; items
    without any answer; answers that do not count because the one before is missing; and a scored "does not know"
    that nobody gave while cells are empty.

    Parameters
    ----------
    clean : pandas.DataFrame
        From `papi_lib.survey.records.check`.
    year : int
        Year of the survey.

    Returns
    -------
    pandas.DataFrame
        As `papi_lib.findings.table` has it.
    """
    book = codebook.items(year)
    if not clean["weight"].notna().any():
        return findings.table([])
    shares = codebook.score(clean, year)
    return findings.table(
        [*_weights(clean, shares, year), *_unanswered(shares, book), *_clusters(clean), *(one for one in records.copies(clean) if one["count"] <= records.MANY_COPIES * len(clean)), *_not_counted(clean, book), *_unsaid(clean, book)]
    )  # fmt: skip


def _weights(clean: pd.DataFrame, shares: pd.DataFrame, year: int) -> list[dict]:
    whole = clean[records.DESIGN].notna().all(axis=1)
    weight, (low, high) = clean.loc[whole, "weight"], USUAL_DEFF
    if weight.empty:
        return []
    large, median = clean["weight"] > MOST_WEIGHT * weight.median(), weight.median()
    held = clean.loc[large, "weight"].sum() / weight.sum()
    found = at(clean, "weight", large, f"is over {MOST_WEIGHT} times the median ({median:g}); such weights hold {held:.0%} of the sum: correct them, or trim them")  # fmt: skip
    kish = len(weight) * (weight**2).sum() / weight.sum() ** 2
    if kish > high:
        found.append(finding("weight", f"the weights differ so much that {len(weight)} respondents count as {len(weight) / kish:.0f} (design effect {kish:.1f}); correct them"))  # fmt: skip
    effect, freedom = _design_effect(clean[whole], shares[whole], year)
    if effect > high or (effect < low and freedom >= _ENOUGH_FREEDOM):
        found.append(finding("", f"the total has a design effect of {effect:.2f}, where {low} to {high:g} are usual; are stratum, cluster and weight what they should be?"))  # fmt: skip
    return found


def _design_effect(clean: pd.DataFrame, shares: pd.DataFrame, year: int) -> pd.Series:
    """Return the design effect of the total and its degrees of freedom, from what each respondent adds to it (linearised, item by item)."""
    weight, adds = clean["weight"].to_numpy(), np.zeros(len(clean))
    for item, points in codebook.combination(year)["total"].items():
        share = shares[item].to_numpy(dtype=float)
        known = ~np.isnan(share)
        if known.any():
            own = weight[known]
            adds[known] += points * (share[known] - np.average(share[known], weights=own)) / own.sum()
    frame = clean[records.DESIGN].assign(adds=adds)
    design = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}
    return survey.domain_means(frame, "adds", **design)[["deff", "df"]].iloc[0]


def _unanswered(shares: pd.DataFrame, book: pd.DataFrame) -> list[dict]:
    items = shares.columns[shares.isna().all()]
    if items.empty:
        return []
    parts = book.loc[items, "subdimension"].unique()
    sums = [f"dimension {d}" for d in sorted({index.dimension_of(part) for part in parts})]
    return [finding("", f"not asked, or answered by nobody: {_listed(items)}; so {_listed([*parts, *sums])} and the total have no estimate", count=len(items))]  # fmt: skip


def _clusters(clean: pd.DataFrame) -> list[dict]:
    drawn, level = clean[["unit", "stratum", "cluster"]].dropna().drop_duplicates(), clean.attrs["level"]
    clusters = drawn.groupby("unit").size()
    single = [places.find(code, level, clean.attrs["year"]).name_vi for code in clusters.index[clusters == 1]]
    found = []
    if single:
        found.append(finding("cluster", f"there is one cluster in {_listed(single)}: no standard error there", count=len(single)))  # fmt: skip
    spread = drawn[drawn.duplicated(["stratum", "cluster"], keep=False)]["cluster"]
    return found + at(clean, "cluster", clean["cluster"].isin(spread), f"lies in several {level}s; a village lies in one")  # fmt: skip


def _not_counted(clean: pd.DataFrame, book: pd.DataFrame) -> list[dict]:
    found = []
    for before, own in book[book["asked_item"] != ""].groupby("asked_item", sort=False):
        answered = clean[own.index].notna().any(axis=1)
        why = f"has no answer though what depends on it is answered ({_listed(own.index)}), which then does not count; fill it in"  # fmt: skip
        found += at(clean, before, answered & clean[before].isna(), why)
    return found


def _unsaid(clean: pd.DataFrame, book: pd.DataFrame) -> list[dict]:
    unsaid, found = set().union(*book["missing"]), {}
    for item, row in book[[not unsaid.isdisjoint(values) for values in book["values"]]].iterrows():
        asked = clean[row["asked_item"]].isin(row["asked_codes"]) if row["asked_item"] else clean["weight"].notna()
        empty = clean[item].isna() & asked
        code = min(unsaid & set(row["values"]))
        lacking = clean[item].notna().any() and not clean[item].eq(code).any()
        if lacking and empty.sum() > max(_MANY_EMPTY * asked.sum(), _SOME_EMPTY):
            found[item] = f"{code} ({row['answers_en'][code].lower()}, which counts as {row['values'][code]:g})"
    if not found:
        return []
    first = next(iter(found.values()))
    return [finding("", f"nobody has {first} in {_listed(list(found))}, but cells are empty there: where it is meant, write it, since leaving it out moves the score", count=len(found))]  # fmt: skip


def _listed(names) -> str:
    return ", ".join(map(str, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

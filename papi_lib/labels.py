"""Names of parts, groups and provinces as a page shows them."""

from __future__ import annotations

import pandas as pd

from papi_lib import index, places
from papi_lib.wording import Words


def part_name(part: int | str, w: Words) -> str:
    """Return the name of a dimension, a sub-dimension or the total in the page's language."""
    return w("Total") if part == "total" else index.name(part, w.lang)


def group_name(group: int, w: Words) -> str:
    """Return the name of a quartile group, 1 = highest."""
    return [w("highest"), w("upper middle"), w("lower middle"), w("lowest")][int(group) - 1]


def rank_sentence(row: pd.Series, w: Words) -> str:
    """Return the sentence on a province's group and rank with its set, from a row of `papi_lib.precision.rank_sets`."""
    return w(
        "That is the {group} of four groups and rank {rank} in our ordering of the published scores; "
        "the noise in the scores leaves any rank from {lower} to {upper} possible (95%).",
        group=group_name(row["group"], w), rank=int(row["rank"]), lower=int(row["lower"]), upper=int(row["upper"]),
    )  # fmt: skip


def province_name(code: float, w: Words) -> str:
    """Return a province's name by code; a missing code becomes a dash."""
    return "–" if pd.isna(code) else places.provinces()[f"name_{w.lang}"][int(code)]


def step_name(step: str, w: Words) -> str:
    """Return the name of a step of building the index, or of a scenario of `papi_lib.sensitivity`."""
    return {
        "published": w("as published"),
        "normalisation": w("normalisation"),
        "aggregation": w("aggregation"),
        "weights": w("weights"),
        "left_out": w("one dimension left out"),
        "methods": w("all choices of method"),
        "sampling": w("noise in the scores"),
        "all": w("method and noise"),
    }[step]


def choice_name(choice: int | str, w: Words) -> str:
    """Return the name of a choice of method of `papi_lib.sensitivity`: a method, or the dimension left out."""
    if isinstance(choice, int):
        return w("without {part}", part=part_name(choice, w))
    return {
        "published": w("as published"),
        "minmax": w("lowest to highest province as 1–10"),
        "zscore": w("standard scores"),
        "percentile": w("percentile ranks"),
        "geometric": w("geometric mean"),
        "subdimensions": w("each sub-dimension the same"),
        "pca": w("by first principal component"),
        "dirichlet": w("drawn at random"),
    }[choice]

"""Provinces, districts and communes by year: who there is, what a name or a code means, what the reform of 2025 made of them."""

from papi_lib.places.lookup import (
    aliases,
    check_set,
    codes,
    commune,
    district,
    find,
    in_table,
    key_columns,
    nearest,
    province,
)
from papi_lib.places.registers import (
    REFORM,
    Place,
    below,
    communes,
    districts,
    latest,
    level,
    merged,
    peers,
    predecessors,
    provinces,
    region_name,
    shares,
    sides,
    since_reform,
    successors,
    taken_over,
    tiles,
    types,
)
from papi_lib.spelling import plain, slug, sort_key

__all__ = [
    "REFORM", "Place", "aliases", "below", "check_set", "codes", "commune", "communes", "district", "districts", "find",
    "in_table", "key_columns", "latest", "level", "merged", "nearest", "peers", "plain", "predecessors", "province",
    "provinces", "region_name", "shares", "sides", "since_reform", "slug", "sort_key", "successors", "taken_over", "tiles", "types",
]  # fmt: skip

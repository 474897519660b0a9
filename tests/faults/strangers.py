"""Faults of strangers' folders, of records on their way, and attempts on respondents: plain functions for the harness.

Each takes a folder of its own, random numbers and how often to try, and yields None for a try that did no harm, or a
line for what it did.
"""

import numpy as np
import pandas as pd

from papi_lib import atomic, site, tablefiles
from papi_lib.datafiles import DataError
from papi_lib.survey import disclosure


def flipped_bits(folder, rng, tries):
    """Turn one bit of records that we wrote: it is told, or what is read is what was written."""
    frame = pd.DataFrame({"a": np.arange(300) % 7, "b": [f"thôn {i % 9}" for i in range(300)]})
    path, content = folder / "a.parquet", tablefiles.sealed(frame)
    for _ in range(tries):
        at, bit = rng.randrange(len(content)), 1 << rng.randrange(8)
        path.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
        try:
            read = tablefiles.read(path).reset_index(drop=True).astype(str)
            yield None if read.equals(frame.astype(str)) else f"bit {bit} of byte {at}: read as other records"
        except DataError:
            yield None


def links(folder, rng, tries):
    """Put a link into a run folder: the run folder is refused, and nothing outside it changes."""
    outside = folder / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    for number in range(tries):
        place = (
            folder / f"run{number}" / rng.choice(["site", "notebooks/2024/vi", "manifest.json", ".lock", "site/assets"])
        )
        place.parent.mkdir(parents=True)
        place.symlink_to(rng.choice([outside, outside / "kept", outside / "new", "/dev/null"]))
        try:
            rng.choice([site.build, site.verify, site.booklets, atomic.check_no_links])(folder / f"run{number}")
            yield f"{place}: was followed"
        except ValueError as error:
            kept = (
                sorted(path.name for path in outside.iterdir()) == ["kept"] and (outside / "kept").read_text() == "kept"
            )
            yield None if kept and ("is a link" in str(error) or "Chromium" in str(error)) else f"{place}: {error}"


def heavy_respondents(_folder, rng, tries):
    """Give one respondent most of a district's weight: no shown figure is nearly that person's answer."""
    for _ in range(tries):
        numbers = np.random.default_rng(rng.randrange(1 << 30))
        rows = [(d, d, f"{d}{v}") for d in "pqrs" for v in range(4) for _ in range(12)]
        frame = pd.DataFrame(rows, columns=["domain", "stratum", "cluster"])
        frame["weight"] = numbers.uniform(500, 1500, len(frame))
        heavy = rng.randrange(len(frame))
        frame.loc[heavy, "weight"] = 10 ** rng.uniform(5, 9)
        items = ["a", "b", "c"]
        frame[items] = numbers.integers(0, 2, (len(frame), 3)).astype(float)
        both = pd.concat([frame, frame.assign(domain="city")], ignore_index=True)
        combination = pd.DataFrame({"part": [1.0, 1, 0], "other": [0.0, 0, 1], 1: [1.0, 1, 1]}, index=items)
        groups = pd.Series("city", list("pqrs"))
        why = disclosure.reasons(both, both[items].notna(), combination, {1: ["part", "other"]}, groups)
        largest = both.groupby("domain")["weight"].max() / both.groupby("domain")["weight"].sum()
        shown = why.index[(why == "").any(axis=1)]
        told = [domain for domain in shown if largest[domain] > 0.5]
        yield f"one holds most of {told}, which is shown" if told else None

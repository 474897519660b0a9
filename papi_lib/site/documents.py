"""A run as documents to hand over: of each place a brief (.docx), all its tables (.xlsx), one page that opens alone.

They are made from executed notebooks and the manifest, as pages are, and lie in the run's folder ``documents``.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

from papi_lib import atomic
from papi_lib.page.words import Words
from papi_lib.site import word
from papi_lib.site.blocks import Section, brief, sections
from papi_lib.site.booklet import bound
from papi_lib.site.files import full_name, of_places, read_file, read_run
from papi_lib.site.workbook import of_place, of_protected, of_run

FOLDER = "documents"
KINDS = ("docx", "xlsx", "html")


def export(out: Path, kinds: tuple[str, ...] = KINDS[:2]) -> Iterator[Path]:
    """Write a run's documents and yield each one's path.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.
    kinds : tuple of {"docx", "xlsx", "html"}
        Which documents each place gets, of each year and language: ``documents/2024/vi/ha-noi.docx``. With
        ``xlsx`` there is one workbook of all places besides, ``documents/vi.xlsx``, and where figures of a survey
        are hidden, a list of them for reviewers, ``documents/protected.vi.xlsx``, which is not handed over.

    Raises
    ------
    ValueError
        There is no finished run, or it is damaged, or the executed notebook of a page is missing.
    papi_lib.atomic.WriteError
        A document cannot be written; those before it are.
    """
    run = read_run(out)
    jobs = [job for job in of_places(run["jobs"]) if job["status"] != "failed"]
    for folder, own in groupby(jobs, key=lambda job: posixpath.dirname(job["path"])):
        for kind, content in _of_place(out, list(own), run, kinds):
            path = out / FOLDER / f"{folder}.{kind}"
            atomic.write(path, content)
            yield path
    for lang in dict.fromkeys(job["labels"]["lang"] for job in jobs if "xlsx" in kinds):
        told, w = [job for job in jobs if job["labels"]["lang"] == lang], Words(lang)
        for name, made in ((lang, of_run(told, w)), (f"protected.{lang}", of_protected(told, w))):
            if made:
                path = out / FOLDER / f"{name}.xlsx"
                atomic.write(path, made)
                yield path


def _of_place(out: Path, jobs: list[dict], run: dict, kinds: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield a place's documents by their ending."""
    labels, facts = jobs[0]["labels"], jobs[0]["facts"]
    w, name, lang = Words(labels["lang"], labels["year"]), full_name(labels), labels["lang"]
    about = w.date(datetime.fromisoformat(run["finished"])), facts
    pages: dict[str, list[Section]] = {}
    if {"docx", "xlsx"} & set(kinds):
        for job in jobs:
            pages[job["labels"]["title"]] = sections(read_file(out / "notebooks" / f"{job['path']}.ipynb"), lang)
    if "docx" in kinds:
        title = w("Brief for leaders: {place}, {year}", place=name, year=labels["year"])
        yield "docx", word.document(title, brief(pages.values(), w, labels["name"], labels["year"]), w, *about)
    if "xlsx" in kinds:
        yield "xlsx", of_place(w("PAPI {year}: {place}", place=name, year=labels["year"]), pages, w, *about)
    if "html" in kinds:
        yield (
            "html",
            re.sub(
                r' href="(?!#|https?:)[^"]*"',
                "",
                bound([out / "site" / f"{job['path']}.html" for job in jobs], jobs[0]["labels"]),
            ).encode(),
        )


def hand_over(out: Path, target: Path) -> int:
    """Write a run's pages and documents, without notebooks and records, as one zip; return how many files it has."""
    content, files = io.BytesIO(), [p for folder in ("site", FOLDER) for p in sorted((out / folder).rglob("*"))]
    kept = [
        path
        for path in files
        if path.is_file() and not path.is_symlink() and not path.name.startswith((".", "protected."))
    ]
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in kept:
            packed.write(path, path.relative_to(out).as_posix())
    atomic.write(target, content.getvalue())
    return len(kept)

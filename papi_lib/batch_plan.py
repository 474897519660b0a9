"""The plan of a report: which notebooks for which places, years and languages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from papi_lib import datafiles, index, places, provenance, published
from papi_lib.batch.jobs import Job, folder_hash
from papi_lib.wording import Words, mark

RENDER = "papi_lib.site:render_page"
#: Titles of the notebooks that are not about one dimension.
_TITLES = {"overview": mark("Overview"), "target": mark("Target")}


def notebooks(folder: Path) -> list[Path]:
    """Return the report notebooks of a folder: those whose names start with two digits, in order."""
    return sorted(path for path in folder.glob("*.ipynb") if re.match(r"\d\d_", path.name))


def title(notebook: Path, lang: str) -> str:
    """Return a notebook's title in the page's language: its dimension's name, or its own."""
    number, key = notebook.stem.split("_", 1)
    if key in _TITLES:
        return Words(lang)(_TITLES[key])
    return f"{int(number)}. {index.name(int(number), lang)}"


def jobs(folder: Path, provinces: Sequence, years: Sequence, langs: Sequence, chosen: Sequence) -> list[Job]:
    """Return the jobs for provinces × years × languages × notebooks, after checking every name and file.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the notebooks.
    provinces, years, langs, chosen : sequence of str
        As given on the command line; ``all`` stands for all provinces or years; no year means the
        latest, no notebook all of them.

    Raises
    ------
    ValueError
        A name is unknown, or a data file is faulty.
    """
    for name in datafiles.resource_names():
        datafiles.read(name)
    published.load()
    found = [_notebook(folder, name) for name in chosen] or notebooks(folder)
    wanted = (
        sorted(places.provinces().index, key=lambda c: places.sort_key(places.province(c).name_vi))
        if "all" in provinces
        else provinces
    )
    spots = list(dict.fromkeys(places.province(p) for p in wanted))
    span = index.years() if "all" in years else [index.check_year(y) for y in years] or index.years()[-1:]
    return [
        _job(notebook, place, year, lang)
        for year in dict.fromkeys(span)
        for lang in dict.fromkeys(Words(lang).lang for lang in langs)
        for place in spots
        for notebook in dict.fromkeys(found)
    ]


def settings() -> dict:
    """Return what the batch must know of this project: hashes of what notebooks read, the page maker."""
    library = Path(__file__).parent
    return {
        "render": RENDER,
        "inputs": {
            "library": folder_hash(library, ".py", ".po", ".j2", ".css", ".js"),
            "data": datafiles.fingerprint(),
        },
        "head": {
            "code_version": provenance.code_version(),
            "data_hash": datafiles.fingerprint(),
            "data_version": provenance.data_version(),
        },
    }


def command(record: dict, out: Path) -> str:
    """Return the command that runs one job again."""
    given = record["parameters"]
    words = ["papi", "report", "--province", str(given["province"]), "--year", str(given["year"]), "--lang", given["lang"],
             "--notebook", Path(record["notebook"]).stem, "--out", str(out)]  # fmt: skip
    return shlex.join(words)


def _notebook(folder: Path, name: str) -> Path:
    known = notebooks(folder)
    for path in known:
        number, key = path.stem.split("_", 1)
        if name.removesuffix(".ipynb") in {path.stem, key} or (name.isdigit() and int(name) == int(number)):
            return path
    raise ValueError(f"no notebook '{name}'; there are {', '.join(p.stem for p in known)}")


def _job(notebook: Path, place: places.Place, year: int, lang: str) -> Job:
    tile = places.tiles(lang).loc[place.province_code]
    labels = {
        "tile": {
            "row": int(tile["row"]),
            "column": int(tile["column"]),
            "islands": tile["islands"] if isinstance(tile["islands"], str) else None,
        },
        "level": place.level,
        "code": place.code,
        "slug": place.slug,
        "name": place.name(lang),
        "year": year,
        "lang": lang,
        "notebook": notebook.stem,
        "title": title(notebook, lang),
    }
    parameters = {"province": place.name_vi, "year": year, "lang": lang}
    return Job(notebook, parameters, f"{year}/{lang}/{place.slug}/{notebook.stem}", labels)

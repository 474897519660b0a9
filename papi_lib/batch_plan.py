"""The plan of a report: which notebooks for which places, years and languages."""

from __future__ import annotations

import ast
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import nbformat

from papi_lib import datafiles, index, places, provenance, published
from papi_lib.batch.forks import PREPARE
from papi_lib.batch.jobs import Job, file_hash, folder_hash
from papi_lib.wording import Words, mark

#: The notebook that says how figures are made.
METHODS = "methods"
#: Whose pages are made if no place is named and no records are given.
_DEFAULT_PROVINCE = "Hà Nội"
#: What so many jobs import, or show of all provinces alike, is imported or computed once for all.
_SEVERAL = 3
#: The same of what takes seconds.
_MANY = 20
RENDER = "papi_lib.site:render_page"
#: Titles of the notebooks that are not about one dimension.
_TITLES = {
    "overview": mark("Overview"),
    "target": mark("Target"),
    "sensitivity": mark("Sensitivity"),
    "district_plan": mark("District plan"),
}
#: Levels of places that a notebook serves whose metadata name none.
_LEVELS = ("province",)


def notebooks(folder: Path) -> list[Path]:
    """Return the report notebooks of a folder: those whose names start with two digits, in order."""
    return sorted(path for path in folder.glob("*.ipynb") if re.match(r"\d\d_", path.name))


def title(notebook: Path, lang: str) -> str:
    """Return a notebook's title in the page's language: its dimension's name, or its own."""
    number, key = notebook.stem.split("_", 1)
    if key in _TITLES:
        return Words(lang)(_TITLES[key])
    return f"{int(number)}. {index.name(int(number), lang)}"


def jobs(
    folder: Path,
    provinces: Sequence,
    years: Sequence,
    langs: Sequence,
    chosen: Sequence,
    of_districts: Sequence | None = (),
    records: Path | None = None,
) -> list[Job]:
    """Return the jobs for places × years × languages × notebooks, after checking every name and file.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the notebooks.
    provinces, years, langs, chosen, of_districts : sequence of str
        As given on the command line; ``all`` stands for all provinces, all years or all districts that
        the records have; no year means the latest, no notebook all of them; None as `of_districts`
        stands for all districts that have respondents in one of the years, if any, and then no province
        for the records' own.
    records : pathlib.Path or None
        File of respondents' records for the districts' pages; None for the simulated survey.

    Raises
    ------
    ValueError
        A name is unknown, a data file is faulty, the records are of another province than those named, or
        a notebook that was asked for serves none of the places.
    """
    for name in datafiles.resource_names():
        datafiles.read(name)
    published.load()
    found = list(dict.fromkeys([_notebook(folder, name) for name in chosen] or notebooks(folder)))
    wanted = (
        sorted(places.provinces().index, key=lambda c: places.sort_key(places.province(c).name_vi))
        if "all" in provinces
        else provinces
    )
    homes = list(dict.fromkeys(places.province(p) for p in wanted))
    span = index.years() if "all" in years else [index.check_year(y) for y in years] or index.years()[-1:]
    survey = _survey(of_districts, span, records)
    home = places.province(survey.province if survey else _DEFAULT_PROVINCE)
    if survey and homes and home not in homes:
        raise ValueError(
            f"{survey.name} is a survey of {home.name_vi}, not of {', '.join(place.name_vi for place in homes)}; "
            "give --records of a survey there, or leave out --district and --records"
        )
    if not homes and of_districts is None:
        homes = [home]
    named = () if not survey else survey.districts if of_districts is None or "all" in of_districts else of_districts
    spots = [(place, None) for place in homes]
    spots += [(place, survey) for place in dict.fromkeys(survey.place(d, home) for d in named)]
    levels = {notebook: levels_of(notebook) for notebook in found}
    planned = [
        _job(notebook, place, year, lang, records)
        for year in dict.fromkeys(span)
        for lang in dict.fromkeys(Words(lang).lang for lang in langs)
        for place, survey in spots
        if survey is None or survey.year == year
        for notebook in found
        if place.level in levels[notebook]
    ]
    if not planned:
        raise ValueError(f"{found[0].stem} is made for pages on a {' or a '.join(levels_of(found[0]))} only")
    if (of_districts or records) and all(job.labels["level"] != "district" for job in planned):
        stems = ", ".join(notebook.stem for notebook in found)
        raise ValueError(f"{stems}: for pages on a province only; leave out --district and --records")
    return planned


def _survey(chosen: Sequence | None, span: Sequence[int], records: Path | None):
    """Return the survey behind the pages of the districts that are chosen; None if there are none."""
    if chosen is not None and not chosen:
        return None
    from papi_lib import districts  # what it needs for surveys takes a second to import

    of_simulated = records is None and districts.simulated_year() in span
    if chosen is None and not (records or of_simulated):
        return None
    return districts.load(records, districts.simulated_year() if of_simulated else max(span))


def methods(folder: Path, lang: str) -> Job:
    """Return the job of the page on methods, to which all pages of a language lead; it is about no place."""
    labels = {"level": None, "name": "PAPI", "lang": lang, "notebook": METHODS, "title": Words(lang)("Methods")}
    results = sorted((folder.parent / "benchmarks" / "results").glob("*.json"))
    return Job(folder / f"{METHODS}.ipynb", {}, f"{METHODS}-{lang}", labels, tuple(results))


def settings(records: Path | None = None, planned: Sequence[Job] = ()) -> dict:
    """Return what the batch must know of this project: hashes of what notebooks read, the page maker.

    Processes for `planned` jobs start with what several of them share in memory.
    """
    library = Path(__file__).parent
    return {
        "prepare": _prepare(planned),
        "render": RENDER,
        "inputs": {
            "library": folder_hash(library, ".py", ".po", without="site"),
            "data": datafiles.fingerprint(),
        }
        | ({"records": file_hash(records)} if records else {}),
        "page_inputs": {"site": folder_hash(library / "site", ".py", ".j2", ".css", ".js")},
        "measure": ("papi_lib.batch_plan:state", *([str(records)] if records else [])),
        "head": {
            "code_version": provenance.code_version(),
            "data_hash": datafiles.fingerprint(),
            "data_version": provenance.data_version(),
        },
    }


def _prepare(planned: Sequence[Job]) -> tuple[tuple, ...]:
    """Return what is done once for these jobs because several of them need it: imports, and what is the same for all places."""
    jobs_of = Counter(job.notebook for job in planned)
    modules = Counter()
    for notebook, n in jobs_of.items():
        modules.update(dict.fromkeys(_imports(notebook), n))
    found = [*PREPARE, *((module,) for module, n in modules.items() if n >= _SEVERAL)]
    if any(job.labels["level"] == "district" for job in planned):
        found.append(("papi_lib.warmup:survey",))
    pages = Counter((job.labels["year"], job.notebook.stem) for job in planned if job.labels["level"] == "province")
    for year in sorted({year for (year, _), n in pages.items() if n >= _SEVERAL}):
        found += [("papi_lib.warmup:ranks", year, part) for part in [None, *index.dimensions(year)]]
    if any(n >= _SEVERAL for (_, stem), n in pages.items() if stem == "10_target"):
        found.append(("papi_lib.warmup:forecasts",))
    for notebook, computed in (("10_target", "climbs"), ("11_sensitivity", "scenarios")):
        found += [
            (f"papi_lib.warmup:{computed}", year)
            for (year, stem), n in pages.items()
            if stem == notebook and n >= _MANY
        ]
    return tuple(found)


def _imports(notebook: Path) -> list[str]:
    """Return the names of the modules that a notebook imports, and of what it imports from them: some are modules too."""
    found = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            with suppress(SyntaxError):  # a magic
                for node in ast.parse(cell.source).body:
                    if isinstance(node, ast.ImportFrom):
                        found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
                    elif isinstance(node, ast.Import):
                        found += [name.name for name in node.names]
    return found


def state(records: str | None = None) -> dict[str, str | None]:
    """Return what a machine must share with another so that both make the same page, by name."""
    found = settings(Path(records) if records else None)
    return found["inputs"] | found["page_inputs"] | {"code version": found["head"]["code_version"]}


def command(record: dict, out: Path) -> str:
    """Return the command that runs one job again."""
    if not record["labels"]["level"]:
        return shlex.join(
            ["papi", "report", "--notebook", METHODS, "--lang", record["labels"]["lang"], "--out", str(out)]
        )
    given = record["parameters"]
    where = ["--district", given["district"]] if given.get("district") else ["--province", given["province"]]
    words = ["papi", "report", *where, "--year", str(given["year"]), "--lang", given["lang"],
             "--notebook", Path(record["notebook"]).stem, "--out", str(out)]  # fmt: skip
    return shlex.join(words + (["--records", given["records"]] if given.get("records") else []))


def _notebook(folder: Path, name: str) -> Path:
    known = notebooks(folder)
    for path in known:
        number, key = path.stem.split("_", 1)
        if name.removesuffix(".ipynb") in {path.stem, key} or (name.isdigit() and int(name) == int(number)):
            return path
    raise ValueError(f"no notebook '{name}'; there are {', '.join(p.stem for p in known)}")


def levels_of(notebook: Path) -> list[str]:
    """Return which levels of places a notebook serves, from its metadata."""
    return list(nbformat.read(notebook, as_version=4).metadata.get("papi", {}).get("levels", _LEVELS))


def _job(notebook: Path, place: places.Place, year: int, lang: str, records: Path | None) -> Job:
    home = places.province(place.province_code)
    labels = {
        "level": place.level,
        "code": place.code,
        "slug": place.slug,
        "name": place.name(lang),
        "year": year,
        "lang": lang,
        "notebook": notebook.stem,
        "title": title(notebook, lang),
    }
    parameters = {"province": home.name_vi, "year": year, "lang": lang}
    if place.level == "district":
        labels["parent"] = {"code": home.code, "name": home.name(lang), "slug": home.slug}
        parameters["district"] = place.name_vi
        if records:
            parameters["records"] = str(records)
        return Job(notebook, parameters, f"{year}/{lang}/{home.slug}/{place.slug}/{notebook.stem}", labels)
    tile = places.tiles(lang).loc[place.code]
    labels["tile"] = {
        "row": int(tile["row"]),
        "column": int(tile["column"]),
        "islands": tile["islands"] if isinstance(tile["islands"], str) else None,
    }
    return Job(notebook, parameters, f"{year}/{lang}/{home.slug}/{notebook.stem}", labels)

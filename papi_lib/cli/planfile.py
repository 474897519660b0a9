"""A run described in a file (TOML): its keys are the options of ``papi report``, which win where both are given."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papi_lib.cli import base
from papi_lib.cli.language import echo

if TYPE_CHECKING:
    from papi_lib.batch.jobs import Job

#: Keys that are files or folders, named from where the plan lies.
_PATHS = ("records", "out")
SAMPLE = """\
# A run of papi report. Take the # away from what you want, then:  papi report --plan {name}
# What is given on the command line wins. Files and folders are named from where this file lies.

province = ["Hà Nội"]           # names or codes; "all" for all
# district = ["Ba Đình"]        # "all" for all that have respondents
# records = "survey.parquet"    # respondents' records, as papi check --write makes them
year = [{year}]
lang = ["vi"]                   # "vi", "en"
# notebook = ["0", "3", "target"]  # numbers or names; without this line all
out = "output/report"           # the run folder
# document = ["docx", "xlsx"]   # documents besides the pages; also "html" (one page that opens alone) and "zip"
# jobs = 2                      # notebooks at the same time
# timeout = 300                 # seconds a cell may take

# Parameters of a notebook, as its cell "parameters" names them:
# [parameters.10_target]
# places = 5
"""


def read(ctx: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Make a plan's keys the command's defaults; tell all its faults, one a line, and end the command if there are any."""
    if path is None:
        return None
    from papi_lib.plaintext import shown

    try:
        text = path.read_text(encoding="utf-8-sig")
        told = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: is no TOML ({error}); text stands in quotation marks, lists in [ ]") from None
    options = {option.name: option for option in ctx.command.params if isinstance(option, click.Option)}
    found = {key: fault for key, value in told.items() if (fault := _fault(key, value, options))}
    for key, fault in found.items():
        row = next((n for n, line in enumerate(text.splitlines(), 1) if re.match(rf'\s*\[?"?{re.escape(key)}\b', line)), 1)  # fmt: skip
        echo(f"papi: {shown(path)}, row {row}, '{shown(key)}': {shown(fault)}", err=True)
    if found:
        ctx.exit(2)
    given = {key: path.parent / value if key in _PATHS else value for key, value in told.items() if key != "parameters"}
    own = told.get("parameters", {})
    given["set_"] = [f"{stem}.{name}={json.dumps(value)}" for stem, of in own.items() for name, value in of.items()]
    ctx.default_map = {
        key: (value if isinstance(value, list) else [value]) if options[key].multiple else value
        for key, value in given.items()
    }
    return path


def _fault(key: str, value: Any, options: dict[str, click.Option]) -> str | None:
    """Return what is wrong with one key of a plan, in a few words."""
    from papi_lib import collection, index, places
    from papi_lib.page.words import Words

    if key == "parameters":
        tables = isinstance(value, dict) and all(isinstance(own, dict) for own in value.values())
        return None if tables else "belongs above each notebook's parameters, as [parameters.10_target]"
    if key not in options or key in ("set_", "explain"):
        near = difflib.get_close_matches(key, options, n=1) or sorted(options)
        return f"no such key; did you mean {' or '.join(near)}?"
    option, many = options[key], value if isinstance(value, list) else [value]
    if isinstance(value, list) and not option.multiple:
        return "takes one value, not a list"
    wanted: type | tuple = bool if option.is_flag else int if isinstance(option.type, click.IntRange) else (str, int)
    if any(not isinstance(one, wanted) or (isinstance(one, bool) and wanted is not bool) for one in many):
        return "takes true or false" if wanted is bool else "takes a whole number" if wanted is int else "takes text"
    known: dict[str, Callable] = {
        "province": places.province,
        "year": index.check_year,
        "lang": Words,
        "notebook": lambda name: collection.choose(base.NOTEBOOKS, str(name)),
    }
    try:
        for one in many:
            if key in known and one != "all":
                known[key](one)
            elif not option.multiple and key not in _PATHS:
                option.type.convert(one, option, None)
    except (ValueError, click.BadParameter) as error:
        return getattr(error, "message", str(error))
    return None


def chosen(planned: Sequence[Job], settings: Sequence[str], only: Sequence[str], limit: int | None) -> list[Job]:
    """Return planned jobs with parameters of their notebooks set, those that are asked for, and so many of them.

    Parameters
    ----------
    planned : sequence of Job
        All that the options ask for.
    settings : sequence of str
        ``NOTEBOOK.NAME=VALUE``; a value is JSON, or else text.
    only : sequence of str
        Parts of pages' paths, as ``papi report --explain`` shows them; a page needs one of them.
    limit : int or None
        How many pages on places at most.

    Raises
    ------
    ValueError
        A parameter is of no notebook that runs; nothing is left.
    """
    jobs = list(planned)
    for one in settings:
        stem, _, rest = one.partition(".")
        name, _, text = rest.partition("=")
        own = [job for job in jobs if stem in (job.notebook.stem, job.notebook.stem[:2])]
        if not own or not name:
            raise ValueError(f"--set {one}: no notebook that runs has this name; write it as 10_target.places=5")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        jobs = [replace(job, parameters=job.parameters | {name: value}) if job in own else job for job in jobs]
    if only:
        jobs = [job for job in jobs if any(part.casefold() in job.path for part in only)]
        if not jobs:
            raise ValueError(f"--only {', '.join(only)}: no page has this in its path; papi report --explain shows the paths")  # fmt: skip
    of_places = [job for job in jobs if job.labels["level"]][:limit]
    return [job for job in jobs if not job.labels["level"] or job in of_places]

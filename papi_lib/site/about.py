"""What a page is about: what its notebook tells of itself, held against what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from nbformat import NotebookNode

from papi_lib.batch import manifest
from papi_lib.page.words import LANGUAGES

#: Mime type of what a notebook tells of itself.
FACTS = "application/vnd.papi.page+json"
_TEXT, _TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
_NUMBER, _NAME = {"type": ["number", "null"]}, {"type": ["string", "null"]}
_COUNT, _SINGLE = {"type": "integer", "minimum": 0}, {"type": ["string", "number", "null"]}
_CHANGE = {"since": {"type": "integer"}, "points": {"type": "number"}, "noise": {"type": "number"}}
_TILE = {"row": _COUNT, "column": _COUNT, "islands": _NAME}


#: What a page that tells its place must tell as it was asked, and what only if it was asked for.
_ALWAYS, _MAYBE = ("level", "code", "year", "lang"), ("dimension", "source", "data_hash")


def _object(required: dict, /, **more: object) -> dict:
    return {"type": "object", "required": [*required], "properties": required | more}


def _optional(schema: dict) -> dict:
    return schema | {"type": ["object", "null"]}


#: What lists and pages take from a notebook's facts, as a JSON schema.
_TOLD = _object(
    {},
    place=_object({"level": _TEXT, "code": {"type": ["integer", "string"]}, "name": _TEXT}),
    year={"type": "integer"},
    group={"enum": [1, 2, 3, 4, None]},
    change=_optional(_object(_CHANGE)),
    sample=_optional(_object({"respondents": _COUNT})),
    dimension={"type": ["integer", "null"]},
    simulated={"type": "boolean"},
    parts={"type": "array", "items": {"type": "array", "minItems": 4, "maxItems": 4, "items": _SINGLE}},
    **dict.fromkeys(("title", "about", "lang", "edition", "source"), _TEXT),
    **dict.fromkeys(("data_hash", "data_version", "code_version", "link"), _NAME),
    **dict.fromkeys(("score", "noise", "among", "rank", "rank_lower", "rank_upper"), _NUMBER),
    **dict.fromkeys(("findings", "missing"), _TEXTS),
) | {"dependencies": {"rank": ["score", "rank_lower", "rank_upper", "group"]}}
_LABELS = _object(
    {"level": _NAME, "name": _TEXT, "lang": {"enum": list(LANGUAGES)}, "notebook": _TEXT, "title": _TEXT},
    year={"type": "integer"},
    parent=_object({"name": _TEXT, "slug": _TEXT}),
    tile=_optional(_object(_TILE)),
)
_IF_FAILED = {"properties": {"status": {"const": "failed"}}}
_ELSE_MADE = {"required": ["facts"], "properties": {"outputs": _object({"executed": _TEXT, "page": _TEXT})}}
_IF_OF_NO_PLACE = {"properties": {"labels": {"properties": {"level": {"type": "null"}}}}}
_ELSE_OF_A_PLACE = {"properties": {"path": {"pattern": r"^\d{4}/[a-z]{2}(/[^/]+){2,}$"}, "labels": {"required": ["code", "slug", "year"]}}}  # fmt: skip
#: What the site needs of a job's record besides what every batch writes, as a JSON schema.
RECORD = _object(
    dict.fromkeys(("notebook", "parameters", "started", "error"), {}) | {"labels": _LABELS},
    facts=_TOLD,
    left_out=_COUNT,
) | {"allOf": [{"if": _IF_FAILED, "else": _ELSE_MADE}, {"if": _IF_OF_NO_PLACE, "else": _ELSE_OF_A_PLACE}]}


def read_facts(notebook: NotebookNode) -> dict:
    """Return what an executed notebook tells of itself: its outputs of the facts' mime type, in order.

    The findings of one that tells none are what it says under its first question.
    """
    told = {key: value for told in _told(notebook) for key, value in told.items()}
    if "place" in told and "findings" not in told:
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
        first = "".join(re.split("<h2", shown)[1:2])
        told["findings"] = [unescape(said) for said in re.findall(r'<p class="finding">(.*?)</p>', first, flags=re.S)]
    return told


def fault(notebook: NotebookNode, labels: dict, data_hash: str | None = None) -> str | None:
    """Return why an executed notebook is no page of what was asked, in a few words; None if it is, or does not tell.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The executed notebook; each of its outputs of facts counts.
    labels : dict
        The job's labels; among them ``dimension`` and ``source``, the records' file, where those were asked for.
    data_hash : str, optional
        Hash of the data package that was asked for.
    """
    for told in _told(notebook):
        try:
            manifest.checker(_TOLD)(told)
        except ValueError as error:
            return f"what the page tells of itself cannot be used ({error})"
        if "place" not in told:
            continue
        is_ = dict.fromkeys(_ALWAYS + _MAYBE) | told | told["place"]
        asked = {key: is_[key] for key in _MAYBE} | labels | ({"data_hash": data_hash} if data_hash else {})
        differing = [key for key in _ALWAYS + _MAYBE if is_[key] != asked[key]]
        if differing:
            return f"the page is about {_describe(is_, differing)}, asked was {_describe(asked, differing)}"
    return None


def _describe(what: dict, differing: list[str]) -> str:
    """Return place, year and language in words, and what differs besides."""
    more = [f"{name} {str(what[key])[:12]}" for key, name in (("dimension", "dimension"), ("data_hash", "data")) if key in differing]  # fmt: skip
    more += [str(what["source"])] if "source" in differing else []
    return ", ".join([f"{what['name']} ({what['level']} {what['code']})", str(what["year"]), str(what["lang"]), *more])


def _told(notebook: NotebookNode) -> Iterator[dict]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if FACTS in output.get("data", {}):
                yield output["data"][FACTS]

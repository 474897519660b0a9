"""Run folders made up for the tests of the site: executed notebooks without a kernel."""

import hashlib
import json
from html import escape
from pathlib import Path

import nbformat
from nbformat import v4

from papi_lib import site
from papi_lib.page.words import Words

TITLES = {
    "00_overview": {"vi": "Tổng quan", "en": "Overview"},
    "09_targets": {"vi": "Mục tiêu", "en": "Targets"},
    "01_participation": {"vi": "1. Tham gia của người dân", "en": "1. Participation"},
}
HEAD = {"schema": 1, "data_hash": "d" * 64, "finished": "2024-11-24T12:34:00+00:00"}
HOMES = {"ha-noi": "Hà Nội", "hai-phong": "Hải Phòng"}


def job(name: str, slug: str, notebook: str = "00_overview", *, year=2024, lang="vi", **more) -> dict:
    """Return a job's record as the batch makes it, before its page."""
    labels = {"level": "province", "code": 1, "slug": slug, "name": name, "year": year, "lang": lang}
    if "/" in slug:
        home = slug.partition("/")[0]
        labels |= {"level": "district", "parent": {"code": 1, "name": HOMES.get(home, home), "slug": home}}
    labels |= {"notebook": notebook, "title": TITLES[notebook][lang]} | more.pop("labels", {})
    record = {
        "path": f"{year}/{lang}/{slug}/{notebook}",
        "notebook": f"{notebook}.ipynb",
        "parameters": {"province": name, "year": year, "lang": lang},
        "labels": labels,
        "status": "done",
        "started": "2024-11-24T12:00:00+00:00",
        "seconds": 1.5,
        "error": None,
        "outputs": {},
        "hashes": {},
    }
    return record | more


def facts(record: dict, **more) -> dict:
    """Return what a notebook tells of itself."""
    labels = record["labels"]
    number = int(labels["notebook"][:2])
    told = {"title": f"{labels['title']}: {labels['name']}", "dimension": number or None, "year": labels["year"]}
    told |= {"lang": labels["lang"], "place": {key: labels[key] for key in ("level", "code", "name", "slug")}}
    told |= {"about": "Người dân được phục vụ ra sao.", "parts": [["Tổng điểm", 41.5, 3, 2]]}
    told |= {"score": 41.5, "rank": 3, "rank_lower": 1, "rank_upper": 9, "group": 2, "missing": [], "simulated": False}
    told |= {
        "source": "CECODES",
        "link": "https://papi.org.vn",
        "edition": "2021–2024",
        "data_version": "2024.1",
        "data_hash": "d" * 64,
    }
    return told | {"code_version": "0.1.0", "findings": []} | more


def district_facts(record: dict, **more) -> dict:
    """Return what a district's notebook tells of itself: a score with its noise and sample, no rank."""
    told = {"score": 43.67, "noise": 0.99, "rank": None, "rank_lower": 2, "rank_upper": 28, "among": 30, "group": None}
    told |= {"sample": {"respondents": 142, "clusters": 12}, "simulated": True, "source": "simulated.parquet"}
    return facts(record, **(told | more))


def notebook(record: dict, *fragments: str, told: dict | None = None, error: tuple | None = None):
    """Return an executed notebook: a title, fragments of HTML, and noise that no reader must see."""
    told = facts(record) if told is None else told
    data = {"text/html": f"<h1>{escape(told['title'])}</h1>", "application/vnd.papi.page+json": told}
    cells = [
        v4.new_markdown_cell("ANALYST ONLY"),
        v4.new_code_cell("page.title()", outputs=[v4.new_output("display_data", data=data)]),
        v4.new_code_cell(
            "loud()",
            metadata={"tags": ["analyst"]},
            outputs=[
                v4.new_output("stream", name="stdout", text="PRINTED"),
                v4.new_output("stream", name="stderr", text="FutureWarning: WARNED"),
                v4.new_output("execute_result", data={"text/plain": "PLAIN REPR"}),
            ],
        ),
        *(v4.new_code_cell(outputs=[v4.new_output("display_data", data={"text/html": f})]) for f in fragments),
    ]
    if error:
        cells.append(v4.new_code_cell(outputs=[v4.new_output("error", ename=error[0], evalue=error[1], traceback=[])]))
    return v4.new_notebook(cells=cells)


def methods(lang: str = "vi", name: str = "methods") -> tuple[dict, nbformat.NotebookNode]:
    """Return the record of a page about no place, and its notebook: text and a table of pandas."""
    labels = {"level": None, "name": "PAPI", "lang": lang, "notebook": name, "title": Words(lang)("Methods")}
    more = {"path": f"{name}-{lang}", "notebook": f"{name}.ipynb", "parameters": {}, "labels": labels}
    text = "# Methods\n\nIn short.\n\n## Confidence sets for ranks\n\nA *set*.\n\n## What stands out?"
    data = '<div><style scoped>x</style><table border="1" class="dataframe"><tr style="a"><th></th><th>se</th></tr></table></div>'
    cells = [
        v4.new_markdown_cell(text),
        v4.new_code_cell("HIDDEN", outputs=[v4.new_output("display_data", {"text/html": data})]),
    ]
    return {**job("", "x"), **more}, v4.new_notebook(cells=cells)


def table(*rows: tuple[str, str], caption: str = "Điểm") -> str:
    """Return a table as `papi_lib.tables` writes it, of one column."""
    body = "".join(f'<tr><th scope="row">{a}</th><td class="number">{b}</td></tr>' for a, b in rows)
    head = '<thead><tr><th scope="col">phần</th><th scope="col" class=number>điểm</th></tr></thead>'
    return f'<table class="figures"><caption>{caption}</caption>{head}<tbody>{body}</tbody></table>'


def run(out: Path, *made: tuple[dict, nbformat.NotebookNode]) -> Path:
    """Write a run folder of records and their notebooks; return its first page."""
    for record, executed in made:
        failed = record["status"] == "failed"
        path = out / "notebooks" / f"{record['path']}{'.failed' if failed else ''}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if executed is not None:
            nbformat.write(executed, path)
        if not failed:
            page = out / "site" / f"{record['path']}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(site.render_page(path.read_bytes(), record, HEAD))
            record["outputs"] = {"executed": _hash(path), "page": _hash(page)}
    write_manifest(out, [record for record, _ in made])
    return site.build(out)


def write_manifest(out: Path, jobs: list[dict]) -> None:
    (out / "manifest.json").write_text(json.dumps(HEAD | {"jobs": jobs}, ensure_ascii=False), encoding="utf-8")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

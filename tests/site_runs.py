"""Run folders made up for the tests of the site: executed notebooks without a kernel."""

import hashlib
import json
from html import escape
from pathlib import Path

import nbformat
from nbformat import v4

from papi_lib import site

TITLES = {
    "00_overview": {"vi": "Tổng quan", "en": "Overview"},
    "09_targets": {"vi": "Mục tiêu", "en": "Targets"},
    "01_participation": {"vi": "1. Tham gia của người dân", "en": "1. Participation"},
}


def job(name: str, slug: str, notebook: str = "00_overview", *, year=2024, lang="vi", **more) -> dict:
    """Return a job's record as the batch makes it, before its page."""
    labels = {"level": "province", "code": 1, "slug": slug, "name": name, "year": year, "lang": lang}
    labels |= {"notebook": notebook, "title": TITLES[notebook][lang]} | more.pop("labels", {})
    record = {
        "path": f"{year}/{lang}/{slug}/{notebook}",
        "notebook": f"{notebook}.ipynb",
        "parameters": {"province": name, "year": year, "lang": lang},
        "labels": labels,
        "status": "done",
        "started": "2024-11-24T12:00:00+00:00",
        "error": None,
        "outputs": {},
    }
    return record | more


def facts(record: dict, **more) -> dict:
    """Return what a notebook tells of itself."""
    labels = record["labels"]
    number = int(labels["notebook"][:2])
    told = {"title": f"{labels['title']}: {labels['name']}", "dimension": number or None, "year": labels["year"]}
    told |= {"score": 41.5, "rank": 3, "rank_lower": 1, "rank_upper": 9, "group": 2, "missing": [], "simulated": False}
    told |= {"source": "CECODES", "edition": "2021–2024", "data_version": "2024.1", "data_hash": "d" * 64}
    return told | {"code_version": "0.1.0", "findings": []} | more


def notebook(record: dict, *fragments: str, told: dict | None = None, error: tuple | None = None):
    """Return an executed notebook: a title, fragments of HTML, and noise that no reader must see."""
    told = facts(record) if told is None else told
    data = {"text/html": f"<h1>{escape(told['title'])}</h1>", "application/vnd.papi.page+json": told}
    cells = [
        v4.new_markdown_cell("ANALYST ONLY"),
        v4.new_code_cell("page.title()", outputs=[v4.new_output("display_data", data=data)]),
        v4.new_code_cell(
            "loud()",
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


def table(*rows: tuple[str, str], caption: str = "Điểm") -> str:
    """Return a table as `papi_lib.tables` writes it, of one column."""
    body = "".join(f'<tr><th scope="row">{a}</th><td class="number">{b}</td></tr>' for a, b in rows)
    head = '<thead><tr><th scope="col">phần</th><th scope="col" class=number>điểm</th></tr></thead>'
    return f'<table class="figures"><caption>{caption}</caption>{head}<tbody>{body}</tbody></table>'


def run(out: Path, *made: tuple[dict, nbformat.NotebookNode]) -> Path:
    """Write a run folder of records and their notebooks; return its first page."""
    plan = {"plan": [{"path": record["path"], "labels": record["labels"]} for record, _ in made]}
    for record, executed in made:
        failed = record["status"] == "failed"
        path = out / "notebooks" / f"{record['path']}{'.failed' if failed else ''}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if executed is not None:
            nbformat.write(executed, path)
        if not failed:
            page = out / "site" / f"{record['path']}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(site.render_page(path.read_bytes(), record, plan))
            record["outputs"] = {"executed": _hash(path), "page": _hash(page)}
    write_manifest(out, [record for record, _ in made])
    return site.build(out)


def write_manifest(out: Path, jobs: list[dict]) -> None:
    head = {"schema": 1, "data_hash": "d" * 64, "finished": "2024-11-24T12:34:00+00:00"}
    (out / "manifest.json").write_text(json.dumps(head | {"jobs": jobs}, ensure_ascii=False), encoding="utf-8")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""Put together what the documentation is built from: ``python docs/sources.py FOLDER``.

Nothing is written twice in the checkout: texts and guides are copied, the data dictionary comes from
``data/datapackage.json``, the codebook's page from ``data/survey/codebook.csv`` and the reference's list
of modules from the library's folder.
"""

from __future__ import annotations

import json
import pkgutil
import re
import shutil
import sys
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import papi_lib
from papi_lib import datafiles, index
from papi_lib.survey import codebook

ROOT = Path(__file__).resolve().parents[1]
#: Texts, and what their links and the guides need beside them.
COPIED = (
    "README.md",
    "README.vi.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "docs/faults.md",
    "docs/recipes.md",
    "LICENSE",
    "data/datapackage.json",
    "benchmarks/results",
)
#: The modules that researchers write code against, in the order in which they meet them.
RESEARCH = ("index", "tidy", "places", "published", "estimates", "precision", "posterior", "changes", "association", "sensitivity", "page.charts", "page.country")  # fmt: skip


def assemble(folder: Path) -> None:
    """Write the documentation's sources into a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    notebooks = [path.relative_to(ROOT) for path in (ROOT / "notebooks").glob("*.ipynb")]
    for path in [*map(Path, COPIED), *notebooks]:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / path).is_dir() else shutil.copy2)(ROOT / path, target)
    for report in (folder / "notebooks").glob("[0-9]*.ipynb"):  # these pages are in English
        text = report.read_text(encoding="utf-8").replace(r"lang: str = \"vi\"", r"lang: str = \"en\"")
        report.write_text(text, encoding="utf-8")
    for name in ("conf.py", "index.md"):
        shutil.copy2(ROOT / "docs" / name, folder / name)
    shutil.copytree(ROOT / "docs" / "pictures", folder / "extra" / "docs" / "pictures")
    (folder / "data.md").write_text(dictionary(datafiles.package()), encoding="utf-8")
    (folder / "codebook.md").write_text(questionnaire(), encoding="utf-8")
    for name, text in reference().items():
        path = folder / "api" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def dictionary(package: dict) -> str:
    """Return the data dictionary: every file of the package, every column with type, rule and meaning."""
    parts = ["# Data dictionary", package["description"], f"Version {package['version']}."]
    parts += _sources(package)
    for _, group in groupby(package["resources"], key=lambda r: json.dumps(r.get("schema", r["name"]))):
        files = list(group)
        first, last = files[0], files[-1]
        parts.append(f"## {re.sub(r' [0-9]{4}$', '', first['title'])}")
        names = f"`data/{first['path']}`" + (f" to `data/{last['path']}`" if len(files) > 1 else "")
        parts.append(f"{names}. {first['description'] if len(files) == 1 else 'One file a year.'}")
        parts += _sources(first)
        if "schema" in first:
            parts.append(_columns(first["schema"]))
    return "\n\n".join(parts) + "\n"


def _sources(about: dict) -> list[str]:
    """Return who the figures of the package or of one table are by, and under which licence."""
    shown = [f"{one['title']}, <{one['path']}>" if "path" in one else one["title"] for one in about.get("sources", [])]
    lines = [f"Source: {'; '.join(shown)}."] if shown else []
    return lines + [f"Licence: {one['title']}, <{one['path']}>." for one in about.get("licenses", [])]


def questionnaire() -> str:
    """Return the codebook as a page: the latest edition's items by sub-dimension."""
    year = index.years()[-1]
    items = codebook.items(year)
    parts = [
        "# Codebook",
        f"The items of the edition {index.edition(year)}, from `data/survey/codebook.csv`: what a file of respondents' "
        "records must hold ([how](CONTRIBUTING.md#respondents-records-of-the-national-survey)). The wording is this "
        "project's own. In brackets: the share (0-1) that an answer stands for.",
    ]
    head = ["item", "question", "answers", "no answer", "asked if"]
    for dimension in index.dimensions(year):
        parts.append(f"## {dimension}. {index.name(dimension, 'en')}")
        for part in index.subdimensions(year, dimension):
            own = items[items["subdimension"] == part]
            parts += [f"### {index.name(part, 'en')} (`{part}`)", _table(head, map(_item, own.itertuples()))]
    filters = items[items["subdimension"].isna()]
    parts += ["## What decides which question comes next", _table(head, map(_item, filters.itertuples()))]
    return "\n\n".join(parts) + "\n"


def reference() -> dict[str, str]:
    """Return the reference's pages by name: an index, and one for each public module."""
    pages, rows = {}, {}
    for name in sorted(module.name for module in pkgutil.walk_packages(papi_lib.__path__, "papi_lib.")):
        if hasattr(import_module(name.rpartition(".")[0]), "__all__"):
            continue  # a package with __all__ speaks for its modules
        source = Path(find_spec(name).origin).read_text(encoding="utf-8")
        about = re.match(r'"""(.*?)(?:\n\n|""")', source, re.S)[1].replace("\n", " ")
        pages[name] = f"# {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n"
        rows[name] = [f"[{name}]({name}.md)", about]
    first = [f"papi_lib.{name}" for name in RESEARCH]
    order = {"For research": first, "All that reports are made of": [name for name in rows if name not in first]}
    tables = [f"## {title}\n\n{_table(['module', 'one idea'], map(rows.get, names))}" for title, names in order.items()]
    contents = "\n".join(["```{toctree}", ":hidden:", "", *sum(order.values(), []), "```"])
    return pages | {"index": "\n\n".join(["# Library", *tables, contents]) + "\n"}


def _columns(schema: dict | str) -> str:
    fields = (
        json.loads((datafiles.folder() / schema).read_text(encoding="utf-8")) if isinstance(schema, str) else schema
    )
    rows = [[f"`{f['name']}`", f["type"], _rule(f.get("constraints", {})), f["description"]] for f in fields["fields"]]
    return _table(["column", "type", "rule", "meaning and unit"], rows)


def _rule(rule: dict) -> str:
    said = ["required"] if rule.get("required") else []
    if "minimum" in rule or "maximum" in rule:
        said.append(f"{rule.get('minimum', '…')} to {rule.get('maximum', '…')}")
    said += [f"`{rule['pattern']}`"] if "pattern" in rule else []
    return ", ".join(said + rule.get("enum", []))


def _item(row) -> list[str]:
    shares = {code: f" ({row.values[code]:g})" if row.values else "" for code in row.answers_en}
    answers = "; ".join(f"{code} {label}{shares[code]}" for code, label in row.answers_en.items())
    asked = f"`{row.asked_item}` = {', '.join(map(str, row.asked_codes))}" if row.asked_item else ""
    question = f"{row.question_en} *{row.question_vi}*"
    return [f"`{row.Index}`", question, answers, ", ".join(map(str, row.missing)), asked]


def _table(head: list[str], rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    assemble(Path(sys.argv[1]))

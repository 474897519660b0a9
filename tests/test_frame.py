"""The project's frame: notebooks' conventions, the conda environment, the lock, the catalogue."""

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import papi_lib
from papi_lib import datafiles
from papi_lib.page.words import LOCALE

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REPORTS = [p for p in NOTEBOOKS if re.match(r"\d\d_", p.name)]


def requirement(text: str) -> tuple[str, str]:
    name, bound = re.fullmatch(r"([\w.-]+?)((?:>=|==|=).*)?", text.split(";")[0].strip()).groups()
    return name.lower().replace("_", "-"), bound or ""


def test_conda_environment_is_in_step_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {requirement(r) for r in sum(project["optional-dependencies"].values(), project["dependencies"])}
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = {requirement(r) for r in listed if isinstance(r, str) and requirement(r)[0] not in {"python", "pip"}}
    pip = {requirement(r) for d in listed if isinstance(d, dict) for r in d["pip"] if not r.startswith("-e")}
    assert conda | pip == wanted


def test_binder_builds_the_conda_environment_and_opens_a_notebook_that_is_there():
    """What repo2docker looks for: nothing that it prefers to environment.yml, which installs this library."""
    preferred = ["binder", ".binder", "Dockerfile", "Project.toml", "REQUIRE", "default.nix", "DESCRIPTION"]
    assert not [name for name in [*preferred, "install.R", "runtime.txt"] if (ROOT / name).exists()]
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert "python=3.11" in listed
    assert "-e ." in next(d for d in listed if isinstance(d, dict))["pip"]
    opened = re.search(r"mybinder\.org/\S+urlpath=lab/tree/([\w/.]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert (ROOT / opened[1]).exists()
    kernel = nbformat.read(ROOT / opened[1], 4).metadata.kernelspec
    assert kernel["name"] == "python3"  # what Binder and hubs have by that name


def test_the_wheel_has_every_package_and_folder_that_is_read():
    parts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    own = {p.parent.relative_to(ROOT).as_posix().replace("/", ".") for p in (ROOT / "papi_lib").rglob("__init__.py")}
    assert set(parts["packages"]) == own | set(parts["package-dir"])
    assert all((ROOT / folder).is_dir() for folder in parts["package-dir"].values())
    suffixes = {p.suffix for p in (ROOT / "data").rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
    assert {"." + pattern.rpartition(".")[2] for pattern in parts["package-data"]["papi_lib.data"]} == suffixes


def test_lock_pins_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {
        requirement(line)[0]
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line.split(";")[0]
    }
    for text in sum(project["optional-dependencies"].values(), project["dependencies"]):
        assert requirement(text)[0] in locked


def test_whatever_is_installed_is_what_was_locked():
    """Each file that pip takes has a hash, pip and the build backend too; the install refuses what has none."""
    for name in ("requirements.lock", "tools.lock"):
        pins = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        assert pins
        assert not [pin.splitlines()[0] for pin in pins if pin[0] != "#" and "--hash=sha256:" not in pin]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (backend,) = project["build-system"]["requires"]
    for locked in (backend, "pip=="):
        assert re.search(rf"^{re.escape(locked)}", (ROOT / "requirements.lock").read_text(), re.M)
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if re.search(r"--requirement \w+\.lock", line)]  # fmt: skip
    assert lines
    assert all("--require-hashes" in line for line in lines)


def test_citation_names_this_version_and_the_source_of_the_scores():
    """The keys are those that the Citation File Format 1.2.0 requires and knows."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    known = ["authors", "cff-version", "keywords", "license", "message", "references", "title", "type", "version"]
    assert set(citation) == set(known)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"] == papi_lib.__version__
    assert citation["license"] == project["license"]
    (source,) = citation["references"]
    assert {"type", "title", "authors"} <= set(source)
    cited = datafiles.package()["sources"][0]
    assert cited["title"].endswith(source["title"])
    assert source["url"] == cited["path"]
    for entity in citation["authors"] + source["authors"]:
        assert set(entity) == {"name"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_a_story_in_short_cells(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 60_000
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert len(cell.source.splitlines()) <= 15, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef), cell.source
        if cell.outputs:
            assert "keep_output" in cell.metadata.get("tags", []), cell.source


@pytest.mark.slow
def test_running_notebooks_leaves_the_checkout_clean(tmp_path):
    """As git sees them, notebooks are what they were before they ran, with the filter that `make install` sets."""
    for name in (".gitattributes", "lab/clean.py", "notebooks/tutorial.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    git = ["git", "-c", f"filter.notebooks.clean='{sys.executable}' lab/clean.py"]
    for command in (["init", "-q"], ["add", "notebooks/tutorial.ipynb"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True, capture_output=True)
    ran = nbformat.read(tmp_path / "notebooks" / "tutorial.ipynb", 4)
    for count, cell in enumerate(cell for cell in ran.cells if cell.cell_type == "code"):
        cell.execution_count, cell.metadata["execution"] = count, {"iopub.status.busy": "2026-01-01"}
        if "keep_output" not in cell.metadata.get("tags", []):
            cell.outputs = [nbformat.v4.new_output("stream", text="42")]
    nbformat.write(ran, tmp_path / "notebooks" / "tutorial.ipynb")
    seen = subprocess.run([*git, "diff", "--stat"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert not seen.stdout
    clean = runpy.run_path(str(ROOT / "lab" / "clean.py"))["clean"]
    stored = {path.name: path.read_text(encoding="utf-8") for path in NOTEBOOKS}
    assert not [name for name, text in stored.items() if clean(text) != text]


@pytest.mark.parametrize("path", REPORTS, ids=lambda p: p.stem)
def test_report_notebook_has_typed_parameters_and_a_checked_figure(path):
    cells = nbformat.read(path, 4).cells
    parameters = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    assert len(parameters) == 1
    for name in ("province", "year", "lang"):
        assert re.search(rf"^{name}: \w+ = .+  # \w+", parameters[0].source, re.M)
    checks = [c for c in cells if "nbval-check-output" in c.metadata.get("tags", [])]
    assert checks
    assert all(c.outputs for c in checks)


@pytest.mark.parametrize(("name", "numbers"), [("tutorial", range(1, 11)), ("cookbook", range(11, 16))])
def test_fifteen_short_questions_have_checked_answers(name, numbers):
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells
    titles = [i for i, c in enumerate(cells) if re.match(r"## \d", c.source)]
    assert [int(cells[i].source[3:].partition(".")[0]) for i in titles] == list(numbers)
    for i in titles:
        assert re.fullmatch(r"## \d+\. .+\?\n\n\*.+\?\*", cells[i].source), "a question in English and in Vietnamese"
        assert len(cells[i + 1].source.splitlines()) < 10
        assert "nbval-check-output" in cells[i + 1].metadata["tags"]
        assert cells[i + 1].outputs


def test_vietnamese_catalogue_is_complete():
    mapping, options = parse_mapping_cfg((ROOT / "babel.cfg").open())
    found = extract_from_dir(
        str(ROOT),
        mapping,
        options,
        keywords={"w": None},
        directory_filter=lambda d: Path(d).name not in {".venv", "output", ".git"},
    )
    sentences = {message for _, _, message, _, _ in found if isinstance(message, str)}
    assert len(sentences) > 100
    with (LOCALE / "vi" / "LC_MESSAGES" / "papi.po").open("rb") as file:
        catalogue = read_po(file, locale="vi")
    missing = {s for s in sentences if not (catalogue.get(s) and catalogue.get(s).string)}
    assert not missing
    unused = {m.id for m in catalogue if m.id} - sentences
    assert not unused


def test_translations_keep_their_placeholders():
    with (LOCALE / "vi" / "LC_MESSAGES" / "papi.po").open("rb") as file:
        for message in read_po(file, locale="vi"):
            given, written = (set(re.findall(r"{\w+(?::[^}]*)?}", text)) for text in (message.id, message.string))
            assert given == written, message.id

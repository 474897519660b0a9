"""Two people's whole way, from a wheel in a fresh environment and from another folder: a researcher's and a clerk's."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import docx
import pandas as pd
import pytest
from conftest import ROOT
from openpyxl import load_workbook
from test_template import fill

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Install the wheel into an environment of its own; return what runs its programs elsewhere, and that folder.

    The other libraries are those of the environment that runs the tests.
    """
    base = tmp_path_factory.mktemp("fresh")
    source, here, bin_ = base / "source", base / "elsewhere", "Scripts" if os.name == "nt" else "bin"
    here.mkdir()
    for name in ("papi_lib", "data", "notebooks", "benchmarks/results", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    backend = int(importlib.metadata.version("setuptools").split(".")[0])
    apart = [] if backend < 80 else ["--no-build-isolation"]  # what make install has locked needs no download
    run([*pip, "wheel", "--no-deps", *apart, "--wheel-dir", base, f"{source}{os.sep}"])
    shutil.rmtree(source)
    run([sys.executable, "-m", "venv", "--without-pip", base / "venv"])
    (wheel,) = base.glob("*.whl")
    run([*pip, "--python", base / "venv", "install", "--no-deps", "--no-index", wheel])
    packages = run([base / "venv" / bin_ / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    Path(packages.strip(), "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PAPI_DATA")}
    environment |= {"JUPYTER_PATH": os.path.join(sys.prefix, "share", "jupyter"), "MPLBACKEND": "agg"}

    def call(program, *arguments):
        return run([base / "venv" / bin_ / program, *arguments], cwd=here, env=environment)

    return call, here


def run(command, **how):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=2000, **how)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


RESEARCH = """
import papi_lib
from papi_lib import datafiles, places, published, tidy
from papi_lib.page import charts
part = papi_lib.find("tham nhũng").query("kind == 'dimension'")["part"].iloc[0]
frame = papi_lib.panel([part, "total"], [2015, 2016], labels="en", wide=True)
pci = datafiles.read("pci")[["year", "province_code", "informal"]]
joined = frame.merge(pci, on=["year", "province_code"], how="left")
joined.attrs = frame.attrs
tidy.write(joined, "papi.dta")
ax = joined.plot.scatter("informal", "corruption_control", yerr="corruption_control_se")
ax.figure.savefig("picture.png")
assert len(published.totals(2024)) == 63
print(papi_lib.__file__)
"""


def test_a_researcher_finds_draws_and_hands_labelled_figures_to_r(fresh):
    call, here = fresh
    (here / "research.py").write_text(RESEARCH, encoding="utf-8")
    assert "venv" in Path(call("python", "research.py").strip()).parts  # not the checkout
    assert (here / "picture.png").stat().st_size > 5_000
    haven = shutil.which("Rscript") and subprocess.run(["Rscript", "-e", "library(haven)"], capture_output=True)
    if haven and haven.returncode == 0:
        read = "d <- haven::read_dta('papi.dta'); stopifnot(attr(d$corruption_control, 'label') == 'Control of corruption')"
        told = run(["Rscript", "-e", f"{read}; cat(nrow(d), format(sum(d$total), digits = 12))"], cwd=here)
        rows, total = map(float, told.split()[:2])
    else:
        with pd.read_stata(here / "papi.dta", iterator=True) as file:
            assert file.value_labels()["province_code"][48] == "Da Nang"
            assert file.variable_labels()["corruption_control"] == "Control of corruption"
            found = file.read(convert_categoricals=False)
        rows, total = len(found), found["total"].sum()
    assert rows == 126
    scores = pd.concat([pd.read_csv(ROOT / "data" / "published" / f"{year}.csv") for year in (2015, 2016)])
    assert total == pytest.approx(scores["score"].sum())


def test_a_clerk_goes_from_an_empty_template_to_documents_to_hand_over(fresh):
    call, here = fresh
    call("papi", "template", "--province", "Đà Nẵng", "--level", "commune", "survey.xlsx")
    commune = fill(here / "survey.xlsx", 120, 2025)[0]
    assert "120 respondents in 3 communes" in call("papi", "check", "survey.xlsx")
    call("papi", "report", "--commune", commune, "--records", "survey.xlsx", "--notebook", "participation")
    call("papi", "export", "--docx", "--xlsx", "--zip", "papi.zip")
    with zipfile.ZipFile(here / "papi.zip") as packed:
        packed.extractall(here / "given")
        names = packed.namelist()
    place = next(name for name in names if name.endswith(".docx")).removesuffix(".docx").removeprefix("documents/")
    assert {f"documents/{place}.xlsx", f"site/{place}/01_participation.html"} <= set(names)
    assert not [name for name in names if "survey" in name or name.endswith(".ipynb")]
    brief = docx.Document(here / "given" / "documents" / f"{place}.docx")
    assert commune in brief.paragraphs[0].text
    cells = [cell for sheet in load_workbook(here / "given" / "documents" / f"{place}.xlsx") for row in sheet.values for cell in row]  # fmt: skip
    assert "120" in str(cells)
    page = (here / "given" / "site" / place / "01_participation.html").read_text(encoding="utf-8")
    assert commune in page
    assert str(here) not in page

"""What several tests share: one run of the real notebooks, and small notebooks of our own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_notebook

from papi_lib import datafiles, index, places, published

ROOT = Path(__file__).parents[1]
os.environ["PAPI_UI"] = "en"  # whatever the system's language
os.environ["PAPI_RELEASES"] = os.path.join(tempfile.gettempdir(), f"papi-releases-{os.getpid()}.json")  # not the user's


def run_papi(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the command ``papi`` as a user would."""
    command = [str(Path(sys.executable).with_name("papi")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, env={**os.environ, **environment})


@pytest.fixture
def papi():
    return run_papi


@pytest.fixture
def make_notebook(tmp_path):
    """Write a notebook from the sources of its code cells, with a parameters cell first."""

    def make(name: str, *sources: str) -> Path:
        cells = [
            new_code_cell("province, year = 'x', None", metadata={"tags": ["parameters"]}),
            *map(new_code_cell, sources),
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / name
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return path

    return make


#: Awkward cases: what is special about each.
AWKWARD = [
    ("Vĩnh Phúc", 2024, "vi"),  # nothing published
    ("Bắc Ninh", 2022, "en"),  # partly published
    ("Hà Nội", 2011, "vi"),  # the first year of all
    ("Hà Nội", 2017, "vi"),
    ("Quảng Ninh", 2018, "vi"),  # partly published, a year that compares with none
    ("Hà Nội", 2021, "en"),  # an edition's first year, a break after it
    ("Kiên Giang", 2024, "vi"),  # the lowest
]


#: Districts: one of two types, with every figure or with hidden ones, in both languages.
DISTRICTS = [("Ba Đình", "vi"), ("Sóc Sơn", "en")]


RUN_CASES = """
import json, sys
from pathlib import Path
from papi_lib import report, site
from papi_lib.batch.run import Settings, run
out = Path(sys.argv[1])
provinces, districts = json.loads(sys.argv[2])
jobs = [job for province, year, lang in provinces
        for job in report.jobs(Path("notebooks"), [province], [str(year)], [lang], [])]
jobs += [job for district, lang in districts
         for job in report.jobs(Path("notebooks"), [], ["2024"], [lang], [], [district])]
jobs += [job for lang in ("vi", "en") for job in report.texts(Path("notebooks"), lang)]
failed = [r for r in run(jobs, out, report.settings()) if r["status"] == "failed"]
site.build(out)
sys.exit("\\n".join(f"{r['path']}: {r['error']}" for r in failed) or 0)
"""


@pytest.fixture(scope="session")
def awkward_run(tmp_path_factory):
    """Run every notebook for the awkward cases, as one batch; return the run folder.

    Tests that run side by side share it: the first makes it, the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "awkward"
    with FileLock(f"{out}.lock"):
        if not out.with_suffix(".made").exists():
            command = [sys.executable, "-c", RUN_CASES, str(out), json.dumps([AWKWARD, DISTRICTS])]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=500)
            assert done.returncode == 0, done.stderr
            out.with_suffix(".made").touch()
    return out


@pytest.fixture(scope="session")
def made_up_2025(tmp_path_factory):
    """A copy of the data with a made-up year of the 34 provinces: that of the year before, every score a little higher."""
    folder, new = tmp_path_factory.mktemp("new") / "data", places.REFORM
    shutil.copytree(datafiles.folder(), folder)
    parts = index.structure(new - 1)[["dimension", "subdimension"]]
    rows = {key: published.series(key, new - 1, new)[new - 1] + 0.005 for key in parts["subdimension"]}
    scores = pd.DataFrame({key: own.fillna(own.mean()) for key, own in rows.items()}).round(6)
    scores = (
        scores.rename_axis("province_code")
        .reset_index()
        .melt("province_code", var_name="subdimension", value_name="score")
    )
    scores = scores.merge(parts, on="subdimension").assign(year=new)

    # The three steps, and no other.
    columns = ["year", "province_code", "dimension", "subdimension", "score"]
    scores[columns].to_csv(folder / "published" / f"{new}.csv", index=False, lineterminator="\n")
    with (folder / "structure" / "years.csv").open("a", encoding="utf-8", newline="") as years:
        years.write(f"{new},{index.edition(new - 1)}\n")
    descriptor = folder / "datapackage.json"
    package = json.loads(descriptor.read_text(encoding="utf-8"))
    last = next(r for r in package["resources"] if r["name"] == f"scores-{new - 1}")
    entry = {key: value.replace(str(new - 1), str(new)) for key, value in last.items()}
    package["resources"].insert(package["resources"].index(last) + 1, entry)
    descriptor.write_text(json.dumps(package, ensure_ascii=False, indent=2), encoding="utf-8")
    return folder

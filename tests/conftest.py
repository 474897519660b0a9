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
from click.testing import CliRunner
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_notebook

from papi_lib import datafiles, index, places, published
from papi_lib.cli import main

ROOT = Path(__file__).parents[1]
os.environ["PAPI_UI"] = "en"  # whatever the system's language
os.environ["PAPI_RELEASES"] = os.path.join(tempfile.gettempdir(), f"papi-releases-{os.getpid()}.json")  # not the user's


#: What takes longest begins first, so that at the end no process is left with it alone.
LONGEST = (
    "awkward_run",
    "test_site_browser",
    "test_docs",
    "test_paths",
    "test_engine",
    "test_batch",
    "test_districts",
    "test_cli",
    "test_records",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Let the tests of a file run in one process, and those of the run of all notebooks (`--dist loadgroup`)."""
    groups = {item: "awkward_run" if "awkward_run" in item.fixturenames else item.path.stem for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: LONGEST.index(groups[item]) if groups[item] in LONGEST else len(LONGEST))


@pytest.fixture
def papi(monkeypatch):
    """Run the command ``papi`` in this process, which starts no other before it knows what to run."""
    monkeypatch.setattr("papi_lib.batch.pool.Pool", lambda *_: None)
    return lambda *arguments, **environment: CliRunner(env=environment).invoke(main, [str(word) for word in arguments])


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


#: What to run report notebooks for, most of it awkward, each dimension in two of the four years that compare with few.
AWKWARD = [
    ("Vĩnh Phúc", 2024, "vi", "12345678"),  # nothing published
    ("Bắc Ninh", 2022, "en", "2357"),  # partly published
    ("Hà Nội", 2011, "vi", "1468"),  # the first year of all, without two dimensions
    ("Quảng Ninh", 2018, "vi", "1357"),  # partly published, a year that compares with none
    ("Hà Nội", 2021, "en", "2468"),  # an edition's first year, a break after it
    ("Hà Nội", 2024, "vi", "12345678"),  # what notebooks are about as stored
]

#: Districts: one of two types, with every figure or with hidden ones, in both languages.
DISTRICTS = [("Ba Đình", "vi"), ("Sóc Sơn", "en")]


RUN_CASES = """
import json, sys
from contextlib import closing
from pathlib import Path
from papi_lib import collection, preload, report, site
from papi_lib.batch.jobs import Job, Settings
from papi_lib.batch.pool import Pool
from papi_lib.batch.run import run
out, folder = Path(sys.argv[1]), Path("notebooks")
provinces, districts = json.loads(sys.argv[2])
jobs = [job for province, year, lang, dimensions in provinces
        for job in report.jobs(folder, [province], [str(year)], [lang], ["0", *dimensions, "10", "11"])]
jobs += report.jobs(folder, ["Kiên Giang"], ["2024"], ["vi"], ["overview"])  # the lowest
jobs += [job for district, lang in districts for job in report.jobs(folder, [], ["2024"], [lang], [], [district])]
jobs += [job for lang in ("vi", "en") for job in report.texts(folder, lang)]
others = [Job(path, {}, path.stem) for path in folder.glob("[a-z]*.ipynb") if path.stem not in collection.TEXTS]
with closing(Pool(preload.imports)) as pool:
    records = run(jobs, out, report.settings(planned=jobs), pool=pool)
    records += run(others, out / "others", Settings(), pool=pool)
site.build(out)
sys.exit("\\n".join(f"{r['path']}: {r['error']}" for r in records if r["status"] == "failed") or 0)
"""


@pytest.fixture(scope="session")
def awkward_run(tmp_path_factory):
    """Run every notebook, those of reports for the awkward cases; return the run folder.

    Tests that run side by side share it: the first makes it, the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "awkward"
    with FileLock(f"{out}.lock"):
        if not out.with_suffix(".made").exists():
            command = [sys.executable, "-c", RUN_CASES, str(out), json.dumps([AWKWARD, DISTRICTS])]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=3000)
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

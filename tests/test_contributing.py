"""What CONTRIBUTING.md tells to do can be done."""

import re
from pathlib import Path

import pandas as pd

from papi_lib.survey import codebook, records

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_files_and_targets_it_names_exist():
    names = set(re.findall(r"`((?:data|notebooks|papi_lib|tests)/[\w./]+)`", GUIDE))
    missing = {name for name in names if not (ROOT / name).exists()}
    assert missing == {"data/published/2025.csv", "notebooks/NN_name.ipynb"}, missing
    targets = set(re.findall(r"^make ([\w-]+)", GUIDE, re.M))
    assert all(re.search(rf"^{t}:", (ROOT / "Makefile").read_text(), re.M) for t in targets), targets


def test_a_national_file_becomes_records_by_the_steps_it_shows(tmp_path, monkeypatch):
    """A Stata file with names and codes of its own and a second province; the snippet; the check."""
    own = records.read(ROOT / "data" / "survey" / "hanoi-2024-simulated.parquet").head(300)
    own = own.drop(columns=["note", "stratum"]).assign(province=1)
    own[list(codebook.items(2024).index)] = own[list(codebook.items(2024).index)].astype("float64")
    own["knows_delegates_elected"] = own["knows_delegates_elected"].map({1: 1, 2: 0, 88: 888, 99: 999})
    names = {"district_code": "district", "cluster": "commune", "knows_delegates_elected": "d101a"}
    raw = pd.concat([own, own.head(5).assign(province=31)]).rename(columns=names)
    raw.to_stata(tmp_path / "papi2024.dta", write_index=False, version=118)

    monkeypatch.chdir(tmp_path)
    exec(re.search(r"```python\n(.*?)```", GUIDE, re.S)[1], {})

    clean, problems = records.check(records.read(tmp_path / "hanoi-2024.dta"), 2024)
    assert problems.empty, problems
    assert len(clean) == 300
    assert set(clean["knows_delegates_elected"].dropna()) <= {1, 2, 88}

"""The documentation builds without a warning, whole and without the network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import statsmodels.formula.api as smf
from bs4 import BeautifulSoup

from papi_lib import covariates, datafiles, index, tidy
from papi_lib.survey import codebook

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build as `make docs` does, but without running the guides, which other tests do."""
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run([sys.executable, ROOT / "docs" / "sources.py", folder / "sources"], check=True, timeout=2000)
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-D", "nb_execution_mode=off"]
    done = subprocess.run([*build, "sources", "html"], cwd=folder, capture_output=True, text=True, timeout=2000)
    assert done.returncode == 0, done.stderr
    pages = [path for path in (folder / "html").rglob("*.html") if "_static" not in path.parts]
    return folder / "html", {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in pages}


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site):
    folder, pages = site
    for path, page in pages.items():
        fetched = [tag.get("src") for tag in page.find_all(["script", "img", "iframe", "source"]) if tag.get("src")]
        fetched += [tag["href"] for tag in page.find_all("link") if tag.get("href")]
        assert not [url for url in fetched if re.match(r"(https?:)?//", url)], path
        for url in fetched:
            if not url.startswith("data:"):
                assert (path.parent / unquote(re.split(r"[?#]", url)[0])).exists(), (path, url)
    for style in folder.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style


@pytest.mark.slow
def test_texts_guides_data_and_reference_are_all_there(site):
    folder, pages = site
    text = {path.relative_to(folder).as_posix(): page.get_text(" ").replace("’", "'") for path, page in pages.items()}
    for name in ("index", "README", "CONTRIBUTING", "CHANGELOG", "notebooks/methods", "search"):
        assert f"{name}.html" in text
    assert all(f"notebooks/{p.stem}.html" in text for p in (ROOT / "notebooks").glob("*.ipynb"))
    for resource in datafiles.package()["resources"]:
        if isinstance(resource.get("schema"), dict):
            assert resource["title"] in text["data.html"]
            assert all(field["description"] in text["data.html"] for field in resource["schema"]["fields"])
    assert all(item in text["codebook.html"] for item in codebook.items(index.years()[-1]).index)
    assert "rank_confidence_sets" in text["api/papi_lib.ranks.html"]
    assert "render_page" in text["api/papi_lib.site.html"]
    listed = re.findall(r"papi_lib[.\w]*", text["api/index.html"].split("For research", 1)[1])
    assert listed[0] == "papi_lib.index"
    modules = {p.stem for p in (ROOT / "papi_lib").glob("*.py")} - {"__init__"}
    assert not {m for m in modules if f"api/papi_lib.{m}.html" not in text}


def test_the_recipe_for_r_runs_and_gives_what_statsmodels_gives(tmp_path):
    packages = "".join(f"library({name});" for name in ("haven", "sandwich", "lmtest", "tidyr"))
    if not shutil.which("Rscript") or subprocess.run(["Rscript", "-e", packages], capture_output=True).returncode:
        pytest.skip("R is not installed, or not the packages of the recipe")
    covariates.write(tidy.panel(wide=True, labels="en"), tmp_path / "papi.dta")
    recipe = re.search(r"```r\n(.*?)```", (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8"), re.S)[1]
    last = "cat('\\n', format(coeftest(fit, vcov = vcovCL, cluster = ~province_code)['internet_access', 1:2], digits = 12))"
    (tmp_path / "a.R").write_text(recipe + last, encoding="utf-8")
    done = subprocess.run(["Rscript", "a.R"], cwd=tmp_path, capture_output=True, text=True, timeout=2000)
    assert done.returncode == 0, done.stderr
    frame = tidy.panel(wide=True).query("edition == 2021").dropna(subset=["basic_infrastructure", "internet_access"])
    model = smf.ols("basic_infrastructure ~ internet_access + C(province_code) + C(year)", frame)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": frame["province_code"]})
    given = [fit.params["internet_access"], fit.bse["internet_access"]]
    assert [float(x) for x in done.stdout.split()[-2:]] == pytest.approx(given, rel=1e-9)

"""Folders with spaces, diacritics and odd signs; a home that cannot be written to; names that Windows refuses."""

import os
import shutil
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from click.testing import CliRunner

from papi_lib import datafiles, index, places, report, site
from papi_lib.cli import main

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
#: On Windows some of these signs cannot be typed into a folder's name at all; elsewhere they can.
ODD = "kết quả 100% (năm #1)" + ("" if os.name == "nt" else " “thử”: <a>?*.")


def form(name: str, text: str) -> str:
    return unicodedata.normalize(name, text)


@pytest.mark.parametrize(("of_data", "of_out"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_data_and_output_folders_may_have_any_name(tmp_path, monkeypatch, of_data, of_out):
    data = tmp_path / form(of_data, "Dữ liệu của tôi") / "data"
    shutil.copytree(datafiles.folder(), data)
    monkeypatch.setenv("PAPI_DATA", str(data))
    assert CliRunner().invoke(main, ["check"]).exit_code == 0
    out = tmp_path / form(of_out, ODD)
    arguments = ["report", "--explain", "-n", "8", "-p", form(of_out, "Đắk Lắk"), "--out", str(out)]
    planned = CliRunner().invoke(main, arguments).output.splitlines()
    assert f"{index.years()[-1]}/vi/dak-lak/08_egovernance: new" in planned


def unprivileged() -> list[str]:
    """Return what takes root's right to write anywhere from a command, where tests run as root."""
    if os.name == "nt" or os.geteuid() != 0:
        return []
    tool = shutil.which("setpriv")
    if tool is None:
        pytest.skip("root may write anywhere, and setpriv is not there")
    return [tool, "--bounding-set=-dac_override,-dac_read_search"]


@pytest.mark.slow
def test_a_report_needs_no_home_and_files_are_meant_from_where_it_is_asked_for(tmp_path, monkeypatch):
    """As on a JupyterHub with a read-only home, where nothing is written; records, data and run folder have long relative names."""
    home, long, here = tmp_path / "home", tmp_path / ("thư mục tạm " * 6).strip(), tmp_path / form("NFD", "của tôi")
    for folder in (home, long, here):
        folder.mkdir()
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    shutil.copytree(datafiles.folder(), here / "Dữ liệu")
    descriptor = here / "Dữ liệu/datapackage.json"
    descriptor.write_text(descriptor.read_text(encoding="utf-8").replace('"version": "', '"version": "own-', 1), encoding="utf-8")  # fmt: skip
    shutil.copyfile(datafiles.folder() / "survey/hanoi-2024-simulated.parquet", here / "khảo sát.parquet")
    out = form("NFC", ODD)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "MPL", "IPYTHON", "XDG_"))}
    given = {"HOME": str(home), "TMPDIR": str(long), "PAPI_DATA": "Dữ liệu"}
    papi = str(Path(sys.executable).with_name("papi"))
    asked = ["-d", form("NFD", "Ba Đình"), "-n", "3", "--records", "khảo sát.parquet", "--out", out]
    done = subprocess.run([*unprivileged(), papi, "report", *asked], capture_output=True, text=True, cwd=here, timeout=2000, env=kept | given)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(Path(out, "site/index.html")) in done.stdout
    monkeypatch.setenv("PAPI_DATA", str(here / "Dữ liệu"))
    assert site.verify(here / out) == []
    page = (here / out / "site/2024/vi/ha-noi/quan-ba-dinh/03_accountability.html").read_text(encoding="utf-8")
    assert "own-2026" in page
    assert "khảo sát.parquet" in page
    assert str(tmp_path) not in page
    assert sorted(path.name for path in here.iterdir()) == sorted(["Dữ liệu", out, "khảo sát.parquet"])
    assert list(home.iterdir()) == list(long.iterdir()) == []


def test_every_output_has_a_name_that_windows_takes():
    jobs = report.jobs(NOTEBOOKS, ["all"], [], ["vi"], [], ["all"])
    names = {job.path.lower() for job in jobs}
    assert len(names) == len(jobs) > 900
    parts = {part for name in names for part in name.split("/")}
    for part in parts | {f"{part}.html" for part in parts}:
        path = PureWindowsPath(part)
        assert path.parts == (part,)
        assert not path.is_reserved(), part
        assert part == part.rstrip(". ")
        assert not set(part) & set('<>:"|?*\\'), part
        assert part.isascii()
    assert max(map(len, names)) < 100  # of the 260 signs that a whole path may have


@pytest.mark.parametrize("name", ["Con", "AUX", "Côn.", "com1", " nul ", "Lpt9..."])
def test_a_place_never_gets_the_name_of_a_device(name):
    made = places.slug(name)
    assert not PureWindowsPath(made).is_reserved()
    assert not PureWindowsPath(f"{made}.html").is_reserved()
    assert made == made.rstrip(". ")
    assert places.slug("Côn Đảo") == "con-dao"

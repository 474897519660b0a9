"""The explorer in a real JupyterLab in headless Chromium, started as ``make lab`` starts it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT

from papi_lib.site.booklet import browser

pytestmark = pytest.mark.slow
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SHOTS = ROOT / "output" / "screenshots"
TOKEN = "papi-test"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]


@pytest.fixture
def lab(tmp_path):
    """Start ``make lab`` in a copy of the checkout, with a home directory that cannot be written."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "lab", tmp_path / "lab")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "explore.ipynb", tmp_path / "notebooks")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / ".venv" / ".installed").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = f"--no-browser --ip=127.0.0.1 --port={port} --IdentityProvider.token={TOKEN} --allow-root"
    home = {"HOME": "/dev/null/home", "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        ["make", "lab", f"ARGS={arguments}"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG"))} | home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=1)
                break
            except OSError:
                assert server.poll() is None, server.stdout.read().decode()
                time.sleep(0.2)
        yield f"{address}/?token={TOKEN}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=100)  # until the last process that writes to it has ended


@pytest.fixture
def page(lab):
    try:
        program = browser()
    except ValueError as error:
        pytest.skip(str(error))
    playwright.expect.set_options(timeout=60_000)
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=QUIET)
        context = chromium.new_context(viewport={"width": 1280, "height": 1500})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        view = context.new_page()
        view.set_default_timeout(60_000)
        view.goto(lab)
        yield view
        chromium.close()


def test_from_a_click_to_a_cell(page):
    """Run all, choose another province by typing without accents, copy the code, run it in a new cell."""
    # who is faster than the kernel is asked to choose one; the one that is offered is right
    page.add_locator_handler(page.locator(".jp-Dialog"), lambda asked: asked.locator(".jp-mod-accept").click())
    page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
    running = page.locator(".jp-InputPrompt", has_text=re.compile(r"\[(\*|\d+)\]"))
    for _ in range(20):  # what is asked of a kernel that is still connecting is lost
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Chạy$")).click()  # the menus are Vietnamese
        page.locator('[data-command="runmenu:run-all"]').click()
        page.wait_for_timeout(1500)
        if running.count():
            break
    title = page.locator(".widget-html h2")
    playwright.expect(title).to_have_text("Tổng điểm: Hà Nội, 2011–2024")
    page.locator(".jp-Notebook .jp-WindowedPanel-outer").evaluate("notebook => notebook.scrollTo(0, 0)")
    page.locator("input[list]").first.fill("da nang")
    page.keyboard.press("Enter")
    playwright.expect(title).to_have_text("Tổng điểm: Đà Nẵng, 2011–2024")
    page.locator(".widget-dropdown select").nth(2).select_option(label="8. Quản trị điện tử")
    playwright.expect(title).to_have_text("Quản trị điện tử: Đà Nẵng, 2011–2024")
    page.locator(".widget-dropdown select").nth(1).select_option(label="Hải Phòng")
    drawn = page.locator(".widget-html svg")
    playwright.expect(drawn).to_contain_text("Hải Phòng")  # drawn anew, before anything is clicked below it
    playwright.expect(drawn).to_have_attribute("aria-label", re.compile("Điểm"))
    assert drawn.get_attribute("aria-label").startswith("Điểm của Đà Nẵng")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.locator(".jp-OutputArea .widget-vbox").first.screenshot(path=SHOTS / "explorer.png")

    page.get_by_role("button", name="Chép thành mã").click()
    for _ in range(300):  # the copy goes by way of the kernel
        copied = page.evaluate("navigator.clipboard.readText()")
        if "charts.history" in copied:
            break
        page.wait_for_timeout(200)
    page.locator(".jp-Notebook .jp-MarkdownCell").last.click()
    page.keyboard.press("b")
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(4)
    playwright.expect(cell).to_have_class(re.compile("jp-mod-active"))
    editor = cell.locator(".cm-content")
    editor.fill(copied)
    playwright.expect(editor).to_contain_text("charts.history")
    editor.press("Shift+Enter")
    again = cell.locator(".jp-OutputArea svg[role=img]").first
    playwright.expect(again).to_have_attribute("aria-label", drawn.get_attribute("aria-label"))
    assert again.text_content() == drawn.text_content()

"""Draw the README's pictures again: ``.venv/bin/python docs/pictures.py``."""

from contextlib import redirect_stdout
from pathlib import Path

from papi_lib import estimates
from papi_lib.page import charts, country, pictures, story
from papi_lib.page.page import Page

FOLDER = Path(__file__).parent / "pictures"

page = Page.open("Hà Nội", 2024, "en")
place, look = page.place, {"lang": page.lang}
with redirect_stdout(None):  # what the page would show
    parts = story.parts(page)
drawn = {
    "profile": charts.profile(parts, place, **look),
    "history": charts.history(estimates.history(place.code, [8], until=page.year), place, **look),
    "standing": country.strip(page.standing, place, **look),
    "tiles": country.tiles(page.standing["group"], place, **look),
}
for name, ax in drawn.items():
    (FOLDER / f"{name}.svg").write_text(pictures.svg(ax.figure, ax.figure.description.alt), encoding="utf-8")

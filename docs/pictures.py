"""Draw the README's pictures again: ``.venv/bin/python docs/pictures.py``."""

from pathlib import Path

from papi_lib import charts, charts_country, places, precision, published
from papi_lib.page.words import Words

FOLDER = Path(__file__).parent / "pictures"
YEAR = 2024

w, place = Words("en"), places.province("Hà Nội")
se = precision.standard_errors(YEAR, place.code)["se"]
pictures = {
    "profile": charts.profile(published.profile(place.code, YEAR), w, place, se=se),
    "history": charts.history(published.history(place.code, [8], YEAR), w, place),
    "ranks": charts_country.ranks(precision.rank_sets(YEAR), w, place),
    "tiles": charts_country.tiles(published.totals(YEAR)["group"], w, place),
}
for name, picture in pictures.items():
    (FOLDER / f"{name}.svg").write_text(picture.svg(), encoding="utf-8")

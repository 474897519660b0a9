"""Executed notebooks as a static site: a page a notebook, lists of places, search, changes, booklets.

Pages open from a folder, without network, one shared stylesheet and script beside them. A page is
made from its notebook, the job's record and the run's plan; all else from the manifest.
"""

from papi_lib.site.booklet import booklets
from papi_lib.site.lists import build
from papi_lib.site.pages import render_page
from papi_lib.site.review import compare, verify

__all__ = ["booklets", "build", "compare", "render_page", "verify"]

"""How the documentation is built; `docs/sources.py` puts this file beside the sources."""

from papi_lib import __version__

project, author = "PAPI notebooks", "The PAPI notebooks contributors"
version = release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
default_role = "py:obj"  # names in docstrings become links

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings tell types in words
suppress_warnings = [
    "ref.python",  # words of a type, as "name", that are also names of attributes
    "mystnb.unknown_mime_type",  # what a report's notebook tells the site beside what it shows
]
napoleon_google_docstring = False

myst_heading_anchors = 3
nb_execution_mode = "cache"  # guides run once, and again when their code changes
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_ipywidgets_js = {}  # would be fetched from the network

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_extra_path = ["extra"]  # pictures of the texts
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"*": [], "notebooks/*": []}  # only the library has so many pages that a list helps
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}

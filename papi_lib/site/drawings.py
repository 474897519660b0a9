"""Drawings on a page with less markup: a picture says the style of every line anew, a page need not."""

from __future__ import annotations

import html
import re
import zlib

_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_STYLE = re.compile(r' style="([^"{}]+)"')
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^)"]+)')


def slim(fragment: str, styles: dict[str, str]) -> str:
    """Return markup whose ``<svg>`` elements share the page's style rules and keep only the ids they refer to.

    Parameters
    ----------
    fragment : str
        HTML with any number of inline drawings; all else is left as it is.
    styles : dict of str to str
        The page's rules, from class to declarations; those needed are added. A class is named after
        its declarations, so that pages put together do not clash.
    """
    return re.sub(r"(<svg[^<>]*>)(.*?)(?=</svg>)", lambda m: m[1] + _slim(m[2], styles), fragment, flags=re.S)


def _slim(drawing: str, styles: dict[str, str]) -> str:
    needed = set(_REFERENCE.findall(drawing))

    def rule(found: re.Match) -> str:
        declarations = html.unescape(found[1])
        name = f"s{zlib.crc32(declarations.encode()):x}"
        styles[name] = declarations
        return f' class="{name}"'

    def tag(found: re.Match) -> str:
        text = _ID.sub(lambda m: m[0] if m[1] in needed else "", found[0])
        return text if " class=" in text else _STYLE.sub(rule, text)

    return _TAG.sub(tag, drawing)

"""Colours of pictures and pages, the one place for both: what the site's style sheet is given, and what charts draw."""

from __future__ import annotations

#: Colours of the four groups, 1 = highest: one hue from dark to light, told apart without colour vision; and their ink.
GROUPS = {1: "#08306b", 2: "#3182bd", 3: "#9ecae1", 4: "#e3eef9"}
INKS = {1: "#fefefe", 2: "#000001", 3: "#000001", 4: "#000001"}
PLACE, COUNTRY, REGION, CITIES, BEST, FAINT = "#c2410c", "#1f2937", "#0f766e", "#7c3aed", "#6b7280", "#8491a5"
TEXT, SOFT, LINE, ALARM = "#334155", "#475569", "#7d8a9e", "#b91c1c"
PAPER, DARK_PAPER = "#ffffff", "#111827"
#: What is drawn dark on white is drawn light on a dark page; other colours stay. Each has a contrast of 3:1 at least.
DARK = {
    PLACE: "#fb923c", COUNTRY: "#e5e7eb", REGION: "#2dd4bf", CITIES: "#c4b5fd", BEST: "#9ca3af", FAINT: "#7d8a9e",
    TEXT: "#cbd5e1", SOFT: "#b6bcc6", LINE: "#94a3b8", ALARM: "#fca5a5", PAPER: DARK_PAPER,
}  # fmt: skip


def style_sheet() -> str:
    """Return the rules that give pages the groups' colours, and drawings their colours on a dark page."""
    groups = "".join(f".group-{g}{{background:{colour};color:{INKS[g]}}}" for g, colour in GROUPS.items())
    dark = "".join(f"--c{colour[1:]}:{other};" for colour, other in DARK.items())
    return f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{groups}\n"

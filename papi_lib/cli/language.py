"""The language of the command line: English, or Vietnamese by ``--ui``, ``PAPI_UI`` or the system's language.

What commands say is written in English where it is said, and found again here by its form: a message of the catalogue
``locale/vi/LC_MESSAGES/cli.po`` is a sentence with ``{names}`` for what varies. One that it does not have stays English.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

CATALOGUE = Path(__file__).parents[1] / "locale" / "vi" / "LC_MESSAGES" / "cli.po"
LANGUAGES = ("vi", "en")
_WHERE = {r"\brows? (?=\d)": "dòng ", r"\bcolumn (?=')": "cột ", r"^warning$": "lưu ý"}


def ui() -> str:
    """Return the language of the command line."""
    context = click.get_current_context(silent=True)
    given = context.find_root().meta.get("ui") if context else None
    names = (given, *map(os.environ.get, ("PAPI_UI", "LC_ALL", "LC_MESSAGES", "LANG")))
    return "vi" if next(filter(None, names), "en").lower().startswith("vi") else "en"


def choose(ctx: click.Context, _option: click.Parameter, lang: str | None) -> None:
    """Take the language that ``--ui`` names."""
    if lang:
        ctx.find_root().meta["ui"] = lang


def echo(text: object, err: bool = False) -> None:
    """Print text in the language of the command line."""
    click.echo(told(str(text)), err=err)


def told(text: str) -> str:
    """Return what a command says in the language of the command line, line by line."""
    return text if ui() == "en" else "\n".join(map(_told, text.split("\n")))


def _told(line: str) -> str:
    for pattern, target in _patterns():
        if found := pattern.fullmatch(line):
            return target.format(**found.groupdict())
    head, sign, rest = line.partition(": ")
    if not sign:
        return line
    for where, place in _WHERE.items():
        head = re.sub(where, place, head)
    return f"{head}: {_told(rest)}"


@lru_cache(maxsize=1)
def messages() -> dict[str, str]:
    """Return the catalogue: English messages and the Vietnamese ones."""
    from babel.messages.pofile import read_po

    with CATALOGUE.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern, str]]:
    """Return the messages as patterns, those with most words of their own first."""
    made = []
    for english, vietnamese in messages().items():
        literal = re.split(r"\{(\w+)\}", english)
        pattern = "".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(literal))
        made.append((sum(map(len, literal[::2])), re.compile(pattern, re.S), vietnamese))
    return [(pattern, target) for _, pattern, target in sorted(made, key=lambda one: -one[0])]


class Formatter(click.HelpFormatter):
    """Help in the language of the command line."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        super().write_usage(prog, args, prefix or f"{told('Usage')}: ")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a list."""
        super().write_heading(told(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs; examples are the same in all languages."""
        parts = [p if p.startswith("\b") else told(" ".join(p.split())) for p in text.split("\n\n")]
        super().write_text("\n\n".join(parts).replace("\b\nExamples:", f"\b\n{told('Examples')}:").replace("\b\nExample:", f"\b\n{told('Examples')}:"))  # fmt: skip

    def write_dl(self, rows: Any, *args: int, **more: int) -> None:
        """Write options or commands, each with its help; what stands in brackets is told by itself."""
        super().write_dl([(name, _option(text)) for name, text in rows], *args, **more)


def _option(text: str) -> str:
    """Return the help of an option or a command, whose defaults stand in brackets behind two blanks."""
    text, *brackets = re.split(r"  \[|\](?=  \[|$)", text)
    parts = [f"  [{'; '.join(map(told, part.split('; ')))}]" for part in brackets if part]
    return told(" ".join(text.split())) + "".join(parts)


class Context(click.Context):
    """A command's context, whose help is in the language of the command line."""

    formatter_class = Formatter


class Command(click.Command):
    """A command with such help."""

    context_class = Context

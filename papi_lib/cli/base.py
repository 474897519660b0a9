"""What all commands share: the group, how it tells errors, what options take, and in which language.

What commands say is written in English where it is said, and found again here by its form: a message of the catalogue
``locale/vi/LC_MESSAGES/cli.po`` is a sentence with ``{names}`` for what varies. One that it does not have stays English.
The language is Vietnamese by ``--ui``, ``PAPI_UI`` or the system's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from papi_lib import delivered
from papi_lib.atomic import WriteError

NOTEBOOKS = delivered("notebooks")
#: The run folder, where none is named.
RUN = Path("output/report")
#: What options and arguments take: any file, one that is there, one to write, a folder, one that is there.
FILE = click.Path(path_type=Path)
GIVEN = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)
NEW = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
FOUND = click.Path(path_type=Path, exists=True, file_okay=False)


CATALOGUE = Path(__file__).parents[1] / "locale" / "vi" / "LC_MESSAGES" / "cli.po"
LANGUAGES = ("vi", "en")
_WHERE = {r"\brows? (?=\d)": "dòng ", r"\bcolumn (?=')": "cột ", r"^warning$": "lưu ý"}


def ui() -> str:
    """Return the language of the command line."""
    context = click.get_current_context(silent=True)
    given = context.find_root().meta.get("ui") if context else None
    names = (given, *map(os.environ.get, ("PAPI_UI", "LC_ALL", "LC_MESSAGES", "LANG")))
    return "vi" if next(filter(None, names), "en").lower().startswith("vi") else "en"


def _choose(ctx: click.Context, _option: click.Parameter, lang: str | None) -> None:
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


class _Formatter(click.HelpFormatter):
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


class _Context(click.Context):
    """A command's context, whose help is in the language of the command line."""

    formatter_class = _Formatter


class _Command(click.Command):
    """A command with such help."""

    context_class = _Context


class _OneLineErrors(click.Group):
    """Tell wrong input, and Control-C, as one line on standard error, without a traceback or a control character."""

    command_class, context_class = _Command, _Context

    def main(self, *given: Any, **how: Any) -> Any:
        """Run a command with a terminal that nothing but the command controls."""
        from papi_lib.plaintext import plain

        with plain():
            return super().main(*given, **how)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its first sentence."""
        with formatter.section("Commands"):
            known = sorted(self.commands.items())
            formatter.write_dl([(name, (about.help or "").split("\n\n")[0]) for name, about in known])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else ctx.command_path
            said, code = f"{error.format_message().rstrip('.')}; {path} --help tells what there is", 2
        except WriteError as error:
            said, code = f"{error}; make room there or choose another name", 2
        except ValueError as error:  # wrong names, faulty data files, folders in use
            said, code = str(error), 2
        except KeyboardInterrupt as error:
            why = str(error) or "nothing is half-written"
            said, code = f"stopped; {why}; give the same command again to go on", 130
        from papi_lib.plaintext import shown

        echo(f"papi: {shown(said)}", err=True)
        ctx.exit(code)


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="papi_lib")
@click.option("--ui", type=click.Choice(LANGUAGES), is_eager=True, expose_value=False, callback=_choose, help="Language of this command line.  [default: that of the system, if it is Vietnamese, else English]")  # fmt: skip
def main() -> None:
    """Notebooks, batches and pages on PAPI's published scores."""
    if os.environ.get("PAPI_DATA"):  # notebooks run in their own folder
        os.environ["PAPI_DATA"] = os.path.abspath(os.environ["PAPI_DATA"])


def many(*names: str, **about: Any) -> Callable:
    """Return an option that may be repeated."""
    return click.option(*names, multiple=True, **about)

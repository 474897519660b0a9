"""What all commands share: the group, how it tells errors, what options take."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from papi_lib import delivered
from papi_lib.atomic import WriteError
from papi_lib.cli import language
from papi_lib.cli.language import echo

NOTEBOOKS = delivered("notebooks")
#: The run folder, where none is named.
RUN = Path("output/report")
#: What options and arguments take: any file, one that is there, one to write, a folder, one that is there.
FILE = click.Path(path_type=Path)
GIVEN = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)
NEW = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
FOUND = click.Path(path_type=Path, exists=True, file_okay=False)


class _OneLineErrors(click.Group):
    """Tell wrong input, and Control-C, as one line on standard error, without a traceback or a control character."""

    command_class, context_class = language.Command, language.Context

    def main(self, *given: Any, **how: Any) -> Any:
        """Run a command with a terminal that nothing but the command controls."""
        from papi_lib.plaintext import plain

        with plain():
            return super().main(*given, **how)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, (about.help or "").split("\n\n")[0]) for name, about in sorted(self.commands.items())]
            )

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
@click.option("--ui", type=click.Choice(language.LANGUAGES), is_eager=True, expose_value=False, callback=language.choose, help="Language of this command line.  [default: that of the system, if it is Vietnamese, else English]")  # fmt: skip
def main() -> None:
    """Notebooks, batches and pages on PAPI's published scores."""
    if os.environ.get("PAPI_DATA"):  # notebooks run in their own folder
        os.environ["PAPI_DATA"] = os.path.abspath(os.environ["PAPI_DATA"])


def many(*names: str, **about: Any) -> Callable:
    """Return an option that may be repeated."""
    return click.option(*names, multiple=True, **about)

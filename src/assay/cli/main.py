"""The `assay` command: a sub-command per stage, and a few for people."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback

import click

import assay
from assay.errors import INTERRUPTED, AssayError, exit_status
from assay.machine import lacks

# sub-command -> what it does; the module of the same name is imported only when it is called
COMMANDS = {
    "init": "A new study, from questions or a template.",
    "run": "Run a study with yadage, from input.yml to report.",
    "status": "Where a run stands: stages, jobs, logs.",
    "report": "Draw the report of a run, as far as it has come.",
    "leaderboard": "Rank a run's methods, and your own, on held-out events.",
    "compare": "Two runs side by side: settings, limits, information.",
    "reana": "Run a study on a REANA cluster.",
    "validate": "Check an input.yml without running anything.",
    "inspect": "What is in a file or folder, and what is suspicious.",
    "migrate": "Turn input files of madminer-workflow into a study.",
    "doctor": "What this environment can do, and how to mend it.",
    "matrix-element": "|M|^2 of an embedded process at given phase-space points.",
    "completion": "Completion of commands and options in your shell.",
    "images": "Build, check and push the container images.",
    "configure": "Stage 1: parameter space, morphing basis, jobs.",
    "prepare": "Stage 2: processes, ready to generate.",
    "generate": "Stage 3: events of a batch of jobs, as LHE.",
    "simulate": "Stage 4: shower and detector of a batch of jobs.",
    "extract": "Stage 5: observables and cuts of a batch of jobs.",
    "combine": "Stage 6: all jobs in one event file.",
    "sample": "Stage 7: augmented data for training.",
    "train": "Stage 8: one training of a method.",
    "toys": "Stage 9: a batch of toys of one method.",
    "evaluate": "Stage 10: one method's limits and information.",
    "plot": "Stage 11: figures, report, MLflow store.",
}


class _Commands(click.Group):
    """Imports a sub-command's module when it is called, so that help and checks answer at once."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"assay.cli.{name.replace('-', '_')}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(assay.__version__, prog_name="assay")
def cli() -> None:
    """From one input.yml to limits on theory parameters.

    \b
    Examples:
      assay validate input/input.yml
      assay run --study input/input.yml
    """  # noqa: D301 - click wants the character


def main() -> None:
    """Run the command line, and end with the status of `assay.errors.exit_status`.

    Faults that a user can mend are told by their message, as is what the machine lacks; all others by their traceback.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: sums over more threads differ in the last digits
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("assay").setLevel(logging.INFO)
    colour = False if os.environ.get("NO_COLOR") else None  # None: on terminals alone
    try:
        sys.exit(cli(prog_name="assay", standalone_mode=False, color=colour))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except AssayError as error:
        click.secho(f"error: {error}", fg="red", err=True, color=colour)
        sys.exit(exit_status(error))
    except Exception as error:
        if (message := lacks(error)) is not None:
            click.secho(message, fg="red", err=True, color=colour)
        else:
            traceback.print_exception(error)
        sys.exit(exit_status(error))

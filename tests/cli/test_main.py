from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import assay
from assay.cli import main as module
from assay.cli.main import COMMANDS, cli, main
from assay.cli.stage import STAGES
from assay.errors import FINAL, MENDABLE, WRONG_STUDY, GenerationError, StudyError

ASSAY = Path(sys.executable).with_name("assay")

pytestmark = pytest.mark.fast


def test_every_stage_is_a_command() -> None:
    assert [name for name in COMMANDS if name in STAGES] == [*STAGES]


def test_help_lists_all_commands_and_imports_nothing_heavy() -> None:
    heavy = ("torch", "mlflow", "pythia8mc", "matplotlib", "uproot", "yadage", "h5py", "scipy")
    code = f"""
import sys
from click.testing import CliRunner
from assay.cli.main import cli
print(CliRunner().invoke(cli, ["--help"]).output)
sys.exit(", ".join(set({heavy!r}) & set(sys.modules)) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    for name, what in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert what in done.stdout
    assert "\n    assay run --study input/input.yml\n" in done.stdout  # examples keep their lines


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0, done.output
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in done.output
            assert parameter.help


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_of_a_command_is_the_one_of_the_list(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert COMMANDS[name].startswith(command.get_short_help_str(200).rstrip("."))


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str, raising: BaseException | None = None) -> object:
    """Run `main` as the installed command does; `raising` comes out of the sub-command `validate`."""

    @click.command()
    def command() -> None:
        if raising is not None:
            raise raising

    if raising is not None:
        monkeypatch.setattr(module._Commands, "get_command", lambda self, context, name: command)
    monkeypatch.setattr(sys, "argv", ["assay", *arguments])
    with pytest.raises(SystemExit) as ending:
        main()
    return ending.value.code


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StudyError("a fault", where="input.yml:3", mend="mend it"), WRONG_STUDY),
        (GenerationError("a fault", where="input.yml:3", mend="mend it"), MENDABLE),
    ],
)
def test_a_fault_that_can_be_mended_ends_with_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, status: int
) -> None:
    assert run_main(monkeypatch, "validate", raising=error) == status
    assert status in FINAL
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: input.yml:3: a fault\n  mend: mend it\n"


NO_SPACE = OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ZeroDivisionError("nothing"), 70),
        (FileNotFoundError(2, "gone"), 74),
        (ExceptionGroup("jobs", [NO_SPACE, ZeroDivisionError()]), 70),
    ],
)
def test_an_unexpected_error_shows_where_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, status: int
) -> None:
    assert run_main(monkeypatch, "validate", raising=error) == status
    assert status not in FINAL
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert str(error) in shown


@pytest.mark.parametrize(
    ("error", "status", "what", "mend"),
    [
        (NO_SPACE, 74, "no space left on device", "make room on the disk"),
        (ExceptionGroup("jobs", [NO_SPACE, NO_SPACE]), 74, "no space left on device", "make room on the disk"),
        (OSError(30, "Read-only file system", "/a"), 74, "read-only file system", "that can be written"),
        (OSError(24, "Too many open files"), 74, "too many open files", "ulimit -n"),
        (MemoryError(), 70, "cannot allocate memory (MemoryError)", "execution.resources"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 70, "cannot allocate", "more memory"),
        (ImportError("libx.so: failed to map segment from shared object"), 70, "cannot allocate", "more memory"),
        (OSError("119 requested and 56 written"), 74, "no space left on device", "make room on the disk"),
        (OSError("write failed: errno = 28, error message"), 74, "no space left on device", "make room"),
    ],
)
def test_what_the_machine_lacks_is_told_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    what: str,
    mend: str,
) -> None:
    wrapped = RuntimeError("from a library")
    wrapped.__cause__ = error
    for raised, ends in ((error, status), (wrapped, 70)):
        assert run_main(monkeypatch, "validate", raising=raised) == ends
        shown = capsys.readouterr().err
        assert shown.startswith(f"error: {what}")
        assert mend in shown
        assert "Traceback" not in shown
    assert status not in FINAL


def test_a_full_disk_has_the_status_of_input_and_output(small_study: Callable[..., Path], tmp_path: Path) -> None:
    """In earnest: files may not grow beyond a size."""
    limited = f"ulimit -f 1 && exec {ASSAY} configure --study {small_study()} --output {tmp_path / 'out'}"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, check=False)
    assert done.returncode == 74, done.stderr
    assert "File too large" in done.stderr


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143), (click.exceptions.Exit(3), 3)]
)
def test_interruptions_end_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int
) -> None:
    assert run_main(monkeypatch, "validate", raising=error) == status
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("arguments", [["nonsense"], ["train"], ["run", "--processes", "0"], []])
def test_a_wrong_command_line_has_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run_main(monkeypatch, *arguments) == 2
    assert "Usage: assay" in capsys.readouterr().err


def test_the_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(monkeypatch, "--version") in (0, None)
    assert assay.__version__ in capsys.readouterr().out


def test_the_installed_command(tmp_path: Path, assay: Callable[..., str]) -> None:
    """As a user sees it: a message and a status."""
    shown = assay("prepare", "--study", tmp_path / "study.json", "--setup", "s", "--output", tmp_path / "o", expect=2)
    assert "study.json" in shown
    assert "Traceback" not in shown
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(("given", "threads"), [(None, "1"), ("2", "2")])
def test_stages_compute_with_one_thread_unless_told_otherwise(given: str | None, threads: str) -> None:
    """Networks trained with one and with four threads differ, and a machine's cores are not part of the study."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    program = """
import sys
from assay.cli.main import main
assert "numpy" not in sys.modules
sys.argv = ["assay", "--version"]
try:
    main()
finally:
    import torch
    print("threads", torch.get_num_threads())
"""
    given_environment = environment if given is None else {**environment, "OMP_NUM_THREADS": given}
    done = subprocess.run(
        [sys.executable, "-c", program], env=given_environment, capture_output=True, text=True, check=True
    )
    assert f"threads {threads}\n" in done.stdout


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_on_a_terminal_unless_told_otherwise(no_color: str, coloured: bool, tmp_path: Path) -> None:
    """https://no-color.org; `script` gives the command a terminal."""
    if shutil.which("script") is None:
        message = "the program `script` is not here"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    command = f"NO_COLOR={no_color} {ASSAY} validate {tmp_path / 'none.yml'}"
    shown = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, check=False).stdout
    assert "none.yml" in shown
    assert ("\x1b[" in shown) is coloured

"""MadGraph's cards, filled from templates: what the study sets replaces what stands there, all else stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from assay.errors import GenerationError

Entry = tuple[str, tuple[int, ...]]
"""Block of a parameter card, in lower case (`decay` for widths), and the numbers of an entry in it."""
RunValue = str | int | float | bool

_BLOCK = re.compile(r"\s*block\s+(\S+)", re.IGNORECASE)
_DECAY = re.compile(r"(\s*decay\s+)([-+]?\d+)(\s+)(\S+)", re.IGNORECASE)
_ENTRY = re.compile(r"(\s*)((?:\d+\s+)+)([^\s#]+)")
_REFUSED = ("output", "launch", "exit", "quit")
_OTHER = ("qnumbers",)


def proc_commands(card: str, where: str) -> list[str]:
    """Return the commands of a proc card: model and processes; what is written, and where to, is not the card's affair.

    Raises
    ------
    GenerationError
        If it generates nothing, or holds commands that are Assay's.
    """
    commands = [line for text in card.splitlines() if (line := text.partition("#")[0].strip())]
    for line in commands:
        if line.split()[0] in _REFUSED:
            raise GenerationError(
                f"the proc card holds `{line}`",
                where=where,
                expected="import model, define, generate, add process",
                mend="remove the line: Assay writes the process and starts its runs",
            )
    if not any(line.startswith("generate ") for line in commands):
        raise GenerationError("the proc card generates nothing", where=where, expected="a line `generate PROCESS`")
    return commands


def run_card(card: str, values: Mapping[str, RunValue]) -> str:
    """Return a run card (`value = name ! comment`) with some values replaced; those that it lacks are added."""
    left = dict(values)
    lines = []
    for line in card.splitlines():
        name = _run_name(line)
        if name in values:
            if name in left:
                lines.append(f"  {left.pop(name)} = {name}")
            continue
        lines.append(line)
    return "\n".join([*lines, *(f"  {value} = {name}" for name, value in left.items())]) + "\n"


def run_value(card: str, name: str) -> str | None:
    """Return a value of a run card as text, None if it is not there."""
    found = None
    for line in card.splitlines():
        if _run_name(line) == name:
            found = line.partition("!")[0].rpartition("=")[0].strip()
    return found


def _run_name(line: str) -> str:
    head = line.partition("!")[0]
    return "" if head.lstrip().startswith("#") else head.rpartition("=")[2].strip().lower() if "=" in head else ""


def param_card(
    card: str, values: Mapping[Entry, float], template: str = "", where: str = "", *, complete: bool = True
) -> str:
    """Return a parameter card of MadGraph with the entries of a template, and over those the study's, replaced.

    Parameters
    ----------
    card
        As MadGraph writes it for the model.
    values
        What the study sets.
    template
        Entries that differ from the model's: a whole card, or a few lines of one.
    where
        Named in errors.
    complete
        Whether the model has to have all entries that the study sets; a background's may lack them.

    Raises
    ------
    GenerationError
        If the model's card has no such entry: its restriction has fixed the parameter, or it is another model.
    """
    known = {entry for entry, _, _ in _entries(card)}
    given = {entry: value for entry, value, _ in _entries(template)}
    wanted: dict[Entry, str] = {entry: value for entry, value in given.items() if entry in known}
    absent = [entry for entry, value in given.items() if entry not in known and not _is_zero(value)]
    absent += [entry for entry in values if complete and entry not in known]
    if absent:
        raise GenerationError(
            f"the model has no parameter {_named(absent[0])}",
            where=where,
            expected="an entry of its parameter card",
            mend="import the model without restriction (MODEL-full), or mend lha_block and lha_id",
        )
    wanted |= {entry: number(value) for entry, value in values.items()}
    lines = card.splitlines()
    for entry, _, position in _entries(card):
        if entry in wanted:
            lines[position] = _replaced(lines[position], entry, wanted[entry])
    return "\n".join(lines) + "\n"


def reweight_card(
    template: str, folder: str, points: Mapping[str, Mapping[Entry, float]], where: str = "reweight card"
) -> str:
    """Return a reweight card that gives every event a weight at each of some points, under the point's name.

    Parameters
    ----------
    template
        Further settings (`change mode LO`, `change helicity False` ...).
    folder
        Of the library: taken from there, or written to it.
    points
        Entries of the parameter card by name of the weight.

    Raises
    ------
    GenerationError
        If the template starts reweightings itself.
    """
    lines = [line for text in template.splitlines() if (line := text.partition("#")[0].strip())]
    if any(line.split()[0] in ("launch", "set") or line.startswith("change rwgt_dir") for line in lines):
        raise GenerationError(
            "the reweight card starts reweightings itself",
            where=where,
            expected="settings such as `change helicity False`",
            mend="remove launch, set and rwgt_dir: there is a weight for every benchmark",
        )
    lines.insert(0, f"change rwgt_dir {folder}")
    for name, values in points.items():
        lines.append(f"launch --rwgt_name={name}")
        lines += [f"set param_card {_named(entry)} {number(value)}" for entry, value in values.items()]
    return "\n".join(lines) + "\n"


def _entries(card: str) -> Iterator[tuple[Entry, str, int]]:
    """Yield the entries of a parameter card with their value and the number of their line."""
    block = ""
    for position, text in enumerate(card.splitlines()):
        line = text.partition("#")[0]
        if found := _BLOCK.match(line):
            block = found[1].lower()
        elif found := _DECAY.match(line):
            block = "decay"
            yield (block, (int(found[2]),)), found[4], position
        elif block not in ("", "decay", *_OTHER) and (found := _ENTRY.match(line)):
            yield (block, tuple(map(int, found[2].split()))), found[3], position


def _replaced(line: str, entry: Entry, value: str) -> str:
    comment = line.partition("#")[2]
    numbers = " ".join(map(str, entry[1]))
    head = f"DECAY {numbers} {value}" if entry[0] == "decay" else f"    {numbers} {value}"
    return f"{head} # {comment.strip()}" if comment else head


def number(value: float) -> str:
    """Return a number as it stands in a parameter card: MadGraph keeps seven digits when it reads and writes cards."""
    return f"{value:.6e}"


def _is_zero(value: str) -> bool:
    try:
        return float(value) == 0.0
    except ValueError:
        return False


def _named(entry: Entry) -> str:
    return " ".join([entry[0], *map(str, entry[1])])

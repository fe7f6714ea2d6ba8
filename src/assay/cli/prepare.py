"""`assay prepare`: stage 2, processes ready to generate."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.generation.jobs import cards_of
from assay.study.model_samples import processes_of


@click.command("prepare", short_help="Stage 2: processes, ready to generate.")
@study_option
@file_option("--setup", help="setup.h5 of configure.")
@output_option
def command(study_path: Path, setup: Path, output: Path) -> None:
    """Prepare every process that is generated: grids and cross sections at all benchmarks, or MadGraph's process.

    Writes NAME.npz (embedded) or NAME.tar.gz (MadGraph) per process: `signal`, and the samples that are generated.

    \b
    Example:
      assay prepare --study configure/study.json --setup configure/setup.h5 --output prepare
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)
    cards = [study_path.parent / card for card in cards_of(study)]

    def work(run: StageRun) -> None:
        from assay.cli.work.prepare import prepare_all

        for sample, cross_sections in prepare_all(study, setup, study_path.parent, run).items():
            for benchmark, (value, error) in cross_sections.items():
                place = benchmark if sample == "signal" else f"{benchmark} of {sample}"
                click.echo(f"  cross section at {place}: {value:.5g} +- {error:.1g} pb")
                name = benchmark if sample == "signal" else f"{sample}.{benchmark}"
                run.tracker.metrics({f"cross_section_pb.{name}": value})

    run_stage(
        "prepare",
        study,
        output,
        {"setup": [setup], **({"cards": cards} if cards else {})},
        work,
        settings={name: process.model_dump(mode="json") for name, process in processes_of(None, study.samples).items()},
    )

"""`assay prepare`: stage 2, the process ready to generate."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage


@click.command("prepare", short_help="Stage 2: the process, ready to generate.")
@study_option
@file_option("--setup", help="setup.h5 of configure.")
@output_option
def command(study_path: Path, setup: Path, output: Path) -> None:
    """Adapt the sampling grid and measure cross sections at all benchmarks: writes process.npz."""
    study = read_study(study_path)

    def work(run: StageRun) -> None:
        from assay.events.eventfile import read_setup_file
        from assay.generation.embedded import prepare
        from assay.generation.from_study import benchmark_couplings, embedded_settings

        couplings = benchmark_couplings(read_setup_file(setup).space)
        prepared = prepare(embedded_settings(study), couplings, run.seed)
        prepared.save(run.folder / "process.npz")
        for benchmark, (value, error) in prepared.cross_sections.items():
            click.echo(f"  cross section at {benchmark}: {value:.5g} +- {error:.1g} pb")
            run.tracker.metrics({f"cross_section_pb.{benchmark}": value})

    run_stage("prepare", study, output, {"setup": [setup]}, work)

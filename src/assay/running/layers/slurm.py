"""A job of Slurm per step, submitted and waited for by `srun`.

`srun` and not `sbatch --wait`: the step's status and output come back at once and as they are, and the job ends with
`srun`, so that nothing goes on when the launcher is ended. Jobs carry the run's label in their names, so that those
that a killed `srun` leaves are found.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.errors import WorkflowError
from assay.running.layers.commands import ask
from assay.running.layers.program import Layer, Program, Step, memory_words, run_label, time_words

_OF_THE_USER = ("ACCOUNT", "CLUSTERS", "CONF", "CONSTRAINT", "PARTITION", "QOS", "RESERVATION", "TIMELIMIT")
"""Variables `SLURM_*` that jobs heed; others would be of a job that the launcher itself runs in."""
_OVER_MEMORY = re.compile(r"(srun|slurmstepd).*(exceeded (job )?memory limit|oom.kill)", re.IGNORECASE)
_ENDED_EARLY = re.compile(r"srun: (Job step aborted|Force Terminated)|slurmstepd.* CANCELLED AT ")
"""What is told of jobs that were ended, maybe after half a line; the status is 0 if their node did not report how."""
_SETTLING = 10.0
"""Seconds within which Slurm knows how a job ended."""


class Slurm(Layer):
    """A job of Slurm, with the step's memory, cores, time limit and partition."""

    holds_time_limit = True

    def check(self, images: Sequence[str]) -> None:
        """Check that Slurm's programs are here and its controller answers."""
        if shutil.which("srun") is None:
            raise WorkflowError(
                "there is no Slurm here",
                expected="the programs srun, squeue, scancel",
                mend="start the run on a login node of the cluster, or without --batch-system",
            )
        answer = ask(["sinfo", "--noheader", "--format=%P"])
        if not answer.ok:
            raise WorkflowError(
                f"Slurm does not answer: {answer.reason}",
                expected="a controller that runs",
                mend="see `scontrol ping`, or run without --batch-system",
            )

    def wrap(self, program: Program, step: Step, name: str) -> Program:
        """Return the call of `srun`; its own errors end with a status that steps do not have."""
        resources = step.resources
        arguments = ["srun", f"--job-name={name}", "--ntasks=1", "--nodes=1", "--export=ALL"]
        arguments += [f"--chdir={program.folder}", f"--cpus-per-task={resources.cores or 1}"]
        if resources.memory is not None:
            arguments.append(f"--mem={math.ceil(resources.memory / 2**20)}M")
        if resources.time_limit is not None:
            arguments.append(f"--time={math.ceil(resources.time_limit / 60)}")
        if resources.partition is not None:
            arguments.append(f"--partition={resources.partition}")
        environment = {**_of_the_user(program.environment), "SLURM_EXIT_ERROR": "125"}
        return replace(program, arguments=[*arguments, *program.arguments], environment=environment)

    def ended_early(self, said: str) -> bool:
        """Look for what `srun` says of a job that was ended: its status may be 0 all the same."""
        return _ENDED_EARLY.search(said) is not None

    def cause(self, step: Step, name: str, said: str) -> str | None:
        """Ask how the job ended; of a job that its node ended for its memory, `srun` tells more than the state."""
        if _OVER_MEMORY.search(said):
            return memory_words(step)
        words = {
            "TIMEOUT": time_words(step),
            "OUT_OF_MEMORY": memory_words(step),
            "NODE_FAIL": "lost its node",
            "BOOT_FAIL": "lost its node",
            "PREEMPTED": "had to make way for another job",
            "CANCELLED": "was cancelled (scancel)",
        }
        return words.get(_final_state(name), "was ended by Slurm" if self.ended_early(said) else None)

    def end(self, step: Step, name: str) -> None:
        """Cancel an attempt's job."""
        ask(["scancel", f"--name={name}", f"--user={_user()}"])

    def end_run(self, run: str) -> None:
        """Cancel a run's jobs."""
        jobs = [
            line.partition("|") for line in ask(["squeue", "--noheader", f"--user={_user()}", "--format=%i|%j"]).lines
        ]
        left = [number for number, _, name in jobs if name.startswith(run_label(run))]
        if left:
            ask(["scancel", *left])


def _final_state(name: str) -> str:
    """Return the state in which the newest job of a name ended; empty if Slurm does not tell."""
    until = time.monotonic() + _SETTLING
    while True:
        lines = ask(["squeue", "--noheader", "--states=all", f"--name={name}", "--format=%A|%T"]).lines
        jobs = {int(number): state.strip() for number, _, state in (line.partition("|") for line in lines)}
        state = jobs[max(jobs)] if jobs else ""
        if state not in ("RUNNING", "COMPLETING") or time.monotonic() > until:
            return state
        time.sleep(0.2)


def _of_the_user(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {f"SLURM_{name}" for name in _OF_THE_USER}
    return {name: value for name, value in environment.items() if not name.startswith("SLURM_") or name in kept}


def _user() -> str:
    """Return who submits, by number: $USER is another's after `su` and `sudo`."""
    return str(os.getuid())

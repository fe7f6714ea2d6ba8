"""Replicas of parton densities, replaced by their principal components once all events are known.

The files of single jobs hold the weights of all replicas, in columns NAME_member_1 and so on of the systematic NAME;
which directions hold most of their variance takes the events of all jobs to know (`assay.theory.variations`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assay.events.header import EventHeader
from assay.events.table import EventTable, NuisanceParameter, Systematic
from assay.theory.parameters import ParameterSpace
from assay.theory.systematics import columns_of, parameters_of
from assay.theory.variations import ReplicaDirections, ReplicaSums, replica_directions, replica_pairs

KIND = "pdf_replicas"


@dataclass(frozen=True, eq=False)
class _Component:
    """A systematic's columns of members among all columns of variations, and their principal directions."""

    name: str
    members: NDArray[np.intp]
    directions: ReplicaDirections

    @property
    def parameters(self) -> tuple[NuisanceParameter, ...]:
        return parameters_of(self.name, self.directions.vectors.shape[1])

    @property
    def axes(self) -> str:
        """A hash of the directions."""
        return hashlib.sha256(np.ascontiguousarray(self.directions.vectors).tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class ReplicaReduction:
    """How the columns of variations change.

    Parameters
    ----------
    header
        Of the files after it; its provenance says what share of the replicas' variance the components hold.
    kept
        Columns that stay as they are.
    components
        What replaces the others.
    """

    header: EventHeader
    kept: NDArray[np.intp]
    components: tuple[_Component, ...]

    @classmethod
    def of(cls, header: EventHeader, tables: Callable[[], Iterable[EventTable]]) -> ReplicaReduction:
        """Determine principal directions.

        Parameters
        ----------
        header
            Of the files before.
        tables
            Gives all events in parts; not called if there are no replicas.

        Raises
        ------
        SystematicsError
            If replicas do not differ, or more components are asked for than there are.
        """
        members = _members(header)
        n_columns = len(header.nuisance_benchmarks)
        taken = np.concatenate([np.empty(0, dtype=np.intp), *members.values()])
        kept = np.setdiff1d(np.arange(n_columns), taken)
        if not members:
            return cls(header, kept, ())
        sums = {name: ReplicaSums(np.zeros((len(columns), len(columns)))) for name, columns in members.items()}
        for table in tables():
            if table.nuisance is not None:
                reference = _reference(table.space, table.weights)
                for name, columns in members.items():
                    sums[name] += ReplicaSums.of(reference, table.nuisance.weights[:, columns])
        wanted = {
            systematic.name: int(systematic.value) for systematic in header.systematics if systematic.kind == KIND
        }
        components = tuple(
            _Component(name, columns, replica_directions(sums[name], wanted[name])) for name, columns in members.items()
        )
        added = tuple(parameter for component in components for parameter in component.parameters)
        names = (*(header.nuisance_benchmarks[column] for column in kept), *columns_of(added))
        parameters = (*header.nuisance_parameters, *added)
        shares = {component.name: float(component.directions.shares.sum()) for component in components}
        reduced = replace(
            header,
            nuisance_benchmarks=names,
            nuisance_parameters=parameters,
            systematics=_along(header.systematics, components),
            provenance={**header.provenance, "share_of_replicas_variance": shares},
        )
        return cls(reduced, kept, components)

    def applied(self, table: EventTable) -> EventTable:
        """Return a table with components in place of replicas."""
        if not self.components or table.nuisance is None:
            return table
        weights, reference = table.nuisance.weights, _reference(table.space, table.weights)
        columns = [weights[:, self.kept]]
        for component in self.components:
            pairs = replica_pairs(reference, weights[:, component.members], component.directions)
            columns.append(np.stack(pairs, axis=2).reshape(len(reference), -1))
        nuisance = replace(
            table.nuisance,
            benchmark_names=self.header.nuisance_benchmarks,
            weights=np.concatenate(columns, axis=1),
            parameters=self.header.nuisance_parameters,
            systematics=self.header.systematics,
        )
        return replace(table, nuisance=nuisance)


def _members(header: EventHeader) -> dict[str, NDArray[np.intp]]:
    """Return the columns of members of every systematic that has some."""
    found = {}
    for systematic in header.systematics:
        if systematic.kind == KIND:
            prefix = f"{systematic.name}_member_"
            columns = [i for i, name in enumerate(header.nuisance_benchmarks) if name.startswith(prefix)]
            if columns:
                found[systematic.name] = np.array(columns, dtype=np.intp)
    return found


def _along(systematics: tuple[Systematic, ...], components: tuple[_Component, ...]) -> tuple[Systematic, ...]:
    axes = {component.name: component.axes for component in components}
    return tuple(replace(systematic, axes=axes.get(systematic.name, systematic.axes)) for systematic in systematics)


def _reference(space: ParameterSpace, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    column: NDArray[np.float64] = weights[:, space.index_of(space.reference)]
    return column

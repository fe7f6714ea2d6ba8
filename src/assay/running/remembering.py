"""yadage made to remember what it works out anew in every round, so that fan-outs over hundreds of jobs are practical.

In every round yadage asks each rule and each node the same questions again: it compiles the same few jq programs and
JSONPath expressions, and walks the graph once per path from a node to its ancestors, of which there are exponentially
many behind several fan-outs. All three are functions of their arguments alone, so remembering them changes no answer
(figures in docs/scale.md). This concerns the engine that `assay run` starts; REANA's is as it is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import adage.dagstate
import jq
import jsonpath_rw
import networkx

_PROGRAMS = 1000
"""At most as many are kept; a workflow has some tens."""


def remember() -> None:
    """Have this process's yadage remember."""
    jq.jq = lru_cache(maxsize=_PROGRAMS)(jq.jq)
    jsonpath_rw.parse = lru_cache(maxsize=_PROGRAMS)(jsonpath_rw.parse)
    adage.dagstate.upstream_failure = _upstream_failure


def _upstream_failure(dag: Any, node: Any) -> bool:
    """Whether any ancestor of a node has failed, looking at each once."""
    ancestors = networkx.ancestors(dag, node.identifier)
    return any(adage.dagstate.node_ran_and_failed(dag.getNode(ancestor)) for ancestor in ancestors)

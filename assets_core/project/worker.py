"""How a worker process makes its runtime: the same project from the same files, loaded afresh."""

from __future__ import annotations

from assets_core.execution.runtime import Runtime
from assets_core.ports import ProjectRef
from assets_core.project.loading import definitions_for


def runtime_for(project: ProjectRef) -> Runtime:
    """Load the project that the runner refers to; raises what loading it raises."""
    return definitions_for(project).runtime

"""The composition root: a project as the faces use it. Everything below is wired together here and nowhere else."""

from __future__ import annotations

from assets_core.project.facade import Planned, Project

__all__ = ["Planned", "Project"]

"""Configuration: files and ``ASSETS_*`` variables to one frozen tree of settings, each with where it came from.

Reads files and variables and nothing else; only ``project`` and ``cli`` import it. Nothing here loads pydantic, which
costs more than all of this together: users' own Config models are validated by ``declare.config`` when resolved.
"""

from __future__ import annotations

from assets_core.settings.files import ConfigFile, find_config
from assets_core.settings.origins import Given, Origin, Source
from assets_core.settings.overrides import parse_overrides
from assets_core.settings.reading import project_settings, read_settings
from assets_core.settings.tree import Row, Settings

__all__ = [
    "ConfigFile",
    "Given",
    "Origin",
    "Row",
    "Settings",
    "Source",
    "find_config",
    "parse_overrides",
    "project_settings",
    "read_settings",
]

"""Read models for the faces: plans, runs and assets as documents, and the details that explain them.

Everything here is derived from plans, graphs and records; nothing decides anything.
"""

from __future__ import annotations

"""Delays of the flights that left New York City in 2013: files, tables by day, reports.

``sources`` and ``raw`` bring the files in, ``daily`` works day by day, ``reports`` and ``model`` look at the year.
"""

from __future__ import annotations

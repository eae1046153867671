"""What ``assets explain E103`` prints: for every error code what it means, why it is an error, and what to do.

The texts are prose and live in ``explanations.md`` beside this file, one ``##`` heading per code. A code names one
cause for ever: a text may be improved, a code is never given to another cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Explanation:
    """``title`` is one line; ``text`` is Markdown of a few paragraphs."""

    title: str
    text: str


def parse_explanations(markdown: str) -> dict[str, Explanation]:
    """The sections headed ``## CODE Title``, by code; raises ValueError where a code stands twice."""
    found: dict[str, Explanation] = {}
    for section in markdown.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        code, _, title = heading.partition(" ")
        if code in found:
            raise ValueError(f"{code} is explained twice")
        found[code] = Explanation(title.strip(), body.strip())
    return found


EXPLANATIONS: Mapping[str, Explanation] = parse_explanations(
    files("assets_core").joinpath("explanations.md").read_text(encoding="utf-8")
)

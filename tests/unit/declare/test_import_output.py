"""What modules print while they are imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.declare.loader import load_project

NOISY = """
import logging
import sys

logging.getLogger("noisy").addHandler(logging.StreamHandler())
print("dsn", end="=")
print("s3cret")
sys.stderr.write("s3")
sys.stderr.write("cret, without an end")


def later():
    logging.getLogger("noisy").warning("again s3cret")
"""


def test_what_an_import_prints_goes_to_stderr_without_the_known_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "noisy_shop.py").write_text(NOISY)
    project = load_project(
        tmp_path, "noisy_shop", redact=lambda text: text.replace("s3cret", "***")
    )
    project.objects["noisy_shop"].later()
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "dsn=***\n***, without an endagain ***\n"

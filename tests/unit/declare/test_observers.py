"""The digest of files and folders: any change is seen, and nothing is read twice without need."""

from __future__ import annotations

import os
import time
from pathlib import Path

import blake3
import pytest

from assets_core import CONSTANT, file_digest
from assets_core.declare.creations import observe_creations
from assets_core.declare.observers import SETTLED_NS, FileDigests
from assets_core.errors import StepError


def observed(root: Path, path: str) -> str:
    with observe_creations(root):
        return file_digest(path)()


def test_a_token_is_the_digest_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x,y\n" * 400_000)
    wanted = blake3.blake3(b"x,y\n" * 400_000).hexdigest()
    assert observed(tmp_path, "a.csv") == f"blake3:{wanted}"


def test_the_path_is_relative_to_the_projects_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("1")
    with observe_creations(tmp_path):
        observe = file_digest("a.csv")
    monkeypatch.chdir("/")
    assert observe() == observed(tmp_path, "a.csv")
    assert repr(observe) == "FileDigest(path='a.csv')"
    monkeypatch.chdir(tmp_path)
    assert file_digest("a.csv")() == observe()
    assert file_digest("a.csv") == observe


def test_a_change_within_the_same_second_and_size_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    before, stamp = observed(tmp_path, "a.csv"), path.stat()
    path.write_text("2")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert observed(tmp_path, "a.csv") != before


def test_a_fresh_file_is_read_every_time_and_a_settled_one_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    reads: list[Path] = []
    whole = Path.open

    def opened(self: Path, *args: object, **kwargs: object) -> object:
        reads.append(self)
        return whole(self, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", opened)
    digests = FileDigests()
    assert digests.of(path) == digests.of(path)
    assert len(reads) == 2
    later = time.time_ns() + SETTLED_NS + 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert digests.of(path) == digests.of(path)
    assert len(reads) == 3


def test_what_is_known_survives_a_dump_and_a_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    later = time.time_ns() + SETTLED_NS + 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)
    first, second = FileDigests(), FileDigests()
    found = first.of(path)
    second.load({**first.dump(), "odd": "entry"})
    monkeypatch.delattr(Path, "open")
    assert second.of(path) == found


@pytest.mark.parametrize("change", ["edit", "rename", "add", "remove", "move between folders"])
def test_a_folder_changes_with_every_name_and_byte_in_it(tmp_path: Path, change: str) -> None:
    data = tmp_path / "data"
    (data / "b").mkdir(parents=True)
    (data / "a.csv").write_text("1")
    (data / "b" / "c.csv").write_text("2")
    before = observed(tmp_path, "data")
    assert observed(tmp_path, "data") == before
    match change:
        case "edit":
            (data / "b" / "c.csv").write_text("3")
        case "rename":
            (data / "a.csv").rename(data / "z.csv")
        case "add":
            (data / "b" / "d.csv").write_text("")
        case "remove":
            (data / "a.csv").unlink()
        case _:
            (data / "b" / "c.csv").rename(data / "c.csv")
    assert observed(tmp_path, "data") != before


def test_names_and_bytes_cannot_be_shifted_into_one_another(tmp_path: Path) -> None:
    for name, files in (("one", {"a": "bc", "b": ""}), ("two", {"ab": "c", "b": ""})):
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
    assert observed(tmp_path, "one") != observed(tmp_path, "two")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "data" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(StepError, match="is a link that leads out of the observed folder"):
        observed(tmp_path, "data")


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(StepError) as caught:
        observed(tmp_path, "data/planes.csv")
    error = caught.value
    assert (error.code, error.message) == (
        "E145",
        "`data/planes.csv` can't be read: No such file or directory",
    )
    assert error.help == f"the path is relative to the project's root: {tmp_path}/data/planes.csv"


def test_a_constant_never_changes() -> None:
    assert CONSTANT() == CONSTANT() == "constant"
    assert repr(CONSTANT) == "CONSTANT"

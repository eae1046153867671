"""Text, bytes, paths, memory and pickle: what each keeps, and what it refuses."""

from __future__ import annotations

import dataclasses
import errno
import os
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from assets_core.errors import CorruptionError, StepError
from assets_core.model.values import StoredPart
from materializers.binary_values import BytesMaterializer
from materializers.files import PathMaterializer
from materializers.memory import MemoryMaterializer
from materializers.pickled import PickleMaterializer
from materializers.stored_files import bytes_version, write_file
from materializers.text_values import TextMaterializer

TEXT, BYTES, PATH = TextMaterializer(), BytesMaterializer(), PathMaterializer()
MEMORY, PICKLE = MemoryMaterializer(), PickleMaterializer()
Store = Callable[..., StoredPart]


@pytest.mark.parametrize(
    ("made", "value"),
    [(TEXT, "a\ud800"), (TEXT, 1), (BYTES, "x"), (BYTES, bytearray()), (PATH, "x")],
)
def test_other_values_are_refused_when_the_materializer_is_named(
    store: Store, made: TextMaterializer, value: object
) -> None:
    with pytest.raises(StepError, match="E302"):
        store(made, value)


def test_equal_bytes_of_different_kinds_are_different_versions(store: Store) -> None:
    versions = {store(TEXT, "x").written.data_version, store(BYTES, b"x").written.data_version}
    assert len(versions) == 2


# --- paths ------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "model"
    (root / "weights").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "config.json").write_text("{}")
    (root / "weights" / "0.bin").write_bytes(b"\x00" * 3_000_000)
    return root


def load(part: StoredPart) -> Path:
    loaded = PATH.load([part], None, Path)
    assert isinstance(loaded, Path)
    return loaded


def test_a_file_is_copied_under_its_own_name(store: Store, tmp_path: Path) -> None:
    produced = tmp_path / "report.csv"
    produced.write_text("a,b\n")
    loaded = load(store(PATH, produced))
    produced.write_text("changed")
    assert (loaded.name, loaded.read_text()) == ("report.csv", "a,b\n")
    assert load(store(PATH, produced)) != produced


def test_a_directory_is_copied_whole(store: Store, tree: Path) -> None:
    part = store(PATH, tree)
    loaded = load(part)
    assert sorted(p.relative_to(loaded).as_posix() for p in loaded.rglob("*")) == [
        "config.json",
        "empty",
        "weights",
        "weights/0.bin",
    ]
    assert part.written.size == 3_000_002
    PATH.verify(part)
    PATH.delete(part.location, part.written)
    assert list(part.location.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "config.json").write_text("{ }"),
        lambda root: (root / "config.json").rename(root / "settings.json"),
        lambda root: (root / "more").mkdir(),
        lambda root: (root / "empty").rmdir(),
    ],
)
def test_names_directories_and_bytes_are_the_version(
    store: Store, tree: Path, change: Callable[[Path], object]
) -> None:
    before = store(PATH, tree)
    assert store(PATH, tree).written == before.written
    change(tree)
    assert store(PATH, tree).written.data_version != before.written.data_version


@pytest.mark.parametrize(
    "damage",
    [
        lambda stored: (stored / "config.json").write_text("[]"),
        lambda stored: (stored / "config.json").unlink(),
        lambda stored: (stored / "planted").write_text("x"),
        lambda stored: (stored / "planted").mkdir(),
        lambda stored: (stored / "empty").rmdir(),
    ],
)
def test_a_damaged_tree_is_not_handed_out(
    store: Store, tree: Path, damage: Callable[[Path], object]
) -> None:
    part = store(PATH, tree)
    damage(load(part))
    with pytest.raises(CorruptionError):
        load(part)


def test_a_folder_that_cannot_be_listed_is_an_error_and_no_other_version(
    store: Store, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def failing(path: str) -> object:
        if str(path).endswith("weights") and str(tree) not in str(path):
            raise OSError(errno.EMFILE, "Too many open files", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(OSError, match="Too many open files"):
        store(PATH, tree)


def test_links_inside_are_stored_as_files_and_links_out_are_refused(
    store: Store, tree: Path, tmp_path: Path
) -> None:
    (tree / "latest").symlink_to("weights/0.bin")
    assert not (load(store(PATH, tree)) / "latest").is_symlink()
    secret = tmp_path / "secret"
    secret.write_text("x")
    for target in (secret, Path("../secret"), Path("weights"), Path("nowhere"), Path("loop")):
        (tree / "loop").unlink(missing_ok=True)
        (tree / "loop").symlink_to(target)
        with pytest.raises(StepError, match="E302"):
            store(PATH, tree)


def test_a_pipe_or_a_missing_path_is_refused(store: Store, tree: Path) -> None:
    with pytest.raises(StepError, match="cannot be read"):
        store(PATH, tree / "missing")
    os.mkfifo(tree / "pipe")
    for value in (tree, tree / "pipe"):
        with pytest.raises(StepError, match="E302"):
            store(PATH, value)


# --- memory and pickle ------------------------------------------------------------------------------------------


def test_memory_hands_out_copies(store: Store) -> None:
    frame = pd.DataFrame({"a": [1]})
    part = store(MEMORY, frame)
    frame.loc[0, "a"] = 2
    loaded = MEMORY.load([part], None, pd.DataFrame)
    assert isinstance(loaded, pd.DataFrame)
    loaded.loc[0, "a"] = 3
    again = MEMORY.load([part], None, None)
    assert isinstance(again, pd.DataFrame)
    assert again["a"].tolist() == [1]


@pytest.mark.parametrize(
    ("value", "stable"),
    [({"a": [1]}, True), (3, True), ((1, 2), False), ({1: 2}, False), (object(), False)],
)
def test_memory_versions_are_of_the_content_only_for_json(
    store: Store, value: object, stable: bool
) -> None:
    versions = {store(MEMORY, value).written.data_version for _ in range(2)}
    assert (len(versions) == 1) == stable


def test_memory_forgets_what_is_deleted(store: Store) -> None:
    part = store(MEMORY, 1)
    MEMORY.delete(part.location, part.written)
    for read in (MEMORY.verify, lambda p: MEMORY.load([p], None, None)):
        with pytest.raises(CorruptionError, match="not held in the memory"):
            read(part)


class Payload:
    """What an attacker would plant: unpickling it creates a file."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.witness,))


def test_a_planted_pickle_is_never_loaded(store: Store, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    part = store(PICKLE, Fraction(1, 3))
    path = part.location / part.written.files[0].name
    path.write_bytes(pickle.dumps(Payload(witness)).ljust(path.stat().st_size, b"."))
    with pytest.raises(CorruptionError):
        PICKLE.load([part], None, None)
    assert not witness.exists()


def test_pickle_reads_only_what_was_recorded_as_written_by_it(store: Store, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    folder = tmp_path / "planted"
    folder.mkdir()
    file = write_file(folder, "value.pickle", pickle.dumps(Payload(witness)))
    written = dataclasses.replace(
        store(BYTES, b"x").written, files=(file,), data_version=bytes_version("bytes", (file,))
    )
    with pytest.raises(CorruptionError, match="written by `bytes`"):
        PICKLE.load([StoredPart("", folder, written)], None, None)
    assert not witness.exists()


def test_pickle_checks_a_class_annotation(store: Store) -> None:
    part = store(PICKLE, Fraction(1, 3))
    assert PICKLE.load([part], None, Fraction) == Fraction(1, 3)
    assert PICKLE.load([part], None, "Fraction") == Fraction(1, 3)
    with pytest.raises(StepError, match="E303"):
        PICKLE.load([part], None, dict)


@pytest.mark.parametrize("made", [MEMORY, PICKLE])
def test_what_can_be_neither_copied_nor_pickled_is_refused(
    store: Store, made: MemoryMaterializer
) -> None:
    with pytest.raises(StepError, match="E302"):
        store(made, (n for n in range(3)))

"""``assets verify`` as it is used."""

from __future__ import annotations

import sqlite3

from tests.faces.command import Command


def stored(built: Command, name: str) -> str:
    """The one stored file of an unpartitioned asset, below the project."""
    folder = built.folder / ".assets" / "data" / name
    (file,) = [p for p in folder.rglob("*") if p.is_file()]
    return str(file.relative_to(built.folder))


def test_all_is_well(built: Command) -> None:
    done = built("verify")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Verified 5 versions, 17 B: all as recorded\n"


def test_what_is_damaged_is_named_and_made_again(built: Command) -> None:
    file = built.folder / stored(built, "total")
    file.write_text("99")
    done = built("verify", "--no-progress")
    assert done.code == 1
    assert done.out == (
        f"  x total  damaged: {file} does not hold the bytes that were recorded\n"
        "Verified 5 versions, 17 B: 1 damaged\n"
        "What is missing or damaged is out of date now.  Make it again: assets materialize\n"
    )
    assert "its output is damaged" in built("plan").out
    assert built("materialize").code == 0
    assert built("verify").code == 0


def test_the_document_says_what_and_where(built: Command) -> None:
    (built.folder / stored(built, "label")).unlink()
    done = built("verify", "--json")
    assert done.code == 1
    document = done.document
    assert document["counts"] == {
        "sound": 4, "missing": 1, "damaged": 0, "unverified": 0, "recovered": 0,
    }  # fmt: skip
    (suspect,) = document["suspects"]
    assert (suspect["asset"], suspect["status"], suspect["current"]) == ("label", "missing", True)
    assert built.json("verify", "total", "--all")["versions"] == 1
    assert built.json("verify", "orders", "-p", "eu")["versions"] == 1


def test_a_state_store_that_contradicts_itself_is_exit_6(built: Command) -> None:
    with sqlite3.connect(built.folder / ".assets" / "state.sqlite") as connection:
        connection.execute("UPDATE durations SET mean_s = 9")
    connection.close()
    done = built("verify")
    assert done.code == 6
    assert "the table `durations` is not what the recorded facts say" in done.out


def test_nothing_recorded_is_nothing_to_verify(shop: Command) -> None:
    done = shop("verify")
    assert (done.code, done.out) == (0, "Verified 0 versions, 0 B: all as recorded\n")
    assert not (shop.folder / ".assets" / "state.sqlite").exists()

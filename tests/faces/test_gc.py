"""``assets gc`` as it is used."""

from __future__ import annotations

from tests.faces.command import Command


def test_nothing_to_collect(built: Command) -> None:
    done = built("gc")
    assert (done.code, done.out) == (0, "Nothing to collect.\n")


def test_without_a_terminal_it_needs_yes(built: Command) -> None:
    for _ in range(2):
        assert built("materialize", "total", "--force").code == 0
    refused = built("gc")
    assert refused.code == 2
    assert "error[E930]: this deletes something, and there is nobody to ask" in refused.err
    dry = built("gc", "--dry-run")
    line = "  - 1 version  2 B  would be condemned: nothing refers to it\n"
    assert (dry.code, dry.out) == (0, line)
    done = built("gc", "-y")
    assert done.code == 0
    assert done.out == (
        "  - 1 version  2 B  condemned: nothing refers to it\n"
        "note: condemned, and not deleted yet: 1 version, 2 B: deleted by a later gc\n"
    )


def test_the_document_counts_and_measures(built: Command) -> None:
    built("materialize", "total", "--force")
    document = built.json("gc", "-y", ASSETS_GC__KEEP="1", ASSETS_GC__GRACE="0")
    assert document["condemned"] == document["deleted"] == {"count": 1, "size": 2}
    assert document["waiting"] == {"count": 0, "size": 0}
    assert built.json("verify", "--all")["versions"] == 5
    shown = built("config", "show", "--origin", ASSETS_GC__KEEP="4").out
    assert "ASSETS_GC__KEEP" in shown


def test_a_project_without_state_gets_none(shop: Command) -> None:
    assert shop("gc", "-y").out == "Nothing to collect.\n"
    assert not (shop.folder / ".assets" / "state.sqlite").exists()

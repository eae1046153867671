"""Faults 22 and 23: hostile keys and texts through every output: data, never a path, markup, SQL or an option."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets_core.errors import DefinitionError
from assets_core.model.keys import asset_key
from assets_core.partitions.keys import key_problem, key_to_path
from tests.faults.verbs import Verbs
from tests.scenarios.shops import Shop

KEYS = [
    "..", "../../escape", "/etc/passwd", "a/b", "a\\b", ".", "CON", "con", "nul.txt", "Twin", "twin", "TWIN", "é", "É",
    "%2e", "%2e%2e%2f", "-rf", "--json", "'; drop table materializations; --", '"; drop', "[/x]", "[red]bad[/red]",
    "=cmd()", "+1", "@x", "<script>alert(1)</script>", "</td>", "&amp;", "🏳️\u200d🌈", "مرحبا", "中文", "x" * 512,
    "$HOME", "`id`", "$(id)", "{{7*7}}", "{0}", "%s", "a,b", "a=b", "key:a", "a..b", "last:3", "stale", "*", "a\u00a0b",
    "|", "A->B", "graph TD", "a;b", "#x", "null", "true", "~", " lead", "trail ",
]  # fmt: skip
REFUSED = [
    "", "a\x00b", "a\nb", "\x1b[31m", "\x07", "\u202eevil", "\u2066x\u2069", "e\u0301", "x" * 513, "\u2028", "\ud800",
]  # fmt: skip
BAD_ASSETS = [
    *REFUSED, "..", "a/../b", "/a", "a/", "a//b", "a b", "1a", "-rf", "a.b", "a\\b", "[/x]", "<script>", "a'b", 'a"b',
    "a;b", "=cmd()", "%2e", "and", "a/not", "$HOME", "a@b", "a:b", "a*", "x" * 101, "/".join("abcdefghi"), "😀", "a+b",
]  # fmt: skip


def define(shop: Shop, keys: list[str]) -> None:
    """One asset with these partition keys that reads them as they are, one that joins them, one that fails on each."""
    shop.write("keys.json", json.dumps(keys))
    shop.define("""
    import json

    KEYS = StaticPartitions(json.loads((Path(__file__).parent / "keys.json").read_text()))

    @asset(partitions=KEYS, group="<g>", description="[/x] <script>", tags={"t": "'; drop"}, owners=["a\\u202eb"])
    def one(context: AssetContext) -> Output[pa.Table]:
        key = context.partition.key
        print("key", key)
        return Output(pa.table({"key": [key]}), metadata={key: key})

    @asset(partitions=KEYS)
    def reads(context: AssetContext, one: pa.Table) -> str:
        assert one["key"].to_pylist() == [context.partition.key]
        return context.partition.key

    @asset
    def every(reads: dict[str, str]) -> list:
        assert all(key == value for key, value in reads.items())
        return sorted(reads)

    @asset(partitions=KEYS)
    def fails(context: AssetContext) -> str:
        raise ValueError(context.partition.key)

    @check(asset=every)
    def told(every: list) -> CheckResult:
        return CheckResult(False, len(every), tuple({"key": k, k: 1} for k in every[:5]), {}, " ".join(every[:3]))
    """)


OUTPUTS = (
    ("plan",), ("plan", "--full"), ("plan", "--json"), ("ls",), ("ls", "--json"), ("show", "one"),
    ("show", "one", "--json"), ("show", "every"), ("why", "fails"), ("why", "fails", "--json"), ("partitions", "one"),
    ("partitions", "one", "--json"), ("runs", "ls"), ("runs", "show", "1"), ("runs", "show", "1", "--json"),
    ("runs", "logs", "1"), ("lineage",), ("lineage", "-o", "mermaid"), ("lineage", "-o", "dot"),
    ("lineage", "-o", "json"),
    ("sql", "select * from one", "-o", "json"), ("sql", "select * from one"), ("sql", "select * from one", "-o", "csv"),
)  # fmt: skip
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]"
)


def unsafe_in(text: str) -> list[str]:
    return [f"U+{ord(found):04X}" for found in UNSAFE.findall(text)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop.at(tmp_path_factory.mktemp("corpus") / "deep" / "project")
    define(shop, KEYS)
    shop.attempt()
    return shop


def test_every_key_of_the_corpus_is_stored_and_read_back_as_itself(corpus: Shop) -> None:
    outcomes = corpus.outcomes()
    assert {k for k in KEYS if outcomes[f"reads@{k}"] != "materialized"} == set()
    assert {k: corpus.value("one", partition=k)["key"].to_pylist() for k in KEYS} == {
        k: [k] for k in KEYS
    }
    failures = {s.partition: s.failure.message for s in corpus.result.steps if s.asset == "fails"}
    assert failures == {k: k for k in KEYS}


def test_no_key_leads_a_path_out_of_its_folder_or_into_anothers(corpus: Shop) -> None:
    above = corpus.root.parent.parent
    assert {p.name for p in above.iterdir()} == {"deep"}
    assert {p.name for p in corpus.root.iterdir()} <= {
        ".assets",
        "shop.py",
        "calls.py",
        "keys.json",
        "pyproject.toml",
    }
    folders = {p.name for p in (corpus.root / ".assets" / "data" / "one").iterdir()}
    assert folders == {key_to_path(key) for key in KEYS}
    folded = {unicodedata.normalize("NFD", name.casefold()) for name in folders}
    assert len(folded) == len(KEYS)


def test_every_output_is_safe_and_every_document_exact(
    corpus: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    verbs = Verbs(corpus.root, capfd)
    done = {command: verbs(*command) for command in OUTPUTS}
    assert {command: d.err for command, d in done.items() if d.code not in {0, 3}} == {}
    assert {
        command: unsafe_in(d.out + d.err) for command, d in done.items() if unsafe_in(d.out + d.err)
    } == {}
    for command in [c for c in OUTPUTS if "--json" in c]:
        assert done[command].document["schema"].startswith("assets.")
    ran = {
        (s["asset"], s["partition"]) for s in done["runs", "show", "1", "--json"].document["steps"]
    }
    assert {("one", k) for k in KEYS} <= ran
    rows = json.loads(done["sql", "select * from one", "-o", "json"].out)["rows"]
    assert sorted(key for (key,) in rows) == sorted(KEYS)


def test_events_name_every_key_exactly(corpus: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    done = Verbs(corpus.root, capfd)("materialize", "fails", "--jsonl")
    assert done.code == 1
    assert done.out.isascii()
    failed = [e for e in map(json.loads, done.out.splitlines()) if e["event"] == "attempt_failed"]
    assert {e["partition"] for e in failed} == set(KEYS)


def test_a_key_is_selected_literally(corpus: Shop) -> None:
    for key in KEYS:
        planned = corpus.plan("one", partitions=[f"key:{key}"], force=True)
        (step,) = planned.plan.steps
        assert list(planned.graph.specs[step.index].partitions.keys(step.partitions)) == [key]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


def test_notebooks_show_texts_and_no_markup_of_theirs(corpus: Shop) -> None:
    planned = corpus.plan(force=True)
    for shown in (planned, corpus.result):
        assert shown is not None
        tags = Tags()
        tags.feed(shown._repr_html_())
        assert tags.seen
        assert not tags.seen & {"script", "red", "x", "g"}


@pytest.mark.parametrize("key", REFUSED, ids=ascii)
def test_what_is_no_key_is_refused_where_it_is_declared(tmp_path: Path, key: str) -> None:
    shop = Shop.at(tmp_path / "project")
    define(shop, ["fine", key])
    with pytest.raises(DefinitionError, match="is not a partition key") as caught:
        shop.plan()
    assert caught.value.place is not None
    assert caught.value.place.file.endswith("shop.py")
    assert unsafe_in(caught.value.message) == []


@pytest.mark.parametrize("key", BAD_ASSETS, ids=lambda k: ascii(k)[:20])
def test_what_is_no_asset_key_is_refused_where_it_is_declared(key: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        asset_key(key)
    assert caught.value.code == "E101"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


hostile = st.text("aA/.%[]<>'\"\\-=~ ", min_size=1, max_size=6)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(texts, hostile), min_size=1, max_size=6, unique=True))
def test_any_texts_that_are_keys_go_through_every_output(
    tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str], keys: list[str]
) -> None:
    keys = [key for key in keys if key_problem(key) is None] or ["a"]
    shop = Shop.at(tmp_path_factory.mktemp("any") / "project")
    define(shop, keys)
    shop.attempt()
    assert {k for k in keys if shop.outcomes()[f"reads@{k}"] != "materialized"} == set()
    verbs = Verbs(shop.root, capfd)
    for command in (("plan",), ("show", "one"), ("runs", "show", "1"), ("runs", "logs", "1")):
        done = verbs(*command)
        assert done.code == 0, done.err
        assert unsafe_in(done.out + done.err) == []
    data = {p.name for p in (shop.root / ".assets" / "data").iterdir()}
    assert data <= {"one", "reads", "every", "fails", ".owners"}
    assert [p.name for p in shop.root.parent.iterdir()] == ["project"]

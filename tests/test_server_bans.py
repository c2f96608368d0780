"""Bans: what they match, when they end, and how they are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.addresses import limit_key, parse_address
from reference_server.bans import Ban, BanList, parse_duration, parse_target
from reference_server.storage import DamagedBans, load_bans, save_bans


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("90s", 90_000), ("10m", 600_000), ("2h", 7_200_000), ("7d", 604_800_000), ("", None), ("0s", None), ("5", None)],
)
def test_duration(text: str, milliseconds: int | None) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Bob", "bob"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.77/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_target_is_canonical(text: str, target: str) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["\udcff", "\x1b[31m", "1bob", "b\u00f6b", "a" * 25, "not!a!name", "10.0.0.0/99"])
def test_what_is_neither_name_nor_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        parse_target(text)


def test_ban_of_network_matches_what_is_in_it() -> None:
    bans = BanList([Ban("192.0.2.0/24", "", 0, None)])
    assert bans.of_address(parse_address("192.0.2.9"), 0)
    assert bans.of_address(parse_address("::ffff:192.0.2.9"), 0), "LIM-3: a mapped address is the IPv4 address"
    assert not bans.of_address(parse_address("192.0.3.9"), 0)
    assert not bans.of_address(parse_address("2001:db8::9"), 0)


def test_ban_ends_with_its_duration() -> None:
    bans = BanList([Ban("bob", "", made=0, until=1000)])
    assert bans.of_name("bob", 999)
    assert not bans.of_name("bob", 1000)
    assert bans.all(1000) == []


def test_later_ban_replaces_the_earlier_one() -> None:
    bans = BanList([Ban("bob", "old", 0, 10)])
    bans.add(Ban("bob", "new", 5, None))
    assert [ban.reason for ban in bans.all(20)] == ["new"]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_one_address_for_the_limits(address: str, key: str) -> None:
    assert limit_key(parse_address(address)) == key


_REASONS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=50)


@given(st.lists(st.tuples(st.from_regex(r"[a-z][a-z0-9_-]{0,23}", fullmatch=True), _REASONS), max_size=5))
def test_stored_bans_come_back(tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("bans") / "bans.json"
    bans = BanList(Ban(name, reason, 1, None) for name, reason in entries)
    save_bans(path, bans, wall=2)
    assert load_bans(path).all(2) == bans.all(2)
    assert [file.name for file in path.parent.iterdir()] == ["bans.json"], "no temporary file is left"


def test_no_file_means_no_bans(tmp_path: Path) -> None:
    assert load_bans(tmp_path / "none.json").all(0) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[1]",
        '[{"target": "bob"}]',
        '[{"target": "BOB", "reason": "", "made": 0, "until": null}]',
        "\udcff",
        "[" * 100_000,
        '[{"target": "bob", "reason": "", "made": 0, "until": true}]',
        r'[{"target": "bob", "reason": "a\nb", "made": 0, "until": null}]',
        '[{"target": "bob", "reason": "' + "x" * 300 + '", "made": 0, "until": null}]',
    ],
)
def test_damaged_file_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bans.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DamagedBans, match=r"bans\.json"):
        load_bans(path)
    assert path.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bans.json"
    save_bans(path, BanList([Ban("bob", "", 0, None)]), 0)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_bans(path, BanList(), 0)
    assert json.loads(path.read_text())[0]["target"] == "bob"
    assert [file.name for file in tmp_path.iterdir()] == ["bans.json"]

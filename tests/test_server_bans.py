"""Bans: what they match, when they end, and how they are kept."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import bans as bans_module
from reference_server import storage
from reference_server.addresses import limit_key, parse_address
from reference_server.bans import Ban, BanList, TooManyBans, parse_duration, parse_network, parse_target
from reference_server.storage import Keeper, UnusableBans, load_bans, store_bans
from tests.support import PATIENCE, ServerProcess


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
        ("::FFFF:c000:201", "192.0.2.1"),
        ("::ffff:192.0.2.1%eth0", "192.0.2.1"),
        ("::ffff:192.0.2.1/128", "192.0.2.1"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/95", "::/95"),
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


_ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.ip_addresses(v=4).map(lambda a: f"::ffff:{a}")
)
_NEAR = st.sampled_from(
    ["10.0.0.0", "10.0.0.1", "10.0.1.0", "::", "::1", "::ffff:10.0.0.1", "2001:db8::", "2001:db8::1"]
)
_LENGTHS = st.sampled_from(["", "/0", "/8", "/24", "/31", "/32"])


@given(st.lists(st.tuples(_NEAR | _ADDRESSES, _LENGTHS, st.booleans()), max_size=8), _NEAR | _ADDRESSES)
def test_address_is_found_in_whatever_network_holds_it(entries: list[tuple[str, str, bool]], address_text: str) -> None:
    """The quick look-up finds what a look at each ban would find; the smallest network first."""
    made = [
        Ban(parse_target(text + length), str(number), number, 10 if ended else None)
        for number, (text, length, ended) in enumerate(entries)
    ]
    bans = BanList()
    for ban in made:
        bans.add(ban)
    address = parse_address(address_text)
    networks = [(parse_network(ban.target), ban) for ban in bans.all(0)]
    holding = [
        (network.prefixlen, ban)
        for network, ban in networks
        if network is not None and network.version == address.version and address in network and ban.active(20)
    ]
    expected = max(holding, key=lambda entry: entry[0])[1] if holding else None
    assert bans.of_address(address, 20) == expected


def test_bans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans_module, "MOST", 3)
    bans = BanList()
    for number, target in enumerate(["ann", "10.0.0.0/8", "bob"]):
        bans.add(Ban(target, "", made=number, until=100 if target == "bob" else None))
    bans.add(Ban("ann", "again", made=5, until=None))
    with pytest.raises(TooManyBans):
        bans.add(Ban("cid", "", made=6, until=None))
    assert [ban.target for ban in bans.all(7)] == ["ann", "10.0.0.0/8", "bob"]
    bans.add(Ban("cid", "", made=100, until=None))
    assert [ban.target for ban in bans.all(100)] == ["ann", "10.0.0.0/8", "cid"], "one that has ended makes room"


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
    store_bans(path, bans.all(2))
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
    with pytest.raises(UnusableBans, match=r"bans\.json"):
        load_bans(path)
    assert path.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bans.json"
    store_bans(path, [Ban("bob", "", 0, None)])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store_bans(path, [])
    assert json.loads(path.read_text())[0]["target"] == "bob"
    assert [file.name for file in tmp_path.iterdir()] == ["bans.json"]


def test_file_that_a_sudden_end_has_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "bans.json"
    (tmp_path / ".bans.json.new").write_text("[half a fi")
    store_bans(path, [Ban("bob", "", 0, None)])
    assert [ban.target for ban in load_bans(path).all(0)] == ["bob"]
    assert [file.name for file in tmp_path.iterdir()] == ["bans.json"]


def test_file_keeps_its_rights_and_its_links(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("[]")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "bans.json").symlink_to("real")
    store_bans(tmp_path / "bans.json", [Ban("bob", "", 0, None)])
    assert (tmp_path / "bans.json").is_symlink()
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    assert [ban.target for ban in load_bans(tmp_path / "real").all(0)] == ["bob"]


def test_what_is_no_file_cannot_hold_bans(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(UnusableBans, match="not a file"):
            load_bans(path)


def test_folder_that_takes_no_file_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(UnusableBans, match="no ban could be stored there"):
        load_bans(tmp_path / "no" / "such" / "bans.json")


# -- storing behind the back of the event loop -------------------------------------------------------------------------


class SlowDisk:
    """Takes bans when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.states: list[list[str]] = []
        self.go_on = threading.Semaphore(0)
        self.failing = False
        monkeypatch.setattr(storage, "store_bans", self.store)

    def store(self, path: Path, bans: Iterable[Ban]) -> None:
        assert self.go_on.acquire(timeout=PATIENCE)
        if self.failing:
            raise OSError(28, "No space left on device")
        self.states.append([ban.target for ban in bans])


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    return SlowDisk(monkeypatch)


def test_nothing_is_confirmed_before_it_is_safe(tmp_path: Path, disk: SlowDisk) -> None:
    said: list[str] = []

    async def play() -> None:
        bans = BanList()
        keeper = Keeper(tmp_path / "bans", said.append, lambda error: said.append(f"failed: {error.args[1]}"))
        keeper.say("before")
        for name in ("ann", "bob", "cid"):
            bans.add(Ban(name, "", 0, None))
            keeper.save(bans, 0)
            keeper.say(f"{name} is banned")
        assert said == ["before"], "the disk has taken nothing yet, and nobody waits for it"
        assert not await keeper.finish(0.0)
        disk.go_on.release(2)
        assert await keeper.finish(PATIENCE)
        assert disk.states == [["ann"], ["ann", "bob", "cid"]], "of what waits only the last state is stored"
        assert said == ["before", "ann is banned", "bob is banned", "cid is banned"]
        disk.failing = True
        keeper.save(bans, 0)
        keeper.say("dan is banned")
        disk.go_on.release()
        assert await keeper.finish(PATIENCE)
        assert said[4:] == ["failed: No space left on device", "dan is banned"]
        keeper.say("after")
        assert said[6:] == ["after"]

    asyncio.run(play())


# -- the server --------------------------------------------------------------------------------------------------------


def test_every_confirmed_ban_survives_kill_9(start_server: Callable[..., ServerProcess]) -> None:
    """The server is killed while it stores one ban after the other; the file is whole, and nothing confirmed is missing."""
    confirmed: list[str] = []
    for run in range(5):
        server = start_server()
        for number in range(500):
            server.enter(f"/ban user{run}-{number}")
        for _ in range(3 + 7 * run):
            confirmed.append(server.read_line().partition(" ")[0])
        server.process.kill()
        assert server.process.stdout is not None
        # What it said before its end counts, too; the last line may be cut short.
        confirmed += [line.partition(" ")[0] for line in server.process.stdout if line.endswith("disconnected\n")]
        server.process.wait(PATIENCE)
        stored = [ban.target for ban in load_bans(server.bans_file).all(0)]
        assert set(confirmed) <= set(stored)


def test_bans_that_cannot_be_stored_are_told_and_hold(
    start_server: Callable[..., ServerProcess], tmp_path: Path
) -> None:
    folder = tmp_path / "away"
    folder.mkdir()
    server = start_server("--bans", str(folder / "bans.json"))
    os.rmdir(folder)
    server.enter("/ban mallory")
    assert "cannot be stored" in server.read_line()
    assert server.read_line() == "mallory is banned for good; 0 disconnected"
    server.enter("/bans")
    assert [server.read_line(), server.read_line()] == ["mallory  for good", "1 ban"]
    assert "failure: the bans cannot be stored: FileNotFoundError" in server.log()

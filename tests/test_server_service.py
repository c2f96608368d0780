"""The service, without clock, socket or file: what each input causes, and when."""

from __future__ import annotations

import random
from typing import Any

import pytest

from impwire import Connection, Message, Refused, RemoteProtocolError, Role
from impwire import messages as m
from impwire.codecs import encode
from impwire.tables import Settings
from reference_server.addresses import parse_address
from reference_server.bans import Ban, BanList
from reference_server.clock import Now
from reference_server.effects import Admit, Effect, Finish, Log, Print, SaveBans, Stop, Tell, TellAll
from reference_server.service import Service

LOCAL = parse_address("127.0.0.1")


class House:
    """A service, the connections to it, and the time, which passes only when it is told to."""

    def __init__(self, bans: BanList | None = None, **settings: int) -> None:
        self.service = Service(Settings(**settings), "test", bans or BanList())
        self.clock, self.wall = 100.0, 1_000_000
        self.heard: dict[int, list[Message]] = {}
        self.admitted: set[int] = set()
        self.finished: set[int] = set()
        self.printed: list[str] = []
        self.logged: list[str] = []
        self.effects: list[Effect] = []

    @property
    def now(self) -> Now:
        return Now(self.clock, self.wall)

    def carry_out(self, effects: list[Effect]) -> None:
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Tell):
                self.heard.setdefault(effect.peer, []).append(effect.message)
            elif isinstance(effect, TellAll):
                for peer in self.service.peers.by_name.values():
                    if peer.id in self.admitted and peer.id != effect.but:
                        self.heard.setdefault(peer.id, []).append(effect.message)
            elif isinstance(effect, Admit):
                self.admitted.add(effect.peer)
            elif isinstance(effect, Finish):
                self.finished.add(effect.peer)
            elif isinstance(effect, Print):
                self.printed.append(effect.text)
            elif isinstance(effect, Log):
                self.logged.append(f"{effect.event}: {effect.text}")

    def arrive(self, peer: int, address: str = "127.0.0.1") -> None:
        self.carry_out(self.service.arrive(peer, parse_address(address), self.clock, self.now))

    def send(self, peer: int, kind: Any, **fields: Any) -> list[Message]:
        """Hand in a message; returns what this peer got for it."""
        before = len(self.heard.get(peer, []))
        message = kind(request_id=fields.pop("request_id", 1), **fields)
        self.carry_out(self.service.receive(peer, message, self.now))
        return self.heard.get(peer, [])[before:]

    def join(self, peer: int, name: str, address: str = "127.0.0.1") -> m.Welcome:
        self.arrive(peer, address)
        welcome = self.hello(peer, name)
        assert isinstance(welcome, m.Welcome)
        return welcome

    def hello(self, peer: int, name: str) -> Message:
        (answer,) = self.send(peer, m.Hello, min_version=256, max_version=256, capabilities=0, name=name)
        return answer

    def enter(self, line: str) -> None:
        self.carry_out(self.service.operate(line, self.now))

    def pass_time(self, seconds: float) -> None:
        """Let the clock run, stopping wherever the service wants a tick."""
        end = self.clock + seconds
        while (deadline := self.service.next_deadline()) is not None and deadline <= end:
            self.clock = max(self.clock, deadline)
            self.carry_out(self.service.tick(self.now))
        self.clock = end

    def last(self, peer: int) -> Any:
        return self.heard[peer][-1]


def test_join_leave_and_time_of_day() -> None:
    house = House()
    first = house.join(1, "ann")
    second = house.join(2, "bob")
    assert (first.seq, second.seq) == (1, 2)
    assert first.session_id != second.session_id
    assert house.last(1) == m.Joined(seq=2, time=1_000_000, who=m.User(session_id=second.session_id, name="bob"))
    (goodbye,) = house.send(2, m.Leave, request_id=9)
    assert goodbye == m.Goodbye(request_id=9, code=m.GoodbyeCode.LEFT, retry_after_ms=0, detail="")
    assert house.last(1).reason is m.LeftReason.LEFT
    assert 2 in house.finished


def test_lost_client_is_removed_from_the_one_table() -> None:
    house = House()
    house.join(1, "ann")
    house.join(2, "bob")
    house.carry_out(house.service.lose(2, "reset", house.now))
    assert list(house.service.peers.by_id) == [1]
    assert list(house.service.peers.by_name) == ["ann"]
    assert house.last(1).reason is m.LeftReason.LOST


def test_fifty_hellos_for_one_name_have_one_winner() -> None:
    house = House(connections_per_address=100)
    for peer in range(1, 51):
        house.arrive(peer)
    answers = [
        house.send(peer, m.Hello, min_version=256, max_version=256, capabilities=0, name="ann")[0]
        for peer in range(1, 51)
    ]
    assert sum(isinstance(answer, m.Welcome) for answer in answers) == 1
    assert sum(isinstance(answer, m.Error) and answer.code is m.ErrorCode.NAME_TAKEN for answer in answers) == 49


def test_handshake_timer_fires_at_its_time_and_ping_does_not_help() -> None:
    house = House(handshake_timeout=1000)
    house.arrive(1)
    house.pass_time(0.9)
    house.send(1, m.Ping, nonce=1)
    assert 1 not in house.finished
    house.pass_time(0.2)
    assert house.last(1).code is m.GoodbyeCode.HANDSHAKE_TIMEOUT


def test_keepalive_asks_then_ends() -> None:
    house = House(ping_after=1000, pong_timeout=500)
    house.join(1, "ann")
    house.pass_time(0.99)
    assert isinstance(house.last(1), m.Welcome)
    house.pass_time(0.02)
    assert isinstance(house.last(1), m.Ping)
    house.pass_time(0.48)
    assert 1 not in house.finished
    house.pass_time(0.02)
    assert house.last(1).code is m.GoodbyeCode.KEEPALIVE_TIMEOUT


def test_any_frame_is_a_sign_of_life_and_no_second_ping_is_sent() -> None:
    house = House(ping_after=1000, pong_timeout=5000)
    house.join(1, "ann")
    house.pass_time(1.5)
    house.send(1, m.Say, text="alive, but I owe a PONG")
    house.pass_time(2.0)
    pings = [message for message in house.heard[1] if isinstance(message, m.Ping)]
    assert len(pings) == 1, "PING-3: not before the first is answered"
    house.pass_time(3.9)
    assert 1 not in house.finished
    house.pass_time(0.2)
    assert house.last(1).code is m.GoodbyeCode.KEEPALIVE_TIMEOUT, "TIME-3: it counts from when it would have been sent"


def test_frame_timer_is_not_lengthened_by_further_bytes() -> None:
    house = House(frame_timeout=1000)
    house.join(1, "ann")
    for _ in range(9):
        house.carry_out(house.service.progress(1, unfinished=True, fresh=False, now=house.now))
        house.pass_time(0.1)
    assert 1 not in house.finished
    house.pass_time(0.11)
    assert house.last(1).code is m.GoodbyeCode.FRAME_TIMEOUT


def test_finished_frame_stops_its_timer() -> None:
    house = House(frame_timeout=1000)
    house.join(1, "ann")
    house.carry_out(house.service.progress(1, unfinished=True, fresh=False, now=house.now))
    house.carry_out(house.service.progress(1, unfinished=False, fresh=True, now=house.now))
    house.pass_time(5.0)
    assert 1 not in house.finished


def test_wall_clock_that_goes_back_changes_no_timer() -> None:
    house = House(handshake_timeout=1000)
    house.arrive(1)
    house.wall -= 3_600_000
    house.pass_time(0.9)
    assert 1 not in house.finished
    house.pass_time(0.2)
    assert 1 in house.finished


def test_order_of_refusals_at_accept() -> None:
    house = House(bans=BanList([Ban("192.0.2.1", "spam", 0, None)]), max_connections=2, connections_per_address=1)
    house.arrive(1, "192.0.2.1")
    assert (house.last(1).code, house.last(1).detail) == (m.GoodbyeCode.BANNED, "spam")
    house.arrive(2, "192.0.2.2")
    house.arrive(3, "192.0.2.2")
    assert house.last(3).code is m.GoodbyeCode.TOO_MANY_CONNECTIONS
    house.arrive(4, "192.0.2.3")
    house.arrive(5, "192.0.2.4")
    assert house.last(5).code is m.GoodbyeCode.SERVER_FULL
    assert sorted(house.service.peers.by_id) == [2, 4], "LIM-5: who was refused does not count"


def test_one_64_network_is_one_address() -> None:
    house = House(connections_per_address=1)
    house.arrive(1, "2001:db8::1")
    house.arrive(2, "2001:db8::2")
    assert house.last(2).code is m.GoodbyeCode.TOO_MANY_CONNECTIONS
    house.arrive(3, "2001:db8:0:1::1")
    assert 3 not in house.finished


def test_slow_consumer_is_cut_and_told_of() -> None:
    house = House()
    house.join(1, "ann")
    house.join(2, "bob")
    house.carry_out(house.service.overflow(2, house.now))
    assert house.last(2).code is m.GoodbyeCode.SLOW_CONSUMER
    assert house.last(1).reason is m.LeftReason.TOO_SLOW


def test_failure_costs_one_connection() -> None:
    house = House()
    house.join(1, "ann")
    house.join(2, "bob")
    house.carry_out(house.service.fail(2, house.now))
    assert house.last(2).code is m.GoodbyeCode.INTERNAL
    assert house.last(1).reason is m.LeftReason.FAILED


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("/frobnicate", "/help"),
        ("hello", "/help"),
        ("/kick", "<user>"),
        ("/kick nobody", "/who"),
        ("/all", "<text>"),
        ("/all a\x1b[2J", "U+001B"),
        ("/ban not!a!name", "neither"),
        ("/ban ann 10y", "duration"),
        ("/ban ann 0s", "duration"),
        ("/unban ann", "/bans"),
        ("/stop soon", "seconds"),
        ("/stop 1 2", "too much"),
        ("/who me", "too much"),
    ],
)
def test_console_explains_a_mistake_and_changes_nothing(line: str, word: str) -> None:
    house = House()
    house.join(1, "ann")
    before = len(house.heard[1])
    house.enter(line)
    assert word in house.printed[-1]
    assert len(house.heard[1]) == before
    assert not any(isinstance(effect, (SaveBans, Stop)) for effect in house.effects)


def test_console_help_shows_every_command() -> None:
    house = House()
    house.enter("/help")
    for command in ("/help", "/who", "/all", "/pm", "/kick", "/ban", "/unban", "/bans", "/stop"):
        assert any(line.startswith(command) for line in house.printed)


def test_console_who_lists_connections_with_idle_time() -> None:
    house = House()
    house.join(1, "ann")
    house.clock += 5
    house.arrive(2)
    house.enter("/who")
    assert house.printed == ["ann#1         127.0.0.1  idle 5 s", "connection 2  127.0.0.1  idle 0 s", "2 connections"]


@pytest.mark.parametrize("jump", [-3_600_000, 3_600_000])
def test_ban_lasts_as_long_as_was_said_whatever_the_wall_clock_does(jump: int) -> None:
    """OP-4: a duration is a duration."""
    house = House()
    house.enter("/ban mallory 10s")
    house.wall += jump
    house.clock += 9.9
    house.arrive(1)
    assert isinstance(house.hello(1, "mallory"), m.Error)
    house.clock += 0.1
    assert isinstance(house.hello(1, "mallory"), m.Welcome)


def test_ban_of_a_network_ends_all_in_one_step() -> None:
    house = House()
    house.join(1, "ann", "192.0.2.1")
    house.join(2, "bob", "192.0.2.2")
    house.join(3, "cid", "198.51.100.1")
    before = {peer: len(house.heard[peer]) for peer in (1, 2)}
    house.enter("/ban 192.0.2.0/24 spam and more")
    for peer in (1, 2):
        (goodbye,) = house.heard[peer][before[peer] :]
        assert isinstance(goodbye, m.Goodbye)
        assert (goodbye.code, goodbye.detail) == (m.GoodbyeCode.BANNED, "spam and more")
    left = house.heard[3][-2:]
    assert [message.seq for message in left if isinstance(message, m.Left)] == [4, 5]
    house.arrive(4, "192.0.2.9")
    assert house.last(4).code is m.GoodbyeCode.BANNED


def test_stop_later_tells_and_stops_then() -> None:
    house = House(ping_after=86_400_000)
    house.join(1, "ann")
    house.enter("/stop 60")
    assert isinstance(house.last(1), m.Notice)
    house.pass_time(59.9)
    assert 1 not in house.finished
    house.pass_time(0.2)
    assert house.last(1).code is m.GoodbyeCode.SHUTTING_DOWN
    assert isinstance(house.effects[-1], Stop)
    house.arrive(2)
    assert house.last(2).code is m.GoodbyeCode.SHUTTING_DOWN


def test_what_clients_send_is_escaped_in_the_log() -> None:
    house = House()
    house.join(1, "ann")
    house.send(1, m.Say, text="hi\n2026-01-01 INFO kick: \u202eforged")
    assert house.logged[-1] == r"say: ann#1: 'hi\n2026-01-01 INFO kick: \u202eforged'"


def test_private_text_is_not_logged() -> None:
    house = House()
    house.join(1, "ann")
    house.join(2, "bob")
    house.send(1, m.Pm, to="bob", text="a secret")
    assert not any("secret" in line for line in house.logged)
    assert any("pm: ann#1 to bob#2" in line for line in house.logged)


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({"max_frame": 8192}, 4 + 8192),
        ({"max_frame": 1048576, "send_queue": 16384}, 16384),
    ],
    ids=["max_frame", "send_queue"],
)
def test_page_of_the_roster_is_as_full_as_its_frame_may_be_and_pages_hold_everyone(
    limits: dict[str, int], most: int
) -> None:
    house = House(None, **limits, connections_per_address=10_000, attempts_per_minute=10_000)
    names = sorted(f"u{number:04}{'x' * (number % 20)}" for number in range(1500))
    for peer, name in enumerate(names, 1):
        house.join(peer, name)
    found: list[str] = []
    more, pages = True, 0
    while more:
        (roster,) = house.send(1, m.Who, after=found[-1] if found else "", limit=0)
        assert isinstance(roster, m.Roster)
        found += [user.name for user in roster.entries]
        next_one = [m.User(session_id=1, name=name) for name in names[len(found) : len(found) + 1]]
        one_more = m.Roster(request_id=1, entries=(*roster.entries, *next_one), more=roster.more)
        assert len(encode(roster)) <= most
        assert len(encode(one_more)) > most or not next_one  # WHO-3
        more, pages = roster.more, pages + 1
    assert found == names
    assert pages > 2


def test_lower_limits_are_examined_field_by_field() -> None:
    """REQ-6: PM with a recipient too long for this server and an empty text is NAME_INVALID, not TEXT_EMPTY."""
    house = House(max_name=8, max_text=64)
    house.join(1, "ann")
    connection = Connection(Role.SERVER)
    client = Connection(Role.CLIENT)
    hello = m.Hello(request_id=1, min_version=256, max_version=256, capabilities=0, name="ann")
    connection.receive_data(client.send(hello))
    connection.next_event()
    connection.sent(house.heard[1][0])
    frame = bytes.fromhex("00000012 03 00 00000002 09 616263646566676869 0000".replace(" ", ""))
    connection.receive_data(frame)
    event = connection.next_event()
    assert isinstance(event, Refused)
    assert event.code == "TEXT_EMPTY"
    house.carry_out(house.service.refuse(1, event, house.now))
    assert house.last(1).code is m.ErrorCode.NAME_INVALID


def _replay(seed: int) -> list[Effect]:
    """A random run of inputs, by the seed alone; returns every effect."""
    chance = random.Random(seed)
    house = House(handshake_timeout=2000, ping_after=3000, pong_timeout=1000, rate_burst=5, rate_per_second=2)
    known: list[int] = []
    for step in range(400):
        live = list(house.service.peers.by_id)
        act = chance.randrange(10)
        if act == 0 or not live:
            known.append(step + 1)
            house.arrive(step + 1, f"192.0.2.{chance.randrange(4)}")
        elif act == 1:
            house.pass_time(chance.random())
        elif act == 2:
            house.enter(chance.choice(["/all hi", "/ban ann 1s", "/unban ann", "/kick bob", "/who", "/bans"]))
        elif act == 3:
            house.carry_out(house.service.lose(chance.choice(live), "reset", house.now))
        else:
            peer = chance.choice(live)
            if not house.service.peers.by_id[peer].name:
                name = chance.choice(["ann", "bob", "cid", "server"])
                house.send(peer, m.Hello, min_version=256, max_version=256, capabilities=0, name=name)
            else:
                requests: list[tuple[Any, dict[str, Any]]] = [
                    (m.Say, {"text": "hi"}),
                    (m.Pm, {"to": "ann", "text": "psst"}),
                    (m.Who, {"after": "", "limit": 2}),
                    (m.Rename, {"name": chance.choice(["ann", "dan", "Ann"])}),
                    (m.Ping, {"nonce": 7}),
                    (m.Leave, {}),
                ]
                kind, fields = chance.choice(requests)
                house.send(peer, kind, **fields)
    return house.effects


@pytest.mark.parametrize("seed", range(5))
def test_same_inputs_give_the_same_effects(seed: int) -> None:
    assert _replay(seed) == _replay(seed)


@pytest.mark.parametrize("seed", range(20))
def test_every_user_sees_every_public_event_once_and_in_order(seed: int) -> None:
    """ORD-3 to ORD-5 over random runs: no gap, no double, whatever happens."""
    seen: dict[int, int] = {}
    for effect in _replay(seed):
        if isinstance(effect, TellAll):
            seq: int = effect.message.seq  # type: ignore[attr-defined]
            assert seq == seen.get(0, 0) + 1
            seen[0] = seq


def test_every_refused_vector_is_answered_as_it_says() -> None:
    """The ill-formed vectors whose answer only a service knows."""
    house = House()
    house.join(1, "ann")
    (refused,) = house.send(1, m.Pm, to="Server", text="hi")
    assert isinstance(refused, m.Error)
    assert refused.code is m.ErrorCode.NO_SUCH_USER
    (refused,) = house.send(1, m.Rename, name="ADMIN")
    assert isinstance(refused, m.Error)
    assert refused.code is m.ErrorCode.NAME_RESERVED


def test_connection_and_service_agree_on_who_may_speak() -> None:
    """What reaches the service has passed the table of states, so a SAY without a name never gets there."""
    connection = Connection(Role.SERVER)
    connection.receive_data(encode(m.Say(request_id=1, text="hi")))
    with pytest.raises(RemoteProtocolError) as raised:
        connection.next_event()
    assert raised.value.code == "UNEXPECTED_MESSAGE"

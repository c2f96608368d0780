"""One side of a connection: the table of states in both directions, and what ends or refuses a message."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from typing import Any

import pytest

from impwire import (
    Connection,
    EncodeError,
    Extension,
    LocalProtocolError,
    Message,
    ProtocolError,
    Received,
    Refused,
    RemoteProtocolError,
    Role,
    State,
)
from impwire.codecs import encode
from impwire.messages import (
    MESSAGES,
    Chat,
    Error,
    ErrorCode,
    Goodbye,
    GoodbyeCode,
    Hello,
    Joined,
    Leave,
    Left,
    LeftReason,
    Notice,
    NoticeScope,
    Ok,
    Ping,
    Pm,
    Pong,
    Rename,
    Renamed,
    Roster,
    Say,
    User,
    Welcome,
    Whisper,
    Who,
)
from impwire.tables import EVENTS, LEGAL, LIMITS, MAX_FRAME_BEFORE_WELCOME, REPLIES, TIMERS

ANN = User(session_id=7, name="ann")


def hello(request_id: int = 1, **changed: Any) -> Hello:
    fields: dict[str, Any] = {"min_version": 256, "max_version": 256, "capabilities": 0, "name": "ann"}
    return Hello(request_id=request_id, **(fields | changed))


def welcome(request_id: int = 1, **changed: Any) -> Welcome:
    fields: dict[str, Any] = {name: limit.default for name, limit in (LIMITS | TIMERS).items()}
    fields |= {"version": 256, "capabilities": 0, "session_id": 7, "name": "ann", "server_name": "x"}
    return Welcome(request_id=request_id, seq=1, time=0, **(fields | changed))


def error(request: Any, **changed: Any) -> Error:
    fields: dict[str, Any] = {"code": ErrorCode.NAME_TAKEN, "request_type": request.TYPE, "retry_after_ms": 0}
    return Error(**(fields | {"request_id": request.request_id, "detail": ""} | changed))


def goodbye(request_id: int = 0) -> Goodbye:
    return Goodbye(request_id=request_id, code=GoodbyeCode.LEFT, retry_after_ms=0, detail="")


#: One of each message. Requests and replies bear request_id 9.
SAMPLES: dict[type[Message], Any] = {
    Hello: hello(9),
    Say: Say(request_id=9, text="hi"),
    Pm: Pm(request_id=9, to="bob", text="hi"),
    Who: Who(request_id=9, after="", limit=0),
    Rename: Rename(request_id=9, name="annie"),
    Leave: Leave(request_id=9),
    Ping: Ping(request_id=9, nonce=42),
    Pong: Pong(request_id=9, nonce=42),
    Welcome: welcome(9),
    Ok: Ok(request_id=9, seq=1, time=0),
    Roster: Roster(request_id=9, entries=(ANN,), more=False),
    Error: error(Say(request_id=9, text="hi")),
    Goodbye: goodbye(),
    Chat: Chat(seq=1, time=0, who=ANN, text="hi"),
    Whisper: Whisper(time=0, who=ANN, text="hi"),
    Notice: Notice(seq=1, time=0, scope=NoticeScope.ALL, text="hi"),
    Joined: Joined(seq=1, time=0, who=ANN),
    Left: Left(seq=1, time=0, who=ANN, reason=LeftReason.LEFT),
    Renamed: Renamed(seq=1, time=0, who=ANN, new_name="annie"),
}

#: A request that may be sent in the state, for each reply that answers one.
ASKED: dict[tuple[State, type[Message]], Any] = {
    (State.CONNECTED, Welcome): hello(9),
    (State.CONNECTED, Error): hello(9),
    (State.CONNECTED, Pong): SAMPLES[Ping],
    (State.ACTIVE, Pong): SAMPLES[Ping],
    (State.ACTIVE, Ok): SAMPLES[Say],
    (State.ACTIVE, Roster): SAMPLES[Who],
    (State.ACTIVE, Error): SAMPLES[Say],
}


def connection(role: Role, state: State = State.CONNECTED, asking: Any = None) -> Connection:
    """A connection in the state; in CONNECTED or ACTIVE it has sent the request `asking`."""
    this = Connection(role)

    def step(sender: Role, message: Message) -> None:
        if sender is role:
            this.send(message)
        else:
            hear(this, message)

    if state is not State.CONNECTED:
        step(Role.CLIENT, hello(1))
        step(Role.SERVER, welcome(1))
    if asking:
        this.send(asking)
    if state in (State.CLOSING, State.CLOSED):
        step(Role.CLIENT, Leave(request_id=8))
    if state is State.CLOSED:
        step(Role.SERVER, goodbye())
    assert this.state is state
    return this


def hear(this: Connection, *messages: Message) -> Any:
    """Feed messages of the peer; returns what the first of them means."""
    this.receive_data(b"".join(encode(message) for message in messages))
    return this.next_event()


def violation(this: Connection, data: bytes | Message) -> RemoteProtocolError:
    """The error that these bytes of the peer raise."""
    this.receive_data(data if isinstance(data, bytes) else encode(data))
    with pytest.raises(RemoteProtocolError) as raised:
        this.next_event()
    return raised.value


def frame(type_: int, request_id: int = 5, body: str = "", flags: int = 0) -> bytes:
    data = bytes.fromhex(body)
    return (6 + len(data)).to_bytes(4, "big") + bytes([type_, flags]) + request_id.to_bytes(4, "big") + data


# -- the whole table -----------------------------------------------------------------------------------------------------

STEPS = [
    pytest.param(role, state, kind, id=f"{role}-{state.name}-{kind.NAME}")
    for role, state, kind in itertools.product(Role, State, MESSAGES.values())
]


@pytest.mark.parametrize(("role", "state", "kind"), STEPS)
def test_message_can_be_sent_just_where_the_table_has_it(role: Role, state: State, kind: type[Message]) -> None:
    this, message = connection(role, state), SAMPLES[kind]
    target = LEGAL.get((role, state, kind))
    if target is not None:
        assert this.send(message) == encode(message)
        assert this.state is target
        return
    with pytest.raises(LocalProtocolError, match=f"the {role} may not send {kind.NAME} in state {state.name}"):
        this.send(message)
    assert this.state is state


@pytest.mark.parametrize(("sender", "state", "kind"), STEPS)
def test_message_can_be_received_just_where_the_table_has_it(sender: Role, state: State, kind: type[Message]) -> None:
    receiver = Role.SERVER if sender is Role.CLIENT else Role.CLIENT
    asked = ASKED.get((State.ACTIVE if state is State.CLOSING else state, kind))
    target = LEGAL.get((sender, state, kind))
    this, message = connection(receiver, state, asked if target else None), SAMPLES[kind]
    if kind is Error and state is State.CONNECTED:
        message = error(hello(9))
    if target is not None:
        event = hear(this, message)
        assert event.message == message
        assert event.answers == asked
        assert this.state is target
    elif state is State.CLOSED:
        assert hear(this, message) is None
    else:
        assert violation(this, message).code == "UNEXPECTED_MESSAGE"
        assert this.state is state


def sent_both_ways(message: Message, *connections: Connection) -> list[Any]:
    """What comes of sending on two like connections: as it is done, and without the quick way. The frame or the error, the
    state, and the requests that wait."""
    connections[1]._plain_sends = {}
    found = []
    for this in connections:
        try:
            outcome: Any = this.send(message)
        except (LocalProtocolError, EncodeError) as refused:
            outcome = type(refused), str(refused)
        found.append((outcome, this.state, list(this._outstanding)))
    return found


@pytest.mark.parametrize("request_id", [0, 9])
@pytest.mark.parametrize(("role", "state", "kind"), STEPS)
def test_quick_way_of_sending_takes_and_refuses_what_the_long_one_does(
    role: Role, state: State, kind: type[Message], request_id: int
) -> None:
    message = dataclasses.replace(SAMPLES[kind], request_id=request_id)
    quick, long = sent_both_ways(message, connection(role, state), connection(role, state))
    assert quick == long


@pytest.mark.parametrize(("role", "state"), list(itertools.product(Role, State)))
def test_quick_way_of_sending_knows_that_a_refused_leave_changes_the_state(role: Role, state: State) -> None:
    """STATE-6: the one message whose new state depends on what stands in it."""
    quick, long = sent_both_ways(error(Leave(request_id=8)), connection(role, state), connection(role, state))
    assert quick == long


@pytest.mark.parametrize("length", range(96, 103))
def test_quick_way_of_sending_draws_the_line_where_the_long_one_does(length: int) -> None:
    """A frame of that length on connections that allow 100."""
    servers = Connection(Role.SERVER), Connection(Role.SERVER)
    for server in servers:
        hear(server, hello(1))
        server.send(welcome(1, max_frame=100))
    chat = Chat(seq=2, time=0, who=ANN, text="a" * (length - 36))
    assert len(encode(chat)) == 4 + length
    quick, long = sent_both_ways(chat, *servers)
    assert quick == long
    assert (quick[0] == encode(chat)) is (length <= 100)


@pytest.mark.parametrize("kind", [*EVENTS, Ok, Roster, Error, Pong], ids=lambda kind: kind.NAME)
def test_quick_way_of_sending_tells_what_cannot_be_encoded_as_the_long_one_does(kind: type[Message]) -> None:
    """A request_id that does not fit its field: told before whether there may be one."""
    message = dataclasses.replace(SAMPLES[kind], request_id=1 << 32)
    quick, long = sent_both_ways(message, *(connection(Role.SERVER, State.ACTIVE) for _ in range(2)))
    assert quick == long
    assert quick[0][0] is EncodeError


def test_quick_way_of_sending_is_taken() -> None:
    """Otherwise the tests above would compare the long way with itself."""
    server = connection(Role.SERVER, State.ACTIVE)
    assert {Chat, Ok} <= set(server._plain_sends)


def test_samples_and_tables_speak_of_the_same_messages() -> None:
    assert set(SAMPLES) == set(MESSAGES.values()) == {kind for _, _, kind in LEGAL}
    assert {kind for kind in MESSAGES.values() if kind not in REPLIES and kind not in EVENTS} == {
        reply for replies in REPLIES.values() for reply in replies
    }


# -- the handshake -------------------------------------------------------------------------------------------------------


def test_client_and_server_agree_on_every_state() -> None:
    client, server = Connection(Role.CLIENT), Connection(Role.SERVER)
    talk: list[tuple[Connection, Connection, Message]] = [
        (client, server, hello(1)),
        (server, client, error(hello(1))),
        (client, server, hello(2)),
        (server, client, welcome(2)),
        (client, server, Say(request_id=3, text="hi")),
        (server, client, Ok(request_id=3, seq=2, time=0)),
        (server, client, Ping(request_id=1, nonce=5)),
        (client, server, Pong(request_id=1, nonce=5)),
        (client, server, Leave(request_id=4)),
        (server, client, goodbye(4)),
    ]
    for sender, receiver, message in talk:
        receiver.receive_data(sender.send(message))
        event = receiver.next_event()
        assert isinstance(event, Received)
        assert event.message == message
        assert receiver.next_event() is None
        assert sender.state is receiver.state
    assert client.state is State.CLOSED


def test_client_sends_no_second_hello_before_the_answer() -> None:
    client = Connection(Role.CLIENT)
    client.send(hello(1))
    with pytest.raises(LocalProtocolError, match="a HELLO waits for its answer already; read that first"):
        client.send(hello(2))


def test_client_may_ask_for_a_sign_of_life_while_hello_waits() -> None:
    """HELLO-7."""
    client = connection(Role.CLIENT, State.CONNECTED, hello(1))
    client.send(Ping(request_id=2, nonce=5))
    hear(client, welcome(1))
    assert hear(client, Pong(request_id=2, nonce=5)).answers == Ping(request_id=2, nonce=5)


def test_client_may_try_again_after_a_refused_hello() -> None:
    client = Connection(Role.CLIENT)
    client.send(hello(1))
    hear(client, error(hello(1)))
    client.send(hello(2))
    assert hear(client, welcome(2)).answers == hello(2)


def test_server_refuses_second_hello() -> None:
    server = connection(Role.SERVER, State.ACTIVE)
    refused = violation(server, hello(5))
    assert (refused.code, refused.request_id) == ("UNEXPECTED_MESSAGE", 5)


def test_client_refuses_second_welcome() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    assert violation(client, welcome(1)).code == "UNEXPECTED_MESSAGE"


def test_server_refuses_a_say_before_hello() -> None:
    assert str(violation(Connection(Role.SERVER), SAMPLES[Say])) == (
        "the client may not send SAY in state CONNECTED [UNEXPECTED_MESSAGE]"
    )


def test_client_refuses_a_chat_before_welcome() -> None:
    assert str(violation(Connection(Role.CLIENT), SAMPLES[Chat])) == (
        "the server may not send CHAT in state CONNECTED [UNEXPECTED_MESSAGE]"
    )


# -- limits --------------------------------------------------------------------------------------------------------------


def long_hello(length: int) -> Hello:
    """A HELLO whose frame has that length."""
    return hello(1, extensions=(Extension(2, bytes(length - len(encode(hello(1))) + 4 - 3)),))


def test_server_refuses_a_hello_above_the_small_limit() -> None:
    assert violation(Connection(Role.SERVER), encode(long_hello(513))[:4]).code == "FRAME_TOO_LARGE"


def test_server_takes_a_hello_at_the_small_limit() -> None:
    assert hear(Connection(Role.SERVER), long_hello(MAX_FRAME_BEFORE_WELCOME)).message.name == "ann"


def test_client_sends_no_hello_above_the_small_limit() -> None:
    client = Connection(Role.CLIENT)
    with pytest.raises(
        LocalProtocolError, match=r"a HELLO with a length of 513 is more than the 512 .* make it shorter"
    ):
        client.send(long_hello(513))
    client.send(long_hello(512))


def test_client_refuses_a_welcome_above_the_small_limit() -> None:
    client = connection(Role.CLIENT, State.CONNECTED, hello(1))
    long = welcome(1, extensions=(Extension(2, bytes(500)),))
    assert violation(client, encode(long)[:4]).code == "FRAME_TOO_LARGE"


def test_server_sends_no_welcome_above_the_small_limit() -> None:
    server = Connection(Role.SERVER)
    hear(server, hello(1))
    with pytest.raises(LocalProtocolError, match=r"a WELCOME with a length of .* is more than the 512"):
        server.send(welcome(1, extensions=(Extension(2, bytes(500)),)))
    assert server.state is State.CONNECTED


def test_server_holds_what_stands_behind_hello_to_max_frame() -> None:
    """FRAME-5: HELLO and a long SAY in one segment."""
    server, long = Connection(Role.SERVER), Say(request_id=2, text="a" * 4096)
    assert hear(server, hello(1), long).message == hello(1)
    server.send(welcome(1))
    event = server.next_event()
    assert isinstance(event, Received)
    assert event.message == long


def test_client_holds_what_stands_behind_welcome_to_max_frame() -> None:
    client = connection(Role.CLIENT, State.CONNECTED, hello(1))
    long = Chat(seq=2, time=0, who=ANN, text="a" * 4096)
    assert hear(client, welcome(1), long).message == welcome(1)
    event = client.next_event()
    assert isinstance(event, Received)
    assert event.message == long


@pytest.mark.parametrize("role", Role)
def test_announced_max_frame_holds_both_ways(role: Role) -> None:
    this = Connection(role)
    if role is Role.CLIENT:
        this.send(hello(1))
        hear(this, welcome(1, max_frame=100))
    else:
        hear(this, hello(1))
        this.send(welcome(1, max_frame=100))
    of_client, of_server = Say(request_id=2, text="a" * 93), Chat(seq=2, time=0, who=ANN, text="a" * 65)
    ours, theirs = (of_client, of_server) if role is Role.CLIENT else (of_server, of_client)
    assert len(encode(ours)) == len(encode(theirs)) == 4 + 101
    with pytest.raises(LocalProtocolError, match="with a length of 101 is more than the 100 that may be sent now"):
        this.send(ours)
    assert violation(this, theirs).code == "FRAME_TOO_LARGE"


@pytest.mark.parametrize(("prefix", "code"), [("00000005", "MALFORMED"), ("47455420", "FRAME_TOO_LARGE")])
def test_refused_length_is_answered_under_no_request_id(prefix: str, code: str) -> None:
    """GOODBYE-1."""
    refused = violation(Connection(Role.SERVER), bytes.fromhex(prefix))
    assert (refused.code, refused.request_id) == (code, 0)


# -- request_id ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(REPLIES), ids=lambda kind: kind.NAME)
def test_client_sends_no_request_under_zero(kind: type[Message]) -> None:
    """FRAME-8."""
    client = connection(Role.CLIENT, State.CONNECTED if kind is Hello else State.ACTIVE)
    request = dataclasses.replace(SAMPLES[kind], request_id=0)
    with pytest.raises(LocalProtocolError, match=f"{kind.NAME} needs a request_id other than 0; see new_request_id"):
        client.send(request)


def test_server_sends_no_ping_under_zero() -> None:
    """PING-3."""
    with pytest.raises(LocalProtocolError, match="PING needs a request_id other than 0"):
        connection(Role.SERVER, State.ACTIVE).send(Ping(nonce=1))


@pytest.mark.parametrize("kind", [Ok, Roster, Error, Pong], ids=lambda kind: kind.NAME)
def test_server_sends_no_reply_under_zero(kind: type[Message]) -> None:
    reply = dataclasses.replace(SAMPLES[kind], request_id=0)
    with pytest.raises(LocalProtocolError, match=f"{kind.NAME} needs the request_id of the request that it answers"):
        connection(Role.SERVER, State.ACTIVE).send(reply)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.NAME)
def test_server_sends_no_event_under_a_request_id(kind: type[Message]) -> None:
    event = dataclasses.replace(SAMPLES[kind], request_id=3)
    with pytest.raises(LocalProtocolError, match=f"{kind.NAME} is an event; leave its request_id 0"):
        connection(Role.SERVER, State.ACTIVE).send(event)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.NAME)
def test_client_refuses_an_event_under_a_request_id(kind: type[Message]) -> None:
    """FRAME-10."""
    event = dataclasses.replace(SAMPLES[kind], request_id=3)
    assert violation(connection(Role.CLIENT, State.ACTIVE), event).code == "MALFORMED"


@pytest.mark.parametrize("kind", [Say, Pm, Who, Rename, Leave, Ping, Pong], ids=lambda kind: kind.NAME)
def test_server_refuses_any_frame_under_zero(kind: type[Message]) -> None:
    """FRAME-8; and the answer bears 0 as well."""
    message = dataclasses.replace(SAMPLES[kind], request_id=0)
    refused = violation(connection(Role.SERVER, State.ACTIVE), message)
    assert (refused.code, refused.request_id) == ("MALFORMED", 0)


def test_client_refuses_a_ping_under_zero() -> None:
    assert violation(connection(Role.CLIENT, State.ACTIVE), Ping(nonce=1)).code == "MALFORMED"


def test_new_request_ids_begin_at_one_and_never_are_zero() -> None:
    client = Connection(Role.CLIENT)
    assert [client.new_request_id() for _ in range(3)] == [1, 2, 3]
    client._last_request_id = 0xFFFFFFFE
    assert [client.new_request_id() for _ in range(3)] == [0xFFFFFFFF, 1, 2]


# -- requests and replies ------------------------------------------------------------------------------------------------


def test_replies_are_matched_in_the_order_of_the_requests() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    first, second, third = (
        Say(request_id=2, text="a"),
        Who(request_id=3, after="", limit=0),
        Ping(request_id=4, nonce=7),
    )
    for request in (first, second, third):
        client.send(request)
    assert hear(client, Ok(request_id=2, seq=2, time=0)).answers is first
    assert hear(client, SAMPLES[Chat]).answers is None
    assert hear(client, Roster(request_id=3, entries=(), more=False)).answers is second
    assert hear(client, Pong(request_id=4, nonce=7)).answers is third


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Ok(request_id=3, seq=1, time=0), id="later request first"),
        pytest.param(Ok(request_id=99, seq=1, time=0), id="request never made"),
        pytest.param(Ok(request_id=0, seq=1, time=0), id="under zero"),
        pytest.param(Roster(request_id=2, entries=(), more=False), id="kind that does not answer it"),
        pytest.param(error(Say(request_id=2, text="a"), request_type=3), id="error about another type"),
        pytest.param(Pong(request_id=2, nonce=1), id="pong to a say"),
    ],
)
def test_client_refuses_a_reply_to_nothing(reply: Message) -> None:
    """STATE-4."""
    client = connection(Role.CLIENT, State.ACTIVE)
    client.send(Say(request_id=2, text="a"))
    client.send(Say(request_id=3, text="b"))
    refused = violation(client, reply)
    assert refused.code == "UNEXPECTED_MESSAGE"
    assert refused.reason == f"{reply.NAME} answers no request"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "pong", [Pong(request_id=2, nonce=6), Pong(request_id=3, nonce=5)], ids=["nonce", "request_id"]
)
def test_pong_that_does_not_fit_its_ping_is_refused(role: Role, pong: Pong) -> None:
    """PONG-1."""
    this = connection(role, State.ACTIVE)
    this.send(Ping(request_id=2, nonce=5))
    refused = violation(this, pong)
    assert (refused.code, refused.request_id) == ("UNEXPECTED_MESSAGE", 0)


@pytest.mark.parametrize("role", Role)
def test_pong_without_a_ping_is_refused(role: Role) -> None:
    assert violation(connection(role, State.ACTIVE), SAMPLES[Pong]).code == "UNEXPECTED_MESSAGE"


def test_server_refuses_a_second_pong_to_one_ping() -> None:
    server = connection(Role.SERVER, State.ACTIVE)
    server.send(Ping(request_id=2, nonce=5))
    assert hear(server, Pong(request_id=2, nonce=5)).answers == Ping(request_id=2, nonce=5)
    assert violation(server, Pong(request_id=2, nonce=5)).code == "UNEXPECTED_MESSAGE"


def test_server_sends_no_second_ping_before_the_first_is_answered() -> None:
    """PING-3."""
    server = connection(Role.SERVER, State.ACTIVE)
    server.send(Ping(request_id=1, nonce=5))
    with pytest.raises(LocalProtocolError, match="a PING waits for its PONG already; read that first"):
        server.send(Ping(request_id=2, nonce=6))
    hear(server, Pong(request_id=1, nonce=5))
    server.send(Ping(request_id=2, nonce=6))


def test_server_goes_on_while_a_ping_waits() -> None:
    server = connection(Role.SERVER, State.ACTIVE, SAMPLES[Ping])
    assert server.send(SAMPLES[Chat]) == encode(SAMPLES[Chat])


def test_client_may_send_many_pings_at_once() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    client.send(Ping(request_id=2, nonce=5))
    client.send(Ping(request_id=3, nonce=6))
    hear(client, Pong(request_id=2, nonce=5))
    assert hear(client, Pong(request_id=3, nonce=6)).answers.nonce == 6


@pytest.mark.parametrize(
    ("request_id", "answers"), [(2, Say(request_id=2, text="a")), (0, None), (3, None), (99, None)]
)
def test_client_takes_a_goodbye_under_any_request_id(request_id: int, answers: Message | None) -> None:
    """STATE-7: it ends the connection all the same; it answers only what has waited longest."""
    client = connection(Role.CLIENT, State.ACTIVE)
    client.send(Say(request_id=2, text="a"))
    client.send(Say(request_id=3, text="b"))
    assert hear(client, goodbye(request_id)).answers == answers
    assert client.state is State.CLOSED


def test_client_takes_a_goodbye_without_having_asked_anything() -> None:
    client = Connection(Role.CLIENT)
    assert hear(client, goodbye(4)).answers is None
    assert client.state is State.CLOSED


# -- leaving -------------------------------------------------------------------------------------------------------------


def test_client_still_gets_replies_and_events_after_leave() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    client.send(Say(request_id=2, text="a"))
    client.send(Leave(request_id=3))
    assert hear(client, Ok(request_id=2, seq=2, time=0)).answers == Say(request_id=2, text="a")
    assert hear(client, SAMPLES[Chat]).message == SAMPLES[Chat]
    assert hear(client, goodbye(3)).answers == Leave(request_id=3)


def test_client_is_active_again_when_its_leave_is_refused() -> None:
    """STATE-6."""
    client = connection(Role.CLIENT, State.ACTIVE)
    client.send(Leave(request_id=2))
    hear(client, error(Leave(request_id=2), code=ErrorCode.UNSUPPORTED_CRITICAL))
    assert client.state is State.ACTIVE
    client.send(SAMPLES[Say])


def test_client_keeps_leaving_when_an_earlier_request_is_refused() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    client.send(Say(request_id=2, text="a"))
    client.send(Leave(request_id=3))
    hear(client, error(Say(request_id=2, text="a")))
    assert client.state is State.CLOSING


def test_server_stays_active_when_a_leave_is_refused_for_its_form() -> None:
    server = connection(Role.SERVER, State.ACTIVE)
    server.receive_data(frame(Leave.TYPE, 5, flags=1))
    assert isinstance(server.next_event(), Refused)
    server.send(error(Leave(request_id=5), code=ErrorCode.UNSUPPORTED_CRITICAL))
    assert server.state is State.ACTIVE


def test_server_is_active_again_when_it_refuses_a_leave() -> None:
    """STATE-6: both sides are then in the same state."""
    server = connection(Role.SERVER, State.CLOSING)
    server.send(error(Leave(request_id=8)))
    assert server.state is State.ACTIVE
    assert hear(server, SAMPLES[Say]).message == SAMPLES[Say]


def test_server_keeps_closing_when_it_refuses_an_earlier_request() -> None:
    server = connection(Role.SERVER, State.CLOSING)
    server.send(error(SAMPLES[Say]))
    assert server.state is State.CLOSING


def test_error_about_a_leave_makes_nobody_a_user() -> None:
    server = Connection(Role.SERVER)
    server.send(error(Leave(request_id=8)))
    assert server.state is State.CONNECTED


@pytest.mark.parametrize("role", Role)
def test_nothing_counts_after_goodbye(role: Role) -> None:
    """STATE-5: neither what came with it nor what comes later."""
    this = connection(role, State.ACTIVE)
    late = encode(SAMPLES[Ping])
    if role is Role.CLIENT:
        this.receive_data(encode(goodbye()) + late + b"\x00")
        this.next_event()
    else:
        this.receive_data(late + b"\x00")
        this.send(goodbye())
    assert this.state is State.CLOSED
    assert this.next_event() is None
    assert not this.unfinished
    this.receive_data(late)
    assert this.next_event() is None
    assert not this.unfinished


# -- types that are not known --------------------------------------------------------------------------------------------

UNKNOWN_REQUEST, UNKNOWN_EITHER, UNKNOWN_REPLY, UNKNOWN_EVENT = 0x3F, 0x7F, 0xBF, 0xFF


@pytest.mark.parametrize("type_", [UNKNOWN_REQUEST, UNKNOWN_EITHER])
def test_server_refuses_an_unknown_request_of_a_user_and_goes_on(type_: int) -> None:
    """EXT-13: its body is not looked at."""
    server = connection(Role.SERVER, State.ACTIVE)
    server.receive_data(frame(type_, 5, "ffff", flags=0x0F) + encode(SAMPLES[Say]))
    refused = server.next_event()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field, refused.partial) == ("UNKNOWN_TYPE", "", None)
    assert refused.header == (type_, 0x0F, 5)
    assert isinstance(server.next_event(), Received)


@pytest.mark.parametrize("state", [State.CONNECTED, State.CLOSING])
@pytest.mark.parametrize("type_", [UNKNOWN_REQUEST, UNKNOWN_EITHER])
def test_server_ends_it_for_an_unknown_request_of_no_user(type_: int, state: State) -> None:
    """STATE-2."""
    refused = violation(connection(Role.SERVER, state), frame(type_, 5))
    assert (refused.code, refused.request_id) == ("UNEXPECTED_MESSAGE", 5)


@pytest.mark.parametrize("state", [State.CONNECTED, State.ACTIVE, State.CLOSING])
@pytest.mark.parametrize("type_", [0x00, UNKNOWN_REPLY, UNKNOWN_EVENT, Welcome.TYPE, Chat.TYPE])
@pytest.mark.parametrize("request_id", [0, 5])
def test_server_ends_it_for_what_no_client_may_send(type_: int, state: State, request_id: int) -> None:
    """STATE-3; the direction comes before the request_id (REQ-5), and GOODBYE bears 0 (GOODBYE-1)."""
    refused = violation(connection(Role.SERVER, state), frame(type_, request_id))
    assert (refused.code, refused.request_id) == ("UNEXPECTED_MESSAGE", 0)


@pytest.mark.parametrize("state", [State.ACTIVE, State.CLOSING])
def test_client_ignores_an_unknown_event_from_welcome_on(state: State) -> None:
    """EXT-12: whatever its flags and its body."""
    client = connection(Role.CLIENT, state)
    client.receive_data(frame(UNKNOWN_EVENT, 0, "ffff", flags=0x0F) + encode(goodbye()))
    event = client.next_event()
    assert isinstance(event, Received)
    assert isinstance(event.message, Goodbye)


def test_client_ends_it_for_an_unknown_event_before_welcome() -> None:
    assert violation(Connection(Role.CLIENT), frame(UNKNOWN_EVENT, 0)).code == "UNEXPECTED_MESSAGE"


def test_client_ends_it_for_an_unknown_event_under_a_request_id() -> None:
    """STATE-7."""
    assert violation(connection(Role.CLIENT, State.ACTIVE), frame(UNKNOWN_EVENT, 5)).code == "MALFORMED"


def test_client_reads_nothing_from_unknown_events_alone() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    client.receive_data(frame(UNKNOWN_EVENT, 0) * 3)
    assert client.next_event() is None


@pytest.mark.parametrize("state", [State.CONNECTED, State.ACTIVE, State.CLOSING])
@pytest.mark.parametrize("type_", [0x00, UNKNOWN_REQUEST, UNKNOWN_EITHER, UNKNOWN_REPLY])
def test_client_ends_it_for_any_other_unknown_type(type_: int, state: State) -> None:
    assert violation(connection(Role.CLIENT, state), frame(type_, 5)).code == "UNEXPECTED_MESSAGE"


# -- frames that are wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code", "field", "partial"),
    [
        (frame(Say.TYPE, 5, "0000"), "TEXT_EMPTY", "text", Say(request_id=5, text="")),
        (frame(Say.TYPE, 5, "0001 ff"), "INVALID_TEXT", "text", Say(request_id=5, text=b"\xff")),  # type: ignore[arg-type]
        (frame(Rename.TYPE, 5, "01 39"), "NAME_INVALID", "name", Rename(request_id=5, name="9")),
        (frame(Leave.TYPE, 5, flags=2), "UNSUPPORTED_CRITICAL", "flags", Leave(request_id=5, flags=2)),
        (
            frame(Leave.TYPE, 5, "03 0000"),
            "UNSUPPORTED_CRITICAL",
            "extensions",
            Leave(request_id=5, extensions=(Extension(3, b""),)),
        ),
    ],
)
def test_server_refuses_a_request_for_its_values_and_goes_on(
    data: bytes, code: str, field: str, partial: Message
) -> None:
    server = connection(Role.SERVER, State.ACTIVE)
    server.receive_data(data + encode(SAMPLES[Say]))
    refused = server.next_event()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field, refused.partial) == (code, field, partial)
    assert refused.header.correlation == 5
    assert refused.reason
    assert server.state is State.ACTIVE
    assert isinstance(server.next_event(), Received)


def test_server_refuses_a_hello_for_its_name_and_stays_as_it_was() -> None:
    server = Connection(Role.SERVER)
    server.receive_data(frame(Hello.TYPE, 1, "494d5031 0100 0100 00000000 01 39"))
    refused = server.next_event()
    assert isinstance(refused, Refused)
    assert (refused.code, server.state) == ("NAME_INVALID", State.CONNECTED)
    server.send(error(hello(1)))


@pytest.mark.parametrize(
    ("data", "request_id"),
    [(frame(Say.TYPE, 5, "0005 61"), 5), (frame(Ping.TYPE, 6, "00"), 6), (frame(Pong.TYPE, 7, "00"), 0)],
)
def test_server_ends_it_for_a_wrong_layout(data: bytes, request_id: int) -> None:
    """GOODBYE-1: under the request_id, unless it is a PONG."""
    refused = violation(connection(Role.SERVER, State.ACTIVE), data)
    assert (refused.code, refused.request_id) == ("MALFORMED", request_id)


@pytest.mark.parametrize("data", [frame(Pong.TYPE, 9, "00" * 8, flags=1), frame(Pong.TYPE, 9, "00" * 8 + "010000")])
def test_server_ends_it_for_a_pong_with_a_critical_part(data: bytes) -> None:
    """EXT-8: before the question whether it answers a PING (REQ-5)."""
    refused = violation(connection(Role.SERVER, State.ACTIVE), data)
    assert (refused.code, refused.request_id) == ("MALFORMED", 0)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(frame(Chat.TYPE, 0, "00"), id="layout"),
        pytest.param(
            frame(Left.TYPE, 0, "00" * 16 + "0000000000000007 03616e6e 01", flags=1), id="critical flag, EXT-7"
        ),
        pytest.param(frame(Left.TYPE, 0, "00" * 16 + "0000000000000007 03616e6e 01 010000"), id="odd extension, EXT-7"),
        pytest.param(frame(Renamed.TYPE, 0, "00" * 16 + "0000000000000007 03616e6e 0139"), id="name"),
        pytest.param(frame(Whisper.TYPE, 0, "00" * 8 + "0000000000000007 03616e6e 0001ff"), id="text"),
    ],
)
def test_client_ends_it_for_a_frame_that_it_cannot_take(data: bytes) -> None:
    """STATE-4: a client refuses nothing by ERROR."""
    assert violation(connection(Role.CLIENT, State.ACTIVE), data).code == "MALFORMED"


@pytest.mark.parametrize(
    ("state", "data", "code"),
    [
        pytest.param(State.CONNECTED, frame(Welcome.TYPE, 0), "UNEXPECTED_MESSAGE", id="direction before request_id"),
        pytest.param(State.CONNECTED, frame(Say.TYPE, 0), "MALFORMED", id="request_id before state"),
        pytest.param(State.ACTIVE, frame(Hello.TYPE, 5), "UNEXPECTED_MESSAGE", id="state before layout"),
        pytest.param(State.ACTIVE, frame(Say.TYPE, 5, "0005 61", flags=1), "MALFORMED", id="layout before flags"),
    ],
)
def test_first_fault_in_the_order_of_the_specification_counts(state: State, data: bytes, code: str) -> None:
    """REQ-5."""
    assert violation(connection(Role.SERVER, state), data).code == code


def test_nothing_is_read_behind_a_violation() -> None:
    server = connection(Role.SERVER, State.ACTIVE)
    server.receive_data(frame(Welcome.TYPE, 5) + encode(SAMPLES[Say]))
    with pytest.raises(RemoteProtocolError) as first:
        server.next_event()
    assert not server.unfinished
    server.receive_data(encode(SAMPLES[Say]))
    assert not server.unfinished
    with pytest.raises(RemoteProtocolError) as second:
        server.next_event()
    assert (str(second.value), second.value.request_id) == (str(first.value), first.value.request_id)
    server.send(goodbye())
    assert server.next_event() is None


# -- pieces --------------------------------------------------------------------------------------------------------------


def test_message_may_come_byte_by_byte() -> None:
    server = Connection(Role.SERVER)
    events: list[Any] = []
    for byte in encode(hello(1)):
        assert not events
        server.receive_data(bytes([byte]))
        event = server.next_event()
        assert server.unfinished == (event is None)
        events += [event] if event else []
    assert events == [Received(hello(1), None)]


def test_event_is_judged_when_it_is_asked_for() -> None:
    """A client may send on as soon as it has read WELCOME; so may a server find HELLO and SAY in one piece."""
    server = Connection(Role.SERVER)
    server.receive_data(encode(hello(1)) + encode(SAMPLES[Say]))
    server.next_event()
    with pytest.raises(RemoteProtocolError):
        server.next_event()  # Nobody has sent WELCOME in between.


def test_frame_that_was_encoded_elsewhere_is_held_to_the_same_rules() -> None:
    server = connection(Role.SERVER, State.ACTIVE)
    server.sent(SAMPLES[Ping])
    assert hear(server, SAMPLES[Pong]).answers == SAMPLES[Ping]
    with pytest.raises(LocalProtocolError):
        server.sent(SAMPLES[Say])
    server.sent(goodbye())
    assert server.state is State.CLOSED


# -- errors of one's own -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "state", "kind", "text"),
    [
        (Role.CLIENT, State.CONNECTED, Say, "send HELLO and read WELCOME first (protocol.txt, section 12.2)"),
        (Role.SERVER, State.CONNECTED, Chat, "send WELCOME first (protocol.txt, section 12.14)"),
        (Role.CLIENT, State.ACTIVE, Hello, "it belongs to state CONNECTED (protocol.txt, section 12.1)"),
        (Role.SERVER, State.ACTIVE, Welcome, "it belongs to state CONNECTED (protocol.txt, section 12.9)"),
        (Role.CLIENT, State.ACTIVE, Chat, "only the server sends it (protocol.txt, section 12.14)"),
        (Role.SERVER, State.ACTIVE, Say, "only the client sends it (protocol.txt, section 12.2)"),
        (Role.CLIENT, State.CLOSING, Say, "LEAVE was sent (protocol.txt, section 12.2)"),
        (
            Role.SERVER,
            State.CLOSED,
            Chat,
            "GOODBYE has ended it; open another connection (protocol.txt, section 12.14)",
        ),
    ],
)
def test_local_error_names_the_situation_and_the_way_out(
    role: Role, state: State, kind: type[Message], text: str
) -> None:
    with pytest.raises(LocalProtocolError) as raised:
        connection(role, state).send(SAMPLES[kind])
    assert str(raised.value) == f"the {role} may not send {kind.NAME} in state {state.name}; {text}"


def test_wrong_state_is_told_before_a_frame_that_is_too_long() -> None:
    with pytest.raises(LocalProtocolError, match="send HELLO and read WELCOME first"):
        Connection(Role.CLIENT).send(Say(request_id=2, text="a" * 4096))


def test_message_that_cannot_be_encoded_changes_nothing() -> None:
    client = connection(Role.CLIENT, State.ACTIVE)
    with pytest.raises(EncodeError):
        client.send(Say(request_id=2, text=""))
    assert client.state is State.ACTIVE
    client.send(Who(request_id=2, after="", limit=0))
    assert hear(client, Roster(request_id=2, entries=(), more=False)).answers == Who(request_id=2, after="", limit=0)


def test_both_errors_are_protocol_errors() -> None:
    assert issubclass(LocalProtocolError, ProtocolError)
    assert issubclass(RemoteProtocolError, ProtocolError)


def test_violation_that_is_kept_holds_neither_frames_nor_the_stack() -> None:
    """Each further call raises it again, and must not make it grow."""
    server = connection(Role.SERVER, State.ACTIVE)
    server.receive_data(frame(Welcome.TYPE, 5))
    for _ in range(5):
        with pytest.raises(RemoteProtocolError) as raised:
            server.next_event()
        assert raised.value.__context__ is None
        assert len(raised.traceback) == 2, "of this function and of next_event"


def test_client_holds_no_more_than_any_limit_allows_whatever_welcome_says() -> None:
    client = Connection(Role.CLIENT)
    client.send(hello(1))
    welcome = dataclasses.replace(SAMPLES[Welcome], request_id=1, max_frame=0xFFFFFFFF)
    client.receive_data(encode(welcome) + (LIMITS["max_frame"].maximum + 1).to_bytes(4, "big"))
    assert isinstance(client.next_event(), Received)
    with pytest.raises(RemoteProtocolError) as raised:
        client.next_event()
    assert raised.value.code == "FRAME_TOO_LARGE"


def test_violation_can_be_copied_and_sent_to_another_process() -> None:
    error = RemoteProtocolError("MALFORMED", "nothing can be read", 7)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(other), other.code, other.request_id) == (str(error), "MALFORMED", 7)

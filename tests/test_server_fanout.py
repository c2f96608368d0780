"""What each connection gets in a turn is exactly what was said to it, in the order in which it was said (ORD-1)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reference_server.fanout import Lane, Turn

_LANES = 4
_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(-1, _LANES - 1)),
        st.tuples(st.sampled_from(["tell", "admit", "dismiss", "forget", "end"]), st.integers(0, _LANES - 1)),
    ),
    max_size=40,
)


@given(_ACTIONS)
def test_turns_hold_what_was_said_in_its_order(actions: list[tuple[str, int]]) -> None:
    lanes, turn = [Lane() for _ in range(_LANES)], Turn[Lane]()
    said: dict[Lane, bytes] = dict.fromkeys(lanes, b"")
    written: dict[Lane, bytes] = dict(said)
    users: set[Lane] = set()
    for number, (action, index) in enumerate([*actions, ("end", 0)]):
        frame, lane = b"<%d>" % number, lanes[index]
        match action:
            case "publish":
                but = lane if index >= 0 else None
                turn.publish(frame, but)
                for user in users - {but}:
                    said[user] += frame
            case "tell":
                turn.tell(lane, frame)
                said[lane] += frame
            case "admit" if lane not in users:
                turn.admit(lane)
                users.add(lane)
            case "dismiss":
                turn.dismiss(lane)
                users.discard(lane)
            case "forget":
                turn.forget(lane)
                users.discard(lane)
                said[lane] = written[lane]
            case "end":
                _write(turn, written)
                assert written == said
                assert turn.empty
                assert turn.size == 0


def test_one_joined_piece_serves_all_who_got_nothing_else() -> None:
    author, *others = lanes = [Lane() for _ in range(3)]
    turn = Turn[Lane]()
    for lane in lanes:
        turn.admit(lane)
    turn.begin()
    turn.publish(b"hi ", but=author)
    turn.publish(b"all")
    public, differing = turn.take()
    assert public == b"hi all"
    assert differing == [(author, b"all")]
    assert [lane.own for lane in others] == [None, None]


def _write(turn: Turn[Any], written: dict[Lane, bytes]) -> None:
    public, differing = turn.take()
    for lane in turn.users:
        if lane.own is None:
            written[lane] += public
    for lane, data in differing:
        written[lane] += data
    turn.begin()

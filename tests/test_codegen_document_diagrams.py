"""The diagrams of the document in characters: states and what leads from one to another, and fields of bytes."""

from __future__ import annotations

from codegen.emit.document.state_text import state_diagram
from codegen.emit.document.text import diagram
from codegen.model import State, Transition


def drawn(*moves: tuple[str, str, str], width: int = 66) -> list[str]:
    """The diagram of the states A, B and C, the last of which is final: `moves` are message, sources and target."""
    states = tuple(State(name, "", name == "C") for name in "ABC")
    return state_diagram(states, tuple(Transition(name, tuple(a), b) for name, a, b in moves), width)


def test_transition_to_the_next_state_leads_down_and_shared_ones_run_beside() -> None:
    assert drawn(("GO", "A", "B"), ("STOP", "AB", "C")) == [
        "   o",
        "   v",
        "+-----+",
        "|  A  |---+",
        "+-----+   |",
        "   |      |",
        "   | GO   | STOP",
        "   v      |",
        "+-----+   |",
        "|  B  |---+",
        "+-----+   |",
        "          |",
        "+=====+   |",
        "|  C  |<--+",
        "+=====+",
    ]


def test_transitions_back_and_to_the_same_state_have_lanes_and_ports_of_their_own() -> None:
    assert drawn(("GO", "A", "B"), ("BACK", "B", "A"), ("STAY", "B", "B"), ("END", "B", "C"), ("STOP", "B", "C")) == [
        "   o",
        "   v",
        "+-----+",
        "|  A  |<-------------+",
        "+-----+              |",
        "   |                 |",
        "   | GO              | BACK",
        "   v                 |",
        "+-----+              |",
        "|     |--------------+",
        "|     |",
        "|  B  |<----+",
        "|     |     | STAY",
        "|     |-----+",
        "+-----+",
        "   |",
        "   | END",
        "   | STOP",
        "   v",
        "+=====+",
        "|  C  |",
        "+=====+",
    ]


def test_line_that_crosses_another_is_broken() -> None:
    lines = drawn(("JUMP", "A", "C"), ("STOP", "AB", "C"))
    assert "|  B  |---|--------+" in lines
    assert sum(line.count("<") for line in lines) == 2


def test_diagram_that_is_too_wide_is_left_out() -> None:
    assert drawn(("A" * 60, "A", "C")) == []


def test_diagram_breaks_fields_at_four_bytes_and_gives_varying_ones_a_row() -> None:
    assert diagram((("one", 1), ("a_name_too_long", 1), ("long", 4), ("text", None))).splitlines() == [
        "    0               1               2               3",
        "   +---------------+---------------+---------------+---------------+",
        "   |      one      |a_name_too_long|              long             |",
        "   +---------------+---------------+---------------+---------------+",
        "   |             (long)            |",
        "   +---------------+---------------+",
        "   /                            text ...                           /",
        "   +---------------+---------------+---------------+---------------+",
    ]


def test_label_stands_where_there_is_room_for_it() -> None:
    fields = (("one", 3), ("a_rather_long_name", 4), ("two", 1), ("name_that_is_cut", 1))
    assert [line for line in diagram(fields).splitlines() if "|" in line] == [
        "   |                      one                      |     (...)     |",
        "   |               a_rather_long_name              |      two      |",
        "   |name_that_is_..|",
    ]

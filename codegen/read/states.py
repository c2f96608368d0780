"""The sections `states` and `transitions` of a spec."""

from __future__ import annotations

from ..model import Message, State, Transition
from .messages import known_name, message_at
from .names import check_name
from .source import Source


def read_states(source: Source) -> tuple[State, ...]:
    """The states of a connection, the first one first."""
    states = []
    for name, place, node in source.section("states", {}).entries():
        check_name(place, name, upper=True)
        entry = node.mapping(("doc",), ("final",))
        states.append(State(name, entry.string("doc"), entry.boolean("final")))
    return tuple(states)


def read_transitions(source: Source, messages: dict[str, Message], states: tuple[State, ...]) -> tuple[Transition, ...]:
    """Which message leads from which states to which other."""
    names = [state.name for state in states]
    transitions: list[Transition] = []
    for node in source.section("transitions", []).items():
        entry = node.mapping(("message", "from", "to"))
        message, known = message_at(source, entry, messages, part="states")
        sources: list[str] = []
        for item in entry.items("from"):
            state = known_name(source, "states", item, names, "state")
            if known and state == item.value:
                if not source.lost("states") and not any(state in side for side in known.states.values()):
                    item.problem(f"{message} is not allowed in state {state}", "illegal-transition")
                if any(state in other.sources and other.message == message for other in transitions):
                    item.problem(f"what {message} does in state {state} is told above", "illegal-transition")
                sources.append(state)
        target = known_name(source, "states", entry.at("to", ""), names, "state") if "to" in entry else ""
        transitions.append(Transition(message if known else "", tuple(sources), target))
    return tuple(transitions)

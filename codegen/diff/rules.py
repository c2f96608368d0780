"""The rules by which `diff` judges a change of a spec: what each one is called, how bad it is, and why.

Two versions of a protocol meet in both ways: an old program speaks to a new one, and a new one to an old one. What
either of them would then refuse, or take for something else, breaks peers on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass

WIRE, SOURCES, BEHAVIOUR, HARMLESS = "breaks peers on the wire", "breaks sources", "changes behaviour", "harmless"

#: The categories, worst first, with the words for more than one change.
CATEGORIES = {
    WIRE: "break peers on the wire",
    SOURCES: "break sources",
    BEHAVIOUR: "change behaviour",
    HARMLESS: "harmless",
}


@dataclass(frozen=True)
class Rule:
    """A kind of change. `adds`: peers may meet something new, so the minor version has to rise."""

    id: str
    category: str
    sentence: str
    adds: bool = False


@dataclass(frozen=True)
class Change:
    """One difference between two versions of a spec: where it is, and what became of what."""

    rule: str
    category: str
    place: str
    text: str


_RULES = (
    # -- what breaks peers on the wire
    Rule("byte-order-changed", WIRE, "Integers have their bytes in another order."),
    Rule("critical-flags-changed", WIRE, "An unknown flag that one version ignores is refused by the other."),
    Rule("extension-changed", WIRE, "Extension records came, went, or have another layout."),
    Rule("role-changed", WIRE, "A field of the header means something else."),
    Rule("message-removed", WIRE, "A message is gone; old peers still send it or wait for it."),
    Rule("message-renumbered", WIRE, "A message has another number, under which old peers do not know it."),
    Rule("message-kind-changed", WIRE, "A message is now another one of request, reply and event."),
    Rule("message-sender-changed", WIRE, "A message is now sent by another side."),
    Rule("states-narrowed", WIRE, "A message is no longer allowed in a state in which old peers send it."),
    Rule("states-widened", WIRE, "A message is allowed in a state in which old peers refuse it."),
    Rule("transition-changed", WIRE, "A message leads to another state, so old and new peers lose each other."),
    Rule("reply-added", WIRE, "A request has a new reply, which old peers do not take for one."),
    Rule("reply-removed", WIRE, "A reply of old peers is none to new ones."),
    Rule("field-added", WIRE, "A field was added, and all bytes behind it moved; add an optional field instead."),
    Rule("field-removed", WIRE, "A field is gone, and all bytes behind it moved."),
    Rule("field-moved", WIRE, "Fields stand in another order."),
    Rule("layout-changed", WIRE, "A value is laid out in another way."),
    Rule("width-changed", WIRE, "A number, or the count in front of a value, has another number of bytes."),
    Rule("const-changed", WIRE, "A fixed value is another one, no longer fixed, or newly fixed."),
    Rule("unit-changed", WIRE, "The same number means another amount."),
    Rule("announcement-changed", WIRE, "A field bears the value of another limit or timer."),
    Rule("range-narrowed", WIRE, "A new receiver refuses numbers that an old sender may send."),
    Rule("range-widened", WIRE, "An old receiver refuses numbers that a new sender may send."),
    Rule("length-narrowed", WIRE, "A new receiver refuses lengths that an old sender may send."),
    Rule("length-widened", WIRE, "An old receiver refuses lengths that a new sender may send."),
    Rule("pattern-changed", WIRE, "Other characters are allowed; one version may refuse what the other sends."),
    Rule("closed-value-added", WIRE, "A closed enumeration has a new value, which old peers refuse."),
    Rule("closed-value-removed", WIRE, "A closed enumeration has lost a value, which old peers may send."),
    Rule("value-renumbered", WIRE, "A value of an enumeration has another number."),
    Rule("enum-closed", WIRE, "An enumeration is closed; new peers refuse values that they do not know."),
    Rule("bit-moved", WIRE, "A bit has another position."),
    Rule("critical-field-added", WIRE, "An optional field with an odd tag was added; old peers refuse it."),
    Rule("critical-field-removed", WIRE, "An optional field with an odd tag is gone; new peers refuse it."),
    Rule("optional-field-retagged", WIRE, "An optional field has another tag, under which old peers miss it."),
    # No YAML leads to this one; a new part of the model does, until it has a rule of its own.
    Rule("other-change", WIRE, "Something changed that no rule knows, so the worst is to be feared."),
    # -- what breaks sources
    Rule("package-moved", SOURCES, "Generated modules are imported from another place."),
    Rule("message-renamed", SOURCES, "A message has another name under the same number."),
    Rule("field-renamed", SOURCES, "A field has another name at the same place."),
    Rule("type-renamed", SOURCES, "A type has another name and the same layout."),
    Rule("value-renamed", SOURCES, "A value of an enumeration has another name under the same number."),
    Rule("bit-renamed", SOURCES, "A bit has another name at the same position."),
    Rule("state-renamed", SOURCES, "A state has another name."),
    Rule("type-removed", SOURCES, "A type is gone."),
    Rule("value-removed", SOURCES, "A value of an open enumeration is gone; its number can still be sent."),
    Rule("bit-removed", SOURCES, "The name of a bit is gone."),
    Rule("optional-field-removed", SOURCES, "An optional field is gone; new peers ignore its record."),
    Rule("limit-removed", SOURCES, "A limit or timer is gone from the tables."),
    Rule("constant-removed", SOURCES, "A constant is gone from the tables."),
    Rule("state-removed", SOURCES, "A state is gone from the tables."),
    Rule("kind-changed", SOURCES, "The same bytes are another kind of value for programs."),
    Rule("enum-opened", SOURCES, "An enumeration is open: programs meet plain numbers without a name."),
    Rule("field-type-changed", SOURCES, "A field has a type of another name; what differs is told beside it."),
    Rule("unused-type-changed", SOURCES, "A type changed that no message of both versions has."),
    # -- what changes behaviour
    Rule("version-not-raised", BEHAVIOUR, "Peers cannot tell the two versions apart by their numbers."),
    Rule("numbering-changed", BEHAVIOUR, "Peers take a number that they do not know for something else."),
    Rule("failure-code-changed", BEHAVIOUR, "A fault is answered with another code."),
    Rule("failure-answer-changed", BEHAVIOUR, "Failures are told by another message or field."),
    Rule("errors-changed", BEHAVIOUR, "A request can be refused for other reasons, or in another order of them."),
    Rule("trigger-changed", BEHAVIOUR, "The cause of a failure code has other words; a person has to judge them."),
    Rule("retry-changed", BEHAVIOUR, "Whether a failure code advises another try changed."),
    Rule("limit-default-changed", BEHAVIOUR, "A limit or timer has another default."),
    Rule("limit-range-changed", BEHAVIOUR, "A limit or timer can be set to other values."),
    Rule("constant-changed", BEHAVIOUR, "A constant has another value or unit."),
    Rule("state-final-changed", BEHAVIOUR, "A state began or ceased to be the end of a connection."),
    Rule("requirement-added", BEHAVIOUR, "There is a new requirement."),
    Rule("requirement-removed", BEHAVIOUR, "A requirement is gone."),
    Rule("requirement-strengthened", BEHAVIOUR, "A requirement binds more than before."),
    Rule("requirement-weakened", BEHAVIOUR, "A requirement binds less than before."),
    Rule("requirement-side-changed", BEHAVIOUR, "A requirement binds another side."),
    Rule("requirement-reworded", BEHAVIOUR, "A requirement has other words; a person has to judge them."),
    Rule("command-changed", BEHAVIOUR, "People type something else, or it does something else."),
    Rule("display-changed", BEHAVIOUR, "People are shown something else."),
    Rule("vector-changed", BEHAVIOUR, "An example of the same name has other bytes or means something else."),
    # -- what is harmless
    Rule("version-changed", HARMLESS, "The version is another one."),
    Rule("message-added", HARMLESS, "A message was added; it is for peers of the new version.", adds=True),
    Rule("optional-field-added", HARMLESS, "An optional field was added; old peers ignore it.", adds=True),
    Rule("value-added", HARMLESS, "An open enumeration has a new value; old peers accept it unnamed.", adds=True),
    Rule("bit-added", HARMLESS, "A bit got a name.", adds=True),
    Rule("state-added", HARMLESS, "A state was added; how a connection gets there is told beside it."),
    Rule("type-added", HARMLESS, "A type was added."),
    Rule("limit-added", HARMLESS, "A limit or timer was added; the field that announces it is told beside it."),
    Rule("constant-added", HARMLESS, "A constant was added."),
    Rule("vector-added", HARMLESS, "An example was added."),
    Rule("vector-removed", HARMLESS, "An example is gone."),
    Rule("since-changed", HARMLESS, "Something is said to have come with another version."),
    Rule("document-moved", HARMLESS, "The document or what other tools read is written to another place."),
    Rule("order-changed", HARMLESS, "Entries stand in another order that no peer and no program notices."),
    Rule("prose-changed", HARMLESS, "Text that binds nobody changed."),
    Rule("doc-changed", HARMLESS, "A description changed."),
)

#: Every rule by its id, worst category first.
RULES = {rule.id: rule for rule in _RULES}


class Findings(list[Change]):
    """The changes found so far."""

    def tell(self, rule: str, place: str, text: str) -> None:
        """Add a change of the rule with that id."""
        self.append(Change(rule, RULES[rule].category, place, text))


def became(old: object, new: object) -> str:
    """`old became new`, with words for what is not there."""
    before, after = ("nothing" if value in ("", None) else value for value in (old, new))
    return f"{before} became {after}"

"""How a line looks on the client's terminal, without one: its rows, its styles, what is cut off it, what completes it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("prompt_toolkit")

from prompt_toolkit.buffer import CompletionState
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from impwire import Message
from impwire.messages import Joined, Left, LeftReason, Ok, Rename, Renamed, Roster, User, Who
from impwire.tables import DISPLAY
from reference_client.display import Show, _fits, harmless, shown
from reference_client.terminal.completing import candidates
from reference_client.terminal.gate import harmless_cells, is_right_to_left, tamed, unjoined
from reference_client.terminal.paint import RAW, STYLE, Fragments, Painter, name_style
from reference_client.terminal.rows import LEAST_HANG, columns_of, wrap
from reference_client.terminal.status import Status, candidates_line, status_line

NOON = 1_767_268_800_000
DAY = 86_400_000

# What rows may be made of: letters, wide ones, marks, joiners, blanks, line feeds, right to left, emoji.
texts = st.text(st.sampled_from("ab-. \u0301\u200d\u093e漢ｗ\u3000↵א\u00a0😀é"), max_size=60).map(tamed)


def rows_of(line: str, width: int, indent: int = 0) -> list[str]:
    return [" " * row.hang + line[row.start : row.end] for row in wrap(line, width, indent)]


def text_of(row: Fragments) -> str:
    return "".join(text for style, text in row if style != RAW)


# -- rows --------------------------------------------------------------------------------------------------------------


def test_text_is_broken_at_words_and_aligned() -> None:
    assert rows_of("bob: a few words that do not fit", 15, 5) == [
        "bob: a few",
        "     words that",
        "     do not fit",
    ]


def test_word_that_fits_no_row_is_broken() -> None:
    assert rows_of("bob: so " + "x" * 25, 15, 5) == ["bob: so", "     " + "x" * 10, "     " + "x" * 10, "     xxxxx"]


def test_wide_characters_are_broken_anywhere_and_never_in_two() -> None:
    assert rows_of("bob: 漢字漢字漢字", 10, 5) == ["bob: 漢字", "     漢字", "     漢字"]


def test_marks_stay_with_their_letter() -> None:
    assert rows_of("e\u0301" * 10, 8) == ["e\u0301" * 8, "  " + "e\u0301" * 2]
    assert rows_of("का" * 6, 8) == ["का" * 4, "  " + "का" * 2], "some terminals give these marks a column"


def test_line_feeds_end_rows_unless_there_are_too_many() -> None:
    assert rows_of("bob: def f():↵    return 1", 40, 5) == ["bob: def f():↵", "         return 1"]
    assert rows_of("bob: " + "↵" * 30, 40, 5) == ["bob: " + "↵" * 30]


def test_long_name_takes_no_room_from_the_text() -> None:
    assert rows_of("From abcdefghijklmnopqrst: hello there", 30, 27) == ["From abcdefghijklmnopqrst:", "  hello there"]


@given(texts, texts, st.integers(1, 40), st.sampled_from([0, 6]))
def test_rows_hold_everything_within_the_width_and_only_the_first_begins_at_the_left(
    name: str, text: str, width: int, margin: int
) -> None:
    line = f"{name}: {text}"
    rows = wrap(line, width, len(name) + 2, margin)
    kept = "".join(line[row.start : row.end] for row in rows)
    assert re.sub("[ \u200d]", "", kept) == re.sub("[ \u200d]", "", line)
    assert [row.hang >= LEAST_HANG for row in rows] == [False] + [True] * (len(rows) - 1)
    for row in rows:
        part = line[row.start : row.end]
        assert not part.endswith("\u200d"), "a terminal might join the next row to it"
        # A row that is too wide has one character, which cannot be broken, with its marks.
        assert row.hang + columns_of(part) <= width or sum(get_cwidth(character) > 0 for character in part) <= 1


# -- the gate ----------------------------------------------------------------------------------------------------------


@given(st.text())
def test_nothing_that_acts_on_a_terminal_passes(text: str) -> None:
    for passed in (tamed(text), harmless_cells(text)):
        assert harmless(passed) == passed
    assert sum(map(get_cwidth, harmless_cells(text))) == sum(map(get_cwidth, text))


def test_piles_of_marks_are_cut_off_and_scripts_are_not() -> None:
    assert tamed("Z" + "\u0301" * 300 + "!") == "Z" + "\u0301" * 8 + "…!"
    for word in ("क्षत्रिय", "בְּרֵאשִׁ֖ית", "Việt Nam", "สวัสดี", "བསྒྲུབས", "👨\u200d👩\u200d👧\u200d👦"):
        assert tamed(word) == word


def test_places_of_the_line_being_typed_are_not_joined() -> None:
    cells = {"👨\u200d": "👨", "❤\ufe0f\u200d": "❤", "⌚\ufe0e": "⌚", "e\u0301": "e\u0301", "x": "x"}
    assert [unjoined(cell) for cell in cells] == list(cells.values())
    for cell in (*cells, "🇩", "🏽"):  # How wide these are is a matter of opinion, and prompt_toolkit's counts.
        assert get_cwidth(unjoined(cell)) == get_cwidth(cell)
    assert not {*"🇩🏽"} & {*map(unjoined, "🇩🏽")}
    assert unjoined("ه\u200d") == "ه\u200d", "scripts need theirs"
    assert unjoined("\ufe0f") == ""


def test_right_to_left_is_isolated_behind_the_name() -> None:
    (row,) = Painter(shows_times=False).paint(Show("bob: שלום!", "output", "CHAT", None, 5, "bob"), 80)
    assert [text for _, text in row] == ["bob: ", "\u2068", "שלום!", "\u2069"]
    assert not is_right_to_left("hello, 世界")


# -- paint -------------------------------------------------------------------------------------------------------------


def chat(text: str, time: int | None = NOON) -> Show:
    return Show(f"bob: {text}", "output", "CHAT", time, 5, "bob")


def test_name_has_one_style_whatever_its_case_and_its_text_never_has_it() -> None:
    assert name_style("Bob") == name_style("bOB")
    assert len({name_style(f"user{number}") for number in range(100)}) == 6
    rows = list(Painter(shows_times=False).paint(chat("bob: bob: " * 20), 40))
    styled = [text for row in rows for style, text in row if style == name_style("bob")]
    assert styled == ["bob: "]
    assert STYLE.get_attrs_for_style_str(name_style("bob")).color


@pytest.mark.parametrize(
    ("show", "label", "style"),
    [
        (Show("From bob: hi", "output", "WHISPER", None, 10, "bob"), "From bob:", f"class:label {name_style('bob')}"),
        (Show("SERVER: hi", "output", "NOTICE", None, 8), "SERVER:", "class:label"),
        (Show("ann: hi", "output", "SAY", None, 5, "ann"), "ann: ", "class:own"),
        (Show("x: it broke", "error", "END"), "x: it broke", "class:error"),
        (Show('"bob" has joined the server.', "output", "JOINED", None, 0, "bob"), "bob", name_style("bob")),
        (Show("Users here: ann, bob", "output", "ROSTER", None, 12), "bob", name_style("bob")),
        (Show("Users here: ann, bob", "output", "ROSTER", None, 12), "ann", name_style("ann")),
    ],
)
def test_kinds_of_lines_stand_out(show: Show, label: str, style: str) -> None:
    (row,) = Painter(shows_times=False).paint(show, 80)
    assert (style, label) in row
    assert text_of(row) == show.line


NAMED_O = User(session_id=8, name="o")

#: Lines with a speaker and no text of theirs: the message, what it answers, and where in the line the speaker "o" stands.
SPEAKERS: list[tuple[Message, Message | None, int | None]] = [
    (Ok(seq=1, time=1), Rename(name="O"), None),
    (Ok(seq=1, time=1), Rename(name="o"), len('You are now "')),
    (Joined(seq=1, time=1, who=NAMED_O), None, 1),
    *[(Left(seq=1, time=1, who=NAMED_O, reason=reason), None, 1) for reason in LeftReason],
    (Renamed(seq=1, time=1, who=NAMED_O, new_name="oo"), None, 1),
]


@pytest.mark.parametrize(("message", "answers", "at"), SPEAKERS)
def test_name_is_coloured_where_it_stands_as_a_name_and_nowhere_else(
    message: Message, answers: Message | None, at: int | None
) -> None:
    """There is an o in the words of each line, too."""
    show = shown(message, answers, "o")
    assert show is not None
    (row,) = Painter(shows_times=True).paint(show, 80)
    coloured = [number for number, (style, _) in enumerate(row) if style == name_style("o")]
    places = [sum(len(text) for _, text in row[:number]) - len("12:00 ") for number in coloured]
    assert (places, [row[number][1] for number in coloured]) == (([], []) if at is None else ([at], ["o"]))


def test_speakers_are_those_of_the_table() -> None:
    of_table = [entry for entry in DISPLAY if '"{' in entry.line]
    assert [entry for entry in of_table if not any(_fits(entry, *case[:2]) for case in SPEAKERS)] == []


def test_each_name_of_a_long_roster_has_its_style() -> None:
    users = [f"user{number:05}" for number in range(4096)]
    entries = tuple(User(session_id=number, name=name) for number, name in enumerate(users, 1))
    show = shown(Roster(entries=entries, more=False), Who(after="", limit=0), "ann")
    assert show is not None
    rows = list(Painter(shows_times=False).paint(show, 79))
    assert " ".join(text_of(row).strip() for row in rows) == show.line
    styled = [(text, style) for row in rows for style, text in row if style]
    assert styled == [(name, name_style(name)) for name in users]


def test_times_and_a_new_day() -> None:
    painter = Painter(shows_times=True)

    def painted(show: Show) -> list[str]:
        return [text_of(row) for row in painter.paint(show, 22)]

    first = painted(chat("hi"))[0]
    assert first[2] == ":"
    assert first[5:] == " bob: hi"
    assert painted(chat("some more words")) == [f"{first[:5]} bob: some more", "           words"]
    date, row = painted(chat("hi", NOON + DAY))
    assert date.startswith("--- ")
    assert row == first
    assert painted(Show("Not known.", "output", "NOTE")) == ["      Not known."]
    lost = Show("127.0.0.1:8092: It is lost: gone", "error", "END", indent=28)
    assert painted(lost) == ["      127.0.0.1:8092:", "        It is lost:", "        gone"]
    assert painted(chat("hi", 2**64 - 1)) == ["      bob: hi"], "no calendar has such a time"


# -- below the line ----------------------------------------------------------------------------------------------------


def test_status_line() -> None:
    def shown(status: Status, width: int = 50) -> str:
        return text_of(status_line(status, width)).rstrip()

    assert shown(Status("ann", "The Oak", 1, 0.0123)) == " ann | 1 user | 12 ms | The Oak"
    assert shown(Status("ann", "The Oak", 12, 1.26)) == " ann | 12 users | 1.3 s | The Oak"
    assert shown(Status("ann", "The Oak", 12, 0.0004)) == " ann | 12 users | <1 ms | The Oak"
    assert shown(Status("ann", "The Oak")) == " ann | The Oak"
    assert shown(Status("ann", "x:1", 3, 0.1, "no connection; trying again in 4 s")).startswith(
        " ann | no connection; trying again in 4 s | x:1"
    )
    assert "Tab completes" in shown(Status("ann", "The Oak"), 80)
    assert shown(Status("ann", "x:1", is_leaving=True), 120) == " ann | leaving; Ctrl-C leaves at once | x:1"


def test_narrow_status_line_says_first_what_is_amiss() -> None:
    leaving, lost = Status("a" * 24, "x:1", is_leaving=True), Status("ann", "x:1", trouble="no connection; so we wait")
    assert text_of(status_line(leaving, 31)) == " leaving; Ctrl-C leaves at once"
    assert text_of(status_line(leaving, 20)) == " leaving; Ctrl-C le…"
    assert text_of(status_line(lost, 32)) == " ann | no connection; so we wait"
    assert text_of(status_line(lost, 29)) == " no connection; so we wait"


@given(
    st.text(),
    st.sampled_from(
        [Status("Ｗ" * 12, "", 12, 0.1), Status("ann", "", trouble="漢" * 9), Status("ann", "", is_leaving=True)]
    ),
    st.integers(0, 100),
)
def test_nothing_breaks_a_status_line(server: str, status: Status, width: int) -> None:
    row = status_line(status._replace(server=server), width)
    assert columns_of(text_of(row)) <= width
    assert harmless(text_of(row)) == text_of(row)


def test_candidates_keep_the_chosen_one_in_sight() -> None:
    state = CompletionState(Document(""), candidates("", [f"name{number}" for number in range(30)]))
    assert text_of(candidates_line(state, 30)) == " name0  name1  name2  name3  >"
    for state.complete_index in range(30):
        row = candidates_line(state, 30)
        assert ("class:status.chosen", f"name{state.complete_index}") in row
        assert columns_of(text_of(row)) <= 30
    state = CompletionState(Document("/"), candidates("/", []), 1)
    assert text_of(candidates_line(state, 90)).endswith("(List the users who are there)")


# -- completion --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("an", ["Ann: ", "ANTON: "]),
        ("ann", ["Ann: "]),
        ("hello an", ["Ann", "ANTON"]),
        ("first\nan", ["Ann", "ANTON"]),
        ("", ["Ann: ", "ANTON: ", "bob: "]),
        ("/pm an", ["Ann ", "ANTON "]),
        ("/pm  b", ["bob "]),
        ("/pm bob hi an", ["Ann", "ANTON"]),
        ("/p", ["/pm "]),
        ("/le", ["/leave"]),
        ("/rename an", []),
        ("/who an", []),
        ("/nonsense an", []),
        ("//an", []),
        ("// an", ["Ann", "ANTON"]),
        ("nobody", []),
    ],
)
def test_completion(before: str, wanted: list[str]) -> None:
    found = candidates(before, ["Ann", "ANTON", "bob", "an\u202eevil"])
    assert [candidate.text for candidate in found] == wanted

"""Worked sessions as charts, in ASCII and SVG: nothing is missing in them, nothing stands outside, all is readable."""

from __future__ import annotations

import re
import textwrap
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.emit.document import protocol_txt
from codegen.emit.document.chart_svg import chart_svg
from codegen.emit.document.charts import arrow_lines, chart_lines, frame_lines
from codegen.load import load
from codegen.model import Session, SessionStep
from tests.support import ROOT


def frame(source: str, target: str, text: str, digits: str) -> SessionStep:
    return SessionStep("frame", source, target, text, text.split()[0], {}, digits)


def other(kind: str, source: str = "", target: str = "", text: str = "") -> SessionStep:
    return SessionStep(kind, source, target or source, text, "", {}, "")


CALL = Session(
    "a/call",
    "A <call>",
    "What it is about.",
    "Both know the number.",
    ("ann", "exchange", "bob"),
    (
        other("opens", "ann", "exchange"),
        frame("ann", "exchange", "ASK art", "0005 01 03 617274"),
        other("note", "exchange", text="looks it up"),
        frame("exchange", "bob", "RING with a long story that will not fit into its arrow", "0002 07 00"),
        other("note", text="a day passes"),
        frame("bob", "ann", "TELL caf\u00e9 & <more>", "0003 08 " + "ab" * 20),
        SessionStep("bytes", "ann", "exchange", "noise", "", {}, "ff"),
        other("note", "bob", text="is asleep"),
        other("resets", "bob", "exchange"),
        other("ends", "exchange", "ann"),
    ),
)
CROWD = replace(
    CALL,
    actors=("ann", "bob", "exchange", "cid", "a-very-long-name", "z"),
    steps=(*CALL.steps, frame("z", "ann", f"CRY {'x' * 300}", "00" * 100)),
)
SESSIONS = [CALL, CROWD, *load(ROOT / "spec" / "imp.yaml").sessions]
named = pytest.mark.parametrize("session", SESSIONS, ids=lambda session: f"{session.name}-{len(session.actors)}")


# -- ASCII ---------------------------------------------------------------------------------------------------------------


def test_chart_as_a_whole() -> None:
    drawn = """\
        Both know the number.

            ann                    exchange                     bob
             |                         |                         |
             |........ connects ......>|                         |
        (1)  |-------- ASK art ------->|                         |
             |                         |                         |
             |                         * looks it up             |
             |                         | RING with a long story  |
             |                         | that will not fit into  |
             |                         | its arrow               |
        (2)  |                         |------------------------>|
             |                         |                         |
             :                   a day passes                    :
             |                         |                         |
        (3)  |<-------------- TELL caf\\xe9 & <more> -------------|
             |                         |                         |
        (4)  |--------- noise -------->|                         |
             |                         |                         |
             |                         |               is asleep *
             |                         |x - - - -  reset  - - - -|
             |< - -  end of stream  - -|                         |
             |                         |                         |

        (1) ASK, ann to exchange
            0005 01 03 617274
        (2) RING, exchange to bob
            0002 07 00
        (3) TELL, bob to ann
            0003 08 abababababababababababababababab abababab
        (4) bytes, ann to exchange
            ff
        """
    assert chart_lines(CALL, 60) == textwrap.dedent(drawn).splitlines()


@named
@pytest.mark.parametrize("width", [64, 69, 72])
def test_chart_stays_on_its_page_in_plain_ascii(session: Session, width: int) -> None:
    lines = chart_lines(session, width)
    assert max(map(len, lines)) <= width
    assert [line for line in lines if not line.isascii() or line != line.rstrip() or not line.isprintable()] == []


@named
def test_chart_has_every_byte_of_every_frame_under_its_number(session: Session) -> None:
    listed = re.split(r"^\((\d+)\) .*$", "\n".join(frame_lines(session, 69)), flags=re.MULTILINE)[1:]
    numbers, digits = listed[::2], ["".join(text.split()) for text in listed[1::2]]
    framed = [step for step in session.steps if step.hex]
    assert digits == [step.hex.replace(" ", "") for step in framed]
    assert list(map(int, numbers)) == list(range(1, len(framed) + 1))
    drawn = re.findall(r"^\((\d+)\)", "\n".join(arrow_lines(session, 69)), re.MULTILINE)
    assert drawn == numbers, "the arrows bear the same numbers, in order"


@named
def test_chart_tells_every_step(session: Session) -> None:
    """Each label is there, whole, in order, however it is folded."""
    letters = re.sub(r"[-\s|.:<>*]|\(\d+\)", "", "".join(arrow_lines(session, 72)))
    for step in session.steps:
        words = {"opens": "connects", "ends": "end of stream", "resets": "reset"}.get(step.kind, step.text)
        plain = re.sub(r"[-\s|.:<>*]|\(\d+\)", "", words.encode("ascii", "backslashreplace").decode())
        _, found, letters = letters.partition(plain)
        assert found, step


def test_arrows_lead_from_who_sends_to_who_gets() -> None:
    lines = [line for line in arrow_lines(CALL, 60) if line.startswith("(")]
    heads = [(line.find("<"), max(line.find(">|"), line.find("> |"))) for line in lines]
    right = [head > 0 for _, head in heads]
    assert right == [True, True, False, True]


def test_session_without_a_frame_is_a_chart_and_no_list_of_bytes() -> None:
    quiet = replace(CALL, given="", steps=(other("note", text="nothing happens"),))
    lines = chart_lines(quiet, 40)
    assert lines == arrow_lines(quiet, 40)
    assert [line for line in lines if "nothing happens" in line] == [lines[2]]


# -- SVG -----------------------------------------------------------------------------------------------------------------

SVG_TEXTS = ".//text"


def drawn(session: Session) -> ET.Element:
    return ET.fromstring(chart_svg(session))


@named
def test_picture_tells_every_step_to_who_sees_it_and_who_does_not(session: Session) -> None:
    picture = drawn(session)
    texts = ["".join(text.itertext()) for text in picture.iterfind(SVG_TEXTS)]
    told = re.sub(r"\s", "", "".join(texts))
    spoken = "".join(picture.find("desc").itertext())  # type: ignore[union-attr]
    for step in session.steps:
        words = {"opens": "connects", "ends": "end of stream", "resets": "reset"}.get(step.kind, step.text)
        plain = words.encode("ascii", "backslashreplace").decode()
        assert re.sub(r"\s", "", plain) in re.sub(r"\(\d+\)", "", told), step
        assert words.rstrip(".") in spoken
    assert [text for text in texts if re.fullmatch(r"\(\d+\)", text)] == [
        f"({number})" for number in range(1, sum(bool(step.hex) for step in session.steps) + 1)
    ]
    assert picture.get("aria-label") == f"Sequence chart: {session.title}"


@named
def test_picture_holds_all_that_is_in_it_and_three_actors_fit_a_phone(session: Session) -> None:
    picture = drawn(session)
    wide, high = map(float, (picture.get("viewBox") or "").split()[2:])
    if len(session.actors) <= 3:
        assert wide <= 343, "375 pixels less a margin of 16 on each side"
    for text in picture.iterfind(SVG_TEXTS):
        size = len("".join(text.itertext())) * 6.65
        left = float(text.get("x") or 0) - {"start": 0, "middle": size / 2, "end": size}[text.get("text-anchor") or ""]
        assert left >= 0
        assert left + size <= wide
        assert 0 < float(text.get("y") or 0) < high


def test_picture_needs_nothing_from_outside() -> None:
    picture = chart_svg(CALL)
    assert "A &lt;call&gt;" in picture
    assert not re.search(r"https?:|url\(|<script|<style|\bid=|\bhref=", picture)
    assert "currentColor" in picture


# -- the file ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["toy/toy.yaml", "guestbook/guestbook.yaml"])
def test_spec_needs_no_sessions(name: str) -> None:
    assert load(ROOT / "tests" / "fixtures" / name).sessions == ()


def test_document_without_chapters_of_its_own_has_one_for_the_sessions() -> None:
    spec = load(ROOT / "tests" / "fixtures" / "lint" / "wrong-session" / "spec.yaml")
    text = protocol_txt(replace(spec, document="small.txt"))
    assert re.search(r"^\d+\.  Worked sessions$", text, re.MULTILINE)
    assert textwrap.indent("\n".join(chart_lines(spec.sessions[0], 69)), "   ") in text


def test_sessions_are_read_as_they_stand() -> None:
    [session] = load(Path(__file__).parent / "fixtures" / "lint" / "wrong-session" / "spec.yaml").sessions
    assert (session.name, session.actors, session.given) == ("small/talk", ("ann", "bob"), "They know each other.")
    kinds = ["opens", "frame", "note", "frame", "note", "frame", "frame", "frame", "bytes", "ends"]
    assert [step.kind for step in session.steps] == kinds
    assert session.steps[2] == SessionStep("note", "bob", "bob", "thinks", "", {}, "")
    assert session.steps[1] == SessionStep(
        "frame", "ann", "bob", "ASK art", "ASK", {"topic": "art"}, "0005 01 03 617274"
    )
    assert session.steps[4].source == session.steps[4].target == ""

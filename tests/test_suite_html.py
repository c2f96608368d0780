"""The HTML page of a run and its sequence charts: what they say, that nothing foreign breaks out, and that they work."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import zlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.language import Case
from conformance.play.transcript import Event, Kind, describe
from conformance.reports import chart
from conformance.reports.compare import Change, Comparison
from conformance.reports.details import marked_hex
from conformance.reports.html import page
from conformance.reports.matrix import matrix
from conformance.reports.svg import svg
from conformance.runs import Result, Run, Segmentation, record
from conformance.verdicts import Difference, Failure, Limit, Verdict
from impwire import messages as m
from impwire.codecs import encode
from impwire.tables import REQUIREMENTS, Role
from impwire.wire import Message
from tests.browser import Page, browser
from tests.support import ROOT, require_program

#: What a target could send in order to break out of the page or of a terminal's line.
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e\ud800\x00"
ANN, BOB = m.User(session_id=1, name="ann"), m.User(session_id=2, name="bob")
SAY = m.Say(request_id=2, text="hi")
OK = m.Ok(request_id=2, seq=7, time=1_000)


class Story:
    """Collects the events of a run, a millisecond apart."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, actor: str, kind: Kind, text: str = "", data: bytes = b"") -> Story:
        self.events.append(Event(len(self.events) / 1000, actor, kind, text, data, connection=1))
        return self

    def frame(self, actor: str, kind: Kind, message: Message) -> Story:
        return self.add(actor, kind, describe(message), encode(message))


def conversation(*actors: str) -> Story:
    """Every actor connects, says something and gets its OK."""
    story = Story()
    for actor in actors:
        story.add(actor, Kind.OPENED, "connects").frame(actor, Kind.SENT, SAY).frame(actor, Kind.RECEIVED, OK)
    return story


def drawn(story: Story, role: Role = Role.SERVER, actor: str = "", **more: Any) -> chart.Chart:
    return chart.chart_of_events(story.events, role, actor, **more)


# -- charts ------------------------------------------------------------------------------------------------------


def test_chart_of_a_server_has_a_lane_for_each_actor_and_arrows_both_ways() -> None:
    shown = chart.text(drawn(conversation("ann", "bob")), 72)
    assert re.fullmatch(r" +ann +bob +server", shown.splitlines()[0])
    assert re.search(r"0\.001 +\|-+ SAY #2 text='hi' -+>\|$", shown, re.MULTILINE)
    assert re.search(r"0\.002 +\|<-+ OK #2 seq=7 -+\|$", shown, re.MULTILINE)
    assert re.search(r"0\.003 +\| +\|\.+ connects \.+>\|$", shown, re.MULTILINE)


def test_chart_of_a_client_has_the_suite_and_the_terminal_at_its_sides() -> None:
    story = Story().add("ann", Kind.OPENED, "connects").add("ann", Kind.TYPED, "hi").frame("ann", Kind.RECEIVED, SAY)
    story.frame("ann", Kind.SENT, OK).add("ann", Kind.SHOWN, "ann: hi").add("ann", Kind.SENT_RESET, "reset")
    shown = chart.text(drawn(story, Role.CLIENT, "ann"))
    assert re.fullmatch(r" +server \(suite\) +ann \(client\) +terminal", shown.splitlines()[0])
    assert re.search(r"\|<-+ SAY #2 text='hi' -+\| +\|$", shown, re.MULTILINE)
    assert re.search(r"\| +\|<-+ hi -+\|$", shown, re.MULTILINE)
    assert re.search(r"\| +\|-+ ann: hi -+>\|$", shown, re.MULTILINE)
    assert re.search(r"\|[- ]+ reset [- ]+x\| +\|$", shown, re.MULTILINE)


@pytest.mark.parametrize("width", [60, 72, 100])
@pytest.mark.parametrize("actors", [1, 2, 3, 7, 50])
def test_chart_keeps_its_width_whatever_it_has_to_show(width: int, actors: int) -> None:
    story = conversation(*(f"guest{number}" for number in range(actors)))
    story.frame("guest0", Kind.RECEIVED, m.Chat(seq=1, time=1, who=ANN, text="x" * 4000))
    story.add("guest0", Kind.NOTE, "a long note about what has come to pass " * 9)
    lines = chart.text(drawn(story, outcome="wrong reply: " + "word " * 60), width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("guest0" in line for line in lines)


def test_chart_shows_where_a_run_went_wrong() -> None:
    story = conversation("ann").frame("ann", Kind.RECEIVED, OK)
    made = drawn(story, wrong=encode(OK), outcome="unexpected frame: OK")
    assert [row.wrong for row in made.rows] == [False, False, False, True, True]
    assert chart.text(made).splitlines()[-3].endswith("<== here")
    assert "! unexpected frame: OK" in chart.text(made)
    assert svg(made).count(' wrong">') == 2


def test_chart_tells_frames_in_one_segment_and_bytes_that_are_no_frame() -> None:
    story = Story().add("ann", Kind.SENT, "two", encode(SAY) + encode(m.Leave(request_id=3)))
    story.add("ann", Kind.SENT, "bytes", b"\xff" * 9)
    assert [row.label for row in drawn(story).rows] == ["SAY #2 text='hi' + LEAVE #3", "bytes (9 bytes)"]


def test_chart_reads_a_frame_whose_values_are_not_allowed() -> None:
    frame = bytearray(encode(SAY))
    frame[5] = 0x01  # A critical flag.
    assert drawn(Story().add("ann", Kind.SENT, "SAY", bytes(frame))).rows[0].label == "SAY #2 text='hi' flags=1"


def test_long_chart_leaves_out_its_middle_and_says_so() -> None:
    rows = drawn(conversation(*["ann"] * 400)).rows
    assert len(rows) < 100
    assert sum("1120 more" in row.label for row in rows) == 1


def test_chart_lets_nothing_foreign_out() -> None:
    story = Story().add("ann", Kind.SENT, HOSTILE, b"\xff").add("ann", Kind.NOTE, HOSTILE)
    made = drawn(story, outcome=HOSTILE)
    assert all(" " <= character <= "~" or character == "\n" for character in chart.text(made))
    root = ElementTree.fromstring(svg(made, title=HOSTILE, alone=True))
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "style", "path", "rect", "text", "tspan", "title", "g",
    }  # fmt: skip


def test_both_renderings_say_the_same() -> None:
    made = drawn(conversation("ann", "bob"))
    shown = "".join(ElementTree.fromstring(svg(made)).itertext())
    for row in made.rows:
        assert row.label in chart.text(made)
        assert row.label in shown


# -- the page as text --------------------------------------------------------------------------------------------


def entry(
    id_: str, verdict: Verdict, *, proves: tuple[str, ...] = ("SAY-1",), role: Role = Role.SERVER, **more: Any
) -> dict[str, Any]:
    """An entry of a report, of a run in which ann has said something."""
    case = Case(id_, more.pop("title", f"What {id_} is about"), proves, ())
    segmentation, text = more.pop("segmentation", Segmentation.AS_IS), more.pop("text", "")
    run = Run(case, role, "ann" if role is Role.CLIENT else "", segmentation)
    failure = Failure(text, **more) if verdict.counts_as == "failed" else None
    made = record(Result(run, verdict, 0.0123, text, failure), events=False)
    return {**made, "events": [event.as_json() for event in conversation("ann").events]}


FRAME = encode(OK)
ENTRIES = [
    entry("say/to-all", Verdict.PASSED),
    entry("say/to-all", Verdict.PASSED, segmentation=Segmentation.BYTEWISE),
    entry("say/shown", Verdict.PASSED, role=Role.CLIENT, proves=("CLIENT-4",)),
    entry("name/short", Verdict.NOT_STRICT, proves=("TRANSPORT-2",)),
    entry("pm/skipped", Verdict.SKIPPED, proves=("PM-1",), text="asks for settings, and the command has no {settings}"),
    *(
        entry(
            "pm/wrong",
            Verdict.WRONG_REPLY,
            proves=("PM-1", "ORD-3"),
            segmentation=segmentation,
            title=f"A title with {HOSTILE}",
            text=f"ann got OK with other values {HOSTILE}",
            step="ann receives OK {'seq': 6}",
            place="cases/pm.yaml:7",
            differences=(
                Difference("seq", "6", "7", "ORD-3"),
                Difference("time", "1000", "1000"),
                Difference("note", HOSTILE, HOSTILE),
            ),
            frame=FRAME,
            marks=((10, 18),),
            output=f"listening\n{HOSTILE}",
        )
        for segmentation in Segmentation
    ),
]


def report(entries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    kinds = [item["counts_as"] for item in entries]
    return {
        "suite": "0.1.0",
        "protocol": "1.0",
        "edition": "1234abcd",
        "started": "2026-01-02T03:04:05.678+00:00",
        "seconds": 12.3,
        "python": "3.11",
        "platform": "Linux",
        "command": "server --spawn './server {port}'",
        "rerun": "python -m conformance {role} --spawn './server {port}'",
        "targets": {"server": {"spawn": "./server {port}"}},
        "planned": len(entries),
        "interrupted": False,
        "errors": [],
        "summary": {kind: kinds.count(kind) for kind in ("passed", "failed", "skipped", "known")},
        "cases": entries,
        **more,
    }


def unpacked(text: str) -> list[str]:
    """What the page has to say of each run, as its script finds it."""
    found = re.search(r'<script type="application/json" id="packed">(.*?)</script>', text)
    assert found
    parts = json.loads(found[1])["parts"]
    return list(itertools.chain.from_iterable(json.loads(zlib.decompress(b64decode(part))) for part in parts))


def test_page_needs_nothing_from_anywhere() -> None:
    text = page(report(ENTRIES[:5]), None)
    assert not re.search(r"""(?:src|href)=(?!["'](?:#|data:,))""", text)
    assert "@import" not in text
    assert "url(" not in text


def test_page_lets_nothing_foreign_out() -> None:
    change = Change(role="server", id=HOSTILE, before=HOSTILE, now="passed")
    comparison = Comparison(fixed=[change], broken=[], new=[], gone=[], changed=[], edition="")
    errors = [{"run": HOSTILE, "text": HOSTILE}]
    text = page(report(ENTRIES, command=HOSTILE, targets={"server": {"spawn": HOSTILE}}, errors=errors), comparison)
    text.encode("utf-8")  # No surrogate is left, which could not be written.
    assert len(re.findall("<script", text)) == 2
    for part in (text, *unpacked(text)):
        assert "<img" not in part
        assert not {"\x1b", "\u202e", "\x00"} & set(part)


def test_page_has_all_of_a_failure_and_a_case_once_for_all_segmentations() -> None:
    text = page(report(ENTRIES), None)
    failures = text[text.index('<section id="failures">') : text.index('<section id="chapters">')]
    assert failures.count('<details class="run"') == 1
    assert "#case=server:pm/wrong~joined" in failures
    for part in ("cases/pm.yaml:7", "<mark>00 07</mark>", "listening", "<svg", REQUIREMENTS["PM-1"].text):
        assert part in failures, part
    assert '<td>6</td><td class="failed">7</td><td>ORD-3</td>' in failures
    assert "<td>1000</td><td>1000</td>" in failures
    assert "python -m conformance server --spawn &#x27;./server {port}&#x27; --id pm/wrong --trace" in failures


def test_page_names_the_edition_and_limits_that_a_case_is_not_written_for() -> None:
    limits = (Limit("max_text", 64, 4096, asked=False),)
    text = page(report([entry("pm/wrong", Verdict.WRONG_REPLY, limits=limits)]), None)
    assert "IMP 1.0, edition 1234abcd, suite" in text
    assert "Note: this server announces max_text 64 (default 4096), and the case is written" in text
    earlier = Comparison(fixed=[], broken=[], new=[], gone=[], changed=[], edition="0000beef")
    assert "held to edition 0000beef" in page(report(ENTRIES), earlier)


def test_page_has_the_details_of_each_run_in_order() -> None:
    entries = [entry(f"many/case-{number}", Verdict.PASSED) for number in range(130)]
    found = unpacked(page(report(entries), None))
    assert [re.findall(r"case=server:(many/case-\d+)", body)[0] for body in found] == [item["id"] for item in entries]
    assert all("<svg" in body for body in found)


def test_page_of_thousands_of_runs_stays_small() -> None:
    entries = [entry(f"many/case-{number}", Verdict.PASSED) for number in range(400)]
    whole, half = len(page(report(entries), None)), len(page(report(entries[:200]), None))
    assert (whole - half) / 200 * 2500 < 8_000_000


def test_page_tells_an_empty_an_interrupted_and_a_failed_run() -> None:
    assert "No case was played: that is a failure" in page(report([]), None)
    ended = page(report(ENTRIES[:1], planned=9, interrupted=True), None)
    assert "interrupted: 1 of 9 runs were played" in ended
    broken = report(ENTRIES[:1], errors=[{"run": "server x", "text": "Traceback"}])
    broken["summary"]["failed"] = 1
    assert "The suite itself failed server x" in page(broken, None)


def test_matrix_has_every_requirement_and_those_without_a_case() -> None:
    lines = {line.id: line for line in itertools.chain.from_iterable(matrix(ENTRIES).values())}
    assert set(lines) == set(REQUIREMENTS)
    assert lines["PM-1"].verdicts == {Verdict.WRONG_REPLY: 3, Verdict.SKIPPED: 1}
    assert (lines["PM-1"].fails, lines["PM-1"].holds) == (True, False)
    assert (lines["TRANSPORT-2"].fails, lines["TRANSPORT-2"].holds) == (False, True)
    assert not lines["NAME-1"].verdicts
    text = page(report(ENTRIES), None)
    assert text.count("no case in this run") == sum(not line.verdicts for line in lines.values())
    assert re.search(r'id="NAME-1">.*no case in this run', text)


def test_bytes_that_differ_are_marked_across_rows() -> None:
    rows = marked_hex(bytes(range(40)), [[14, 18], [39, 40]]).splitlines()
    assert "0d <mark>0e 0f</mark>" in rows[0]
    assert "<mark>10 11</mark> 12" in rows[1]
    assert "<mark>27</mark>" in rows[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(scheme: str) -> None:
    style = (ROOT / "conformance" / "reports" / "page" / "page.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", blocks[scheme == "dark"]))
    for back in ("paper", "panel"):
        for front in ("ink", "faint", "accent", "passed", "failed", "known", "skipped"):
            assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
    assert contrast(colours["failed"], colours["failed-soft"]) >= 4.5
    assert contrast(colours["ink"], colours["failed-soft"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 measures it, 1 to 21."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) > 4 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# -- the page in a browser ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = require_program("chromium")
    with browser(program, tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of `ENTRIES`, compared with a run in which pm/wrong passed."""
    change = Change(role="server", id="pm/wrong", before="passed", now="wrong reply")
    comparison = Comparison(fixed=[], broken=[change], new=[], gone=[], changed=[], edition="")
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page(report(ENTRIES), comparison), encoding="utf-8")
    return file.as_uri()


SHOWN = (
    "[...document.querySelectorAll('#list .run')].filter((row) => row.checkVisibility()).map((row) => row.dataset.key)"
)
STICKS_OUT = """[...document.querySelectorAll('body *')].filter((element) => element.checkVisibility()
    && element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.scroll, pre, .skip')).length"""


def test_reader_filters_opens_a_case_and_sees_its_chart(seen: Page, address: str) -> None:
    seen.open(address)
    assert seen.evaluate(SHOWN) == []  # The chapters are closed.
    seen.click("#filters input")
    seen.write("to-all BYTE")
    assert seen.evaluate(SHOWN) == ["server:say/to-all~bytewise"]
    assert seen.evaluate("document.querySelector('output').textContent") == f"1 of {len(ENTRIES)} runs"
    assert seen.evaluate("location.hash") == "#text=to-all%20BYTE"
    assert not seen.evaluate("document.querySelector('#list svg')")
    seen.click("#list .run:not([hidden]) > summary")
    seen.until("document.querySelector('#list .run[open] svg')")
    assert "SAY #2 text='hi'" in seen.evaluate("document.querySelector('#list svg').textContent")
    seen.click("#filters button")
    seen.until(f"document.querySelector('output').textContent === '{len(ENTRIES)} of {len(ENTRIES)} runs'")
    assert seen.complaints == []


def test_address_of_the_page_holds_the_filter_and_the_case(seen: Page, address: str) -> None:
    seen.open(f"{address}#verdict=wrong%20reply&segmentation=joined")
    assert seen.evaluate(SHOWN) == ["server:pm/wrong~joined"]
    seen.open(f"{address}#case=client:say/shown@ann")
    seen.until("document.querySelector('#list .run[open] svg')")
    assert seen.evaluate("document.querySelector('#list .run[open]').dataset.key") == "client:say/shown@ann"
    assert seen.evaluate("document.activeElement.parentElement.dataset.key") == "client:say/shown@ann"
    seen.click("#changes li a")
    seen.until("document.querySelector('#list .run[data-key=\"server:pm/wrong\"][open] svg')")
    assert seen.complaints == []


def test_number_in_the_matrix_leads_to_its_runs(seen: Page, address: str) -> None:
    seen.open(address)
    seen.click("#PM-1 td.failed a")
    seen.until(f"document.querySelector('output').textContent === '3 of {len(ENTRIES)} runs'")
    assert seen.evaluate(SHOWN) == ["server:pm/wrong", "server:pm/wrong~bytewise", "server:pm/wrong~joined"]
    assert seen.evaluate("document.forms.filters.elements.requirement.value") == "PM-1"
    assert seen.evaluate("document.forms.filters.getBoundingClientRect().top") < 800
    assert seen.complaints == []


def test_reader_without_a_mouse_opens_a_case(seen: Page, address: str) -> None:
    seen.open(f"{address}#requirement=CLIENT-4")
    seen.evaluate("document.querySelector('#list .run:not([hidden]) > summary').focus()")
    seen.press("Enter", text="\r")
    seen.until("document.querySelector('#list .run[open] svg')")


@pytest.mark.parametrize("dark", [False, True])
def test_page_fits_a_phone(seen: Page, address: str, *, dark: bool) -> None:
    seen.open(f"{address}#case=server:pm/wrong~bytewise", width=375, height=800, dark=dark)
    seen.until("document.querySelector('#list .run[open] svg')")
    seen.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    assert seen.evaluate("document.documentElement.scrollWidth") <= 375
    assert seen.evaluate(STICKS_OUT) == 0
    background = seen.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark


def test_reader_without_scripts_has_the_summary_the_matrix_and_the_failures(seen: Page, address: str) -> None:
    seen.open(address, scripts=False)
    assert seen.evaluate("document.querySelector('.verdict').checkVisibility()")
    assert seen.evaluate("document.querySelector('#failures .run[open] svg').checkVisibility()")
    assert seen.evaluate("document.querySelectorAll('.matrix tr[id]').length") == len(REQUIREMENTS)
    assert not seen.evaluate("document.querySelector('#filters').checkVisibility()")


def test_command_line_writes_a_page_that_opens(seen: Page, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "report.html"
    command = [sys.executable, "-m", "conformance", "server", "--id", "pm/delivered*", "--report-html", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen.open(f"{file.as_uri()}#case=server:pm/delivered")
    seen.until("document.querySelector('#list .run[open] svg')")
    assert "WHISPER" in seen.evaluate("document.querySelector('#list svg').textContent")
    assert seen.complaints == []

"""The document as a page in a browser: that it fits every screen, can be read by everyone, and that its search works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codegen.emit.document import html
from codegen.emit.document.blocks import Chart, StateDiagram
from tests.browser import Page, browser
from tests.fixtures.documents import MOVES, STATES, STEPS, document_of, page, told
from tests.fixtures.protocols import SPECS
from tests.support import require_program


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = require_program("chromium")
    with browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of every spec, and one that has every kind of block."""
    made = tmp_path_factory.mktemp("pages")
    for package in SPECS:
        (made / f"{package}.html").write_text(page(package), encoding="utf-8")
    every = document_of(StateDiagram(STATES, MOVES), Chart(told("It is told.", STEPS)))
    (made / "every.html").write_text(html.render(every), encoding="utf-8")
    return made


STICKS_OUT = """[...document.querySelectorAll('body *')].filter((element) => element.checkVisibility()
    && element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.skip, .chart .scroll'))
    .map((element) => element.outerHTML.slice(0, 200))"""
#: Boxes that show less than they hold, other than those that are there to be scrolled and the lines of what was found.
CUT = """[...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && element.clientWidth
    && element.scrollWidth > element.clientWidth + 1 && !element.closest('.skip, .chart .scroll, #page-found'))
    .map((element) => element.outerHTML.slice(0, 200))"""
SMALL = """[...document.querySelectorAll('body *')].filter((element) => element.checkVisibility()
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
    && parseFloat(getComputedStyle(element).fontSize) * (element.closest('svg') ? element.closest('svg')
        .getBoundingClientRect().width / element.closest('svg').viewBox.baseVal.width : 1) < 11)
    .map((element) => element.outerHTML.slice(0, 200))"""
FOUND = "[...document.querySelectorAll('#page-found a')].map((link) => decodeURIComponent(link.hash.slice(1)))"


@pytest.mark.parametrize("width", [375, 700, 1280])
@pytest.mark.parametrize("name", [*SPECS, "every"])
def test_page_fits_the_screen(seen: Page, folder: Path, name: str, width: int) -> None:
    seen.open((folder / f"{name}.html").as_uri(), width=width)
    seen.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.evaluate(STICKS_OUT) == []
    assert seen.evaluate(CUT) == []
    assert seen.evaluate(SMALL) == []
    assert seen.complaints == []


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_stands_out_from_its_ground(seen: Page, folder: Path, *, dark: bool) -> None:
    seen.open((folder / "every.html").as_uri(), dark=dark)
    colours = seen.evaluate("""(() => {
        const number = (text) => text.match(/[\\d.]+/g).map(Number);
        const ground = (element) => {
            for (; element; element = element.parentElement) {
                const colour = number(getComputedStyle(element).backgroundColor);
                if (colour.length === 3) return colour;
            }
        };
        return [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && element.innerText)
            .map((element) => [element.tagName, number(getComputedStyle(element).color), ground(element)]);
    })()""")
    assert len(colours) > 50
    assert (sum(colours[0][2]) < 384) is dark
    assert [tag for tag, front, ground in colours if contrast(front, ground) < 4.5] == []


def contrast(one: list[float], other: list[float]) -> float:
    """The contrast of two colours as WCAG 2 measures it, 1 to 21."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: list[float]) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("width", [375, 1280])
def test_reader_finds_a_code_without_a_mouse(seen: Page, folder: Path, width: int) -> None:
    seen.open((folder / "impwire.html").as_uri(), width=width)
    seen.press("/", text="/")
    seen.until("document.activeElement.matches('input')")
    assert seen.evaluate("document.activeElement.value") == ""
    seen.write("name_tak")
    found = seen.evaluate(FOUND)
    assert found[0].endswith(".NAME_TAKEN")
    assert "NAME-3" in found  # Its sentence has the code in it.
    assert seen.evaluate("document.querySelector('#page-found p').textContent") == f"{len(found)} found"
    seen.press("Enter", text="\r")
    seen.until("location.hash.endsWith('NAME_TAKEN')")
    seen.until(
        "(() => { const y = document.querySelector(':target').getBoundingClientRect().y; return y >= 0 && y < 400; })()"
    )
    # On a phone, what was found lay over the text; beside it, it may stay.
    seen.until(f"document.querySelector('#page-found').hidden === {str(width == 375).lower()}")
    assert seen.complaints == []


@pytest.mark.parametrize(
    ("query", "first"),
    [("HELLO", "HELLO"), ("name-3", "NAME-3"), ("12.3", "PM"), ("max_f", None), ("order and del", "ordering")],
)
def test_best_match_stands_first(seen: Page, folder: Path, query: str, first: str | None) -> None:
    seen.open((folder / "impwire.html").as_uri())
    seen.click("#page-find input")
    seen.write(query)
    found = seen.evaluate(FOUND)
    assert found[0] == first or (first is None and found[0].endswith(".max_frame"))


def test_reader_walks_through_what_was_found_and_leaves(seen: Page, folder: Path) -> None:
    seen.open((folder / "impwire.html").as_uri())
    seen.click("#page-find input")
    seen.write("NAME-")
    focus = "document.activeElement.textContent.slice(0, 6)"
    for key, where in (("ArrowDown", "NAME-1"), ("ArrowDown", "NAME-2"), ("ArrowUp", "NAME-1"), ("ArrowUp", "")):
        seen.press(key)
        assert seen.evaluate(focus) == where
    assert not seen.evaluate("document.querySelector('nav').checkVisibility()")
    seen.press("Escape")
    assert seen.evaluate("document.querySelector('#page-find input').value") == ""
    assert seen.evaluate("document.querySelector('nav').checkVisibility()")
    seen.write("no such thing anywhere")
    assert seen.evaluate(FOUND) == []
    assert seen.evaluate("document.querySelector('#page-found p').textContent") == "0 found"


def test_contents_show_what_is_being_read(seen: Page, folder: Path) -> None:
    seen.open((folder / "impwire.html").as_uri() + "#SAY")
    seen.until("document.querySelector('nav [aria-current]')?.hash === '#SAY'")
    seen.evaluate("document.getElementById('ordering').scrollIntoView()")
    seen.until("document.querySelector('nav [aria-current]')?.hash === '#ordering'")


def test_bytes_of_an_example_and_their_meaning_mark_each_other(seen: Page, folder: Path) -> None:
    seen.open((folder / "impwire.html").as_uri())
    seen.evaluate("document.querySelector('.parts').classList.add('tried')")
    box = seen.evaluate(
        "(() => { const e = document.querySelector('.tried tr[data-part=\"2\"] th'); e.scrollIntoView({block: 'center'});"
        " const box = e.getBoundingClientRect(); return [box.x + 2, box.y + box.height / 2]; })()"
    )
    seen.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    lit = "[...document.querySelectorAll('.lit')].map((element) => element.tagName + element.dataset.part)"
    seen.until(f"{lit}.length")
    assert seen.evaluate(lit) == ["SPAN2", "TR2"]


def test_reader_without_scripts_has_everything_but_the_search(seen: Page, folder: Path) -> None:
    seen.open((folder / "impwire.html").as_uri(), scripts=False)
    assert not seen.evaluate("document.querySelector('#page-find').checkVisibility()")
    assert seen.evaluate(
        "[...document.querySelectorAll('nav a, main p')].every((e) => e.closest('details') || e.checkVisibility())"
    )

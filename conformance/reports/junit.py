"""The report for build servers: JUnit XML as Jenkins and GitLab read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from collections import Counter
from typing import Any

from ..verdicts import Verdict
from .failure import explain_failure
from .terminal import harmless

# What XML 1.0 cannot hold even as a character reference.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: dict[str, Any]) -> str:
    """The report as XML: a suite, in it a test case a run, with its role and the folder of its case as class.

    A known failure is a skipped test; what the suite itself got wrong is an error.
    """
    suite = xml.Element("testsuite", name="IMP conformance", timestamp=report["started"])
    rounds: Counter[str] = Counter()
    for entry in report["cases"]:
        name = f"{entry['role']} {entry['id']}"
        rounds[name] += 1
        again = f" (round {rounds[name]})" if rounds[name] > 1 else ""
        case = xml.SubElement(
            suite,
            "testcase",
            classname=f"{entry['role']}.{entry['case'].partition('/')[0]}",
            name=entry["id"] + again,
            time=f"{entry['seconds']:.3f}",
        )
        _outcome(case, entry, report["rerun"])
    for error in report["errors"]:
        case = xml.SubElement(suite, "testcase", classname="suite", name=error["run"], time="0")
        _add(case, "error", "the suite itself failed", error["text"], str(Verdict.HARNESS_ERROR))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    suite.set("time", f"{report['seconds']:.3f}")
    root = xml.Element("testsuites", {key: value for key, value in suite.attrib.items() if key != "timestamp"})
    root.append(suite)
    xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _outcome(case: xml.Element, entry: dict[str, Any], rerun: str) -> None:
    counts_as, verdict = entry["counts_as"], entry["verdict"]
    first = (entry["text"].strip().splitlines() or [""])[0]
    if counts_as == "skipped":
        _add(case, "skipped", first)
    elif counts_as == "known":
        _add(case, "skipped", f"{verdict}: {first}", entry["text"])
    elif counts_as == "failed":
        tag = "error" if verdict == Verdict.HARNESS_ERROR else "failure"
        _add(case, tag, f"{verdict}: {first}", explain_failure(entry, rerun), verdict)


def _add(case: xml.Element, tag: str, message: str, text: str = "", type_: str = "") -> None:
    found = xml.SubElement(case, tag, message=_legal(message))
    if type_:
        found.set("type", type_)
    if text:
        found.text = _legal(text)


def _legal(text: str) -> str:
    """The text with what XML cannot hold, and what a terminal might obey, as escapes."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", harmless(text))

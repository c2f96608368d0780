"""What a server has to stand, and where it is proven: in sessions of the suite (with a slash) and in tests.

`python -m tests.faults` prints it as the table that README shows.
"""

from __future__ import annotations

import re
import sys

from tests.built_in import CASES
from tests.support import ROOT

#: A name that ends with a slash stands for all derived cases that begin so.
PROOFS: dict[str, tuple[str, ...]] = {
    "every frame cut short, too long, or lying about a length": (
        "derived/layout/",
        "derived/header/length/",
        "frame/lying-count",
    ),
    "a length of 0xFFFFFFFF; HTTP or TLS at the plain port": (
        "frame/http",
        "frame/tls",
        "frame/length-judged-alone",
        "test_other_protocols_are_refused_at_once_and_cost_nothing_more",
    ),
    "a frame that trickles in, a byte now and then": (
        "time/frame-trickles",
        "test_bytes_that_trickle_cost_their_sender_alone",
    ),
    "a connection that says nothing": ("time/handshake", "test_who_connects_and_says_nothing_is_sent_away"),
    "10,000 connections that come and go": (
        "hello/connect-and-close",
        "test_10000_connections_that_come_and_go_leave_nothing_behind",
    ),
    "50 who ask for one name at once": ("hello/one-winner", "test_of_50_hellos_at_once_one_gets_the_name"),
    "40 who take one name at once": (
        "rename/one-winner",
        "test_of_40_renames_at_once_one_gets_the_name_and_the_others_keep_theirs",
    ),
    "a client that is cut off from the network": (
        "time/vanished",
        "test_client_that_is_cut_off_leaves_within_a_second_of_its_keepalive",
    ),
    "a reset in the middle of a broadcast": ("end/reset-in-a-broadcast", "end/several-resets"),
    "readers that stop during a flood": (
        "limit/slow-consumer",
        "test_reader_that_stops_is_cut_and_others_miss_nothing",
        "test_readers_that_stop_do_not_slow_the_others",
        "test_readers_that_stop_cost_no_more_memory_than_their_queues",
    ),
    "a client that floods": ("rate/limited", "rate/flood", "test_flooder_is_limited_and_then_cut_and_others_are_not"),
    "a 17th connection of one address": ("limit/per-address", "test_17th_connection_of_an_address_is_turned_away"),
    "a log that cannot be written": (
        "test_full_disk_under_the_log_is_told_once_and_chat_goes_on",
        "test_log_that_cannot_grow_is_told_of_and_chat_goes_on_until_it_can",
    ),
    "a bug of its own": (
        "test_bug_in_a_handler_costs_one_connection",
        "test_own_crash_closes_every_connection_and_is_logged",
    ),
    "a wall clock that jumps back an hour": ("test_wall_clock_that_jumps_back_an_hour_changes_time_stamps_alone",),
    "names and words that would forge lines of log or console": (
        "log/escaped",
        "test_hostile_words_forge_nothing_in_log_and_console",
    ),
    "no descriptors left": (
        "test_running_out_of_descriptors_pauses_accepting_and_recovers",
        "test_running_out_of_descriptors_costs_only_newcomers",
    ),
    "being told to end while a reader has stalled": (
        "operator/terminated",
        "operator/stops-though-one-stays",
        "test_sigterm_ends_the_server_also_with_a_reader_that_has_stalled",
        "test_second_signal_ends_at_once",
    ),
    "all of that at once, for long": ("test_soak_finds_nothing_wrong_with_the_server",),
}


def known_proofs() -> set[str]:
    """Every name that a proof may have: those of cases, of tests, and of whole families of derived cases."""
    cases = {case.id for case in CASES if case.server}
    families = {"/".join(case.split("/")[:depth]) + "/" for case in cases for depth in (2, 3)}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    return cases | families | set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))


def table() -> str:
    """The proofs as a table in Markdown."""
    rows = [f"| {fault} | {', '.join(f'`{proof}`' for proof in proofs)} |" for fault, proofs in PROOFS.items()]
    return "\n".join(["| a server stands … | proven by |", "|---|---|", *rows])


def main() -> int:
    """Print the table."""
    print(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())

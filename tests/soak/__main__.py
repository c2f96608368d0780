"""Put the reference server under a load of everything at once: `python -m tests.soak --minutes 30`. See `--help`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from .run import Result, soak

_DESCRIPTION = """\
Some clients stay, others join and end in every way that there is: they leave, break off, vanish, flood, stop reading, are
kicked and banned. Every client examines every frame: that none is lost, doubled or out of order, that each reply
answers its request, and that WHO agrees with what was told. At rest, the server has to have the memory (within 5 %)
and the descriptors that it had after the first minute.
"""
_EPILOG = "exit codes: 0 nothing wrong was found, 1 something was, 130 interrupted and nothing wrong was found so far"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=60, help="half of them stay (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the chance (default: %(default)s)")
    return parser


async def _run(options: argparse.Namespace) -> Result:
    task = asyncio.ensure_future(
        soak(options.minutes * 60, options.clients, options.seed, tell=lambda line: print(line, flush=True))
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def summary(result: Result) -> str:
    """What was done and found, as a table in Markdown and a line for each fault."""
    lines = ["| what | count |", "|---|---:|"]
    lines += [
        f"| {what} | {count:,} |" for what, count in sorted(result.counts.items(), key=lambda item: item[0].lower())
    ]
    at_rest = [sample for sample in result.samples if sample.rest]
    lines.append("")
    lines += [
        f"at rest after {it.at:.0f} s: {it.memory / 2**20:.2f} MiB, {it.descriptors} descriptors" for it in at_rest
    ]
    lines += [f"FAULT: {fault}" for fault in result.faults]
    found = f"{result.counts['faults']} faults" if result.faults else "nothing wrong was found"
    lines.append(f"{'interrupted; ' * result.interrupted}{found} in {result.seconds:.0f} s")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the soak; returns the exit code."""
    result = asyncio.run(_run(_parser().parse_args(argv)))
    print(summary(result))
    if not result.passed:
        return 1
    return 130 if result.interrupted else 0


if __name__ == "__main__":
    sys.exit(main())

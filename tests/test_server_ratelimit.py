"""The buckets: section 13 of protocol.txt, and LIM-2."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reference_server.ratelimit import Attempts, Bucket


def test_full_bucket_holds_burst_tokens() -> None:
    bucket = Bucket(3, 1, now=0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(0.0) == 1000


def test_wait_is_rounded_up_and_never_zero() -> None:
    bucket = Bucket(1, 3, now=0.0)
    bucket.take(0.0)
    assert bucket.take(0.0) == 334
    assert bucket.take(0.3333333) == 1


def test_token_is_there_after_the_wait() -> None:
    bucket = Bucket(1, 7, now=0.0)
    bucket.take(0.0)
    wait = bucket.take(0.05)
    assert bucket.take(0.05 + wait / 1000) == 0


def test_strikes_count_refusals_and_are_forgotten_when_full() -> None:
    bucket = Bucket(2, 1, now=0.0)
    for _ in range(5):
        bucket.take(0.0)
    assert bucket.strikes == 3
    bucket.take(1.5)
    assert bucket.strikes == 3, "one token has come back, but the bucket is not full"
    bucket.take(10.0)
    assert bucket.strikes == 0


def test_time_until_full_fits_into_a_frame() -> None:
    bucket = Bucket(5_000_000, 1, now=0.0)
    for _ in range(5_000_000):
        bucket.take(0.0)
    assert bucket.full_after_ms() == 0xFFFFFFFF


@given(st.integers(1, 50), st.integers(1, 100), st.lists(st.floats(0, 0.5), max_size=200))
def test_never_more_than_burst_plus_rate(burst: int, rate: int, gaps: list[float]) -> None:
    """RATE-2: over any time, no more than burst + rate x time requests go through."""
    bucket, now, granted = Bucket(burst, rate, now=0.0), 0.0, 0
    for gap in gaps:
        now += gap
        granted += bucket.take(now) == 0
    assert granted <= burst + rate * now + 1e-6


def test_attempts_are_counted_for_a_minute_and_by_address() -> None:
    attempts = Attempts(2)
    assert attempts.take("a", 0.0) == 0
    assert attempts.take("a", 30.0) == 0
    assert attempts.take("b", 30.0) == 0
    assert attempts.take("a", 59.0) == 1000
    assert attempts.take("a", 60.0) == 0
    assert attempts.take("a", 60.0) == 30_000


def test_refused_attempts_do_not_count() -> None:
    attempts = Attempts(1)
    attempts.take("a", 0.0)
    for second in range(1, 60):
        attempts.take("a", float(second))
    assert attempts.take("a", 60.0) == 0


def test_addresses_not_seen_for_a_minute_are_forgotten() -> None:
    attempts = Attempts(5)
    for number in range(1000):
        attempts.take(str(number), 0.0)
    attempts.take("late", 120.0)
    assert len(attempts._times) == 1

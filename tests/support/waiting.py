"""Waiting for something to become true, with a deadline that a slow machine meets as well."""

import contextlib
import time

# Generous: sanitizers and a busy machine make everything slower, and nothing waits longer than it must.
PATIENCE_S = 60
POLL_S = 0.05


def await_that(what, condition, seconds=PATIENCE_S, poll_s=POLL_S):
    """Returns the first true value of condition(). An AssertionError within it means: not yet."""
    deadline = time.monotonic() + seconds
    while True:
        last = None
        with contextlib.suppress(AssertionError):
            last = condition()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; at last {last!r}")
        time.sleep(poll_s)


def holds_for(seconds, what, condition, poll_s=0.2):
    """Fails as soon as condition() is false: for what must *not* happen, which no event announces."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"did not last {seconds} s: {what}")
        time.sleep(poll_s)

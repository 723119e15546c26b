"""Processes that this one starts."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def die_with_parent() -> None:
    """For `preexec_fn`: a run that was killed must not go on deploying, or installing, beside the
    one that repeats it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

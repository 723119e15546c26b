"""What ends a run: Ctrl-C, and what is to be as Ctrl-C."""

import signal
from typing import Any

# A CI job that is cancelled; a terminal that is closed.
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def as_interrupts() -> dict[signal.Signals, Any]:
    """From here on: children are ended, locks given back, one line is said. What is ignored stays
    so (`nohup`). The handlers of before."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, nobody could say how a child ended
    heard = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    return {each: signal.signal(each, signal.default_int_handler) for each in heard}

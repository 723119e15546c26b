"""What happens in the emulator without being asked: queues and streams are read, and rules go
at their time."""

import threading
import time
import traceback
from datetime import UTC, datetime

from ...ui.console import say
from . import polled_events, schedules

TICK = 0.2  # seconds


def start() -> None:
    """To the end of the process."""
    threading.Thread(target=_run, daemon=True).start()


def _run() -> None:
    while True:
        time.sleep(TICK)
        try:
            polled_events.poll()
            schedules.go(datetime.now(UTC))
        except Exception:  # of moto, whose memory others change meanwhile: the next turn sees it
            say(traceback.format_exc())

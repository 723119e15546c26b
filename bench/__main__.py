"""python -m bench PART… [--runs N] [--only NAME,…]: measure. ./doitw bench does all parts."""

import argparse
import time

from bench import images, results, scale, sets, sizes, speed
from tasks.ui.console import duration
from tasks.util.errors import LayerError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="+", choices=[*results.PARTS, "readme"])
    parser.add_argument("--runs", type=int, default=speed.RUNS, help="measured rounds")
    parser.add_argument("--only", default="", help="subjects of `speed`, sets of `sets`")
    asked = parser.parse_args()
    only = tuple(filter(None, asked.only.split(",")))
    parts = {
        "speed": lambda: speed.main(asked.runs, only),
        "scale": lambda: scale.main(asked.runs),
        "sizes": lambda: sizes.main(asked.runs),
        "sets": lambda: sets.main(only),
        "images": lambda: images.main(asked.runs),
        "readme": results.publish,
    }
    for part in asked.parts:
        started = time.monotonic()
        parts[part]()
        print(f"bench: {part} took {duration(time.monotonic() - started)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        raise SystemExit(str(error)) from None

"""Lambda's Pythons, and how long AWS keeps them.

Dates: docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, "Supported runtimes", as AWS's
cfn-lint 1.58.0 has them (LmbdRuntimeLifecycle.json). AWS moves them now and then, later as a rule.
"""

from dataclasses import dataclass
from datetime import date, timedelta

SOURCE = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
SOON = timedelta(days=180)  # AWS tells whoever uses a runtime as early


@dataclass(frozen=True, kw_only=True)
class Support:
    """`deprecated`: no security updates from that day on. Then no new functions, no changes."""

    deprecated: date
    no_create: date
    no_update: date


SUPPORT = {
    "3.10": Support(
        deprecated=date(2026, 10, 31), no_create=date(2027, 2, 1), no_update=date(2027, 3, 3)
    ),
    "3.11": Support(
        deprecated=date(2027, 6, 30), no_create=date(2027, 7, 31), no_update=date(2027, 8, 31)
    ),
    "3.12": Support(
        deprecated=date(2028, 10, 31), no_create=date(2028, 11, 30), no_update=date(2029, 1, 10)
    ),
    "3.13": Support(
        deprecated=date(2029, 6, 30), no_create=date(2029, 7, 31), no_update=date(2029, 8, 31)
    ),
    "3.14": Support(
        deprecated=date(2029, 6, 30), no_create=date(2029, 7, 31), no_update=date(2029, 8, 31)
    ),
}
PREVIEW = ("3.15",)  # Chalice 1.34 and botocore know it; AWS names no dates yet
PYTHONS = (*SUPPORT, *PREVIEW)


def warning(python: str, today: date) -> str:
    """What to know about that Python. '' for nothing."""
    if python in PREVIEW:
        return (
            f"note: Python {python} is a preview: Lambda may not offer it in your region yet, and "
            "many packages have no wheel for it"
        )
    support = SUPPORT[python]
    if today < support.deprecated - SOON:
        return ""
    verb = "has deprecated" if today >= support.deprecated else "will deprecate"
    return (
        f"warning: AWS {verb} python{python} on {support.deprecated}: no security updates after "
        f"that, no new function from {support.no_create}, no change of one from "
        f"{support.no_update} ({SOURCE})\n→ set `python` in pyproject.toml to a newer one"
    )

"""Lambda's limit: 262,144,000 bytes unzipped for all layers and the function together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.core.console import size
from tasks.core.settings import LAMBDA_LIMIT

WARN = 0.9  # of the limit


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bytes, unzipped. `others`: {ARN: bytes, None where only AWS knows}."""

    layer: int
    function: int
    others: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.layer + self.function + sum(count or 0 for count in self.others.values())

    @property
    def share(self) -> float:
        return self.total / LAMBDA_LIMIT

    def sentences(self) -> list[str]:
        """How full it is, and what is not counted."""
        lines = [f"{size(self.total)} of {size(LAMBDA_LIMIT)} unzipped ({self.share:.0%})"]
        if self.share > WARN:
            lines.append(f"warning: over {WARN:.0%} of Lambda's limit; `./doitw report` shows what")
        unknown = [arn for arn, count in self.others.items() if count is None]
        return lines + [f"not counted, its size is known to AWS only: {arn}" for arn in unknown]


def largest(packages: Mapping[str, int], count: int = 10) -> list[str]:
    """The heaviest packages, a line each."""
    ranked = sorted(packages.items(), key=lambda item: (-item[1], item[0]))[:count]
    return [f"{size(length):>10}  {name}" for name, length in ranked]

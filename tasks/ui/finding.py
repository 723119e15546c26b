"""What `doit doctor` finds: one line a thing, with what to do, and whether a deploy can work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..util.errors import DoctorError, LayerError

GOOD, NOTE, BAD = "✓", "●", "✗"
WIDTH = 14  # columns of what was looked at


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`mark`: GOOD, NOTE (worth knowing, or could not be seen), BAD (no deploy works so)."""

    what: str
    mark: str
    found: str
    fix: str = ""

    def lines(self) -> list[str]:
        """As a person reads it."""
        margin = " " * (WIDTH + 3)
        first, *rest = self.found.splitlines() or [""]
        told = [f"{self.mark} {self.what:<{WIDTH}} {first}", *(margin + line for line in rest)]
        fixes = self.fix.splitlines() if self.mark != GOOD else []
        return [*told, *(f"{margin}→ {line.removeprefix('→ ')}" for line in fixes)]


def good(what: str, found: str) -> Finding:
    return Finding(what=what, mark=GOOD, found=found)


def note(what: str, found: str, fix: str = "") -> Finding:
    return Finding(what=what, mark=NOTE, found=found, fix=fix)


def bad(what: str, error: LayerError) -> Finding:
    return Finding(what=what, mark=BAD, found=error.problem, fix=error.fix)


def finding_of(what: str, question: Callable[[], Finding | str]) -> Finding:
    """Its answer (text: all is well). The error that it raised is what is wrong."""
    try:
        answer = question()
    except LayerError as error:
        return bad(what, error)
    return good(what, answer) if isinstance(answer, str) else answer


def judge(findings: Sequence[Finding], stage: str) -> str:
    """One sentence. DoctorError when something is in a deploy's way."""
    wrong = [each.what for each in findings if each.mark == BAD]
    if wrong:
        raise DoctorError(
            f"a deploy to stage {stage} cannot work: {', '.join(wrong)}",
            fix="do what stands under each ✗ above, then run ./doitw doctor again",
        )
    noted = [each.what for each in findings if each.mark == NOTE]
    seen = f" (worth a look: {', '.join(noted)})" if noted else ""
    return f"a deploy to stage {stage} can work{seen}"

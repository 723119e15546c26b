"""What a step leaves for the steps after it, as typed records. One of another form counts as none:
the step runs again. Facts only, no durations: an unchanged result leaves its record unchanged.

`STAGED`: one for each stage, not one for the layer. `fingerprint`: what the result was made from.
`origins`: of what it rests on (layer/team_store). records.py reads and writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Count:
    """`bytes` of `files`."""

    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class RecordedDistribution:
    """`key`: what its finished work is kept under. `pin`: the pin's. `text`: its line."""

    name: str
    version: str
    direct: bool
    key: str
    pin: str
    text: str
    wheel: bool = False


@dataclass(frozen=True, kw_only=True)
class InstallRecord:
    """`tree`: of the packages' keys. `image`: exactly which, '' on the host. `builder`: for
    people."""

    STEP: ClassVar = "install"
    STAGED: ClassVar = False

    distributions: Sequence[RecordedDistribution]
    options: Sequence[str]
    tree: str
    bytes: int
    files: int
    fingerprint: str
    builder: str
    image: str = ""
    origins: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class RuleCount:
    """What a rule took: `files`, and others that it `cut`. `bytes` of both."""

    files: int
    cut: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class PruneRecord:
    """`tops`: steps/prune.py's. `plan`: of plan.json. `rules`, `packages`: what each rule took, of
    all and of each package. `spared`: {rule: {path: why it stays}}. `kept_by`: globs. `sources`:
    {package that keeps its sources: why}. `unsure`, `unused`: {path or glob: bytes}."""

    STEP: ClassVar = "prune"
    STAGED: ClassVar = False

    fingerprint: str
    tops: Sequence[str]
    plan: str
    before: Count
    after: Count
    rules: Mapping[str, RuleCount]
    packages: Mapping[str, Mapping[str, RuleCount]]
    spared: Mapping[str, Mapping[str, str]]
    unsure: Mapping[str, int]
    kept_by: Sequence[str]
    unmatched: Sequence[str]
    sources: Mapping[str, str]
    unused: Mapping[str, int]
    origins: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class StripReport:
    """docker/strip_libraries.py's. `bytes`: saved."""

    files: int
    bytes: int
    left_alone: Sequence[str]
    unreadable: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class BytecodeReport:
    """`skipped`: no valid Python. `left_out`: for want of room, which costs `seconds`."""

    files: int
    bytes: int
    skipped: Sequence[str]
    left_out: Sequence[str]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class OptimizeRecord:
    """`parts`: {package: key}. `beside`: {what is no package's: key}. `made`: {either:
    what the store calls it}. `bytes`, `files`: unzipped."""

    STEP: ClassVar = "optimize"
    STAGED: ClassVar = False

    fingerprint: str
    parts: Mapping[str, str]
    beside: Mapping[str, str]
    made: Mapping[str, str]
    strip: StripReport | None
    bytecode: BytecodeReport | None
    bytes: int
    files: int
    origins: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ZipRecord:
    """The layer's zip. `built`: when, YYYYMMDD-HHMMSS, UTC. `inputs`: the named parts of `input`,
    the input hash."""

    STEP: ClassVar = "zip"
    STAGED: ClassVar = False

    sha256: str
    bytes: int
    unzipped: int
    files: int
    built: str
    inputs: Mapping[str, Any]
    input: str
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class SbomRecord:
    """`components`: packages. `inside`: of them."""

    STEP: ClassVar = "sbom"
    STAGED: ClassVar = False

    fingerprint: str
    sha256: str
    components: int
    inside: int
    origins: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ReportRecord:
    STEP: ClassVar = "report"
    STAGED: ClassVar = False

    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class VerifyRecord:
    """`sha256`: of the zip. `packages`: {package: bytes}. `not_proven`: why, '' where it ran.
    `fail`: modules. `attributes`: names that the app imports and packages give. `imports`:
    {package: seconds}. `proofs`, `check`: keys of the store. `proven`: {package: [by whom, when]}.
    The counts are those of verdict.counts."""

    STEP: ClassVar = "verify"
    STAGED: ClassVar = False

    fingerprint: str
    sha256: str
    unzipped: int
    limit: int
    packages: Mapping[str, int]
    not_proven: str
    fail: Sequence[str]
    imports: Mapping[str, float]
    proofs: Sequence[str]
    check: str
    proven: Mapping[str, Sequence[str]]
    modules: int
    modules_that_never_imported: int
    modules_that_want_packages: int
    distributions: int
    libraries: int
    compiled_anew: int
    attributes: Sequence[str] = ()
    origins: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class PreflightRecord:
    """`sizes`: {ARN of another layer of the stage: bytes, None where AWS does not say}."""

    STEP: ClassVar = "preflight"
    STAGED: ClassVar = True

    sizes: Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True)
class LookupRecord:
    """`arn`: None when a version has to be made, in a stage of images `image`. `stored`: the zip in
    S3 to make it from. `pin`: when the stage was rolled back to that version. `lifts`: a pin stands
    that is for other requirements. `own`: the stage's layers without what rollbacks put there.
    `replaces`: with them, where that differs."""

    STEP: ClassVar = "lookup"
    STAGED: ClassVar = True

    input: str
    arn: str | None = None
    image: str | None = None
    stored: str | None = None
    pin: str | None = None
    lifts: bool = False
    own: Sequence[str] | None = None
    replaces: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class UploadRecord:
    """The zip in S3, or a version that has its content already: then nothing was sent, `arn` names
    the version, and there is no `key`. `tag`: may the object carry the lifecycle rule's?"""

    STEP: ClassVar = "upload"
    STAGED: ClassVar = True

    sha256: str
    input: str
    built: str
    unzipped: int
    wishes: Sequence[str]
    bucket: str
    key: str = ""
    version_id: str = ""
    tag: bool = True
    arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class PublishRecord:
    """The version that the stage gets. `unzipped`: bytes. `packages`: {package: bytes}."""

    STEP: ClassVar = "publish"
    STAGED: ClassVar = True

    arn: str
    input: str
    sha256: str
    unzipped: int
    packages: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class PatchRecord:
    """ARNs of the stage's layers, for the way back."""

    STEP: ClassVar = "patch-config"
    STAGED: ClassVar = True

    before: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class PushRecord:
    """The image in ECR. `uri`: by digest. `layers`, of which `new` were sent: `pushed` bytes, with
    `asked` requests. `unpacked`: bytes. `number`: of the image."""

    STEP: ClassVar = "push"
    STAGED: ClassVar = True

    uri: str
    digest: str
    layers: int
    pushed: int
    new: int
    asked: int
    unpacked: int
    number: int


@dataclass(frozen=True, kw_only=True)
class AskedRecord:
    """Did the app answer before it was changed? If not, `said` says why."""

    STEP: ClassVar = "smoke-before"
    STAGED: ClassVar = True

    answered: bool
    said: str


@dataclass(frozen=True, kw_only=True)
class SmokeRecord:
    """The first answer. `start`: report/cold_start.py's. `url`: '' where the function alone was
    called. An app without an API has `functions`, which were only looked at."""

    STEP: ClassVar = "smoke"
    STAGED: ClassVar = True

    function: str
    status: int = 0
    body: str = ""
    start: Mapping[str, Any] | None = None
    url: str = ""
    functions: Sequence[str] = ()

    @property
    def seen(self) -> str:
        return ", ".join(self.functions) or self.function


@dataclass(frozen=True, kw_only=True)
class RollbackRecord:
    """ARNs of the stage's layers: what it had, what it gets, and `own`, of before any rollback.
    `at`: when. `sizes`: {ARN: {"bytes", "unzipped"}}, once it is `done`."""

    STEP: ClassVar = "rollback"
    STAGED: ClassVar = True

    before: Sequence[str]
    to: Sequence[str]
    own: Sequence[str]
    at: str
    done: bool = False
    sizes: Mapping[str, Mapping[str, int]] | None = None

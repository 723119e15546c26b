"""What can be set, and what it may be. context/settings.py reads it."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from . import smoke_request
from .lambda_pythons import PYTHONS
from .smoke_request import Request

LOCAL = "local"  # the stage that lives on the emulator
MOST_LAYERS = 5  # of one function (AWS quota)
ARCHITECTURES = ("x86_64", "arm64")
# of `team-store`
OFF, READ, READ_WRITE = "off", "read", "read-write"
# Who writes to the team's store: what IAM calls roles and users. It is one part of a key in S3.
WRITER = r"[A-Za-z0-9_][\w+=,.@-]{0,127}"
LAMBDA_IMAGE = "public.ecr.aws/lambda/python:{python}"
# A reference as engines read it (github.com/distribution/reference), or an image's ID; `{python}`
# stands for a version.
_WORD = r"(?:[a-z0-9]|\{python\})+"
_NAME = rf"{_WORD}(?:(?:[._]|__|-+){_WORD})*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?"
_TAG = r"(?:\w|\{python\})(?:[\w.-]|\{python\}){0,127}"
IMAGE = (
    rf"(?=.{{0,400}}$)((?:{_HOST}/)?{_NAME}(?:/{_NAME})*(?::{_TAG})?(?:@sha256:[0-9a-f]+)?"
    r"|sha256:[0-9a-f]{64})?"
)
OF_AWS = ("region", "profile")  # settings with variables that are not set for us alone
LAMBDA_TMP = 512  # MB of /tmp, where a function asks for no more (AWS)
LAMBDA_MEMORY = 10_240  # MB, the most that a function can have (AWS quota)
# MB, the most that a function may ask for (AWS). Where the fault of a rule is looked for, a copy of
# all packages lies there.
MOST_TMP = 10_240
LAMBDA_LIMIT = 262_144_000  # bytes unzipped, all layers and the function together (AWS quota)
# Bytes unpacked, all layers of an image. AWS's quota says 10 GB, its error: "Uncompressed container
# image size exceeds 10 GiB limit".
IMAGE_LIMIT = 10 << 30


def _setting(default: Any, help_: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": help_, **more})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting. `typed`: also `name=value` on the command line. `env`: variables, in order.
    `value`: what stands for one in help. `own`: a name that each project has its own of. `most`: a
    number's bound."""

    layer: str = _setting(
        "shuking-deps-layer", "the layer's name", typed=True, value="NAME", own=True,
        env=("LAYER_NAME",), pattern=r"[A-Za-z0-9_-]{1,140}",
    )  # fmt: skip
    bucket: str = _setting(
        "shuking-lambda-layers", "S3 bucket, made when missing", typed=True, value="NAME", own=True,
        env=("S3_BUCKET",), pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    )  # fmt: skip
    region: str = _setting(
        "ap-northeast-2", "AWS region", env=("AWS_REGION", "AWS_DEFAULT_REGION"),
        pattern=r"[a-z]{2,4}(-[a-z]+)+-\d+",  # eusc-de-east-1
    )  # fmt: skip
    account: str = _setting(
        "", "number of the AWS account: any other is refused before anything is changed",
        pattern=r"\d{12}",
    )  # fmt: skip
    role: str = _setting(
        "", "ARN of the role to assume for all that is done in AWS",
        pattern=r"arn:aws(-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]+",
    )  # fmt: skip
    profile: str = _setting("", "profile of AWS's own configuration files", env=("AWS_PROFILE",))
    package: str = _setting(
        "layer", "how the app's packages get to Lambda: one `layer` (at most 262 MB with the "
        "function), or with the app in an `image` (at most 10 GB)", choices=("layer", "image"),
    )  # fmt: skip
    repository: str = _setting(
        "", "repository in ECR for `package = \"image\"`, made when missing (default: the app's "
        "name)", own=True,
        pattern=r"(?=.{2,256}$)[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*",
    )  # fmt: skip
    splice: bool = _setting(
        False, "with `package = \"image\"`, take packed files into image layers as they are: "
        "faster, and gzip of several members, which nobody has tried with Lambda",
    )  # fmt: skip
    secret: str = _setting(
        "", "name or ARN of a secret in Secrets Manager, a JSON object: its values become the "
        "functions' environment", pattern=r"(?!-)[\w/+=.@:!-]{0,2048}",  # rds!cluster-…
    )  # fmt: skip
    requirements: str = _setting(
        "requirements-all.txt", "file with the packages of the layer", typed=True, value="FILE",
        pattern=r"(.*/)?(?!\.{1,2}$)[^/]{1,240}",
    )  # fmt: skip
    python: str = _setting(
        "3.12", "the layer's Python (`build` and `lock` take several, with commas)",
        typed=True, value="VERSION", choices=PYTHONS,
    )  # fmt: skip
    architecture: str = _setting("x86_64", "Lambda's name for it", choices=ARCHITECTURES)
    image: str = _setting(
        "", "image in which the layer is built and tested, by tag or digest (default: Lambda's "
        "own, "
        f"`{LAMBDA_IMAGE}`)",
        env=("LAYER_IMAGE",), pattern=IMAGE, form="NAME[:TAG][@sha256:DIGEST]",
    )  # fmt: skip
    stage: str = _setting(
        "prod", "Chalice stage: `local` is an AWS emulator on this machine", typed=True,
        value="NAME",
        pattern=r"[\w-][\w.-]{0,127}",  # it is part of file names and of keys in S3
    )  # fmt: skip
    builder: str = _setting(
        "auto", "`docker`, `host` (uv on this machine, from wheels), or `auto`: Docker, and the "
        "host "
        "for `stage=local` without Docker or its image",
        typed=True, value="KIND", choices=("auto", "docker", "host"),
    )  # fmt: skip
    local_network: bool = _setting(
        False, "let functions of `stage=local` reach more than the emulator (in a container)"
    )
    smoke_path: str = _setting(
        "/health", "path that `smoke` requests with GET (`POST /path` for another method, `none` "
        "for no "
        "request)",
        pattern=smoke_request.PATH,
    )  # fmt: skip
    smoke: tuple[Request, ...] = _setting(
        (), "requests in place of `smoke-path`: tables with `path`, `method`, `headers`, `body`, "
        "and what the answer must have: `status`, fields of `json`",
        faults=smoke_request.faults, made=smoke_request.made,
    )  # fmt: skip
    on_smoke_failure: str = _setting(
        "rollback", "what a deploy does if the app does not answer: `rollback` brings back what "
        "ran before, "
        "`stop` leaves it", choices=("rollback", "stop"),
    )  # fmt: skip
    max_init: int = _setting(
        0, "milliseconds that a cold start of a stage in AWS may take before the deploy fails (0: "
        "no "
        "limit)",
    )  # fmt: skip
    lock_wait: int = _setting(600, "seconds to wait while somebody else deploys the same stage")
    lifecycle_days: int = _setting(
        0, "days after which S3 deletes uploads that were never published (90 is usual, 0 keeps "
        "them). Only `doit gc` deletes the zip of a version",
    )  # fmt: skip
    rules_off: tuple[str, ...] = _setting((), "built-in prune rules to switch off")
    recipes: tuple[str, ...] = _setting((), "prune recipes to switch on (`doit report` lists them)")
    drop: tuple[str, ...] = _setting((), "globs of files to leave out of the layer")
    keep: tuple[str, ...] = _setting(
        (), "globs of files that no rule may take, stronger than all other settings"
    )
    prefer: tuple[str, ...] = _setting(
        (), "which package's file the layer has when two bring different ones: "
        '`["dbt-core: dbt/__init__.py"]`', item="DISTRIBUTION: GLOB",
    )  # fmt: skip
    harmless: tuple[str, ...] = _setting(
        (), "globs of files that look like credentials and give access to nothing (test keys)"
    )
    strip: bool = _setting(True, "strip debug symbols from shared objects where that is safe")
    bytecode: str = _setting(
        "compile", "ship `.pyc` files beside the sources, `only` them, or `none`",
        choices=("compile", "only", "none"),
    )  # fmt: skip
    licenses: str = _setting(
        "keep", "texts of licenses: `keep` each in its place, `bundle` all in one file "
        "`THIRD-PARTY-NOTICES`, or `drop` them", choices=("keep", "bundle", "drop"),
    )  # fmt: skip
    compression: str = _setting(
        "default", "of the zip: `max` is 3 % smaller and takes five times as long",
        choices=("default", "max"),
    )  # fmt: skip
    build_network: bool = _setting(
        False, "let builds from source use the network (build tools are fetched before)"
    )
    store: str = _setting(
        "", "folder in which finished work is kept for all checkouts and layers (default: "
        "`$XDG_CACHE_HOME/doit-lambda-layer`). `build` keeps it in the checkout",
        env=("LAYER_STORE",), value="FOLDER",
    )  # fmt: skip
    store_size: int = _setting(2000, "MB of finished work that the store may keep")
    team_store: str = _setting(
        "", "may builds read and write the team's finished work in the bucket? (default: "
        "`read-write` for what uploads, `off` for all else. `stage=local` has none)",
        choices=(OFF, READ, READ_WRITE),
    )  # fmt: skip
    store_writer: str = _setting(
        "", "as whom this stage writes to the team's store (default: the name of the role)",
        pattern=WRITER,
    )  # fmt: skip
    store_trust: tuple[str, ...] = _setting(
        (), "whose entries of the team's store a build takes: names of roles, the most likely one "
        "first (default: this stage's own)", item="ROLE",
    )  # fmt: skip
    check: str = _setting("", "your own check, run in the image: a Python file or module")
    check_timeout: int = _setting(60, "seconds that `check` or `trace` may take")
    trace: str = _setting(
        "",
        "a command that runs once on the installed packages and keeps each file it opens: `check` "
        "(your own), a Python file, or `python -m unittest tests`",
    )
    proof_timeout: int = _setting(60, "seconds that one import may take in the import test")
    proof_env: tuple[str, ...] = _setting(
        (), "environment variables of the import test and of `check`, a table: `{NAME = "
        "\"value\"}`",
        pairs=True,
    )  # fmt: skip
    reserve: int = _setting(
        5, "MB of Lambda's limit that bytecode leaves to the function and other layers",
        most=LAMBDA_LIMIT // 1_000_000,
    )  # fmt: skip
    max_growth: int = _setting(0, "fail when the layer grows by more than this % (0: no limit)")
    # No setting: `py313` where the command line asks for another Python than the project's.
    variant: str = ""
    # Neither: the base image's `sha256:…`, where the lock names it.
    locked_image: str = ""
    # Neither: (setting, value) where a person wrote another one than this machine works with.
    written: tuple[tuple[str, Any], ...] = field(default=(), compare=False)

    @property
    def files(self) -> str:
        """What its files in build/ are called: `deps`, of a variant `deps.py313` (no layer can have
        that name)."""
        return f"{self.layer}.{self.variant}" if self.variant else self.layer

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def is_image(self) -> bool:
        return self.package == "image"

    @property
    def limit(self) -> int:
        """Bytes, unzipped, of packages and function together."""
        return IMAGE_LIMIT if self.is_image else LAMBDA_LIMIT

    @property
    def image_name(self) -> str:
        """The base image, as people name it."""
        return (self.image or LAMBDA_IMAGE).replace("{python}", self.python)

    @property
    def base_image(self) -> str:
        """The same, and exactly which one where the lock says it."""
        return "@".join(filter(None, (self.image_name, self.locked_image)))

    @property
    def smoke_requests(self) -> tuple[Request, ...]:
        return self.smoke or smoke_request.of_path(self.smoke_path)

    @property
    def lock(self) -> str:
        """requirements-all.txt → requirements-all.lock, of a variant requirements-all.py313.lock"""
        variant = f".{self.variant}" if self.variant else ""
        return str(Path(self.requirements).with_suffix(f"{variant}.lock"))

    @property
    def own_lock(self) -> str:
        """The lock for the project's own Python."""
        return str(Path(self.requirements).with_suffix(".lock"))


SPECS = {spec.name: spec for spec in fields(Settings) if "help" in spec.metadata}
TYPED = [name for name, spec in SPECS.items() if spec.metadata.get("typed")]
Source = dict[str, tuple[str, Any]]  # {field: (where it is said, value)}
Fault = tuple[str, str, str]  # (where it is said, setting, what is wrong)


def option(name: str) -> str:
    """A field as it is written in pyproject.toml: smoke_path → smoke-path."""
    return name.replace("_", "-")

"""Arguments: what is typed for one command only, read once. Settings hold for every command.

`keep`, `check` and `licenses` are names of settings, too. Typed, they are these arguments.
"""

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from ..aws import arn as arns
from ..aws.iam.needed_actions import PURPOSES
from ..release.kept_versions import NEWEST
from ..release.version import parse_number
from ..settings import model
from ..settings.smoke_request import NONE, PATH
from ..settings.validation import nearest
from ..util.errors import InputError, SettingsError

Form = Callable[[str], object]  # InputError for what has another
DEPLOYING = {"deploy", "chalice-deploy", "smoke", "convert"}  # they run Chalice
# What has `upload` or `image-parts` in its graph, if there is something to do.
UPLOADING = DEPLOYING | {"upload", "publish", "patch-config", "package", "image-parts", "push"}
ENV, PYLOCK, CLOUDFORMATION, TERRAFORM = "env", "pylock", "cloudformation", "terraform"
FORMATS = {"local-start": (ENV,), "lock": (PYLOCK,), "package": (CLOUDFORMATION, TERRAFORM)}
POLICIES = (*PURPOSES, "assume", "trust", "bucket")  # what iam-policy prints
FLAGS = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


def _repository(text: str) -> str:
    """As GitHub writes it in tokens: the names, or each name with its ID."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+|[\w.-]+@\d+/[\w.-]+@\d+", text):
        fix = "write repository=OWNER/REPOSITORY, or with both IDs: OWNER@ID/REPOSITORY@ID"
        raise InputError(f"{text!r} is not a repository", fix=fix)
    return text


def _moment(text: str) -> str:
    """As uv takes it."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?|\d+ (day|week)s?", text):
        raise InputError(
            f"{text!r} is no date", fix='write exclude-newer=2026-11-29, or "exclude-newer=7 days"'
        )
    return text


def _format(text: str) -> str:
    pairs = {name: command for command, names in FORMATS.items() for name in names}
    if text not in pairs:
        known = ", ".join(f"{command} format={name}" for name, command in pairs.items())
        problem = f"{text!r} is not a format{nearest(text, pairs)}. There are: {known}"
        raise InputError(problem, fix="write one of these")
    return text


def _period(text: str) -> str:
    if not re.fullmatch(r"\d{1,5}[smhd]", text):
        problem = f"since={text} is no span of time such as 30s, 10m, 2h, 1d"
        raise InputError(problem, fix="write since=10m")
    return text


def _path(text: str) -> str:
    if not re.fullmatch(PATH, text) or text == NONE:
        problem = f'path={text} is no path such as /orders, or "POST /orders"'
        raise InputError(problem, fix="write path=/orders")
    return text


def _key(text: str) -> str:
    if not re.fullmatch(r"arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)/[\w/-]+", text):
        fix = "write key=arn:aws:kms:REGION:ACCOUNT:key/ID"
        raise InputError(f"{text!r} is not the ARN of a KMS key", fix=fix)
    return text


def _policy(text: str) -> str:
    if text not in POLICIES:
        fix = f"write for={'|'.join(POLICIES)}"
        raise InputError(f"{text!r} is not a policy{nearest(text, POLICIES)}", fix=fix)
    return text


def _argument(
    default: Any, help_: str, *of: str, value: str = "1", form: Form | None = None
) -> Any:
    """`value`: what stands for one in help."""
    return field(default=default, metadata={"help": help_, "of": of, "value": value, "form": form})


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Every argument. `of`: the commands that take it. `form`: what it must be, known before
    anything is started. A keyword of Python's ends in `_`."""

    version: str = _argument(
        "", "number of a layer version", "rollback", "show", "fetch", value="N", form=parse_number
    )
    arn: str = _argument(
        "",
        "ARNs of layer versions, with commas",
        "rollback",
        "patch-config",
        value="ARN[,ARN]",
        form=arns.parse_arns,
    )
    reason: str = _argument("", "why, shown to others", "rollback", "unpin", "undo", value="TEXT")
    from_: str = _argument("", "number of the earlier version", "diff", "history", value="N")
    to: str = _argument("", "number of the later version", "diff", "history", value="N")
    check: bool = _argument(False, "`1`: exit status 1 when something differs", "status")
    keep: int = _argument(
        NEWEST, "with `gc`: how many of the newest versions always stay. With `local-stop`: `1` "
        "keeps what the emulator holds for the next start", "gc", "local-stop", value="N",
    )  # fmt: skip
    keep_name: bool = _argument(
        False, "`1`: delete the functions and make them again under their names", "convert"
    )
    finish: bool = _argument(
        False, "`1`: delete the functions from before. There is no way back to them then", "convert"
    )
    yes: bool = _argument(False, "`1`: do it (without it, only the plan is shown)", "gc", "unlock")
    clean: bool = _argument(False, "`1`: empty the store of finished work", "cache")
    licenses: bool = _argument(
        False, "`1`: licenses by package, those that need attention first", "report"
    )
    for_: str = _argument(
        "", f"this policy alone, as JSON and nothing else: {', '.join(POLICIES)}", "iam-policy",
        value="NAME", form=_policy,
    )  # fmt: skip
    key: str = _argument(
        "", "ARN of the KMS key that encrypts the bucket or the secret", "iam-policy",
        value="ARN", form=_key,
    )  # fmt: skip
    repository: str = _argument(
        "", "OWNER/REPOSITORY on GitHub, or OWNER@ID/REPOSITORY@ID (default: the checkout's)",
        "iam-policy", value="OWNER/NAME", form=_repository,
    )  # fmt: skip
    branch: str = _argument(
        "", "branch that may deploy (default: the repository's)", "iam-policy", value="NAME"
    )
    format_: str = _argument(
        "", "with `local-start`: `env` prints address and key as shell variables. With `lock`: "
        "`pylock` also writes pylock.toml (PEP 751). With `package`: `cloudformation` (default) or "
        "`terraform`", "local-start", "lock", "package",
        value="FORMAT", form=_format,
    )  # fmt: skip
    exclude_newer: str = _argument(
        "",
        "no package that the index got after this: 2026-11-29, or `7 days`",
        "lock",
        form=_moment,
    )
    all_: bool = _argument(
        False, "`1`: all of your emulators, not only this checkout's", "local-stop"
    )
    name: str = _argument("", "a function, as app.py names it", "invoke", "logs")
    event: str = _argument(
        "", "JSON file, or an example: `http`, `sqs`, `sns`, `s3`, `dynamodb`, `kinesis`, "
        "`schedule`, `websocket`, `authorizer`", "invoke",
    )  # fmt: skip
    path: str = _argument("", "`[METHOD ]/path` of an example request", "invoke", form=_path)
    since: str = _argument("1h", "how far back: `10m`, `2h`, `1d`", "logs", form=_period)
    follow: bool = _argument(False, "`1`: go on until Ctrl-C", "logs")
    install: bool = _argument(
        True, "`0`: install no programs that the tests need, only say which are missing", "test"
    )
    port: int = _argument(0, "port of the app's address (default: a free one)", "local-url")


SPECS = {spec.name.removesuffix("_").replace("_", "-"): spec for spec in fields(Arguments)}


def load_arguments(typed: Mapping[str, str], words: Sequence[str]) -> Arguments:
    """From `name=value` pairs. Names that are none of ours are settings' business.

    `words`: the command line as typed. SettingsError gathers what no command in it takes and
    what has the wrong form.
    """
    mine = {name: value for name, value in typed.items() if name in SPECS}
    commands = {word.partition(":")[0] for word in words}
    problems = [_unasked(name) for name in mine if not commands.intersection(_of(name))]
    takers = {name: command for command, names in FORMATS.items() for name in names}
    taker, asked = takers.get(mine.get("format", "")), commands & FORMATS.keys()
    if taker and asked and taker not in asked:
        problems.append(f"command line: format={mine['format']} belongs to {taker}")
    values: dict[str, Any] = {}
    for name, value in mine.items():
        try:
            values[SPECS[name].name] = _parsed(name, value)
        except ValueError as error:
            problems.append(f"command line: {name}={value} is not {error}")
        except InputError as error:
            problems.append(f"command line: {error.problem}")
    if problems:
        fix = "./doitw list has the commands, ./doitw help COMMAND what one takes"
        raise SettingsError("\n".join(problems), fix=fix)
    return Arguments(**values)


def no_command(word: str, known: Sequence[str]) -> SettingsError:
    """What was typed in a command's place."""
    refuse_bare_number(word, sys.argv[1:])
    refuse_slips(sys.argv[1:], bare=True)
    fix = "./doitw list --all shows every command and step"
    meant = nearest(word, known)
    if word in _stages():
        line = [f"stage={each}" if each == word else each for each in sys.argv[1:]]
        meant, fix = f" (did you mean stage={word}?)", f"./doitw {shlex.join(line)}"
    return SettingsError(f"command line: {word} is not a command{meant}", fix=fix)


def no_option(said: str) -> SettingsError:
    """`said`: doit's words, with all options that it knows."""
    refuse_slips(sys.argv[1:], bare=True)
    problem = f"command line: {said.partition(' (parsing')[0].partition(': ')[2]}"
    if bad := re.match(r"(?s)Error parsing parameter '(\w+)'.*?'([^']*)'\s*$", said):
        value = f"takes no {bad[2]}" if bad[2] else "has no value"
        problem = f"command line: option {bad[1].replace('_', '-')} {value}"
    fix = "type name=value (stage=dev). ./doitw help COMMAND shows what it takes"
    return SettingsError(problem, fix=fix)


def refuse_bare_number(word: str, words: Sequence[str]) -> None:
    """SettingsError for `rollback 1`, `rollback to 1`, with the line that was meant."""
    number = next((each for each in words if each.isdecimal()), "")
    if word not in ("to", number) or not {*_of("version")} & {*words} or not number:
        return
    meant = f"version={number}"
    line = [meant if each == number else each for each in words if each != "to"]
    problem = f"command line: did you mean {meant}?"
    raise SettingsError(problem, fix=f"./doitw {shlex.join(line)}")


def refuse_slips(words: Sequence[str], *, bare: bool = False) -> None:
    """SettingsError with the line that was meant: for `stage = local`, `stage= local`. Where no
    task can be meant (`bare`), for `stage local`, `--stage local`, `stage:local`, `--yes`, too."""
    meant, left, slips = [], list(words), []
    while left:
        word = left.pop(0)
        slip = _slip(word, left, bare=bare)
        meant.append(slip or word)
        slips += [slip] if slip else []
    if slips:
        problem = f"command line: did you mean {' '.join(slips)}?"
        raise SettingsError(problem, fix=f"./doitw {shlex.join(meant)}")


def _slip(word: str, left: list[str], *, bare: bool) -> str:
    """What was meant, '' for no slip. Takes what belongs to it from those that are `left`."""
    dashes, name, sign, value = re.findall(r"(?s)^(-{0,2})([\w-]*)([=:]?)(.*)$", word)[0]
    spec = SPECS.get(name) or (model.SPECS[name] if name in model.TYPED else None)
    apart = left[0].startswith("=") if left else False
    if spec is None or not (bare or apart or sign == "=") or (value and sign == "=" and not dashes):
        return ""
    if left[:1] == ["="] and not value:
        del left[:1]
    is_value = bool(left) and (apart or not re.search(r"^-|=", left[0]))
    if not value and is_value and spec.type is not bool:
        value = left.pop(0).removeprefix("=")
    value = value or ("1" if spec.type is bool else "")
    return f"{name}={value}" if value else ""


def _stages() -> list[str]:
    from ..chalice_project import config
    from ..settings import paths

    return list(config.known_stages(paths.CHALICE_CONFIG))


def _of(name: str) -> tuple[str, ...]:
    commands: tuple[str, ...] = SPECS[name].metadata["of"]
    return commands


def _unasked(name: str) -> str:
    takers = ", ".join(_of(name))
    return f"command line: {name}= belongs to {takers}. No command typed here takes it"


def _parsed(name: str, value: str) -> str | bool | int:
    """ValueError in words, InputError."""
    wanted, form = SPECS[name].type, SPECS[name].metadata["form"]
    if form:
        form(value)
    if wanted is bool:
        if value not in FLAGS:
            raise ValueError("1 or 0")
        return FLAGS[value]
    if wanted is int:
        if not re.fullmatch(r"\d{1,9}", value):
            raise ValueError("a whole number")
        return int(value)
    return value


def words() -> list[str]:
    """What was typed beside `name=value`. [] for `doit` alone."""
    return [word for word in sys.argv[1:] if "=" not in word]


def deploys() -> bool:
    """Does what was typed run Chalice, if there is something to do?"""
    return bool(DEPLOYING & {*sys.argv[1:]})


def uploads() -> bool:
    """Does what was typed send a layer or an image to AWS, if there is something to do?"""
    return bool(UPLOADING & {*words()})


def converts() -> bool:
    """Is what was typed to change the type of functions?"""
    return "convert" in words()


def import_first() -> list[str]:
    """The setup task of what builds or changes something for an app that will be deployed."""
    return ["import-app"] if deploys() else []


def only_publishes() -> bool:
    """Does what was typed end with a layer version, and ask nothing of Chalice?"""
    return bool({"publish", "upload"} & {*sys.argv[1:]}) and not deploys()


@cache
def current() -> Arguments:
    """The arguments of this run."""
    from doit import doit_cmd

    return load_arguments(dict(doit_cmd._CMDLINE_VARS or {}), sys.argv[1:])

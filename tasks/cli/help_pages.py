"""What `help COMMAND` says of each command beside its one line and its arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PLACE = ("stage", "layer", "bucket")
BUILT = ("builder", "layer", "requirements", "python")
BACK = {
    "./doitw rollback stage=NAME": "return to the previous version",
    "./doitw doctor stage=NAME": "check access, settings and tools",
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """`typed`: settings that may be typed. `settings`: others that change it. `examples`,
    `afterwards`: {line to type: what it does}. `exits`: {status: what it means}, beside the
    usual."""

    about: str = ""
    typed: tuple[str, ...] = PLACE
    settings: tuple[str, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    exits: Mapping[int, str] = field(default_factory=dict)
    afterwards: Mapping[str, str] = field(default_factory=dict)
    heading: str = "Afterwards"


PAGES = {
    "deploy": Page(
        typed=("stage", "builder", "layer", "bucket", "requirements", "python"),
        settings=("region", "account", "role", "profile", "secret", "smoke_path",
                  "on_smoke_failure", "lock_wait", "max_growth"),
        examples={
            "./doitw deploy stage=local": "on this machine, without an account",
            "./doitw plan stage=prod": "what would change",
            "./doitw deploy stage=prod": "do it",
            "./doitw deploy stage=prod -v 2": "with every line of output",
        },
        exits={0: "deployed, or nothing to do"},
        afterwards=BACK,
        heading="If something breaks",
    ),
    "plan": Page(
        about="Changes nothing, here or in AWS. Asks the same questions as deploy.",
        typed=("stage", "builder", "layer", "bucket", "requirements", "python"),
        examples={"./doitw plan stage=prod": "what deploy stage=prod would do, and why"},
        exits={0: "nothing to do", 1: "cannot be told", 2: "something to do"},
    ),
    "build": Page(
        typed=BUILT,
        settings=("architecture", "recipes", "drop", "keep", "strip", "bytecode", "check",
                  "max_growth"),
        examples={
            "./doitw": "the same: build is the default",
            "./doitw build builder=host": "without Docker, from wheels",
            "./doitw build python=3.12,3.13": "one layer for each Python",
        },
        afterwards={
            "./doitw report": "what is in the layer, and what could go",
            "./doitw clean": "remove what was built here",
        },
    ),
    "lock": Page(
        about="Writes <requirements>.lock beside the requirements. Commit it: build then "
        "installs exactly these files, on every machine.",
        typed=BUILT,
        examples={
            "./doitw lock": "pin what the requirements allow today",
            "./doitw lock python=3.12,3.13": "one lock for each Python",
        },
    ),
    "rollback": Page(
        about="Pins the stage to that version: later deploys keep it until ./doitw unpin, or "
        "until you change requirements or settings of the layer.",
        typed=PLACE,
        examples={
            "./doitw rollback stage=prod": "the version before the current one",
            './doitw rollback stage=prod version=7 reason="6 is slow"': "version 7",
        },
        afterwards={
            "./doitw unpin stage=NAME": "forward again with the next deploy",
            "./doitw undo stage=NAME": "bring back what ran before the rollback",
        },
    ),
    "convert": Page(
        about="Set `package` for the stage first. Builds and sends everything, makes new "
        "functions, calls them, and leads all events to them. The old ones stay until finish=1.",
        typed=PLACE,
        examples={
            "./doitw convert stage=prod": "without downtime",
            "./doitw convert finish=1 stage=prod": "then delete the old functions",
            "./doitw convert keep-name=1 stage=prod": "the app is away for some seconds",
        },
    ),
    "unpin": Page(
        examples={
            "./doitw unpin stage=prod": "end the rollback",
            "./doitw deploy stage=prod": "then go forward",
        }
    ),
    "undo": Page(
        about="Brings back code, layers, variables and the API as they were before the last "
        "deploy or rollback.",
        examples={'./doitw undo stage=prod reason="orders fail"': "undo the last deploy"},
    ),
    "status": Page(
        about="Changes nothing. What your credentials may not see is shown as unknown.",
        examples={
            "./doitw status stage=prod": "one stage",
            "./doitw status stage=prod check=1": "exit status 1 for a difference",
        },
        exits={1: "something differs or is unknown (with check=1)"},
    ),
    "history": Page(
        about="Shows the newest 20 versions, or those between from=N and to=M.",
        examples={"./doitw history stage=prod": "versions, and who uses them"},
    ),
    "diff": Page(examples={"./doitw diff from=3 to=4": "packages and sizes of both"}),
    "show": Page(examples={"./doitw show version=4": "all about version 4"}),
    "fetch": Page(
        about="The zip lies in build/fetch/ afterwards, compared with its manifest. Of a stage of "
        "images it is a file for `docker load`.",
        examples={"./doitw fetch version=4": "the zip of version 4"},
    ),
    "report": Page(
        about="Of the last build. Neither AWS nor Docker is needed.",
        typed=BUILT,
        examples={"./doitw report": "packages, prune rules, recipes, the size limit"},
    ),
    "doctor": Page(
        about="Changes nothing, starts nothing. Each line that begins with ✗ says what to do.",
        typed=("stage", "builder", "layer", "bucket", "requirements", "python"),
        settings=("region", "account", "role", "profile"),
        examples={"./doitw doctor stage=prod": "can a deploy to prod work?"},
        exits={0: "a deploy can work", 1: "a deploy cannot work"},
    ),
    "cache": Page(
        about="The store holds packages as they were installed, packed and tested, for all of "
        "your checkouts and layers. All of it can be made again.",
        typed=(),
        settings=("store", "store_size"),
        examples={
            "./doitw cache": "size, age and hits",
            "./doitw cache clean=1": "empty it",
        },
    ),
    "gc": Page(
        about="Deletes layer versions and their zips that no function, stage or pin uses. "
        "Without yes=1 it only shows the plan.",
        examples={
            "./doitw gc": "what would go, why the rest stays",
            "./doitw gc keep=10 yes=1": "delete, but never the newest 10",
        },
    ),
    "unlock": Page(
        about="Shows who deploys the stage. Releases the lock of a run that died. With yes=1 "
        "it also releases the lock of a run that lives.",
        examples={"./doitw unlock stage=prod": "who holds the lock?"},
    ),
    "iam-policy": Page(
        about="Also writes each policy to build/iam/<layer>/<stage>/.",
        settings=("region", "account", "role", "secret", "lifecycle_days"),
        examples={
            "./doitw iam-policy stage=prod": "every policy",
            "./doitw iam-policy stage=prod for=deploy": "one policy, as JSON alone",
            "./doitw iam-policy stage=prod for=make-bucket": "needed once, to make the bucket",
        },
    ),
    "adopt-state": Page(
        about="Finds the stage's functions and REST API in AWS and writes Chalice's record of "
        "them, so that the next deploy updates them.",
        examples={"./doitw adopt-state stage=prod": "take over stage prod"},
    ),
    "patch-config": Page(
        about="Changes the stage's layers in .chalice/config.json and nothing else there. With "
        "arn= no AWS is asked.",
        examples={
            "./doitw patch-config stage=prod": "the published version",
            "./doitw patch-config stage=prod arn=ARN": "the layer that you name",
        },
    ),
    "watch": Page(
        about="Deploys on every save, until Ctrl-C, and does only what the change needs.",
        typed=("stage", "builder", "layer", "bucket", "requirements"),
        examples={
            "./doitw watch": "to stage local",
            "./doitw watch stage=dev": "to a stage in AWS",
        },
    ),
    "package": Page(
        about="For teams whose pipeline deploys: the folder that it prints holds the template and "
        "the function's zip, or a template that names the image.",
        typed=("stage", "builder", "layer", "bucket", "requirements", "python"),
        examples={
            "./doitw package stage=prod": "CloudFormation",
            "./doitw package stage=prod format=terraform": "Terraform",
        },
    ),
    "invoke": Page(
        about="Shows what the function answers, and its log. An example event is made from the "
        "app. -v 2 shows it.",
        examples={
            "./doitw invoke event=http stage=local": "as API Gateway would call it",
            "./doitw invoke name=worker event=sqs stage=local": "with a message",
            "./doitw invoke name=worker event=event.json stage=prod": "with an event of yours",
        },
    ),
    "logs": Page(
        examples={
            "./doitw logs stage=local": "of the last hour",
            "./doitw logs stage=prod since=10m follow=1": "and what comes, until Ctrl-C",
        },
    ),
    "local-url": Page(
        typed=(),
        about="For curl and browsers, websockets too. It ends with ./doitw local-stop.",
        examples={
            "./doitw local-url": "on a free port",
            "./doitw local-url port=8000": "on this one",
        },
    ),
    "local-start": Page(
        typed=(),
        examples={
            "./doitw local-start": "start it, print its address",
            'eval "$(./doitw local-start format=env)"': "then use the aws command with it",
        },
    ),
    "local-stop": Page(
        typed=(),
        examples={
            "./doitw local-stop": "of this checkout",
            "./doitw local-stop all=1": "all of yours",
        },
    ),
}  # fmt: skip
USUAL = {
    0: "done",
    1: "a step failed: the last lines say why and what to run",
    3: "the command line or a setting is wrong: nothing was started",
}

"""docs/troubleshooting.md, made from the code: every error class, its messages, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devtools import error_messages
from devtools.error_messages import HOLE, KINDS, Message

TOP = """\
# Troubleshooting

<!-- `./doitw docs` writes this page from the code: do not edit it here -->

Every error says what is wrong, where (file and line, with the words at fault), why, and after `→`
what to do. Nothing is published before the layer is tested. When you have corrected the cause, run
the same command again. Finished steps are kept.

`./doitw doctor` checks everything that a deploy needs and says what to do. It changes nothing.

```bash
./doitw doctor stage=local
```

After a bad deploy, run `./doitw rollback`. `./doitw unlock` shows who deploys right now, and
`./doitw status` shows drift.
"""
GATHERED = "(a line for each thing that is wrong)"
TOLD = "(the error says it)"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One that people meet. `title`: a phrase that is printed, for a search.
    `quotes`: beginnings of messages of the catalogue, in the order of likelihood. `text`: what to
    do, Markdown."""

    title: str
    quotes: tuple[str, ...]
    text: str


CASES = (
    Case(
        title="Layers consume more than the available size of 262144000 bytes",
        quotes=(".chalice/config.json: automatic_layer is true", "… unzipped is over Lambda's"),
        text="""\
Lambda counts all layers of a function and the function itself, unzipped. Two causes, each with its
own message here, before anything is published:

- `automatic_layer` is on, so Chalice adds a layer of its own: set it to `false`.
- The layer is too large, or the stage has other layers beside it: the next case but one.
""",
    ),
    Case(
        title="no permission",
        quotes=(
            "‹doing›: no permission.",
            "‹doing›: the bucket is another account's",
            "bucket ‹bucket› is in ‹there›",
        ),
        text="""\
The error names what AWS refused, and the policy that decides where AWS says it. `./doitw iam-policy
for=deploy` prints the statements, [iam.md](iam.md) says what each is for. `./doitw doctor` asks for
all of them at once, and says whether the bucket is yours and in the layer's region. Bucket names
are shared by all of AWS: where yours is taken, choose another (`bucket` in `pyproject.toml`).
""",
    ),
    Case(
        title="unzipped is over Lambda's 262.1 MB",
        quotes=("… unzipped is over Lambda's", "the layer grew by"),
        text="""\
See what is in it and what could go. This needs neither AWS nor Docker:

```bash
./doitw build stage=local builder=host
./doitw report stage=local builder=host
```

- `recipes = ["…"]` in `[tool.lambda-layer]` switches on a recipe that the report offers, with the
  bytes it saves and what stops working.
- `drop = ["package/folder/**"]` leaves files out. `verify` tests whether the rest imports.
- A package that only one function needs may go into that function's own `requirements.txt`.
- Beyond 262,144,000 bytes there is only the container image (10 GB).
""",
    ),
    Case(
        title=".layer-arn.txt is not there",
        quotes=("‹path› is not JSON", "‹path› has no stage ‹name›", ".layer-arn.txt is not there"),
        text="""\
You need neither jq nor an editor. `patch-config` changes the stage's `layers` and nothing else in
the file, and keeps a backup beside it (`.chalice/config.json.bak-…`). With an ARN of your own, it
asks no AWS:

```bash
ARN=arn:aws:lambda:ap-northeast-2:123456789012:layer:shuking-deps-layer:1
./doitw patch-config stage=local arn=$ARN
```
""",
    ),
)


def render(tables: Mapping[str, Mapping[str, str]]) -> str:
    """The page. `tables`: {title: {what is said: what to do}} of what other programs say."""
    made = error_messages.every()
    parts = [TOP, "## What people meet\n", *(_case(each, made) for each in CASES)]
    parts.append("## Every error\n")
    parts += [_kind(name, [each for each in made if each.kind == name]) for name in KINDS]
    parts.append("## What other programs say\n")
    parts += [f"### {title}\n\n{_table(rows.items())}" for title, rows in tables.items()]
    return "\n".join(parts)


def _case(case: Case, made: list[Message]) -> str:
    quotes = "\n".join(f"    {_quoted(start, made)}" for start in case.quotes)
    return f"### {case.title}\n\nSaid as:\n\n{quotes}\n\n{case.text}"


def _quoted(start: str, made: list[Message]) -> str:
    """The whole message. StopIteration when the code says it no longer."""
    return next(each.problem for each in made if each.problem.startswith(start))


def _kind(name: str, made: list[Message]) -> str:
    about = " ".join((KINDS[name].__doc__ or "").split())
    rows = sorted({(_said(each.problem, GATHERED), _said(each.fix, TOLD)) for each in made})
    return f"### {name}\n\n{about}\n\n{_table(rows)}"


def _said(text: str, otherwise: str) -> str:
    """A text that is put together from others has no words of its own here."""
    return text if text.strip(HOLE) else otherwise


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {_cell(said)} | {_cell(way)} |" for said, way in rows]
    return "\n".join(["| what is said | what to do |", "|---|---|", *lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")

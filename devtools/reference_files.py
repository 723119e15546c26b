"""docs/reference/files.md: what lies on disk and in S3, by the functions that make the paths."""

from tasks.settings import paths, s3_keys, store_folder
from tasks.settings.model import Settings

SAMPLE = Settings(layer="LAYER", stage="STAGE")
TIME = "20251015-120000"
TOP = """\
# Files on disk and in S3

<!-- `./doitw docs` writes this page from the code: do not edit it here -->

`LAYER`, `STAGE` and `APP` stand for your names. Each record is a small JSON file that its step
writes last. A step without a valid record runs again.

"""
S3 = """
## In the bucket

Only `gc` deletes objects of published versions. Do not change these by hand: who can write here can
deploy ([security](../security.md)).

"""


def disk() -> list[tuple[str, str, str]]:
    """(path, what it is, what happens when you delete it)"""
    rebuilt = "is built again"
    return [
        (str(paths.CHALICE_CONFIG), "Chalice's configuration, to which deploys write the layer's "
        "ARN",
         "do not: it is yours, with a backup beside it (`.bak-…`) after each change"),
        (str(paths.DEPLOYED), "Chalice's state of each stage", "is fetched from S3 again"),
        (str(paths.LAYER_ARN), "the ARN that was published last", rebuilt),
        (str(paths.layer_zip(SAMPLE)), "the layer", rebuilt),
        (str(paths.beside_zip(SAMPLE, ".report.html")), "the size report", rebuilt),
        (str(paths.beside_zip(SAMPLE, ".cdx.json")), "its bill of materials (CycloneDX 1.6)",
         rebuilt),
        (str(paths.record(SAMPLE, "install")), "record of `install`, likewise `prune`, `optimize`, "
         "`zip`, `sbom`, `verify`", "the step runs again"),
        (str(paths.removed(SAMPLE)), "what each prune rule took", rebuilt),
        (str(paths.stage_record(SAMPLE, "lookup")), "record of `lookup`, likewise `upload`, "
         "`publish`, `patch-config`, `chalice-deploy`, `smoke`", "AWS is asked again"),
        (f"~/.cache/{store_folder.NAME}/{paths.STORE.name}", "finished packages of all checkouts, "
         "at most `store-size` MB", "is built again, slower"),
        (str(paths.STORE), "the same, where the home cannot be written", "is built again, slower"),
        (str(paths.LOCAL_AWS), "the emulator: address, key, log, kept data",
         "run `./doitw local-stop` first"),
        (str(paths.iam_policy(SAMPLE, "deploy")), "a policy that `iam-policy` wrote", "run it "
        "again"),
        (str(paths.template(SAMPLE, "cloudformation")), "what `package` wrote", "run it again"),
        (".doit.sqlite3", "doit's notes on finished tasks", "records are read again"),
    ]  # fmt: skip


def s3() -> list[tuple[str, str]]:
    """(key, what it is)"""
    layer, stage = SAMPLE.layer, s3_keys.stage("APP", SAMPLE.stage)
    return [
        (s3_keys.zip_key(layer, TIME), "the zip of a version, in a folder named by the time of its "
         "build (UTC)"),
        (s3_keys.manifest_key(layer, TIME), "what that zip holds and was made from: packages with "
         "sizes, settings, image, commit, both hashes"),
        (s3_keys.bom_key(layer, TIME), "its bill of materials"),
        (s3_keys.note_key(layer, 1), "where the zip of version 1 lies, also after it was deleted"),
        (s3_keys.alias_key(layer, "HASH"), "which version holds what these inputs make"),
        ("store/v1/WRITER/KIND/KEY", "finished work of one writer, for the team; `index` and "
         "`packs` are kinds of their own"),
        (f"{stage}{s3_keys.STATE}", "Chalice's state of the stage; `{\"deploying\": …}` while "
         "Chalice runs"),
        (f"{stage}{s3_keys.RECORD}", "what was deployed last"),
        (f"{stage}{s3_keys.ATTEMPT}", "the last deploy: what ran before it and how far it came"),
        (f"{stage}{s3_keys.IMAGES_RUN}", "digests of the images that the stage ran, newest last"),
        (f"{stage}{s3_keys.PIN}{layer}.json", "the pin that a rollback set"),
        (f"{stage}{s3_keys.PACKAGES[0]}", "Chalice's last packages (`-a` and `-b`): the one that "
         "runs and the one before"),
        (f"{stage}{s3_keys.LOCK}", "which run deploys the stage right now"),
    ]  # fmt: skip


def page() -> str:
    files = [f"| `{path}` | {what} | {gone} |" for path, what, gone in disk()]
    head = ["| file | what it is | if you delete it |", "|---|---|---|"]
    objects = [f"| `{key}` | {what} |" for key, what in s3()]
    return "".join(
        [TOP, "## On this machine\n\n", "\n".join([*head, *files]), "\n", S3,
         "\n".join(["| object | what it is |", "|---|---|", *objects]), "\n"]
    )  # fmt: skip

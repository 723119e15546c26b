"""rollback's target: the layers that the stage is to go back to."""

from tasks.clients import layers, manifests, s3
from tasks.clients.aws import Aws
from tasks.core import versions
from tasks.core.console import say
from tasks.core.errors import InputError
from tasks.core.settings import Settings
from tasks.core.versions import LayerVersion
from tasks.steps import publish


def target(aws: Aws, configured: list[str], typed: int | list[str] | None) -> list[str]:
    """The stage's `layers` to be. InputError when a version is not there or does not fit."""
    if isinstance(typed, list):
        for arn in typed:
            _must_fit(layers.by_arn(aws, arn), aws.settings)
        return versions.placed(configured, typed)
    published = layers.versions(aws)
    if typed is None:
        return versions.replaced(configured, previous(published, configured, aws.settings).arn)
    found = versions.numbered(published, typed) or again(aws, typed, published)
    return versions.replaced(configured, _must_fit(found, aws.settings).arn)


def again(aws: Aws, number: int, published: list[LayerVersion]) -> LayerVersion:
    """In a deleted version's place: one with the same content, published now if there is none.

    AWS never gives a number twice. InputError when there is no manifest, or no zip any more.
    """
    settings = aws.settings
    made = manifests.of_number(aws, number)
    if made is None:
        raise _missing(number, published, settings)
    if (made.python, made.architecture) != (settings.python, settings.architecture):
        problem = f"version {number} was deleted, and was built for python{made.python} on "
        fix = "choose another version"
        raise InputError(f"{problem}{made.architecture}", fix=fix)
    twins = (v for v in published if v.content_hash == made.sha256)
    if twin := next((v for v in twins if layers.holds(aws, v)), None):
        say(f"version {number} was deleted; version {twin.number} holds the same content")
        return twin
    key = versions.zip_key(made.layer, made.built)
    stored = s3.holds(aws, key, made.sha256)
    if stored is None:
        raise _missing(number, published, settings, f", and no zip of it at {key}")
    sent = {"bucket": settings.bucket, "key": key, "version_id": stored}
    facts = {name: getattr(made, name) for name in ("input", "sha256", "built", "unzipped")}
    arn = publish.publish(aws, sent | facts)
    new = versions.number_of(arn)
    say(f"version {number} was deleted: its zip is published again, as version {new}")
    say("AWS gives no number twice; both hashes in its description are the old ones")
    return layers.by_arn(aws, arn)


def _missing(
    typed: int, published: list[LayerVersion], settings: Settings, more: str = ""
) -> InputError:
    if not published:
        fix = f"publish the first one: ./doitw deploy stage={settings.stage}"
        return InputError(f"layer {settings.layer} has no versions yet", fix=fix)
    there = ", ".join(str(version.number) for version in published)
    return InputError(
        f"layer {settings.layer} has no version {typed}{more}; there are: {there}",
        fix="choose one of those; a deleted one comes back only while its manifest and zip are in "
        "S3",
    )


def previous(
    published: list[LayerVersion], configured: list[str], settings: Settings
) -> LayerVersion:
    """The newest version older than the configured one that runs here."""
    ours = [arn for arn in configured if versions.is_of(arn, settings.layer)]
    if not ours:
        fix = "say which one: ./doitw rollback version=N"
        raise InputError(f"stage {settings.stage} uses no version of {settings.layer}", fix=fix)
    number = versions.number_of(ours[0])
    older = [v for v in published if v.number < number]
    fitting = [v for v in older if v.fits(settings.python, settings.architecture)]
    if not fitting:
        raise InputError(
            f"there is no version of {settings.layer} before {number} to go back to",
            fix="`./doitw status` lists what there is; ./doitw rollback arn=… takes any layer",
        )
    return fitting[0]


def _must_fit(version: LayerVersion, settings: Settings) -> LayerVersion:
    if version.fits(settings.python, settings.architecture):
        return version
    made_for = ", ".join((*version.runtimes, *version.architectures))
    raise InputError(
        f"{version.arn} was built for {made_for}, the function runs python{settings.python} "
        f"on {settings.architecture}",
        fix="choose another version, or change `python` and `architecture` in pyproject.toml",
    )

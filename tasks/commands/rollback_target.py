"""rollback's target: the layers that the stage is to go back to."""

from ..aws import arn as layer_arns
from ..aws.client import Aws
from ..chalice_project import config
from ..release import listing, manifest, registry, s3_keys
from ..release import version as versions
from ..release.stage import rollback_pin
from ..release.version import LayerVersion
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import say
from ..util.errors import InputError


def target(aws: Aws, configured: list[str], typed: int | list[str] | None) -> list[str]:
    """The stage's `layers` to be. InputError when a version is not there or does not fit."""
    if isinstance(typed, list):
        for arn in typed:
            _must_fit(listing.by_arn(aws, arn), aws.settings)
        return _instead(configured, typed, aws.settings.layer)
    there = listing.versions(aws)
    if typed is None:
        number = used(configured, aws.settings)
        return layer_arns.replaced(configured, previous(there, number, aws.settings).arn)
    found = versions.numbered(there, typed) or again(aws, typed, there)
    return layer_arns.replaced(configured, _must_fit(found, aws.settings).arn)


def _instead(configured: list[str], typed: list[str], layer: str) -> list[str]:
    """One ARN of a layer that the stage does not have takes the place of ours: beside it, ours may
    be what has to go."""
    known = {layer_arns.layer_of(each) for each in configured}
    ours = [each for each in configured if layer_arns.is_of(each, layer)]
    if len(typed) > 1 or not ours or layer_arns.layer_of(typed[0]) in known:
        return layer_arns.placed(configured, typed)
    say(f"{rollback_pin.named(typed[0])} takes the place of {rollback_pin.named(ours[0])}")
    places = [typed[0] if each in ours else each for each in configured]
    return list(dict.fromkeys(places))


def again(aws: Aws, number: int, there: list[LayerVersion]) -> LayerVersion:
    """In a deleted version's place: one with the same content, published now if there is none.

    AWS never gives a number twice. InputError when there is no manifest, or no zip any more.
    """
    settings = aws.settings
    made = manifest.of_number(aws, number)
    if made is None:
        raise _missing(number, there, settings)
    if (made.python, made.architecture) != (settings.python, settings.architecture):
        problem = f"version {number} was deleted, and was built for python{made.python} on "
        fix = "choose another version"
        raise InputError(f"{problem}{made.architecture}", fix=fix)
    say(f"version {number} was deleted")
    found = registry.again(aws, made)
    if found is None:
        key = s3_keys.zip_key(made.layer, made.built)
        raise _missing(number, there, settings, f", and no zip of it at {key}")
    return found


def _missing(
    typed: int, there: list[LayerVersion], settings: Settings, more: str = ""
) -> InputError:
    if not there:
        fix = f"publish the first one: ./doitw deploy stage={settings.stage}"
        return InputError(f"layer {settings.layer} has no versions yet", fix=fix)
    numbers = ", ".join(str(version.number) for version in there)
    return InputError(
        f"layer {settings.layer} has no version {typed}{more}. There are: {numbers}",
        fix="choose one of those. A deleted one comes back only while its manifest and zip are in "
        "S3",
    )


def used(configured: list[str], settings: Settings) -> int:
    """The version that the stage is configured for. InputError when it is none. It names the
    stages that are, and chooses none of them."""
    ours = [arn for arn in configured if layer_arns.is_of(arn, settings.layer)]
    if ours:
        return layer_arns.number_of(ours[0])
    fix = "say which one: ./doitw rollback version=N" + or_of(settings.layer)
    raise InputError(f"stage {settings.stage} uses no version of {settings.layer}", fix=fix)


def or_of(layer: str) -> str:
    """The stages that are configured for a version of it, for the end of a way out. '' for none."""
    stages = config.known_stages(paths.CHALICE_CONFIG)
    using = [name for name, arns in stages.items() if any(layer_arns.is_of(a, layer) for a in arns)]
    return f"; or of which stage: ./doitw rollback stage={', '.join(using)}" if using else ""


def previous(there: list[LayerVersion], number: int, settings: Settings) -> LayerVersion:
    """The newest one older than `number` that runs here."""
    older = [v for v in there if v.number < number]
    fitting = [v for v in older if v.fits(settings.python, settings.architecture)]
    if not fitting:
        raise InputError(
            f"there is no version of {settings.layer} before {number} to go back to",
            fix=f"`./doitw status stage={settings.stage}` lists what there is. "
            "./doitw rollback arn=… takes any layer",
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

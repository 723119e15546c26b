"""This project's own commands as subjects, with one of its builders."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bench import fresh_machine
from bench.checkouts import Checkout
from bench.measure import Command, run
from bench.subjects import EVERYTHING, HEAVY, HEAVY_PIN, LIGHT, NOTHING, ONE_PIN, Subject

ZIPPED = ("zip", "full", "fresh", "pin", "heavy")  # those that make a zip


class Here:
    """In one round the checkout `full` goes on from where it is: full build, nothing changed, one
    pin, a heavy one. Where a subject is left out, the next one builds what it starts from."""

    def __init__(self, builder: str, written: str) -> None:
        self.builder = builder
        self.full = Checkout("full", builder)
        self._plain = Checkout("plain", builder, 'bytecode = "none"')
        self._aws = Checkout("aws", builder)
        self._fresh = Checkout("fresh", builder)
        self._endpoint: dict[str, str] = {}
        self._built = ""  # the key in `_files` of what lies in `full`
        light = written.replace(*LIGHT)
        texts = {"written": written, "light": light, "heavy": light.replace(*HEAVY)}
        self._files = {name: self.full.locked(text) for name, text in texts.items()}

    def subjects(self) -> list[Subject]:
        full, make = self.full, self._subject
        light, heavy = (
            partial(self._change, *names) for names in (("written", "light"), ("light", "heavy"))
        )
        return [
            make(
                "zip",
                f"{EVERYTHING} to the zip, no bytecode",
                self._plain.empty,
                self._plain.doitw("zip"),
            ),
            make(
                "full",
                f"{EVERYTHING}, with bytecode, proof, report",
                partial(self._start, "written"),
                full.doitw(),
            ),
            make("fresh", fresh_machine.WORK, self._forget, fresh_machine.doitw(full)),
            make("nothing", NOTHING, partial(self._at, "written"), full.doitw()),
            make("pin", ONE_PIN, light, full.doitw()),
            make("heavy", HEAVY_PIN, heavy, full.doitw()),
            make("deploy", f"{NOTHING}, fresh checkout", self._publish, self._deploy(self._fresh)),
        ]

    def _subject(
        self, name: str, work: str, prepare: Callable[[], object], command: Command
    ) -> Subject:
        typed = ["./doitw"] if name == "fresh" else [*command.words]
        typed = [word for word in typed if not word.startswith("builder=")]
        checkout = self._plain if name == "zip" else self.full
        return Subject(
            name=f"{name}@{self.builder}",
            who=f"{' '.join(typed)} ({self.builder})",
            work=work,
            prepare=prepare,
            command=command,
            result=lambda: checkout.zip() if name in ZIPPED else None,
        )

    def _start(self, variant: str) -> None:
        self.full.empty()
        self.full.put(self._files[variant])
        self._built = variant

    def _forget(self) -> None:
        """The machine is as on the first day."""
        self._start("written")
        fresh_machine.forget(self.builder)

    def _at(self, variant: str) -> None:
        """`full` is built from this variant."""
        if self._built != variant:
            self._start(variant)
            run(self.full.doitw())

    def _change(self, before: str, after: str) -> None:
        self._at(before)
        self.full.put(self._files[after])
        self._built = after

    def _deploy(self, checkout: Checkout) -> Command:
        """To the emulator of the checkout `aws`. Its address is known once it runs."""
        command = checkout.doitw("deploy", "stage=local")
        self._endpoint |= command.environment
        return replace(command, environment=self._endpoint)

    def _publish(self) -> None:
        """The layer is published and deployed, the checkout is as cloned."""
        if "LAYER_LOCAL_AWS" not in self._endpoint:
            self._endpoint["LAYER_LOCAL_AWS"] = self._aws.aws()["LAYER_LOCAL_AWS"]
            run(self._deploy(self._aws))
        self._fresh.copy()

    def close(self) -> None:
        fresh_machine.forget(self.builder)
        self._aws.stop_aws()

"""Looking at several things of which some cannot be seen: the others are shown all the same."""

from collections.abc import Callable

from ..util.errors import LayerError


class Unknowns(dict[str, str]):
    """{what: why it could not be seen}"""

    def ask[T](self, what: str, question: Callable[[], T], otherwise: T) -> T:
        """The answer. `otherwise` where there is none, and why is remembered."""
        try:
            return question()
        except LayerError as error:
            self[what] = str(error).replace("\n", " ")
            return otherwise

    def sentences(self) -> list[str]:
        return [f"{what}: unknown: {why}" for what, why in self.items()]

"""tasks/layer/prune/globs.py: any glob has a meaning, and it is the documented one."""

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.layer.prune.globs import matcher, unmatched
from tests.reliability_counts import answer

ROW = "globs"
ANY = st.text(max_size=10)
GLOBS = st.text("ab*?/[]!-^.", max_size=8)
PATHS = st.lists(st.text("ab.-^!]", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


def names(glob: str, path: str) -> str | None:
    """The same by trying out: the shallowest part of the path that the glob fits."""
    parts = path.split("/")
    pattern = glob.removeprefix("./").strip("/").split("/")
    fitting = (n for n in range(1, len(parts) + 1) if fits(pattern, parts[:n]))
    return next(("/".join(parts[:n]) for n in fitting), None)


def fits(pattern: list[str], parts: list[str]) -> bool:
    if not pattern:
        return not parts
    head, *rest = pattern
    if head != "**":
        return bool(parts) and one(head, parts[0]) and fits(rest, parts[1:])
    if not rest:
        return bool(parts)
    return any(fits(rest, parts[n:]) for n in range(len(parts) + 1))


def one(glob: str, name: str) -> bool:
    """Within a folder."""
    if not glob:
        return not name
    if glob[0] == "*":
        return any(one(glob[1:], name[n:]) for n in range(len(name) + 1))
    inside, rest = characters(glob)
    if inside is None:
        return bool(name) and (glob[0] in ("?", name[0])) and one(glob[1:], name[1:])
    return bool(name) and (name[0] in inside) and one(rest, name[1:])


class Not(str):
    """All characters but these."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return not str.__contains__(self, str(key))


def characters(glob: str) -> tuple[str | None, str]:
    """What a `[…]` at the glob's begin stands for, and the rest; None where none begins."""
    negated = glob.startswith("[!")
    begin = 2 if negated else 1
    end = glob.find("]", begin + 1)
    if glob[0] != "[" or end < 0:
        return None, glob
    inside, at = "", begin
    while at < end:
        if glob[at + 1 : at + 2] == "-" and at + 2 < end:
            inside += "".join(map(chr, range(ord(glob[at]), ord(glob[at + 2]) + 1)))
            at += 3
        else:
            inside += glob[at]
            at += 1
    return (Not(inside) if negated else inside), glob[end + 1 :]


@given(st.lists(ANY, max_size=4), ANY)
@example(["[b-a]"], "a")
@example(["[a--b]"], "a")
@example(["[a||b]"], "a")
@example(["[!]"], "a")
def test_any_glob_can_be_asked(globs: list[str], path: str) -> None:
    """A setting comes from a person."""
    found = answer(ROW, lambda: matcher(tuple(globs))(path))
    assert found is None or path == found or path.startswith(f"{found}/")
    answer(ROW, lambda: unmatched(globs, [path]))


@given(GLOBS, PATHS)
@example("[^a]", "b")
@example("[]a]", "]")
def test_a_glob_means_what_is_written_down(glob: str, path: str) -> None:
    """A second implementation, which tries instead of translating."""
    assert answer(ROW, lambda: matcher((glob,))(path)) == names(glob, path), (glob, path)


@given(st.lists(GLOBS, min_size=1, max_size=3), PATHS)
def test_several_globs_match_what_one_of_them_does(globs: list[str], path: str) -> None:
    """Whatever stands beside it."""
    found = answer(ROW, lambda: matcher(tuple(globs))(path))
    assert (found is not None) == any(names(glob, path) is not None for glob in globs)

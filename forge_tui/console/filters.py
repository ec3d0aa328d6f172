"""What is typed behind `/`: `code:E-JSON !class:simple words` for failures, `category:billing priority:high words` for results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from forge_tui.core.failure import Code
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.core.ticket import Complexity
from forge_tui.storage.filters import FailureFilter, ResultFilter

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a filter; `without` leaves out what it names. A word has no `key`."""

    key: str
    value: str
    without: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """The values of each key, asked for and left out, the words, and the first thing that is not understood."""

    wanted: Mapping[str, list[str]]
    without: Mapping[str, list[str]]
    words: str
    wrong: str


def terms(typed: str) -> Iterator[Term]:
    """The parts of what was typed."""
    for word in typed.split():
        without = word.startswith("!") and len(word) > 1
        key, colon, value = word.removeprefix("!").partition(":") if without else word.partition(":")
        if colon and key.isalpha():
            yield Term(key.lower(), value, without)
        else:
            yield Term("", word.removeprefix("!") if without else word, without)


def parsed(typed: str, known: Mapping[str, Mapping[str, str]]) -> Parsed:
    """What was typed, where `known` has for each key the values by what may be typed for them."""
    wanted: dict[str, list[str]] = {key: [] for key in known}
    without: dict[str, list[str]] = {key: [] for key in known}
    words: list[str] = []
    wrong: list[str] = []
    for term in terms(typed):
        values = known.get(term.key, {})
        if not term.key and not term.without:
            words.append(term.value)
        elif term.value.lower() in values:
            (without if term.without else wanted)[term.key].append(values[term.value.lower()])
        else:
            wrong.append(_why_wrong(term, known))
    return Parsed(wanted, without, " ".join(words), wrong[0] if wrong else "")


def _why_wrong(term: Term, known: Mapping[str, Mapping[str, str]]) -> str:
    keys = " ".join(f"{key}:" for key in known)
    if not term.key:
        return f"!{term.value}: only {keys} can be left out"
    if term.key not in known:
        return f"{term.key}: is no filter; there are {keys} and words"
    values = list(dict.fromkeys(known[term.key].values()))
    near = [known[term.key][name] for name in get_close_matches(term.value.lower(), known[term.key], 1, 0.5)]
    shown = ", ".join(near or values[:_NAMED]) + (", …" if not near and len(values) > _NAMED else "")
    return f"{term.key}:{term.value} is not known; try {term.key}: with {shown}"


# `5xx` is as good as `E-5XX`.
_FAILURES = {
    "code": {code.lower(): str(code) for code in Code} | {code.lower().removeprefix("e-"): str(code) for code in Code},
    "class": {str(complexity): str(complexity) for complexity in Complexity},
}
_RESULTS = {
    "category": {name: name for name in SUPPORT_TAXONOMY.category_names},
    "priority": {name: name for name in SUPPORT_TAXONOMY.priority_names},
}


def failure_filter(typed: str) -> tuple[FailureFilter, str]:
    """The filter, and why what was typed is none (empty: it is one)."""
    of = parsed(typed, _FAILURES)
    wanted = FailureFilter(
        codes=[Code(code) for code in of.wanted["code"]],
        exclude_codes=[Code(code) for code in of.without["code"]],
        complexities=[Complexity(name) for name in of.wanted["class"]],
        exclude_complexities=[Complexity(name) for name in of.without["class"]],
        words=of.words,
    )
    return wanted, of.wrong


def result_filter(typed: str) -> tuple[ResultFilter, str]:
    """The filter, and why what was typed is none (empty: it is one)."""
    of = parsed(typed, _RESULTS)
    wanted = ResultFilter(
        categories=of.wanted["category"],
        exclude_categories=of.without["category"],
        priorities=of.wanted["priority"],
        exclude_priorities=of.without["priority"],
        words=of.words,
    )
    return wanted, of.wrong

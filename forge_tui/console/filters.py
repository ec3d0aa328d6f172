"""What is typed behind `/`: `code:E-JSON !class:simple words` for failures, `category:billing priority:high words` for results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forge_tui.core.failure import Code
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.core.ticket import Complexity
from forge_tui.storage.filters import FailureFilter, ResultFilter


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a filter; `without` leaves out what it names. A word has no `key`."""

    key: str
    value: str
    without: bool = False


def terms(typed: str) -> Iterator[Term]:
    """The parts of what was typed."""
    for word in typed.split():
        without = word.startswith("!")
        key, colon, value = word.removeprefix("!").partition(":")
        if colon and value:
            yield Term(key.lower(), value.lower(), without)
        elif not colon:
            yield Term("", word)


def failure_filter(typed: str) -> tuple[FailureFilter, str]:
    """The filter, and what of it is not understood."""
    codes: list[Code] = []
    no_codes: list[Code] = []
    no_classes: list[Complexity] = []
    wanted: FailureFilter = {}
    words: list[str] = []
    wrong: list[str] = []
    by_code = {code.value.lower(): code for code in Code}
    by_class = {complexity.value: complexity for complexity in Complexity}
    for term in terms(typed):
        match term.key:
            case "":
                words.append(term.value)
            case "code" if term.value in by_code:
                (no_codes if term.without else codes).append(by_code[term.value])
            case "class" if term.value in by_class and term.without:
                no_classes.append(by_class[term.value])
            case "class" if term.value in by_class:
                wanted["complexity"] = by_class[term.value]
            case _:
                wrong.append(f"{term.key}:{term.value}")
    wanted |= {"codes": codes, "exclude_codes": no_codes, "exclude_complexities": no_classes, "words": " ".join(words)}
    return wanted, ", ".join(wrong)


def result_filter(typed: str) -> tuple[ResultFilter, str]:
    """The filter, and what of it is not understood."""
    allowed: Mapping[str, tuple[str, ...]] = {
        "category": SUPPORT_TAXONOMY.category_names,
        "priority": SUPPORT_TAXONOMY.priority_names,
    }
    without: dict[str, list[str]] = {"category": [], "priority": []}
    wanted: ResultFilter = {}
    words: list[str] = []
    wrong: list[str] = []
    for term in terms(typed):
        if not term.key:
            words.append(term.value)
        elif term.value not in allowed.get(term.key, ()):
            wrong.append(f"{term.key}:{term.value}")
        elif term.without:
            without[term.key].append(term.value)
        elif term.key == "category":
            wanted["category"] = term.value
        else:
            wanted["priority"] = term.value
    wanted |= {"exclude_categories": without["category"], "exclude_priorities": without["priority"]}
    wanted["words"] = " ".join(words)
    return wanted, ", ".join(wrong)

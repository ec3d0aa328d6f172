"""The provider without key, network or model: keyword rules that say so, for newcomers and for the simulator's labels."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from forge_tui.core.clock import Clock
from forge_tui.core.outcome import Classification, Reply, Usage
from forge_tui.core.ticket import Batch, wire_id
from forge_tui.provider.local_words import CATEGORY_EVIDENCE, PRIORITY_EVIDENCE
from forge_tui.provider.prompt import SUMMARY_MAX_WORDS, well_formed

_READ_CHARS = 4000  # what comes later in a long mail is quoted history
_EXCERPT_CHARS = 600
_SUMMARY_CHARS = 280
_CATEGORY_THRESHOLD = 2
_PRIORITY_THRESHOLD = 4
_WORD = re.compile(r"\w+", re.ASCII)
_WORD_OR_DEVANAGARI = re.compile(r"[\w\u0900-\u097f]+")  # \w alone splits it at its vowel signs; 3 times slower
_AMOUNT = re.compile(r"[$£€₹] ?\d|\d ?[$£€₹]")  # speaks for billing as a word of weight 2 does
_MOST_SPECIFIC_FIRST = ("model_quality", "billing", "hardware_issue", "software_issue", "other")
_GREETING = re.compile(
    r"(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|namaste)"
    r"(?: (?:all|team|there|support|sir|madam|everyone))*[,.!:]* )+",
    re.IGNORECASE,
)


class LocalRules:
    """Answers batches as a model would, in the same wire form; no tokens, no cost."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    async def send(self, batch: Batch) -> Reply:
        """The reply to a batch; it cannot fail."""
        started = self._clock.monotonic()
        results = [
            {"id": wire_id(index), "category": found.category, "priority": found.priority, "summary": found.summary}
            for index, found in enumerate(classify(ticket.text) for ticket in batch.tickets)
        ]
        content = json.dumps({"results": results}, ensure_ascii=False)
        return Reply(content, "stop", Usage(), self._clock.monotonic() - started)

    async def aclose(self) -> None:
        """Nothing is open."""


def classify(text: str) -> Classification:
    """Category and priority by weighted evidence; the summary is an excerpt. The same text always gets the same."""
    scores = _scores(text)
    category = _category(scores)
    return Classification(category, _priority(scores, category, is_question="?" in text), excerpt(text))


def excerpt(text: str) -> str:
    """The first 20 words at most, without a greeting before them."""
    flat = " ".join(well_formed(text[:_EXCERPT_CHARS]).split())
    greeting = _GREETING.match(flat)
    words = (flat[greeting.end() :] if greeting else flat).split(" ")
    summary = " ".join(words[:SUMMARY_MAX_WORDS])
    if len(words) > SUMMARY_MAX_WORDS or len(summary) > _SUMMARY_CHARS:
        return summary[:_SUMMARY_CHARS].rstrip(" ,;:") + "…"
    return summary or "(no text)"


def _scores(text: str) -> dict[str, int]:
    """What every phrase of the text speaks for, each counted once however often it is said."""
    scores: defaultdict[str, int] = defaultdict(int)
    read = text[:_READ_CHARS]
    for phrase in _KNOWN & _phrases(_words(read.lower())):
        for label, weight in _EVIDENCE[phrase]:
            scores[label] += weight
    if _AMOUNT.search(read):
        scores["billing"] += _CATEGORY_THRESHOLD
    return scores


def _words(text: str) -> list[str]:
    if text.isascii():
        return _WORD.findall(text.replace("'", ""))
    return _WORD_OR_DEVANAGARI.findall(text.replace("'", "").replace("\u2019", ""))


def _phrases(words: Sequence[str]) -> set[str]:
    found = set(words)
    # Only words that begin a phrase of the vocabulary are joined with their neighbours: twice as fast.
    for start in [index for index, word in enumerate(words) if word in _FIRST_WORDS]:
        found.add(" ".join(words[start : start + 2]))
        found.add(" ".join(words[start : start + 3]))
    return found


def _category(scores: Mapping[str, int]) -> str:
    best = max(_MOST_SPECIFIC_FIRST, key=lambda label: scores[label])
    return best if scores[best] >= _CATEGORY_THRESHOLD else "other"


def _priority(scores: Mapping[str, int], category: str, *, is_question: bool) -> str:
    pressing = scores["critical"] + scores["high"]
    if scores["critical"] > _PRIORITY_THRESHOLD:
        return "critical"
    if scores["low"] > pressing + scores["medium"]:
        return "low"
    if pressing >= _PRIORITY_THRESHOLD:
        return "high"
    if pressing or scores["medium"]:
        return "medium"
    return "low" if is_question or category == "other" else "medium"


def _evidence() -> dict[str, tuple[tuple[str, int], ...]]:
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for label, by_weight in (*CATEGORY_EVIDENCE.items(), *PRIORITY_EVIDENCE.items()):
        for weight, listed in by_weight.items():
            for phrase in " ".join(listed.split()).split(", "):
                found[phrase] = (*found.get(phrase, ()), (label, weight))
    return found


_EVIDENCE = _evidence()
_KNOWN = frozenset(_EVIDENCE)
_FIRST_WORDS = frozenset(phrase.split(" ")[0] for phrase in _EVIDENCE if " " in phrase)

"""The estimate stage: how much there is to read in a ticket, in words and in tokens, before anything is spent."""

from forge_tui.core.ticket import Complexity

SIMPLE_BELOW_WORDS = 15
MEDIUM_UP_TO_WORDS = 60

_UTF8_BYTES_PER_TOKEN = 4


def words(text: str) -> int:
    """Words between white space."""
    return len(text.split())


def complexity_of(count: int) -> Complexity:
    """The class of a text of `count` words: under 15 simple, up to 60 medium, above complex."""
    if count < SIMPLE_BELOW_WORDS:
        return Complexity.SIMPLE
    return Complexity.MEDIUM if count <= MEDIUM_UP_TO_WORDS else Complexity.COMPLEX


def tokens_of(text: str) -> int:
    """Estimated tokens: one for four bytes of UTF-8, rounded up.

    That is four characters of English, two of Cyrillic or Arabic, one and a third of Devanagari or Chinese: other
    scripts weigh more, as they do in the usual tokenizers.
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // _UTF8_BYTES_PER_TOKEN)

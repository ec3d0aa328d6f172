"""The deduplicate stage: when two texts are the same ticket, and the key under which its answer is kept."""

import hashlib
import unicodedata

_KEY_BYTES = 16


def canonical(text: str) -> str:
    """The text with case, Unicode form and white space made alike: NFC of the case-folded NFD, spaces folded.

    Idempotent. NFD comes first because case-folding is defined on it (Unicode standard, definition D145).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFD", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def cache_key(text: str, fingerprint: str) -> bytes:
    """Half of the SHA-256 over the canonical text and `fingerprint`, which stands for all else that shapes an answer.

    Two of a billion texts have the same 128 bits once in 10^20 such sets; keys stand in a big index, where bytes count.
    """
    digest = hashlib.sha256(f"{fingerprint}\x00{canonical(text)}".encode("utf-8", "surrogatepass")).digest()
    return digest[:_KEY_BYTES]

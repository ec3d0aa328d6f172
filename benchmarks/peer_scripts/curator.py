"""bespokelabs-curator with its openai backend pointed at the server, limits out of the way, its cache in a new folder."""

import os
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common import KEY, MODEL, SYSTEM, category_of, task

# curator counts tokens with tiktoken, which fetches its table from the internet; litellm, which it brings, has a copy.
litellm = find_spec("litellm")
if litellm is not None and litellm.origin is not None:
    tokenizers = Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(tokenizers))

with TemporaryDirectory() as folder:
    os.environ |= {
        "CURATOR_CACHE_DIR": folder,
        "HF_HOME": folder,
        "OPENAI_API_KEY": KEY,
        "TELEMETRY_ENABLED": "false",
        "CURATOR_DISABLE_RICH_DISPLAY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    from bespokelabs import curator

    class Classifier(curator.LLM):  # type: ignore[misc] # it carries no types
        """One ticket a prompt."""

        def prompt(self, row: dict[str, str]) -> list[dict[str, str]]:
            return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": row["text"]}]

        def parse(self, _row: dict[str, str], answer: str) -> list[dict[str, str]]:
            return [{"category": category_of(answer)}]

    work = task()
    params: dict[str, Any] = {
        "base_url": work.url,
        "api_key": KEY,
        "max_requests_per_minute": 10_000_000,
        "max_tokens_per_minute": 10_000_000_000,
        "max_concurrent_requests": work.slots,
    }
    classifier = Classifier(model_name=MODEL, backend="openai", backend_params=params)
    work.start()
    answered = classifier([{"text": text} for text in work.texts])
    work.tell(len(getattr(answered, "dataset", answered)))

"""What the labels mean: the one value that prompt, schema, validation, cache key and local rules read."""

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Label:
    """One allowed value and the sentence that tells a model, or a person, when it applies."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Taxonomy:
    """The closed sets of categories and priorities, and how the known ambiguous tickets are decided."""

    categories: tuple[Label, ...]
    priorities: tuple[Label, ...]
    rubric: tuple[str, ...]

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.categories)

    @cached_property
    def priority_names(self) -> tuple[str, ...]:
        """From the least to the most urgent."""
        return tuple(label.name for label in self.priorities)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with every word of the taxonomy, so that the cache never mixes two of them."""
        parts = [f"{label.name}={label.meaning}" for label in (*self.categories, *self.priorities)]
        return hashlib.sha256("\n".join([*parts, *self.rubric]).encode()).hexdigest()[:16]


SUPPORT_TAXONOMY = Taxonomy(
    categories=(
        Label("hardware_issue", "device, NPU, driver or hardware malfunction"),
        Label("software_issue", "bug, crash, connectivity, log-in, software error"),
        Label("model_quality", "quality or accuracy of an AI model's output"),
        Label("billing", "invoice, payment, subscription, charge, refund"),
        Label("other", "enquiry, procurement, anything else"),
    ),
    priorities=(
        Label("low", "question, wish, cosmetic"),
        Label("medium", "degraded, a way round exists"),
        Label("high", "somebody is stopped"),
        Label("critical", "many people stopped, or data, safety, security or money at risk now"),
    ),
    rubric=(
        "access request: software_issue",
        "overheating: hardware_issue unless one program causes it",
        "purchase order or feature request: other",
        "question about a price: billing",
    ),
)

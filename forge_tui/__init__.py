"""forge_tui: classify a pile of support tickets through a rate-limited LLM API, losing none."""

__version__ = "0.1.0"

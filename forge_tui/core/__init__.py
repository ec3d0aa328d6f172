"""The project's vocabulary: plain values from the standard library that every other package speaks."""

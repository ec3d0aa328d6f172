"""The readers of the ingest stage: one module a format, each turns a file into records and never loses count."""

"""All that knows SQL: one read-write connection, the job store, the dedup cache and read-only pages."""

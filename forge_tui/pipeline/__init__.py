"""The journey of a ticket: one module a stage, stages do not know each other, the engine knows them all."""

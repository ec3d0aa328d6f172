"""The face without a screen: runs the engine for cron and CI."""

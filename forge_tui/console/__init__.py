"""The Textual face: reads snapshots, sends commands, touches nothing else."""

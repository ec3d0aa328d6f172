"""Events folded into one snapshot, and the snapshot told in lines: what both faces show."""

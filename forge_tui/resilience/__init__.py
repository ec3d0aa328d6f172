"""Pure decisions about when to send and what to do with a fault: `now` comes in, nothing here waits."""

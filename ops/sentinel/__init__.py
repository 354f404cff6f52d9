"""The watchman outside the tree: it sees the heartbeat, and can only alert."""

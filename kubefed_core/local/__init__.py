"""Real control planes on this machine, for the demo and the tests."""

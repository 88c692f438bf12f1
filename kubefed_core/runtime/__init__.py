"""I/O and time; knows no federated kind."""

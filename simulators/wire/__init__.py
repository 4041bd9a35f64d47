"""The wire: serves the simulated applications, records what passes, and sends to a provisioner."""

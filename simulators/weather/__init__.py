"""Weather: what goes wrong between a provisioner and its world, as planned; never a core's matter."""

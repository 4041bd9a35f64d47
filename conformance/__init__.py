"""The judge: drives the simulators against any provisioner and gives a verdict per requirement."""

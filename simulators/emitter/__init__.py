"""The ESPF's event emitter: the side that sends provisioning events to a provisioner."""

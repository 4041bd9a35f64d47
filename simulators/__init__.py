"""The world around a provisioner: PortaBilling, its ESPF and an asynchronous OMS on one virtual clock."""

__version__ = "0.1.0"

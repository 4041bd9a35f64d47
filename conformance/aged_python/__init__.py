"""What a Python target finds first on its path while libfaketime ages it."""

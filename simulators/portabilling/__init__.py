"""PortaBilling's JSON API: the side that a provisioner queries for subscriber data."""

"""Knocks at the two endpoints of a provisioner with what it must refuse, and journals what it answers."""

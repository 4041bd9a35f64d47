"""The oracle: derives from a journal alone what a provisioner had to do, and checks that it did.

It is pure: no clock, no sockets, no state. It works with sets of legal outcomes, not with one path,
so every legal behaviour passes.
"""

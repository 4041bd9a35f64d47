"""A legal variant: the reference itself, whose own clock moves with virtual time."""

from reference_provisioner.__main__ import main

if __name__ == "__main__":
    main()

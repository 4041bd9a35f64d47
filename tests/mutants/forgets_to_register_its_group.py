"""A faulty provisioner: it reports for a group that it never registered (STATUS-GROUP-CUSTOM)."""

from reference_provisioner.__main__ import main

# The reference leaves registration to whoever sets it up.
if __name__ == "__main__":
    main()

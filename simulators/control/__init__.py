"""The control plane: how a user of any language drives and watches a running stack."""

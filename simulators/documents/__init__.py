"""The built-in documents of PortaBilling's APIs."""

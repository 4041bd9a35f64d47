"""The live console: one page that shows and drives a stack, by the control API alone."""

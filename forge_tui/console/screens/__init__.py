"""The five screens and the dialogs over them: what an operator sees and does."""

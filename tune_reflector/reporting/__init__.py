"""What is drawn of a run: page, figures, TensorBoard."""

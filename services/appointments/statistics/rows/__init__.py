"""The rows behind a figure, for who may read each of them."""

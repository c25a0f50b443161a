"""What a page says, read without trust and without a network: pure functions of its bytes."""

"""What the people write to the government, how it is answered, and how they rate the service."""

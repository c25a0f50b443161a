"""Why a time cannot be booked: what the slots say, and the words for it."""

"""How long each step may take, whether it was kept, and whom to remind."""

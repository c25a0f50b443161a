"""What happens to clocks as time passes: reminders before the end, a breach after it."""

"""督办: written demands on a department to act by a date, which rise a level when ignored."""

"""好差评: who was served is asked, rates, and a bad rating is put right."""

"""Reading a portal over the network without harm to it or to us."""

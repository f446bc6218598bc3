"""When runs start by themselves: triggers and their ticks, and the daemon that fires them."""

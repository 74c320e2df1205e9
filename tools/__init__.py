"""What documents take from the code: the commands, the alerts, the picture of the rooms."""

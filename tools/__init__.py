"""What documents take from the code: the page of the commands, the picture of the rooms."""

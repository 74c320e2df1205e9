"""How one part of the network is fitted by itself, and resumed where that was ended."""

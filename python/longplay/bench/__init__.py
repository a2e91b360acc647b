"""How fast longplay is on this machine, and beside others: what ``longplay bench`` runs."""

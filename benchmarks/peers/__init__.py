"""Others at the same work: what ``longplay bench --peers`` runs. Each rival in its best form."""

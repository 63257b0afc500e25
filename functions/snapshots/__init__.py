"""What keeps copies of the relational database in the other region: snapshots, one after the other."""

"""Who calls: tokens, and the pool whose keys sign them."""

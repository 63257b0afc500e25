"""HTTP/1.1 by which the gateway is reached: connections, what is written, and the port."""

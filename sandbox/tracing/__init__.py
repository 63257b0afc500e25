"""X-Ray on this machine: what is sampled, the segments of gateway and functions, and the daemon that hears the rest.

Import what is needed from its module: functions take headers from here, and the runtime takes functions.
"""

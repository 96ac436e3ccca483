"""Plans, policies, priority and the interlock."""

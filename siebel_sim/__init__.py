"""A simulator of Siebel: one generic EAI Siebel Adapter over integration objects, stateful. Knows no other product."""

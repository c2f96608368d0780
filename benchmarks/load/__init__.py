"""The load under which servers are measured: servers as processes, the protocols they speak, one generator for all.

`servers` starts what is measured, a module a protocol (`imp`, `mqtt`, `nats`, `resp`) says what goes over the wire,
`generator` counts what comes back on thousands of connections, and `exchanges` plays what is measured. The generator does
next to nothing with what it receives: it looks at the first message of each kind and then counts bytes, so that a server
is never made to wait by it. That this holds is shown beside every figure, as the processor time of both.
"""

"""The supervisor: one process that keeps the others, and serves no request itself.

```
preau serve ── supervisor ─┬─ worker 1 … N   accept on one inherited listening socket
                           ├─ signer         holds the CA's private key, signs leaves
                           └─ audit writer   holds the log's lock, one writer for all
```

What comes in: the options of ``preau serve``, signals, the children's answers and deaths.
What goes out: children started, replaced, drained and started again; one ``/metrics``, one
readiness and one status document for all of them.

What must never happen here: a request served, a private key of the CA read, a child that
outlives the supervisor by more than its drain, a total that falls because a worker died, or
an old worker told to go before the new one serves.

Start reading at ``supervisor.Supervisor`` (what it does when), then ``channel`` (how it
talks to a child), ``fleet`` (a child's life) and ``handover`` (upgrade in place).
"""

from proxy.supervisor.options import Options

__all__ = ["Options"]

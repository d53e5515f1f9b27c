-- An alert whose verdict is withheld when its statistical period ends is not known to have been over.

COMMENT ON COLUMN alert.closed IS 'Why it is resolved; period_over: its statistical period ended before it cleared. It was still over then, or, where withheld_since is set, nobody knows.';

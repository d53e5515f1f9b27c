"""Ask a role in its own container how it is: ends with 0 when /health answers 200, else with 1 and what was said."""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException

_TIMEOUT_S = 4
_OK = 200


def main(port: int) -> int:
    """Ask once."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        said = answer.read(2000).decode(errors="replace")
    except (OSError, HTTPException) as problem:
        sys.stderr.write(f"no answer on port {port}: {problem}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(said + "\n")
    return 0 if answer.status == _OK else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

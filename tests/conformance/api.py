"""Runs schemathesis as several people against a running installation: api.py <address> <log of up> <examples>.

What it looks for: answers of 500 and above that are not meant, statuses, media types, headers and
bodies that the document does not have.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ADDRESS, LOG, EXAMPLES = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8"), sys.argv[3]
HERE = Path(__file__).resolve().parent
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method"
)
# Streams have no end; what ends the caller's own log-in would end the run.
LEFT_OUT = r"/v1/realtime|/events$|/auth/logout|/auth/password/change"


def call(path, token=None, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADDRESS + path, data, {"content-type": "application/json"})
    if token:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def log_in(person):
    password = re.search(r"all with the password (\S+):", LOG)[1]
    return call("/v1/auth/login", body={"email": f"{person}@aris.example", "password": password})["access_token"]


def ids(items, name):
    return [item[name] for item in items if item.get(name)]


def known(token):
    """Ids that are really there, by the names that the document has for them."""
    restaurant = re.search(r"/v1/restaurants/([0-9a-f-]{36})", LOG)[1]
    at = f"/v1/restaurants/{restaurant}"
    orders = call(f"{at}/orders", token)["items"]
    place, keys = call(at, token), call("/v1/api-keys", token)["items"]
    roles = call("/v1/roles", token)["items"]
    found = {
        "restaurant": [restaurant],
        "order": ids(orders, "order_id"),
        "session": ids(orders, "session_id"),
        "line": [line["line_id"] for order in orders for line in order["lines"]],
        "item": ids(call(f"{at}/menu", token)["items"], "item_id"),
        "table": ids(place["tables"], "table_id"),
        "station": ids(place["stations"], "key"),
        "member": ids(call("/v1/staff", token)["items"], "member_id"),
        "role": ids(roles, "role_id"),
        "permissions": [role["permissions"][:3] for role in roles if role["permissions"]],
        "group": ids(call("/v1/restaurant-groups", token)["items"], "group_id"),
        "key": ids(keys, "key_id"),
        "currency": ["EUR"],
        "time_zone": ["Europe/Madrid"],
    }
    return {name: list(dict.fromkeys(map(json.dumps, values))) for name, values in found.items() if values}


def run(person, token, environment):
    print(f"==> schemathesis as {person}", flush=True)
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", f"{ADDRESS}/openapi.json",
        "--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--exclude-path-regex", LEFT_OUT,
        "--max-examples", EXAMPLES, "--continue-on-failure", "--request-timeout", "30", "--workers", "1",
        # The same requests every time, so that a change is judged by what it changed: SEED=0 and so on for others.
        "--warnings", "off", "--no-color", "--seed", os.environ.get("SEED", "1"),
    ]  # fmt: skip
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    return subprocess.run(command, env=environment, check=False).returncode == 0


def main():
    owner = log_in("owner")
    values = {name: [json.loads(value) for value in values] for name, values in known(owner).items()}
    print("real ids:", ", ".join(f"{len(found)} {name}" for name, found in values.items()))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values, file)
        file.flush()
        environment = os.environ | {"ARIS_KNOWN": file.name, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}
        # The owner last: who may do everything may also send the others away.
        people = {"kitchen": log_in("kitchen"), "nobody": None, "owner": owner}
        failed = [person for person, token in people.items() if not run(person, token, environment)]
    if failed:
        sys.exit(f"the document and the answers differ, as {', '.join(failed)}: see above")


main()

"""Makes what schemathesis makes up meet what is really there: ids, keys, permissions, addresses.

Every second request is left as it was. A document cannot say which ids exist, so without this
nearly everything would end at "not found".
"""

import json
import os
import random
import uuid

import schemathesis

KNOWN = json.load(open(os.environ["ARIS_KNOWN"], encoding="utf-8"))
RANDOM = random.Random(1)


def value(name, made_up):
    """A real value of a member with this name, or what was made up."""
    if name in KNOWN:
        return RANDOM.choice(KNOWN[name])
    if name.endswith("_id") and name[:-3] in KNOWN:
        return RANDOM.choice(KNOWN[name[:-3]])
    if "email" in name:
        return f"{uuid.uuid4().hex[:12]}@example.com"
    if name == "at":
        return RANDOM.choice(["everywhere", {"restaurant": RANDOM.choice(KNOWN["restaurant"])}])
    return real(made_up)


def real(made_up):
    """The same with real values where names tell what is wanted, and texts that are no blanks."""
    if isinstance(made_up, dict):
        return {name: value(name, member) for name, member in made_up.items()}
    if isinstance(made_up, list):
        return [real(member) for member in made_up]
    if isinstance(made_up, str):
        return "".join(c for c in made_up if c.isprintable()).strip() or "x"
    return made_up


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    mode = getattr(getattr(case.meta, "generation", None), "mode", None) if case.meta else None
    if RANDOM.random() < 0.5 or (mode is not None and not mode.is_positive):
        return
    if case.headers is not None and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    for name in case.path_parameters or {}:
        if name in KNOWN:
            case.path_parameters[name] = RANDOM.choice(KNOWN[name])
    if isinstance(case.body, dict):
        case.body = real(case.body)

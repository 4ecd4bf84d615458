-- The event side. MySQL is the only truth of the product; NATS and every read model can be rebuilt
-- from these tables.
--
-- Rules that hold for every table here:
--   * ids are BINARY(16); keys that clients choose are VARBINARY, because the default collation
--     would take `key-A` and `KEY-a` for the same key;
--   * payloads and stored answers are MEDIUMBLOB, not JSON: the JSON type reorders keys and rewrites
--     numbers, and the hash chain covers the bytes as they were encoded;
--   * names that this product gives (types, kinds) are compared case by case: utf8mb4_0900_as_cs, and
--     not a _bin collation, whose columns drivers take for binary;
--   * every statement that names a position also names its feed (two feeds share every number).

-- One row per feed: where it stands. A transaction that appends locks this row first, before it has
-- read anything, so positions are given in commit order and have no holes.
CREATE TABLE feed_heads (
    feed_id     BINARY(16)      NOT NULL,
    tenant_id   BINARY(16)      NOT NULL,
    position    BIGINT UNSIGNED NOT NULL,
    -- Changes only when the numbering was restored from a backup; stands wherever a position stands.
    epoch       INT UNSIGNED    NOT NULL DEFAULT 1,
    last_hash   BINARY(32)      NOT NULL,
    -- Time of the last event: the time of the next one is never before it.
    recorded_at DATETIME(6)     NOT NULL,
    PRIMARY KEY (feed_id)
) ENGINE = InnoDB;

-- The events, clustered by feed and position: reading a page of a feed is one range read.
CREATE TABLE events (
    feed_id        BINARY(16)        NOT NULL,
    position       BIGINT UNSIGNED   NOT NULL,
    aggregate_id   BINARY(16)        NOT NULL,
    aggregate_type VARCHAR(32)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    version        BIGINT UNSIGNED   NOT NULL,
    event_id       BINARY(16)        NOT NULL,
    type           VARCHAR(64)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    schema_version SMALLINT UNSIGNED NOT NULL,
    recorded_at    DATETIME(6)       NOT NULL,
    metadata       MEDIUMBLOB        NOT NULL,
    payload        MEDIUMBLOB        NOT NULL,
    hash           BINARY(32)        NOT NULL,
    PRIMARY KEY (feed_id, position),
    -- The guard that must never fire, and the way a late repeat of a creation is recognised.
    UNIQUE KEY events_aggregate_version (feed_id, aggregate_id, version),
    UNIQUE KEY events_event_id (event_id)
) ENGINE = InnoDB;

-- What the relay still has to publish: pointers, deleted after the broker's acknowledgement. There
-- is no AUTO_INCREMENT and nobody keeps a cursor over this table: a number given at insert becomes
-- visible at commit, so such a cursor skips rows of slower transactions.
CREATE TABLE outbox (
    shard    TINYINT UNSIGNED NOT NULL,
    feed_id  BINARY(16)       NOT NULL,
    position BIGINT UNSIGNED  NOT NULL,
    PRIMARY KEY (shard, feed_id, position)
) ENGINE = InnoDB;

-- The stored answer of each command, found again by who sent it under which key.
CREATE TABLE receipts (
    feed_id         BINARY(16)        NOT NULL,
    principal       VARBINARY(64)     NOT NULL,
    idempotency_key VARBINARY(255)    NOT NULL,
    -- SHA-256 of method, path and raw body: the same key with another request is refused.
    request_hash    BINARY(32)        NOT NULL,
    -- The very command that was answered; tells a repeat from the command whose COMMIT was in doubt.
    command_id      BINARY(16)        NOT NULL,
    status          SMALLINT UNSIGNED NOT NULL,
    location        VARCHAR(255)      COLLATE utf8mb4_0900_as_cs NULL,
    body            MEDIUMBLOB        NOT NULL,
    position        BIGINT UNSIGNED   NOT NULL,
    recorded_at     DATETIME(6)       NOT NULL,
    PRIMARY KEY (feed_id, principal, idempotency_key),
    KEY receipts_recorded_at (recorded_at)
) ENGINE = InnoDB;

-- Set rules ("one open session per table"): only one transaction can insert a key.
CREATE TABLE claims (
    feed_id      BINARY(16)     NOT NULL,
    kind         VARBINARY(32)  NOT NULL,
    claim_key    VARBINARY(400) NOT NULL,
    aggregate_id BINARY(16)     NOT NULL,
    PRIMARY KEY (feed_id, kind, claim_key)
) ENGINE = InnoDB;

-- Who works on which shard. `until` is by this server's clock.
CREATE TABLE leases (
    kind    VARCHAR(64)      COLLATE utf8mb4_0900_as_cs NOT NULL,
    shard   TINYINT UNSIGNED NOT NULL,
    owner   VARCHAR(64)      COLLATE utf8mb4_0900_as_cs NOT NULL,
    token   BIGINT UNSIGNED  NOT NULL,
    until   DATETIME(6)      NOT NULL,
    PRIMARY KEY (kind, shard)
) ENGINE = InnoDB;

-- The last position of each feed that the broker acknowledged: for lag and the reconciler, never
-- the truth.
CREATE TABLE published (
    feed_id  BINARY(16)      NOT NULL,
    epoch    INT UNSIGNED    NOT NULL,
    position BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (feed_id)
) ENGINE = InnoDB;

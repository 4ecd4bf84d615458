-- The keys of people. Whatever is personal in an event is sealed with the key of the person it is about;
-- deleting the row here erases that person from every event, read model, message and backup at once.
--
-- So this table is the one that must not be kept for long in backups: leave it out of those that are kept
-- longer than the law gives to forget somebody, and back it up apart, for days. The keys are wrapped with
-- a master key that is not in the database.
--
-- The user `personal` alone has rights here: command-service (seals), projection-service (reads names),
-- identity-service (writes mails).
CREATE TABLE personal_keys (
    tenant_id   BINARY(16)     NOT NULL,
    person_id   BINARY(16)     NOT NULL,
    -- AES-256-GCM, bound to tenant and person.
    wrapped_key VARBINARY(128) NOT NULL,
    created_at  DATETIME(6)    NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- The keys of machines: what they may do is in the tenant's events, the hash of their secret is here. Found
-- by the id that stands in the key itself.
CREATE TABLE api_keys (
    key_id       BINARY(16)  NOT NULL,
    tenant_id    BINARY(16)  NOT NULL,
    -- SHA-256 of 32 bytes that nobody can guess needs no salt.
    secret_hash  BINARY(32)  NOT NULL,
    last_used_at DATETIME(6) NULL,
    PRIMARY KEY (key_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- Who did, or tried to do, what with which right, from where: sensitive commands, everything that was
-- refused, and every look at personal data. Written in the background, kept for a while; what was done is in
-- the events too, for ever.
CREATE TABLE actions (
    action_id      BINARY(16)        NOT NULL,
    -- All zero where nobody knows who it was.
    tenant_id      BINARY(16)        NOT NULL,
    at             DATETIME(6)       NOT NULL,
    actor_kind     VARCHAR(16)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    actor_id       VARCHAR(64)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    restaurant_id  BINARY(16)        NULL,
    permission     VARCHAR(32)       COLLATE utf8mb4_0900_as_cs NULL,
    -- Method and route, such as `POST /v1/staff/{member}/roles`.
    action         VARCHAR(128)      COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- What it was about: path parameters, or the people whose data was read.
    subject        VARCHAR(255)      COLLATE utf8mb4_0900_as_cs NOT NULL,
    status         SMALLINT UNSIGNED NOT NULL,
    remote         VARCHAR(45)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    correlation_id VARCHAR(64)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    PRIMARY KEY (tenant_id, action_id),
    KEY actions_at (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- The restaurants of a tenant, in pages. A head never changes its tenant: only a new feed writes here.
ALTER TABLE feed_heads ADD KEY feed_heads_tenant (tenant_id, feed_id);

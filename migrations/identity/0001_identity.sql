-- Secrets of people: what lets them in. Only the identity-service has a user here, and nothing in this
-- schema is an event: a password hash that once stood in a log would stand there for ever.
--
-- No table holds an e-mail address. An account is found by a keyed hash of it, and what has to be mailed
-- waits sealed with a key that is not in the database.

-- One per e-mail address in the whole installation.
CREATE TABLE accounts (
    account_id          BINARY(16)     NOT NULL,
    -- HMAC-SHA-256 of the normalised address.
    email_index         BINARY(32)     NOT NULL,
    -- Argon2id in PHC form, with its parameters and salt.
    password_hash       VARCHAR(255)   COLLATE utf8mb4_0900_as_cs NOT NULL,
    password_changed_at DATETIME(6)    NOT NULL,
    created_at          DATETIME(6)    NOT NULL,
    PRIMARY KEY (account_id),
    UNIQUE KEY accounts_email_index (email_index)
) ENGINE = InnoDB;

-- Whose account a member of a tenant logs in with. What a member may do is in the tenant's feed.
CREATE TABLE memberships (
    tenant_id  BINARY(16)  NOT NULL,
    member_id  BINARY(16)  NOT NULL,
    account_id BINARY(16)  NOT NULL,
    joined_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (tenant_id, member_id),
    KEY memberships_account (account_id)
) ENGINE = InnoDB;

-- One per log-in: a family of refresh tokens. Logging a device out ends all of it.
CREATE TABLE devices (
    device_id  BINARY(16)  NOT NULL,
    account_id BINARY(16)  NOT NULL,
    tenant_id  BINARY(16)  NOT NULL,
    member_id  BINARY(16)  NOT NULL,
    name       VARCHAR(80) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6) NOT NULL,
    ends_at    DATETIME(6) NOT NULL,
    revoked_at DATETIME(6) NULL,
    PRIMARY KEY (device_id),
    KEY devices_account (account_id),
    KEY devices_member (tenant_id, member_id),
    KEY devices_ends_at (ends_at)
) ENGINE = InnoDB;

-- SHA-256 of 32 random bytes needs no salt. Rotated tokens stay until their end: a rotated one that
-- comes back was stolen.
CREATE TABLE refresh_tokens (
    token_hash BINARY(32)  NOT NULL,
    device_id  BINARY(16)  NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    rotated_at DATETIME(6) NULL,
    PRIMARY KEY (token_hash),
    KEY refresh_tokens_device (device_id),
    KEY refresh_tokens_expires_at (expires_at)
) ENGINE = InnoDB;

-- Tries to log in, by a keyed hash of account and address (or known device). Counted here, so that
-- several instances count together.
CREATE TABLE attempts (
    attempt_key   BINARY(32)   NOT NULL,
    failures      INT UNSIGNED NOT NULL,
    last_at       DATETIME(6)  NOT NULL,
    blocked_until DATETIME(6)  NOT NULL,
    PRIMARY KEY (attempt_key),
    KEY attempts_last_at (last_at)
) ENGINE = InnoDB;

-- What a link in a mail is good for, once.
CREATE TABLE links (
    token_hash  BINARY(32)  NOT NULL,
    purpose     VARCHAR(16) COLLATE utf8mb4_0900_as_cs NOT NULL,
    email_index BINARY(32)  NOT NULL,
    tenant_id   BINARY(16)  NULL,
    member_id   BINARY(16)  NULL,
    expires_at  DATETIME(6) NOT NULL,
    used_at     DATETIME(6) NULL,
    PRIMARY KEY (token_hash),
    KEY links_email_index (email_index),
    KEY links_expires_at (expires_at)
) ENGINE = InnoDB;

-- Mails to be written and sent. `sealed` is AES-256-GCM under a key that is not in the database.
CREATE TABLE mail_jobs (
    job_id     BINARY(16)   NOT NULL,
    sealed     BLOB         NOT NULL,
    attempts   INT UNSIGNED NOT NULL DEFAULT 0,
    due_at     DATETIME(6)  NOT NULL,
    created_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (job_id),
    KEY mail_jobs_due_at (due_at)
) ENGINE = InnoDB;

-- What was taken back, until no token can be hit by it. NATS has the copy that everybody watches; this
-- is what fills it again after a loss. `told` is false until NATS has it.
CREATE TABLE revocations (
    revoked VARBINARY(64)   NOT NULL,
    below   BIGINT UNSIGNED NOT NULL,
    until   DATETIME(6)     NOT NULL,
    told    BOOLEAN         NOT NULL DEFAULT FALSE,
    PRIMARY KEY (revoked),
    KEY revocations_told (told, until),
    KEY revocations_until (until)
) ENGINE = InnoDB;

-- How far the reactor has read each feed.
CREATE TABLE reactor_checkpoints (
    feed_id  BINARY(16)      NOT NULL,
    epoch    INT UNSIGNED    NOT NULL,
    position BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (feed_id)
) ENGINE = InnoDB;

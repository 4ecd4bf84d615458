-- Log-in through providers outside. As everywhere in this schema, nothing here says who somebody is.

-- Which account somebody logs in to with what a provider knows them by.
CREATE TABLE openid_links (
    -- HMAC-SHA-256 of the provider's issuer and its subject.
    subject_index BINARY(32)  NOT NULL,
    -- The name of the provider in the settings.
    provider      VARCHAR(32) COLLATE utf8mb4_0900_as_cs NOT NULL,
    account_id    BINARY(16)  NOT NULL,
    linked_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (subject_index),
    -- One of each provider: whoever has the address later is somebody else to the provider, and to us.
    UNIQUE KEY openid_links_account (account_id, provider)
) ENGINE = InnoDB;

-- Log-ins under way that were finished: each is finished once, by whichever process.
CREATE TABLE openid_finished (
    -- SHA-256 of the log-in's random state.
    state_hash BINARY(32)  NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (state_hash),
    KEY openid_finished_expires_at (expires_at)
) ENGINE = InnoDB;

-- Keys of people and of machines are written before the event that needs them, so a command that is refused, or a
-- process that is killed in between, leaves a row that no event names. Such a row opens nothing and lets nobody in, but
-- it must not stay for ever: once it is older than any request could still be under way or be sent again, it is looked up
-- in the tenant's events, once, and kept or deleted.
ALTER TABLE personal_keys
    -- When a command last asked for it.
    ADD asked_for_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    -- An event names it.
    ADD is_kept      BOOLEAN     NOT NULL DEFAULT FALSE,
    ADD KEY personal_keys_orphans (is_kept, asked_for_at);

ALTER TABLE api_keys
    ADD asked_for_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    ADD is_kept      BOOLEAN     NOT NULL DEFAULT FALSE,
    ADD KEY api_keys_orphans (is_kept, asked_for_at);

-- What the audit of actions writes: also what somebody came with, why they were refused, and how often the same
-- happened within a minute, which is one row. Whatever has no tenant (nobody knows who it was) has the one that is
-- all zero, and is for who runs the installation.
--
-- The user `audit` writes here, and reads no more than counts; `personal` reads, and deletes what is too old.
ALTER TABLE actions
    -- Ids of the token, the log-in, the key.
    ADD via         VARCHAR(160)     COLLATE utf8mb4_0900_as_cs NOT NULL DEFAULT '',
    -- The stable name of the problem; empty where it succeeded.
    ADD code        VARCHAR(32)      COLLATE utf8mb4_0900_as_cs NOT NULL DEFAULT '',
    -- Somebody was kept from what they may not do.
    ADD is_denied   BOOLEAN          NOT NULL DEFAULT FALSE,
    -- How often within the minute, and when the last time.
    ADD repeats     INT UNSIGNED     NOT NULL DEFAULT 1,
    ADD last_at     DATETIME(6)      NULL,
    -- A page of a hundred people whose names were read.
    MODIFY subject  VARCHAR(4096)    COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- Ids are of UUIDv7: in the order of time.
    ADD KEY actions_actor (tenant_id, actor_id, action_id),
    ADD KEY actions_restaurant (tenant_id, restaurant_id, action_id),
    ADD KEY actions_denied (tenant_id, is_denied, action_id);

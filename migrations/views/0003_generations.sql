-- A read model may stand in this schema several times: `orders@1` answers queries while `orders@2` is
-- built beside it from the first event. The number after the @ is the generation; its tables end in it
-- (`orders_v2`). Which generation answers is a row of `projections`, so that a switch is one
-- transaction, and a query finds it in the same snapshot as its rows.
--
--   building   a rebuild fills it; no service feeds it
--   ready      built and compared; every projection-service feeds it
--   live       answers queries; fed
--   previous   answered before the last switch; fed, so that rolling back is exact
--   failed     built, but not what the events say; its tables stay to be looked at
--   retired    on its way out; nobody feeds it
--   dropped    its tables are gone; the row stays, so that no number is ever used twice
ALTER TABLE projections
    ADD COLUMN view_name  VARCHAR(64)  COLLATE utf8mb4_0900_as_cs
        GENERATED ALWAYS AS (SUBSTRING_INDEX(projection, '@', 1)) STORED NOT NULL,
    ADD COLUMN generation INT UNSIGNED
        GENERATED ALWAYS AS (CAST(SUBSTRING_INDEX(projection, '@', -1) AS UNSIGNED)) STORED NOT NULL,
    -- Lets one generation of a view be live, and no two.
    ADD COLUMN live_view  VARCHAR(64)  COLLATE utf8mb4_0900_as_cs
        GENERATED ALWAYS AS (IF(status = 'live', SUBSTRING_INDEX(projection, '@', 1), NULL)) STORED NULL,
    -- Since when it has this status.
    ADD COLUMN changed_at DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    ADD UNIQUE KEY projections_generation (view_name, generation),
    ADD UNIQUE KEY projections_live (live_view);

-- What answers now is the first generation; a service that has run already has said so.
INSERT IGNORE INTO projections (projection, status)
VALUES ('restaurants@1', 'live'), ('kitchen_board@1', 'live'), ('orders@1', 'live');

-- What the tables of a new generation look like: they are created LIKE these, which stay empty. When a
-- view gets other columns, a migration changes its template, and the tables that exist stay as they are.
CREATE TABLE restaurants_template LIKE restaurants_v1;
CREATE TABLE restaurant_tables_template LIKE restaurant_tables_v1;
CREATE TABLE menu_items_template LIKE menu_items_v1;
CREATE TABLE sessions_template LIKE sessions_v1;
CREATE TABLE diners_template LIKE diners_v1;
CREATE TABLE kitchen_lines_template LIKE kitchen_lines_v1;
CREATE TABLE orders_template LIKE orders_v1;
CREATE TABLE order_lines_template LIKE order_lines_v1;

ALTER TABLE sessions_template RENAME INDEX sessions_v1_open TO sessions_open;
ALTER TABLE orders_template
    RENAME INDEX orders_v1_placed TO orders_placed,
    RENAME INDEX orders_v1_state TO orders_state;

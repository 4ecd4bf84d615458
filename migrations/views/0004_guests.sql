-- Guests who leave, and those who ask to join. Every generation of the restaurants view gets both, whichever
-- of them answers, and so does the template of those to come.
--
--   diners.left_at   NULL while they sit at the table.
--   join_requests    Who waits for an answer. A row comes with table-session.join-requested and goes when they
--                    are let in, are told no, or the session ends; who waited too long is left out when read.
CREATE TABLE join_requests_template (
    feed_id      BINARY(16)  NOT NULL,
    session_id   BINARY(16)  NOT NULL,
    diner_id     BINARY(16)  NOT NULL,
    table_label  VARCHAR(16) NOT NULL,
    mark         CHAR(4)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    requested_at DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NOT NULL,
    PRIMARY KEY (feed_id, session_id, diner_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

ALTER TABLE diners_template ADD COLUMN left_at DATETIME(6) NULL;

CREATE PROCEDURE add_guests_to_every_generation()
BEGIN
    DECLARE is_done BOOLEAN DEFAULT FALSE;
    DECLARE generation VARCHAR(64);
    DECLARE generations CURSOR FOR
        SELECT SUBSTRING(table_name, 8) FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name REGEXP '^diners_v[0-9]+$';
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET is_done = TRUE;
    OPEN generations;
    each_one: LOOP
        FETCH generations INTO generation;
        IF is_done THEN
            LEAVE each_one;
        END IF;
        SET @statement = CONCAT('ALTER TABLE diners_', generation, ' ADD COLUMN left_at DATETIME(6) NULL');
        PREPARE prepared FROM @statement;
        EXECUTE prepared;
        DEALLOCATE PREPARE prepared;
        SET @statement = CONCAT('CREATE TABLE join_requests_', generation, ' LIKE join_requests_template');
        PREPARE prepared FROM @statement;
        EXECUTE prepared;
        DEALLOCATE PREPARE prepared;
    END LOOP;
    CLOSE generations;
END;

CALL add_guests_to_every_generation();

DROP PROCEDURE add_guests_to_every_generation;

-- Whether somebody knows the password of an account: not where it was made by who came in through a provider. They may
-- not take their last way in away.
ALTER TABLE accounts ADD COLUMN has_password BOOLEAN NOT NULL DEFAULT TRUE;

-- Accounts of before: made and linked at the same moment, and no password since.
UPDATE accounts a JOIN openid_links l ON l.account_id = a.account_id
   SET a.has_password = FALSE
 WHERE a.password_changed_at = a.created_at AND l.linked_at = a.created_at;

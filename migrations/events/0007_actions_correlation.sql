-- Who runs the installation follows one request through the audit by its correlation id, whichever tenant it was of.
ALTER TABLE actions ADD KEY actions_correlation (correlation_id, action_id);

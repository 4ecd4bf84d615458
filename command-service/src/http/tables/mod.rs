//! Printed codes of tables.

pub(super) mod get_table_code;
pub(super) mod print_table_code;
mod qr;
pub(super) mod reissue_table_code;
